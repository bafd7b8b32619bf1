/* SPDX-License-Identifier: Apache-2.0 */
/* Sources and constants of a plan. */
#include <errno.h>
#include <string.h>

#include "compile.h"

void *compile_memory(struct compile *c, size_t n, size_t size)
{
    void *memory = mr_arena_array(c->arena, n + !n, size);

    if (!memory)
        c->mistakes->r = -ENOMEM;
    return memory;
}

/* ---- sources ---- */

static int frame_of(const struct compile *c, int anchor)
{
    for (unsigned i = 0; i < c->n_frames; i++)
        if (c->frames[i] == anchor)
            return (int)i;
    return -1;
}

bool compile_source(struct compile *c, int place, struct spot at, struct source *ret)
{
    int anchor = c->places.items[place].anchor, frame = frame_of(c, anchor);
    size_t n = 0;

    if (frame < 0) {
        mistake(c->mistakes, at,
                "'%.200s' is one of many: it can be used within an array that comes from '%.*s' "
                "only",
                c->places.items[place].path, (int)strlen(c->places.items[anchor].path) - 2,
                c->places.items[anchor].path);
        return false;
    }
    for (int p = place; p != anchor; p = c->places.items[p].parent)
        n++;
    uint32_t *steps = compile_memory(c, n, sizeof(*steps));
    *ret = (struct source){(unsigned)frame, steps, n};
    for (int p = place; steps && p != anchor; p = c->places.items[p].parent)
        steps[--n] = c->places.items[p].field;
    return steps != NULL;
}

bool compile_from(struct compile *c, const struct mapping_path *path, int *ret_place)
{
    *ret_place = places_find(&c->places, path->path);
    if (*ret_place != PLACE_NONE)
        return true;
    mistake(c->mistakes, path->at, "the old version has no '%.200s'%s", path->path,
            mistake_hint(c->mistakes, c->scratch, path->path, c->places.paths, c->places.n));
    return false;
}

/* ---- constants ---- */

/* What JSON writes as a string is one, with or without quotes in YAML. */
static bool json_is_string(const struct mr_schema_node *type)
{
    return type->type == MR_AVRO_STRING || type->type == MR_AVRO_ENUM ||
           ((type->type == MR_AVRO_BYTES || type->type == MR_AVRO_FIXED)) ||
           (type->logical != MR_LOGICAL_NONE && type->type != MR_AVRO_UNION);
}

const struct mr_datum *compile_constant(struct compile *c, const struct constant *constant,
                                        const struct mr_schema_node *node)
{
    MR_AUTO(mr_buf) struct mr_buf quoted = {0};
    const struct mr_schema_node *null, *type = without_null(node, &null);
    struct mr_datum *datum = compile_memory(c, 1, sizeof(*datum));
    struct mr_str json = mr_str_from(constant->json);
    struct mr_error error = MR_ERROR_INIT;
    bool is_null = null && constant->plain && constant->text && strcmp(constant->text, "null") == 0;

    if (!datum)
        return NULL;
    if (constant->text && json_is_string(type) && !is_null) {
        if (mr_buf_json_string(&quoted, constant->text, strlen(constant->text)) != 0) {
            c->mistakes->r = -ENOMEM;
            return NULL;
        }
        json = (struct mr_str){(const char *)quoted.data, quoted.len};
    }
    bool held = c->holder && c->holder->fields[c->held].type == node;
    int r = held ? mr_schema_field_example(c->to, c->holder, c->held, json, &error) : 0;
    if (r == 0)
        r = mr_datum_from_json(c->to, node, json, c->arena, datum, &error);
    if (r == 0)
        return datum;
    if (r < 0)
        c->mistakes->r = r;
    else if (c->reverse && strcmp(constant->json, "null") == 0)
        mistake(c->mistakes, constant->at,
                "what was dropped here cannot be null on the way back: write a mapping for it");
    else
        mistake(c->mistakes, constant->at, "the constant %s%s%s", error.where,
                error.where[0] ? " " : "", error.text);
    return NULL;
}
