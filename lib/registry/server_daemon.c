/* SPDX-License-Identifier: Apache-2.0 */
/* The server on libmicrohttpd: threads, connections, TLS. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server.h"

enum {
    SPARE_DESCRIPTORS = 64, /* for files, the store, the clients on their way out */
    IDLE_SECONDS = 120,     /* libmicrohttpd's own; links.c is stricter */
    MAX_THREADS = 4,        /* that serve connections and reads */
};

/* Names are decoded after the path is split: here they stay as they came. */
static size_t keep_escapes(void *opaque, struct MHD_Connection *connection, char *text)
{
    (void)opaque, (void)connection;
    return strlen(text);
}

/* While the server drains, who comes is sent away at once, and tries another. Not by
 * MHD_quiesce_daemon: it takes the listening descriptor out of each thread's epoll set while that
 * thread may do so too, and then aborts (0.9.75). */
static enum MHD_Result admit(void *opaque, const struct sockaddr *address, socklen_t len)
{
    const struct mr_registry_server *server = opaque;

    (void)address, (void)len;
    return atomic_load(&server->draining) ? MHD_NO : MHD_YES;
}

static void on_connection(void *opaque, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct mr_registry_server *server = opaque;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        const union MHD_ConnectionInfo *address =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        *socket_context = link_open(&server->links, fd->connect_fd, address->client_addr);
    } else {
        link_close(*socket_context);
        *socket_context = NULL;
    }
}

/* The session's pointer is libmicrohttpd's connection. */
static int on_handshake(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
                        const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
                        gnutls_pcert_st **ret_chain, unsigned *ret_n, gnutls_privkey_t *ret_key)
{
    struct MHD_Connection *connection = gnutls_session_get_ptr(session);
    const union MHD_ConnectionInfo *info =
        connection ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT) : NULL;
    const struct link *link = info ? info->socket_context : NULL;

    (void)authorities, (void)n, (void)algorithms, (void)n_algorithms;
    if (!link)
        return -1;
    const struct mr_registry_server *server = link->links->owner;
    tls_present(server->tls, ret_chain, ret_n, ret_key);
    return 0;
}

/* Connections that there are descriptors for. */
unsigned server_connections(unsigned wished)
{
    struct rlimit limit;
    rlim_t most = wished;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        most + SPARE_DESCRIPTORS > limit.rlim_cur)
        most = limit.rlim_cur > 2 * SPARE_DESCRIPTORS ? limit.rlim_cur - SPARE_DESCRIPTORS
                                                      : SPARE_DESCRIPTORS;
    return (unsigned)most;
}

int server_daemon(struct mr_registry_server *server, int fd)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = cores > MAX_THREADS ? MAX_THREADS : cores > 1 ? (unsigned)cores : 1;
    bool tls = server->tls != NULL;
    bool asks = tls && server->tls_files.client_ca;
    /* links.c counts; libmicrohttpd would refuse before it can make room, and per thread */
    unsigned most = (server->links.most + SPARE_DESCRIPTORS) * threads;
    struct MHD_OptionItem of_tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)on_handshake},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {asks ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
         asks ? (void *)(uintptr_t)tls_authorities(server->tls) : NULL},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0u), 0,
        admit, server, exchange_handle, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_HEAD,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_THREAD_POOL_SIZE,
        threads > 1 ? threads : 0u, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_end,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_ARRAY,
        tls ? of_tls : none, MHD_OPTION_END);
    return server->daemon ? 0 : -ENOMEM;
}
