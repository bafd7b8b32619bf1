/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as the list of its values, for those who name fields by path. */
#include <errno.h>

#include "millrace/arena.h"
#include "millrace/schema.h"

struct walk {
    struct mr_arena *arena;
    struct mr_schema_leaf *leaves;
    size_t n, depth;
    int r;
};

static void add(struct walk *walk, const char *path, const struct mr_schema_node *node,
                bool optional);

/* The one branch beside null; NULL when there are more. */
static const struct mr_schema_node *beside_null(const struct mr_schema_node *node)
{
    if (node->n_branches != 2)
        return NULL;
    if (node->branches[0]->type == MR_AVRO_NULL)
        return node->branches[1];
    return node->branches[1]->type == MR_AVRO_NULL ? node->branches[0] : NULL;
}

static void add_fields(struct walk *walk, const char *path, const struct mr_schema_node *record,
                       bool optional)
{
    walk->depth++;
    for (size_t i = 0; i < record->n_fields && walk->r == 0; i++) {
        const struct mr_schema_field *field = &record->fields[i];
        const char *name =
            mr_arena_printf(walk->arena, "%s%s%s", path, *path ? "." : "", field->name);
        if (name)
            add(walk, name, field->type, optional);
        else
            walk->r = -ENOMEM;
    }
    walk->depth--;
}

static void add_items(struct walk *walk, const char *path, const struct mr_schema_node *array)
{
    const char *name = mr_arena_printf(walk->arena, "%s[]", path);

    walk->depth++;
    if (name)
        add(walk, name, array->items, true);
    else
        walk->r = -ENOMEM;
    walk->depth--;
}

static void add(struct walk *walk, const char *path, const struct mr_schema_node *node,
                bool optional)
{
    if (node->type == MR_AVRO_UNION && beside_null(node)) {
        node = beside_null(node);
        optional = true;
    }
    if (walk->depth < MR_SCHEMA_MAX_DEPTH && node->type == MR_AVRO_RECORD)
        add_fields(walk, path, node, optional);
    else if (walk->depth < MR_SCHEMA_MAX_DEPTH && node->type == MR_AVRO_ARRAY)
        add_items(walk, path, node);
    else if (walk->n == MR_SCHEMA_MAX_LEAVES)
        walk->r = MR_FULL;
    else
        walk->leaves[walk->n++] = (struct mr_schema_leaf){
            path, node, optional || node->type == MR_AVRO_MAP || node->type == MR_AVRO_NULL};
}

int mr_schema_leaves(const struct mr_schema *schema, struct mr_arena *arena,
                     const struct mr_schema_leaf **ret_leaves, size_t *ret_n)
{
    struct walk walk = {.arena = arena};

    walk.leaves = mr_arena_array(arena, MR_SCHEMA_MAX_LEAVES, sizeof(*walk.leaves));
    if (!walk.leaves)
        return -ENOMEM;
    add(&walk, "", mr_schema_root(schema), false);
    *ret_leaves = walk.leaves;
    *ret_n = walk.n;
    return walk.r;
}
