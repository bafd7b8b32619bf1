/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that lose nothing. */
#include "make.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int convert_items(struct making *m, const struct mr_datum *from,
                         const struct mr_schema_node *to, struct mr_datum *ret)
{
    void *items;
    int r = make_memory(m, from->n, sizeof(struct mr_datum), &items);

    ret->items = items;
    ret->keys = from->keys;
    ret->n = from->n;
    for (size_t i = 0; r == 0 && i < from->n; i++)
        r = convert(m, &from->items[i], to->type == MR_AVRO_RECORD ? to->fields[i].type : to->items,
                    &ret->items[i]);
    return r;
}

static int convert_whole(struct making *m, const struct mr_datum *from,
                         const struct mr_schema_node *to, struct mr_datum *ret)
{
    if (is_decimal(to))
        return number_into(m, (struct mr_decimal){from->whole, 0}, ROUND_NEVER, to, ret);
    if (to->type == MR_AVRO_DOUBLE) {
        ret->real = (double)from->whole;
        return 0;
    }
    ret->whole = from->whole;
    if (from->node->logical == to->logical)
        return 0;
    return time_rescale(from->whole, time_unit(from->node->logical), time_unit(to->logical),
                        &ret->whole) == 0
               ? 0
               : mr_error_set(m->reterr, MR_INVALID, "%" PRId64 " is beyond what a %s can hold",
                              from->whole, mr_avro_logical_name(to->logical));
}

static int convert_bytes(struct making *m, const struct mr_datum *from,
                         const struct mr_schema_node *to, struct mr_datum *ret)
{
    struct mr_decimal value;

    ret->bytes = from->bytes;
    bool same = from->node->type == to->type && from->node->scale == to->scale &&
                from->node->fixed_size == to->fixed_size;
    if (!is_decimal(to) || same)
        return 0;
    if (mr_datum_decimal(from, &value) != 0)
        return mr_error_set(m->reterr, MR_INVALID, "a decimal of more than 38 digits");
    return number_into(m, value, ROUND_NEVER, to, ret);
}

static int convert_symbol(const struct mr_datum *from, const struct mr_schema_node *to,
                          struct mr_datum *ret)
{
    const char *symbol = from->node->symbols[from->whole];

    if (to->type == MR_AVRO_ENUM)
        ret->whole = mr_schema_symbol_find(to, mr_str_from(symbol));
    else
        set_text(ret, symbol, strlen(symbol));
    return 0;
}

int convert(struct making *m, const struct mr_datum *from, const struct mr_schema_node *to,
            struct mr_datum *ret)
{
    if (to->type == MR_AVRO_UNION) {
        size_t branch = convert_branch(from->node, to);
        if (branch == SIZE_MAX)
            return -EINVAL; /* convert_trouble() was not asked */
        to = to->branches[branch];
    }
    *ret = (struct mr_datum){.node = to};
    switch (from->node->type) {
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        return convert_whole(m, from, to, ret);
    case MR_AVRO_BYTES:
    case MR_AVRO_FIXED:
        return convert_bytes(m, from, to, ret);
    case MR_AVRO_ENUM:
        return convert_symbol(from, to, ret);
    case MR_AVRO_RECORD:
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return convert_items(m, from, to, ret);
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        ret->real = from->real;
        return 0;
    case MR_AVRO_BOOLEAN:
        ret->whole = from->whole;
        return 0;
    case MR_AVRO_STRING:
        ret->bytes = from->bytes;
        return 0;
    case MR_AVRO_NULL:
    case MR_AVRO_UNION:
        break;
    }
    return 0;
}
