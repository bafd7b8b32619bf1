/* SPDX-License-Identifier: Apache-2.0 */
/* Client of a Confluent-compatible schema registry, and our own server.
 * Source: Confluent Schema Registry 7.5 REST API. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

/* ---- client ---- */
struct mr_registry_config {
    /* "http://a:8081,https://b:8081": tried in turn, the last that answered first. A URL may carry
     * user:password@; they are used when user is NULL and never shown again. */
    const char *urls;
    const char *user, *password;                /* basic auth; NULL when none */
    const char *token;                          /* bearer; NULL when none */
    const char *ca_file, *cert_file, *key_file; /* TLS, PEM; NULL = the system's authorities */
    bool insecure;                              /* do not verify TLS: only by explicit wish */
    int32_t timeout_ms;                         /* per request; 0 = 10 s */
    int32_t retries;    /* further rounds over all URLs; 0 = 3, negative = none */
    int32_t backoff_ms; /* before the first further round, doubled each time; 0 = 100 */
    /* Asked at least once a second while waiting; true ends the call with -ECANCELED. May be NULL.
     */
    bool (*stop)(void *opaque);
    void *stop_opaque;
};
struct mr_common;
/* From the rows that every command has (-r, registry-user, ...); the rest is default. */
struct mr_registry_config mr_registry_config_from(const struct mr_common *common);

/* One thread at a time; keeps its connections and caches for its lifetime, bounded
 * (docs/limits.md).
 *
 * Outcomes that every call below may have besides its own: 0; MR_AGAIN (no URL answered, or only
 * with 408, 429 or 5xx, after all tries); -EACCES (certificate or credentials refused); -EPROTO
 * (what answers is no schema registry); -ECANCELED (stop said so); -ENOMEM. The text names the URL
 * without credentials, the HTTP status and what the registry said. */
struct mr_registry;

/* Reaches for nothing yet. Outcomes: 0, MR_INVALID (urls, or files that cannot be read), -ENOMEM.
 */
int mr_registry_new(const struct mr_registry_config *config, struct mr_registry **ret_registry,
                    struct mr_error *reterr);
struct mr_registry *mr_registry_free(struct mr_registry *registry);
MR_DEFINE_AUTO(mr_registry, struct mr_registry *, mr_registry_free);

/* The schema with this id, parsed with its references. Borrowed from the cache: valid until the
 * next call on this registry; mr_schema_ref() keeps it. MR_ABSENT: the registry has no such id
 * (remembered for a few seconds); MR_INVALID: it is not an Avro schema, or breaks its rules. */
int mr_registry_schema(struct mr_registry *registry, int32_t id, struct mr_schema **ret_schema,
                       struct mr_error *reterr);
/* The same by GUID (header form of the wire format; registries from Confluent 8 on, and ours). */
int mr_registry_schema_guid(struct mr_registry *registry, const uint8_t guid[16],
                            struct mr_schema **ret_schema, struct mr_error *reterr);
/* The id and version (may be NULL) under which `subject` holds this very schema. MR_ABSENT: it does
 * not (remembered for a few seconds); MR_INVALID: the registry does not take it for a schema. */
int mr_registry_lookup(struct mr_registry *registry, const char *subject, struct mr_str schema_text,
                       int32_t *ret_id, int32_t *ret_version, struct mr_error *reterr);
/* Newest version; never cached. MR_ABSENT: no such subject. ret_text (may be NULL) is appended. */
int mr_registry_latest(struct mr_registry *registry, const char *subject, int32_t *ret_id,
                       int32_t *ret_version, struct mr_buf *ret_text, struct mr_error *reterr);
/* MR_INVALID: refused (incompatible or not a schema; the text says why). */
int mr_registry_register(struct mr_registry *registry, const char *subject,
                         struct mr_str schema_text, int32_t *ret_id, struct mr_error *reterr);
/* Would it be accepted at the subject's present level? 0 yes (also when the subject is new),
 * MR_INVALID no. */
int mr_registry_check(struct mr_registry *registry, const char *subject, struct mr_str schema_text,
                      struct mr_error *reterr);
int mr_registry_set_level(struct mr_registry *registry, const char *subject,
                          enum mr_compat_level level, struct mr_error *reterr);
/* Own setting of the subject; MR_ABSENT when it has none. */
int mr_registry_level(struct mr_registry *registry, const char *subject,
                      enum mr_compat_level *ret_level, struct mr_error *reterr);
/* Numbers of a subject's versions, oldest first, in an array of the caller's. MR_ABSENT: no such
 * subject. */
int mr_registry_versions(struct mr_registry *registry, const char *subject, int32_t **ret_versions,
                         size_t *ret_n, struct mr_error *reterr);
/* One version, parsed with its references; a reference for the caller. MR_ABSENT, MR_INVALID (not
 * an Avro schema). ret_id may be NULL. */
int mr_registry_version(struct mr_registry *registry, const char *subject, int32_t version,
                        int32_t *ret_id, struct mr_schema **ret_schema, struct mr_error *reterr);
/* Names of all subjects, sorted, one per line; appended. */
int mr_registry_subjects(struct mr_registry *registry, struct mr_buf *ret_lines,
                         struct mr_error *reterr);

/* One subject brought to one schema: the level first, then the schema. What `schema register` and
 * `up` do for each topic. */
enum mr_publish_outcome {
    MR_PUBLISH_UNCHANGED, /* held already, as version */
    MR_PUBLISH_NEW,       /* first version of the subject */
    MR_PUBLISH_ADDED,     /* a further version */
    MR_PUBLISH_REFUSED,   /* reterr says why */
};
struct mr_publication {
    const char *subject;
    struct mr_str text;
    enum mr_compat_level level;
    bool dry_run; /* change nothing; say what would happen */
    /* results */
    enum mr_publish_outcome outcome;
    bool level_changed; /* was, or with dry_run would be */
    int32_t id;         /* 0 with dry_run unless unchanged */
    int32_t version;    /* with dry_run of an addition: newest + 1 */
};
/* Outcomes besides the common ones: 0 for all four of the above. */
int mr_registry_publish(struct mr_registry *registry, struct mr_publication *publication,
                        struct mr_error *reterr);

/* ---- server ---- */
/* The topic that several registries share. */
struct mr_registry_kafka {
    const char *brokers;
    const char *const *properties; /* "key=value", any librdkafka property */
    size_t n_properties;
    const char *topic;   /* "_schemas" */
    int32_t replication; /* of the topic, where it is made; -1: the cluster's default */
    bool follow;         /* never write: changes are forwarded to the one that does */
    int32_t timeout_ms;  /* for one change, and for the brokers at the start */
    int32_t
        takeover_ms; /* the writer must have been silent for so long before another takes over */
};

struct mr_registry_server_config {
    const char *listen; /* "127.0.0.1:8081", "[::1]:8081"; port 0 = chosen by the system */
    enum mr_compat_level level;
    bool validate_defaults; /* refuse new schemas whose defaults do not fit their types */
    const char *store;      /* "memory", "file:PATH", "kafka"; NULL: memory */
    const struct mr_registry_kafka *kafka; /* for that store */
    /* URL under which the others that share the topic reach this one; NULL: from the address. */
    const char *advertised;
    /* How the others are reached: TLS files. NULL: the system's authorities. */
    const struct mr_registry_config *peers;
    /* What an operator should know, as logfmt members; from any thread. May be NULL. */
    void (*notice)(void *opaque, bool warn, const char *event, const char *text);
    void *notice_opaque;
    /* Files in PEM; NULL: plain HTTP. With client_ca clients may show a certificate of it. */
    const char *tls_cert, *tls_key, *tls_client_ca;
    /* Files, docs/registry.md has their forms. None, and no client_ca: nobody is asked who he is.
     * Without roles whoever shows that he is somebody may do all. */
    const char *users, *tokens, *roles;
    /* Other machines may reach it without TLS, or without saying who they are. */
    bool insecure;
    unsigned max_connections, max_per_address; /* 0 = 1000 and 500 */
    const char *access_log; /* a line for each request; "-": standard error; NULL: none */
    int32_t drain_ms;       /* what a stop waits for requests under way; 0 = 5 s */
};
struct mr_registry_server;
/* Serves from threads of its own until it is stopped. Outcomes: 0; MR_INVALID (listen is no
 * address, or one that needs TLS and credentials; there is no such store, its file is damaged; a
 * file of the configuration); MR_AGAIN (another process has the store); -errno (EADDRINUSE ...),
 * the text names the address. */
int mr_registry_server_start(const struct mr_registry_server_config *config,
                             struct mr_registry_server **ret_server, struct mr_error *reterr);
/* Reads the files of TLS, users, tokens and roles again, and opens the access log anew: the next
 * handshake and the next request go by them. The paths of the configuration must still be there. 0;
 * MR_INVALID (with what was read before in force); -ENOMEM. */
int mr_registry_server_reload(struct mr_registry_server *server, struct mr_error *reterr);
uint16_t mr_registry_server_port(const struct mr_registry_server *server);
/* What the start found out about the store that its operator should know, or NULL. Borrowed. */
const char *mr_registry_server_notice(const struct mr_registry_server *server);
/* "127.0.0.1:8081", with the real port; borrowed. */
const char *mr_registry_server_address(const struct mr_registry_server *server);
/* Takes no more connections, lets requests under way end (drain_ms; what a worker has begun is
 * always ended), frees. NULL is accepted. */
struct mr_registry_server *mr_registry_server_stop(struct mr_registry_server *server);
MR_DEFINE_AUTO(mr_registry_server, struct mr_registry_server *, mr_registry_server_stop);
