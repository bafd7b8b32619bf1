/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows may hold an id: 8 bytes each, by the id's hash. Private to lib/store. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox_index {
    uint64_t *slots; /* hash << 32 | low half of a row's number; 0 is empty: hash is never 0 */
    unsigned bits;
    size_t n;
};

/* 0 or -ENOMEM. */
int inbox_index_init(struct inbox_index *index);
void inbox_index_done(struct inbox_index *index);
/* 0 or -ENOMEM, which cannot be with fewer rows than there were. */
int inbox_index_put(struct inbox_index *index, uint64_t hash, uint32_t row);
void inbox_index_take(struct inbox_index *index, uint64_t hash, uint32_t row);
void inbox_index_clear(struct inbox_index *index);
/* Rows that a hash fits, one after the other; *at begins with INBOX_INDEX_BEGIN. */
#define INBOX_INDEX_BEGIN SIZE_MAX
bool inbox_index_next(const struct inbox_index *index, uint64_t hash, size_t *at,
                      uint32_t *ret_row);
