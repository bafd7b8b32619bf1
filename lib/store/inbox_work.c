/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of an inbox: how they are written, merged and forgotten, a slice with each transaction, so
 * that no batch waits for more than a few pages. What is half done is in the run's row: a crash
 * goes on from there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inbox_runs_inside.h"
#include "millrace/buf.h"

enum {
    FAN = 8, /* runs of one size become one of the next */
    FAN_BITS = 3,
    LEVELS = 3, /* of merging: the largest run has 512 times the ids of the first */
};

/* ---- rows of mr_inbox_run ---- */

static int insert_run(struct inbox_runs *runs, const struct inbox_run *run, struct mr_error *reterr)
{
    return mr_store_run(runs->store,
                        "INSERT INTO mr_inbox_run (run, state, bits, ids, first_at, last_at,"
                        " through, merged_into, done) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)",
                        MR_VALUES(MR_INT(run->id), MR_INT(run->state), MR_INT(run->bits),
                                  MR_INT(run->n_ids), MR_INT(run->first_at), MR_INT(run->last_at),
                                  MR_INT(run->through)),
                        reterr);
}

static int update_run(struct inbox_runs *runs, const struct inbox_run *run,
                      enum inbox_run_state state, int64_t done, struct mr_error *reterr)
{
    return mr_store_run(runs->store, "UPDATE mr_inbox_run SET state = ?2, done = ?3 WHERE run = ?1",
                        MR_VALUES(MR_INT(run->id), MR_INT(state), MR_INT(done)), reterr);
}

static int put_page(struct inbox_runs *runs, const struct inbox_run *run, int64_t page,
                    struct mr_bytes ids, struct mr_error *reterr)
{
    return ids.len == 0
               ? 0
               : mr_store_run(runs->store, "INSERT INTO mr_inbox_page (place, ids) VALUES (?1, ?2)",
                              MR_VALUES(MR_INT(inbox_place(run, page)), MR_BLOB(ids)), reterr);
}

static int delete_pages(struct inbox_runs *runs, const struct inbox_run *run, int64_t from,
                        int64_t to, struct mr_error *reterr)
{
    return mr_store_run(runs->store, "DELETE FROM mr_inbox_page WHERE place >= ?1 AND place < ?2",
                        MR_VALUES(MR_INT(inbox_place(run, from)), MR_INT(inbox_place(run, to))),
                        reterr);
}

/* How far a slice of n pages goes. */
static int64_t slice_end(const struct inbox_run *run, int64_t n_pages, size_t n)
{
    return n_pages - run->done > (int64_t)n ? run->done + (int64_t)n : n_pages;
}

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
    int64_t end = slice_end(run, n_pages, budget / INBOX_PAGE_IDS + 1);

    int r = runs->new_seal ? insert_run(runs, run, reterr) : 0;
    for (int64_t p = run->done; r == 0 && p < end; p++) {
        const uint32_t *at =
            &runs->begins[p]; /* moved on by sort: the end of page p stands at p+1 */
        r = put_page(
            runs, run, p,
            (struct mr_bytes){runs->sorted[at[0]].bytes, (at[1] - at[0]) * sizeof(struct mr_uuid)},
            reterr);
    }
    if (r == 0)
        r = update_run(runs, run, end == n_pages ? INBOX_RUN_WHOLE : INBOX_RUN_GROWING,
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
    int64_t end = slice_end(run, n_pages, budget / INBOX_PAGE_IDS + 1);

    runs->house_done = end;
    int r = delete_pages(runs, run, run->done, end, reterr);
    if (r == 0 && end < n_pages)
        return update_run(runs, run, INBOX_RUN_LEAVING, end, reterr);
    return r == 0 ? mr_store_run(runs->store, "DELETE FROM mr_inbox_run WHERE run = ?1",
                                 MR_VALUES(MR_INT(run->id)), reterr)
                  : r;
}

/* ---- runs of one size become one ---- */

/* The oldest FAN runs of a size, when they are there and together span not too long a time: a run
 * is forgotten as one. */
static bool find_mergeable(struct inbox_runs *runs, unsigned bits, int64_t longest,
                           struct inbox_run *found[FAN])
{
    size_t n = 0;

    for (size_t i = 0; i < runs->n_runs && n < FAN; i++) {
        struct inbox_run *run = &runs->runs[i];
        if (run->state == INBOX_RUN_WHOLE && run->into == 0 && run->bits == bits)
            found[n++] = run;
    }
    return n == FAN && found[FAN - 1]->last_at - found[0]->first_at <= longest / 2;
}

static int begin_merge(struct inbox_runs *runs, struct inbox_run *inputs[FAN])
{
    struct inbox_run run = {.id = runs->next_id,
                            .bits = inputs[0]->bits + FAN_BITS,
                            .first_at = inputs[0]->first_at,
                            .last_at = inputs[FAN - 1]->last_at,
                            .through = inputs[FAN - 1]->through};

    for (size_t i = 0; i < FAN; i++) {
        run.n_ids += inputs[i]->n_ids;
        inputs[i]->into = run.id;
    }
    int r = inbox_run_add(runs, &run); /* inputs may have moved */
    for (size_t i = 0; r != 0 && i < runs->n_runs; i++)
        if (runs->runs[i].into == run.id)
            runs->runs[i].into = 0;
    if (r != 0)
        return r;
    runs->house = run.id;
    runs->new_house = true;
    return 0;
}

static int tell_merge(struct inbox_runs *runs, const struct inbox_run *run, struct mr_error *reterr)
{
    int r = insert_run(runs, run, reterr);

    for (size_t i = 0; r == 0 && i < runs->n_runs; i++)
        if (runs->runs[i].into == run->id)
            r = mr_store_run(runs->store, "UPDATE mr_inbox_run SET merged_into = ?2 WHERE run = ?1",
                             MR_VALUES(MR_INT(runs->runs[i].id), MR_INT(run->id)), reterr);
    return r;
}

/* The ids of one page of an input, to the pages of `run` that they belong to. */
static int spread(struct inbox_runs *runs, struct inbox_run *run, const struct inbox_run *input,
                  int64_t page, struct mr_buf parts[FAN], struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = mr_store_query(runs->store, "SELECT ids FROM mr_inbox_page WHERE place = ?1",
                           MR_VALUES(MR_INT(inbox_place(input, page))), &rows, reterr);
    if (r == 0)
        r = mr_rows_next(rows, reterr);
    if (r != 0)
        return r == MR_END ? 0 : r;
    struct mr_bytes ids = mr_rows_value(rows, 0).as.blob;
    for (size_t i = 0; r == 0 && i + sizeof(struct mr_uuid) <= ids.len;
         i += sizeof(struct mr_uuid)) {
        struct mr_uuid id;
        memcpy(&id, ids.data + i, sizeof(id));
        uint64_t hash = inbox_hash(runs->seed, &id);
        inbox_filter_add(&run->filter, hash);
        r = mr_buf_append(&parts[inbox_page_of(run->bits, hash) % FAN], id.bytes, sizeof(id.bytes));
    }
    return r;
}

static int merge_page(struct inbox_runs *runs, struct inbox_run *run, int64_t page,
                      struct mr_error *reterr)
{
    struct mr_buf parts[FAN] = {{0}};
    int r = 0;

    for (size_t i = 0; r == 0 && i < runs->n_runs; i++)
        if (runs->runs[i].into == run->id)
            r = spread(runs, run, &runs->runs[i], page, parts, reterr);
    for (int64_t i = 0; i < FAN; i++) {
        if (r == 0)
            r = put_page(runs, run, page * FAN + i, (struct mr_bytes){parts[i].data, parts[i].len},
                         reterr);
        mr_buf_done(&parts[i]);
    }
    return r;
}

static int delete_inputs(struct inbox_runs *runs, const struct inbox_run *run, int64_t from,
                         int64_t to, bool whole, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < runs->n_runs; i++)
        if (runs->runs[i].into == run->id)
            r = delete_pages(runs, &runs->runs[i], from, to, reterr);
    return r == 0 && whole
               ? mr_store_run(runs->store, "DELETE FROM mr_inbox_run WHERE merged_into = ?1",
                              MR_VALUES(MR_INT(run->id)), reterr)
               : r;
}

/* done counts pages of the inputs. */
static int merge_slice(struct inbox_runs *runs, struct inbox_run *run, size_t budget,
                       struct mr_error *reterr)
{
    int64_t n_pages = inbox_n_pages(run) / FAN;
    int64_t end = slice_end(run, n_pages, budget / (INBOX_PAGE_IDS * FAN) + 1);

    runs->house_done = end;
    int r = runs->new_house ? tell_merge(runs, run, reterr) : 0;
    for (int64_t p = run->done; r == 0 && p < end; p++)
        r = merge_page(runs, run, p, reterr);
    if (r == 0)
        r = delete_inputs(runs, run, run->done, end, end == n_pages, reterr);
    return r == 0 ? update_run(runs, run, end == n_pages ? INBOX_RUN_WHOLE : INBOX_RUN_GROWING,
                               end == n_pages ? 0 : end, reterr)
                  : r;
}

/* ---- a slice of all ---- */

static int choose_house(struct inbox_runs *runs, int64_t oldest, int64_t longest)
{
    struct inbox_run *found[FAN], *run = due(runs, oldest);

    if (run) {
        run->state = INBOX_RUN_LEAVING; /* its row says so with the first slice */
        runs->house = run->id;
        return 0;
    }
    for (unsigned level = 0; level < LEVELS; level++)
        if (find_mergeable(runs, runs->first_bits + level * FAN_BITS, longest, found))
            return begin_merge(runs, found);
    return 0;
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
                                           : merge_slice(runs, run, budget, reterr);
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
    } else if (run->state == INBOX_RUN_GROWING && run->done == inbox_n_pages(run) / FAN) {
        run->done = 0;
        run->state = INBOX_RUN_WHOLE;
        for (size_t i = runs->n_runs; i-- > 0;)
            if (runs->runs[i].into == id)
                inbox_run_drop(runs, runs->runs[i].id);
        runs->house = 0;
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
