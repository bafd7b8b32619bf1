/* SPDX-License-Identifier: Apache-2.0 */
/* What can be judged only when every name is known: unions, default values, how deep types nest,
 * and whether a record has a datum at all. */
#include <errno.h>
#include <stdio.h>

#include "schema_model.h"

/* Branches are told apart by type, named ones by their full name. */
static int check_union(struct mr_sparser *p, struct mr_snode *node)
{
    const struct mr_schema_node *pub = &node->pub;
    const struct mr_jnode *at = node->source->first;
    struct mr_str_map seen = {0};

    if (pub->type != MR_AVRO_UNION)
        return 0;
    for (size_t i = 0; i < pub->n_branches; i++, at = at->next) {
        const struct mr_schema_node *branch = pub->branches[i];
        const char *name = branch->fullname ? branch->fullname : mr_avro_type_name(branch->type);
        if (branch->type == MR_AVRO_UNION)
            return mr_sparser_fail(p, at,
                                   "a union must not contain a union: list its branches here");
        int r = mr_str_map_add(&seen, p->schema->arena, mr_str_from(name), mr_snode(branch));
        if (r == MR_FULL)
            return mr_sparser_fail(p, at,
                                   "the union has %s twice: of each unnamed type and of each "
                                   "name one branch is allowed",
                                   name);
        if (r != 0)
            return r;
    }
    return 0;
}

static int check_defaults(struct mr_sparser *p, struct mr_snode *node)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < node->pub.n_fields; i++)
        if (node->pub.fields[i].default_value)
            r = mr_sparser_check_default(p, &node->pub.fields[i]);
    return r;
}

static int too_deep(struct mr_sparser *p, const struct mr_snode *node)
{
    p->source = (struct mr_schema_source *)(uintptr_t)node->text;
    return mr_sparser_fail(p, node->source,
                           "more than %d types within types, when names used before their "
                           "definition are followed",
                           MR_SCHEMA_MAX_DEPTH);
}

static size_t n_inner(const struct mr_schema_node *node)
{
    return node->type == MR_AVRO_RECORD  ? node->n_fields
           : node->type == MR_AVRO_UNION ? node->n_branches
           : node->items                 ? 1
                                         : 0;
}

static const struct mr_schema_node *inner(const struct mr_schema_node *node, size_t i)
{
    return node->type == MR_AVRO_RECORD  ? node->fields[i].type
           : node->type == MR_AVRO_UNION ? node->branches[i]
                                         : node->items;
}

/* Everything that walks a schema visits each named type once, in this order: when this walk is
 * shallow enough, so are they. */
static int check_depth(struct mr_sparser *p, struct mr_snode *node, unsigned depth)
{
    int r = 0;

    if (node->walk == MR_S_DONE)
        return 0;
    node->walk = MR_S_DONE;
    if (depth == MR_SCHEMA_MAX_DEPTH)
        return too_deep(p, node);
    for (size_t i = 0; r == 0 && i < n_inner(&node->pub); i++)
        r = check_depth(p, mr_snode(inner(&node->pub, i)), depth + 1);
    return r;
}

/* A record is endless when a way through its fields' own records leads round in a circle: an edge
 * to a record that is still open closes one. */
static int mark_endless(struct mr_sparser *p, struct mr_snode *node, unsigned depth)
{
    struct mr_schema_node *pub = &node->pub;
    int r = 0;

    if (depth == MR_SCHEMA_MAX_CHAIN)
        return too_deep(p, node);
    node->walk = MR_S_OPEN;
    for (size_t i = 0; r == 0 && i < pub->n_fields; i++) {
        struct mr_snode *next = mr_snode(pub->fields[i].type);
        if (next->pub.type != MR_AVRO_RECORD)
            continue;
        if (next->walk == MR_S_NEW)
            r = mark_endless(p, next, depth + 1);
        pub->endless = pub->endless || next->walk == MR_S_OPEN || next->pub.endless;
    }
    node->walk = MR_S_DONE;
    return r;
}

static int for_all(struct mr_sparser *p, int (*check)(struct mr_sparser *, struct mr_snode *))
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->schema->n_nodes; i++) {
        struct mr_snode *node = p->schema->nodes[i];
        p->source = (struct mr_schema_source *)(uintptr_t)node->text;
        r = check(p, node);
    }
    return r;
}

static int depth_from(struct mr_sparser *p, struct mr_snode *node)
{
    return check_depth(p, node, 0);
}

static int fresh(struct mr_sparser *p, struct mr_snode *node)
{
    (void)p;
    node->walk = MR_S_NEW;
    return 0;
}

static int endless_from(struct mr_sparser *p, struct mr_snode *node)
{
    return node->walk == MR_S_NEW ? mark_endless(p, node, 0) : 0;
}

int mr_sparser_check(struct mr_sparser *p)
{
    struct mr_schema_source *own = p->source;
    int r = for_all(p, check_union);

    if (r == 0)
        r = check_depth(p, mr_snode(p->schema->root), 0);
    if (r == 0)
        r = for_all(p, depth_from);
    if (r == 0)
        r = for_all(p, fresh);
    if (r == 0)
        r = for_all(p, endless_from);
    if (r == 0 && p->options->check_defaults)
        r = for_all(p, check_defaults);
    p->source = own;
    return r;
}
