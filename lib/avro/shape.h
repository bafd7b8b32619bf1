/* SPDX-License-Identifier: Apache-2.0 */
/* How values of one schema are written as Avro: each type with its human form, its constraints and
 * what a JSON text of it may look like. JSON -> Avro and struct -> Avro both follow it. */
#pragma once

#include "constraint.h"
#include "millrace/codec.h"
#include "str_map.h"

/* A type together with its form. The first fourteen are mr_avro_type's, in its order. */
enum shape_op {
    SHAPE_NULL,
    SHAPE_BOOLEAN,
    SHAPE_INT,
    SHAPE_LONG,
    SHAPE_FLOAT,
    SHAPE_DOUBLE,
    SHAPE_BYTES,
    SHAPE_STRING,
    SHAPE_RECORD,
    SHAPE_ENUM,
    SHAPE_ARRAY,
    SHAPE_MAP,
    SHAPE_UNION,
    SHAPE_FIXED,
    SHAPE_DECIMAL,     /* bytes or fixed */
    SHAPE_BIG_DECIMAL, /* bytes */
    SHAPE_UUID,        /* string */
    SHAPE_UUID_FIXED,
    SHAPE_TIME, /* int or long: dates, times, instants */
    SHAPE_DURATION,
    SHAPE_NULLABLE, /* union of null and one other */
};

/* The form of a type; raw: logical types are passed over. */
enum shape_op shape_op_of(const struct mr_schema_node *node, bool raw);

/* What a JSON value can be told to be by its first byte; numbers by their text. */
enum json_kind {
    KIND_NULL,
    KIND_BOOLEAN,
    KIND_INTEGER,
    KIND_FRACTION,
    KIND_STRING,
    KIND_OBJECT,
    KIND_ARRAY,
    N_KINDS
};

struct shape_field {
    const struct shape *shape;
    struct mr_str token;       /* "name" with its quotes, padded to whole words for comparing */
    struct mr_str name;        /* within token */
    struct mr_bytes otherwise; /* the default in Avro binary; data NULL when there is none */
    bool null_is_absent;       /* null cannot be of its type, but it has a default */
};

/* Branches of a union that a kind of JSON value may be, the best first. */
struct shape_choice {
    const uint32_t *branches;
    size_t n;
};

struct shape {
    enum shape_op op;
    bool json_text;  /* string: any JSON value may stand here, as its text */
    bool null_first; /* nullable: null is branch 0 */
    bool is_int;     /* time: an int, not a long */
    const struct mr_schema_node *node;
    const struct constraint *rules; /* NULL: none */
    /* String: a plain text of so many bytes breaks no rule for sure. least > most: always look. */
    size_t plain_least, plain_most;
    const struct mr_str_map *names; /* record: to shape_field; enum: to index + 1 */
    const struct shape_field *fields;
    const struct shape *item;            /* array, map; nullable: the other branch */
    const struct shape *const *branches; /* union */
    const struct shape_choice *choices;  /* union: by json_kind */
};

/* All shapes of a schema under one set of options. */
struct shapes {
    struct mr_schema *schema;
    struct mr_arena *arena;
    struct mr_json_options options;
    bool for_defaults;         /* these write defaults: a union is the first branch that fits */
    struct shape **plain;      /* by node index: without keywords of a field */
    struct constraint **rules; /* those made, to be released */
    size_t n_rules, cap_rules;
};

/* The shape of `node` and all below it, defaults included. Outcomes: 0, MR_INVALID, -ENOMEM. */
int shapes_new(struct mr_schema *schema, const struct mr_schema_node *node,
               const struct mr_json_options *options, struct shapes **ret_shapes,
               const struct shape **ret_root, struct mr_error *reterr);
struct shapes *shapes_free(struct shapes *shapes);
MR_DEFINE_AUTO(shapes, struct shapes *, shapes_free);

/* Those that write defaults: base types, any branch of a union, no keywords. */
int shapes_for_defaults(struct mr_schema *schema, const struct mr_schema_node *node,
                        struct shapes **ret_shapes, struct mr_error *reterr);

/* shape_default.c: `otherwise` of every field below node whose default can be used. 0, MR_INVALID,
 * -ENOMEM. */
int shapes_add_defaults(struct shapes *shapes, const struct mr_schema_node *node,
                        struct mr_error *reterr);
/* shape_union.c */
int shape_union_choices(struct shapes *shapes, struct shape *shape);

/* json_encoder.c: one value of `shape` at the cursor, in the options of shapes. */
int shape_encode(const struct shapes *shapes, const struct shape *shape,
                 struct mr_json_cursor *cursor, struct mr_buf *out, size_t *ret_dropped,
                 struct mr_error *reterr);
