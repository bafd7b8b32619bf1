/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of a store for one process. The last ids are in memory, and rows of mr_inbox, which is
 * only appended to; older ones go to runs on disk (inbox_runs.h), which are forgotten by time. What
 * the index or a filter finds is verified, so that no event is ever taken for another. */
#include <string.h>

#include "inbox_inside.h"

enum {
    LEAST = 256, /* ids of work with a transaction ... */
    TIMES = 6,   /* and for each id that is added: written once, merged up to three times, deleted
                  * once */
};

/* ---- ids in memory ---- */

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
            (void)inbox_insert(inbox, &inbox->ids[i], inbox->first + (int64_t)i);
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

int inbox_work(struct mr_inbox *inbox, size_t budget, int64_t now, struct mr_error *reterr)
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
    int r = inbox_push(inbox, id);

    if (r != 0)
        return r;
    inbox->n_added++;
    return inbox_insert(inbox, id, inbox->first + (int64_t)inbox->n_ids - 1);
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

    return r == 0 ? inbox_work(inbox, LEAST + TIMES * inbox->n_added, now, reterr) : r;
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
