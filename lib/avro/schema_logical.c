/* SPDX-License-Identifier: Apache-2.0 */
/* Logical types: which name goes with which base type. Source: Avro 1.12 specification, "Logical
 * Types": what does not fit is ignored and the base type holds. */
#include <stdbool.h>

#include "schema_model.h"

#define BASE(type) (1u << MR_AVRO_##type)

static const struct {
    const char *name;
    enum mr_avro_logical logical;
    unsigned bases;
    size_t fixed_size; /* 0: any */
} rows[] = {
    {"decimal", MR_LOGICAL_DECIMAL, BASE(BYTES) | BASE(FIXED), 0},
    {"big-decimal", MR_LOGICAL_BIG_DECIMAL, BASE(BYTES), 0},
    {"uuid", MR_LOGICAL_UUID, BASE(STRING) | BASE(FIXED), 16},
    {"date", MR_LOGICAL_DATE, BASE(INT), 0},
    {"time-millis", MR_LOGICAL_TIME_MILLIS, BASE(INT), 0},
    {"time-micros", MR_LOGICAL_TIME_MICROS, BASE(LONG), 0},
    {"timestamp-millis", MR_LOGICAL_TIMESTAMP_MILLIS, BASE(LONG), 0},
    {"timestamp-micros", MR_LOGICAL_TIMESTAMP_MICROS, BASE(LONG), 0},
    {"timestamp-nanos", MR_LOGICAL_TIMESTAMP_NANOS, BASE(LONG), 0},
    {"local-timestamp-millis", MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS, BASE(LONG), 0},
    {"local-timestamp-micros", MR_LOGICAL_LOCAL_TIMESTAMP_MICROS, BASE(LONG), 0},
    {"local-timestamp-nanos", MR_LOGICAL_LOCAL_TIMESTAMP_NANOS, BASE(LONG), 0},
    {"duration", MR_LOGICAL_DURATION, BASE(FIXED), 12},
};

const char *mr_avro_logical_name(enum mr_avro_logical logical)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        if (rows[i].logical == logical)
            return rows[i].name;
    return "none";
}

/* A member as an integer of 32 bits; the default when it is absent; false when it is anything else.
 */
static bool integer(const struct mr_jnode *json, const char *key, const int32_t *def, int32_t *ret)
{
    const struct mr_jnode *member = mr_jtree_get(json, key);
    int64_t value;

    if (!member && def) {
        *ret = *def;
        return true;
    }
    if (!member || !mr_jtree_long(member, &value) || value < INT32_MIN || value > INT32_MAX)
        return false;
    *ret = (int32_t)value;
    return true;
}

/* floor(log10(2^(8n-1) - 1)) without losing a digit: the specification's bound for a fixed of n
 * bytes. The constant is log10(2) to 18 digits. */
static int64_t max_precision(size_t size)
{
    int64_t bits = (int64_t)size * 8 - 1;

    return bits <= 0 ? 0
                     : (int64_t)((mr_int128)bits * 301029995663981195LL / 1000000000000000000LL);
}

static bool decimal(struct mr_snode *node)
{
    static const int32_t zero = 0;
    struct mr_schema_node *pub = &node->pub;
    int32_t precision, scale;

    if (!integer(node->source, "precision", NULL, &precision) ||
        !integer(node->source, "scale", &zero, &scale))
        return false;
    if (precision <= 0 || scale < 0 || scale > precision)
        return false;
    if (pub->type == MR_AVRO_FIXED && precision > max_precision(pub->fixed_size))
        return false;
    pub->precision = precision;
    pub->scale = scale;
    return true;
}

void mr_schema_set_logical(struct mr_snode *node)
{
    const struct mr_jnode *word = mr_jtree_get(node->source, "logicalType");
    struct mr_schema_node *pub = &node->pub;

    for (size_t i = 0; word && word->kind == MR_J_STRING && i < MR_N_ELEMENTS(rows); i++) {
        if (!mr_str_is(word->text, rows[i].name) || !(rows[i].bases & 1u << pub->type))
            continue;
        if (pub->type == MR_AVRO_FIXED && rows[i].fixed_size &&
            rows[i].fixed_size != pub->fixed_size)
            continue;
        if (rows[i].logical != MR_LOGICAL_DECIMAL || decimal(node))
            pub->logical = rows[i].logical;
    }
}
