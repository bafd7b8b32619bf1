/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from borrowed keys (bytes inside the value) to values. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t hash;
    const void *key;
    size_t key_len;
    void *value; /* NULL: the slot is free */
};

/* Zero is an empty table. Iterate over slots[0..n_slots) where value is set. Not thread-safe. */
struct table {
    struct table_slot *slots;
    size_t n_slots, n_items;
};

void table_done(struct table *table);
void *table_find(const struct table *table, const void *key, size_t key_len);
/* The key must not be in yet and live as long as the value is in. 0 or -ENOMEM. */
int table_put(struct table *table, const void *key, size_t key_len, void *value);
/* Removes and returns the value, NULL when it is not in. */
void *table_take(struct table *table, const void *key, size_t key_len);
