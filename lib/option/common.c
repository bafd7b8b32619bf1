/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of every command that reaches a cluster. */
#include <errno.h>
#include <string.h>

#include "millrace/log.h"
#include "option_internal.h"

static const char *const log_levels[] = {"debug", "info", "warn", "error", "off", NULL};

const struct mr_option mr_common_options[] = {
    MR_OPT_STR(struct mr_common, brokers, .name = "brokers", .letter = 'b', .arg = "HOST:PORT,...",
               .help = "Kafka brokers; else those of a running 'millrace up'"),
    MR_OPT_STR(struct mr_common, registry, .name = "registry", .letter = 'r', .arg = "URL,...",
               .help = "Schema registry; else that of a running 'millrace up'"),
    MR_OPT_LIST(struct mr_common, properties, .name = "property", .letter = 'X', .arg = "KEY=VALUE",
                .help = "Any librdkafka property, such as security.protocol=ssl"),
    MR_OPT_STR(struct mr_common, registry_user, .name = "registry-user", .arg = "NAME",
               .help = "User for the registry's basic authentication"),
    MR_OPT_STR(struct mr_common, registry_password, .name = "registry-password", .arg = "@FILE",
               .help = "Password for it, read from FILE", .secret = true),
    MR_OPT_STR(struct mr_common, registry_token, .name = "registry-token", .arg = "@FILE",
               .help = "Bearer token for the registry, read from FILE", .secret = true),
    MR_OPT_STR(struct mr_common, registry_ca, .name = "registry-ca", .arg = "FILE",
               .help = "Authorities (PEM) trusted for the registry's TLS"),
    MR_OPT_STR(struct mr_common, registry_cert, .name = "registry-cert", .arg = "FILE",
               .help = "Client certificate (PEM) for the registry"),
    MR_OPT_STR(struct mr_common, registry_key, .name = "registry-key", .arg = "FILE",
               .help = "Its private key (PEM)"),
    MR_OPT_FLAG(struct mr_common, registry_insecure, .name = "registry-insecure",
                .help = "Do not verify the registry's TLS certificate"),
    MR_OPT_CHOICE(struct mr_common, log_level, .name = "log-level", .choices = log_levels,
                  .def = "info", .help = "Least level that is logged to stderr"),
    MR_OPT_END,
};

static int from_state(const char **member, const char *name, struct mr_options *options,
                      struct mr_error *reterr)
{
    char path[4096];
    MR_AUTO(mr_buf) struct mr_buf buf = {0};
    int r =
        *member ? MR_ABSENT : mr_state_get(mr_state_path(path, sizeof(path)), name, &buf, reterr);

    if (r == MR_ABSENT)
        return 0;
    if (r != 0)
        return r;
    *member = mr_options_keep(options, (const char *)buf.data, buf.len);
    return *member ? 0 : -ENOMEM;
}

int mr_common_resolve(struct mr_common *common, struct mr_options *options, bool need_brokers,
                      bool need_registry, struct mr_error *reterr)
{
    for (size_t i = 0; common->log_level && log_levels[i]; i++)
        if (strcmp(common->log_level, log_levels[i]) == 0)
            mr_log_set_level((enum mr_log_level)i);
    int r = need_brokers ? from_state(&common->brokers, "brokers", options, reterr) : 0;
    if (r == 0 && need_registry)
        r = from_state(&common->registry, "registry", options, reterr);
    if (r != 0)
        return r;
    if (need_brokers && !common->brokers)
        return mr_error_set(reterr, MR_INVALID,
                            "no Kafka brokers given: use -b HOST:PORT or start 'millrace up'");
    if (need_registry && !common->registry)
        return mr_error_set(reterr, MR_INVALID,
                            "no schema registry given: use -r URL or start 'millrace up'");
    return 0;
}
