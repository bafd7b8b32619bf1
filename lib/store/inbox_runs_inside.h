/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of inbox runs share. Private to lib/store. */
#pragma once

#include "inbox_runs.h"

enum {
    INBOX_PAGE_BITS = 32, /* place of a page: its run's id, its number in these bits */
    INBOX_PAGE_IDS = 64,  /* of a page, on average */
};

static inline int64_t inbox_page_of(unsigned bits, uint64_t hash)
{
    return bits == 0 ? 0 : (int64_t)(hash >> (64 - bits));
}

static inline int64_t inbox_place(const struct inbox_run *run, int64_t page)
{
    return run->id << INBOX_PAGE_BITS | page;
}

static inline int64_t inbox_n_pages(const struct inbox_run *run)
{
    return INT64_C(1) << run->bits;
}

struct inbox_run *inbox_run_of(const struct inbox_runs *runs, int64_t id);
/* Its filter is made, empty. 0, -ENOMEM. */
int inbox_run_add(struct inbox_runs *runs, const struct inbox_run *run);
void inbox_run_drop(struct inbox_runs *runs, int64_t id);
