/* SPDX-License-Identifier: Apache-2.0 */
/* Where a value is copied, and the new schema asks more of it than the old one did: such records
 * may be refused. Constraints are keywords of JSON Schema on fields and types. */
#include "notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"

enum { N_KEYWORDS = 12 };

/* +1: a larger one asks more; -1: a smaller one does; 0: any other one may. */
static const struct {
    const char *name;
    int asks_more;
} keywords[N_KEYWORDS] = {
    {"minimum", 1},   {"maximum", -1},   {"exclusiveMinimum", 1}, {"exclusiveMaximum", -1},
    {"minLength", 1}, {"maxLength", -1}, {"minItems", 1},         {"maxItems", -1},
    {"pattern", 0},   {"format", 0},     {"multipleOf", 0},       {"enum", 0},
};

struct found {
    struct mr_arena *arena;
    const char *values[N_KEYWORDS]; /* JSON */
    bool no_memory;
};

static void keep(void *self, const char *name, const char *json)
{
    struct found *found = self;

    for (size_t i = 0; i < N_KEYWORDS; i++) {
        if (strcmp(keywords[i].name, name) != 0)
            continue;
        found->values[i] = mr_arena_dup(found->arena, json, strlen(json));
        found->no_memory |= !found->values[i];
    }
}

static int find(const struct mr_schema_node *type, const struct json_t *field_props,
                struct mr_arena *arena, struct found *ret)
{
    *ret = (struct found){.arena = arena};
    int r = mr_schema_props_each(type->props, keep, ret);
    if (r == 0)
        r = mr_schema_props_each(field_props, keep, ret);
    return r == 0 && ret->no_memory ? -ENOMEM : r;
}

static bool asks_more(size_t keyword, const char *old, const char *new)
{
    int sign = keywords[keyword].asks_more;

    if (!new || (old && strcmp(old, new) == 0))
        return false;
    return !old || sign == 0 || strtod(new, NULL) * sign > strtod(old, NULL) * sign;
}

int notes_copy(struct mr_buf *notes, const char *file, struct spot at, const char *path,
               const struct noted *old, const struct noted *new, struct mr_arena *arena)
{
    struct found before, now;
    int r = find(old->type, old->props, arena, &before);

    if (r == 0)
        r = find(new->type, new->props, arena, &now);
    for (size_t i = 0; r == 0 && i < N_KEYWORDS; i++) {
        if (!asks_more(i, before.values[i], now.values[i]))
            continue;
        r = mr_buf_printf(notes, "%s:%u:%u: note: '%.200s' must have %s %.200s now, ", file,
                          at.line, at.column, path, keywords[i].name, now.values[i]);
        if (r == 0)
            r = before.values[i]
                    ? mr_buf_printf(notes, "and had %.200s: what breaks it is refused\n",
                                    before.values[i])
                    : mr_buf_printf(notes, "and had none: what breaks it is refused\n");
    }
    return r;
}
