/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a JSON tree: place, kind, integer, a jansson copy. */
#include <errno.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_tree.h"

void mr_jtree_where(const struct mr_jnode *node, struct mr_error *error)
{
    if (!error)
        return;
    error->where[0] = '\0';
    for (; node && node->parent; node = node->parent) {
        if (node->parent->kind == MR_J_OBJECT)
            mr_error_at(error, node->key.data, node->key.len);
        else
            mr_error_at_index(error, node->index);
    }
}

const char *mr_jtree_kind(const struct mr_jnode *node)
{
    static const char *const kinds[] = {"null",     "a boolean", "a boolean", "a number",
                                        "a string", "an array",  "an object"};

    return node ? kinds[node->kind] : "nothing";
}

bool mr_jtree_integral(const struct mr_jnode *node)
{
    if (node->kind != MR_J_NUMBER)
        return false;
    for (size_t i = 0; i < node->text.len; i++)
        if (strchr(".eE", node->text.data[i]))
            return false;
    return true;
}

bool mr_jtree_long(const struct mr_jnode *node, int64_t *ret_value)
{
    char copy[24];

    if (!mr_jtree_integral(node) || node->text.len >= sizeof(copy))
        return false;
    memcpy(copy, node->text.data, node->text.len);
    copy[node->text.len] = '\0';
    errno = 0;
    *ret_value = strtoll(copy, NULL, 10);
    return errno == 0;
}

double mr_jtree_double(const struct mr_jnode *node)
{
    char copy[MR_J_MAX_NUMBER + 1];

    memcpy(copy, node->text.data, node->text.len);
    copy[node->text.len] = '\0';
    return strtod(copy, NULL);
}

static json_t *number(const struct mr_jnode *node)
{
    int64_t integer;

    if (mr_jtree_long(node, &integer))
        return json_integer(integer);
    double d = mr_jtree_double(node);
    return json_real(isfinite(d) ? d : copysign(DBL_MAX, d));
}

static json_t *container(const struct mr_jnode *node)
{
    json_t *json = node->kind == MR_J_ARRAY ? json_array() : json_object();

    for (const struct mr_jnode *c = node->first; json && c; c = c->next) {
        json_t *child = mr_jtree_to_jansson(c); /* NULL makes the next call fail */
        int failed = node->kind == MR_J_ARRAY
                         ? json_array_append_new(json, child)
                         : json_object_setn_new_nocheck(json, c->key.data, c->key.len, child);
        if (failed) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

json_t *mr_jtree_to_jansson(const struct mr_jnode *node)
{
    switch (node->kind) {
    case MR_J_NULL:
        return json_null();
    case MR_J_FALSE:
        return json_false();
    case MR_J_TRUE:
        return json_true();
    case MR_J_NUMBER:
        return number(node);
    case MR_J_STRING:
        return json_stringn_nocheck(node->text.data, node->text.len);
    case MR_J_ARRAY:
    case MR_J_OBJECT:
        break;
    }
    return container(node);
}
