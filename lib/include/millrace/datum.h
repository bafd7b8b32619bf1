/* SPDX-License-Identifier: Apache-2.0 */
/* Avro binary <-> a tree of values, for what takes data apart and puts them together otherwise.
 * Handlers use generated structs (millrace/record.h), which cost less.
 * Source: Apache Avro 1.12, "Schema Resolution", "Data Serialization". */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/decimal.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

/* Plain record. Strings and bytes borrow from the datum that was read, the rest is the arena's. */
struct mr_datum {
    const struct mr_schema_node *node; /* its type; of a union: the branch */
    union {
        int64_t whole;         /* boolean: 0 or 1; int; long; enum: index of the symbol */
        double real;           /* float, double */
        struct mr_bytes bytes; /* string, bytes, fixed; decimals: two's complement, big end first */
        struct {
            struct mr_datum *items;    /* record: its fields, in the schema's order */
            const struct mr_str *keys; /* map */
            size_t n;
        };
    };
};

/* Immutable, any thread; holds both schemas. reader NULL: the writer's own. Outcomes: 0, MR_INVALID
 * (roots that no datum could resolve), -ENOMEM. */
struct mr_datum_reader;
int mr_datum_reader_new(struct mr_schema *writer, struct mr_schema *reader,
                        struct mr_datum_reader **ret_reader, struct mr_error *reterr);
struct mr_datum_reader *mr_datum_reader_free(struct mr_datum_reader *reader);
MR_DEFINE_AUTO(mr_datum_reader, struct mr_datum_reader *, mr_datum_reader_free);
/* Exactly avro[0..len), as the reader's schema has it: defaults filled in, types widened. Memory is
 * bounded as for structs. Outcomes: 0, MR_INVALID, -ENOMEM. */
int mr_datum_read(const struct mr_datum_reader *reader, const uint8_t *avro, size_t len,
                  struct mr_arena *arena, struct mr_datum *ret_datum, struct mr_error *reterr);
/* A value of `node` in schema from JSON, in its human form (millrace/codec.h). Slow: for values
 * that are made once. Outcomes: 0, MR_INVALID, -errno. */
int mr_datum_from_json(struct mr_schema *schema, const struct mr_schema_node *node,
                       struct mr_str json, struct mr_arena *arena, struct mr_datum *ret_datum,
                       struct mr_error *reterr);

/* Immutable, any thread; holds the schema. */
struct mr_datum_writer;
int mr_datum_writer_new(struct mr_schema *schema, struct mr_datum_writer **ret_writer,
                        struct mr_error *reterr);
struct mr_datum_writer *mr_datum_writer_free(struct mr_datum_writer *writer);
MR_DEFINE_AUTO(mr_datum_writer, struct mr_datum_writer *, mr_datum_writer_free);
/* Appends datum, whose nodes are those of the writer's schema; constraints are enforced as for
 * JSON. Outcomes: 0; MR_INVALID: where is a pointer to the value; -errno; on failure out is as
 * before. */
int mr_datum_write(const struct mr_datum_writer *writer, const struct mr_datum *datum,
                   struct mr_buf *out, struct mr_error *reterr);

/* A decimal's value. Outcomes: 0, MR_INVALID (more than 128 bits, or no bytes). */
int mr_datum_decimal(const struct mr_datum *datum, struct mr_decimal *ret_decimal);
/* The bytes of a decimal with the scale of datum->node. 0 or -ENOMEM. */
int mr_datum_set_decimal(struct mr_datum *datum, struct mr_arena *arena, mr_int128 unscaled);
