/* SPDX-License-Identifier: Apache-2.0 */
/* Text of values, and values of text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "make.h"
#include "millrace/time.h"
#include "millrace/uuid.h"

static int text(struct making *m, MR_UNUSED const struct call *call,
                const struct mr_datum *const *args, struct mr_datum *ret)
{
    char out[MR_TIME_MAX + MR_DECIMAL_MAX];
    const struct mr_datum *from = args[0];
    struct mr_decimal value;
    size_t len;

    if (!from)
        return MR_ABSENT;
    if (from->node->type == MR_AVRO_STRING) {
        ret->bytes = from->bytes;
        return 0;
    }
    if (from->node->type == MR_AVRO_ENUM) {
        const char *symbol = from->node->symbols[from->whole];
        set_text(ret, symbol, strlen(symbol));
        return 0;
    }
    if (is_decimal(from->node)) {
        if (mr_datum_decimal(from, &value) != 0)
            return mr_error_set(m->reterr, MR_INVALID, "has more than 38 digits");
        len = mr_decimal_text(value, out);
    } else if (from->node->type == MR_AVRO_BOOLEAN) {
        len = (size_t)snprintf(out, sizeof(out), "%s", from->whole ? "true" : "false");
    } else if (from->node->logical == MR_LOGICAL_DATE) {
        len = mr_date_format(from->whole, out);
    } else if (from->node->logical == MR_LOGICAL_TIMESTAMP_MICROS) {
        len = mr_time_format_micros(from->whole, out);
    } else {
        len = (size_t)snprintf(out, sizeof(out), "%" PRId64, from->whole);
    }
    return keep_text(m, ret, out, len);
}

static const char *check_text(const struct call *call)
{
    const struct mr_schema_node *from = call->types[0];
    bool good = is_text(from) || from->type == MR_AVRO_ENUM || is_decimal(from) ||
                from->type == MR_AVRO_BOOLEAN || is_whole(from) ||
                from->logical == MR_LOGICAL_DATE || from->logical == MR_LOGICAL_TIMESTAMP_MICROS;

    if (!good)
        return "takes a string, an enum, a boolean, a whole number, a decimal, a date or a "
               "timestamp-micros";
    return is_plain(call->type, MR_AVRO_STRING) ? NULL : "gives a string";
}

static int parse(struct making *m, const struct call *call, const struct mr_datum *const *args,
                 struct mr_datum *ret)
{
    const struct mr_schema_node *type = call->type;
    struct mr_decimal value;
    int32_t days;

    if (!args[0])
        return MR_ABSENT;
    struct mr_str from = text_of(args[0]);
    if (type->logical == MR_LOGICAL_UUID) {
        ret->bytes = args[0]->bytes; /* looked at when it is written */
        return 0;
    }
    if (type->type == MR_AVRO_ENUM) {
        ret->whole = mr_schema_symbol_find(type, from);
        return ret->whole >= 0
                   ? 0
                   : mr_error_set(m->reterr, MR_INVALID, "is no symbol of %s", type->name);
    }
    if (type->type == MR_AVRO_BOOLEAN) {
        ret->whole = mr_str_is(from, "true");
        return ret->whole || mr_str_is(from, "false")
                   ? 0
                   : mr_error_set(m->reterr, MR_INVALID, "must be true or false");
    }
    if (type->logical == MR_LOGICAL_DATE) {
        int r = mr_date_parse(from, &days);
        ret->whole = days;
        return r == 0 ? 0 : mr_error_set(m->reterr, r, "must be a date such as 2024-02-29");
    }
    if (type->logical == MR_LOGICAL_TIMESTAMP_MICROS)
        return mr_time_parse_micros(from, &ret->whole) == 0
                   ? 0
                   : mr_error_set(m->reterr, MR_INVALID,
                                  "must be an RFC 3339 date-time with its zone");
    if (mr_decimal_parse(from, &value) != 0)
        return mr_error_set(m->reterr, MR_INVALID, "must be a number of at most 38 digits");
    return number_into(m, value, ROUND_NEVER, type, ret);
}

static const char *check_parse(const struct call *call)
{
    const struct mr_schema_node *to = call->type;
    bool good = to->logical == MR_LOGICAL_UUID || to->type == MR_AVRO_ENUM ||
                to->type == MR_AVRO_BOOLEAN || to->logical == MR_LOGICAL_DATE ||
                to->logical == MR_LOGICAL_TIMESTAMP_MICROS || is_whole(to) || is_decimal(to);

    if (!is_text(call->types[0]))
        return "takes a string";
    return good && to->type != MR_AVRO_FIXED
               ? NULL
               : "gives a uuid, an enum, a boolean, a whole number, a decimal, a date or a "
                 "timestamp-micros";
}

static int uuid_from_text(struct making *m, MR_UNUSED const struct call *call,
                          const struct mr_datum *const *args, struct mr_datum *ret)
{
    struct mr_uuid uuid;
    char out[MR_UUID_TEXT];

    if (!args[0])
        return MR_ABSENT;
    mr_uuid_v5(&mr_uuid_space, args[0]->bytes.data, args[0]->bytes.len, &uuid);
    mr_uuid_format(&uuid, out);
    return keep_text(m, ret, out, sizeof(out));
}

static const char *check_uuid(const struct call *call)
{
    if (!is_text(call->types[0]))
        return "takes a string";
    return is_text(call->type) ? NULL : "gives a uuid or a string";
}

const struct function functions_value[] = {
    {"text", "any value as text, as in JSON", 1, 1, 0, 0, false, check_text, text},
    {"parse", "a text as the value that it says", 1, 1, 0, 0, false, check_parse, parse},
    {"uuid-from-text", "a UUIDv5 of the text: the same text, the same id", 1, 1, 0, 0, false,
     check_uuid, uuid_from_text},
    {.name = NULL},
};
