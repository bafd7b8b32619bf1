/* SPDX-License-Identifier: Apache-2.0 */
/* Default values as Avro binary: each is JSON for a type that is known, so the encoder writes it.
 * A default may lean on defaults of fields within it: those come first, by going round until
 * nothing more can be done. What is left then is no value of its type, which a schema may have
 * (Java looks at bytes, fixed and enums no closer): whoever needs it is told. */
#include "shape.h"

struct round {
    struct shapes *raw;
    struct mr_buf out;
    size_t n_done, n_left;
};

static int fill_field(struct round *round, const struct shape *shape, size_t index)
{
    struct shape_field *field = (struct shape_field *)(uintptr_t)&shape->fields[index];
    struct mr_str text = shape->node->fields[index].default_text;
    struct mr_json_cursor cursor = {text.data, text.data, text.data + text.len};

    if (text.len == 0 || field->otherwise.data)
        return 0;
    round->out.len = 0;
    int r = shape_encode(round->raw, field->shape, &cursor, &round->out, NULL, NULL);
    if (r < 0)
        return r;
    if (r != 0) {
        round->n_left++;
        return 0;
    }
    /* One byte more, so that an empty default is not a missing one. */
    char *data = mr_arena_dup(round->raw->arena, (const char *)round->out.data, round->out.len);
    if (!data)
        return -ENOMEM;
    field->otherwise = (struct mr_bytes){(uint8_t *)data, round->out.len};
    round->n_done++;
    return 0;
}

static int go_round(struct round *round)
{
    int r = 0;

    round->n_done = round->n_left = 0;
    for (size_t i = 0; r == 0 && i < mr_schema_n_nodes(round->raw->schema); i++) {
        const struct shape *shape = round->raw->plain[i];
        for (size_t f = 0;
             r == 0 && shape && shape->op == SHAPE_RECORD && f < shape->node->n_fields; f++)
            r = fill_field(round, shape, f);
    }
    return r;
}

static int fill_defaults(struct shapes *raw)
{
    struct round round = {.raw = raw};
    int r;

    do
        r = go_round(&round);
    while (r == 0 && round.n_left > 0 && round.n_done > 0);
    mr_buf_done(&round.out);
    return r;
}

/* A field's default is the same in every form: it is written once, by the raw shapes. */
static void share_defaults(struct shapes *shapes, const struct shapes *raw)
{
    for (size_t i = 0; i < mr_schema_n_nodes(shapes->schema); i++) {
        const struct shape *shape = shapes->plain[i], *from = raw->plain[i];
        if (!shape || shape->op != SHAPE_RECORD || !from)
            continue;
        struct shape_field *fields = (struct shape_field *)(uintptr_t)shape->fields;
        for (size_t f = 0; f < shape->node->n_fields; f++)
            fields[f].otherwise = from->fields[f].otherwise;
    }
}

static int copy_defaults(struct shapes *shapes)
{
    for (size_t i = 0; i < mr_schema_n_nodes(shapes->schema); i++) {
        const struct shape *shape = shapes->plain[i];
        if (!shape || shape->op != SHAPE_RECORD)
            continue;
        struct shape_field *fields = (struct shape_field *)(uintptr_t)shape->fields;
        for (size_t f = 0; f < shape->node->n_fields; f++) {
            struct mr_bytes *bytes = &fields[f].otherwise;
            if (bytes->data && !(bytes->data = (uint8_t *)mr_arena_dup(
                                     shapes->arena, (const char *)bytes->data, bytes->len)))
                return -ENOMEM;
        }
    }
    return 0;
}

int shapes_add_defaults(struct shapes *shapes, const struct mr_schema_node *node,
                        struct mr_error *reterr)
{
    MR_AUTO(shapes) struct shapes *raw = NULL;

    if (shapes->for_defaults)
        return fill_defaults(shapes);
    int r = shapes_for_defaults(shapes->schema, node, &raw, reterr);
    if (r != 0)
        return r;
    share_defaults(shapes, raw);
    return copy_defaults(shapes);
}
