/* SPDX-License-Identifier: Apache-2.0 */
/* A small table from text to pointer, living in an arena: members, fields, symbols, type names. */
#pragma once

#include <stddef.h>

#include "millrace/arena.h"
#include "millrace/str.h"

struct mr_str_slot {
    struct mr_str key; /* borrowed */
    void *value;       /* never NULL in a used slot */
};

/* Zero is a valid empty table. Keys and values must outlive it. */
struct mr_str_map {
    struct mr_str_slot *slots; /* a power of two of them */
    size_t cap, n;
};

/* value != NULL. 0; MR_FULL when the key is there already (nothing changes); -ENOMEM. */
int mr_str_map_add(struct mr_str_map *map, struct mr_arena *arena, struct mr_str key, void *value);
void *mr_str_map_get(const struct mr_str_map *map, struct mr_str key); /* NULL when absent */
