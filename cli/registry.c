/* SPDX-License-Identifier: Apache-2.0 */
/* millrace registry serve: the schema registry on its own. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "millrace/error.h"
#include "millrace/log.h"
#include "millrace/registry.h"
#include "verb.h"

struct serve {
    const char *listen;
    const char *compatibility;
    const char *store;
    bool validate_defaults;
    const char *address_file;
};

static const char *const levels[] = {
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
    NULL,
};

static const struct mr_option serve_rows[] = {
    MR_OPT_STR(struct serve, listen, .name = "listen", .letter = 'l', .arg = "HOST:PORT",
               .def = "127.0.0.1:8081", .env = "MILLRACE_REGISTRY_LISTEN",
               .help = "Address to serve on; port 0 takes a free one"),
    MR_OPT_STR(struct serve, store, .name = "store", .arg = "memory|file:PATH", .def = "memory",
               .env = "MILLRACE_REGISTRY_STORE",
               .help = "Where schemas are kept: with this process, or in a file of this machine"),
    MR_OPT_CHOICE(struct serve, compatibility, .name = "compatibility", .choices = levels,
                  .def = "BACKWARD", .env = "MILLRACE_REGISTRY_COMPATIBILITY",
                  .help = "Level where none is configured"),
    MR_OPT_FLAG(struct serve, validate_defaults, .name = "validate-defaults",
                .env = "MILLRACE_REGISTRY_VALIDATE_DEFAULTS",
                .help = "Refuse new schemas whose defaults do not fit their types"),
    MR_OPT_STR(struct serve, address_file, .name = "address-file", .arg = "FILE", .env = "",
               .help = "Write the real HOST:PORT there once it listens"),
    MR_OPT_END,
};

static const struct mr_command serve_command = {
    .name = "registry serve",
    .program = "millrace",
    .summary = "Serves a schema registry that speaks Confluent's REST API",
    .details =
        "Subjects, versions, schemas by id, lookup, compatibility, configuration, modes, "
        "contexts and deletion, for Avro. With --store memory what it holds ends with it; "
        "with --store file:PATH it is in one file of this machine, and a change is answered when "
        "it is on disk. One process at a time serves a file.\n\n"
        "SIGTERM or Ctrl-C ends it: requests under way are answered first.",
    .tables = (const struct mr_option_table[]){{.rows = serve_rows}, {0}},
    .examples = "millrace registry serve\ton port 8081 of this machine\n"
                "millrace registry serve --store file:/var/lib/millrace/registry\tand kept\n"
                "millrace registry serve -l 127.0.0.1:0 --address-file registry.address\ton a port "
                "of the system's choice\n",
};

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

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]", 5) == 0 ||
           strncmp(address, "localhost:", 10) == 0;
}

/* Threads inherit the blocked signals, so that only the wait below sees them. */
static int serve(const struct serve *options, struct mr_error *reterr)
{
    MR_AUTO(mr_registry_server) struct mr_registry_server *server = NULL;
    struct mr_registry_server_config config = {.listen = options->listen,
                                               .validate_defaults = options->validate_defaults,
                                               .store = options->store};
    sigset_t ends;
    int got;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    (void)signal(SIGXFSZ, SIG_IGN); /* a store's file at its limit is an error, not the end */
    (void)mr_compat_level_parse(mr_str_from(options->compatibility), &config.level);
    int r = mr_registry_server_start(&config, &server, reterr);
    if (r == 0 && options->address_file)
        r = write_address(options->address_file, mr_registry_server_address(server), reterr);
    if (r != 0)
        return r;
    if (mr_registry_server_notice(server))
        mr_warn(NULL, "store", "store=%s why=\"%s\"", options->store,
                mr_registry_server_notice(server));
    mr_info(NULL, "listening", "address=%s compatibility=%s store=%s",
            mr_registry_server_address(server), options->compatibility, options->store);
    if (!is_loopback(mr_registry_server_address(server)))
        mr_warn(NULL, "open",
                "why=\"anybody who reaches this address can change the registry: it asks "
                "for no credentials, so put a proxy that does before it\"");
    (void)sigwait(&ends, &got);
    mr_info(NULL, "stopping", "signal=%s", got == SIGINT ? "SIGINT" : "SIGTERM");
    return 0;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct serve target = {0};
    int status;

    if (!verb_options(&serve_command, argc, argv, &target, &options, &status))
        return status;
    int r = serve(&target, &error);
    return r == 0 ? 0 : verb_fail(&serve_command, r, &error);
}

const struct verb verb_registry_serve = {.command = &serve_command, .run = run};
