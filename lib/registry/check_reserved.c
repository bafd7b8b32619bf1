/* SPDX-License-Identifier: Apache-2.0 */
/* Names that a schema's metadata keeps for later or has given up ("confluent:reserved"): no field
 * may have one, and once reserved, always reserved. Asked for by validateFields of a configuration.
 */
#include <errno.h>
#include <string.h>

#include "core.h"
#include "json.h"

enum { MAX_MESSAGES = 50 /* of this check */ };

/* The names of "a, b" as members of an object, so that long lists are compared in one pass each.
 * NULL when memory ran out. */
static json_t *names_of(const struct content *content)
{
    const json_t *properties = content ? json_object_get(content->metadata, "properties") : NULL;
    struct mr_str list = json_str(json_object_get(properties, "confluent:reserved"));
    MR_AUTO(json) json_t *names = json_object();

    while (names && list.len > 0) {
        struct mr_str name = mr_str_trim(mr_str_part(&list, ','));
        if (name.len == 0 || memchr(name.data, 0, name.len))
            continue; /* no field has such a name */
        if (json_object_setn_new_nocheck(names, name.data, name.len, json_null()) != 0)
            return NULL;
    }
    return MR_MOVE(names);
}

/* Takes message, NULL when memory ran out. */
static int say_take(json_t *messages, json_t *message)
{
    if (message && json_array_size(messages) >= MAX_MESSAGES) {
        json_decref(message);
        return 0;
    }
    return json_array_append_new(messages, message) == 0 ? 0 : -ENOMEM;
}

int check_reserved(const struct canon *next, const struct content *last, json_t *messages)
{
    const struct mr_schema_node *root = next->schema ? mr_schema_root(next->schema) : NULL;
    MR_AUTO(json) json_t *now = names_of(next->content);
    MR_AUTO(json) json_t *before = names_of(last);
    const char *name;
    json_t *unused;
    int r = now && before ? 0 : -ENOMEM;

    json_object_foreach(before, name, unused)
    {
        if (r == 0 && !json_object_get(now, name))
            r = say_take(messages,
                         json_sprintf("reserved field %s removed: keep it in "
                                      "\"confluent:reserved\" of the metadata's properties",
                                      name));
    }
    json_object_foreach(now, name, unused)
    {
        if (r == 0 && root && mr_schema_field_find(root, mr_str_from(name)))
            r = say_take(messages, json_sprintf("a field conflicts with the reserved field %s: "
                                                "give it another name",
                                                name));
    }
    return r;
}
