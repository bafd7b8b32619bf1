/* SPDX-License-Identifier: Apache-2.0 */
/* Avro -> struct: the state of one call. */
#pragma once

#include "json_decimal.h"
#include "struct_plan.h"

struct read {
    struct bin bin;
    struct mr_arena *arena;
    struct mr_error *reterr;
    struct decode_guard guard;
    size_t memory_left; /* that arrays and maps may still take */
};

/* Follows the program over the bytes at read->bin, filling the struct at base. */
int struct_run(struct read *read, const struct struct_program *program, uint8_t *base);
int struct_read_items(struct read *read, const struct struct_op *op, uint8_t *base);

static inline void *member(uint8_t *base, const struct struct_op *op)
{
    return base + op->offset;
}
