/* SPDX-License-Identifier: Apache-2.0 */
/* mr-gen: what its parts share. It reads topics.yaml and schemas/avro/ and writes C: the built-in
 * catalogue, one header of structs for each publishing service, and their descriptors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "millrace/record.h"
#include "millrace/saga.h"
#include "millrace/schema.h"

/* A named type of a topic's schema, as C has it. */
struct gen_type {
    const struct mr_schema_node *node; /* record or enum */
    const char *tag;                   /* after "struct " or "enum " */
};

/* An event's topic with its schema; dead-letter topics have none of these. */
struct gen_topic {
    const struct mr_topic *topic;
    const char *id;   /* order_management_order_created_v1 */
    const char *path; /* of the schema, for error texts */
    struct mr_schema *schema;
    struct gen_type *types; /* those that others need come first; the event itself is the last */
    size_t n_types;
};

struct gen {
    const struct mr_catalog *catalog;
    const char *schema_dir;
    struct mr_arena *arena;
    struct gen_topic *topics; /* in the catalogue's order */
    size_t n_topics;
    struct mr_sagas *sagas; /* NULL: there are none */
    size_t n_mistakes;
    bool no_memory;
};

/* One field of a record, as C has it. */
struct gen_member {
    const char *name; /* the schema's, with '_' after it where C has taken the word */
    const char *schema_name;
    bool nullable;
    enum mr_field_kind kind, item;
    const char *type;              /* of the value; array, map: of one element */
    const struct gen_type *record; /* record, or items that are records */
};

/* ---- gen_names.c ---- */
const char *gen_printf(struct gen *gen, const char *fmt, ...) MR_PRINTF(2, 3);
/* "order-management.order.created.v1" -> "order_management_order_created_v1". */
const char *gen_identifier(struct gen *gen, const char *name);
/* "OutOfStock" -> "out_of_stock"; upper: "OUT_OF_STOCK". */
const char *gen_snake(struct gen *gen, const char *name, bool upper);
/* "BOOKING_CREATED" -> "BookingCreated"; others unchanged. */
const char *gen_pascal(struct gen *gen, const char *name);
/* A member's name: the field's own unless it is a word of C. */
const char *gen_member_name(struct gen *gen, const char *name);

/* ---- gen_schema.c: reads schemas, judges them, gives their types ---- */
/* Prints "path:line:column: text" and counts it. */
void gen_mistake(struct gen *gen, const struct gen_topic *topic, unsigned line, unsigned column,
                 const char *fmt, ...) MR_PRINTF(5, 6);
void gen_load(struct gen *gen);
void gen_done(struct gen *gen);
const struct gen_type *gen_find_type(const struct gen_topic *topic,
                                     const struct mr_schema_node *node);
/* False after a mistake was noted. */
bool gen_member(struct gen *gen, const struct gen_topic *topic, const struct mr_schema_field *field,
                struct gen_member *ret_member);

/* ---- gen_rules.c: what a schema must be to serve as an event's ---- */
void gen_check(struct gen *gen, const struct gen_topic *topic);

/* ---- gen_majors.c: mapping files between major versions ---- */
void gen_check_majors(struct gen *gen);
/* Members of a topic's initialiser. */
int gen_majors(struct gen *gen, const struct mr_topic *topic, struct mr_buf *out);

/* ---- gen_sagas.c: sagas.yaml ---- */
/* It stands beside topics.yaml. */
const char *gen_sagas_path(struct gen *gen, const char *topics);
/* Reads it, if there is one; mistakes are printed and counted. */
void gen_load_sagas(struct gen *gen, const char *topics);
int gen_sagas_source(struct gen *gen, struct mr_buf *out);
/* Which fields of which records sagas read: gen_saga_readers.c. */
int gen_saga_readers(struct gen *gen, struct mr_buf *out);

/* ---- the parts of gen_topics_source: gen_envelopes.c, gen_groups.c ---- */
int gen_platforms(struct gen *gen, struct mr_buf *out);
int gen_groups(struct gen *gen, struct mr_buf *out);
int gen_services(struct gen *gen, struct mr_buf *out);

/* ---- output: appended to out; 0 or -errno ---- */
int gen_service_header(struct gen *gen, const struct mr_service *service, struct mr_buf *out);
int gen_records(struct gen *gen, struct mr_buf *out);
int gen_topics_header(struct gen *gen, struct mr_buf *out);
int gen_topics_source(struct gen *gen, struct mr_buf *out);

/* ---- gen_put.c: pieces of an initialiser, appended to out; 0 or -errno ---- */
/* A C string literal for text[0..len), one line of source for each line of it. */
int gen_literal(struct mr_buf *out, const char *text, size_t len);
/* ".key = "text", "; nothing of NULL. */
int gen_named(struct mr_buf *out, const char *key, const char *text);
/* ".key = (const char *const[]){"a", "b"}, .n_key = 2, "; nothing of none. */
int gen_words(struct mr_buf *out, const char *key, const char *const *words, size_t n_words);
const char *gen_yes_no(bool yes);
