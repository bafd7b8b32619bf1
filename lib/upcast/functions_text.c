/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: letters, parts, cases. */
#include <string.h>

#include "make.h"

int keep_text(struct making *m, struct mr_datum *ret, const char *data, size_t len)
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

static int trim(MR_UNUSED struct making *m, MR_UNUSED const struct call *call,
                const struct mr_datum *const *args, struct mr_datum *ret)
{
    if (!args[0])
        return MR_ABSENT;
    struct mr_str text = mr_str_trim(text_of(args[0]));
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
    {.name = NULL},
};
