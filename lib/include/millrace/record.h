/* SPDX-License-Identifier: Apache-2.0 */
/* How a generated C struct maps onto an Avro record. tools/ writes these tables into
 * <service>.gen.h, lib/avro reads and writes structs by them. Naming in generated structs, for a
 * field `f`: boolean bool f; int/date int32_t f; long/timestamps int64_t f; float; double; string
 * (uuid too) struct mr_str f; bytes, fixed struct mr_bytes f; decimal struct mr_decimal f; enum: C
 * enum f, in symbol order; record: struct by value; array: const T *f + size_t n_f; map: const
 * struct mr_pair_<T> *f + size_t n_f; nullable T: bool has_f + T f (zero when absent). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/decimal.h"
#include "millrace/str.h"

/* On each member of a generated struct. With MR_TRACE_FIELDS the compiler warns of every use of it,
 * from which consumers/fields.py tells which consumer reads what. */
#ifdef MR_TRACE_FIELDS
#define MR_FIELD_OF(record, field) __attribute__((deprecated("mr-field " record " " field)))
#else
#define MR_FIELD_OF(record, field)
#endif

struct mr_pair_str {
    struct mr_str key, value;
};
struct mr_pair_long {
    struct mr_str key;
    int64_t value;
};
struct mr_pair_double {
    struct mr_str key;
    double value;
};

enum mr_field_kind {
    MR_FIELD_BOOL,
    MR_FIELD_INT,
    MR_FIELD_LONG,
    MR_FIELD_FLOAT,
    MR_FIELD_DOUBLE,
    MR_FIELD_STRING,
    MR_FIELD_BYTES,
    MR_FIELD_FIXED,
    MR_FIELD_DECIMAL,
    MR_FIELD_ENUM,
    MR_FIELD_RECORD,
    MR_FIELD_ARRAY,
    MR_FIELD_MAP,
};

#define MR_NO_MEMBER UINT32_MAX

struct mr_record_desc;

struct mr_record_field {
    const char *name;      /* as in the schema */
    uint32_t offset;       /* of f; array, map: of the pointer */
    uint32_t has_offset;   /* of has_f; MR_NO_MEMBER when not nullable */
    uint32_t count_offset; /* array, map: of n_f; else MR_NO_MEMBER */
    enum mr_field_kind kind;
    enum mr_field_kind item;             /* array, map: kind of one item; else = kind */
    uint32_t item_size;                  /* array, map: sizeof one element (the pair for maps) */
    uint32_t item_offset;                /* map: offset of the value within the pair; array: 0 */
    const struct mr_record_desc *record; /* RECORD, or items that are records */
};

/* One per generated record struct; constant data. */
struct mr_record_desc {
    const char *fullname; /* Avro full name */
    size_t size;          /* sizeof the struct */
    size_t align;
    const struct mr_record_field *fields; /* every field of the schema, in schema order */
    size_t n_fields;
};

/* First member of every event's generated struct; the same in all schemas (lint holds it). */
struct mr_envelope {
    struct mr_str event_id;
    struct mr_str event_type;
    struct mr_str event_version;
    int64_t timestamp; /* µs since the epoch */
    struct mr_str correlation_id;
    bool has_causation_id;
    struct mr_str causation_id;
    struct mr_str source_service;
    bool has_user_id;
    struct mr_str user_id;
    bool has_session_id;
    struct mr_str session_id;
    const struct mr_pair_str *metadata;
    size_t n_metadata;
};
