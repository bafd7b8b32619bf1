/* SPDX-License-Identifier: Apache-2.0 */
/* Which branches of a union a JSON value may be. Untagged JSON does not name the branch: it is
 * chosen by the kind of the value, then by exactness, then by the order in the schema.
 *
 * An integer text is an int or a long before it is a decimal, and that before a double; a text with
 * fraction or exponent the other way round. Where both float and double stand, double is exact. A
 * string is a string, an enum symbol or the text of a logical type before it is bytes, and NaN
 * last. An object is a record before it is a map.
 *
 * A default is the first branch that it fits (Avro 1.12, "Unions"), 2.0 being no integer then
 * unless nothing else fits. */
#include "shape.h"

enum { N_RANKS = 4, NEVER = N_RANKS };

/* How well a branch fits a kind: 0 best, NEVER not at all. */
static unsigned rank(const struct shape *shape, enum json_kind kind)
{
    /* by kind: null boolean integer fraction string object array */
    static const uint8_t ranks[][N_KINDS] = {
        [SHAPE_NULL] = {0, 4, 4, 4, 4, 4, 4},     [SHAPE_BOOLEAN] = {4, 0, 4, 4, 4, 4, 4},
        [SHAPE_INT] = {4, 4, 0, 3, 4, 4, 4},      [SHAPE_LONG] = {4, 4, 0, 3, 4, 4, 4},
        [SHAPE_FLOAT] = {4, 4, 3, 1, 3, 4, 4},    [SHAPE_DOUBLE] = {4, 4, 2, 0, 2, 4, 4},
        [SHAPE_BYTES] = {4, 4, 4, 4, 1, 4, 4},    [SHAPE_STRING] = {4, 4, 4, 4, 0, 4, 4},
        [SHAPE_RECORD] = {4, 4, 4, 4, 4, 0, 4},   [SHAPE_ENUM] = {4, 4, 4, 4, 0, 4, 4},
        [SHAPE_ARRAY] = {4, 4, 4, 4, 4, 4, 0},    [SHAPE_MAP] = {4, 4, 4, 4, 4, 1, 4},
        [SHAPE_UNION] = {4, 4, 4, 4, 4, 4, 4},    [SHAPE_FIXED] = {4, 4, 4, 4, 1, 4, 4},
        [SHAPE_DECIMAL] = {4, 4, 1, 2, 0, 4, 4},  [SHAPE_BIG_DECIMAL] = {4, 4, 1, 2, 0, 4, 4},
        [SHAPE_UUID] = {4, 4, 4, 4, 0, 4, 4},     [SHAPE_UUID_FIXED] = {4, 4, 4, 4, 0, 4, 4},
        [SHAPE_TIME] = {4, 4, 4, 4, 0, 4, 4},     [SHAPE_DURATION] = {4, 4, 4, 4, 0, 4, 4},
        [SHAPE_NULLABLE] = {4, 4, 4, 4, 4, 4, 4},
    };

    if (shape->json_text && kind != KIND_STRING)
        return N_RANKS - 1;
    return ranks[shape->op][kind];
}

static unsigned rank_default(const struct shape *shape, enum json_kind kind)
{
    bool whole = shape->op == SHAPE_INT || shape->op == SHAPE_LONG;

    return rank(shape, kind) == NEVER ? NEVER : whole && kind == KIND_FRACTION;
}

static int choose(struct shapes *shapes, const struct shape *shape, enum json_kind kind,
                  struct shape_choice *choice)
{
    size_t n_branches = shape->node->n_branches;
    uint32_t *list = NULL;

    for (unsigned r = 0; r < N_RANKS; r++) {
        for (size_t i = 0; i < n_branches; i++) {
            const struct shape *branch = shape->branches[i];
            if ((shapes->for_defaults ? rank_default : rank)(branch, kind) != r)
                continue;
            if (!list && !(list = mr_arena_array(shapes->arena, n_branches, sizeof(*list))))
                return -ENOMEM;
            list[choice->n++] = (uint32_t)i;
        }
    }
    choice->branches = list;
    return 0;
}

int shape_union_choices(struct shapes *shapes, struct shape *shape)
{
    struct shape_choice *choices = mr_arena_array(shapes->arena, N_KINDS, sizeof(*choices));
    int r = choices ? 0 : -ENOMEM;

    for (enum json_kind kind = KIND_NULL; r == 0 && kind < N_KINDS; kind++)
        r = choose(shapes, shape, kind, &choices[kind]);
    shape->choices = choices;
    return r;
}
