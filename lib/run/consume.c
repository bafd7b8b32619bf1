/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's loop. A batch is what Kafka has queued: one transaction holds the effects of its
 * events, their ids, what they emit and the offsets, so a crash leaves all or nothing of it. */
#include <errno.h>
#include <stdlib.h>

#include "consume_health.h"
#include "consume_late.h"
#include "consume_merge.h"

enum { MICROS = 1000, IDLE_FORGET_MS = 200, SERVE_MS = 20 };

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
        r = mr_arena_new(0, &run->due);
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
    (void)mr_arena_free(run->due);
    mr_buf_done(&run->packed);
    mr_buf_done(&run->value);
    mr_buf_done(&run->upcast);
    consume_merge_close(run);
    consume_late_forget(run);
    free(run->messages);
    free(run->partitions);
    free(run->parked_keys.hashes);
    free(run->outbox.flights);
}

/* ---- the loop ---- */

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

static int poll(struct consume *run, int timeout_ms, struct mr_error *reterr)
{
    int n =
        run->broker.poll(run->broker.self, timeout_ms, run->messages, consume_most(run), reterr);

    if (n < 0)
        return n;
    run->n_messages = (size_t)n;
    int r = run->assignment_changed ? consume_check_assignment(run, reterr)
                                    : consume_begin_again(run, reterr);
    if (r != 0)
        consume_give_back(run);
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
    r = consume_sagas_look(run, reterr);
    if (r != 0) {
        consume_give_back(run);
        return r;
    }
    bool due = run->assigned && consume_retry_due(run);
    if (run->n_messages > 0 || time_of_merge(run) <= 0 || due ||
        consume_outbox_has_forgettable(run) ||
        (run->assigned && (consume_notify_due(run) || consume_sagas_due(run))))
        r = consume_work(run, due, reterr);
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
    return r == 0 && consume_notify_due(run) ? consume_work(run, false, reterr) : r;
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
        r = consume_work(run, false, reterr);
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
