/* SPDX-License-Identifier: Apache-2.0 */
/* A set of hashes that may say yes too often, never no: two bytes an id, half of it when there is
 * little memory. Private to lib/store. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox_filter {
    uint32_t *words; /* blocks of 8: in each word one bit of every id that lives there */
    uint32_t n_blocks;
};

/* 0 or -ENOMEM. */
int inbox_filter_init(struct inbox_filter *filter, uint64_t n_ids);
void inbox_filter_done(struct inbox_filter *filter);
void inbox_filter_add(struct inbox_filter *filter, uint64_t hash);
/* It will be asked for this hash: memory may begin to bring it. */
void inbox_filter_expect(const struct inbox_filter *filter, uint64_t hash);
bool inbox_filter_has(const struct inbox_filter *filter, uint64_t hash);
size_t inbox_filter_bytes(const struct inbox_filter *filter);
/* Half the size. False: it is as small as it can be. */
bool inbox_filter_fold(struct inbox_filter *filter);
