/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of a store is opened: what it remembers is read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inbox_inside.h"

enum {
    RUN_BITS = 13,      /* 524,288 ids go to disk as one run */
    MEMORY = 256 << 20, /* of all runs' filters */
    MOST_GAP = 1 << 20, /* rows that somebody has deleted */
};

/* More ids than are kept in memory, of a store from before there were runs: at once, as nothing
 * else waits. */
static int work_off(struct mr_inbox *inbox, struct mr_error *reterr)
{
    size_t enough = inbox_run_ids(&inbox->runs);
    int r = 0;

    while (r == 0 && (inbox->n_ids >= 2 * enough || inbox->stale < inbox->stale_end)) {
        r = mr_store_begin(inbox->store, reterr);
        if (r != 0)
            return r;
        r = inbox_work(inbox, enough, inbox->opened_at, reterr);
        if (r == 0)
            r = mr_store_commit(inbox->store, reterr);
        else
            mr_store_rollback(inbox->store);
        mr_inbox_settle(inbox, r == 0);
    }
    return r;
}

/* A row that somebody has deleted, so that its event is handled again, leaves a gap. */
static int take_row(struct mr_inbox *inbox, int64_t seq, struct mr_bytes bytes,
                    struct mr_error *reterr)
{
    struct mr_uuid id = inbox->filler;
    int r = 0;

    if (inbox->n_ids == 0)
        inbox->first = seq;
    int64_t gap = seq - inbox->first - (int64_t)inbox->n_ids;
    if (gap < 0 || gap > MOST_GAP)
        return mr_error_set(reterr, -EBADMSG,
                            "store: %" PRId64 " rows of mr_inbox are missing before seq %" PRId64
                            ": restore it from a backup",
                            gap, seq);
    for (; r == 0 && gap > 0; gap--)
        r = inbox_push(inbox, &inbox->filler);
    if (bytes.len == sizeof(id.bytes))
        memcpy(id.bytes, bytes.data, sizeof(id.bytes));
    if (r == 0)
        r = inbox_push(inbox, &id);
    return r == 0 && bytes.len == sizeof(id.bytes) ? inbox_insert(inbox, &id, seq) : r;
}

/* Outcomes: 0 there may be more, MR_END, -errno. */
static int load_some(struct mr_inbox *inbox, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = mr_store_query(inbox->store,
                           "SELECT seq, event_id FROM mr_inbox WHERE seq >= ?1 ORDER BY seq",
                           MR_VALUES(MR_INT(inbox->first + (int64_t)inbox->n_ids)), &rows, reterr);
    while (r == 0 && inbox->n_ids < 2 * inbox_run_ids(&inbox->runs) &&
           (r = mr_rows_next(rows, reterr)) == 0)
        r = take_row(inbox, mr_rows_value(rows, 0).as.integer, mr_rows_value(rows, 1).as.blob,
                     reterr);
    return r;
}

static int load(struct mr_inbox *inbox, struct mr_error *reterr)
{
    int64_t oldest = 0;

    inbox->first = inbox_runs_through(&inbox->runs) + 1;
    int r = mr_store_row(inbox->store, NULL, MR_INTO(MR_INTO_INT(&oldest)),
                         "SELECT coalesce(min(seq), 0) FROM mr_inbox", MR_NO_VALUES, reterr);
    inbox->stale_end = inbox->first;
    inbox->stale = oldest > 0 && oldest < inbox->first ? oldest : inbox->first;
    while (r == 0) {
        r = load_some(inbox, reterr);
        if (r == 0)
            r = work_off(inbox, reterr);
    }
    return r == MR_END ? 0 : r;
}

static int open_own(struct mr_inbox *inbox, const struct mr_inbox_options *options,
                    struct mr_error *reterr)
{
    int r = inbox_runs_open(&inbox->runs, inbox->store, options ? options->run_bits : RUN_BITS,
                            options ? options->memory : MEMORY, reterr);

    memcpy(inbox->filler.bytes, inbox->runs.seed, sizeof(inbox->filler.bytes));
    for (size_t i = 0; i < inbox->runs.n_runs; i++)
        if (inbox->runs.runs[i].last_at > inbox->since)
            inbox->since = inbox->runs.runs[i].last_at;
    if (r == 0)
        r = inbox_index_init(&inbox->index);
    return r == 0 ? load(inbox, reterr) : r;
}

int mr_inbox_new(struct mr_store *store, int64_t now, const struct mr_inbox_options *options,
                 struct mr_inbox **ret_inbox, struct mr_error *reterr)
{
    struct mr_inbox *inbox = calloc(1, sizeof(*inbox));

    if (!inbox)
        return -ENOMEM;
    inbox->store = store;
    inbox->window = INT64_MAX;
    inbox->opened_at = now;
    int r = mr_store_is_shared(store) ? inbox_shared_new(store, &inbox->shared)
                                      : open_own(inbox, options, reterr);
    if (r != 0) {
        (void)mr_inbox_free(inbox);
        return r;
    }
    *ret_inbox = inbox;
    return 0;
}

struct mr_inbox *mr_inbox_free(struct mr_inbox *inbox)
{
    if (inbox) {
        (void)inbox_shared_free(inbox->shared);
        inbox_runs_done(&inbox->runs);
        inbox_index_done(&inbox->index);
        free(inbox->ids);
        free(inbox);
    }
    return NULL;
}
