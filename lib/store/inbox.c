/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of a store for one process. The last ids are in memory, and rows of mr_inbox, which is
 * only appended to; older ones go to runs on disk (inbox_runs.h), which are forgotten by time. What
 * the index or a filter finds is verified, so that no event is ever taken for another. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inbox_index.h"
#include "inbox_runs.h"
#include "inbox_shared.h"

enum {
    RUN_BITS = 13,      /* 524,288 ids go to disk as one run */
    MEMORY = 256 << 20, /* of all runs' filters */
    LEAST = 256,        /* ids of work with a transaction ... */
    TIMES = 6,          /* and for each id that is added: written once, merged up to three times,
                         * deleted once */
    MOST_GAP = 1 << 20, /* rows that somebody has deleted */
};

struct mr_inbox {
    struct inbox_shared *shared; /* all of it, when the store is; else NULL */
    struct mr_store *store;
    struct inbox_runs runs;
    int64_t window;    /* µs */
    int64_t opened_at; /* µs since the epoch */
    int64_t since;     /* no id in memory was handled before */
    struct inbox_index index;

    struct mr_uuid *ids; /* rows first ... first + n_ids - 1 */
    size_t n_ids, cap_ids;
    int64_t first;
    size_t n_added;           /* the last of them: by the transaction under way */
    struct mr_uuid filler;    /* stands for a row that is gone; no event's id */
    int64_t stale, stale_end; /* rows stale ... stale_end - 1 are in runs, and to be deleted */
    int64_t stale_done;       /* by the transaction under way */
};

/* Only memory can fail here. */
static int insert(struct mr_inbox *inbox, const struct mr_uuid *id, int64_t seq)
{
    return inbox_index_put(&inbox->index, inbox_hash(inbox->runs.seed, id), (uint32_t)seq);
}

/* ---- ids in memory ---- */

static int push(struct mr_inbox *inbox, const struct mr_uuid *id)
{
    if (inbox->n_ids == inbox->cap_ids) {
        size_t cap = inbox->cap_ids ? inbox->cap_ids * 2 : 512;
        struct mr_uuid *grown = realloc(inbox->ids, cap * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        inbox->ids = grown;
        inbox->cap_ids = cap;
    }
    inbox->ids[inbox->n_ids++] = *id;
    return 0;
}

/* The run of the first ids is whole: they leave memory; their rows go a slice at a time. */
static void run_is_whole(struct mr_inbox *inbox)
{
    size_t n = inbox_run_ids(&inbox->runs);

    inbox->stale = inbox->first;
    inbox->n_ids -= n;
    inbox->first += (int64_t)n;
    inbox->stale_end = inbox->first;
    memmove(inbox->ids, inbox->ids + n, inbox->n_ids * sizeof(*inbox->ids));
    inbox_index_clear(&inbox->index);
    for (size_t i = 0; i < inbox->n_ids; i++) /* fewer than before: no memory is asked for */
        if (memcmp(&inbox->ids[i], &inbox->filler, sizeof(inbox->filler)) != 0)
            (void)insert(inbox, &inbox->ids[i], inbox->first + (int64_t)i);
}

static int seal(struct mr_inbox *inbox, int64_t now, struct mr_error *reterr)
{
    int64_t through = inbox->first + (int64_t)inbox_run_ids(&inbox->runs) - 1;
    int64_t since = inbox->since > 0 && inbox->since < now ? inbox->since : now;

    inbox->since = now;
    return inbox_runs_seal(&inbox->runs, inbox->ids, &inbox->filler, since, now, through, reterr);
}

static int delete_stale(struct mr_inbox *inbox, size_t budget, struct mr_error *reterr)
{
    int64_t left = inbox->stale_end - inbox->stale;

    inbox->stale_done = inbox->stale + (left > (int64_t)budget ? (int64_t)budget : left);
    return mr_store_run(inbox->store, "DELETE FROM mr_inbox WHERE seq < ?1",
                        MR_VALUES(MR_INT(inbox->stale_done)), reterr);
}

/* A slice of all that is to be done, within a transaction. */
static int work(struct mr_inbox *inbox, size_t budget, int64_t now, struct mr_error *reterr)
{
    int r = 0;

    if (inbox->stale < inbox->stale_end)
        r = delete_stale(inbox, budget, reterr);
    else if (!inbox->runs.sealing && inbox->n_ids - inbox->n_added >= inbox_run_ids(&inbox->runs))
        r = seal(inbox, now, reterr);
    return r == 0 ? inbox_runs_work(&inbox->runs, budget,
                                    inbox->window == INT64_MAX ? INT64_MIN : now - inbox->window,
                                    inbox->window, reterr)
                  : r;
}

/* ---- opening ---- */

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
        r = work(inbox, enough, inbox->opened_at, reterr);
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
        r = push(inbox, &inbox->filler);
    if (bytes.len == sizeof(id.bytes))
        memcpy(id.bytes, bytes.data, sizeof(id.bytes));
    if (r == 0)
        r = push(inbox, &id);
    return r == 0 && bytes.len == sizeof(id.bytes) ? insert(inbox, &id, seq) : r;
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

void mr_inbox_set_window(struct mr_inbox *inbox, int64_t window)
{
    inbox->window = window;
}

/* ---- what was handled ---- */

int mr_inbox_seen(struct mr_inbox *inbox, const struct mr_uuid *id, struct mr_error *reterr)
{
    if (inbox->shared)
        return inbox_shared_seen(inbox->shared, id);
    uint64_t hash = inbox_hash(inbox->runs.seed, id);
    size_t at = INBOX_INDEX_BEGIN;
    uint32_t row;

    while (inbox_index_next(&inbox->index, hash, &at, &row))
        if (memcmp(&inbox->ids[row - (uint32_t)inbox->first], id, sizeof(*id)) == 0)
            return 0;
    return inbox_runs_seen(&inbox->runs, id, hash, reterr);
}

int mr_inbox_confirm(struct mr_inbox *inbox, const struct mr_uuid *id, struct mr_error *reterr)
{
    return inbox->shared ? inbox_shared_confirm(inbox->shared, id, reterr) : MR_ABSENT;
}

int mr_inbox_add(struct mr_inbox *inbox, const struct mr_uuid *id)
{
    if (inbox->shared)
        return inbox_shared_add(inbox->shared, id);
    int r = push(inbox, id);

    if (r != 0)
        return r;
    inbox->n_added++;
    return insert(inbox, id, inbox->first + (int64_t)inbox->n_ids - 1);
}

#define EIGHT(a, b, c, d, e, f, g, h)                                                              \
    "(?1 + " #a ", ?" #b "), (?1 + " #c ", ?" #d "), (?1 + " #e ", ?" #f "), (?1 + " #g ", ?" #h ")"
/* Rows by the handful, as long as they last: half the price of one by one. */
static int write_rows(struct mr_inbox *inbox, struct mr_error *reterr)
{
    enum { HANDFUL = 16 };
    static const char many[] =
        "INSERT INTO mr_inbox (seq, event_id) VALUES " EIGHT(0, 2, 1, 3, 2, 4, 3, 5) ", " EIGHT(
            4, 6, 5, 7, 6, 8, 7, 9) ", " EIGHT(8, 10, 9, 11, 10, 12, 11,
                                               13) ", " EIGHT(12, 14, 13, 15, 14, 16, 15, 17);
    struct mr_value values[HANDFUL + 2];
    size_t at = inbox->n_ids - inbox->n_added;
    int r = 0;

    while (r == 0 && at < inbox->n_ids) {
        size_t n = inbox->n_ids - at >= HANDFUL ? HANDFUL : 1;
        values[0] = MR_INT(inbox->first + (int64_t)at);
        for (size_t i = 0; i < n; i++)
            values[1 + i] = MR_BLOB(((struct mr_bytes){inbox->ids[at + i].bytes, 16}));
        values[1 + n] = MR_VALUES_END;
        r = mr_store_run(inbox->store,
                         n == HANDFUL ? many
                                      : "INSERT INTO mr_inbox (seq, event_id) VALUES (?1, ?2)",
                         values, reterr);
        at += n;
    }
    return r;
}

int mr_inbox_write(struct mr_inbox *inbox, int64_t now, struct mr_error *reterr)
{
    if (inbox->shared)
        return inbox_shared_write(inbox->shared, now, inbox->window, reterr);
    int r = write_rows(inbox, reterr);

    return r == 0 ? work(inbox, LEAST + TIMES * inbox->n_added, now, reterr) : r;
}

void mr_inbox_settle(struct mr_inbox *inbox, bool committed)
{
    if (inbox->shared) {
        inbox_shared_settle(inbox->shared, committed);
        return;
    }
    for (; !committed && inbox->n_added > 0; inbox->n_added--) {
        const struct mr_uuid *id = &inbox->ids[--inbox->n_ids];
        inbox_index_take(&inbox->index, inbox_hash(inbox->runs.seed, id),
                         (uint32_t)(inbox->first + (int64_t)inbox->n_ids));
    }
    inbox->n_added = 0;
    if (committed && inbox->stale_done > inbox->stale)
        inbox->stale = inbox->stale_done;
    inbox->stale_done = 0;
    if (inbox_runs_settle(&inbox->runs, committed))
        run_is_whole(inbox);
}

size_t mr_inbox_count(const struct mr_inbox *inbox)
{
    size_t n = inbox->index.n;

    if (inbox->shared)
        return inbox_shared_count(inbox->shared);
    for (size_t i = 0; i < inbox->runs.n_runs; i++)
        n += inbox->runs.runs[i].state == INBOX_RUN_WHOLE ? (size_t)inbox->runs.runs[i].n_ids : 0;
    return n;
}
