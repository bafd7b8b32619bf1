/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a message: written to its row, told to the consumer, in one transaction. */
#include <errno.h>
#include <stdio.h>

#include "consume_cause.h"

enum { MICROS = 1000, PER_TURN = 500, PRUNE_PER_TURN = 1000, PRUNE_MS = 60000, ASKED_MS = 3600000 };

static const struct mr_retry again = {
    .initial_ms = 1000, .max_ms = 300000, .multiplier = 2, .jitter = true};

static int64_t now_of(const struct consume *run)
{
    return run->world.now(run->world.self);
}

static int64_t backoff(struct consume *run, int64_t failed)
{
    return consume_backoff(&again, failed > 1000 ? 1000 : (int32_t)failed,
                           run->world.random(run->world.self));
}

/* ---- the channel ---- */

/* An absent server must not be asked with every message there is. */
static void note_channel(struct consume *run, const struct notify_answer *answer)
{
    struct consume_notify *n = &run->notify;
    int64_t now = now_of(run);
    char why[512];

    if (!answer->channel_failed) {
        n->n_failed = 0;
        n->hold_until = 0;
        return;
    }
    if (now < n->hold_until) /* one that was sent along with the one that told us */
        return;
    n->n_failed++;
    n->hold_until = now + backoff(run, n->n_failed);
    mr_warn(&run->log, "notify-wait", "channel=%s next_ms=%lld why=%s", n->channel.name,
            (long long)((n->hold_until - now) / MICROS),
            mr_log_quote(answer->why, why, sizeof(why)));
}

/* ---- the row ---- */

/* Back to the store: not before this. 0: it was tried long enough. */
static int64_t next_try(struct consume *run, const struct mr_notice_row *row,
                        const struct notify_answer *answer)
{
    int64_t now = now_of(run), last = row->created_at + run->options.notify_for_ms * MICROS;
    int64_t asked = answer->after_ms < ASKED_MS ? answer->after_ms : ASKED_MS;
    int64_t wait = backoff(run, row->attempts);

    if (now >= last)
        return 0;
    if (wait < asked * MICROS)
        wait = asked * MICROS;
    return now + wait < last ? now + wait : last;
}

static void take_answer(struct consume *run, const struct notify_answer *answer,
                        struct mr_notice_row *row, int64_t *ret_next)
{
    *ret_next = 0;
    row->attempts++;
    row->error = mr_str_from(answer->why);
    if (answer->r == 0) {
        row->state = MR_NOTICE_DELIVERED;
        row->error = (struct mr_str){0};
    } else if (answer->r == MR_AGAIN) {
        *ret_next = next_try(run, row, answer);
        row->state = *ret_next != 0 ? MR_NOTICE_WAITING : MR_NOTICE_FAILED;
    } else {
        row->state = MR_NOTICE_FAILED;
    }
}

/* A constant for the fate: a row may tell of a channel that this run does not have. */
static const char *channel_name(struct mr_str name)
{
    static const char *const names[] = {"smtp", "webhook"};

    for (size_t i = 0; i < MR_N_ELEMENTS(names); i++)
        if (mr_str_is(name, names[i]))
            return names[i];
    return "none";
}

/* The consumer's word on it, under a savepoint of its own. 0, MR_AGAIN, MR_INVALID, -errno. */
static int call_notified(struct consume *run, const struct mr_notice_row *row,
                         struct consume_caused *caused)
{
    const struct mr_notice_fate fate = {
        .notice = {row->recipient, row->kind, row->title, row->body},
        .delivered = row->state != MR_NOTICE_FAILED,
        .channel = channel_name(row->channel),
        .error = row->error,
        .at = row->settled_at,
        .attempts = (int32_t)row->attempts,
    };
    struct mr_error ignored;

    int r = consume_begin_cause(run, &row->cause, row->key, caused);
    if (r != 0)
        return r;
    mr_store_mark(run->store);
    r = run->consumer->notified(&caused->tx, &fate);
    if (r == 0)
        r = mr_store_keep(run->store, &caused->tx.error);
    if (r > 0 && r != MR_AGAIN && r != MR_INVALID)
        r = mr_error_set(&caused->tx.error, -EPROTO, "%s: .notified returned '%s'",
                         run->consumer->name, mr_status_name(r));
    if (r > 0) {
        int undone = mr_store_undo(run->store, &ignored);
        return undone == 0 ? r : undone < 0 ? undone : -EIO;
    }
    if (r == 0)
        run->count.emitted += caused->tx.n_emitted;
    return r;
}

static int tell(struct consume *run, const struct mr_notice_row *row, int64_t *ret_next,
                struct mr_error *reterr)
{
    struct consume_caused caused;

    if (!run->consumer->notified)
        return 0;
    int r = call_notified(run, row, &caused);
    if (r < 0) {
        *reterr = caused.tx.error;
        return r;
    }
    if (r == MR_AGAIN) {
        *ret_next = now_of(run) + run->group->retry.max_ms * MICROS;
        if (*ret_next < run->notify.untold_at)
            run->notify.untold_at = *ret_next;
    }
    if (r != 0)
        consume_log_fate(&caused.tx, "notified", r == MR_AGAIN ? "told-again" : "not-told");
    return 0;
}

static void log_failed(struct consume *run, const struct mr_notice_row *row)
{
    struct consume_caused caused;

    if (consume_begin_cause(run, &row->cause, row->key, &caused) < 0)
        return;
    caused.record.attempt = (int32_t)row->attempts;
    (void)mr_error_set(&caused.tx.error, 0, "message of kind %.*s: %.*s", MR_STR_ARG(row->kind),
                       MR_STR_ARG(row->error));
    consume_log_fate(&caused.tx, "notify-failed", "given-up");
}

/* answer NULL: nobody was asked, as on channel none, or the fate is in the row. */
static int settle(struct consume *run, struct mr_notice_row *row,
                  const struct notify_answer *answer, struct mr_error *reterr)
{
    struct consume_notify *n = &run->notify;
    int64_t next = 0;

    if (row->state == MR_NOTICE_WAITING) {
        row->channel = mr_str_from(n->channel.name);
        row->state = MR_NOTICE_RECORDED;
        if (answer)
            take_answer(run, answer, row, &next);
        if (next != 0) {
            if (next < n->next_look)
                n->next_look = next;
            return mr_notice_set(run->store, row, next, reterr);
        }
        row->settled_at = now_of(run);
        run->count.notified += row->state != MR_NOTICE_FAILED;
        run->count.notify_failed += row->state == MR_NOTICE_FAILED;
        if (row->state == MR_NOTICE_FAILED)
            log_failed(run, row);
    }
    int r = tell(run, row, &next, reterr);
    if (r == 0)
        r = mr_notice_set(run->store, row, next, reterr);
    int64_t prune_at = row->settled_at + run->options.notify_keep_ms * MICROS;
    if (prune_at < n->prune_at)
        n->prune_at = prune_at;
    return r;
}

/* ---- a turn ---- */

static int settle_answered(struct consume *run, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE && r == 0; i++) {
        struct notify_slot *slot = &run->notify.slots[i];
        struct mr_notice_row row;
        if (slot->state != SLOT_ANSWERED)
            continue;
        mr_arena_reset(run->arena);
        r = mr_notice_get(run->store, run->arena, slot->seq, &row, reterr);
        if (r == 0 && row.state == MR_NOTICE_WAITING) {
            note_channel(run, &slot->answer);
            r = settle(run, &row, &slot->answer, reterr);
        }
        if (r == MR_ABSENT) /* another instance has it now */
            r = 0;
        slot->state = SLOT_SETTLED;
    }
    return r;
}

static int settle_due(struct consume *run, struct mr_error *reterr)
{
    struct consume_notify *n = &run->notify;
    int64_t now = now_of(run), due[PER_TURN];
    size_t n_due;
    int r;

    if (now < n->untold_at && n->channel.send)
        return 0;
    n->untold_at = INT64_MAX;
    r = mr_notice_due(run->store, now, !n->channel.send, due, PER_TURN, &n_due, reterr);
    for (size_t i = 0; i < n_due && r == 0; i++) {
        struct mr_notice_row row;
        mr_arena_reset(run->arena);
        r = mr_notice_get(run->store, run->arena, due[i], &row, reterr);
        if (r == 0)
            r = settle(run, &row, NULL, reterr);
        else if (r == MR_ABSENT) /* another instance has it now */
            r = 0;
    }
    if (r != 0 || n_due > 0) { /* there may be more: the next of a line at least */
        n->untold_at = now;
        return r;
    }
    if (!n->channel.send)
        n->look = false;
    return mr_notice_next(run->store, now, &n->untold_at, reterr);
}

static int prune(struct consume *run, struct mr_error *reterr)
{
    struct consume_notify *n = &run->notify;
    int64_t now = now_of(run), keep = run->options.notify_keep_ms * MICROS, oldest;

    if (now < n->prune_at)
        return 0;
    int r = mr_notice_prune(run->store, now - keep, PRUNE_PER_TURN, reterr);
    bool more = r == 0 && mr_store_changes(run->store) == PRUNE_PER_TURN;
    if (r == 0)
        r = mr_notice_oldest(run->store, &oldest, reterr);
    if (r != 0)
        return r;
    n->prune_at = oldest == INT64_MAX ? oldest : oldest + keep;
    if (!more && n->prune_at < now + (int64_t)PRUNE_MS * MICROS)
        n->prune_at = now + (int64_t)PRUNE_MS * MICROS;
    return 0;
}

int consume_notify_settle(struct consume *run, struct mr_error *reterr)
{
    int r = settle_answered(run, reterr);

    if (r == 0 && !run->notify.ending)
        r = settle_due(run, reterr);
    return r == 0 ? prune(run, reterr) : r;
}

void consume_notify_settled(struct consume *run, bool kept)
{
    struct consume_notify *n = &run->notify;

    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++) {
        if (n->slots[i].state != SLOT_SETTLED)
            continue;
        n->slots[i].state = kept ? SLOT_FREE : SLOT_ANSWERED;
        n->look |= kept; /* the next one in its line may be due */
    }
    if (!kept) { /* what was found out about rows is void */
        n->look = true;
        n->untold_at = n->untold_at == INT64_MAX ? INT64_MAX : 0;
    }
}
