/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a schema's JSON: which are Avro's own, and the others as properties. */
#include <errno.h>
#include <jansson.h>

#include "schema_model.h"

int mr_sparser_text(struct mr_sparser *p, const struct mr_jnode *json, const char *key,
                    const char **ret_text)
{
    const struct mr_jnode *member = mr_jtree_get(json, key);

    *ret_text = NULL;
    if (!member || member->kind != MR_J_STRING)
        return 0;
    *ret_text = mr_arena_dup(p->schema->arena, member->text.data, member->text.len);
    return *ret_text ? 0 : -ENOMEM;
}

static bool listed(struct mr_str key, const char *const *words)
{
    for (; *words; words++)
        if (mr_str_is(key, *words))
            return true;
    return false;
}

bool mr_schema_type_member(struct mr_str key)
{
    static const char *const own[] = {"doc",     "fields", "items", "name",    "namespace", "size",
                                      "symbols", "values", "type",  "aliases", NULL};

    return listed(key, own);
}

bool mr_schema_enum_member(struct mr_str key)
{
    return mr_schema_type_member(key) || mr_str_is(key, "default");
}

bool mr_schema_field_member(struct mr_str key)
{
    static const char *const own[] = {"default", "doc", "name", "order", "type", "aliases", NULL};

    return listed(key, own);
}

int mr_sparser_props(struct mr_sparser *p, const struct mr_jnode *json, bool (*own)(struct mr_str),
                     const struct json_t **ret_props)
{
    json_t *props = NULL;

    for (const struct mr_jnode *m = json->first; m; m = m->next) {
        if (own(m->key))
            continue;
        if (!props) {
            props = json_object();
            if (!props || json_array_append_new(p->schema->values, props) != 0)
                return -ENOMEM;
        }
        if (json_object_setn_new_nocheck(props, m->key.data, m->key.len, mr_jtree_to_jansson(m)) !=
            0)
            return -ENOMEM;
    }
    *ret_props = props;
    return 0;
}
