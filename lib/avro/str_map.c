/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; at most three quarters full. */
#include "str_map.h"

#include <errno.h>
#include <stdint.h>

#include "millrace/hash.h"
#include "millrace/status.h"

enum { FIRST_CAP = 16 };

/* Schemas come from outside: a seed that differs by table and process keeps collisions a matter of
 * luck. */
static struct mr_str_slot *slot_of(const struct mr_str_map *map, struct mr_str key)
{
    size_t mask = map->cap - 1;
    size_t i = (size_t)mr_hash64(key.data, key.len, (uint64_t)(uintptr_t)map) & mask;

    while (map->slots[i].value && !mr_str_eq(map->slots[i].key, key))
        i = (i + 1) & mask;
    return &map->slots[i];
}

static int grow(struct mr_str_map *map, struct mr_arena *arena)
{
    struct mr_str_slot *old = map->slots;
    size_t n_old = map->cap;
    size_t cap = n_old ? n_old * 2 : FIRST_CAP;
    struct mr_str_slot *slots = mr_arena_array(arena, cap, sizeof(*slots));

    if (!slots)
        return -ENOMEM;
    map->slots = slots;
    map->cap = cap;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].value)
            *slot_of(map, old[i].key) = old[i];
    return 0;
}

int mr_str_map_add(struct mr_str_map *map, struct mr_arena *arena, struct mr_str key, void *value)
{
    if (map->n >= map->cap / 4 * 3) {
        int r = grow(map, arena);
        if (r != 0)
            return r;
    }
    struct mr_str_slot *slot = slot_of(map, key);
    if (slot->value)
        return MR_FULL;
    *slot = (struct mr_str_slot){.key = key, .value = value};
    map->n++;
    return 0;
}

void *mr_str_map_get(const struct mr_str_map *map, struct mr_str key)
{
    return map->cap ? slot_of(map, key)->value : NULL;
}
