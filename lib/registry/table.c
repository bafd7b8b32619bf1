/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing, at most two thirds full; removal moves the followers back. */
#include "table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "millrace/hash.h"

enum { FIRST_SLOTS = 16 };

/* Names come from outside: without a secret they could be chosen to collide. */
static uint64_t seed;

static void make_seed(void)
{
    (void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
}

static uint64_t hash_of(const void *key, size_t key_len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_seed);
    return mr_hash64(key, key_len, seed);
}

void table_done(struct table *table)
{
    free(table->slots);
    *table = (struct table){0};
}

static size_t slot_of(const struct table *table, const void *key, size_t key_len, uint64_t hash)
{
    size_t mask = table->n_slots - 1;
    size_t i = hash & mask;

    for (; table->slots[i].value; i = (i + 1) & mask) {
        const struct table_slot *slot = &table->slots[i];
        if (slot->hash == hash && slot->key_len == key_len && memcmp(slot->key, key, key_len) == 0)
            break;
    }
    return i;
}

void *table_find(const struct table *table, const void *key, size_t key_len)
{
    if (table->n_items == 0)
        return NULL;
    return table->slots[slot_of(table, key, key_len, hash_of(key, key_len))].value;
}

static int grow(struct table *table)
{
    size_t n_slots = table->n_slots ? table->n_slots * 2 : FIRST_SLOTS;
    struct table larger = {.slots = calloc(n_slots, sizeof(struct table_slot)),
                           .n_slots = n_slots,
                           .n_items = table->n_items};

    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < table->n_slots; i++) {
        const struct table_slot *slot = &table->slots[i];
        if (slot->value)
            larger.slots[slot_of(&larger, slot->key, slot->key_len, slot->hash)] = *slot;
    }
    free(table->slots);
    *table = larger;
    return 0;
}

int table_put(struct table *table, const void *key, size_t key_len, void *value)
{
    if ((table->n_items + 1) * 3 > table->n_slots * 2) {
        int r = grow(table);
        if (r != 0)
            return r;
    }
    uint64_t hash = hash_of(key, key_len);
    table->slots[slot_of(table, key, key_len, hash)] =
        (struct table_slot){.hash = hash, .key = key, .key_len = key_len, .value = value};
    table->n_items++;
    return 0;
}

void *table_take(struct table *table, const void *key, size_t key_len)
{
    if (table->n_items == 0)
        return NULL;
    size_t mask = table->n_slots - 1;
    size_t hole = slot_of(table, key, key_len, hash_of(key, key_len));
    void *value = table->slots[hole].value;
    if (!value)
        return NULL;
    for (size_t i = (hole + 1) & mask; table->slots[i].value; i = (i + 1) & mask) {
        size_t home = table->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = (struct table_slot){0};
    table->n_items--;
    return value;
}
