/* SPDX-License-Identifier: Apache-2.0 */
/* Default values as Avro binary: each is JSON for a type that is known, so the encoder writes it.
 * A default may lean on defaults of fields within it: those come first, by going round until
 * nothing is left. */
#include "shape.h"

struct round {
    struct shapes *raw;
    struct mr_buf out;
    size_t n_done, n_left;
    struct mr_error *reterr;
};

static int fill_field(struct round *round, const struct shape *shape, size_t index)
{
    struct shape_field *field = (struct shape_field *)(uintptr_t)&shape->fields[index];
    struct mr_str text = shape->node->fields[index].default_text;
    struct mr_json_cursor cursor = {text.data, text.data, text.data + text.len};

    if (text.len == 0 || field->otherwise.data)
        return 0;
    round->out.len = 0;
    int r = shape_encode(round->raw, field->shape, &cursor, &round->out, NULL, round->reterr);
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

int shapes_fill_defaults(struct shapes *raw, struct mr_error *reterr)
{
    struct round round = {.raw = raw};
    int r;

    do
        r = go_round(&round);
    while (r == 0 && round.n_left > 0 && round.n_done > 0);
    if (r == 0 && round.n_left > 0) { /* once more, for the text of the error */
        round.reterr = reterr;
        r = go_round(&round);
        if (r == 0)
            r = MR_INVALID;
    }
    mr_buf_done(&round.out);
    return r;
}
