/* SPDX-License-Identifier: Apache-2.0 */
/* What `millrace registry serve` was told, and its work. */
#pragma once

#include "millrace/option.h"
#include "millrace/registry.h"

struct registry_serve {
    const char *listen;
    const char *compatibility;
    const char *store;
    bool validate_defaults;
    const char *address_file;
    const char *topic;
    int64_t replication, timeout_ms, takeover_ms;
    bool follow;
    const char *advertise;
    struct mr_common common;
    const char *tls_cert, *tls_key, *tls_client_ca;
    const char *users, *tokens, *roles;
    bool insecure;
    int64_t max_connections, max_per_address, drain_ms;
    const char *access_log;
};

/* Serves until SIGINT or SIGTERM. 0, MR_INVALID, -errno. */
int registry_serve(const struct registry_serve *options, struct mr_error *reterr);
