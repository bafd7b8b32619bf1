/* SPDX-License-Identifier: Apache-2.0 */
/* The older ids of an inbox: on disk in runs, each of one stretch of time, cut into pages by the
 * ids' hash. Of each run a filter is in memory, so that an id that is in none, as almost all are,
 * costs no question to the disk; one that may be in one costs one page. Private to lib/store. */
#pragma once

#include "inbox_filter.h"
#include "millrace/ledger.h"

enum inbox_run_state {
    INBOX_RUN_GROWING, /* pages are being written; what it is made of still counts */
    INBOX_RUN_WHOLE,
    INBOX_RUN_LEAVING, /* pages are being deleted */
};

struct inbox_run {
    int64_t id;
    enum inbox_run_state state;
    unsigned bits; /* of the hash, that tell the page */
    int64_t n_ids;
    int64_t first_at, last_at; /* when its ids were handled, µs */
    int64_t through;           /* seq of its last id: rows of mr_inbox up to here are in runs */
    int64_t into;              /* the run that it is being merged into, or 0 */
    int64_t done;              /* pages written or deleted */
    struct inbox_filter filter;
};

struct inbox_runs {
    struct mr_store *store;
    uint64_t seed[2];
    unsigned first_bits;    /* a run begins with 64 << first_bits ids */
    size_t memory;          /* bytes of all filters, at most */
    struct inbox_run *runs; /* oldest first, but what grows stands last */
    size_t n_runs, cap_runs;
    int64_t next_id;

    /* the run that is made of what is in memory: its ids by page, begin of each page in them */
    struct mr_uuid *sorted;
    uint32_t *begins;
    int64_t sealing; /* its id, or 0 */
    int64_t house;   /* the run that is merged into, or deleted; or 0 */
    /* of the transaction under way */
    int64_t seal_done, house_done; /* pages, or -1: untouched */
    bool new_seal, new_house;
};

static inline size_t inbox_run_ids(const struct inbox_runs *runs)
{
    return (size_t)64 << runs->first_bits;
}

/* Where an id lives, in memory and on disk: never to be changed. */
uint64_t inbox_hash(const uint64_t seed[2], const struct mr_uuid *id);

/* Reads what there is. 0, -errno. */
int inbox_runs_open(struct inbox_runs *runs, struct mr_store *store, unsigned first_bits,
                    size_t memory, struct mr_error *reterr);
void inbox_runs_done(struct inbox_runs *runs);
/* Outcomes: 0, MR_ABSENT, -errno. */
int inbox_runs_seen(struct inbox_runs *runs, const struct mr_uuid *id, uint64_t hash,
                    struct mr_error *reterr);
/* The last seq that is in runs; 0: none. */
int64_t inbox_runs_through(const struct inbox_runs *runs);
/* Begins the run of these ids, inbox_run_ids of them but for those that are `filler`, in the order
 * of handling; from then on work writes it. 0, -errno. */
int inbox_runs_seal(struct inbox_runs *runs, const struct mr_uuid *ids,
                    const struct mr_uuid *filler, int64_t first_at, int64_t last_at,
                    int64_t through, struct mr_error *reterr);
/* A slice of about `budget` ids of what is to be written, merged, and deleted since it was handled
 * before `oldest`. Within the transaction. 0, -errno. */
int inbox_runs_work(struct inbox_runs *runs, size_t budget, int64_t oldest, int64_t longest,
                    struct mr_error *reterr);
/* After commit or rollback. True: the run of inbox_runs_seal is whole. */
bool inbox_runs_settle(struct inbox_runs *runs, bool committed);
