/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the server share: the registry behind libmicrohttpd. */
#pragma once

#include <stdatomic.h>

#include <microhttpd.h>

#include "access_log.h"
#include "auth.h"
#include "forward.h"
#include "links.h"
#include "listen.h"
#include "millrace/registry.h"
#include "ops.h"
#include "rest.h"
#include "workers.h"

enum {
    MAX_BODY = 4 << 20,          /* a schema of 1 MiB with every character escaped, and more */
    MAX_BODIES = 256 << 20,      /* of all requests together */
    MAX_IGNORED_BODY = 64 << 20, /* of a refused chunked body; then the connection is cut */
    MAX_TARGET = 8 << 10,        /* path and query */
    MAX_HEADERS = 16 << 10,      /* with the request line */
    MAX_HEAD = 32 << 10,         /* the same; past it libmicrohttpd answers by itself, in HTML */
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
    struct metrics *metrics;
    struct access_log *log; /* NULL: none */
    unsigned nonce;         /* begins the ids of requests */
    _Atomic unsigned long long n_ids;
    int64_t started; /* since the epoch */
    int32_t drain_ms;
    _Atomic bool draining;
    uint16_t port;
    char address[LISTEN_ADDRESS_MAX];
    _Atomic int under_way; /* requests */
    _Atomic size_t bodies; /* bytes of them */
};

/* ---- exchange.c: for libmicrohttpd and the workers ---- */
void *exchange_begin(void *opaque, const char *uri, struct MHD_Connection *connection);
void exchange_end(void *opaque, struct MHD_Connection *connection, void **con_cls,
                  enum MHD_RequestTerminationCode code);
enum MHD_Result exchange_handle(void *opaque, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **con_cls);
void exchange_answer_later(struct job *job);
void exchange_check_password(struct job *job);

/* ---- server_daemon.c ---- */
/* Connections that there are descriptors for. */
unsigned server_connections(unsigned wished);
/* Listens on fd, which stays the caller's until this returned 0. 0 or -ENOMEM. */
int server_daemon(struct mr_registry_server *server, int fd);
