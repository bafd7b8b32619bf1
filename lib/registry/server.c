/* SPDX-License-Identifier: Apache-2.0 */
/* The registry behind libmicrohttpd: requests in, replies out. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "forward.h"
#include "listen.h"
#include "millrace/registry.h"
#include "millrace/status.h"
#include "millrace/time.h"
#include "rest.h"
#include "workers.h"

enum {
    MAX_BODY = 4 << 20,          /* a schema of 1 MiB with every character escaped, and more */
    MAX_BODIES = 256 << 20,      /* of all requests together */
    MAX_IGNORED_BODY = 64 << 20, /* of a refused chunked body; then the connection is cut */
    MAX_CONNECTIONS = 1000,
    MAX_HEADER = 32 << 10, /* request line and headers */
    IDLE_SECONDS = 60,     /* without a byte in either direction */
    MAX_THREADS = 4,       /* that serve connections and reads */
    MAX_WORKERS = 4,       /* that register, check and delete */
    MAX_SLOW_WORKERS = 16, /* the same where a change waits for a network */
    CATCH_UP_MS = 2000,    /* for a change that another registry made */
    STOP_MS = 2000,
};

static const char content_type[] = "application/vnd.schemaregistry.v1+json";

struct mr_registry_server {
    struct core *core;
    struct MHD_Daemon *daemon;
    struct workers *workers;
    struct forward *forward;
    uint16_t port;
    char address[LISTEN_ADDRESS_MAX];
    _Atomic int under_way; /* requests */
    _Atomic size_t bodies; /* bytes of them */
};

/* One request while it comes in. */
struct exchange {
    struct job job; /* first member */
    struct mr_registry_server *server;
    struct MHD_Connection *connection;
    struct mr_buf body;
    size_t ignored;
    unsigned refused; /* status decided by the headers, 0: none */
    bool started;
    bool answered; /* reply and result are set */
    int result;
    struct reply reply;
    const char *authorization; /* header, NULL: none; the connection's */
    bool forwarded;            /* by another registry, which holds us for the leader */
    char method[8];
    char target[]; /* path and query as sent */
};

static void *begin(void *opaque, const char *uri, struct MHD_Connection *connection)
{
    struct mr_registry_server *server = opaque;
    size_t len = strlen(uri);
    struct exchange *exchange = calloc(1, sizeof(*exchange) + len + 1);

    (void)connection;
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->body.max = MAX_BODY;
    memcpy(exchange->target, uri, len);
    atomic_fetch_add(&server->under_way, 1);
    return exchange;
}

static void end(void *opaque, struct MHD_Connection *connection, void **con_cls,
                enum MHD_RequestTerminationCode code)
{
    struct mr_registry_server *server = opaque;
    struct exchange *exchange = *con_cls;

    (void)connection, (void)code;
    if (!exchange)
        return;
    atomic_fetch_sub(&server->bodies, exchange->body.len);
    mr_buf_done(&exchange->body);
    reply_done(&exchange->reply);
    free(exchange);
    *con_cls = NULL;
    atomic_fetch_sub(&server->under_way, 1);
}

/* Names are decoded after the path is split: here they stay as they came. */
static size_t keep_escapes(void *opaque, struct MHD_Connection *connection, char *text)
{
    (void)opaque, (void)connection;
    return strlen(text);
}

static struct MHD_Response *new_response(struct mr_buf *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);

    if (!response)
        return NULL;
    *body = (struct mr_buf){0};
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* The answer by id is made once per content and shared by all who ask. */
static struct MHD_Response *prepared(struct content *content)
{
    struct MHD_Response *response = atomic_load(&content->by_id);
    struct MHD_Response *none = NULL;
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    if (response)
        return response;
    if (content_write(content, &body) != 0 || mr_buf_byte(&body, '}') != 0)
        return NULL;
    body.data[0] = '{'; /* the first member brought a comma */
    response = new_response(&body);
    if (!response || atomic_compare_exchange_strong(&content->by_id, &none, response))
        return response;
    MHD_destroy_response(response);
    return none;
}

/* How far the one who forwarded this must read until it sees what was done. */
static void add_position(struct mr_registry_server *server, struct MHD_Response *response)
{
    struct store_status status;
    char text[24];

    (void)core_leads(server->core, &status);
    (void)snprintf(text, sizeof(text), "%lld", (long long)status.position);
    (void)MHD_add_response_header(response, FORWARD_POSITION_HEADER, text);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;
    if (exchange->result != 0)
        return MHD_NO;
    struct MHD_Response *response =
        reply->content ? prepared(reply->content) : new_response(&reply->body);

    if (!response)
        return MHD_NO;
    if (reply->allow)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (exchange->forwarded)
        add_position(exchange->server, response);
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    if (!reply->content)
        MHD_destroy_response(response);
    return result;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

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

static unsigned judge_headers(struct MHD_Connection *connection)
{
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding = header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    bool has_body = coding || (length && strcmp(length, "0") != 0);

    if (has_body && is_form(header(connection, MHD_HTTP_HEADER_CONTENT_TYPE)))
        return 415;
    return length && strtoull(length, NULL, 10) > MAX_BODY ? 413 : 0;
}

static int refuse(unsigned status, struct reply *reply)
{
    if (status == 415)
        return reply_error(reply, 415,
                           "HTTP 415 Unsupported Media Type: send %s or "
                           "application/json",
                           content_type);
    if (status == 503)
        return reply_error(reply, 503, "more than %d MiB of requests are under way: try again",
                           MAX_BODIES >> 20);
    return reply_error(reply, 413, "the body is larger than %d MiB", MAX_BODY >> 20);
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

    exchange->result = exchange->refused != 0
                           ? refuse(exchange->refused, &exchange->reply)
                           : rest_handle(exchange->server->core, exchange->method, exchange->target,
                                         body, quick, &exchange->reply);
    if (exchange->result == MR_ABSENT)
        exchange->result = quick ? MR_AGAIN : hand_on(exchange, body);
    exchange->answered = exchange->result != MR_AGAIN;
    return exchange->answered;
}

static void answer_later(struct job *job)
{
    struct exchange *exchange = (struct exchange *)job;

    (void)answer(exchange, false);
    MHD_resume_connection(exchange->connection); /* handle() is called again */
}

/* At once when it is quick; else a worker does it, and the connection waits. */
static enum MHD_Result answer_somewhere(struct exchange *exchange,
                                        struct MHD_Connection *connection, const char *method)
{
    const char *wide = header(connection, "Confluent-Accept-Unknown-Properties");

    (void)snprintf(exchange->method, sizeof(exchange->method), "%s", method);
    exchange->connection = connection;
    exchange->authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    exchange->forwarded = header(connection, FORWARD_HEADER) != NULL;
    exchange->reply.wide = wide && strcasecmp(wide, "true") == 0;
    if (answer(exchange, true))
        return send_reply(connection, exchange);
    MHD_suspend_connection(connection);
    if (!workers_push(exchange->server->workers, &exchange->job))
        answer_later(&exchange->job);
    return MHD_YES;
}

static enum MHD_Result handle(void *opaque, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    struct exchange *exchange = *con_cls;

    (void)opaque, (void)url, (void)version;
    if (!exchange)
        return MHD_NO;
    if (exchange->answered)
        return send_reply(connection, exchange);
    if (!exchange->started) {
        exchange->started = true;
        exchange->refused = judge_headers(connection);
        if (exchange->refused == 0 || !header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH))
            return MHD_YES;
    } else if (*upload_size > 0) {
        return take_body(exchange, upload, upload_size);
    }
    return answer_somewhere(exchange, connection, method);
}

static int start_daemon(struct mr_registry_server *server, int fd)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = cores > MAX_THREADS ? MAX_THREADS : (unsigned)cores;

    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_HEADER, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0u,
        MHD_OPTION_URI_LOG_CALLBACK, begin, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, end, server, MHD_OPTION_END);
    return server->daemon ? 0 : -ENOMEM;
}

static int start_core(struct mr_registry_server *server,
                      const struct mr_registry_server_config *config, struct mr_error *reterr)
{
    struct store *store;
    int r = store_open(config, server->address, &store, reterr);

    if (r != 0)
        return r;
    bool slow = store->ops->slow;
    r = core_new_take(store, config->level, config->validate_defaults, &server->core, reterr);
    if (r != 0) {
        store->ops->free(store);
        return r;
    }
    r = forward_new(config->peers, &server->forward);
    return r == 0
               ? workers_new(slow ? MAX_SLOW_WORKERS : MAX_WORKERS, answer_later, &server->workers)
               : r;
}

/* The address comes first: others are told it. */
static int start(struct mr_registry_server *server, const struct mr_registry_server_config *config,
                 struct mr_error *reterr)
{
    int fd;
    int r = listen_open(config->listen, &fd, server->address, &server->port, reterr);

    if (r != 0)
        return r;
    r = start_core(server, config, reterr);
    if (r == 0) {
        r = start_daemon(server, fd);
        if (r != 0)
            (void)mr_error_set(reterr, r, "the HTTP server could not be started");
    }
    if (r != 0)
        (void)close(fd);
    return r;
}

int mr_registry_server_start(const struct mr_registry_server_config *config,
                             struct mr_registry_server **ret_server, struct mr_error *reterr)
{
    struct mr_registry_server *server = calloc(1, sizeof(*server));
    int r = server ? start(server, config, reterr) : -ENOMEM;

    if (r != 0) {
        (void)mr_registry_server_stop(server);
        return r;
    }
    *ret_server = server;
    return 0;
}

uint16_t mr_registry_server_port(const struct mr_registry_server *server)
{
    return server->port;
}

const char *mr_registry_server_notice(const struct mr_registry_server *server)
{
    const struct store *store = server->core->store;

    return store->ops->notice ? store->ops->notice(store) : NULL;
}

const char *mr_registry_server_address(const struct mr_registry_server *server)
{
    return server->address;
}

static void wait_for_requests(struct mr_registry_server *server)
{
    int64_t deadline = mr_time_steady() + STOP_MS * INT64_C(1000);
    struct timespec slice = {.tv_nsec = 1000000};

    while (atomic_load(&server->under_way) > 0 && mr_time_steady() < deadline)
        (void)nanosleep(&slice, NULL);
}

struct mr_registry_server *mr_registry_server_stop(struct mr_registry_server *server)
{
    if (!server)
        return NULL;
    if (server->daemon) {
        int fd = MHD_quiesce_daemon(server->daemon);
        wait_for_requests(server);
        workers_stop(server->workers); /* ends what it has: nothing stays suspended */
        MHD_stop_daemon(server->daemon);
        if (fd >= 0)
            (void)close(fd);
    }
    (void)workers_free(server->workers);
    (void)core_free(server->core);
    (void)forward_free(server->forward);
    free(server);
    return NULL;
}
