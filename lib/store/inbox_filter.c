/* SPDX-License-Identifier: Apache-2.0 */
/* A split block Bloom filter (as Apache Parquet's specification describes it): one cache line a
 * question. 16 bits an id: about 1 in 1000 answers is a false yes; 8 bits: 1 in 30. */
#include "inbox_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 8, IDS_PER_BLOCK = 16, ALIGN = 64 };

static const uint32_t salts[WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                      0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

int inbox_filter_init(struct inbox_filter *filter, uint64_t n_ids)
{
    uint64_t n = n_ids / IDS_PER_BLOCK;

    n = n > UINT32_MAX / 2 ? UINT32_MAX / 2 : n;
    filter->n_blocks = (uint32_t)(n + 7) / 8 * 8; /* so that it can be folded three times */
    size_t size = (inbox_filter_bytes(filter) + ALIGN - 1) / ALIGN * ALIGN;
    filter->words = aligned_alloc(ALIGN, size);
    if (!filter->words)
        return -ENOMEM;
    memset(filter->words, 0, size);
    return 0;
}

void inbox_filter_done(struct inbox_filter *filter)
{
    free(filter->words);
    *filter = (struct inbox_filter){0};
}

size_t inbox_filter_bytes(const struct inbox_filter *filter)
{
    return (size_t)filter->n_blocks * WORDS * sizeof(uint32_t);
}

/* By the top of the hash, as pages are: the ids of a page stand in a row. */
static uint32_t *block_of(const struct inbox_filter *filter, uint64_t hash)
{
    uint64_t block = ((hash >> 32) * filter->n_blocks) >> 32;

    return filter->words + block * WORDS;
}

void inbox_filter_add(struct inbox_filter *filter, uint64_t hash)
{
    uint32_t *block = block_of(filter, hash);

    for (size_t i = 0; i < WORDS; i++)
        block[i] |= UINT32_C(1) << ((uint32_t)hash * salts[i] >> 27);
}

void inbox_filter_expect(const struct inbox_filter *filter, uint64_t hash)
{
    __builtin_prefetch(block_of(filter, hash));
}

bool inbox_filter_has(const struct inbox_filter *filter, uint64_t hash)
{
    const uint32_t *block = block_of(filter, hash);
    uint32_t missing = 0;

    for (size_t i = 0; i < WORDS; i++) {
        uint32_t bit = UINT32_C(1) << ((uint32_t)hash * salts[i] >> 27);
        missing |= ~block[i] & bit;
    }
    return missing == 0;
}

/* Blocks 2i and 2i+1 become block i: where their ids are looked for, with half as many blocks. */
bool inbox_filter_fold(struct inbox_filter *filter)
{
    if (filter->n_blocks % 2 != 0 || filter->n_blocks < 4)
        return false;
    filter->n_blocks /= 2;
    for (size_t i = 0; i < filter->n_blocks; i++)
        for (size_t w = 0; w < WORDS; w++)
            filter->words[i * WORDS + w] =
                filter->words[2 * i * WORDS + w] | filter->words[(2 * i + 1) * WORDS + w];
    size_t size = (inbox_filter_bytes(filter) + ALIGN - 1) / ALIGN * ALIGN;
    uint32_t *smaller = aligned_alloc(ALIGN, size);
    if (smaller) {
        memcpy(smaller, filter->words, inbox_filter_bytes(filter));
        free(filter->words);
        filter->words = smaller;
    }
    return true;
}
