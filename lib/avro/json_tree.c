/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259 into a tree with positions. */
#include "json_tree.h"

#include <errno.h>
#include <string.h>

#include "json_tree_scan.h"

enum { INDEX_FROM = 8 /* objects with more members than this get a table */ };

static int value(struct mr_jscan *s, struct mr_jnode *parent, struct mr_jnode **ret_node);

static void append(struct mr_jnode *parent, struct mr_jnode *child)
{
    child->index = parent->n++;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static int index_members(struct mr_jscan *s, struct mr_jnode *object)
{
    object->members = mr_arena_alloc(s->arena, sizeof(*object->members));
    if (!object->members)
        return -ENOMEM;
    for (struct mr_jnode *m = object->first; m; m = m->next) {
        int r = mr_str_map_add(object->members, s->arena, m->key, m);
        if (r != 0)
            return r;
    }
    return 0;
}

static struct mr_jnode *find(const struct mr_jnode *object, struct mr_str key)
{
    if (object->members)
        return mr_str_map_get(object->members, key);
    for (struct mr_jnode *m = object->first; m; m = m->next)
        if (mr_str_eq(m->key, key))
            return m;
    return NULL;
}

/* Like Java's map: the first occurrence keeps its place, the last one gives the value. */
static void replace(struct mr_jnode *old, const struct mr_jnode *new)
{
    struct mr_jnode keep = *old;

    *old = *new;
    old->index = keep.index;
    old->next = keep.next;
    old->key = keep.key;
    for (struct mr_jnode *c = old->first; c; c = c->next)
        c->parent = old;
}

static int member(struct mr_jscan *s, struct mr_jnode *object)
{
    struct mr_jnode *node;
    struct mr_str key;
    const char *from = s->at;

    if (s->at >= s->end || *s->at != '"')
        return MR_JSCAN_FAIL(s, s->at, "expected a member name in double quotes");
    int r = mr_jscan_string(s, &key);
    if (r != 0)
        return r;
    if (memchr(key.data, 0, key.len))
        return MR_JSCAN_FAIL(s, from, "a member name must not contain NUL");
    struct mr_jnode *old = find(object, key);
    if (old && !s->limits->like_java)
        return MR_JSCAN_FAIL(s, from, "the member \"%.*s\" is here twice", MR_STR_ARG(key));
    r = mr_jscan_space(s);
    if (r != 0)
        return r;
    if (s->at >= s->end || *s->at != ':')
        return MR_JSCAN_FAIL(s, s->at, "expected ':' after the member name");
    s->at++;
    r = value(s, object, &node);
    if (r != 0)
        return r;
    node->key = key;
    if (old) {
        replace(old, node);
        return 0;
    }
    append(object, node);
    if (object->members)
        return mr_str_map_add(object->members, s->arena, key, node);
    return object->n > INDEX_FROM ? index_members(s, object) : 0;
}

static int element(struct mr_jscan *s, struct mr_jnode *array)
{
    struct mr_jnode *node;
    int r = value(s, array, &node);

    if (r == 0)
        append(array, node);
    return r;
}

static int container(struct mr_jscan *s, struct mr_jnode *node)
{
    bool object = *s->at == '{';
    char close = object ? '}' : ']';
    const char *from = s->at++;

    node->kind = object ? MR_J_OBJECT : MR_J_ARRAY;
    if (++s->depth > s->limits->max_depth)
        return MR_JSCAN_FAIL(s, from, "more than %zu levels of brackets", s->limits->max_depth);
    int r = mr_jscan_space(s);
    if (r == 0 && s->at < s->end && *s->at == close) {
        s->at++;
        s->depth--;
        return 0;
    }
    while (r == 0) {
        r = object ? member(s, node) : element(s, node);
        if (r == 0)
            r = mr_jscan_space(s);
        if (r != 0)
            return r;
        if (s->at >= s->end)
            return MR_JSCAN_FAIL(s, from, "the %s that begins here does not end",
                                 object ? "object" : "array");
        char c = *s->at++;
        if (c == close)
            break;
        if (c != ',')
            return MR_JSCAN_FAIL(s, s->at - 1, "expected ',' or '%c'", close);
        r = mr_jscan_space(s);
    }
    s->depth--;
    return r;
}

static int value(struct mr_jscan *s, struct mr_jnode *parent, struct mr_jnode **ret_node)
{
    int r = mr_jscan_space(s);

    if (r != 0)
        return r;
    if (s->at >= s->end)
        return MR_JSCAN_FAIL(s, s->at, "the text ends where a JSON value is expected");
    if (++s->n_values > s->limits->max_values)
        return MR_JSCAN_FAIL(s, s->at, "more than %zu JSON values", s->limits->max_values);
    struct mr_jnode *node = mr_arena_alloc(s->arena, sizeof(*node));
    if (!node)
        return -ENOMEM;
    node->parent = parent;
    node->offset = (uint32_t)(s->at - s->begin);
    char c = *s->at;
    if (c == '{' || c == '[')
        r = container(s, node);
    else if (c == '"')
        r = (node->kind = MR_J_STRING, mr_jscan_string(s, &node->text));
    else if (c == '-' || (c >= '0' && c <= '9'))
        r = mr_jscan_number(s, node);
    else
        r = mr_jscan_word(s, node);
    node->end = (uint32_t)(s->at - s->begin);
    *ret_node = node;
    return r;
}

int mr_jtree_parse(struct mr_arena *arena, const char *text, size_t len,
                   const struct mr_jlimits *limits, struct mr_jnode **ret_root,
                   struct mr_error *reterr)
{
    struct mr_jscan s = {.arena = arena,
                         .begin = text,
                         .at = text,
                         .end = text + len,
                         .limits = limits,
                         .reterr = reterr};
    int r = value(&s, NULL, ret_root);

    if (r == 0)
        r = mr_jscan_space(&s);
    if (r == 0 && s.at < s.end)
        r = MR_JSCAN_FAIL(&s, s.at, "text after the end of the JSON value");
    return r;
}

const struct mr_jnode *mr_jtree_find(const struct mr_jnode *node, struct mr_str key)
{
    return node && node->kind == MR_J_OBJECT ? find(node, key) : NULL;
}

const struct mr_jnode *mr_jtree_get(const struct mr_jnode *node, const char *key)
{
    return mr_jtree_find(node, mr_str_from(key));
}
