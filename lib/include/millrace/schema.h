/* SPDX-License-Identifier: Apache-2.0 */
/* The Avro schema model: strict parse, canonical forms, fingerprints, compatibility.
 * Source: Apache Avro 1.12 specification, "Schema Declaration", "Names", "Aliases",
 * "Parsing Canonical Form", "Schema Fingerprints"; Java Avro for verdicts of compatibility. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/str.h"

struct json_t;   /* jansson, private to lib/avro and lib/registry; opaque here */
struct mr_jnode; /* private to the schema model */

enum mr_avro_type {
    MR_AVRO_NULL,
    MR_AVRO_BOOLEAN,
    MR_AVRO_INT,
    MR_AVRO_LONG,
    MR_AVRO_FLOAT,
    MR_AVRO_DOUBLE,
    MR_AVRO_BYTES,
    MR_AVRO_STRING,
    MR_AVRO_RECORD,
    MR_AVRO_ENUM,
    MR_AVRO_ARRAY,
    MR_AVRO_MAP,
    MR_AVRO_UNION,
    MR_AVRO_FIXED,
};

/* Logical types of Avro 1.12. One that is unknown or does not fit its base type is MR_LOGICAL_NONE,
 * as the specification asks; the property itself is kept. */
enum mr_avro_logical {
    MR_LOGICAL_NONE,
    MR_LOGICAL_DECIMAL,     /* bytes, fixed */
    MR_LOGICAL_BIG_DECIMAL, /* bytes */
    MR_LOGICAL_UUID,        /* string, fixed(16) */
    MR_LOGICAL_DATE,        /* int */
    MR_LOGICAL_TIME_MILLIS, /* int */
    MR_LOGICAL_TIME_MICROS, /* long */
    MR_LOGICAL_TIMESTAMP_MILLIS,
    MR_LOGICAL_TIMESTAMP_MICROS,
    MR_LOGICAL_TIMESTAMP_NANOS,
    MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS,
    MR_LOGICAL_LOCAL_TIMESTAMP_MICROS,
    MR_LOGICAL_LOCAL_TIMESTAMP_NANOS,
    MR_LOGICAL_DURATION, /* fixed(12) */
};

struct mr_schema_field;

/* One type in a parsed schema. Read-only, owned by its mr_schema, alive as long as that is. Two
 * mentions of the same named type are the same node. */
struct mr_schema_node {
    enum mr_avro_type type;
    enum mr_avro_logical logical;
    uint32_t index;        /* 0..n_nodes-1, unique within the schema: for side tables */
    unsigned line, column; /* where it stands in the text it was parsed from; 0 unknown */

    /* record, enum, fixed */
    const char *fullname;       /* "ns.Name"; NULL for unnamed types */
    const char *name;           /* its last part */
    const char *space;          /* namespace, "" when none */
    const char *const *aliases; /* full names */
    size_t n_aliases;
    const char *doc; /* NULL when none */

    const struct mr_schema_field *fields; /* record */
    size_t n_fields;
    const char *const *symbols; /* enum */
    size_t n_symbols;
    int32_t default_symbol;                       /* enum: index or -1 */
    const struct mr_schema_node *items;           /* array; map: the values */
    const struct mr_schema_node *const *branches; /* union */
    size_t n_branches;
    size_t fixed_size; /* fixed */

    int32_t precision, scale;   /* decimal */
    const struct json_t *props; /* all members that are not Avro's own, an object; NULL when none */
    bool error;                 /* record: written as "error" */
    bool endless; /* record: no datum exists, as it contains itself outside any union, array, map */
};

struct mr_schema_field {
    const char *name;
    const char *doc;
    const char *const *aliases;
    size_t n_aliases;
    const struct mr_schema_node *type;
    const struct json_t *default_value; /* NULL when the field has none */
    struct mr_str default_text; /* the same as written: numbers lose nothing; len 0 when none */
    const struct json_t *props; /* constraint keywords among them; NULL when none */
    const char *order;          /* "ascending", "descending", "ignore" */
    unsigned line, column;
    const struct mr_jnode *source;
};

/* Limits of the parser; docs/limits.md repeats them. */
enum {
    MR_SCHEMA_MAX_BYTES = 1 << 20,         /* text of one schema */
    MR_SCHEMA_MAX_DEPTH = 64,              /* types within types, names followed where first met */
    MR_SCHEMA_MAX_NODES = 100000,          /* types, with those of referenced schemas */
    MR_SCHEMA_MAX_JSON_DEPTH = 256,        /* brackets within brackets */
    MR_SCHEMA_MAX_JSON_VALUES = 300000,    /* JSON values in one text */
    MR_SCHEMA_MAX_DEFAULT_STEPS = 4000000, /* comparisons of default values with types */
};

/* What a name from outside (registry references) resolves to. Given schemas stay the caller's. */
struct mr_schema_options {
    const char *const *references; /* texts of referenced schemas, dependencies first */
    size_t n_references;
    bool check_defaults; /* default values must fit their type; of a union any branch (Avro 1.12) */
    bool lenient_names;  /* names may be any text, as in Java with validation switched off */
    bool like_java;      /* what registries hold, as Java reads it: comments pass, of a member
                          * written twice the last value wins, and namespaces may have any letters */
};
#define MR_SCHEMA_OPTIONS ((struct mr_schema_options){.check_defaults = true})

struct mr_schema; /* immutable once parsed; reference count is atomic; any thread */

/* Strict parse of text[0..len). Outcomes: 0; MR_INVALID with line, column, the schema path in
 * reterr->where and the rule; -ENOMEM. options may be NULL for MR_SCHEMA_OPTIONS. */
int mr_schema_parse(const char *text, size_t len, const struct mr_schema_options *options,
                    struct mr_schema **ret_schema, struct mr_error *reterr);
int mr_schema_parse_file(const char *path, struct mr_schema **ret_schema, struct mr_error *reterr);
struct mr_schema *mr_schema_ref(struct mr_schema *schema);
struct mr_schema *mr_schema_unref(struct mr_schema *schema);
MR_DEFINE_AUTO(mr_schema, struct mr_schema *, mr_schema_unref);

const struct mr_schema_node *mr_schema_root(const struct mr_schema *schema);
size_t mr_schema_n_nodes(const struct mr_schema *schema);
/* The text it was parsed from, byte for byte: this is what is registered. */
struct mr_str mr_schema_text(const struct mr_schema *schema);

/* Java's Schema.equals: names, fields, defaults, order and properties count, doc and aliases do
 * not. */
bool mr_schema_node_equal(const struct mr_schema_node *a, const struct mr_schema_node *b);

const struct mr_schema_field *mr_schema_field_find(const struct mr_schema_node *record,
                                                   struct mr_str name);
/* A value that is no record: where it stands, "data.items[].sku"; optional: it, or a record or
 * array around it, may be left out. */
struct mr_schema_leaf {
    const char *path;
    const struct mr_schema_node *node; /* of a nullable value: the other branch */
    bool optional;
};
enum { MR_SCHEMA_MAX_LEAVES = 1000 };
/* All of a schema's, in its order; what contains itself ends where it begins again. Paths live in
 * arena. Outcomes: 0, MR_FULL: more than the limit; -ENOMEM. */
struct mr_arena;
int mr_schema_leaves(const struct mr_schema *schema, struct mr_arena *arena,
                     const struct mr_schema_leaf **ret_leaves, size_t *ret_n);
/* Index of an enum's symbol, or -1. */
int32_t mr_schema_symbol_find(const struct mr_schema_node *enumeration, struct mr_str symbol);
/* Calls fn for each member of a node's or field's props (NULL: none) with its value as JSON text.
 * 0 or -ENOMEM. */
int mr_schema_props_each(const struct json_t *props,
                         void (*fn)(void *self, const char *name, const char *json), void *self);
/* Any JSON in the layout of schema files, appended: what fits into 100 characters and holds no
 * fields on one line, else a member a line. Only white space and escapes change. Outcomes: 0;
 * MR_INVALID with line and column; -errno. */
int mr_schema_layout(struct mr_str text, struct mr_buf *out, struct mr_error *reterr);
/* Is the JSON value one that field `index` of `record` may have, by type and constraints? Outcomes:
 * 0, MR_INVALID, -errno. */
int mr_schema_field_example(struct mr_schema *schema, const struct mr_schema_node *record,
                            size_t index, struct mr_str json, struct mr_error *reterr);
/* Are the constraint keywords on a type, and on the field that it is the type of (its props, or
 * NULL), such that a value can be held against them, and one exists? Outcomes: 0, MR_INVALID with
 * the keyword, -ENOMEM. */
int mr_schema_keywords(const struct mr_schema_node *node, const struct json_t *field_props,
                       struct mr_error *reterr);
const char *mr_avro_type_name(enum mr_avro_type type);
const char *mr_avro_logical_name(enum mr_avro_logical logical);
/* "order.created.v1.data.items[].quantity"-like paths are JSON pointers into the schema text. */

/* Parsing Canonical Form, appended. 0 or -errno. */
int mr_schema_canonical(const struct mr_schema *schema, struct mr_buf *out);
/* What a Confluent registry stores, appended: Java's Schema.toString(), with normalize that of its
 * normal form. Outcomes: 0; MR_INVALID (normalize: no normal form, as a default has what its type
 * cannot hold, or as full names written again mean other names); -errno. */
int mr_schema_stored_text(const struct mr_schema *schema, bool normalize, struct mr_buf *out,
                          struct mr_error *reterr);
/* The same with referenced types written out where they are first mentioned (format=resolved). */
int mr_schema_resolved_text(const struct mr_schema *schema, struct mr_buf *out);
/* Fingerprints of the canonical form: CRC-64-AVRO, MD5, SHA-256. */
int mr_schema_fingerprint_rabin(const struct mr_schema *schema, uint64_t *ret_fingerprint);
int mr_schema_fingerprint_md5(const struct mr_schema *schema, uint8_t out[16]);
int mr_schema_fingerprint_sha256(const struct mr_schema *schema, uint8_t out[32]);

/* Compatibility of one pair. Ids as Apache Avro names them; the last is ours, for what makes Java
 * give up: a field whose name and aliases fit several fields of the writer. */
enum mr_finding_type {
    MR_NAME_MISMATCH,
    MR_FIXED_SIZE_MISMATCH,
    MR_MISSING_ENUM_SYMBOLS,
    MR_READER_FIELD_MISSING_DEFAULT_VALUE,
    MR_TYPE_MISMATCH,
    MR_MISSING_UNION_BRANCH,
    MR_AMBIGUOUS_READER_FIELD,
};

struct mr_finding {
    enum mr_finding_type type;
    const char *location; /* JSON pointer into the reader schema, as Java Avro 1.12 builds it */
    const char *message;  /* Java Avro's short message */
    const struct mr_schema_node *reader, *writer;
    const char *reader_field; /* innermost field on the way; NULL at the root */
    bool forward;             /* from mr_schema_check_level: the previous schema is the reader */
};

/* Zero is a valid empty list; one list serves any number of calls, which append. */
struct mr_findings {
    struct mr_finding *items;
    size_t n_items;
    struct mr_arena *arena; /* owns the items and texts; nodes stay the schemas' */
    bool truncated;         /* there are more than the limits below let through */
};

enum {
    MR_COMPAT_MAX_DEPTH = 2000,     /* pairs of types within pairs of types */
    MR_COMPAT_MAX_PAIRS = 500000,   /* pairs of types compared */
    MR_COMPAT_MAX_FINDINGS = 10000, /* of one call */
    MR_COMPAT_MAX_TEXT = 32 << 20,  /* bytes of all findings of one list */
};

const char *mr_finding_name(enum mr_finding_type type);
/* Can `reader` read all data of `writer`? Appends every incompatibility, in Java's order; none
 * means compatible. Each pair of types is judged once, so that recursive and hostile schemas end.
 * Outcomes: 0; MR_FULL: the pair is beyond the first two limits above, no verdict; -ENOMEM. */
int mr_schema_compatible(const struct mr_schema *reader, const struct mr_schema *writer,
                         struct mr_findings *findings);
void mr_findings_done(struct mr_findings *findings);

enum mr_compat_level {
    MR_COMPAT_NONE,
    MR_COMPAT_BACKWARD,
    MR_COMPAT_BACKWARD_TRANSITIVE,
    MR_COMPAT_FORWARD,
    MR_COMPAT_FORWARD_TRANSITIVE,
    MR_COMPAT_FULL,
    MR_COMPAT_FULL_TRANSITIVE,
};
/* Upper-case words as the registry spells them. Outcomes: 0, MR_INVALID. */
int mr_compat_level_parse(struct mr_str text, enum mr_compat_level *ret_level);
const char *mr_compat_level_name(enum mr_compat_level level);

/* A whole level: `next` against previous[0..n) (oldest first): all of them when the level is
 * transitive, else the last. Newest first; stops at the first version that does not fit and gives
 * its index, or SIZE_MAX when compatible. Findings are those of that version; for FULL, those of
 * the old reader first. Outcomes as above. */
int mr_schema_check_level(enum mr_compat_level level, const struct mr_schema *next,
                          const struct mr_schema *const *previous, size_t n_previous,
                          size_t *ret_failed, struct mr_findings *findings);
