/* SPDX-License-Identifier: Apache-2.0 */
/* Avro binary <-> generated structs and JSON, by compiled immutable plans.
 * Source: Apache Avro 1.12 specification, "Schema Resolution", "Data Serialization",
 * "JSON Encoding", "Logical Types"; constraint keywords after JSON Schema draft-07.
 *
 * Plans are immutable and reference-counted; any number of threads may use one with their own
 * buffers and arenas. Hostile input costs at most the stated limits (docs/limits.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/record.h"
#include "millrace/schema.h"

enum {
    MR_CODEC_MAX_DEPTH = 64,              /* nesting of values */
    MR_CODEC_MAX_BYTES = 64 << 20,        /* one datum, binary */
    MR_CODEC_MAX_ZERO_BYTE_ITEMS = 65536, /* values that take no bytes (null, empty record) in one
                                           * datum; as many more as it has bytes */
    MR_CODEC_MAX_JSON_TIMES = 1024,       /* JSON of a datum: this times its bytes, and 1 MiB; */
    MR_CODEC_MAX_JSON_BYTES = 512 << 20,  /* never more than this */
    MR_CODEC_MAX_MEMORY_TIMES =
        256, /* arrays and maps of a struct: this times the datum, and 64 KiB */
};

/* ---- Avro binary -> struct ---- */
struct mr_struct_reader;

/* A plan from `writer` to the reader schema `reader`, into structs of `desc` (which was generated
 * from `reader`). Incompatible parts fail when a datum meets them (avro-facts.md, point 6).
 * Outcomes: 0; MR_INVALID (roots that no datum could resolve); -ENOMEM. */
int mr_struct_reader_new(struct mr_schema *writer, struct mr_schema *reader,
                         const struct mr_record_desc *desc, struct mr_struct_reader **ret_reader,
                         struct mr_error *reterr);
struct mr_struct_reader *mr_struct_reader_ref(struct mr_struct_reader *reader);
struct mr_struct_reader *mr_struct_reader_unref(struct mr_struct_reader *reader);
MR_DEFINE_AUTO(mr_struct_reader, struct mr_struct_reader *, mr_struct_reader_unref);

/* Decodes exactly avro[0..len) into *record (desc->size bytes). Strings and bytes point into avro,
 * arrays, maps and promoted defaults live in arena or the plan. Outcomes: 0, MR_INVALID, -ENOMEM.
 */
int mr_struct_read(const struct mr_struct_reader *reader, const uint8_t *avro, size_t len,
                   struct mr_arena *arena, void *record, struct mr_error *reterr);

/* ---- struct -> Avro binary ---- */
struct mr_struct_writer;
int mr_struct_writer_new(struct mr_schema *schema, const struct mr_record_desc *desc,
                         struct mr_struct_writer **ret_writer, struct mr_error *reterr);
struct mr_struct_writer *mr_struct_writer_unref(struct mr_struct_writer *writer);
MR_DEFINE_AUTO(mr_struct_writer, struct mr_struct_writer *, mr_struct_writer_unref);
/* Appends the binary form; constraints are enforced as for JSON. Outcomes: 0, MR_INVALID, -errno;
 * on failure out is as before. */
int mr_struct_write(const struct mr_struct_writer *writer, const void *record, struct mr_buf *out,
                    struct mr_error *reterr);

/* ---- JSON -> Avro binary ---- */
enum mr_unknown { MR_UNKNOWN_REFUSE, MR_UNKNOWN_DROP /* counted */ };

struct mr_json_options {
    enum mr_unknown unknown; /* members that the schema does not have */
    bool avro_json;          /* Avro's own tagged encoding instead of ours */
    bool raw_logical;        /* base types instead of human forms of logical types */
    bool no_constraints;     /* keywords are not enforced */
    bool far_years;          /* 0000, -0001, +10000: what Avro can hold and our events do not */
    bool allow_nul;          /* strings may hold \u0000, which Avro allows and our events do not */
};

/* A place in a JSON text. `at` moves over what was read. */
struct mr_json_cursor {
    const char *begin; /* of the whole text: offsets in errors count from here */
    const char *at;
    const char *end; /* one past the last byte */
};

struct mr_json_encoder;
/* For a value of `node` in `schema` (NULL: the root). options may be NULL. */
int mr_json_encoder_new(struct mr_schema *schema, const struct mr_schema_node *node,
                        const struct mr_json_options *options, struct mr_json_encoder **ret_encoder,
                        struct mr_error *reterr);
struct mr_json_encoder *mr_json_encoder_unref(struct mr_json_encoder *encoder);
MR_DEFINE_AUTO(mr_json_encoder, struct mr_json_encoder *, mr_json_encoder_unref);

/* Reads one JSON value at the cursor (white space before it is passed over, none after it) and
 * appends its Avro form. One pass, members in any order, no tree, no allocation beyond out and a
 * scratch kept inside `out`'s spare room.
 * Outcomes: 0; MR_INVALID: reterr->where is the JSON pointer below the value, offset is where,
 * text the rule; MR_END: the text ends before the value does (feed more); -errno.
 * On anything but 0 out->len is as before and the cursor is where it was.
 * *ret_dropped (may be NULL) counts members passed over under MR_UNKNOWN_DROP. */
int mr_json_encode(const struct mr_json_encoder *encoder, struct mr_json_cursor *cursor,
                   struct mr_buf *out, size_t *ret_dropped, struct mr_error *reterr);

/* Passes over one JSON value, checking its grammar. Outcomes as above. */
int mr_json_skip(struct mr_json_cursor *cursor, struct mr_error *reterr);
/* Passes over white space (RFC 8259). */
void mr_json_space(struct mr_json_cursor *cursor);
/* Reads a string; *ret_text borrows from the text when it has no escapes, else from scratch
 * (appended there). Outcomes as above. */
int mr_json_string(struct mr_json_cursor *cursor, struct mr_buf *scratch, struct mr_str *ret_text,
                   struct mr_error *reterr);

/* ---- Avro binary -> JSON ---- */
struct mr_json_decoder;
/* reader NULL: the writer's own schema. Human forms unless options say otherwise. */
int mr_json_decoder_new(struct mr_schema *writer, struct mr_schema *reader,
                        const struct mr_json_options *options, struct mr_json_decoder **ret_decoder,
                        struct mr_error *reterr);
struct mr_json_decoder *mr_json_decoder_unref(struct mr_json_decoder *decoder);
MR_DEFINE_AUTO(mr_json_decoder, struct mr_json_decoder *, mr_json_decoder_unref);
/* Appends one line of JSON without newline for exactly avro[0..len). Outcomes: 0, MR_INVALID,
 * -errno; on failure out is as before. */
int mr_json_decode(const struct mr_json_decoder *decoder, const uint8_t *avro, size_t len,
                   struct mr_buf *out, struct mr_error *reterr);
/* The same for the first datum in avro[0..len): *ret_used is how many bytes it took. */
int mr_json_decode_first(const struct mr_json_decoder *decoder, const uint8_t *avro, size_t len,
                         size_t *ret_used, struct mr_buf *out, struct mr_error *reterr);
