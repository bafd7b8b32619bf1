/* SPDX-License-Identifier: Apache-2.0 */
/* The server's life: started from its configuration, reloaded, drained. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "millrace/status.h"
#include "millrace/time.h"
#include "server.h"

enum {
    MAX_CONNECTIONS = 1000,
    MAX_PER_ADDRESS = 500,
    MAX_WORKERS = 4,       /* that register, check and delete */
    MAX_SLOW_WORKERS = 16, /* the same where a change waits for a network */
    MAX_PASSWORD_WORKERS = 2,
    DRAIN_MS = 5000,
};

static int start_security(struct mr_registry_server *server,
                          const struct mr_registry_server_config *config, struct mr_error *reterr)
{
    bool tls = config->tls_cert || config->tls_key;

    if (tls && !(config->tls_cert && config->tls_key))
        return mr_error_set(reterr, MR_INVALID, "TLS needs both a certificate and its key");
    if (config->tls_client_ca && !tls)
        return mr_error_set(reterr, MR_INVALID,
                            "certificates of clients are seen by TLS only: give a certificate and "
                            "its key, too");
    server->tls_files =
        (struct tls_files){config->tls_cert, config->tls_key, config->tls_client_ca};
    server->auth_files = (struct auth_files){config->users, config->tokens, config->roles,
                                             config->tls_client_ca != NULL};
    int r = tls ? tls_new(&server->tls_files, &server->tls, reterr) : 0;
    if (r == 0)
        r = auth_load(&server->auth_files, &server->auth, reterr);
    if (r == 0 && config->access_log)
        r = access_log_open(config->access_log, &server->log, reterr);
    return r;
}

/* What other machines reach needs TLS and to know its clients, unless somebody says otherwise. */
static int open_socket(struct mr_registry_server *server,
                       const struct mr_registry_server_config *config, int *ret_fd,
                       struct mr_error *reterr)
{
    bool loopback;
    int r = listen_open(config->listen, ret_fd, server->address, &server->port, &loopback, reterr);

    if (r != 0 || loopback || config->insecure || (server->tls && server->auth))
        return r;
    (void)close(*ret_fd);
    return mr_error_set(
        reterr, MR_INVALID,
        "other machines reach %s, and it has %s: give --tls-cert, --tls-key and "
        "--users, --tokens or --tls-client-ca, or say --insecure where a proxy sees "
        "to that",
        server->address,
        server->tls    ? "no way to know who they are"
        : server->auth ? "no TLS for what they send"
                       : "neither TLS nor a way to know who they are");
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
    return r == 0 ? workers_new(slow ? MAX_SLOW_WORKERS : MAX_WORKERS, exchange_answer_later,
                                &server->workers)
                  : r;
}

static int start_links(struct mr_registry_server *server,
                       const struct mr_registry_server_config *config)
{
    unsigned most = config->max_connections ? config->max_connections : MAX_CONNECTIONS;
    int r = workers_new(MAX_PASSWORD_WORKERS, exchange_check_password, &server->password_workers);

    if (r == 0)
        r = metrics_new(&server->metrics);
    return r == 0 ? links_init(&server->links, server_connections(most),
                               config->max_per_address ? config->max_per_address : MAX_PER_ADDRESS,
                               server)
                  : r;
}

/* The address comes before the core: others are told it. */
static int start(struct mr_registry_server *server, const struct mr_registry_server_config *config,
                 struct mr_error *reterr)
{
    int fd = -1;
    int r = start_security(server, config, reterr);

    if (r == 0)
        r = open_socket(server, config, &fd, reterr);
    if (r != 0)
        return r;
    r = start_core(server, config, reterr);
    if (r == 0)
        r = start_links(server, config);
    if (r == 0) {
        r = server_daemon(server, fd);
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

    if (!server)
        return -ENOMEM;
    (void)pthread_mutex_init(&server->auth_lock, NULL);
    server->started = mr_time_now();
    (void)!getrandom(&server->nonce, sizeof(server->nonce), GRND_NONBLOCK);
    server->drain_ms = config->drain_ms > 0 ? config->drain_ms : DRAIN_MS;
    int r = start(server, config, reterr);
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

int mr_registry_server_reload(struct mr_registry_server *server, struct mr_error *reterr)
{
    struct auth *next = NULL;
    int r = auth_load(&server->auth_files, &next, reterr);

    if (r == 0 && server->tls)
        r = tls_reload(server->tls, &server->tls_files, reterr);
    if (r != 0) {
        (void)auth_unref(next);
        return r;
    }
    if (server->log)
        (void)access_log_reopen(server->log, NULL);
    (void)pthread_mutex_lock(&server->auth_lock);
    struct auth *before = server->auth;
    server->auth = next;
    (void)pthread_mutex_unlock(&server->auth_lock);
    (void)auth_unref(before);
    return 0;
}

static void wait_for_requests(struct mr_registry_server *server)
{
    int64_t deadline = mr_time_steady() + server->drain_ms * INT64_C(1000);
    struct timespec slice = {.tv_nsec = 1000000};

    while (atomic_load(&server->under_way) > 0 && mr_time_steady() < deadline)
        (void)nanosleep(&slice, NULL);
}

struct mr_registry_server *mr_registry_server_stop(struct mr_registry_server *server)
{
    if (!server)
        return NULL;
    if (server->daemon) {
        atomic_store(&server->draining, true); /* and no connection is taken any more */
        wait_for_requests(server);
        workers_stop(server->password_workers); /* end what they have: nothing stays suspended */
        workers_stop(server->workers);
        MHD_stop_daemon(server->daemon);
    }
    (void)workers_free(server->password_workers);
    (void)workers_free(server->workers);
    links_done(&server->links);
    (void)tls_free(server->tls);
    (void)auth_unref(server->auth);
    (void)pthread_mutex_destroy(&server->auth_lock);
    (void)core_free(server->core);
    (void)forward_free(server->forward);
    (void)metrics_free(server->metrics);
    (void)access_log_free(server->log);
    free(server);
    return NULL;
}
