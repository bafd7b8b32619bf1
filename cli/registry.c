/* SPDX-License-Identifier: Apache-2.0 */
/* millrace registry serve: the schema registry on its own. */
#include <string.h>

#include "registry_serve.h"
#include "verb.h"

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
    MR_OPT_STR(struct registry_serve, listen, .name = "listen", .letter = 'l', .arg = "HOST:PORT",
               .def = "127.0.0.1:8081", .env = "MILLRACE_REGISTRY_LISTEN",
               .help = "Address to serve on; port 0 takes a free one"),
    MR_OPT_STR(
        struct registry_serve, store, .name = "store", .arg = "memory|file:PATH|kafka",
        .def = "memory", .env = "MILLRACE_REGISTRY_STORE",
        .help = "Where schemas are kept: with this process, in a file of this machine, in a topic"),
    MR_OPT_CHOICE(struct registry_serve, compatibility, .name = "compatibility", .choices = levels,
                  .def = "BACKWARD", .env = "MILLRACE_REGISTRY_COMPATIBILITY",
                  .help = "Level where none is configured"),
    MR_OPT_FLAG(struct registry_serve, validate_defaults, .name = "validate-defaults",
                .env = "MILLRACE_REGISTRY_VALIDATE_DEFAULTS",
                .help = "Refuse new schemas whose defaults do not fit their types"),
    MR_OPT_STR(struct registry_serve, tls_cert, .name = "tls-cert", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_TLS_CERT",
               .help = "Serve TLS with this certificate and its chain, PEM"),
    MR_OPT_STR(struct registry_serve, tls_key, .name = "tls-key", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_TLS_KEY", .help = "Key of the certificate, PEM"),
    MR_OPT_STR(struct registry_serve, tls_client_ca, .name = "tls-client-ca", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_TLS_CLIENT_CA",
               .help = "Know clients by certificates of these authorities, PEM"),
    MR_OPT_STR(struct registry_serve, users, .name = "users", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_USERS",
               .help = "Basic authentication: a line NAME:HASH for each user, as htpasswd -B "
                       "writes it"),
    MR_OPT_STR(struct registry_serve, tokens, .name = "tokens", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_TOKENS",
               .help = "Bearer tokens: a line NAME:SHA256 for each"),
    MR_OPT_STR(struct registry_serve, roles, .name = "roles", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_ROLES",
               .help = "Who may read, write and govern which subjects; without it whoever is known "
                       "may do all"),
    MR_OPT_FLAG(struct registry_serve, insecure, .name = "insecure",
                .env = "MILLRACE_REGISTRY_SERVE_INSECURE",
                .help = "Serve other machines without TLS, or without asking who they are"),
    MR_OPT_INT(struct registry_serve, max_connections, .name = "max-connections", .def = "1000",
               .min = 1, .max = 100000, .env = "MILLRACE_REGISTRY_MAX_CONNECTIONS",
               .help = "Connections at once; past it the one that waits longest makes way"),
    MR_OPT_INT(struct registry_serve, max_per_address, .name = "max-connections-per-address",
               .def = "500", .min = 1, .max = 100000,
               .env = "MILLRACE_REGISTRY_MAX_CONNECTIONS_PER_ADDRESS",
               .help = "The same of one client's address"),
    MR_OPT_STR(struct registry_serve, access_log, .name = "access-log", .arg = "FILE",
               .env = "MILLRACE_REGISTRY_ACCESS_LOG",
               .help = "Write a line for each request there; -: standard error"),
    MR_OPT_DURATION(struct registry_serve, drain_ms, .name = "drain", .arg = "DURATION",
                    .def = "5s", .min = 1, .max = 600000, .env = "MILLRACE_REGISTRY_DRAIN",
                    .help = "What a stop waits for requests under way"),
    MR_OPT_STR(struct registry_serve, address_file, .name = "address-file", .arg = "FILE",
               .env = "", .help = "Write the real HOST:PORT there once it listens"),
    MR_OPT_END,
};

static const struct mr_option kafka_rows[] = {
    MR_OPT_STR(struct registry_serve, topic, .name = "schemas-topic", .arg = "TOPIC",
               .def = "_schemas", .env = "MILLRACE_SCHEMAS_TOPIC",
               .help = "Topic that holds it; made when absent"),
    MR_OPT_INT(struct registry_serve, replication, .name = "schemas-replication", .arg = "N",
               .def = "-1", .env = "MILLRACE_SCHEMAS_REPLICATION", .min = -1, .max = 32767,
               .help = "Replicas of a topic that is made; -1 is the cluster's default"),
    MR_OPT_FLAG(struct registry_serve, follow, .name = "follow", .env = "MILLRACE_REGISTRY_FOLLOW",
                .help = "Never write: answer reads, forward changes to the one that leads"),
    MR_OPT_STR(struct registry_serve, advertise, .name = "advertise", .arg = "URL",
               .env = "MILLRACE_REGISTRY_ADVERTISE",
               .help = "URL under which other registries on the topic reach this one"),
    MR_OPT_DURATION(struct registry_serve, timeout_ms, .name = "store-timeout", .arg = "DURATION",
                    .def = "10s", .env = "MILLRACE_REGISTRY_STORE_TIMEOUT", .min = 100,
                    .max = 300000, .help = "Longest wait for the brokers to confirm a change"),
    MR_OPT_DURATION(struct registry_serve, takeover_ms, .name = "takeover", .arg = "DURATION",
                    .def = "10s", .env = "MILLRACE_REGISTRY_TAKEOVER", .min = 100, .max = 3600000,
                    .help = "Lead when the one that leads has been silent for so long"),
    MR_OPT_END,
};

static const struct mr_command serve_command = {
    .name = "registry serve",
    .program = "millrace",
    .summary = "Serves a schema registry that speaks Confluent's REST API",
    .details =
        "Subjects, versions, schemas by id, lookup, compatibility, configuration, modes, "
        "contexts and deletion. Avro schemas are parsed and compared; JSON Schema and Protobuf "
        "are kept and served, not compared. With --store memory what it holds ends with it; "
        "with --store file:PATH it is in one file of this machine, and a change is answered when "
        "it is on disk. One process at a time serves a file. With --store kafka it is in a "
        "compacted topic, as other registries keep it: any number of processes serve it, one of "
        "them writes.\n\n"
        "An address that other machines reach needs TLS and a way to know clients: users, tokens "
        "or certificates; --insecure says that something else sees to that. SIGHUP reads "
        "certificates, users, tokens and roles again. SIGTERM or Ctrl-C ends it: requests under "
        "way are answered first.",
    .tables = (const struct mr_option_table[]){{.rows = serve_rows},
                                               {.title = "With --store kafka", .rows = kafka_rows},
                                               {.title = "Connection",
                                                .rows = mr_common_options,
                                                .base = offsetof(struct registry_serve, common)},
                                               {0}},
    .examples = "millrace registry serve\ton port 8081 of this machine\n"
                "millrace registry serve --store file:/var/lib/millrace/registry\tand kept\n"
                "millrace registry serve --store kafka -b broker:9092\ton the topic _schemas\n"
                "millrace registry serve -l 127.0.0.1:0 --address-file registry.address\ton a port "
                "of the system's choice\n"
                "millrace registry serve -l :8081 --tls-cert r.pem --tls-key r.key --users "
                "r.users --roles r.roles\tfor other machines\n",
};

/* What only a topic heeds is refused elsewhere: a process that should follow must not lead alone.
 */
static int check_store(const struct registry_serve *options, const struct mr_options *given,
                       struct mr_error *reterr)
{
    if (strcmp(options->store, "kafka") == 0)
        return 0;
    for (const struct mr_option *row = kafka_rows; row->name; row++)
        if (mr_options_given(given, row->name))
            return mr_error_set(reterr, MR_INVALID,
                                "--%s is for --store kafka, and the store is '%s': leave it out, "
                                "or give --store kafka",
                                row->name, options->store);
    return 0;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct registry_serve target = {0};
    int status;

    if (!verb_options(&serve_command, argc, argv, &target, &options, &status))
        return status;
    int r = check_store(&target, options, &error);
    if (r == 0)
        r = mr_common_resolve(&target.common, options, strcmp(target.store, "kafka") == 0, false,
                              &error);
    if (r == 0)
        r = registry_serve(&target, &error);
    return r == 0 ? 0 : verb_fail(&serve_command, r, &error);
}

const struct verb verb_registry_serve = {.command = &serve_command, .run = run};
