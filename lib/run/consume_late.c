/* SPDX-License-Identifier: Apache-2.0 */
/* Late events: older than the newest handled one of their flow. The newest is remembered in memory
 * for the last flows, and where a handler or the dead letters depend on it, in a table, too. */
#include "consume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/hash.h"

enum { GENERATION = 1 << 16, PRUNE_S = 60, PRUNE_MOST = 1000, SECOND = 1000000 };

static bool is_kept(const struct consume *run)
{
    return run->group->order.late != MR_LATE_HANDLE;
}

/* ---- in memory: two generations by hash, of which the older is forgotten ---- */

static struct consume_newest *place_of(struct consume_newest *places, uint64_t hash)
{
    size_t mask = 2 * GENERATION - 1;
    size_t i = (size_t)hash & mask;

    while (places[i].hash != 0 && places[i].hash != hash)
        i = (i + 1) & mask;
    return &places[i];
}

static uint64_t hash_of(const struct consume *run, struct mr_bytes flow)
{
    uint64_t hash = mr_hash64(flow.data, flow.len, run->late.seed);

    return hash ? hash : 1;
}

static const struct consume_newest *known(struct consume *run, uint64_t hash)
{
    for (int i = 0; i < 2; i++) {
        struct consume_newest *places = run->late.generations[i];
        const struct consume_newest *at = places ? place_of(places, hash) : NULL;
        if (at && at->hash == hash)
            return at;
    }
    return NULL;
}

static int learn(struct consume *run, uint64_t hash, int64_t time)
{
    struct consume_late *late = &run->late;

    if (!late->generations[0] || late->n >= GENERATION) {
        struct consume_newest *oldest = late->generations[1];
        late->generations[1] = late->generations[0];
        late->generations[0] = oldest;
        late->n = 0;
        if (oldest)
            memset(oldest, 0, 2 * GENERATION * sizeof(*oldest));
        else
            late->generations[0] = calloc(2 * GENERATION, sizeof(*oldest));
        if (!late->generations[0])
            return -ENOMEM;
    }
    struct consume_newest *at = place_of(late->generations[0], hash);
    late->n += at->hash == 0;
    *at = (struct consume_newest){hash, time};
    return 0;
}

void consume_late_forget(struct consume *run)
{
    for (int i = 0; i < 2; i++) {
        free(run->late.generations[i]);
        run->late.generations[i] = NULL;
    }
    run->late.n = 0;
}

void consume_late_assigned(struct consume *run)
{
    if (is_kept(run)) /* another instance may have had the flow */
        consume_late_forget(run);
}

/* ---- one event ---- */

/* Outcomes: 0, MR_ABSENT: none of the flow was handled, -errno. */
static int newest_of(struct mr_tx *tx, uint64_t hash, int64_t *ret_time)
{
    struct consume *run = tx->run;
    const struct consume_newest *at = known(run, hash);

    if (at) {
        *ret_time = at->time;
        return 0;
    }
    if (!is_kept(run))
        return MR_ABSENT;
    int r = mr_store_row(run->store, NULL, MR_INTO(MR_INTO_INT(ret_time)),
                         "SELECT newest_at FROM mr_flow WHERE flow = ?1",
                         MR_VALUES(MR_BLOB(tx->event.flow)), &tx->error);
    return r == 0 ? learn(run, hash, *ret_time) : r;
}

int consume_late_check(struct mr_tx *tx)
{
    struct consume *run = tx->run;
    int64_t newest, time = tx->event.envelope->timestamp;

    if (!run->group->order.by_time || tx->event.flow.len == 0)
        return 0;
    int r = newest_of(tx, hash_of(run, tx->event.flow), &newest);
    if (r != 0 || newest <= time)
        return r == MR_ABSENT ? 0 : r;
    tx->event.late = true;
    if (run->group->order.late != MR_LATE_DEAD_LETTER)
        return 0;
    if (consume_whose(run, tx->record) == CONSUME_OURS)
        return 0; /* somebody has looked at it, and wants it handled */
    run->count.late++;
    tx->fault = CONSUME_LATE;
    return mr_error_set(&tx->error, MR_INVALID,
                        "late: %.6f s older than the newest handled event of its flow",
                        (double)(newest - time) / SECOND);
}

int consume_late_handled(struct mr_tx *tx)
{
    struct consume *run = tx->run;
    int64_t time = tx->event.envelope->timestamp;

    run->count.late += tx->event.late;
    if (!run->group->order.by_time || tx->event.flow.len == 0 || tx->event.late)
        return 0;
    if (is_kept(run)) {
        int r = mr_store_run(run->store,
                             "INSERT INTO mr_flow (flow, newest_at, handled_at) VALUES (?1, ?2, ?3)"
                             " ON CONFLICT (flow) DO UPDATE SET newest_at = excluded.newest_at,"
                             " handled_at = excluded.handled_at",
                             MR_VALUES(MR_BLOB(tx->event.flow), MR_INT(time), MR_INT(tx->now)),
                             &tx->error);
        if (r != 0)
            return r > 0 ? -EIO : r;
    }
    return learn(run, hash_of(run, tx->event.flow), time);
}

/* ---- the table ---- */

/* A slice a minute of flows of which nothing was handled for as long as ids are remembered. */
int consume_late_prune(struct consume *run, struct mr_error *reterr)
{
    int64_t now = run->world.now(run->world.self), window = run->window;

    if (!run->group->order.by_time || !is_kept(run) || window == INT64_MAX ||
        now < run->late.next_prune)
        return 0;
    int r = mr_store_run(run->store,
                         "DELETE FROM mr_flow WHERE flow IN (SELECT flow FROM mr_flow"
                         " WHERE handled_at < ?1 ORDER BY handled_at LIMIT ?2)",
                         MR_VALUES(MR_INT(now - window), MR_INT(PRUNE_MOST)), reterr);
    if (r == 0 && mr_store_changes(run->store) < PRUNE_MOST)
        run->late.next_prune = now + (int64_t)PRUNE_S * SECOND;
    return r;
}
