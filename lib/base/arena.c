/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation in blocks. */
#include "millrace/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ONE_MALLOC_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_MALLOC_EACH 1
#endif
#endif
#ifndef ONE_MALLOC_EACH
#define ONE_MALLOC_EACH 0
#endif

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGN = 16 };

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ALIGN) unsigned char data[];
};

struct mr_arena {
    struct block *blocks; /* newest first */
    size_t limit, used;
};

int mr_arena_new(size_t limit, struct mr_arena **ret_arena)
{
    struct mr_arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        return -ENOMEM;
    arena->limit = limit;
    *ret_arena = arena;
    return 0;
}

static void free_blocks(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

struct mr_arena *mr_arena_free(struct mr_arena *arena)
{
    if (arena) {
        free_blocks(arena->blocks);
        free(arena);
    }
    return NULL;
}

static struct block *add_block(struct mr_arena *arena, size_t size)
{
    size_t want = size;

    if (!ONE_MALLOC_EACH) {
        want = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;
        if (want > LARGEST_BLOCK)
            want = LARGEST_BLOCK;
        if (want < size)
            want = size;
    }
    struct block *block = malloc(sizeof(*block) + want);
    if (!block)
        return NULL;
    *block = (struct block){.next = arena->blocks, .size = want};
    arena->blocks = block;
    return block;
}

void *mr_arena_alloc(struct mr_arena *arena, size_t size)
{
    struct block *block = arena->blocks;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    if (arena->limit && (size > arena->limit || arena->used > arena->limit - size))
        return NULL;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    void *p = block->data + block->used;
    block->used += size;
    arena->used += size;
    return memset(p, 0, size);
}

void *mr_arena_array(struct mr_arena *arena, size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : mr_arena_alloc(arena, bytes);
}

char *mr_arena_dup(struct mr_arena *arena, const char *data, size_t len)
{
    char *copy = len < SIZE_MAX ? mr_arena_alloc(arena, len + 1) : NULL;

    if (copy && len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *mr_arena_printf(struct mr_arena *arena, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? NULL : mr_arena_alloc(arena, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

/* The newest block is the largest: keeping it means a steady load allocates nothing. */
void mr_arena_reset(struct mr_arena *arena)
{
    struct block *keep = arena->blocks;

    arena->used = 0;
    if (!keep)
        return;
    free_blocks(keep->next);
    keep->next = NULL;
    keep->used = 0;
    if (ONE_MALLOC_EACH) {
        free_blocks(keep);
        arena->blocks = NULL;
    }
}

size_t mr_arena_used(const struct mr_arena *arena)
{
    return arena->used;
}
