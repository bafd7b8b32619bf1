/* SPDX-License-Identifier: Apache-2.0 */
/* One request: its headers are judged, its caller is found out, its body is kept, it is answered,
 * here or by a worker. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "millrace/status.h"
#include "millrace/time.h"
#include "server.h"

enum {
    SMALL_BODY = 64 << 10, /* of a refused request is read, so that the client gets to the answer */
    CATCH_UP_MS = 2000,    /* for a change that another registry made */
};

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
    unsigned refused; /* status decided before the body, 0: none */
    const char *why;  /* of a 401 */
    int result;
    struct reply reply;
    char method[16];
    char target[]; /* path and query as sent */
};

void *exchange_begin(void *opaque, const char *uri, struct MHD_Connection *connection)
{
    struct mr_registry_server *server = opaque;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    size_t len = strlen(uri);
    struct exchange *exchange = calloc(1, sizeof(*exchange) + len + 1);

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->link = info ? info->socket_context : NULL;
    exchange->body.max = MAX_BODY;
    memcpy(exchange->target, uri, len);
    atomic_fetch_add(&server->under_way, 1);
    link_set(exchange->link, LINK_READING);
    return exchange;
}

void exchange_end(void *opaque, struct MHD_Connection *connection, void **con_cls,
                  enum MHD_RequestTerminationCode code)
{
    struct mr_registry_server *server = opaque;
    struct exchange *exchange = *con_cls;

    (void)connection, (void)code;
    if (!exchange)
        return;
    link_set(exchange->link, LINK_WAITING);
    atomic_fetch_sub(&server->bodies, exchange->body.len);
    mr_buf_done(&exchange->body);
    reply_done(&exchange->reply);
    (void)auth_unref(exchange->auth);
    free(exchange);
    *con_cls = NULL;
    atomic_fetch_sub(&server->under_way, 1);
}

static const char *header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

/* ---- the answer ---- */
/* How far the one who forwarded this must read until it sees what was done. */
static void add_position(struct mr_registry_server *server, struct MHD_Response *response)
{
    struct store_status status;
    char text[24];

    (void)core_leads(server->core, &status);
    (void)snprintf(text, sizeof(text), "%lld", (long long)status.position);
    (void)MHD_add_response_header(response, FORWARD_POSITION_HEADER, text);
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;
    bool shared;

    if (exchange->result != 0)
        return MHD_NO;
    struct MHD_Response *response = response_of(reply, &shared);
    if (!response)
        return MHD_NO;
    const char *challenge =
        reply->status == 401 && exchange->auth ? auth_challenge(exchange->auth) : NULL;
    if (reply->allow[0])
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (challenge)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, challenge);
    if (reply->status == 503)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (exchange->forwarded)
        add_position(exchange->server, response);
    link_set(exchange->link, LINK_SENDING);
    enum MHD_Result result = MHD_queue_response(exchange->connection, reply->status, response);
    if (!shared)
        MHD_destroy_response(response);
    return result;
}

static int refuse(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;

    if (exchange->refused == 401)
        return reply_error(reply, 401, "Unauthorized: %s", exchange->why);
    if (exchange->refused == 415)
        return reply_error(reply, 415,
                           "HTTP 415 Unsupported Media Type: send "
                           "application/vnd.schemaregistry.v1+json or application/json");
    if (exchange->refused == 429)
        return reply_error(reply, 429, "more than %d passwords wait to be checked: try again",
                           MAX_PASSWORDS);
    if (exchange->refused == 503)
        return reply_error(reply, 503, "more than %d MiB of requests are under way: try again",
                           MAX_BODIES >> 20);
    return reply_error(reply, 413, "the body is larger than %d MiB", MAX_BODY >> 20);
}

/* Who made a change reads it here at once, though another registry made it. */
static void catch_up(struct mr_registry_server *server, int64_t position)
{
    int64_t deadline = mr_time_steady() + CATCH_UP_MS * INT64_C(1000);
    const struct timespec slice = {.tv_nsec = 1000000};
    struct store_status status;

    while (!core_leads(server->core, &status) && status.position < position &&
           mr_time_steady() < deadline)
        (void)nanosleep(&slice, NULL);
}

static int hand_on(struct exchange *exchange, struct mr_str body)
{
    struct mr_registry_server *server = exchange->server;
    const struct forwarded forwarded = {.method = exchange->method,
                                        .target = exchange->target,
                                        .body = body,
                                        .authorization = exchange->authorization,
                                        .wide = exchange->reply.wide,
                                        .again = exchange->forwarded};
    struct store_status status;
    int64_t position;

    (void)core_leads(server->core, &status);
    int r = forward_send(server->forward, &status, &forwarded, &exchange->reply, &position);
    catch_up(server, position);
    return r;
}

/* False when it would take long, which only quick may find. */
static bool answer(struct exchange *exchange, bool quick)
{
    const struct mr_str body = {(const char *)exchange->body.data, exchange->body.len};

    if (exchange->refused != 0)
        exchange->result = refuse(exchange);
    else
        exchange->result = rest_answer(exchange->server->core, &exchange->caller, exchange->method,
                                       exchange->target, body, quick, &exchange->reply);
    if (exchange->result == MR_ABSENT)
        exchange->result = quick ? MR_AGAIN : hand_on(exchange, body);
    if (exchange->result == MR_AGAIN)
        return false;
    exchange->phase = PHASE_ANSWERED;
    return true;
}

void exchange_answer_later(struct job *job)
{
    struct exchange *exchange = (struct exchange *)job;

    (void)answer(exchange, false);
    MHD_resume_connection(exchange->connection); /* exchange_handle() is called again */
}

/* At once when it is quick; else a worker does it, and the connection waits. */
static enum MHD_Result answer_somewhere(struct exchange *exchange)
{
    const char *wide = header(exchange, "Confluent-Accept-Unknown-Properties");

    exchange->reply.wide = wide && strcasecmp(wide, "true") == 0;
    link_set(exchange->link, LINK_WORKING);
    if (answer(exchange, true))
        return send_reply(exchange);
    MHD_suspend_connection(exchange->connection);
    if (!workers_push(exchange->server->workers, &exchange->job))
        exchange_answer_later(&exchange->job);
    return MHD_YES;
}

/* ---- the caller ---- */
static void unauthorized(struct exchange *exchange, const char *why)
{
    exchange->refused = 401;
    exchange->why = why;
}

/* Who the connection's certificate names; asked once per connection. */
static enum link_peer peer_of(struct exchange *exchange)
{
    struct link *link = exchange->link;
    struct tls *tls = exchange->server->tls;

    if (!link || !tls || !exchange->server->tls_files.client_ca)
        return PEER_NONE;
    if (link->peer_state == PEER_UNKNOWN) {
        struct mr_error error = MR_ERROR_INIT;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        int r = info ? tls_verify_peer(tls, info->tls_session, &link->peer, &error) : MR_ABSENT;
        link->peer_state = r == 0 ? PEER_TRUSTED : r == MR_ABSENT ? PEER_NONE : PEER_REFUSED;
        (void)snprintf(link->why, sizeof(link->why), "%.255s", error.text);
    }
    return link->peer_state;
}

/* False when it takes long, which only quick may find; else the caller is known or refused. */
static bool identify(struct exchange *exchange, bool quick)
{
    struct link *link = exchange->link;
    enum link_peer peer = quick ? peer_of(exchange) : PEER_NONE;
    int r;

    if (peer == PEER_REFUSED) {
        unauthorized(exchange, link->why);
        return true;
    }
    if (peer == PEER_TRUSTED && !exchange->authorization)
        r = auth_certificate(exchange->auth, link->peer.name, link->peer.common_name,
                             &exchange->caller.access);
    else
        r = auth_check(exchange->auth, exchange->authorization, quick, &exchange->caller.access);
    if (r == MR_AGAIN)
        return false;
    if (r != 0)
        unauthorized(exchange, "these credentials are not known here, or not right");
    else if (exchange->caller.access->anonymous && exchange->caller.access->n_grants == 0)
        unauthorized(exchange, "say who you are, by credentials or a certificate");
    return true;
}

void exchange_check_password(struct job *job)
{
    struct exchange *exchange = (struct exchange *)job;

    (void)identify(exchange, false);
    MHD_resume_connection(exchange->connection);
}

/* ---- headers and body ---- */
/* What a web page can make a browser send anywhere without asking: no client of a registry sends
 * it, so it is kept away from a registry on loopback. */
static bool is_form(const char *type)
{
    static const char *const forms[] = {"text/plain", "multipart/form-data",
                                        "application/x-www-form-urlencoded"};

    for (size_t i = 0; type && i < MR_N_ELEMENTS(forms); i++)
        if (strncasecmp(type, forms[i], strlen(forms[i])) == 0)
            return true;
    return false;
}

static size_t declared_length(const struct exchange *exchange)
{
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length ? strtoull(length, NULL, 10) : 0;
}

static unsigned judge_headers(const struct exchange *exchange)
{
    bool has_body =
        header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) || declared_length(exchange) > 0;

    if (has_body && is_form(header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE)))
        return 415;
    return declared_length(exchange) > MAX_BODY ? 413 : 0;
}

static unsigned keep_body(struct exchange *exchange, const char *data, size_t size)
{
    struct mr_registry_server *server = exchange->server;

    if (atomic_fetch_add(&server->bodies, size) + size <= MAX_BODIES) {
        if (mr_buf_append(&exchange->body, data, size) == 0)
            return 0;
        atomic_fetch_sub(&server->bodies, size);
        return 413;
    }
    atomic_fetch_sub(&server->bodies, size);
    return 503;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *size)
{
    if (exchange->refused == 0)
        exchange->refused = keep_body(exchange, data, *size);
    if (exchange->refused != 0)
        exchange->ignored += *size;
    *size = 0;
    return exchange->ignored > MAX_IGNORED_BODY ? MHD_NO : MHD_YES;
}

static struct auth *present_auth(struct mr_registry_server *server)
{
    (void)pthread_mutex_lock(&server->auth_lock);
    struct auth *auth = auth_ref(server->auth);
    (void)pthread_mutex_unlock(&server->auth_lock);
    return auth;
}

/* After this the body comes, unless the answer is sent already. */
static enum MHD_Result end_headers(struct exchange *exchange)
{
    exchange->phase = PHASE_BODY;
    if (exchange->refused != 0 && declared_length(exchange) > SMALL_BODY)
        return answer_somewhere(exchange);
    return MHD_YES;
}

static enum MHD_Result take_headers(struct exchange *exchange, const char *method)
{
    (void)snprintf(exchange->method, sizeof(exchange->method), "%s", method);
    exchange->authorization = header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
    exchange->forwarded = header(exchange, FORWARD_HEADER) != NULL;
    exchange->refused = judge_headers(exchange);
    if (exchange->refused != 0)
        return end_headers(exchange);
    exchange->auth = present_auth(exchange->server);
    if (!exchange->auth || identify(exchange, true))
        return end_headers(exchange);
    struct workers *workers = exchange->server->password_workers;
    if (workers_waiting(workers) >= MAX_PASSWORDS) {
        exchange->refused = 429;
        return end_headers(exchange);
    }
    exchange->phase = PHASE_PASSWORD;
    link_set(exchange->link, LINK_WORKING);
    MHD_suspend_connection(exchange->connection);
    if (!workers_push(workers, &exchange->job))
        exchange_check_password(&exchange->job);
    return MHD_YES;
}

enum MHD_Result exchange_handle(void *opaque, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **con_cls)
{
    struct exchange *exchange = *con_cls;

    (void)opaque, (void)connection, (void)url, (void)version;
    if (!exchange)
        return MHD_NO;
    switch (exchange->phase) {
    case PHASE_HEADERS:
        return take_headers(exchange, method);
    case PHASE_PASSWORD:
        link_set(exchange->link, LINK_READING);
        return end_headers(exchange);
    case PHASE_BODY:
        return *upload_size > 0 ? take_body(exchange, upload, upload_size)
                                : answer_somewhere(exchange);
    case PHASE_ANSWERED:
        break;
    }
    return send_reply(exchange);
}
