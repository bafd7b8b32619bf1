/* SPDX-License-Identifier: Apache-2.0 */
/* One transaction of the consumer: what is due and what came, its effects, ids and offsets. */
#include <errno.h>

#include "consume_health.h"
#include "consume_late.h"
#include "consume_merge.h"
#include "millrace/time.h"

enum { BUSY_TRIES = 12 };

/* ---- begin and end ---- */

/* Somebody's sqlite3 may hold the write lock, or a server is away: a minute of patience, 5 s at a
 * time. */
int consume_begin_store(struct consume *run, struct mr_error *reterr)
{
    int r = MR_AGAIN;

    for (int i = 0; i < BUSY_TRIES && r == MR_AGAIN; i++) {
        r = i > 0 && run->world.stop(run->world.self) ? -ECANCELED
                                                      : mr_store_begin(run->store, reterr);
        if ((r == MR_AGAIN) == run->store_away)
            continue;
        run->store_away = r == MR_AGAIN; /* who asks is told before patience ends */
        consume_health_changed(run);
    }
    run->count_before = run->count;
    return r == MR_AGAIN ? -EBUSY : r;
}

static int write_offsets(struct consume *run, struct mr_error *reterr)
{
    for (size_t i = 0; i < run->n_partitions; i++) {
        struct consume_partition *p = &run->partitions[i];
        if (!p->ours || p->next == p->stored)
            continue;
        int r = mr_ledger_move(run->store, p->topic->topic->name, p->number, p->epoch, p->stored,
                               p->next, reterr);
        if (r != 0)
            return r == MR_ABSENT ? -ESTALE : r;
    }
    return 0;
}

static void offsets_are_stored(struct consume *run)
{
    for (size_t i = 0; i < run->n_partitions; i++)
        if (run->partitions[i].ours)
            run->partitions[i].stored = run->partitions[i].next;
}

/* Nothing of the transaction was kept: nor what was counted. */
static int undone(struct consume *run, int r)
{
    mr_store_rollback(run->store);
    mr_inbox_settle(run->inbox, false);
    consume_notify_settled(run, false);
    consume_late_forget(run);
    consume_health_undone(run);
    run->count = run->count_before;
    return r < 0 ? r : -EIO;
}

static int commit(struct consume *run, struct mr_error *reterr)
{
    int64_t deleted = run->outbox.deleted;
    int r = mr_inbox_write(run->inbox, run->world.now(run->world.self), reterr);

    if (r == 0)
        r = consume_outbox_forget(run, reterr);
    if (r == 0)
        r = write_offsets(run, reterr);
    if (r == 0)
        r = consume_late_prune(run, reterr);
    if (r == 0)
        r = mr_store_commit(run->store, reterr);
    if (r != 0) {
        run->outbox.deleted = deleted;
        return undone(run, r);
    }
    mr_inbox_settle(run->inbox, true);
    consume_notify_settled(run, true);
    offsets_are_stored(run);
    consume_kept(run);
    run->count.batches++;
    return 0;
}

/* ---- records ---- */

int consume_take_record(struct consume *run, struct consume_partition *p,
                        struct consume_record *record, struct mr_error *reterr)
{
    p->next = record->offset;
    run->event_at = 0;
    int r = consume_event(run, record, reterr);
    if (r == 0) {
        p->next = record->offset + 1;
        if (run->event_at != 0)
            p->event_at = run->event_at;
        p->hold_count = 0;
        run->count.consumed++;
        return 0;
    }
    if (r != MR_AGAIN && r != MR_FULL)
        return r;
    mr_warn(&run->log, "wait", "topic=%s partition=%d offset=%lld for=%s", record->topic->name,
            record->partition, (long long)record->offset,
            r == MR_AGAIN ? "registry" : "parked-events");
    return consume_hold(run, p, r == MR_AGAIN ? CONSUME_WAITS_REGISTRY : CONSUME_WAITS_PARKED,
                        reterr);
}

void consume_give_back(struct consume *run)
{
    for (size_t i = 0; i < run->n_messages; i++)
        run->broker.done(run->broker.self, &run->messages[i]);
    run->n_messages = 0;
}

/* Not one of a partition that was taken away, that waits, or that was sought back. */
static int take_message(struct consume *run, consume_take_fn take, const struct mr_message *m,
                        struct mr_error *reterr)
{
    struct consume_partition *p = consume_partition_of(run, m->topic, m->partition);

    if (m->gone && p)
        p->gone = run->gone = true;
    if (m->gone || !p || !p->ours || p->hold != CONSUME_FLOWS ||
        m->offset < (run->group->order.by_time ? p->fetched : p->next))
        return 0;
    if (m->end) {
        p->eof = m->offset;
        return 0;
    }
    struct consume_record record = {
        .topic = p->topic->topic,
        .partition = m->partition,
        .offset = m->offset,
        .timestamp_ms = m->timestamp_ms,
        .key = m->key,
        .value = m->value,
        .message = m,
        .attempt = 1,
    };
    return take(run, p, &record, reterr);
}

int consume_take_messages(struct consume *run, consume_take_fn take, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < run->n_messages; i++) {
        if (r == 0)
            r = take_message(run, take, &run->messages[i], reterr);
        run->broker.done(run->broker.self, &run->messages[i]);
    }
    run->n_messages = 0;
    return r;
}

int consume_work(struct consume *run, bool retry_due, struct mr_error *reterr)
{
    int64_t begun = mr_time_steady();
    bool any = false;

    int r = consume_begin_store(run, reterr);
    if (r == 0)
        r = mr_store_turn(run->store, run->alone, reterr);
    if (r == 0 && retry_due)
        r = consume_retry(run, &any, reterr);
    if (r == 0 && consume_notify_due(run))
        r = consume_notify_settle(run, reterr);
    if (r == 0 && run->assigned && consume_sagas_due(run))
        r = consume_sagas_fire(run, reterr);
    if (r == 0) {
        consume_together(run);
        r = run->group->order.by_time ? consume_merge_handle(run, reterr)
                                      : consume_take_messages(run, consume_take_record, reterr);
    } else {
        consume_give_back(run);
    }
    r = r == 0 ? commit(run, reterr) : undone(run, r);
    if (r == 0)
        consume_health_batch(run, mr_time_steady() - begun,
                             (size_t)(run->count.consumed - run->count_before.consumed));
    return r;
}
