/* SPDX-License-Identifier: Apache-2.0 */
/* topics.yaml as checked structs: platforms with their JSON envelopes, services, topics, consumer
 * groups, retry and dead-letter rules. The build compiles topics.yaml into mr_catalog_builtin();
 * mr_catalog_load() reads another file at run time. Both give the same structs, immutable, for any
 * thread. docs/topics.md explains every key. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/record.h"
#include "millrace/schema.h"

/* ---- envelopes: where an event's common fields stand in a platform's JSON ---- */

/* In the order of struct mr_envelope, then data. Names: mr_envelope_field_name(). */
enum mr_envelope_field {
    MR_ENVELOPE_EVENT_ID,
    MR_ENVELOPE_EVENT_TYPE,
    MR_ENVELOPE_EVENT_VERSION,
    MR_ENVELOPE_TIMESTAMP,
    MR_ENVELOPE_CORRELATION_ID,
    MR_ENVELOPE_CAUSATION_ID,
    MR_ENVELOPE_SOURCE_SERVICE,
    MR_ENVELOPE_USER_ID,
    MR_ENVELOPE_SESSION_ID,
    MR_ENVELOPE_METADATA,
    MR_ENVELOPE_DATA,
    MR_ENVELOPE_N_FIELDS,
};

const char *mr_envelope_field_name(enum mr_envelope_field field);

/* What stands in for a field that the JSON does not have. */
enum mr_envelope_default_kind {
    MR_DEFAULT_TEXT,     /* .text as it is */
    MR_DEFAULT_SERVICE,  /* $service: the topic's service */
    MR_DEFAULT_TYPE,     /* $type: the topic's first type */
    MR_DEFAULT_VERSION,  /* $version: the topic's major and ".0" */
    MR_DEFAULT_KEY,      /* $key: the data member that the topic names as key; none without one */
    MR_DEFAULT_TIME,     /* $time: likewise the topic's time */
    MR_DEFAULT_EVENT_ID, /* $event_id: the event's own id, so that it starts its own flow */
    MR_DEFAULT_CONTENT,  /* $content: UUIDv5 of topic and content, so that a repeat is known */
};

struct mr_envelope_default {
    enum mr_envelope_default_kind kind;
    const char *text; /* MR_DEFAULT_TEXT */
};

/* Where one field comes from. JSON null counts as absent. Order: the pointers (all that are present
 * must agree), then the defaults (the first that gives a value), then null where the schema allows
 * it; else the event is refused. No pointers and no defaults: the platform has no such field. */
struct mr_envelope_source {
    const char *const *pointers; /* RFC 6901: "/metadata/userId"; "" is the whole document */
    size_t n_pointers;
    bool required; /* the JSON itself must have it; refused before any default */
    bool uuid;     /* the contract promises a UUID: anything else is refused */
    const struct mr_envelope_default *defaults;
    size_t n_defaults;
};

/* A member that no field takes but that may stand there. */
struct mr_envelope_member {
    const char *pointer;
    const char *value;    /* the only text it may have; NULL: any value */
    const char *metadata; /* kept in the metadata map under this name; NULL: passed over */
    const char *refuse;   /* why it may not be there, unless null; NULL: it may */
    bool required;
};

/* One form of JSON. For MR_ENVELOPE_METADATA the pointers name objects whose members join the
 * metadata map under their own names, except those that another field or member takes; a value that
 * is not a string is kept as its JSON text. */
struct mr_envelope_map {
    const char *name;
    const char *when; /* pointer: this map is for documents that have it; NULL: for all */
    struct mr_envelope_source fields[MR_ENVELOPE_N_FIELDS];
    const struct mr_envelope_member *members;
    size_t n_members;
    bool flat;       /* the document is the data (data's pointer is ""); all other sources point
                      * into it and take nothing away */
    bool extensions; /* members at the top that are not named join the metadata map */
};

struct mr_platform {
    const char *name;                               /* "first-viscount" */
    const char *title;                              /* "First Viscount" */
    const struct mr_envelope_map *const *envelopes; /* the first whose `when` is present; the last
                                                     * has none */
    size_t n_envelopes;
    int version_parts; /* numbers in the version of an event: 2 ("1.0"), 3 ("1.0.0"), 0: either */
    bool drop_unknown; /* members that neither envelope nor schema has are counted, not refused */
};

/* ---- topics ---- */

struct mr_topic;

/* One mapping file between two majors of an event (millrace/upcast.h). */
struct mr_topic_hop {
    const struct mr_topic *from, *to;
    bool reverse;     /* the file is of the other direction, and is turned round */
    const char *path; /* below schemas/avro/ */
    const char *text; /* the file's bytes, NUL-terminated */
    size_t len;
};

/* From one major to another, each step by its file. */
struct mr_topic_way {
    const struct mr_topic *from, *to;
    const struct mr_topic_hop *hops;
    size_t n_hops;
};

struct mr_topic {
    const char *name;    /* "order-management.order.created.v1" */
    const char *service; /* publisher, without "-producer"; of a dead-letter topic: its service */
    const char *domain, *action; /* NULL for dead-letter topics */
    int32_t major;               /* 0 for dead-letter topics */
    const char *event;        /* the contract's name, "OrderCreatedEvent"; NULL for dead letters */
    const char *const *types; /* event_type spellings; the first is published */
    size_t n_types;
    const struct mr_platform *platform;
    const char *const *consumers;  /* group names, sorted */
    const bool *consumer_optional; /* parallel: the contract marks it optional, or only one chapter
                                    * of it names that consumer */
    size_t n_consumers;
    int32_t partitions;
    int16_t replication;  /* -1 = the cluster's default */
    int64_t retention_ms; /* -1 = for ever, 0 = the cluster's default */
    const char *cleanup;  /* "delete", "compact", "compact,delete" */
    enum mr_compat_level compatibility;
    const char *key;         /* data member for $key or NULL */
    const char *time;        /* data member for $time or NULL */
    bool dead_letter;        /* holds dead letters: no schema */
    const char *schema_path; /* below schemas/avro/, NULL for dead-letter topics */
    const char *schema_text; /* the file's bytes, NUL-terminated; NULL for dead-letter topics */
    size_t schema_len;
    const struct mr_record_desc *record; /* builtin catalogue: the generated struct; else NULL */
    const struct mr_topic_way *upcasts;  /* older majors: its consumers take their records too */
    size_t n_upcasts;
    const struct mr_topic_way *also; /* other majors: its producer writes them beside it */
    size_t n_also;
};

/* ---- services and consumer groups ---- */

struct mr_retry {
    int32_t max_attempts;       /* deliveries in all before the dead letter, the first included */
    int64_t initial_ms, max_ms; /* wait n (from 0) is min(initial * multiplier^n, max) ... */
    double multiplier;
    bool jitter;   /* ... times a random factor from 0.5 to 1 */
    bool hold_key; /* after dead-lettering an event hold its key instead of releasing it */
};

/* What becomes of an event that is older than the newest handled one of its flow. */
enum mr_late {
    MR_LATE_HANDLE,      /* handled, and counted */
    MR_LATE_FLAG,        /* handled: mr_tx_late says so, also after a restart */
    MR_LATE_DEAD_LETTER, /* not handled */
};

/* The order of events of different topics. */
struct mr_order {
    bool by_time;    /* of the events; else as they arrive */
    int64_t wait_ms; /* an event is held back for an older one at most so long */
    enum mr_late late;
};

/* One comparison of `numeric`. */
struct mr_filter_bound {
    enum mr_filter_op { MR_FILTER_EQ, MR_FILTER_LT, MR_FILTER_LE, MR_FILTER_GT, MR_FILTER_GE } op;
    double than;
};

/* Deliver only events that have, in a field of the envelope or in a header of the record, what one
 * of these asks for. What is absent fits `exists: false` only. */
struct mr_filter {
    enum mr_envelope_field field; /* a text; unless header */
    const char *header;           /* of the record; NULL: field */
    const char *const *values;    /* is one of these */
    size_t n_values;
    const char *const *prefixes; /* begins with one of these */
    size_t n_prefixes;
    const char *const *others; /* anything but these */
    size_t n_others;
    const struct mr_filter_bound *bounds; /* a number within all of these */
    size_t n_bounds;
    enum { MR_FILTER_ANYWAY, MR_FILTER_PRESENT, MR_FILTER_ABSENT } exists;
};

struct mr_consumer_group {
    const char *name; /* service name = group id */
    const struct mr_platform *platform;
    const char *dead_letter_topic;
    struct mr_retry retry;
    struct mr_order order;
    const struct mr_filter *filters; /* all must hold */
    size_t n_filters;
    const struct mr_topic *const *topics; /* sorted by name */
    size_t n_topics;
};

struct mr_service {
    const char *name;
    const struct mr_platform *platform;
    const struct mr_topic *dead_letter;   /* what it could not handle or would not publish */
    const struct mr_topic *const *topics; /* what it publishes, sorted by name */
    size_t n_topics;
    const struct mr_consumer_group *group; /* NULL: consumes nothing */
};

/* One name of an event: a type spelling, the event's name, or the topic's. */
struct mr_alias {
    const char *word;
    const struct mr_topic *topic;
};

struct mr_catalog {
    const struct mr_platform *platforms; /* in the file's order */
    size_t n_platforms;
    const struct mr_topic *topics; /* sorted by name; dead-letter topics among them */
    size_t n_topics;
    const struct mr_consumer_group *groups; /* sorted by name */
    size_t n_groups;
    const struct mr_service *services; /* sorted by name */
    size_t n_services;
    const struct mr_alias *aliases; /* sorted by word, then by topic name */
    size_t n_aliases;
};

enum {
    MR_CATALOG_MAX_BYTES = 1 << 20, /* size of topics.yaml */
    MR_CATALOG_MAX_NAME = 100,      /* of platform, service, domain, action */
    MR_CATALOG_MAX_TOPIC = 249,     /* Kafka's own limit */
    MR_CATALOG_MAX_PARTITIONS = 10000,
    MR_CATALOG_MAX_HOPS = 16,          /* mapping files from one major to another */
    MR_CATALOG_MAX_MAPPING = 64 << 10, /* size of one */
    MR_CATALOG_MAX_FINDINGS = 1000,    /* in one report; the rest is counted */
};

/* Generated from topics.yaml at build time; in events_dep, not in lib/catalog. */
const struct mr_catalog *mr_catalog_builtin(void);

/* path: topics.yaml; schemas are looked for in schema_dir (NULL: "schemas/avro" beside it). All
 * mistakes found are appended to *report one per line (file:line:column: rule, nearest word), not
 * just the first. Outcomes: 0; MR_INVALID, see the report; MR_ABSENT when the file cannot be read
 * (the report says so too); -errno. */
int mr_catalog_load(const char *path, const char *schema_dir, struct mr_catalog **ret_catalog,
                    struct mr_buf *report);
struct mr_catalog *mr_catalog_free(struct mr_catalog *catalog);
MR_DEFINE_AUTO(mr_catalog, struct mr_catalog *, mr_catalog_free);

/* By exact name; NULL when there is none. */
const struct mr_topic *mr_catalog_topic(const struct mr_catalog *catalog, struct mr_str name);
const struct mr_consumer_group *mr_catalog_group(const struct mr_catalog *catalog,
                                                 struct mr_str name);
const struct mr_service *mr_catalog_service(const struct mr_catalog *catalog, struct mr_str name);
const struct mr_platform *mr_catalog_platform(const struct mr_catalog *catalog, struct mr_str name);

/* Topic of an event by any of its type spellings, its event name or its topic name, among those of
 * one service (NULL: all). Several majors of one topic: the newest. NULL when none fits, or topics
 * of different services or actions do. Binary search: fit for every event. */
const struct mr_topic *mr_catalog_event(const struct mr_catalog *catalog, const char *service,
                                        struct mr_str type);
/* The same service, domain and action in another major version; NULL when there is none. */
const struct mr_topic *mr_catalog_major(const struct mr_catalog *catalog,
                                        const struct mr_topic *topic, int32_t major);

/* The event_version that a topic's events have unless they say another: "2.0", or "2.0.0" where the
 * platform's have three numbers. Returns out. */
enum { MR_TOPIC_VERSION = 24 };
const char *mr_topic_version(const struct mr_topic *topic, char out[MR_TOPIC_VERSION]);

/* The nearest right word for a mistaken name, or NULL: for error texts. */
const char *mr_catalog_nearest_topic(const struct mr_catalog *catalog, const char *name);
const char *mr_catalog_nearest_event(const struct mr_catalog *catalog, const char *service,
                                     const char *type);
const char *mr_catalog_nearest_service(const struct mr_catalog *catalog, const char *name);

/* By the id that generated names are made of, e.g. order_management_order_created_v1: its topic,
 * its descriptor; its struct is `struct <id>`. topics.gen.h and <service>.gen.h declare them, so
 * that a misspelt one does not compile. docs/add-an-event.md shows their use. */
#define MR_TOPIC(id) (&topic_##id)
#define MR_RECORD(id) (&id##_desc)
