/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing: a slot's home is the top of its hash bits, collisions go to the next slot,
 * removal shifts back. */
#include "inbox_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BITS = 10, LAST_BITS = 30 };

static size_t mask_of(const struct inbox_index *index)
{
    return ((size_t)1 << index->bits) - 1;
}

static uint32_t short_hash(uint64_t hash)
{
    uint32_t high = (uint32_t)(hash >> 32);

    return high ? high : 1;
}

static size_t home_of(const struct inbox_index *index, uint32_t hash)
{
    return hash >> (32 - index->bits);
}

static void put(struct inbox_index *index, uint64_t slot)
{
    size_t mask = mask_of(index);
    size_t i = home_of(index, (uint32_t)(slot >> 32));

    while (index->slots[i] != 0)
        i = (i + 1) & mask;
    index->slots[i] = slot;
    index->n++;
}

static int grow(struct inbox_index *index)
{
    struct inbox_index wider = {.bits = index->slots ? index->bits + 1 : FIRST_BITS};

    if (wider.bits > LAST_BITS)
        return -ENOMEM;
    wider.slots = calloc((size_t)1 << wider.bits, sizeof(*wider.slots));
    if (!wider.slots)
        return -ENOMEM;
    for (size_t i = 0; index->slots && i <= mask_of(index); i++)
        if (index->slots[i] != 0)
            put(&wider, index->slots[i]);
    free(index->slots);
    *index = wider;
    return 0;
}

int inbox_index_init(struct inbox_index *index)
{
    *index = (struct inbox_index){0};
    return grow(index);
}

void inbox_index_done(struct inbox_index *index)
{
    free(index->slots);
    *index = (struct inbox_index){0};
}

void inbox_index_clear(struct inbox_index *index)
{
    memset(index->slots, 0, (mask_of(index) + 1) * sizeof(*index->slots));
    index->n = 0;
}

int inbox_index_put(struct inbox_index *index, uint64_t hash, uint32_t row)
{
    if (index->n >= (mask_of(index) + 1) / 4 * 3) {
        int r = grow(index);
        if (r != 0)
            return r;
    }
    put(index, (uint64_t)short_hash(hash) << 32 | row);
    return 0;
}

/* Closes the gap at `hole` so that no probe sequence breaks. */
static void shift_back(struct inbox_index *index, size_t hole)
{
    size_t mask = mask_of(index);

    for (size_t i = (hole + 1) & mask; index->slots[i] != 0; i = (i + 1) & mask) {
        size_t home = home_of(index, (uint32_t)(index->slots[i] >> 32));
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            index->slots[hole] = index->slots[i];
            hole = i;
        }
    }
    index->slots[hole] = 0;
    index->n--;
}

void inbox_index_take(struct inbox_index *index, uint64_t hash, uint32_t row)
{
    uint64_t slot = (uint64_t)short_hash(hash) << 32 | row;
    size_t mask = mask_of(index);

    for (size_t i = home_of(index, short_hash(hash)); index->slots[i] != 0; i = (i + 1) & mask) {
        if (index->slots[i] == slot) {
            shift_back(index, i);
            return;
        }
    }
}

bool inbox_index_next(const struct inbox_index *index, uint64_t hash, size_t *at, uint32_t *ret_row)
{
    size_t mask = mask_of(index);
    size_t i = *at == INBOX_INDEX_BEGIN ? home_of(index, short_hash(hash)) : (*at + 1) & mask;

    for (; index->slots[i] != 0; i = (i + 1) & mask) {
        if ((uint32_t)(index->slots[i] >> 32) != short_hash(hash))
            continue;
        *at = i;
        *ret_row = (uint32_t)index->slots[i];
        return true;
    }
    return false;
}
