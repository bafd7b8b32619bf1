/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's loop. A batch is what Kafka has queued: one transaction holds the effects of its
 * events, their ids, what they emit and the offsets, so a crash leaves all or nothing of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume_health.h"
#include "consume_late.h"
#include "consume_merge.h"
#include "millrace/time.h"

enum { MICROS = 1000, BUSY_TRIES = 12, IDLE_FORGET_MS = 200, SERVE_MS = 20 };

/* ---- opening and closing ---- */

static int open_tables(struct consume *run, struct mr_error *reterr)
{
    const struct mr_migration *m = run->consumer->migrations;
    int64_t now = run->world.now(run->world.self);
    size_t n = 0;

    while (m && m[n].number != 0)
        n++;
    int r = mr_ledger_open(run->store, run->consumer->name, now, reterr);
    if (r == 0)
        r = mr_store_migrate(run->store, run->consumer->name, m, n, now, reterr);
    if (r == 0)
        r = consume_sagas_open_store(run, reterr);
    if (r == 0)
        r = mr_inbox_new(run->store, now, NULL, &run->inbox, reterr);
    if (r == 0)
        r = consume_parked_open(run, reterr);
    if (r == 0)
        r = consume_notify_open(run, reterr);
    return r == 0 ? consume_outbox_open(run, reterr) : r;
}

int consume_open(struct consume *run, struct mr_error *reterr)
{
    run->log = (struct mr_log_context){
        .service = run->consumer->name, .role = "consumer", .partition = -1, .offset = -1};
    run->begun_at = run->world.now(run->world.self);
    if (!run->group->dead_letter_topic)
        return mr_error_set(reterr, MR_INVALID, "topics.yaml gives %s no dead-letter topic",
                            run->group->name);
    run->window = INT64_MAX;
    run->late.seed = run->world.random(run->world.self);
    run->merge.most = CONSUME_HELD_BACK;
    run->messages = calloc((size_t)run->options.batch, sizeof(*run->messages));
    int r = run->messages ? mr_arena_new(0, &run->arena) : -ENOMEM;
    if (r == 0)
        r = mr_arena_new(0, &run->scratch);
    if (r == 0)
        r = consume_topics_open(run, reterr);
    if (r == 0)
        r = consume_sagas_open(run, reterr);
    if (r == 0)
        r = consume_emissions_open(run, reterr);
    return r == 0 ? open_tables(run, reterr) : r;
}

void consume_close(struct consume *run)
{
    consume_health_close(run);
    consume_topics_close(run);
    consume_emissions_close(run);
    consume_sagas_close(run);
    consume_notify_close(run);
    (void)mr_inbox_free(run->inbox);
    (void)mr_arena_free(run->arena);
    (void)mr_arena_free(run->scratch);
    mr_buf_done(&run->packed);
    mr_buf_done(&run->flow);
    mr_buf_done(&run->value);
    mr_buf_done(&run->upcast);
    consume_merge_close(run);
    consume_late_forget(run);
    free(run->messages);
    free(run->partitions);
    free(run->parked_keys.hashes);
    free(run->outbox.flights);
}

/* ---- one transaction ---- */

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
        consume_health_turn(run, false);
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

/* For lag tools only: ours are in the store. Not waited for, except at the end. */
static void tell_kafka(struct consume *run, bool wait)
{
    struct mr_topic_partition items[256];
    struct mr_error ignored;
    size_t n = 0;

    if (run->options.dry_run)
        return;
    for (size_t i = 0; i < run->n_partitions && n < MR_N_ELEMENTS(items); i++) {
        struct consume_partition *p = &run->partitions[i];
        if (!p->ours || p->told == p->stored || p->stored < 0)
            continue;
        items[n++] = (struct mr_topic_partition){p->topic->topic->name, p->number, p->stored};
        p->told = p->stored;
    }
    if (n > 0 && run->broker.commit(run->broker.self, items, n, wait, &ignored) != 0)
        mr_debug(&run->log, "commit", "later=yes");
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

static void give_back(struct consume *run)
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

/* What is due and what came, in one transaction. */
static int work(struct consume *run, bool retry_due, struct mr_error *reterr)
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
        give_back(run);
    }
    r = r == 0 ? commit(run, reterr) : undone(run, r);
    if (r == 0)
        consume_health_batch(run, mr_time_steady() - begun,
                             (size_t)(run->count.consumed - run->count_before.consumed));
    return r;
}

/* ---- the loop ---- */

static int poll(struct consume *run, int timeout_ms, struct mr_error *reterr)
{
    int n =
        run->broker.poll(run->broker.self, timeout_ms, run->messages, consume_most(run), reterr);

    if (n < 0)
        return n;
    run->n_messages = (size_t)n;
    if (!run->assignment_changed)
        return 0;
    int r = consume_check_assignment(run, reterr);
    if (r != 0)
        give_back(run);
    return r;
}

/* ms until something that is held back may go. */
static int64_t time_of_merge(struct consume *run)
{
    int64_t next = run->group->order.by_time && run->assigned ? consume_merge_next(run) : INT64_MAX;
    int64_t now = run->world.now(run->world.self);

    return next <= now ? 0 : next == INT64_MAX ? INT64_MAX : (next - now) / MICROS + 1;
}

static int time_to_wait(struct consume *run, int timeout_ms)
{
    int64_t left = (run->next_look - run->world.now(run->world.self)) / MICROS;
    int64_t merge = time_of_merge(run);

    if (merge < timeout_ms)
        timeout_ms = (int)merge;
    timeout_ms = consume_notify_wait(run, timeout_ms);
    if (run->parked_keys.n == 0 || left >= timeout_ms)
        return timeout_ms;
    return left < 0 ? 0 : (int)left;
}

static int turn(struct consume *run, int timeout_ms, struct mr_error *reterr)
{
    int r = run->lost ? consume_again(run, reterr) : consume_release(run, reterr);

    if (r == 0)
        r = consume_outbox_serve(run, 0, reterr);
    if (r == 0)
        r = consume_notify_serve(run, reterr);
    if (r != 0)
        return r;
    if (consume_outbox_full(run)) /* the broker takes no more for now: neither do we */
        return consume_outbox_serve(run, timeout_ms, reterr);
    r = poll(run, time_to_wait(run, timeout_ms), reterr);
    if (r != 0)
        return r;
    if (run->group->order.by_time)
        r = consume_merge_take(run, reterr);
    if (r != 0)
        return r;
    bool due = run->assigned && consume_retry_due(run);
    if (run->n_messages > 0 || time_of_merge(run) <= 0 || due ||
        consume_outbox_has_forgettable(run) ||
        (run->assigned && (consume_notify_due(run) || consume_sagas_due(run))))
        r = work(run, due, reterr);
    if (r == 0 && run->gone)
        r = consume_gaps(run, reterr);
    if (r != 0)
        return r;
    tell_kafka(run, false);
    if (!run->options.once || !run->assigned || !consume_reached_end(run))
        return 0;
    if (!consume_notify_idle(run) || !consume_sagas_idle(run))
        return 0;
    return consume_outbox_idle(run) ? MR_END : consume_outbox_serve(run, SERVE_MS, reterr);
}

int consume_turn(struct consume *run, int timeout_ms, struct mr_error *reterr)
{
    struct mr_error error = MR_ERROR_INIT;

    int r = turn(run, timeout_ms, &error);
    if (r != 0)
        r = consume_lost(run, r, &error);
    if (r != 0 && reterr)
        *reterr = error;
    consume_health_turn(run, false);
    return r;
}

static int drain_once(struct consume *run, struct mr_error *reterr)
{
    consume_health_turn(run, true);
    int r = consume_outbox_serve(run, SERVE_MS, reterr);

    if (r == 0 && run->outbox.first == run->outbox.next) /* it did not wait */
        r = consume_outbox_reports(run, SERVE_MS, reterr);
    if (r >= 0)
        r = consume_notify_serve(run, reterr);
    return r == 0 && consume_notify_due(run) ? work(run, false, reterr) : r;
}

/* The batch is done; what it emitted goes out and messages under way come to their end, within the
 * deadline. What does not is in the store. */
static int drain(struct consume *run, struct mr_error *reterr)
{
    int64_t deadline = run->world.now(run->world.self) + run->options.drain_ms * MICROS;
    int r = 0;

    if (run->lost) /* nothing is open, and all else is in the store */
        return 0;
    run->notify.ending = true;
    while (r == 0 && !(consume_outbox_idle(run) && consume_notify_idle(run)) &&
           run->world.now(run->world.self) < deadline)
        r = drain_once(run, reterr);
    if (r == 0 && consume_outbox_has_forgettable(run))
        r = work(run, false, reterr);
    if (r != 0)
        return consume_lost(run, r, reterr);
    if (!consume_outbox_idle(run))
        mr_warn(&run->log, "drain", "why=deadline next=published-at-next-start");
    if (!consume_notify_idle(run))
        mr_warn(&run->log, "drain", "why=deadline next=notices-sent-again-at-next-start");
    tell_kafka(run, true);
    return 0;
}

int consume_run(struct consume *run, struct mr_error *reterr)
{
    int r = 0;

    while (r == 0 && !run->world.stop(run->world.self))
        r = consume_turn(run, IDLE_FORGET_MS / 2, reterr);
    return r == 0 || r == MR_END ? drain(run, reterr) : r;
}
