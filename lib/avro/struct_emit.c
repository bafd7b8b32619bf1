/* SPDX-License-Identifier: Apache-2.0 */
/* What a struct's program is put together of: its operations, and the places they are for. */
#include "struct_emit.h"

int struct_emit(struct writer *w, struct struct_op op)
{
    struct struct_op *ops = mr_room(w->ops, w->n, &w->cap, 16, sizeof(*ops));

    if (!ops)
        return -ENOMEM;
    w->ops = ops;
    w->ops[w->n++] = op;
    return 0;
}

int struct_finish(struct writer *w, struct struct_program *program)
{
    int r = struct_emit(w, (struct struct_op){.code = OP_END});

    if (r != 0)
        return r;
    struct struct_op *ops = mr_arena_array(w->c->arena, w->n, sizeof(*ops));
    if (!ops)
        return -ENOMEM;
    memcpy(ops, w->ops, w->n * sizeof(*ops));
    program->ops = ops;
    return 0;
}

int struct_unfit(struct writer *w, const struct target *t)
{
    return mr_error_set(w->c->reterr, MR_INVALID,
                        "the record descriptor does not fit the reader's schema at \"%s\"",
                        t->path ? t->path->name : "");
}

const struct struct_path *struct_path_to(struct writer *w, const char *name,
                                         const struct struct_path *outer)
{
    struct struct_path *path = mr_arena_alloc(w->c->arena, sizeof(*path));

    if (path)
        *path = (struct struct_path){name, outer};
    return path;
}

enum struct_code struct_scalar_code(enum plan_op op, enum mr_field_kind kind)
{
    static const struct {
        enum plan_op op;
        enum mr_field_kind kind;
        enum struct_code code;
    } codes[] = {
        {PLAN_BOOLEAN, MR_FIELD_BOOL, OP_BOOL},
        {PLAN_INT, MR_FIELD_INT, OP_INT},
        {PLAN_LONG, MR_FIELD_LONG, OP_LONG},
        {PLAN_INT_TO_LONG, MR_FIELD_LONG, OP_INT_TO_LONG},
        {PLAN_FLOAT, MR_FIELD_FLOAT, OP_FLOAT},
        {PLAN_INT_TO_FLOAT, MR_FIELD_FLOAT, OP_INT_TO_FLOAT},
        {PLAN_LONG_TO_FLOAT, MR_FIELD_FLOAT, OP_LONG_TO_FLOAT},
        {PLAN_DOUBLE, MR_FIELD_DOUBLE, OP_DOUBLE},
        {PLAN_INT_TO_DOUBLE, MR_FIELD_DOUBLE, OP_INT_TO_DOUBLE},
        {PLAN_LONG_TO_DOUBLE, MR_FIELD_DOUBLE, OP_LONG_TO_DOUBLE},
        {PLAN_FLOAT_TO_DOUBLE, MR_FIELD_DOUBLE, OP_FLOAT_TO_DOUBLE},
        {PLAN_STRING, MR_FIELD_STRING, OP_STRING},
        {PLAN_BYTES_TO_STRING, MR_FIELD_STRING, OP_STRING},
        {PLAN_BYTES, MR_FIELD_BYTES, OP_BYTES},
        {PLAN_STRING_TO_BYTES, MR_FIELD_BYTES, OP_STRING},
        {PLAN_FIXED, MR_FIELD_FIXED, OP_FIXED},
        {PLAN_BYTES, MR_FIELD_DECIMAL, OP_DECIMAL},
        {PLAN_FIXED, MR_FIELD_DECIMAL, OP_DECIMAL_FIXED},
        {PLAN_ENUM, MR_FIELD_ENUM, OP_ENUM},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(codes); i++)
        if (codes[i].op == op && codes[i].kind == kind)
            return codes[i].code;
    return OP_END;
}
