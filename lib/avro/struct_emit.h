/* SPDX-License-Identifier: Apache-2.0 */
/* A struct's program while it is made: between struct_plan.c and struct_emit.c. */
#pragma once

#include "millrace/record.h"
#include "struct_plan.h"

/* Programs of records that arrays hold, so that recursive types close their circle. */
struct known {
    const struct plan *plan;
    const struct mr_record_desc *desc;
    struct struct_program *program;
};

struct compiler {
    struct mr_arena *arena;
    struct mr_error *reterr;
    struct known *known;
    size_t n_known, cap_known;
};

/* One program while it grows. */
struct writer {
    struct compiler *c;
    struct struct_op *ops;
    size_t n, cap;
};

/* Where a value goes. */
struct target {
    enum mr_field_kind kind;
    uint32_t offset, has_offset;
    const struct mr_record_field *field; /* for arrays, maps, records */
    const struct struct_path *path;
};

/* 0 or -ENOMEM. */
int struct_emit(struct writer *w, struct struct_op op);
/* Closes the program and moves it into the arena. 0 or -ENOMEM. */
int struct_finish(struct writer *w, struct struct_program *program);
/* MR_INVALID with its text. */
int struct_unfit(struct writer *w, const struct target *t);
/* NULL when memory ran out. */
const struct struct_path *struct_path_to(struct writer *w, const char *name,
                                         const struct struct_path *outer);
/* Which operation reads what was written into a member of this kind; OP_END: none. */
enum struct_code struct_scalar_code(enum plan_op op, enum mr_field_kind kind);
