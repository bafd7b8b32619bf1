/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way, shared by the files that bring it there: exchange.c (headers, body,
 * answer), exchange_refuse.c (what is refused), identify.c (its caller), response.c (what is sent
 * and recorded). */
#pragma once

#include "server.h"

enum { REQUEST_ID_MAX = 65 };

enum phase {
    PHASE_HEADERS,
    PHASE_PASSWORD, /* suspended, a worker checks it */
    PHASE_BODY,
    PHASE_ANSWERED, /* reply and result are set */
};

struct exchange {
    struct job job; /* first member */
    struct mr_registry_server *server;
    struct MHD_Connection *connection;
    struct link *link;
    enum phase phase;
    struct auth *auth;         /* a reference, NULL when nobody is asked */
    const char *authorization; /* header, NULL: none; the connection's */
    bool forwarded;            /* by another registry, which holds us for the leader */
    struct caller caller;
    struct mr_buf body;
    size_t ignored;
    enum ops ops;            /* it asks for what operators ask for */
    int64_t began;           /* on the steady clock */
    size_t sent;             /* bytes of the answer's body */
    char id[REQUEST_ID_MAX]; /* "": nobody asked for one */
    unsigned refused;        /* status decided before the body, 0: none */
    const char *why;         /* of a 401 */
    int result;
    struct reply reply;
    char method[16];
    char target[]; /* path and query as sent */
};

/* A header's value, NULL when it was not sent; lives as long as the request. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* ---- exchange_refuse.c ---- */
/* 0, or what the request is refused with; exchange_refuse() writes the answer for it. */
unsigned exchange_judge(const struct exchange *exchange, const char *version);
int exchange_refuse(struct exchange *exchange);
size_t exchange_declared_length(const struct exchange *exchange);

/* ---- identify.c ---- */
/* False when it takes long, which only quick may find; else the caller is known or refused. */
bool exchange_identify(struct exchange *exchange, bool quick);

/* ---- response.c ---- */
/* The client's X-Request-Id when it is one, else one of ours where it will be seen. */
void exchange_take_id(struct exchange *exchange);
enum MHD_Result exchange_send(struct exchange *exchange);
/* Into the metrics and the access log. sent: to its end. */
void exchange_record(struct exchange *exchange, bool sent);
