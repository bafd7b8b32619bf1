/* SPDX-License-Identifier: Apache-2.0 */
/* topics.yaml as checked structs: platforms with their JSON envelopes, services, topics, consumer
 * groups, retry and dead-letter rules. The build compiles topics.yaml into mr_catalog_builtin();
 * mr_catalog_load() reads another file at run time. Both give the same structs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

/* Where an envelope field comes from in a platform's JSON. Pointers are RFC 6901, e.g.
 * "/metadata/userId"; the first that is present wins. */
struct mr_envelope_source {
    const char *field;         /* event_id, event_type, ..., data, metadata */
    const char *const *pointers;
    size_t n_pointers;
    bool required;             /* the platform's contract asks for it */
    const char *format;        /* "uuid" when the contract promises one, else NULL */
};

enum mr_envelope_shape {
    MR_ENVELOPE_WRAPPED,     /* members around one data member */
    MR_ENVELOPE_FLAT,        /* the members are the data; envelope fields are found among them */
    MR_ENVELOPE_CLOUDEVENTS, /* CloudEvents 1.0 structured */
};

struct mr_platform {
    const char *name; /* "first-viscount" */
    const char *title;
    enum mr_envelope_shape shape;
    const struct mr_envelope_source *sources;
    size_t n_sources;
    bool drop_unknown; /* unknown members pass and are counted */
};

struct mr_retry {
    int32_t max_attempts; /* deliveries in all before dead letter */
    int32_t initial_ms, max_ms;
    double multiplier;
    bool jitter;
};

struct mr_topic {
    const char *name;    /* "order-management.order.created.v1" */
    const char *service; /* publisher, without "-producer" */
    const char *domain, *action;
    int32_t major;
    const char *event;                  /* the contract's name, e.g. "OrderCreatedEvent" */
    const char *const *types;           /* event_type spellings; the first is published */
    size_t n_types;
    const struct mr_platform *platform;
    const char *const *consumers;       /* group names, sorted */
    size_t n_consumers;
    int32_t partitions;
    int16_t replication;                /* -1 = the cluster's default */
    int64_t retention_ms;               /* -1 = for ever, 0 = the cluster's default */
    const char *cleanup;                /* "delete", "compact", "compact,delete" */
    enum mr_compat_level compatibility;
    const char *key;                    /* data member used as correlation id (flat platforms) or NULL */
    const char *time;                   /* data member used as timestamp or NULL */
    bool dead_letter;                   /* this topic itself holds dead letters: no schema */
    const char *schema_path;            /* below schemas/avro/, NULL for dead-letter topics */
    const char *schema_text;            /* builtin catalogue: the file's bytes; else NULL */
    const struct mr_record_desc *record; /* builtin catalogue: generated struct; else NULL */
};

struct mr_consumer_group {
    const char *name;             /* service name = group id */
    const struct mr_platform *platform;
    const char *dead_letter_topic;
    struct mr_retry retry;
    bool hold_key;                /* after dead-lettering an event, hold its key instead of releasing */
    const struct mr_topic *const *topics;
    size_t n_topics;
};

struct mr_catalog {
    const struct mr_platform *platforms;
    size_t n_platforms;
    const struct mr_topic *topics; /* sorted by name; dead-letter topics among them */
    size_t n_topics;
    const struct mr_consumer_group *groups; /* sorted by name */
    size_t n_groups;
};

const struct mr_catalog *mr_catalog_builtin(void);

/* path: topics.yaml; schemas are looked for in schema_dir (NULL: "schemas/avro" beside it). All
 * mistakes found are reported one per line in *ret_report (file:line:column: rule, nearest word),
 * not just the first. Outcomes: 0, MR_INVALID, -errno. */
int mr_catalog_load(const char *path, const char *schema_dir, struct mr_catalog **ret_catalog,
                    struct mr_buf *ret_report);
struct mr_catalog *mr_catalog_free(struct mr_catalog *catalog);

const struct mr_topic *mr_catalog_topic(const struct mr_catalog *catalog, struct mr_str name);
const struct mr_consumer_group *mr_catalog_group(const struct mr_catalog *catalog, struct mr_str name);
/* Topic of an event by any of its type spellings, its event name or its topic name, among those of
 * one service (NULL: all). NULL when none or several fit. */
const struct mr_topic *mr_catalog_event(const struct mr_catalog *catalog, const char *service,
                                        struct mr_str type);
