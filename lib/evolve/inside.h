/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lib/evolve share. */
#pragma once

#include "millrace/evolve.h"

/* Rules as numbers; the first are enum mr_finding_type's, in its order. */
#define EVOLVE_RULES(RULE)                                                                         \
    RULE(NAME_MISMATCH, ERROR, false, "a record, enum or fixed has another name")                  \
    RULE(FIXED_SIZE_MISMATCH, ERROR, false, "a fixed has another size")                            \
    RULE(MISSING_ENUM_SYMBOLS, ERROR, false,                                                       \
         "the reader's enum lacks symbols that the writer has, and has no default")                \
    RULE(READER_FIELD_MISSING_DEFAULT_VALUE, ERROR, false,                                         \
         "the reader has a field that the writer lacks, and no default for it")                    \
    RULE(TYPE_MISMATCH, ERROR, false, "the reader's type cannot be read from the writer's")        \
    RULE(MISSING_UNION_BRANCH, ERROR, false,                                                       \
         "the reader's union has no branch for a type of the writer")                              \
    RULE(AMBIGUOUS_READER_FIELD, ERROR, false,                                                     \
         "a reader's field fits several of the writer's by name and aliases")                      \
    RULE(LOGICAL_TYPE_CHANGED, ERROR, false,                                                       \
         "the same bytes mean something else: Avro's own rules let it pass")                       \
    RULE(DEFAULT_CHANGED, WARNING, false, "readers fill a missing field in otherwise than before") \
    RULE(CONSTRAINT_TIGHTENED_MINIMUM, ERROR, false, "a lower bound was raised or set")            \
    RULE(CONSTRAINT_TIGHTENED_MAXIMUM, ERROR, false, "an upper bound was lowered or set")          \
    RULE(CONSTRAINT_TIGHTENED_MIN_LENGTH, ERROR, false, "minLength was raised or set")             \
    RULE(CONSTRAINT_TIGHTENED_MAX_LENGTH, ERROR, false, "maxLength was lowered or set")            \
    RULE(CONSTRAINT_TIGHTENED_MIN_ITEMS, ERROR, false, "minItems was raised or set")               \
    RULE(CONSTRAINT_TIGHTENED_MAX_ITEMS, ERROR, false, "maxItems was lowered or set")              \
    RULE(CONSTRAINT_TIGHTENED_PATTERN, ERROR, false, "a pattern was set, or is another one")       \
    RULE(CONSTRAINT_TIGHTENED_FORMAT, ERROR, false, "a format was set, or is another one")         \
    RULE(CONSTRAINT_TIGHTENED_ENUM, ERROR, false,                                                  \
         "an enum lost symbols, or some may no longer be published")                               \
    RULE(CONSTRAINT_TIGHTENED_MULTIPLE_OF, ERROR, false,                                           \
         "multipleOf was set, or lets fewer numbers through")                                      \
    RULE(CONSTRAINT_TIGHTENED_PRECISION, ERROR, false, "a decimal holds fewer digits than before") \
    RULE(CONSTRAINT_LOOSENED, NOTE, false, "a constraint lets more through than before")           \
    RULE(FIELD_REMOVED_READ, ERROR, false, "a consumer reads the field that is gone")              \
    RULE(FIELD_REMOVED_UNREAD, NOTE, false, "no known consumer reads the field that is gone")      \
    RULE(TOPIC_REMOVED, ERROR, false, "a topic or its schema is gone")                             \
    RULE(TOPIC_RENAMED, ERROR, false, "a topic has another name")                                  \
    RULE(MAJOR_WITHOUT_NEW_TOPIC, ERROR, false,                                                    \
         "a major version took the place of the one before, instead of standing beside it")        \
    RULE(LEVEL_LOWERED, ERROR, false, "the compatibility level promises less than before")         \
    RULE(KEY_CHANGED, ERROR, false, "records are keyed by another member: their order is lost")    \
    RULE(PARTITIONS_CHANGED, WARNING, false, "keys move to other partitions")                      \
    RULE(EVENT_TYPE_REMOVED, ERROR, false, "a spelling of the event's type is no longer taken")    \
    RULE(CONSUMER_REMOVED, NOTE, false, "a consumer group no longer takes the topic")              \
    RULE(RECORD_UNREADABLE, ERROR, false, "a record of the topic cannot be read with the schema")  \
    RULE(RECORD_OUT_OF_BOUNDS, ERROR, false, "a record of the topic breaks a constraint")          \
    RULE(RECORD_FOREIGN, WARNING, false, "a record of the topic has no schema of the registry")    \
    RULE(TOPICS_INVALID, ERROR, false, "topics.yaml has a mistake, or is gone")                    \
    RULE(SCHEMA_INVALID, ERROR, false, "the file is no Avro schema")                               \
    RULE(SCHEMA_NOT_COMPARED, ERROR, false, "two schemas are too large to be compared")            \
    RULE(ENVELOPE_FIRST, ERROR, true, "the common envelope comes first, then one record, data")    \
    RULE(ENVELOPE_EQUAL, ERROR, true, "the envelope is the same in every schema")                  \
    RULE(DOC_MISSING, ERROR, true, "every record, enum and field says what it is")                 \
    RULE(ENUM_WITHOUT_DEFAULT, ERROR, true, "an enum has a default, so that it can grow")          \
    RULE(MONEY_NOT_DECIMAL, ERROR, true, "an amount of money is a decimal")                        \
    RULE(UNION_OF_RECORDS, ERROR, true, "no union has two records")                                \
    RULE(OPTIONAL_WITHOUT_NULL_DEFAULT, ERROR, true, "null comes first and is the default")        \
    RULE(NAME_STYLE, ERROR, true, "types are PascalCase; the namespace is the topic's")            \
    RULE(KEYWORD_UNKNOWN, ERROR, true, "no member that nobody reads")                              \
    RULE(CONSTRAINT_MALFORMED, ERROR, true, "constraint keywords suit their type and their value") \
    RULE(EXAMPLE_INVALID, ERROR, true,                                                             \
         "an example is a value of its type, within its constraints")                              \
    RULE(DEFAULT_BREAKS_CONSTRAINT, ERROR, true, "a default keeps the constraints of its field")   \
    RULE(LAYOUT, WARNING, true, "the file is as `millrace schema fmt` writes it")

#define EVOLVE_ENUM(id, severity, lint, summary) RULE_##id,
enum evolve_rule { EVOLVE_RULES(EVOLVE_ENUM) N_EVOLVE_RULES };
#undef EVOLVE_ENUM

/* One run. The first -errno stays in r, and nothing is added after. */
struct evolve {
    struct mr_report *report;
    const struct mr_evolve_options *options;
    const struct mr_tree *before, *now;
    size_t cap;
    struct mr_evolution nowhere; /* takes what there is no room for */
    int r;
};

/* ---- report.c ---- */
/* A new finding to fill in: never NULL. */
struct mr_evolution *evolve_add(struct evolve *e, enum evolve_rule rule);
/* The finding that this version is no schema. */
struct mr_evolution *evolve_add_broken(struct evolve *e, const struct mr_version *version);
const char *evolve_text(struct evolve *e, const char *fmt, ...) MR_PRINTF(2, 3);
/* Drops what is switched off, sorts, counts; e->r. */
int evolve_finish(struct evolve *e);
/* ---- rules.c ---- */
enum mr_severity evolve_severity(const struct mr_rules_file *rules, const struct mr_rule *rule,
                                 const char *topic);

/* ---- place.c ---- */
/* "/fields/10/type/fields/3/type/items" in the schema of root: "data.items[]". */
const char *evolve_path(struct evolve *e, const struct mr_schema_node *root, const char *pointer);
/* Where the path stands in the schema, or what there is of it. */
void evolve_locate(const struct mr_schema_node *root, const char *path, unsigned *ret_line,
                   unsigned *ret_column);
/* Where topics.yaml speaks of a topic (of its `key`, if it has that row; NULL: of none). */
void evolve_locate_topic(const struct mr_tree *tree, const char *topic, const char *key,
                         unsigned *ret_line);
/* Of a union of null and one other type that other, else the node itself. */
const struct mr_schema_node *evolve_plain(const struct mr_schema_node *node);

/* ---- pair.c ---- */
/* Two versions of one topic, to be compared. */
struct evolve_pair {
    const struct mr_version *before, *now;
    const struct mr_topic *topic; /* NULL: topics.yaml does not have it */
    bool backward, forward;       /* what the topic's level promises */
};
void evolve_pair(struct evolve *e, const struct evolve_pair *pair);
/* A finding about the pair at this path of the new schema. */
struct mr_evolution *evolve_add_pair(struct evolve *e, enum evolve_rule rule,
                                     const struct evolve_pair *pair, const char *path);
/* "order-management, inventory-management", or "its readers". */
const char *evolve_consumers(struct evolve *e, const struct mr_topic *topic);

/* ---- fields.c: what Avro's rules do not look at ---- */
void evolve_fields(struct evolve *e, const struct evolve_pair *pair);
/* ---- limits.c ---- */
/* Constraint keywords of one place: the field's (or NULL) and the type's. */
void evolve_limits(struct evolve *e, const struct evolve_pair *pair, const char *path,
                   const struct mr_schema_field *before_field, const struct mr_schema_node *before,
                   const struct mr_schema_field *now_field, const struct mr_schema_node *now);
/* ---- limits_list.c ---- */
enum { EVOLVE_LESS = 1, EVOLVE_MORE = 2 };
/* Whether `now` lets less through than `before`, more, or both; each a JSON list, or NULL for none.
 * forbidden: the list is of what may not be; else of all that may. */
unsigned evolve_list_change(const char *before, const char *now, bool forbidden);
/* The same of multipleOf. */
unsigned evolve_multiple_change(const char *before, const char *now);
/* ---- who.c ---- */
/* Who reads a field of a record; false when no known consumer of the topic does. *ret_known: names
 * with places; *ret_unknown: consumers of whom nothing is known. Either may be "". */
bool evolve_readers(struct evolve *e, const struct mr_topic *topic, const char *record,
                    const char *field, const char **ret_known, const char **ret_unknown);
/* ---- topics.c ---- */
enum { EVOLVE_BACKWARD = 1, EVOLVE_FORWARD = 2, EVOLVE_TRANSITIVE = 4 };
/* What a level promises. */
unsigned evolve_level_bits(enum mr_compat_level level);
void evolve_topics(struct evolve *e);
