/* SPDX-License-Identifier: Apache-2.0 */
/* What can be copied without loss: what is the same, what is wider. */
#include <string.h>

#include "make.h"

/* Records that are being compared, so that types which hold themselves end. */
struct walk {
    const struct mr_schema_node *from, *to;
    const struct walk *outer;
    unsigned *left; /* comparisons */
};

static const char *trouble(const struct mr_schema_node *from, const struct mr_schema_node *to,
                           const struct walk *walk);

static const char *enum_trouble(const struct mr_schema_node *from, const struct mr_schema_node *to)
{
    for (size_t i = 0; i < from->n_symbols; i++)
        if (mr_schema_symbol_find(to, mr_str_from(from->symbols[i])) < 0)
            return "the new enum lacks symbols of the old one: give compute: map and cases";
    return NULL;
}

static const char *decimal_trouble(const struct mr_schema_node *from,
                                   const struct mr_schema_node *to)
{
    if (from->scale > to->scale)
        return "the new decimal has fewer decimals: give compute: number and round";
    if (from->precision - from->scale > to->precision - to->scale)
        return "the new decimal has fewer digits before the point: give compute: number";
    return NULL;
}

/* Counts of the same instants, days or times, in the same or a finer unit. */
static bool same_or_finer(enum mr_avro_logical from, enum mr_avro_logical to)
{
    static const enum mr_avro_logical rows[][3] = {
        {MR_LOGICAL_TIME_MILLIS, MR_LOGICAL_TIME_MICROS, MR_LOGICAL_TIME_MICROS},
        {MR_LOGICAL_TIMESTAMP_MILLIS, MR_LOGICAL_TIMESTAMP_MICROS, MR_LOGICAL_TIMESTAMP_NANOS},
        {MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS, MR_LOGICAL_LOCAL_TIMESTAMP_MICROS,
         MR_LOGICAL_LOCAL_TIMESTAMP_NANOS},
    };

    if (from == to)
        return true;
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        for (size_t a = 0; a < 3; a++)
            for (size_t b = a + 1; b < 3; b++)
                if (rows[i][a] == from && rows[i][b] == to)
                    return true;
    return false;
}

static const char *whole_trouble(const struct mr_schema_node *from, const struct mr_schema_node *to)
{
    if (from->logical != MR_LOGICAL_NONE || to->type == MR_AVRO_INT || to->type == MR_AVRO_LONG) {
        if (to->type != MR_AVRO_INT && to->type != MR_AVRO_LONG)
            return "a time can be copied to the same kind of time only: give compute: text";
        if (!same_or_finer(from->logical, to->logical))
            return from->logical == MR_LOGICAL_NONE
                       ? "a number does not say what time it means: give compute: instant and unit"
                       : "the new time is of another kind, or coarser: give compute: instant, "
                         "epoch or date";
        return from->type == MR_AVRO_LONG && to->type == MR_AVRO_INT
                   ? "a long may be too large for an int: give compute: number"
                   : NULL;
    }
    if (is_decimal(to))
        return NULL;
    if (from->type == MR_AVRO_INT && to->type == MR_AVRO_DOUBLE)
        return NULL;
    return to->type == MR_AVRO_DOUBLE || to->type == MR_AVRO_FLOAT
               ? "whole numbers may lose digits there"
               : "a number cannot be copied to that: give compute: text, map or number";
}

static const char *bytes_trouble(const struct mr_schema_node *from, const struct mr_schema_node *to)
{
    bool bytes = to->type == MR_AVRO_BYTES || to->type == MR_AVRO_FIXED;

    if (is_decimal(from) && is_decimal(to))
        return decimal_trouble(from, to);
    if (is_decimal(from))
        return "a decimal can be copied to a decimal only: give compute: number or text";
    if (!bytes || from->logical != to->logical ||
        (to->type == MR_AVRO_FIXED &&
         (from->type != MR_AVRO_FIXED || from->fixed_size != to->fixed_size)))
        return "bytes can be copied to bytes of the same kind and size only";
    return NULL;
}

static const char *union_trouble(const struct mr_schema_node *from, const struct mr_schema_node *to,
                                 const struct walk *walk)
{
    const char *why = NULL;

    for (size_t i = 0; i < from->n_branches && !why; i++)
        why = trouble(from->branches[i], to, walk);
    return why;
}

static const char *record_trouble(const struct mr_schema_node *from,
                                  const struct mr_schema_node *to, const struct walk *walk)
{
    struct walk here = {from, to, walk, walk->left};
    const char *why = NULL;

    if (to->type != MR_AVRO_RECORD || from->n_fields != to->n_fields)
        return "a record can be copied whole only where both versions have the same fields";
    for (const struct walk *w = walk; w; w = w->outer)
        if (w->from == from && w->to == to)
            return NULL;
    for (size_t i = 0; i < from->n_fields && !why; i++)
        why = strcmp(from->fields[i].name, to->fields[i].name) != 0
                  ? "a record can be copied whole only where both versions have the same fields"
                  : trouble(from->fields[i].type, to->fields[i].type, &here);
    return why;
}

/* The branch of a union for values of `from`: the same type before a wider one; SIZE_MAX: none. */
static size_t branch_for(const struct mr_schema_node *from, const struct mr_schema_node *to,
                         const struct walk *walk)
{
    for (size_t i = 0; i < to->n_branches; i++) {
        const struct mr_schema_node *b = to->branches[i];
        if (b->type == from->type && b->logical == from->logical &&
            (!b->fullname || strcmp(b->fullname, from->fullname) == 0) && !trouble(from, b, walk))
            return i;
    }
    for (size_t i = 0; i < to->n_branches; i++)
        if (!trouble(from, to->branches[i], walk))
            return i;
    return SIZE_MAX;
}

static const char *trouble(const struct mr_schema_node *from, const struct mr_schema_node *to,
                           const struct walk *walk)
{
    if (*walk->left == 0)
        return "the types are too large to be compared";
    --*walk->left;
    if (from->type == MR_AVRO_UNION)
        return union_trouble(from, to, walk);
    if (to->type == MR_AVRO_UNION)
        return branch_for(from, to, walk) != SIZE_MAX ? NULL
                                                      : "no branch of the new union takes it";
    switch (from->type) {
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        return whole_trouble(from, to);
    case MR_AVRO_FLOAT:
        return to->type == MR_AVRO_FLOAT || to->type == MR_AVRO_DOUBLE
                   ? NULL
                   : "a float can be copied to float and double only";
    case MR_AVRO_BYTES:
    case MR_AVRO_FIXED:
        return bytes_trouble(from, to);
    case MR_AVRO_STRING:
        return is_plain(to, MR_AVRO_STRING) ||
                       (to->type == MR_AVRO_STRING && to->logical == from->logical)
                   ? NULL
                   : "a string can be copied to a string only: give compute: parse";
    case MR_AVRO_ENUM:
        if (to->type == MR_AVRO_ENUM)
            return enum_trouble(from, to);
        return is_plain(to, MR_AVRO_STRING) ? NULL
                                            : "an enum can be copied to enum and string only";
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return from->type == to->type ? trouble(from->items, to->items, walk)
                                      : "an array can be copied to an array only, a map to a map";
    case MR_AVRO_RECORD:
        return record_trouble(from, to, walk);
    case MR_AVRO_NULL:
    case MR_AVRO_BOOLEAN:
    case MR_AVRO_DOUBLE:
    case MR_AVRO_UNION:
        break;
    }
    return from->type == to->type ? NULL : "the types are not of one kind";
}

enum { MOST_COMPARED = 100000 };

const char *convert_trouble(const struct mr_schema_node *from, const struct mr_schema_node *to)
{
    unsigned left = MOST_COMPARED;
    const struct walk walk = {.left = &left};

    return trouble(from, to, &walk);
}

size_t convert_branch(const struct mr_schema_node *from, const struct mr_schema_node *to)
{
    unsigned left = MOST_COMPARED;
    const struct walk walk = {.left = &left};

    return branch_for(from, to, &walk);
}
