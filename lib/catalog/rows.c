/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of topics.yaml, as libcyaml's tables. */
#include "rows.h"

#include <stddef.h>

enum { LONGEST_TEXT = 1000, MOST_ITEMS = 1000 };

#define MAY CYAML_FLAG_OPTIONAL
#define MUST CYAML_FLAG_DEFAULT
#define TEXT(flags, T, m, key)                                                                     \
    CYAML_FIELD_STRING_PTR(key, (flags) | CYAML_FLAG_POINTER, T, m, 1, LONGEST_TEXT)
#define NUMBER(T, m, key) CYAML_FIELD_INT_PTR(key, MAY | CYAML_FLAG_POINTER, T, m)
#define YES_NO(T, m, key) CYAML_FIELD_BOOL_PTR(key, MAY | CYAML_FLAG_POINTER, T, m)
#define WORD(flags, T, m, key, words)                                                              \
    CYAML_FIELD_ENUM_PTR(key, (flags) | CYAML_FLAG_POINTER | CYAML_FLAG_STRICT, T, m, words,       \
                         CYAML_ARRAY_LEN(words))
#define GROUP(flags, T, m, key, fields)                                                            \
    CYAML_FIELD_MAPPING_PTR(key, (flags) | CYAML_FLAG_POINTER, T, m, fields)
#define LIST(flags, T, m, n, key, entry)                                                           \
    CYAML_FIELD_SEQUENCE_COUNT(key, (flags) | CYAML_FLAG_POINTER, T, m, n, entry, 1, MOST_ITEMS)
#define END CYAML_FIELD_END

const char *const row_cleanup_words[ROW_N_CLEANUP] = {"delete", "compact", "compact,delete"};

static const cyaml_strval_t cleanups[] = {
    {"delete", ROW_CLEANUP_DELETE},
    {"compact", ROW_CLEANUP_COMPACT},
    {"compact,delete", ROW_CLEANUP_BOTH},
};
static const cyaml_strval_t levels[] = {
    {"NONE", MR_COMPAT_NONE},
    {"BACKWARD", MR_COMPAT_BACKWARD},
    {"BACKWARD_TRANSITIVE", MR_COMPAT_BACKWARD_TRANSITIVE},
    {"FORWARD", MR_COMPAT_FORWARD},
    {"FORWARD_TRANSITIVE", MR_COMPAT_FORWARD_TRANSITIVE},
    {"FULL", MR_COMPAT_FULL},
    {"FULL_TRANSITIVE", MR_COMPAT_FULL_TRANSITIVE},
};
static const cyaml_strval_t keys[] = {{"release", ROW_KEY_RELEASE}, {"hold", ROW_KEY_HOLD}};
static const cyaml_strval_t bys[] = {{"arrival", ROW_BY_ARRIVAL}, {"time", ROW_BY_TIME}};
static const cyaml_strval_t late_words[] = {
    {"handle", MR_LATE_HANDLE}, {"flag", MR_LATE_FLAG}, {"dead-letter", MR_LATE_DEAD_LETTER}};
static const cyaml_strval_t unknowns[] = {{"refuse", ROW_UNKNOWN_REFUSE},
                                          {"drop", ROW_UNKNOWN_DROP}};
static const cyaml_strval_t versions[] = {{"major.minor", ROW_VERSION_TWO},
                                          {"major.minor.patch", ROW_VERSION_THREE}};
/* Fields that a filter can compare: texts. */
static const cyaml_strval_t filter_fields[] = {
    {"event_id", MR_ENVELOPE_EVENT_ID},
    {"event_type", MR_ENVELOPE_EVENT_TYPE},
    {"event_version", MR_ENVELOPE_EVENT_VERSION},
    {"correlation_id", MR_ENVELOPE_CORRELATION_ID},
    {"causation_id", MR_ENVELOPE_CAUSATION_ID},
    {"source_service", MR_ENVELOPE_SOURCE_SERVICE},
    {"user_id", MR_ENVELOPE_USER_ID},
    {"session_id", MR_ENVELOPE_SESSION_ID},
};

static const cyaml_schema_value_t text_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, LONGEST_TEXT),
};
/* "" is a JSON pointer: the whole document. */
static const cyaml_schema_value_t pointer_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, LONGEST_TEXT),
};

static const cyaml_schema_field_t topic_settings[] = {
    NUMBER(struct row_settings, partitions, "partitions"),
    NUMBER(struct row_settings, replication, "replication"),
    TEXT(MAY, struct row_settings, retention, "retention"),
    WORD(MAY, struct row_settings, cleanup, "cleanup", cleanups),
    WORD(MAY, struct row_settings, compatibility, "compatibility", levels),
    END,
};
static const cyaml_schema_field_t dead_letter_settings[] = {
    NUMBER(struct row_settings, partitions, "partitions"),
    NUMBER(struct row_settings, replication, "replication"),
    TEXT(MAY, struct row_settings, retention, "retention"),
    WORD(MAY, struct row_settings, cleanup, "cleanup", cleanups),
    END,
};
static const cyaml_schema_field_t retry_fields[] = {
    NUMBER(struct row_retry, attempts, "attempts"),
    TEXT(MAY, struct row_retry, initial, "initial"),
    TEXT(MAY, struct row_retry, max, "max"),
    CYAML_FIELD_FLOAT_PTR("multiplier", MAY | CYAML_FLAG_POINTER, struct row_retry, multiplier),
    YES_NO(struct row_retry, jitter, "jitter"),
    WORD(MAY, struct row_retry, key, "key", keys),
    END,
};
static const cyaml_schema_field_t order_fields[] = {
    WORD(MAY, struct row_order, by, "by", bys),
    TEXT(MAY, struct row_order, wait, "wait"),
    WORD(MAY, struct row_order, late, "late", late_words),
    END,
};
static const cyaml_schema_field_t defaults_fields[] = {
    GROUP(MAY, struct row_defaults, topics, "topics", topic_settings),
    GROUP(MAY, struct row_defaults, dead_letters, "dead_letters", dead_letter_settings),
    GROUP(MAY, struct row_defaults, retry, "retry", retry_fields),
    GROUP(MAY, struct row_defaults, order, "order", order_fields),
    END,
};

static const cyaml_schema_field_t source_fields[] = {
    LIST(MAY, struct row_source, from, n_from, "from", &pointer_entry),
    LIST(MAY, struct row_source, defaults, n_defaults, "default", &text_entry),
    YES_NO(struct row_source, required, "required"),
    YES_NO(struct row_source, uuid, "uuid"),
    END,
};
#define SOURCE(id, key) GROUP(MAY, struct row_fields, field[id], key, source_fields)
static const cyaml_schema_field_t envelope_sources[] = {
    SOURCE(MR_ENVELOPE_EVENT_ID, "event_id"),
    SOURCE(MR_ENVELOPE_EVENT_TYPE, "event_type"),
    SOURCE(MR_ENVELOPE_EVENT_VERSION, "event_version"),
    SOURCE(MR_ENVELOPE_TIMESTAMP, "timestamp"),
    SOURCE(MR_ENVELOPE_CORRELATION_ID, "correlation_id"),
    SOURCE(MR_ENVELOPE_CAUSATION_ID, "causation_id"),
    SOURCE(MR_ENVELOPE_SOURCE_SERVICE, "source_service"),
    SOURCE(MR_ENVELOPE_USER_ID, "user_id"),
    SOURCE(MR_ENVELOPE_SESSION_ID, "session_id"),
    SOURCE(MR_ENVELOPE_METADATA, "metadata"),
    SOURCE(MR_ENVELOPE_DATA, "data"),
    END,
};
static const cyaml_schema_field_t member_fields[] = {
    TEXT(MUST, struct row_member, at, "at"),
    TEXT(MAY, struct row_member, is, "is"),
    TEXT(MAY, struct row_member, metadata, "metadata"),
    TEXT(MAY, struct row_member, refuse, "refuse"),
    YES_NO(struct row_member, required, "required"),
    END,
};
static const cyaml_schema_value_t member_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_member, member_fields),
};
static const cyaml_schema_field_t envelope_fields[] = {
    TEXT(MUST, struct row_envelope, name, "envelope"),
    TEXT(MAY, struct row_envelope, when, "when"),
    GROUP(MUST, struct row_envelope, fields, "fields", envelope_sources),
    LIST(MAY, struct row_envelope, members, n_members, "members", &member_entry),
    YES_NO(struct row_envelope, extensions, "extensions"),
    END,
};
static const cyaml_schema_value_t envelope_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_envelope, envelope_fields),
};

static const cyaml_schema_field_t platform_fields[] = {
    TEXT(MUST, struct row_platform, name, "platform"),
    TEXT(MUST, struct row_platform, title, "title"),
    LIST(MUST, struct row_platform, envelopes, n_envelopes, "envelopes", &text_entry),
    WORD(MAY, struct row_platform, unknown, "unknown", unknowns),
    WORD(MAY, struct row_platform, version, "version", versions),
    GROUP(MAY, struct row_platform, defaults, "defaults", defaults_fields),
    END,
};
static const cyaml_schema_value_t platform_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_platform, platform_fields),
};

static const cyaml_schema_field_t topic_fields[] = {
    TEXT(MUST, struct row_topic, name, "topic"),
    TEXT(MUST, struct row_topic, event, "event"),
    LIST(MAY, struct row_topic, types, n_types, "types", &text_entry),
    LIST(MAY, struct row_topic, consumers, n_consumers, "consumers", &text_entry),
    LIST(MAY, struct row_topic, optional, n_optional, "optional", &text_entry),
    TEXT(MAY, struct row_topic, key, "key"),
    TEXT(MAY, struct row_topic, time, "time"),
    LIST(MAY, struct row_topic, upcast, n_upcast, "upcast", &text_entry),
    LIST(MAY, struct row_topic, also, n_also, "also", &text_entry),
    NUMBER(struct row_topic, settings.partitions, "partitions"),
    NUMBER(struct row_topic, settings.replication, "replication"),
    TEXT(MAY, struct row_topic, settings.retention, "retention"),
    WORD(MAY, struct row_topic, settings.cleanup, "cleanup", cleanups),
    WORD(MAY, struct row_topic, settings.compatibility, "compatibility", levels),
    END,
};
static const cyaml_schema_value_t topic_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_topic, topic_fields),
};
static const cyaml_schema_field_t filter_row_fields[] = {
    WORD(MAY, struct row_filter, field, "field", filter_fields),
    TEXT(MAY, struct row_filter, header, "header"),
    LIST(MAY, struct row_filter, values, n_values, "values", &text_entry),
    LIST(MAY, struct row_filter, prefixes, n_prefixes, "prefix", &text_entry),
    LIST(MAY, struct row_filter, others, n_others, "anything-but", &text_entry),
    LIST(MAY, struct row_filter, bounds, n_bounds, "numeric", &text_entry),
    YES_NO(struct row_filter, exists, "exists"),
    END,
};
static const cyaml_schema_value_t filter_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_filter, filter_row_fields),
};
static const cyaml_schema_field_t service_fields[] = {
    TEXT(MUST, struct row_service, name, "service"),
    TEXT(MUST, struct row_service, platform, "platform"),
    GROUP(MAY, struct row_service, defaults, "defaults", defaults_fields),
    LIST(MAY, struct row_service, filter, n_filter, "filter", &filter_entry),
    LIST(MAY, struct row_service, topics, n_topics, "topics", &topic_entry),
    END,
};
static const cyaml_schema_value_t service_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_service, service_fields),
};

static const cyaml_schema_field_t file_fields[] = {
    GROUP(MUST, struct row_file, defaults, "defaults", defaults_fields),
    LIST(MUST, struct row_file, envelopes, n_envelopes, "envelopes", &envelope_entry),
    LIST(MUST, struct row_file, platforms, n_platforms, "platforms", &platform_entry),
    LIST(MUST, struct row_file, services, n_services, "services", &service_entry),
    END,
};

const cyaml_schema_value_t row_file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct row_file, file_fields),
};
