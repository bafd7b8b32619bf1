/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a schema's types that writes its text. */
#include "schema_walk.h"

#include <errno.h>
#include <stdlib.h>

static int named(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    if (walk->known[node->index])
        return walk->form->again(walk, node);
    walk->known[node->index] = true;
    return walk->form->named(walk, node);
}

static int write_union(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    int r = mr_buf_byte(walk->out, '[');

    for (size_t i = 0; r == 0 && i < node->n_branches; i++) {
        r = i ? mr_buf_byte(walk->out, ',') : 0;
        if (r == 0)
            r = mr_schema_walk_type(walk, node->branches[i]);
    }
    return r == 0 ? mr_buf_byte(walk->out, ']') : r;
}

int mr_schema_walk_type(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    const char *word = mr_avro_type_name(node->type);

    if (node->fullname)
        return named(walk, node);
    if (node->type == MR_AVRO_UNION)
        return write_union(walk, node);
    if (walk->form->words && !node->items && !node->props)
        return mr_buf_printf(walk->out, "\"%s\"", word);
    int r = mr_buf_printf(walk->out, "{\"type\":\"%s\"", word);
    if (r == 0 && node->items)
        r = mr_buf_printf(walk->out, ",\"%s\":", node->type == MR_AVRO_ARRAY ? "items" : "values");
    if (r == 0 && node->items)
        r = mr_schema_walk_type(walk, node->items);
    if (r == 0)
        r = walk->form->rest(walk, node);
    return r == 0 ? mr_buf_byte(walk->out, '}') : r;
}

int mr_schema_walk_all(struct mr_schema_walk *walk, const struct mr_schema *schema, bool inlined)
{
    walk->known = calloc(schema->n_nodes, sizeof(bool));
    if (!walk->known)
        return -ENOMEM;
    for (size_t i = 0; i < schema->n_nodes; i++)
        walk->known[i] = schema->nodes[i]->reference && !inlined;
    int r = mr_schema_walk_type(walk, schema->root);
    free(walk->known);
    walk->known = NULL;
    return r;
}
