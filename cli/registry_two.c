/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of --from and --to. */
#include "registry_two.h"

#include <string.h>

#define SIDE(word, what)                                                                           \
    MR_OPT_STR(struct registry_side, urls, .name = word, .arg = "URL", .help = what),              \
        MR_OPT_STR(struct registry_side, user, .name = word "-user", .arg = "NAME",                \
                   .help = "User for its basic authentication"),                                   \
        MR_OPT_STR(struct registry_side, password, .name = word "-password", .arg = "@FILE",       \
                   .help = "Password for it, read from FILE", .secret = true),                     \
        MR_OPT_STR(struct registry_side, token, .name = word "-token", .arg = "@FILE",             \
                   .help = "Bearer token, read from FILE", .secret = true),                        \
        MR_OPT_STR(struct registry_side, ca, .name = word "-ca", .arg = "FILE",                    \
                   .help = "Authorities (PEM) trusted for its TLS"),                               \
        MR_OPT_STR(struct registry_side, cert, .name = word "-cert", .arg = "FILE",                \
                   .help = "Client certificate (PEM) for it"),                                     \
        MR_OPT_STR(struct registry_side, key, .name = word "-key", .arg = "FILE",                  \
                   .help = "Its private key (PEM)"),                                               \
        MR_OPT_FLAG(struct registry_side, insecure, .name = word "-insecure",                      \
                    .help = "Do not verify its TLS certificate"),                                  \
        MR_OPT_END

const struct mr_option registry_from_options[] = {SIDE("from", "Registry that is read")};
const struct mr_option registry_to_options[] = {SIDE("to", "Registry that is compared with it")};

int registry_side_open(const struct registry_side *side, bool (*stop)(void *opaque),
                       struct mr_registry **ret_registry, struct mr_error *reterr)
{
    const struct mr_registry_config config = {
        .urls = side->urls,
        .user = side->user,
        .password = side->password,
        .token = side->token,
        .ca_file = side->ca,
        .cert_file = side->cert,
        .key_file = side->key,
        .insecure = side->insecure,
        .stop = stop,
    };

    return mr_registry_new(&config, ret_registry, reterr);
}

const char *registry_side_name(const struct registry_side *side, char *out, size_t cap)
{
    const char *at = side->urls;
    size_t n = 0;

    while (*at && n + 1 < cap) {
        size_t len = strcspn(at, ",");
        const char *host = memmem(at, len, "://", 3);
        const char *user = host ? memrchr(host, '@', len - (size_t)(host - at)) : NULL;
        const char *end = at + len;
        for (; at < end && n + 1 < cap; at++) {
            if (user && at == host + 3)
                at = user + 1;
            out[n++] = *at;
        }
        at = end;
        if (*at && n + 1 < cap)
            out[n++] = *at++;
    }
    out[n] = '\0';
    return out;
}
