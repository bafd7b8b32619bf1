/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of an inbox: how they are written, merged and forgotten, a slice with each transaction, so
 * that no batch waits for more than a few pages. What is half done is in the run's row: a crash
 * goes on from there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inbox_runs_inside.h"

/* ---- a new run ---- */

/* By page, counting: begins[p] is where the ids of page p begin. */
static void sort(struct inbox_runs *runs, struct inbox_run *run, const struct mr_uuid *ids,
                 const struct mr_uuid *filler)
{
    int64_t n_pages = inbox_n_pages(run);
    uint32_t *begins = runs->begins + 1; /* of the page before, until all are placed */

    memset(runs->begins, 0, (size_t)(n_pages + 2) * sizeof(*begins));
    for (size_t i = 0; i < inbox_run_ids(runs); i++)
        if (memcmp(&ids[i], filler, sizeof(*filler)) != 0)
            begins[inbox_page_of(run->bits, inbox_hash(runs->seed, &ids[i])) + 1]++;
    for (int64_t p = 0; p < n_pages; p++)
        begins[p + 1] += begins[p];
    run->n_ids = begins[n_pages];
    for (size_t i = 0; i < inbox_run_ids(runs); i++) {
        if (memcmp(&ids[i], filler, sizeof(*filler)) == 0)
            continue;
        uint64_t hash = inbox_hash(runs->seed, &ids[i]);
        runs->sorted[begins[inbox_page_of(run->bits, hash)]++] = ids[i];
        inbox_filter_add(&run->filter, hash);
    }
}

int inbox_runs_seal(struct inbox_runs *runs, const struct mr_uuid *ids,
                    const struct mr_uuid *filler, int64_t first_at, int64_t last_at,
                    int64_t through, struct mr_error *reterr)
{
    struct inbox_run run = {.id = runs->next_id,
                            .bits = runs->first_bits,
                            .n_ids = (int64_t)inbox_run_ids(runs),
                            .first_at = first_at,
                            .last_at = last_at,
                            .through = through};

    if (!runs->sorted)
        runs->sorted = malloc(inbox_run_ids(runs) * sizeof(*runs->sorted));
    if (!runs->begins)
        runs->begins = malloc((size_t)(inbox_n_pages(&run) + 2) * sizeof(*runs->begins));
    if (!runs->sorted || !runs->begins)
        return mr_error_set(reterr, -ENOMEM, "out of memory");
    int r = inbox_run_add(runs, &run);
    if (r != 0)
        return r;
    sort(runs, &runs->runs[runs->n_runs - 1], ids, filler);
    runs->sealing = run.id;
    runs->new_seal = true;
    return 0;
}

static int write_slice(struct inbox_runs *runs, size_t budget, struct mr_error *reterr)
{
    struct inbox_run *run = inbox_run_of(runs, runs->sealing);
    int64_t n_pages = inbox_n_pages(run);
    int64_t end = inbox_slice_end(run, n_pages, budget / INBOX_PAGE_IDS + 1);

    int r = runs->new_seal ? inbox_run_insert(runs, run, reterr) : 0;
    for (int64_t p = run->done; r == 0 && p < end; p++) {
        const uint32_t *at =
            &runs->begins[p]; /* moved on by sort: the end of page p stands at p+1 */
        r = inbox_page_put(
            runs, run, p,
            (struct mr_bytes){runs->sorted[at[0]].bytes, (at[1] - at[0]) * sizeof(struct mr_uuid)},
            reterr);
    }
    if (r == 0)
        r = inbox_run_update(runs, run, end == n_pages ? INBOX_RUN_WHOLE : INBOX_RUN_GROWING,
                             end == n_pages ? 0 : end, reterr);
    runs->seal_done = end;
    return r;
}

/* ---- old runs are forgotten ---- */

static struct inbox_run *due(const struct inbox_runs *runs, int64_t oldest)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        struct inbox_run *run = &runs->runs[i];
        if (run->state == INBOX_RUN_WHOLE && run->into == 0 && run->last_at < oldest)
            return run;
    }
    return NULL;
}

static int forget_slice(struct inbox_runs *runs, struct inbox_run *run, size_t budget,
                        struct mr_error *reterr)
{
    int64_t n_pages = inbox_n_pages(run);
    int64_t end = inbox_slice_end(run, n_pages, budget / INBOX_PAGE_IDS + 1);

    runs->house_done = end;
    int r = inbox_pages_delete(runs, run, run->done, end, reterr);
    if (r == 0 && end < n_pages)
        return inbox_run_update(runs, run, INBOX_RUN_LEAVING, end, reterr);
    return r == 0 ? mr_store_run(runs->store, "DELETE FROM mr_inbox_run WHERE run = ?1",
                                 MR_VALUES(MR_INT(run->id)), reterr)
                  : r;
}

/* ---- a slice of all ---- */

static int choose_house(struct inbox_runs *runs, int64_t oldest, int64_t longest)
{
    struct inbox_run *run = due(runs, oldest);

    if (run) {
        run->state = INBOX_RUN_LEAVING; /* its row says so with the first slice */
        runs->house = run->id;
        return 0;
    }
    return inbox_merge_begin(runs, longest);
}

int inbox_runs_work(struct inbox_runs *runs, size_t budget, int64_t oldest, int64_t longest,
                    struct mr_error *reterr)
{
    int r = runs->sealing ? write_slice(runs, budget, reterr) : 0;

    if (r == 0 && !runs->house)
        r = choose_house(runs, oldest, longest);
    if (r != 0 || !runs->house)
        return r;
    struct inbox_run *run = inbox_run_of(runs, runs->house);
    return run->state == INBOX_RUN_LEAVING ? forget_slice(runs, run, budget, reterr)
                                           : inbox_merge_slice(runs, run, budget, reterr);
}

static bool settle_seal(struct inbox_runs *runs)
{
    struct inbox_run *run = inbox_run_of(runs, runs->sealing);

    run->done = runs->seal_done;
    runs->new_seal = false;
    if (run->done < inbox_n_pages(run))
        return false;
    run->done = 0;
    run->state = INBOX_RUN_WHOLE;
    runs->sealing = 0;
    return true;
}

static void settle_house(struct inbox_runs *runs)
{
    struct inbox_run *run = inbox_run_of(runs, runs->house);
    int64_t id = runs->house;

    runs->new_house = false;
    run->done = runs->house_done;
    if (run->state == INBOX_RUN_LEAVING && run->done == inbox_n_pages(run)) {
        inbox_run_drop(runs, id);
        runs->house = 0;
    } else if (run->state == INBOX_RUN_GROWING) {
        inbox_merge_settle(runs, run);
    }
}

bool inbox_runs_settle(struct inbox_runs *runs, bool committed)
{
    bool whole = false;

    if (committed && runs->seal_done >= 0)
        whole = settle_seal(runs);
    if (committed && runs->house_done >= 0)
        settle_house(runs);
    runs->seal_done = runs->house_done = -1;
    return whole;
}
