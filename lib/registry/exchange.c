/* SPDX-License-Identifier: Apache-2.0 */
/* One request: its headers are judged, its caller is found out, its body is kept, it is answered,
 * here or by a worker. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "exchange.h"
#include "millrace/status.h"
#include "millrace/time.h"

enum {
    SMALL_BODY = 64 << 10, /* of a refused request is read, so that the client gets to the answer */
    CATCH_UP_MS = 2000,    /* for a change that another registry made */
};

/* RFC 9112, 3.2.2: a server takes the absolute form too, as a client sends it through a proxy. */
static const char *origin_form(const char *uri)
{
    const char *authority = strncasecmp(uri, "http://", 7) == 0    ? uri + 7
                            : strncasecmp(uri, "https://", 8) == 0 ? uri + 8
                                                                   : NULL;
    if (!authority)
        return uri;
    const char *path = authority + strcspn(authority, "/?");
    return *path == '/' ? path : "/";
}

void *exchange_begin(void *opaque, const char *uri, struct MHD_Connection *connection)
{
    struct mr_registry_server *server = opaque;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const char *target = origin_form(uri);
    size_t len = strlen(target);
    struct exchange *exchange = calloc(1, sizeof(*exchange) + len + 1);

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->link = info ? info->socket_context : NULL;
    exchange->body.max = MAX_BODY;
    memcpy(exchange->target, target, len);
    exchange->began = mr_time_steady();
    exchange->ops = ops_find(exchange->target);
    atomic_fetch_add(&server->under_way, 1);
    link_set(exchange->link, LINK_READING);
    return exchange;
}

void exchange_end(void *opaque, struct MHD_Connection *connection, void **con_cls,
                  enum MHD_RequestTerminationCode code)
{
    struct mr_registry_server *server = opaque;
    struct exchange *exchange = *con_cls;

    (void)connection;
    if (!exchange)
        return;
    exchange_record(exchange, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    link_set(exchange->link, LINK_WAITING);
    atomic_fetch_sub(&server->bodies, exchange->body.len);
    mr_buf_done(&exchange->body);
    reply_done(&exchange->reply);
    (void)auth_unref(exchange->auth);
    free(exchange);
    *con_cls = NULL;
    atomic_fetch_sub(&server->under_way, 1);
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
        exchange->result = exchange_refuse(exchange);
    else if (exchange->ops != OPS_NONE)
        exchange->result =
            ops_answer(exchange->server, exchange->ops, exchange->method, &exchange->reply);
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
    const char *wide = exchange_header(exchange, "Confluent-Accept-Unknown-Properties");

    exchange->reply.wide = wide && strcasecmp(wide, "true") == 0;
    link_set(exchange->link, LINK_WORKING);
    if (answer(exchange, true))
        return exchange_send(exchange);
    MHD_suspend_connection(exchange->connection);
    if (!workers_push(exchange->server->workers, &exchange->job))
        exchange_answer_later(&exchange->job);
    return MHD_YES;
}

void exchange_check_password(struct job *job)
{
    struct exchange *exchange = (struct exchange *)job;

    (void)exchange_identify(exchange, false);
    MHD_resume_connection(exchange->connection);
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
    if (exchange->refused == 400 ||
        (exchange->refused != 0 && exchange_declared_length(exchange) > SMALL_BODY))
        return answer_somewhere(exchange);
    return MHD_YES;
}

static enum MHD_Result take_headers(struct exchange *exchange, const char *method,
                                    const char *version)
{
    (void)snprintf(exchange->method, sizeof(exchange->method), "%s", method);
    exchange->authorization = exchange_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
    const char *forward = exchange_header(exchange, FORWARD_HEADER);
    exchange->forwarded = forward && strcasecmp(forward, "true") != 0;
    exchange->refused = exchange_judge(exchange, version);
    exchange_take_id(exchange);
    if (exchange->refused != 0 || exchange->ops != OPS_NONE)
        return end_headers(exchange);
    exchange->auth = present_auth(exchange->server);
    if (!exchange->auth || exchange_identify(exchange, true))
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

    (void)opaque, (void)connection, (void)url;
    if (!exchange)
        return MHD_NO;
    switch (exchange->phase) {
    case PHASE_HEADERS:
        return take_headers(exchange, method, version);
    case PHASE_PASSWORD:
        link_set(exchange->link, LINK_READING);
        return end_headers(exchange);
    case PHASE_BODY:
        return *upload_size > 0 ? take_body(exchange, upload, upload_size)
                                : answer_somewhere(exchange);
    case PHASE_ANSWERED:
        break;
    }
    return exchange_send(exchange);
}
