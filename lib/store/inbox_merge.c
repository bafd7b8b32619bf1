/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of an inbox of one size become one of the next, a slice with each transaction. */
#include <string.h>

#include "inbox_runs_inside.h"
#include "millrace/buf.h"

enum {
    FAN = 8, /* runs of one size become one of the next */
    FAN_BITS = 3,
    LEVELS = 3, /* of merging: the largest run has 512 times the ids of the first */
};

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
    int r = inbox_run_insert(runs, run, reterr);

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
            r = inbox_page_put(runs, run, page * FAN + i,
                               (struct mr_bytes){parts[i].data, parts[i].len}, reterr);
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
            r = inbox_pages_delete(runs, &runs->runs[i], from, to, reterr);
    return r == 0 && whole
               ? mr_store_run(runs->store, "DELETE FROM mr_inbox_run WHERE merged_into = ?1",
                              MR_VALUES(MR_INT(run->id)), reterr)
               : r;
}

/* done counts pages of the inputs. */
int inbox_merge_slice(struct inbox_runs *runs, struct inbox_run *run, size_t budget,
                      struct mr_error *reterr)
{
    int64_t n_pages = inbox_n_pages(run) / FAN;
    int64_t end = inbox_slice_end(run, n_pages, budget / (INBOX_PAGE_IDS * FAN) + 1);

    runs->house_done = end;
    int r = runs->new_house ? tell_merge(runs, run, reterr) : 0;
    for (int64_t p = run->done; r == 0 && p < end; p++)
        r = merge_page(runs, run, p, reterr);
    if (r == 0)
        r = delete_inputs(runs, run, run->done, end, end == n_pages, reterr);
    return r == 0
               ? inbox_run_update(runs, run, end == n_pages ? INBOX_RUN_WHOLE : INBOX_RUN_GROWING,
                                  end == n_pages ? 0 : end, reterr)
               : r;
}

int inbox_merge_begin(struct inbox_runs *runs, int64_t longest)
{
    struct inbox_run *found[FAN];

    for (unsigned level = 0; level < LEVELS; level++)
        if (find_mergeable(runs, runs->first_bits + level * FAN_BITS, longest, found))
            return begin_merge(runs, found);
    return 0;
}

void inbox_merge_settle(struct inbox_runs *runs, struct inbox_run *run)
{
    int64_t id = run->id;

    if (run->done != inbox_n_pages(run) / FAN)
        return;
    run->done = 0;
    run->state = INBOX_RUN_WHOLE;
    for (size_t i = runs->n_runs; i-- > 0;)
        if (runs->runs[i].into == id)
            inbox_run_drop(runs, runs->runs[i].id);
    runs->house = 0;
}
