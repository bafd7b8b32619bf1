/* SPDX-License-Identifier: Apache-2.0 */
/* Scratch memory that is given back all at once: per event, per parsed schema. */
#pragma once

#include <stddef.h>

#include "millrace/compiler.h"
#include "millrace/own.h"

struct mr_arena; /* one thread at a time */

/* limit: total bytes it may hold (0 = unbounded); past it allocations give NULL. */
int mr_arena_new(size_t limit, struct mr_arena **ret_arena);
struct mr_arena *mr_arena_free(struct mr_arena *arena);
MR_DEFINE_AUTO(mr_arena, struct mr_arena *, mr_arena_free);

/* Zeroed, 16-byte aligned. NULL when memory or the limit ran out. */
void *mr_arena_alloc(struct mr_arena *arena, size_t size);
/* For arrays: NULL also when n * size overflows. */
void *mr_arena_array(struct mr_arena *arena, size_t n, size_t size);
/* A NUL-terminated copy. */
char *mr_arena_dup(struct mr_arena *arena, const char *data, size_t len);
char *mr_arena_printf(struct mr_arena *arena, const char *fmt, ...) MR_PRINTF(2, 3);
/* Gives all memory out again; keeps the first block for reuse. With a sanitizer every allocation is
 * its own malloc, so a use after reset is caught. */
void mr_arena_reset(struct mr_arena *arena);
size_t mr_arena_used(const struct mr_arena *arena);
