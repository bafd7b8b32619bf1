/* SPDX-License-Identifier: Apache-2.0 */
/* The client's inside, shared by its files. */
#pragma once

#include "cache.h"
#include "http.h"
#include "json.h"

enum { ABSENT_SECONDS = 5 }; /* what was not there is not asked for again */

struct mr_registry {
    struct http *http;
    struct cache *cache;
    struct mr_buf path, body; /* of the request under way */
    struct http_reply reply;  /* the last one */
};

/* Begins a path: "/subjects/" + escaped subject + tail. */
int client_subject_path(struct mr_registry *registry, const char *subject, const char *tail);

/* Sends registry->path with body (data NULL: none). 0: status 200-299, *ret_json is the parsed
 * body; MR_ABSENT: 404 from a registry; MR_INVALID: any other 4xx; the rest as the public header
 * says. reterr has the registry's own words. ret_code (may be NULL) gets its error_code, 0 when
 * none. */
int client_call(struct mr_registry *registry, const char *method, struct mr_str body,
                json_t **ret_json, int *ret_code, struct mr_error *reterr);

/* "what is not what a registry answers": -EPROTO. */
int client_odd(struct mr_registry *registry, const char *what, struct mr_error *reterr);

/* Parses the schema of a reply object ({"schema", "schemaType"?, "references"?}), fetching what it
 * refers to. */
int client_parse(struct mr_registry *registry, const json_t *object, struct mr_schema **ret_schema,
                 struct mr_error *reterr);

/* For ABSENT_SECONDS nobody asks for it again. */
void client_remember_absent(struct mr_registry *registry, const void *key, size_t key_len);
