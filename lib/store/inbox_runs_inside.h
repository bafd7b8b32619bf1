/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of inbox runs share. Private to lib/store. */
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

/* How far a slice of n pages goes. */
static inline int64_t inbox_slice_end(const struct inbox_run *run, int64_t n_pages, size_t n)
{
    return n_pages - run->done > (int64_t)n ? run->done + (int64_t)n : n_pages;
}

/* ---- inbox_runs.c: what is in memory ---- */
struct inbox_run *inbox_run_of(const struct inbox_runs *runs, int64_t id);
/* Its filter is made, empty. 0, -ENOMEM. */
int inbox_run_add(struct inbox_runs *runs, const struct inbox_run *run);
void inbox_run_drop(struct inbox_runs *runs, int64_t id);

/* ---- inbox_rows.c: what is on disk; each 0 or -errno ---- */
int inbox_run_insert(struct inbox_runs *runs, const struct inbox_run *run, struct mr_error *reterr);
int inbox_run_update(struct inbox_runs *runs, const struct inbox_run *run,
                     enum inbox_run_state state, int64_t done, struct mr_error *reterr);
int inbox_page_put(struct inbox_runs *runs, const struct inbox_run *run, int64_t page,
                   struct mr_bytes ids, struct mr_error *reterr);
int inbox_pages_delete(struct inbox_runs *runs, const struct inbox_run *run, int64_t from,
                       int64_t to, struct mr_error *reterr);

/* ---- inbox_merge.c: runs of one size become one ---- */
/* Chooses what is to be merged, if anything is: it is runs->house then. They are to span no more
 * than half of `longest` together. 0, -ENOMEM. */
int inbox_merge_begin(struct inbox_runs *runs, int64_t longest);
int inbox_merge_slice(struct inbox_runs *runs, struct inbox_run *run, size_t budget,
                      struct mr_error *reterr);
/* After the commit of a slice: with the last one the run is whole, and what it is made of goes. */
void inbox_merge_settle(struct inbox_runs *runs, struct inbox_run *run);
