/* SPDX-License-Identifier: Apache-2.0 */
/* Client of a Confluent-compatible schema registry, and our own server.
 * Source: Confluent Schema Registry 7.5 REST API. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

/* ---- client ---- */
struct mr_registry_config {
    const char *urls;       /* "http://a:8081,http://b:8081": tried in turn */
    const char *user, *password; /* basic auth; NULL when none */
    const char *token;      /* bearer; NULL when none */
    const char *ca_file, *cert_file, *key_file; /* TLS; NULL = the system's authorities */
    bool insecure;          /* do not verify TLS: only by explicit wish */
    int32_t timeout_ms;     /* per request; 0 = 10 s */
    int32_t retries;        /* further tries per URL set; 0 = 3, negative = none */
};

struct mr_registry; /* one thread at a time; caches for its lifetime, bounded (docs/limits.md) */

int mr_registry_new(const struct mr_registry_config *config, struct mr_registry **ret_registry,
                    struct mr_error *reterr);
struct mr_registry *mr_registry_free(struct mr_registry *registry);
MR_DEFINE_AUTO(mr_registry, struct mr_registry *, mr_registry_free);

/* The schema with this id, parsed with its references; borrowed from the cache.
 * Outcomes: 0; MR_ABSENT (the registry has no such id, remembered for a few seconds); MR_AGAIN (not
 * reachable after all tries); MR_INVALID (not an Avro schema); -errno. */
int mr_registry_schema(struct mr_registry *registry, int32_t id, struct mr_schema **ret_schema,
                       struct mr_error *reterr);
/* The id under which `subject` holds this very schema. Outcomes: 0, MR_ABSENT, MR_AGAIN, -errno. */
int mr_registry_lookup(struct mr_registry *registry, const char *subject, struct mr_str schema_text,
                       int32_t *ret_id, int32_t *ret_version, struct mr_error *reterr);
/* Newest version. Outcomes: 0, MR_ABSENT, MR_AGAIN, -errno. ret_text is appended. */
int mr_registry_latest(struct mr_registry *registry, const char *subject, int32_t *ret_id,
                       int32_t *ret_version, struct mr_buf *ret_text, struct mr_error *reterr);
/* Outcomes: 0, MR_INVALID (refused: incompatible or not a schema; the text says why), MR_AGAIN. */
int mr_registry_register(struct mr_registry *registry, const char *subject,
                         struct mr_str schema_text, int32_t *ret_id, struct mr_error *reterr);
/* Would it be accepted? 0 yes, MR_INVALID no, MR_ABSENT subject is new, MR_AGAIN. */
int mr_registry_check(struct mr_registry *registry, const char *subject, struct mr_str schema_text,
                      struct mr_error *reterr);
int mr_registry_set_level(struct mr_registry *registry, const char *subject,
                          enum mr_compat_level level, struct mr_error *reterr);
/* Own setting of the subject: 0, MR_ABSENT when unset. */
int mr_registry_level(struct mr_registry *registry, const char *subject,
                      enum mr_compat_level *ret_level, struct mr_error *reterr);

/* ---- server ---- */
struct mr_registry_server_config {
    const char *listen;           /* "127.0.0.1:8081"; port 0 = chosen by the system */
    enum mr_compat_level level;
};
struct mr_registry_server;
/* Starts serving on threads of libmicrohttpd; the store is in memory. */
int mr_registry_server_start(const struct mr_registry_server_config *config,
                             struct mr_registry_server **ret_server, struct mr_error *reterr);
uint16_t mr_registry_server_port(const struct mr_registry_server *server);
struct mr_registry_server *mr_registry_server_stop(struct mr_registry_server *server);
