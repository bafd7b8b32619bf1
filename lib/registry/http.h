/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP as the registry client needs it: several servers tried in turn, retries, TLS, credentials.
 */
#pragma once

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/registry.h"

struct http;

int http_new(const struct mr_registry_config *config, struct http **ret_http,
             struct mr_error *reterr);
struct http *http_free(struct http *http);

struct http_reply {
    long status;
    const char *url; /* the server that answered, without credentials; borrowed from http */
    struct mr_buf body;
};

/* path begins with '/', already encoded; body.data NULL: none. *reply is reset and filled. 0 when a
 * server answered with anything but 401, 403, 408, 429, 3xx and 5xx; the rest is as the public
 * header says of every call. */
int http_send(struct http *http, const char *method, const char *path, struct mr_str body,
              struct http_reply *reply, struct mr_error *reterr);

/* From now on no stop ends a call: for what must be put back in any case. */
void http_never_stop(struct http *http);

/* One path segment or query value: all but unreserved characters and ':' is percent-encoded. */
int http_escape(struct mr_buf *out, struct mr_str segment);
