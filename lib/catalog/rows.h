/* SPDX-License-Identifier: Apache-2.0 */
/* What topics.yaml looks like: the structs that libcyaml fills and the rows it fills them by. The
 * shape check reads the same rows, so a key exists in one place only. NULL: the key is absent. */
#pragma once

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdint.h>

#include "millrace/catalog.h"

enum row_cleanup { ROW_CLEANUP_DELETE, ROW_CLEANUP_COMPACT, ROW_CLEANUP_BOTH, ROW_N_CLEANUP };
extern const char *const row_cleanup_words[ROW_N_CLEANUP];

struct row_settings {
    int32_t *partitions;
    int32_t *replication;
    char *retention;
    enum row_cleanup *cleanup;
    enum mr_compat_level *compatibility;
};

enum row_key { ROW_KEY_RELEASE, ROW_KEY_HOLD };

struct row_retry {
    int32_t *attempts;
    char *initial;
    char *max;
    double *multiplier;
    bool *jitter;
    enum row_key *key;
};

enum row_by { ROW_BY_ARRIVAL, ROW_BY_TIME };

struct row_order {
    enum row_by *by;
    char *wait;
    enum mr_late *late;
};

struct row_defaults {
    struct row_settings *topics;
    struct row_settings *dead_letters;
    struct row_retry *retry;
    struct row_order *order;
};

struct row_source {
    char **from;
    uint32_t n_from;
    char **defaults;
    uint32_t n_defaults;
    bool *required;
    bool *uuid;
};

struct row_fields {
    struct row_source *field[MR_ENVELOPE_N_FIELDS];
};

struct row_member {
    char *at;
    char *is;
    char *metadata;
    char *refuse;
    bool *required;
};

struct row_envelope {
    char *name;
    char *when;
    struct row_fields *fields;
    struct row_member *members;
    uint32_t n_members;
    bool *extensions;
};

enum row_unknown { ROW_UNKNOWN_REFUSE, ROW_UNKNOWN_DROP };

/* As many numbers as the version of an event has. */
enum row_version { ROW_VERSION_TWO = 2, ROW_VERSION_THREE = 3 };

struct row_platform {
    char *name;
    char *title;
    enum row_version *version;
    char **envelopes;
    uint32_t n_envelopes;
    enum row_unknown *unknown;
    struct row_defaults *defaults;
};

struct row_topic {
    char *name;
    char *event;
    char **types;
    uint32_t n_types;
    char **consumers;
    uint32_t n_consumers;
    char **optional;
    uint32_t n_optional;
    char *key;
    char *time;
    char **upcast;
    uint32_t n_upcast;
    char **also;
    uint32_t n_also;
    struct row_settings settings; /* its keys stand among the topic's own */
};

struct row_filter {
    enum mr_envelope_field *field;
    char *header;
    char **values;
    uint32_t n_values;
    char **prefixes;
    uint32_t n_prefixes;
    char **others;
    uint32_t n_others;
    char **bounds;
    uint32_t n_bounds;
    bool *exists;
};

struct row_service {
    char *name;
    char *platform;
    struct row_defaults *defaults;
    struct row_filter *filter;
    uint32_t n_filter;
    struct row_topic *topics;
    uint32_t n_topics;
};

struct row_file {
    struct row_defaults *defaults;
    struct row_envelope *envelopes;
    uint32_t n_envelopes;
    struct row_platform *platforms;
    uint32_t n_platforms;
    struct row_service *services;
    uint32_t n_services;
};

/* The whole file: a pointer to struct row_file. */
extern const cyaml_schema_value_t row_file_schema;
