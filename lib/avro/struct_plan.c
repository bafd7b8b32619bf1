/* SPDX-License-Identifier: Apache-2.0 */
/* From plans and record descriptors to flat programs. */
#include "struct_emit.h"

static int compile_value(struct writer *w, const struct plan *plan, const struct target *t);

/* A program of its own for one value. */
static int value_program(struct compiler *c, const struct plan *plan, const struct target *t,
                         const struct struct_program **ret_program)
{
    struct writer w = {.c = c};
    struct struct_program *program = mr_arena_alloc(c->arena, sizeof(*program));
    int r = program ? compile_value(&w, plan, t) : -ENOMEM;

    if (r == 0)
        r = struct_finish(&w, program);
    free(w.ops);
    *ret_program = program;
    return r;
}

/* Zeroed memory says null and empty already. */
static bool is_zero_default(const struct plan *plan, struct mr_bytes bytes)
{
    if (plan->op == PLAN_UNION && bytes.len == 1)
        return plan->branches[bytes.data[0] / 2]->op == PLAN_NULL;
    return (plan->op == PLAN_ARRAY || plan->op == PLAN_MAP) && bytes.len == 1;
}

static int compile_default(struct writer *w, const struct plan_step *step, const struct target *t)
{
    struct struct_default *value;

    if (step->plan->op == PLAN_ERROR)
        return struct_emit(
            w, (struct struct_op){.code = OP_ERROR, .plan = step->plan, .path = t->path});
    if (is_zero_default(step->plan, step->otherwise))
        return 0;
    value = mr_arena_alloc(w->c->arena, sizeof(*value));
    if (!value)
        return -ENOMEM;
    value->bytes = step->otherwise;
    int r = value_program(w->c, step->plan, t, &value->program);
    return r != 0 ? r
                  : struct_emit(
                        w, (struct struct_op){.code = OP_DEFAULT, .value = value, .path = t->path});
}

static int compile_step(struct writer *w, const struct plan_step *step,
                        const struct mr_record_desc *desc, const struct target *record)
{
    struct target t = {.path = struct_path_to(w, step->name, record->path)};

    if (!t.path)
        return -ENOMEM;
    if (step->kind == STEP_SKIP)
        return struct_emit(w,
                           (struct struct_op){.code = OP_SKIP, .plan = step->plan, .path = t.path});
    t.field = &desc->fields[step->reader_field];
    t.kind = t.field->kind;
    t.offset = record->offset + t.field->offset;
    t.has_offset =
        t.field->has_offset == MR_NO_MEMBER ? MR_NO_MEMBER : record->offset + t.field->has_offset;
    if (strcmp(t.field->name, step->name) != 0 && step->kind == STEP_DEFAULT)
        return struct_unfit(w, &t);
    if (step->kind == STEP_DEFAULT)
        return compile_default(w, step, &t);
    return compile_value(w, step->plan, &t);
}

static int compile_record(struct writer *w, const struct plan *plan,
                          const struct mr_record_desc *desc, const struct target *t)
{
    int r = 0;

    if (plan->op != PLAN_RECORD || !desc || desc->n_fields != plan->reader->n_fields ||
        strcmp(desc->fullname, plan->reader->fullname) != 0)
        return struct_unfit(w, t);
    if (plan->n_zero_fields > 0)
        r = struct_emit(w,
                        (struct struct_op){.code = OP_ZEROS, .n = (uint32_t)plan->n_zero_fields});
    for (size_t i = 0; r == 0 && i < plan->n_steps; i++)
        r = compile_step(w, &plan->steps[i], desc, t);
    return r;
}

/* Records in arrays have a program each, made once. */
static int item_record(struct compiler *c, const struct plan *plan,
                       const struct mr_record_desc *desc, const struct struct_program **ret_program)
{
    for (size_t i = 0; i < c->n_known; i++) {
        if (c->known[i].plan == plan && c->known[i].desc == desc) {
            *ret_program = c->known[i].program;
            return 0;
        }
    }
    struct known *known = mr_room(c->known, c->n_known, &c->cap_known, 8, sizeof(*known));
    if (!known)
        return -ENOMEM;
    c->known = known;
    struct struct_program *program = mr_arena_alloc(c->arena, sizeof(*program));
    if (!program)
        return -ENOMEM;
    c->known[c->n_known++] = (struct known){plan, desc, program};
    *ret_program = program;
    struct writer w = {.c = c};
    int r = compile_record(&w, plan, desc, &(struct target){.has_offset = MR_NO_MEMBER});
    if (r == 0)
        r = struct_finish(&w, program);
    free(w.ops);
    return r;
}

static int compile_items(struct writer *w, const struct plan *plan, const struct target *t)
{
    bool map = t->kind == MR_FIELD_MAP;
    const struct mr_record_field *field = t->field;
    struct struct_items *items = mr_arena_alloc(w->c->arena, sizeof(*items));
    struct target item = {.kind = field->item, .has_offset = MR_NO_MEMBER, .field = field};
    int r;

    if (!items)
        return -ENOMEM;
    if (plan->op != (map ? PLAN_MAP : PLAN_ARRAY) || field->item >= MR_FIELD_ARRAY)
        return struct_unfit(w, t);
    *items = (struct struct_items){.min_size = plan->item->min_size,
                                   .item_size = field->item_size,
                                   .value_offset = map ? field->item_offset : 0,
                                   .count_offset = t->offset - field->offset + field->count_offset,
                                   .map = map};
    if (field->item == MR_FIELD_RECORD && plan->item->op == PLAN_RECORD)
        r = item_record(w->c, plan->item, field->record, &items->program);
    else
        r = value_program(w->c, plan->item, &item, &items->program);
    return r != 0 ? r
                  : struct_emit(w, (struct struct_op){.code = map ? OP_MAP : OP_ARRAY,
                                                      .offset = t->offset,
                                                      .items = items,
                                                      .path = t->path});
}

/* What is not null, without its has_f. */
static int compile_present(struct writer *w, const struct plan *plan, const struct target *t)
{
    struct struct_op op = {.offset = t->offset, .plan = plan, .path = t->path};

    if (plan->op == PLAN_ERROR) {
        op.code = OP_ERROR;
        return struct_emit(w, op);
    }
    if (t->kind == MR_FIELD_RECORD)
        return compile_record(w, plan, t->field->record, t);
    if (t->kind == MR_FIELD_ARRAY || t->kind == MR_FIELD_MAP)
        return compile_items(w, plan, t);
    op.code = (uint16_t)struct_scalar_code(plan->op, t->kind);
    if (op.code == OP_END)
        return struct_unfit(w, t);
    if (plan->op == PLAN_FIXED)
        op.n = (uint32_t)plan->writer->fixed_size;
    if (t->kind == MR_FIELD_DECIMAL)
        op.n = (uint32_t)plan->reader->scale;
    return struct_emit(w, op);
}

/* The writer's union of null and one other. */
static int compile_nullable(struct writer *w, const struct plan *plan, const struct target *t)
{
    unsigned null = plan->branches[0]->op == PLAN_NULL ? 0 : 1;
    size_t at = w->n;
    int r = struct_emit(w, (struct struct_op){.code = OP_NULLABLE,
                                              .null_branch = (uint16_t)null,
                                              .offset = t->has_offset,
                                              .path = t->path});

    if (r == 0)
        r = compile_present(w, plan->branches[1 - null], t);
    if (r == 0)
        w->ops[at].n = (uint32_t)(w->n - at - 1);
    return r;
}

static int compile_union(struct writer *w, const struct plan *plan, const struct target *t)
{
    size_t n = plan->writer->n_branches;
    struct struct_branches *branches = mr_arena_alloc(w->c->arena, sizeof(*branches));
    const struct struct_program **programs = mr_arena_array(w->c->arena, n, sizeof(*programs));
    int r = branches && programs ? 0 : -ENOMEM;

    if (n == 2 && t->has_offset != MR_NO_MEMBER &&
        (plan->branches[0]->op == PLAN_NULL) != (plan->branches[1]->op == PLAN_NULL))
        return compile_nullable(w, plan, t);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = value_program(w->c, plan->branches[i], t, &programs[i]);
    if (r != 0)
        return r;
    *branches = (struct struct_branches){plan, programs};
    return struct_emit(w,
                       (struct struct_op){.code = OP_UNION, .branches = branches, .path = t->path});
}

static int compile_value(struct writer *w, const struct plan *plan, const struct target *t)
{
    int r = 0;

    if (plan->op == PLAN_UNION)
        return compile_union(w, plan, t);
    if (plan->op == PLAN_NULL && t->has_offset != MR_NO_MEMBER)
        return 0; /* has_f is false already */
    if (t->has_offset != MR_NO_MEMBER && plan->op != PLAN_ERROR)
        r = struct_emit(w, (struct struct_op){.code = OP_PRESENT, .offset = t->has_offset});
    return r != 0 ? r : compile_present(w, plan, t);
}

int struct_program_new(const struct plan *plan, const struct mr_record_desc *desc,
                       struct mr_arena *arena, const struct struct_program **ret_program,
                       struct mr_error *reterr)
{
    struct compiler c = {.arena = arena, .reterr = reterr};
    struct writer w = {.c = &c};
    struct struct_program *program = mr_arena_alloc(arena, sizeof(*program));
    struct target t = {.kind = MR_FIELD_RECORD, .has_offset = MR_NO_MEMBER};
    int r = program ? 0 : -ENOMEM;

    if (r == 0 && plan->op == PLAN_UNION) {
        /* The writer's root is a union: the record is one of its branches. */
        struct mr_record_field field = {.name = "", .kind = MR_FIELD_RECORD, .record = desc};
        t.field = &field;
        r = compile_value(&w, plan, &t);
    } else if (r == 0) {
        r = compile_record(&w, plan, desc, &t);
    }
    if (r == 0)
        r = struct_finish(&w, program);
    free(w.ops);
    free(c.known);
    *ret_program = program;
    return r;
}
