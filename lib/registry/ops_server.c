/* SPDX-License-Identifier: Apache-2.0 */
/* A server of three pages: one thread, GET and HEAD, nothing is asked of the caller. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "listen.h"
#include "millrace/ops.h"
#include "millrace/status.h"

enum { CONNECTIONS = 32, IDLE_SECONDS = 10, HEAD_BYTES = 8 << 10 };

struct mr_ops_server {
    struct MHD_Daemon *daemon;
    struct mr_ops_pages pages;
    char address[LISTEN_ADDRESS_MAX];
};

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               const char *allow, struct mr_buf *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (allow)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    if (mr_buf_printf(&body, "{\"error\":\"%s\"}\n", text) != 0)
        return MHD_NO;
    return respond(connection, status, "application/json", status == 405 ? "GET, HEAD" : NULL,
                   &body);
}

static enum MHD_Result handle(void *opaque, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    static int headers_seen;
    const struct mr_ops_server *server = opaque;
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    (void)version, (void)upload;
    if (!*con_cls) {
        *con_cls = &headers_seen;
        return MHD_YES;
    }
    if (*upload_size > 0) { /* a body that nobody wants */
        *upload_size = 0;
        return MHD_YES;
    }
    enum mr_ops page = mr_ops_find(url);
    if (page == MR_OPS_NONE)
        return refuse(connection, 404, "here are /healthz, /readyz and /metrics");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse(connection, 405, "use GET");
    unsigned status = server->pages.write(server->pages.self, page, &body);
    return respond(connection, status,
                   page == MR_OPS_METRICS ? "text/plain; version=0.0.4; charset=utf-8"
                                          : "application/json",
                   NULL, &body);
}

/* A port alone: only this machine. */
static int open_where(const char *where, char address[LISTEN_ADDRESS_MAX], int *ret_fd,
                      struct mr_error *reterr)
{
    bool bare = where[strspn(where, "0123456789")] == '\0' && *where;
    char full[512];
    uint16_t port;
    bool loopback;

    (void)snprintf(full, sizeof(full), "%s%s", bare ? "127.0.0.1:" : "", where);
    return listen_open(full, ret_fd, address, &port, &loopback, reterr);
}

int mr_ops_server_new(const char *where, const struct mr_ops_pages *pages,
                      struct mr_ops_server **ret_server, struct mr_error *reterr)
{
    struct mr_ops_server *server = calloc(1, sizeof(*server));
    int fd = -1;

    if (!server)
        return -ENOMEM;
    server->pages = *pages;
    int r = open_where(where, server->address, &fd, reterr);
    if (r == 0) {
        server->daemon = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET,
            fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
            (unsigned)IDLE_SECONDS, MHD_OPTION_END);
        if (!server->daemon) {
            (void)close(fd);
            r = -ENOMEM;
        }
    }
    if (r != 0) {
        free(server);
        return r;
    }
    *ret_server = server;
    return 0;
}

const char *mr_ops_server_address(const struct mr_ops_server *server)
{
    return server->address;
}

struct mr_ops_server *mr_ops_server_free(struct mr_ops_server *server)
{
    if (server) {
        MHD_stop_daemon(server->daemon);
        free(server);
    }
    return NULL;
}
