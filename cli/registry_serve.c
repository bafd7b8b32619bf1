/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's process: where it listens, its signals, what it logs. */
#include "registry_serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "millrace/error.h"
#include "millrace/log.h"

static int write_address(const char *path, const char *address, struct mr_error *reterr)
{
    FILE *file = fopen(path, "we");
    bool good = file && fprintf(file, "%s\n", address) > 0;

    if (file && fclose(file) != 0)
        good = false;
    return good ? 0
                : mr_error_set(reterr, errno ? -errno : -EIO, "cannot write '%s': %s", path,
                               strerrordesc_np(errno));
}

static void log_start(const struct registry_serve *options, const struct mr_registry_server *server)
{
    bool asks = options->users || options->tokens || options->roles || options->tls_client_ca;

    mr_info(NULL, "listening", "address=%s compatibility=%s store=%s tls=%s auth=%s",
            mr_registry_server_address(server), options->compatibility, options->store,
            options->tls_cert ? "yes" : "no", asks ? "yes" : "no");
    if (options->insecure && !asks)
        mr_warn(NULL, "open",
                "why=\"anybody who reaches this address can change the registry: it asks for no "
                "credentials, so put a proxy that does before it\"");
    else if (options->insecure && !options->tls_cert)
        mr_warn(
            NULL, "open",
            "why=\"passwords and tokens come over the network as they are: put a proxy with TLS "
            "before it\"");
}

static void reload(struct mr_registry_server *server)
{
    struct mr_error error = MR_ERROR_INIT;
    char why[1200];

    if (mr_registry_server_reload(server, &error) == 0)
        mr_info(NULL, "reloaded", "signal=SIGHUP");
    else
        mr_err(NULL, "not-reloaded", "why=%s next=\"what was read before stays in force\"",
               mr_log_quote(error.text, why, sizeof(why)));
}

static void wait_for_end(struct mr_registry_server *server, const sigset_t *signals)
{
    int got = 0;

    while (sigwait(signals, &got) != 0 || got == SIGHUP)
        if (got == SIGHUP)
            reload(server);
    mr_info(NULL, "stopping", "signal=%s", got == SIGINT ? "SIGINT" : "SIGTERM");
}

/* One descriptor a connection: as many as the system lets us have. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* What the store has to say: members of one line. */
static void on_notice(void *opaque, bool warn, const char *event, const char *text)
{
    (void)opaque;
    mr_log(warn ? MR_LOG_WARN : MR_LOG_INFO, NULL, event, "%s", text);
}

static struct mr_registry_kafka kafka_of(const struct registry_serve *options)
{
    return (struct mr_registry_kafka){
        .brokers = options->common.brokers,
        .properties = options->common.properties.items,
        .n_properties = options->common.properties.n_items,
        .topic = options->topic,
        .replication = (int32_t)options->replication,
        .follow = options->follow,
        .timeout_ms = (int32_t)options->timeout_ms,
        .takeover_ms = (int32_t)options->takeover_ms,
    };
}

static struct mr_registry_server_config config_of(const struct registry_serve *options)
{
    return (struct mr_registry_server_config){
        .listen = options->listen,
        .validate_defaults = options->validate_defaults,
        .store = options->store,
        .advertised = options->advertise,
        .notice = on_notice,
        .tls_cert = options->tls_cert,
        .tls_key = options->tls_key,
        .tls_client_ca = options->tls_client_ca,
        .users = options->users,
        .tokens = options->tokens,
        .roles = options->roles,
        .insecure = options->insecure,
        .max_connections = (unsigned)options->max_connections,
        .max_per_address = (unsigned)options->max_per_address,
        .access_log = options->access_log,
        .drain_ms = (int32_t)options->drain_ms,
    };
}

/* Threads inherit the blocked signals, so that only the wait below sees them. */
int registry_serve(const struct registry_serve *options, struct mr_error *reterr)
{
    MR_AUTO(mr_registry_server) struct mr_registry_server *server = NULL;
    struct mr_registry_server_config config = config_of(options);
    const struct mr_registry_config peers = mr_registry_config_from(&options->common);
    const struct mr_registry_kafka kafka = kafka_of(options);
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGXFSZ, SIG_IGN); /* a store's file at its limit is an error, not the end */
    raise_descriptors();
    (void)mr_compat_level_parse(mr_str_from(options->compatibility), &config.level);
    config.peers = &peers;
    config.kafka = &kafka;
    int r = mr_registry_server_start(&config, &server, reterr);
    if (r == 0 && options->address_file)
        r = write_address(options->address_file, mr_registry_server_address(server), reterr);
    if (r != 0)
        return r;
    if (mr_registry_server_notice(server))
        mr_warn(NULL, "store", "store=%s why=\"%s\"", options->store,
                mr_registry_server_notice(server));
    log_start(options, server);
    wait_for_end(server, &signals);
    return 0;
}
