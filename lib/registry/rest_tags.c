/* SPDX-License-Identifier: Apache-2.0 */
/* ?findTags=PII: which records and fields of a schema carry tags ("confluent:tags"). */
#include <errno.h>
#include <stdio.h>

#include "millrace/status.h"
#include "rest_common.h"

struct search {
    struct request *request;
    json_t *found; /* [{"schemaEntity": {"entityPath", "entityType"}, "tags"}] */
};

static bool asks_for(const struct request *request, struct mr_str tag)
{
    for (size_t i = 0; i < request->n_query; i++)
        if (mr_str_is(request->query[i].name, "findTags") &&
            (mr_str_is(request->query[i].value, "*") || mr_str_eq(request->query[i].value, tag)))
            return true;
    return false;
}

static int take_tags(struct search *search, const json_t *entity, const char *path,
                     const char *type)
{
    json_t *tags = json_object_get(entity, "confluent:tags");
    bool wanted = false;
    json_t *tag;
    size_t i;

    json_array_foreach(tags, i, tag) wanted =
        wanted || (json_is_string(tag) && asks_for(search->request, json_str(tag)));
    if (!wanted)
        return 0;
    json_t *one = json_pack("{s:{s:s,s:s},s:O}", "schemaEntity", "entityPath", path, "entityType",
                            type, "tags", tags);
    return one && json_array_append_new(search->found, one) == 0 ? 0 : -ENOMEM;
}

static int walk(struct search *search, const json_t *type, struct mr_str space);

/* A record's full name, and the namespace that holds within it. */
static const char *full_name(struct mr_arena *arena, const json_t *record, struct mr_str space,
                             struct mr_str *ret_space)
{
    struct mr_str name = json_str(json_object_get(record, "name"));
    const json_t *own = json_object_get(record, "namespace");
    const char *dot = name.data ? strrchr(name.data, '.') : NULL;

    if (json_is_string(own))
        space = json_str(own);
    if (dot)
        space = (struct mr_str){name.data, (size_t)(dot - name.data)};
    *ret_space = space;
    return dot || space.len == 0
               ? mr_arena_printf(arena, "%.*s", MR_STR_ARG(name))
               : mr_arena_printf(arena, "%.*s.%.*s", MR_STR_ARG(space), MR_STR_ARG(name));
}

static int walk_record(struct search *search, const json_t *record, struct mr_str space)
{
    struct mr_arena *arena = search->request->arena;
    const char *name = full_name(arena, record, space, &space);
    const json_t *field;
    size_t i;
    int r = name ? take_tags(search, record, name, "sr_record") : -ENOMEM;

    json_array_foreach(json_object_get(record, "fields"), i, field)
    {
        struct mr_str own = json_str(json_object_get(field, "name"));
        const char *path = r == 0 ? mr_arena_printf(arena, "%s.%.*s", name, MR_STR_ARG(own)) : NULL;
        if (r == 0)
            r = path ? take_tags(search, field, path, "sr_field") : -ENOMEM;
        if (r == 0)
            r = walk(search, json_object_get(field, "type"), space);
    }
    return r;
}

/* As deep as a schema may be. */
static int walk(struct search *search, const json_t *type, struct mr_str space)
{
    const json_t *inner = json_object_get(type, "type"), *branch;
    struct mr_str word = json_str(inner);
    size_t i;
    int r = 0;

    json_array_foreach(type, i, branch)
    {
        if (r == 0)
            r = walk(search, branch, space);
    }
    if (!json_is_object(type))
        return r;
    if (mr_str_is(word, "record") || mr_str_is(word, "error"))
        return walk_record(search, type, space);
    if (mr_str_is(word, "array"))
        return walk(search, json_object_get(type, "items"), space);
    if (mr_str_is(word, "map"))
        return walk(search, json_object_get(type, "values"), space);
    return walk(search, inner, space);
}

int write_tags(struct request *request, const char *parent, const struct content *content,
               struct mr_buf *out)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    if (query_text(request, "findTags").len == 0 || content->type != SCHEMA_AVRO)
        return 0;
    int r = write_resolved(request, parent, content, &text);
    if (r != 0)
        return r;
    MR_AUTO(json)
    json_t *schema = json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, NULL);
    MR_AUTO(json) json_t *found = json_array();
    struct search search = {request, found};
    r = schema && found ? walk(&search, schema, MR_STR("")) : -ENOMEM;
    if (r == 0)
        r = mr_buf_append_str(out, MR_STR(",\"schemaTags\":"));
    return r == 0 ? json_append(out, found) : r;
}
