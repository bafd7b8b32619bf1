/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent and what is recorded of it. */
#include <ctype.h>
#include <string.h>

#include "exchange.h"
#include "millrace/log.h"
#include "millrace/time.h"

static const char default_type[] = "application/vnd.schemaregistry.v1+json";

static struct MHD_Response *new_response(struct mr_buf *body, const char *type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);

    if (!response)
        return NULL;
    *body = (struct mr_buf){0};
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                type ? type : default_type) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

static int write_content(const struct content *content, struct mr_buf *out)
{
    int r = content_write(content, out);

    if (r == 0)
        r = mr_buf_byte(out, '}');
    if (r == 0)
        out->data[0] = '{'; /* the first member brought a comma */
    return r;
}

/* The answer by id is made once per content and shared by all who ask. */
static struct MHD_Response *prepared(struct content *content)
{
    struct MHD_Response *response = atomic_load(&content->by_id);
    struct MHD_Response *none = NULL;
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    if (response)
        return response;
    if (write_content(content, &body) != 0)
        return NULL;
    response = new_response(&body, NULL);
    if (!response || atomic_compare_exchange_strong(&content->by_id, &none, response))
        return response;
    MHD_destroy_response(response);
    return none;
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

void exchange_take_id(struct exchange *exchange)
{
    const char *given = exchange_header(exchange, "X-Request-Id");
    size_t n = 0;

    for (; given && given[n]; n++)
        if (n == REQUEST_ID_MAX - 1 ||
            (!isalnum((unsigned char)given[n]) && !strchr("-_.:+/=", given[n])))
            break;
    if (given && n > 0 && !given[n])
        (void)snprintf(exchange->id, sizeof(exchange->id), "%s", given);
    else if (given || exchange->server->log)
        (void)snprintf(exchange->id, sizeof(exchange->id), "%08x-%llx", exchange->server->nonce,
                       (unsigned long long)atomic_fetch_add(&exchange->server->n_ids, 1));
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

enum MHD_Result exchange_send(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;
    bool draining = atomic_load_explicit(&exchange->server->draining, memory_order_relaxed);
    bool shared = reply->content && !exchange->id[0] && !draining && !exchange->forwarded;

    if (exchange->result != 0)
        return MHD_NO;
    if (reply->content && !shared && write_content(reply->content, &reply->body) != 0)
        return MHD_NO;
    exchange->sent = reply->body.len;
    struct MHD_Response *response =
        shared ? prepared(reply->content) : new_response(&reply->body, reply->content_type);
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
    if (exchange->id[0])
        (void)MHD_add_response_header(response, "X-Request-Id", exchange->id);
    if (draining)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (exchange->forwarded)
        add_position(exchange->server, response);
    link_set(exchange->link, LINK_SENDING);
    enum MHD_Result result = MHD_queue_response(exchange->connection, reply->status, response);
    if (!shared)
        MHD_destroy_response(response);
    return result;
}

/* The path alone: a query may hold what is nobody's business. */
static int write_line(const struct exchange *exchange, bool sent, int64_t micros,
                      struct mr_buf *line)
{
    const struct access *access = exchange->caller.access;
    int64_t now;
    char when[MR_TIME_MAX], client[LINK_ADDRESS_TEXT] = "-", who[512], path[512];
    char plain[sizeof(path)];

    now = mr_time_now();
    (void)mr_time_format(now / 1000000, (int32_t)(now % 1000000) * 1000, 3, when);
    if (exchange->link)
        link_address(exchange->link, client);
    (void)snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(exchange->target, "?"),
                   exchange->target);
    return mr_buf_printf(
        line,
        "time=%s level=info event=request id=%s client=%s who=%s method=%s path=%s status=%u "
        "in=%zu out=%zu us=%lld%s\n",
        when, exchange->id, client, mr_log_quote(access ? access->who : "-", who, sizeof(who)),
        exchange->method[0] ? exchange->method : "-", mr_log_quote(plain, path, sizeof(path)),
        exchange->phase == PHASE_ANSWERED ? exchange->reply.status : 0, exchange->body.len,
        exchange->sent, (long long)micros, sent ? "" : " cut=true");
}

void exchange_record(struct exchange *exchange, bool sent)
{
    struct mr_registry_server *server = exchange->server;
    int64_t micros = mr_time_steady() - exchange->began;
    MR_AUTO(mr_buf) struct mr_buf line = {0};

    if (exchange->phase == PHASE_ANSWERED && exchange->result == 0)
        metrics_count(server->metrics, exchange->reply.status == 405 ? OPS_NONE : exchange->ops,
                      exchange->reply.route, exchange->reply.status, micros);
    if (server->log && write_line(exchange, sent, micros, &line) == 0)
        access_log_write(server->log, &line);
}
