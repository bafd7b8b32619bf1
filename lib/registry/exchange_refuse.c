/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused by its headers, before anybody looks at the body, and in which words. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange.h"

enum { REFUSED_CODING = 416 }; /* answered with 415 */

int exchange_refuse(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;

    switch (exchange->refused) {
    case 400:
        return reply_error(reply, 400,
                           "Content-Length and Transfer-Encoding: send one of them, once");
    case 401:
        return reply_error(reply, 401, "Unauthorized: %s", exchange->why);
    case 414:
        return reply_error(reply, 414, "path and query are longer than %d bytes", MAX_TARGET);
    case 415:
        return reply_error(reply, 415,
                           "HTTP 415 Unsupported Media Type: send "
                           "application/vnd.schemaregistry.v1+json or application/json");
    case REFUSED_CODING:
        return reply_error(reply, 415,
                           "HTTP 415 Unsupported Media Type: a body is taken as it is, without "
                           "Content-Encoding");
    case 429:
        return reply_error(reply, 429, "more than %d passwords wait to be checked: try again",
                           MAX_PASSWORDS);
    case 431:
        return reply_error(reply, 431, "the headers are larger than %d KiB", MAX_HEADERS >> 10);
    case 501:
        return reply_error(reply, 501, "Transfer-Encoding: only chunked is known");
    case 503:
        return reply_error(reply, 503, "more than %d MiB of requests are under way: try again",
                           MAX_BODIES >> 20);
    case 505:
        return reply_error(reply, 505, "HTTP/1.1 and HTTP/1.0 are spoken here");
    default:
        return reply_error(reply, 413, "the body is larger than %d MiB", MAX_BODY >> 20);
    }
}

/* Media types of JSON, or of no particular kind, as registries take them. What a web page can make
 * a browser send anywhere without asking (text/plain, forms) is not among them, so that it is kept
 * away from a registry on loopback. */
static bool takes_type(const char *type)
{
    static const char *const exact[] = {"application/json", "application/octet-stream"};
    size_t len = type ? strcspn(type, "; \t,") : 0;

    if (len == 0 || (len >= 5 && strncasecmp(type + len - 5, "+json", 5) == 0))
        return true;
    for (size_t i = 0; i < MR_N_ELEMENTS(exact); i++)
        if (strlen(exact[i]) == len && strncasecmp(type, exact[i], len) == 0)
            return true;
    return false;
}

size_t exchange_declared_length(const struct exchange *exchange)
{
    const char *length = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length ? strtoull(length, NULL, 10) : 0;
}

static size_t headers_size(const struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info ? info->header_size : 0;
}

static enum MHD_Result count_framing(void *opaque, enum MHD_ValueKind kind, const char *key,
                                     const char *value)
{
    (void)kind, (void)value;
    if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
        strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
        ++*(unsigned *)opaque;
    return MHD_YES;
}

unsigned exchange_judge(const struct exchange *exchange, const char *version)
{
    const char *coding = exchange_header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    const char *packed = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    unsigned n_framing = 0;

    if (strncmp(version, "HTTP/1.", 7) != 0)
        return 505;
    if (strlen(exchange->target) > MAX_TARGET)
        return 414;
    if (headers_size(exchange) > MAX_HEADERS)
        return 431;
    /* two lengths: a proxy before us may believe the other one */
    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_framing,
                                    &n_framing);
    if (n_framing > 1)
        return 400;
    if (coding && strcasecmp(coding, "chunked") != 0)
        return 501;
    if (!coding && exchange_declared_length(exchange) == 0)
        return 0;
    if (packed && packed[0] && strcasecmp(packed, "identity") != 0)
        return REFUSED_CODING;
    if (!takes_type(exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE)))
        return 415;
    return exchange_declared_length(exchange) > MAX_BODY ? 413 : 0;
}
