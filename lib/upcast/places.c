/* SPDX-License-Identifier: Apache-2.0 */
/* The places of a schema, each once: a record that contains itself is one place where it is met
 * again. */
#include "places.h"

#include <errno.h>
#include <string.h>

#include "millrace/status.h"
#include "millrace/upcast.h"

const struct mr_schema_node *without_null(const struct mr_schema_node *node,
                                          const struct mr_schema_node **ret_null)
{
    *ret_null = NULL;
    if (node->type != MR_AVRO_UNION)
        return node;
    for (size_t i = 0; i < node->n_branches; i++)
        if (node->branches[i]->type == MR_AVRO_NULL)
            *ret_null = node->branches[i];
    if (node->n_branches != 2 || !*ret_null)
        return node;
    return node->branches[node->branches[0] == *ret_null];
}

struct above {
    const struct mr_schema_node *record;
    const struct above *outer;
};

static bool is_within(const struct above *above, const struct mr_schema_node *record)
{
    for (; above; above = above->outer)
        if (above->record == record)
            return true;
    return false;
}

static int add(struct places *places, const struct place *place, const struct mr_schema_node *node,
               const struct above *above, struct mr_arena *arena);

static const char *child_path(const char *parent, const char *name, struct mr_arena *arena)
{
    return *parent ? mr_arena_printf(arena, "%s.%s", parent, name)
                   : mr_arena_dup(arena, name, strlen(name));
}

static int add_children(struct places *places, int index, const struct above *above,
                        struct mr_arena *arena)
{
    const struct mr_schema_node *type = places->items[index].type;
    const char *path = places->items[index].path;
    struct above here = {type, above};
    int r = 0;

    if (type->type == MR_AVRO_ARRAY || type->type == MR_AVRO_MAP) {
        struct place item = {
            .path = mr_arena_printf(arena, "%s%s", path, type->type == MR_AVRO_MAP ? "{}" : "[]"),
            .parent = index,
            .anchor = (int)places->n,
        };
        return item.path ? add(places, &item, type->items, above, arena) : -ENOMEM;
    }
    for (size_t i = 0; r == 0 && i < type->n_fields; i++) {
        struct place field = {
            .path = child_path(path, type->fields[i].name, arena),
            .parent = index,
            .anchor = places->items[index].anchor,
            .field = (uint32_t)i,
        };
        r = field.path ? add(places, &field, type->fields[i].type, &here, arena) : -ENOMEM;
    }
    return r;
}

static int add(struct places *places, const struct place *from, const struct mr_schema_node *node,
               const struct above *above, struct mr_arena *arena)
{
    const struct mr_schema_node *null;
    struct place place = *from;

    if (places->n == MR_UPCAST_MAX_FIELDS)
        return MR_FULL;
    if (places->n == places->cap) {
        size_t cap = places->cap ? places->cap * 2 : 64;
        struct place *grown = mr_arena_array(arena, cap, sizeof(*grown));
        const char **paths = mr_arena_array(arena, cap, sizeof(*paths));
        if (!grown || !paths)
            return -ENOMEM;
        for (size_t i = 0; i < places->n; i++) {
            grown[i] = places->items[i];
            paths[i] = places->paths[i];
        }
        places->items = grown;
        places->paths = paths;
        places->cap = cap;
    }
    place.type = without_null(node, &null);
    place.nullable = null != NULL;
    bool record = place.type->type == MR_AVRO_RECORD;
    bool again = record && is_within(above, place.type);
    place.leaf = again || !(record || place.type->items) || (record && place.type->n_fields == 0);
    places->paths[places->n] = place.path;
    places->items[places->n++] = place;
    return place.leaf ? 0 : add_children(places, (int)places->n - 1, above, arena);
}

int places_find_all(struct places *places, const struct mr_schema_node *root,
                    struct mr_arena *arena)
{
    struct place top = {.path = "", .parent = PLACE_NONE, .anchor = PLACE_ROOT};

    *places = (struct places){0};
    return add(places, &top, root, NULL, arena);
}

bool places_absent(const struct places *places, int place)
{
    int anchor = places->items[place].anchor;

    for (;; place = places->items[place].parent) {
        if (places->items[place].nullable && !places->items[place].known)
            return true;
        if (place == anchor)
            return false;
    }
}

int places_find(const struct places *places, const char *path)
{
    for (size_t i = 1; i < places->n; i++)
        if (strcmp(places->items[i].path, path) == 0)
            return (int)i;
    return PLACE_NONE;
}

int places_child(const struct places *places, int parent, const char *field)
{
    const struct mr_schema_node *type = places->items[parent].type;

    if (type->type != MR_AVRO_RECORD)
        return PLACE_NONE;
    for (size_t i = (size_t)parent + 1; i < places->n; i++)
        if (places->items[i].parent == parent &&
            strcmp(type->fields[places->items[i].field].name, field) == 0)
            return (int)i;
    return PLACE_NONE;
}

int places_item(const struct places *places, int parent)
{
    size_t next = (size_t)parent + 1;

    return next < places->n && places->items[next].parent == parent &&
                   places->items[parent].type->items
               ? (int)next
               : PLACE_NONE;
}

static bool is_below(const struct places *places, int place, int above)
{
    while (place > above)
        place = places->items[place].parent;
    return place == above;
}

void places_use(struct places *places, int place)
{
    for (size_t i = (size_t)place; i < places->n && is_below(places, (int)i, place); i++)
        places->items[i].used = true;
}

static void drop(struct places *places, const struct mapping_path *path, struct mr_arena *arena,
                 struct mistakes *mistakes)
{
    int place = places_find(places, path->path);
    const char *used = NULL;

    if (place == PLACE_NONE) {
        mistake(mistakes, path->at, "the old version has no '%.200s' to drop%s", path->path,
                mistake_hint(mistakes, arena, path->path, places->paths, places->n));
        return;
    }
    if (places->items[place].dropped)
        mistake(mistakes, path->at, "'%.200s' is dropped already", path->path);
    for (size_t i = (size_t)place; i < places->n && is_below(places, (int)i, place); i++) {
        struct place *p = &places->items[i];
        if (p->leaf && p->used && !used)
            used = p->path;
        p->dropped = true;
    }
    if (used)
        mistake(mistakes, path->at, "'%.200s' is dropped here, and '%.200s' is used above",
                path->path, used);
}

void places_judge(struct places *places, const struct mapping *mapping, struct mr_arena *arena,
                  struct mistakes *mistakes)
{
    for (size_t i = 0; i < mapping->n_drops; i++)
        drop(places, &mapping->drops[i], arena, mistakes);
    for (size_t i = 0; i < places->n; i++) {
        const struct place *place = &places->items[i];
        if (place->leaf && !place->used && !place->dropped)
            mistake(mistakes, (struct spot){1, 1},
                    "'%.200s' of the old version is neither used nor dropped: name it under 'drop' "
                    "if nobody needs it",
                    place->path);
    }
}
