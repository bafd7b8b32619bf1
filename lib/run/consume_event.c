/* SPDX-License-Identifier: Apache-2.0 */
/* One event: seen before? waits its flow? then the handler, under a savepoint of its own. */
#include <errno.h>

#include "consume_health.h"
#include "consume_late.h"

/* What a handler gave, made sure to be one of the four. */
static int handle(struct mr_tx *tx)
{
    struct consume_topic *t = consume_topic_of(tx->run, mr_str_from(tx->event.topic->name));
    int r = t->handle(tx, tx->event.record);

    if (r <= 0 || r == MR_AGAIN || r == MR_INVALID)
        return r;
    return mr_error_set(&tx->error, -EPROTO, "%s: the handler of %s returned '%s'",
                        tx->run->consumer->name, t->topic->name, mr_status_name(r));
}

int consume_deliver(struct mr_tx *tx)
{
    struct consume *run = tx->run;
    struct mr_error ignored;

    int r = mr_inbox_seen(run->inbox, &tx->event.id, &tx->error);
    if (r != MR_ABSENT) {
        run->count.duplicates += r == 0;
        return r;
    }
    mr_store_mark(run->store);
    r = consume_late_check(tx);
    const struct consume_counters before = run->count; /* of sagas that are undone with the event */
    if (r == 0)
        r = handle(tx);
    if (r == 0)
        r = consume_saga_event(tx);
    if (r == 0) {
        r = mr_store_keep(run->store, &tx->error);
    } else if (r > 0) { /* a statement that was sent ahead may have failed before the handler did */
        int sent = mr_store_settle(run->store, &tx->error);
        r = sent != 0 ? sent : r;
    }
    if (r != 0) {
        run->count = before;
        int undone = r > 0 ? mr_store_undo(run->store, &tx->error) : 0;
        if (undone != 0)
            return undone < 0 ? undone : -EIO;
        /* it may have failed because another instance has handled it */
        int handled = r > 0 ? mr_inbox_confirm(run->inbox, &tx->event.id, &ignored) : r;
        run->count.duplicates += handled == 0;
        return handled == MR_ABSENT ? r : handled;
    }
    run->count.handled++;
    consume_health_event(run, tx->now, tx->event.envelope->timestamp);
    run->count.emitted += tx->n_emitted;
    r = consume_late_handled(tx);
    return r == 0 ? mr_inbox_add(run->inbox, &tx->event.id) : r;
}

static int dead(struct mr_tx *tx, enum consume_fault fault, struct mr_bytes flow,
                struct mr_error *reterr)
{
    int r = consume_dead_letter(tx, fault, reterr);

    return r != 0 ? r : consume_after_dead_letter(tx, flow, reterr);
}

/* The flow waits. A repeat of what was handled does not wait in line; the dead letter that holds
 * the flow, sent back, goes before the line: MR_IDLE. */
static int wait_in_line(struct mr_tx *tx, struct mr_error *reterr)
{
    struct consume *run = tx->run;

    int r = mr_inbox_seen(run->inbox, &tx->event.id, reterr);
    run->count.duplicates += r == 0;
    if (r != MR_ABSENT)
        return r;
    if (consume_whose(run, tx->record) == CONSUME_OURS) {
        r = mr_parked_is_held(run->store, tx->event.flow, reterr);
        if (r != MR_ABSENT)
            return r == 0 ? MR_IDLE : r;
    }
    return consume_park(tx, tx->event.flow, false, reterr);
}

/* It could not be handled. Others' dead letters we have seen before, and said what is to be. */
static int failed(struct mr_tx *tx, int r, bool before_the_line, struct mr_error *reterr)
{
    struct consume *run = tx->run;

    if (consume_whose(run, tx->record) == CONSUME_OTHERS) {
        run->count.duplicates++;
        return 0;
    }
    if (r == MR_INVALID)
        return dead(tx, tx->fault, tx->event.flow, reterr);
    return before_the_line || run->group->retry.max_attempts <= 1
               ? dead(tx, CONSUME_EXHAUSTED, tx->event.flow, reterr)
               : consume_park(tx, tx->event.flow, true, reterr);
}

static int decoded(struct mr_tx *tx, struct mr_error *reterr)
{
    bool before_the_line = false;

    int r = consume_is_parked(tx->run, tx->event.flow, reterr);
    if (r == MR_AGAIN) {
        r = wait_in_line(tx, reterr);
        before_the_line = r == MR_IDLE;
        if (!before_the_line)
            return r;
    } else if (r != 0) {
        return r;
    }
    r = consume_deliver(tx);
    if (r == MR_AGAIN || r == MR_INVALID)
        return failed(tx, r, before_the_line, reterr);
    if (r < 0)
        *reterr = tx->error;
    return r;
}

/* The error's texts are long: only their beginnings are cleared. */
void consume_begin(struct consume *run, const struct consume_record *record, struct mr_tx *ret_tx)
{
    ret_tx->run = run;
    ret_tx->record = record;
    ret_tx->now = run->world.now(run->world.self);
    ret_tx->name = (struct mr_str){0};
    ret_tx->fault = CONSUME_REFUSED;
    ret_tx->n_emitted = ret_tx->n_notices = 0;
    ret_tx->error.offset = MR_NO_OFFSET;
    ret_tx->error.line = ret_tx->error.column = 0;
    ret_tx->error.where[0] = ret_tx->error.text[0] = '\0';
    mr_arena_reset(run->arena);
}

int consume_event(struct consume *run, struct consume_record *record, struct mr_error *reterr)
{
    enum consume_fault fault;
    struct mr_tx tx;

    if (!record->value.data) {
        run->count.tombstones++;
        return 0;
    }
    int wanted = run->group->n_filters > 0 ? consume_filter(run, record) : 0;
    if (wanted == MR_END) {
        run->count.filtered++;
        return 0;
    }
    consume_begin(run, record, &tx);
    int r = consume_decode(&tx, &fault);
    if (r == 0 && wanted == MR_ABSENT && !consume_wants(&tx)) {
        run->count.filtered++;
        return 0;
    }
    if (r == 0)
        return decoded(&tx, reterr);
    if (r == MR_INVALID && consume_whose(run, record) == CONSUME_OTHERS) {
        run->count.duplicates++;
        return 0;
    }
    if (r == MR_INVALID)
        return dead(&tx, fault, record->key, reterr);
    *reterr = tx.error;
    return r;
}
