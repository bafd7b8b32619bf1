/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a second definition of a name says the same as the first: then Java Avro 1.12 takes it
 * for a reference. What counts is what counts there: names, fields, defaults, order and properties,
 * but neither doc nor aliases. */
#include <jansson.h>
#include <string.h>

#include "schema_model.h"

static bool same_json(const struct json_t *a, const struct json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

static bool equal(const struct mr_schema_node *a, const struct mr_schema_node *b, unsigned depth);

static bool same_fields(const struct mr_schema_node *a, const struct mr_schema_node *b,
                        unsigned depth)
{
    if (a->n_fields != b->n_fields)
        return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        const struct mr_schema_field *f = &a->fields[i], *g = &b->fields[i];
        if (strcmp(f->name, g->name) != 0 || strcmp(f->order, g->order) != 0 ||
            !same_json(f->default_value, g->default_value) || !same_json(f->props, g->props) ||
            !equal(f->type, g->type, depth))
            return false;
    }
    return true;
}

static bool same_symbols(const struct mr_schema_node *a, const struct mr_schema_node *b)
{
    if (a->n_symbols != b->n_symbols)
        return false;
    for (size_t i = 0; i < a->n_symbols; i++)
        if (strcmp(a->symbols[i], b->symbols[i]) != 0)
            return false;
    return true;
}

static bool same_branches(const struct mr_schema_node *a, const struct mr_schema_node *b,
                          unsigned depth)
{
    if (a->n_branches != b->n_branches)
        return false;
    for (size_t i = 0; i < a->n_branches; i++)
        if (!equal(a->branches[i], b->branches[i], depth))
            return false;
    return true;
}

/* What is not known yet (a name used before its definition) equals nothing. */
static bool equal(const struct mr_schema_node *a, const struct mr_schema_node *b, unsigned depth)
{
    if (!a || !b || depth == 0)
        return false;
    if (a == b)
        return true;
    if (a->type != b->type || a->fixed_size != b->fixed_size || !same_json(a->props, b->props))
        return false;
    if (a->fullname && strcmp(a->fullname, b->fullname) != 0)
        return false;
    if (a->items && !equal(a->items, b->items, depth - 1))
        return false;
    return same_symbols(a, b) && same_branches(a, b, depth - 1) && same_fields(a, b, depth - 1);
}

bool mr_schema_node_equal(const struct mr_schema_node *a, const struct mr_schema_node *b)
{
    return equal(a, b, MR_SCHEMA_MAX_CHAIN);
}
