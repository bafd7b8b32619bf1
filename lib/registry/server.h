/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the server share: the registry behind libmicrohttpd. */
#pragma once

#include <stdatomic.h>

#include <microhttpd.h>

#include "auth.h"
#include "forward.h"
#include "links.h"
#include "listen.h"
#include "millrace/registry.h"
#include "rest.h"
#include "workers.h"

enum {
    MAX_BODY = 4 << 20,          /* a schema of 1 MiB with every character escaped, and more */
    MAX_BODIES = 256 << 20,      /* of all requests together */
    MAX_IGNORED_BODY = 64 << 20, /* of a refused chunked body; then the connection is cut */
    MAX_HEADER = 32 << 10,       /* request line and headers */
    MAX_PASSWORDS = 64,          /* waiting to be checked */
};

struct mr_registry_server {
    struct core *core;
    struct MHD_Daemon *daemon;
    struct workers *workers;
    struct workers *password_workers; /* so that guessing holds up no registration */
    struct forward *forward;
    struct links links;
    struct tls *tls; /* NULL: plain HTTP */
    struct tls_files tls_files;
    struct auth_files auth_files;
    pthread_mutex_t auth_lock;
    struct auth *auth; /* NULL: nobody is asked; under auth_lock */
    uint16_t port;
    char address[LISTEN_ADDRESS_MAX];
    _Atomic int under_way; /* requests */
    _Atomic size_t bodies; /* bytes of them */
};

/* ---- exchange.c: one request while it comes in, is answered and goes out ---- */
void *exchange_begin(void *opaque, const char *uri, struct MHD_Connection *connection);
void exchange_end(void *opaque, struct MHD_Connection *connection, void **con_cls,
                  enum MHD_RequestTerminationCode code);
enum MHD_Result exchange_handle(void *opaque, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **con_cls);
void exchange_answer_later(struct job *job);
void exchange_check_password(struct job *job);

/* ---- response.c: what is sent ---- */
/* A response of its own for this reply, or the shared one of a content; *ret_shared: not to be
 * destroyed. NULL when memory ran out. */
struct MHD_Response *response_of(struct reply *reply, bool *ret_shared);
