/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: letters, parts, cases, text of other values and other values of text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "make.h"
#include "millrace/time.h"
#include "millrace/uuid.h"

static int keep_text(struct making *m, struct mr_datum *ret, const char *data, size_t len)
{
    void *copy;
    int r = make_memory(m, len, 1, &copy);

    if (r != 0)
        return r;
    memcpy(copy, data, len);
    set_text(ret, copy, len);
    return 0;
}

/* ---- letters ---- */

static int lower(struct making *m, const struct call *call, const struct mr_datum *const *args,
                 struct mr_datum *ret)
{
    bool up = strcmp(call->function->name, "upper") == 0;

    if (!args[0])
        return MR_ABSENT;
    struct mr_str text = text_of(args[0]);
    int r = keep_text(m, ret, text.data, text.len);
    char *to = r == 0 ? (char *)(uintptr_t)ret->bytes.data : NULL;
    for (size_t i = 0; to && i < text.len; i++)
        if (to[i] >= (up ? 'a' : 'A') && to[i] <= (up ? 'z' : 'Z'))
            to[i] ^= 0x20;
    return r;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int trim(MR_UNUSED struct making *m, MR_UNUSED const struct call *call,
                const struct mr_datum *const *args, struct mr_datum *ret)
{
    if (!args[0])
        return MR_ABSENT;
    struct mr_str text = text_of(args[0]);
    for (; text.len > 0 && is_blank(text.data[0]); text.len--)
        text.data++;
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    set_text(ret, text.data, text.len);
    return 0;
}

/* ---- parts ---- */

static const char *find(struct mr_str text, struct mr_str what)
{
    return text.len < what.len ? NULL : memmem(text.data, text.len, what.data, what.len);
}

static struct mr_str behind(struct mr_str text, const char *at, struct mr_str by)
{
    const char *next = at + by.len;

    return (struct mr_str){next, text.len - (size_t)(next - text.data)};
}

static struct mr_str last_part(struct mr_str text, struct mr_str by)
{
    const char *at;

    while ((at = find(text, by)))
        text = behind(text, at, by);
    return text;
}

/* Part n counts from 1; rest: all behind the first separator. */
static int split(MR_UNUSED struct making *m, const struct call *call,
                 const struct mr_datum *const *args, struct mr_datum *ret)
{
    int64_t passed = call->part == PART_REST ? 1 : call->part - 1;
    const char *at;

    if (!args[0])
        return MR_ABSENT;
    struct mr_str text = text_of(args[0]);
    if (call->part == PART_LAST)
        text = last_part(text, call->by);
    for (int64_t i = 0; i < passed; i++) {
        if (!(at = find(text, call->by)))
            return MR_ABSENT;
        text = behind(text, at, call->by);
    }
    if (call->part > 0 && (at = find(text, call->by)))
        text.len = (size_t)(at - text.data);
    set_text(ret, text.data, text.len);
    return 0;
}

static int join(struct making *m, const struct call *call, const struct mr_datum *const *args,
                struct mr_datum *ret)
{
    size_t len = 0, n = 0;
    void *text;

    for (size_t i = 0; i < call->n; i++)
        if (args[i])
            len += args[i]->bytes.len + (n++ ? call->by.len : 0);
    if (n == 0)
        return MR_ABSENT;
    int r = make_memory(m, len, 1, &text);
    if (r != 0)
        return r;
    char *to = text;
    bool first = true;
    for (size_t i = 0; i < call->n; i++) {
        if (!args[i])
            continue;
        if (!first && call->by.len > 0)
            to = (char *)mempcpy(to, call->by.data, call->by.len);
        if (args[i]->bytes.len > 0)
            to = (char *)mempcpy(to, args[i]->bytes.data, args[i]->bytes.len);
        first = false;
    }
    set_text(ret, text, len);
    return 0;
}

static const char *check_texts(const struct call *call)
{
    for (size_t i = 0; i < call->n; i++)
        if (!is_text(call->types[i]))
            return "takes strings";
    return is_plain(call->type, MR_AVRO_STRING) ? NULL : "gives a string";
}

/* ---- cases ---- */

static const char *check_map(const struct call *call)
{
    const struct mr_schema_node *from = call->types[0];

    if (from->type != MR_AVRO_ENUM && !is_text(from) && !is_whole(from) &&
        from->type != MR_AVRO_BOOLEAN)
        return "takes an enum, a string, an int, a long or a boolean";
    for (size_t i = 0; i < from->n_symbols && !call->others; i++) {
        bool found = false;
        for (size_t k = 0; k < call->n_cases; k++)
            found |= call->cases[k].whole == (int64_t)i;
        if (!found)
            return "must have a case for each symbol of the old enum, or 'others'";
    }
    return NULL;
}

static int map(struct making *m, const struct call *call, const struct mr_datum *const *args,
               struct mr_datum *ret)
{
    if (!args[0])
        return MR_ABSENT;
    for (size_t i = 0; i < call->n_cases; i++) {
        const struct call_case *c = &call->cases[i];
        if (is_text(args[0]->node) ? mr_str_eq(c->text, text_of(args[0]))
                                   : c->whole == args[0]->whole) {
            *ret = c->to;
            return 0;
        }
    }
    if (!call->others)
        return mr_error_set(m->reterr, MR_INVALID, "no case of the mapping has this value");
    *ret = *call->others;
    return 0;
}

/* ---- text of values ---- */

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

/* ---- values of text ---- */

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

const struct function functions_text[] = {
    {"lower", "the letters A to Z as a to z", 1, 1, 0, 0, false, check_texts, lower},
    {"upper", "the letters a to z as A to Z", 1, 1, 0, 0, false, check_texts, lower},
    {"trim", "without blanks at both ends", 1, 1, 0, 0, false, check_texts, trim},
    {"split", "part: 1, 2, ..., last, or rest, between separators by:", 1, 1, 0,
     1 << PARAM_BY | 1 << PARAM_PART, false, check_texts, split},
    {"join", "several strings with by: between them; null is left out", 1, 16, 0, 1 << PARAM_BY,
     false, check_texts, join},
    {"map", "one value for each of cases:, else others:", 1, 1, 1 << PARAM_OTHERS, 1 << PARAM_CASES,
     false, check_map, map},
    {"text", "any value as text, as in JSON", 1, 1, 0, 0, false, check_text, text},
    {"parse", "a text as the value that it says", 1, 1, 0, 0, false, check_parse, parse},
    {"uuid-from-text", "a UUIDv5 of the text: the same text, the same id", 1, 1, 0, 0, false,
     check_uuid, uuid_from_text},
    {.name = NULL},
};
