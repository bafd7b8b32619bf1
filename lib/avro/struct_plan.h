/* SPDX-License-Identifier: Apache-2.0 */
/* A plan laid flat for one struct: a list of small operations, nested records included, each of
 * which reads one value and knows at which offset it belongs. */
#pragma once

#include "decode.h"

enum struct_code {
    OP_END,
    OP_SKIP,     /* plan: the value is not in the struct */
    OP_ERROR,    /* plan: no datum that gets here can be read */
    OP_ZEROS,    /* n values without bytes follow */
    OP_PRESENT,  /* sets has_f at offset */
    OP_NULLABLE, /* branch `null_branch` is null: n operations are left out; else has_f at offset is
                  * set, when there is one */
    OP_UNION,    /* programs: by branch */
    OP_DEFAULT,  /* value: a program over the default's bytes */
    OP_BOOL,
    OP_INT,
    OP_LONG,
    OP_INT_TO_LONG,
    OP_FLOAT,
    OP_INT_TO_FLOAT,
    OP_LONG_TO_FLOAT,
    OP_DOUBLE,
    OP_INT_TO_DOUBLE,
    OP_LONG_TO_DOUBLE,
    OP_FLOAT_TO_DOUBLE,
    OP_STRING,
    OP_BYTES,
    OP_FIXED,         /* n bytes */
    OP_DECIMAL,       /* n: the scale */
    OP_DECIMAL_FIXED, /* the same */
    OP_ENUM,
    OP_ARRAY,
    OP_MAP,
};

/* The field an operation is for, with the fields around it: only errors look at it. */
struct struct_path {
    const char *name;
    const struct struct_path *outer;
};

struct struct_program;
struct struct_items;
struct struct_default;

struct struct_op {
    uint16_t code;        /* enum struct_code */
    uint16_t null_branch; /* nullable */
    uint32_t offset;      /* within the struct that the program fills */
    uint32_t n;
    union {
        const struct plan *plan;                /* skip, error, union, enum, decimals */
        const struct struct_items *items;       /* array, map */
        const struct struct_default *value;     /* default */
        const struct struct_branches *branches; /* union */
    };
    const struct struct_path *path;
};

struct struct_branches {
    const struct plan *plan;
    const struct struct_program *const *programs; /* by the writer's branch */
};

struct struct_program {
    const struct struct_op *ops; /* up to OP_END */
};

struct struct_items {
    const struct struct_program *program; /* of one value, at offset 0 */
    size_t min_size;                      /* of one in Avro */
    uint32_t item_size;                   /* of one in memory: of the pair in maps */
    uint32_t value_offset;                /* map: within the pair */
    uint32_t count_offset;                /* of n_f */
    bool map;
};

struct struct_default {
    struct mr_bytes bytes;
    const struct struct_program *program;
};

/* The program for records of desc read by plan. Outcomes: 0, MR_INVALID (desc was not made from the
 * reader's schema), -ENOMEM. */
int struct_program_new(const struct plan *plan, const struct mr_record_desc *desc,
                       struct mr_arena *arena, const struct struct_program **ret_program,
                       struct mr_error *reterr);
