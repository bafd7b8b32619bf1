/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of an inbox: what is known of them, and the question whether an id is in one. */
#include "inbox_runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inbox_runs_inside.h"

/* ---- hash ---- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

uint64_t inbox_hash(const uint64_t seed[2], const struct mr_uuid *id)
{
    uint64_t halves[2] = {0, 0};

    for (size_t i = 0; i < sizeof(id->bytes); i++) /* big end first, on every machine */
        halves[i / 8] = halves[i / 8] << 8 | id->bytes[i];
    return mix(mix(halves[0] ^ seed[0]) + (halves[1] ^ seed[1]));
}

/* ---- what is known ---- */

struct inbox_run *inbox_run_of(const struct inbox_runs *runs, int64_t id)
{
    for (size_t i = 0; i < runs->n_runs; i++)
        if (runs->runs[i].id == id)
            return &runs->runs[i];
    return NULL;
}

static size_t bytes_of(const struct inbox_runs *runs)
{
    size_t n = 0;

    for (size_t i = 0; i < runs->n_runs; i++)
        n += inbox_filter_bytes(&runs->runs[i].filter);
    return n;
}

/* The filter that takes most is made half as sharp, until all fit. */
static void keep_memory_bounded(struct inbox_runs *runs)
{
    bool folded = true;

    while (folded && bytes_of(runs) > runs->memory) {
        struct inbox_run *largest = runs->runs;
        for (size_t i = 1; i < runs->n_runs; i++)
            if (inbox_filter_bytes(&runs->runs[i].filter) > inbox_filter_bytes(&largest->filter))
                largest = &runs->runs[i];
        folded = inbox_filter_fold(&largest->filter);
    }
}

int inbox_run_add(struct inbox_runs *runs, const struct inbox_run *run)
{
    struct inbox_run *room = mr_room(runs->runs, runs->n_runs, &runs->cap_runs, 16, sizeof(*room));

    if (!room)
        return -ENOMEM;
    runs->runs = room;
    struct inbox_run *at = &runs->runs[runs->n_runs];
    *at = *run;
    int r = inbox_filter_init(&at->filter, (uint64_t)run->n_ids);
    if (r != 0)
        return r;
    runs->n_runs++;
    if (run->id >= runs->next_id)
        runs->next_id = run->id + 1;
    keep_memory_bounded(runs);
    return 0;
}

void inbox_run_drop(struct inbox_runs *runs, int64_t id)
{
    struct inbox_run *run = inbox_run_of(runs, id);

    if (!run)
        return;
    inbox_filter_done(&run->filter);
    runs->n_runs--;
    memmove(run, run + 1, (size_t)(runs->runs + runs->n_runs - run) * sizeof(*run));
}

int64_t inbox_runs_through(const struct inbox_runs *runs)
{
    int64_t through = 0;

    for (size_t i = 0; i < runs->n_runs; i++)
        if (runs->runs[i].id != runs->sealing && runs->runs[i].through > through)
            through = runs->runs[i].through;
    return through;
}

/* ---- opening ---- */

static int read_seed(struct inbox_runs *runs, struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_bytes bytes;
    struct mr_uuid seed;

    int r = mr_arena_new(0, &arena);
    if (r == 0)
        r = mr_store_row(runs->store, arena, MR_INTO(MR_INTO_BLOB(&bytes)),
                         "SELECT seed FROM mr_inbox_seed", MR_NO_VALUES, reterr);
    if (r == MR_ABSENT) { /* ids come from outside: nobody may aim at one page */
        r = mr_uuid_v4(&seed);
        if (r == 0)
            r = mr_store_run(runs->store, "INSERT INTO mr_inbox_seed (seed) VALUES (?1)",
                             MR_VALUES(MR_BLOB(((struct mr_bytes){seed.bytes, 16}))), reterr);
        bytes = (struct mr_bytes){seed.bytes, sizeof(seed.bytes)};
    }
    if (r == 0 && bytes.len != sizeof(runs->seed))
        return mr_error_set(reterr, -EBADMSG, "store: the seed of mr_inbox is damaged");
    if (r == 0)
        memcpy(runs->seed, bytes.data, sizeof(runs->seed));
    return r;
}

static int read_runs(struct inbox_runs *runs, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = mr_store_query(runs->store,
                           "SELECT run, state, bits, ids, first_at, last_at, through, merged_into,"
                           " done FROM mr_inbox_run ORDER BY run",
                           MR_NO_VALUES, &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        int64_t x[9];
        for (size_t i = 0; i < MR_N_ELEMENTS(x); i++)
            x[i] = mr_rows_value(rows, i).as.integer;
        r = inbox_run_add(runs, &(struct inbox_run){.id = x[0],
                                                    .state = (enum inbox_run_state)x[1],
                                                    .bits = (unsigned)x[2],
                                                    .n_ids = x[3],
                                                    .first_at = x[4],
                                                    .last_at = x[5],
                                                    .through = x[6],
                                                    .into = x[7],
                                                    .done = x[8]});
    }
    return r == MR_END ? 0 : r;
}

static int read_pages(struct inbox_runs *runs, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    struct inbox_run *run = NULL;

    int r = mr_store_query(runs->store, "SELECT place, ids FROM mr_inbox_page ORDER BY place",
                           MR_NO_VALUES, &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        int64_t id = mr_rows_value(rows, 0).as.integer >> INBOX_PAGE_BITS;
        struct mr_bytes ids = mr_rows_value(rows, 1).as.blob;
        if (!run || run->id != id)
            run = inbox_run_of(runs, id);
        for (size_t i = 0; run && i + sizeof(struct mr_uuid) <= ids.len;
             i += sizeof(struct mr_uuid)) {
            struct mr_uuid one;
            memcpy(&one, ids.data + i, sizeof(one));
            inbox_filter_add(&run->filter, inbox_hash(runs->seed, &one));
        }
    }
    return r == MR_END ? 0 : r;
}

static bool is_merged_into(const struct inbox_runs *runs, int64_t id)
{
    for (size_t i = 0; i < runs->n_runs; i++)
        if (runs->runs[i].into == id)
            return true;
    return false;
}

/* What was under way: a merge and a deletion go on; a run of ids that are all still rows of
 * mr_inbox is thrown away, and is made again. */
static int take_up(struct inbox_runs *runs, struct mr_error *reterr)
{
    int64_t half = 0;

    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct inbox_run *run = &runs->runs[i];
        if (run->state == INBOX_RUN_WHOLE)
            continue;
        if (run->state == INBOX_RUN_LEAVING || is_merged_into(runs, run->id))
            runs->house = run->id;
        else
            half = run->id;
    }
    if (half == 0)
        return 0;
    int r = mr_store_run(
        runs->store, "DELETE FROM mr_inbox_page WHERE place >= ?1 AND place < ?2",
        MR_VALUES(MR_INT(half << INBOX_PAGE_BITS), MR_INT((half + 1) << INBOX_PAGE_BITS)), reterr);
    if (r == 0)
        r = mr_store_run(runs->store, "DELETE FROM mr_inbox_run WHERE run = ?1",
                         MR_VALUES(MR_INT(half)), reterr);
    if (r == 0)
        inbox_run_drop(runs, half);
    return r;
}

int inbox_runs_open(struct inbox_runs *runs, struct mr_store *store, unsigned first_bits,
                    size_t memory, struct mr_error *reterr)
{
    *runs = (struct inbox_runs){.store = store,
                                .first_bits = first_bits,
                                .memory = memory,
                                .next_id = 1,
                                .seal_done = -1,
                                .house_done = -1};
    int r = mr_store_begin(store, reterr);
    if (r != 0)
        return r;
    r = read_seed(runs, reterr);
    if (r == 0)
        r = read_runs(runs, reterr);
    if (r == 0)
        r = take_up(runs, reterr);
    if (r == 0)
        r = read_pages(runs, reterr);
    if (r == 0)
        return mr_store_commit(store, reterr);
    mr_store_rollback(store);
    return r;
}

void inbox_runs_done(struct inbox_runs *runs)
{
    for (size_t i = 0; i < runs->n_runs; i++)
        inbox_filter_done(&runs->runs[i].filter);
    free(runs->runs);
    free(runs->sorted);
    free(runs->begins);
    *runs = (struct inbox_runs){0};
}

/* ---- the question ---- */

static int is_on_page(struct inbox_runs *runs, const struct inbox_run *run,
                      const struct mr_uuid *id, uint64_t hash, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = mr_store_query(runs->store, "SELECT ids FROM mr_inbox_page WHERE place = ?1",
                           MR_VALUES(MR_INT(inbox_place(run, inbox_page_of(run->bits, hash)))),
                           &rows, reterr);
    if (r == 0)
        r = mr_rows_next(rows, reterr);
    if (r != 0)
        return r == MR_END ? MR_ABSENT : r;
    struct mr_bytes ids = mr_rows_value(rows, 0).as.blob;
    for (size_t i = 0; i + sizeof(*id) <= ids.len; i += sizeof(*id))
        if (memcmp(ids.data + i, id, sizeof(*id)) == 0)
            return 0;
    return MR_ABSENT;
}

int inbox_runs_seen(struct inbox_runs *runs, const struct mr_uuid *id, uint64_t hash,
                    struct mr_error *reterr)
{
    int r = MR_ABSENT;

    for (size_t i = 0; i < runs->n_runs; i++)
        inbox_filter_expect(&runs->runs[i].filter, hash);
    for (size_t i = runs->n_runs; r == MR_ABSENT && i-- > 0;)
        if (inbox_filter_has(&runs->runs[i].filter, hash))
            r = is_on_page(runs, &runs->runs[i], id, hash, reterr);
    return r;
}
