/* SPDX-License-Identifier: Apache-2.0 */
/* One of several, several to a list, what a list holds. */
#include <errno.h>

#include "make.h"

static const char *check_copies(const struct call *call)
{
    const char *why = NULL;

    for (size_t i = 0; i < call->n && !why; i++)
        why = convert_trouble(call->types[i], call->type);
    return why ? "gives what all its sources can be copied to without loss" : NULL;
}

static int first_of(struct making *m, const struct call *call, const struct mr_datum *const *args,
                    struct mr_datum *ret)
{
    for (size_t i = 0; i < call->n; i++)
        if (args[i])
            return convert(m, args[i], call->type, ret);
    return MR_ABSENT;
}

static const char *check_list(const struct call *call)
{
    const char *why = NULL;

    if (call->type->type != MR_AVRO_ARRAY)
        return "gives an array";
    for (size_t i = 0; i < call->n && !why; i++)
        why = convert_trouble(call->types[i], call->type->items);
    return why ? "gives an array of what its sources can be copied to without loss" : NULL;
}

static int list(struct making *m, const struct call *call, const struct mr_datum *const *args,
                struct mr_datum *ret)
{
    void *items;
    int r = make_memory(m, call->n, sizeof(struct mr_datum), &items);

    ret->items = items;
    for (size_t i = 0; r == 0 && i < call->n; i++)
        if (args[i])
            r = convert(m, args[i], call->type->items, &ret->items[ret->n++]);
    return r;
}

static const char *check_item(const struct call *call)
{
    if (call->types[0]->type != MR_AVRO_ARRAY)
        return "takes an array";
    const struct mr_schema_node *null, *item = without_null(call->types[0]->items, &null);
    return convert_trouble(item, call->type) ? "gives what an item can be copied to without loss"
                                             : NULL;
}

static int item(struct making *m, const struct call *call, const struct mr_datum *const *args,
                struct mr_datum *ret)
{
    if (!args[0])
        return MR_ABSENT;
    size_t at = call->part == PART_LAST ? args[0]->n - 1 : (size_t)call->part - 1;
    if (at >= args[0]->n || args[0]->items[at].node->type == MR_AVRO_NULL)
        return MR_ABSENT;
    return convert(m, &args[0]->items[at], call->type, ret);
}

static const char *check_count(const struct call *call)
{
    if (call->types[0]->type != MR_AVRO_ARRAY && call->types[0]->type != MR_AVRO_MAP)
        return "takes an array or a map";
    return is_whole(call->type) ? NULL : "gives an int or a long";
}

static int count(struct making *m, const struct call *call, const struct mr_datum *const *args,
                 struct mr_datum *ret)
{
    if (!args[0])
        return MR_ABSENT;
    return number_into(m, (struct mr_decimal){(mr_int128)args[0]->n, 0}, ROUND_NEVER, call->type,
                       ret);
}

static const char *check_present(const struct call *call)
{
    return is_plain(call->type, MR_AVRO_BOOLEAN) ? NULL : "gives a boolean";
}

static int present(MR_UNUSED struct making *m, MR_UNUSED const struct call *call,
                   const struct mr_datum *const *args, struct mr_datum *ret)
{
    ret->whole = args[0] != NULL;
    return 0;
}

const struct function functions_list[] = {
    {"first-of", "the first of several that is not null", 1, 16, 0, 0, false, check_copies,
     first_of},
    {"list", "several values as an array; null is left out", 1, 16, 0, 0, false, check_list, list},
    {"item", "one item of an array: part: 1, 2, ... or last", 1, 1, 0, 1 << PARAM_PART, false,
     check_item, item},
    {"count", "how many items an array or map has", 1, 1, 0, 0, true, check_count, count},
    {"present", "whether an optional field has a value", 1, 1, 0, 0, true, check_present, present},
    {.name = NULL},
};
