/* SPDX-License-Identifier: Apache-2.0 */
/* Flows that wait: one failing event holds up the later ones of its flow, in order and across
 * restarts, and nobody else. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "millrace/time.h"

enum { PER_TURN = 500, AT_A_LOOK = 64, MICROS = 1000 };

static int load_key(void *self, struct mr_bytes key)
{
    struct consume *run = self;

    return consume_keys_add(&run->parked_keys, consume_flow_hash(key));
}

int consume_parked_open(struct consume *run, struct mr_error *reterr)
{
    int64_t keys, held;

    run->next_look = 0;
    run->sagas.timer = 0;
    consume_sagas_unsure(run);
    run->parked_keys.n = 0;
    int r = mr_parked_each_key(run->store, load_key, run, reterr);
    return r != 0 ? r : mr_parked_count(run->store, &keys, &held, &run->parked_events, reterr);
}

/* Two keys may share a hash: the table has the last word. */
int consume_is_parked(struct consume *run, struct mr_bytes flow, struct mr_error *reterr)
{
    if (run->parked_keys.n == 0 || !consume_keys_have(&run->parked_keys, consume_flow_hash(flow)))
        return 0;
    int r = mr_parked_has_key(run->store, flow, reterr);
    return r == 0 ? MR_AGAIN : r == MR_ABSENT ? 0 : r;
}

/* ---- putting aside ---- */

int64_t consume_backoff(const struct mr_retry *retry, int32_t failed, uint64_t random)
{
    double wait = (double)retry->initial_ms;

    for (int32_t i = 1; i < failed && wait < (double)retry->max_ms; i++)
        wait *= retry->multiplier;
    if (wait > (double)retry->max_ms)
        wait = (double)retry->max_ms;
    if (retry->jitter)
        wait *= 0.5 + (double)(random >> 11) * 0x1p-54;
    return (int64_t)(wait * MICROS);
}

static int set_key(const struct mr_tx *tx, struct mr_bytes flow, int64_t when, bool held,
                   struct mr_error *reterr)
{
    struct consume *run = tx->run;
    char why[sizeof(tx->error.text)]; /* others' words, too: of any bytes, or cut */
    const struct mr_parked_state state = {.next_try = when,
                                          .held = held,
                                          .why = {why, strlen(tx->error.text)},
                                          .topic = mr_str_from(tx->record->topic->name),
                                          .partition = tx->record->partition};

    memcpy(why, tx->error.text, state.why.len);
    mr_utf8_mend(why, state.why.len);
    int r = mr_parked_has_key(run->store, flow, reterr);
    if (r == MR_ABSENT)
        r = consume_keys_add(&run->parked_keys, consume_flow_hash(flow));
    if (when < run->next_look)
        run->next_look = when;
    return r != 0 ? r : mr_parked_key_set(run->store, flow, &state, reterr);
}

static int64_t next_try(struct consume *run, const struct mr_tx *tx, int32_t failed)
{
    return tx->now +
           consume_backoff(&run->group->retry, failed, run->world.random(run->world.self));
}

/* Of a shared store, what was put aside may have gone along with its partition since. */
int consume_parked_room(struct consume *run, struct mr_error *reterr)
{
    int64_t keys, held;
    int r = 0;

    if (run->parked_events >= run->options.parked && mr_store_is_shared(run->store))
        r = mr_parked_count(run->store, &keys, &held, &run->parked_events, reterr);
    return r != 0 ? r : run->parked_events < run->options.parked ? 0 : MR_FULL;
}

int consume_park(struct mr_tx *tx, struct mr_bytes flow, bool first, struct mr_error *reterr)
{
    struct consume *run = tx->run;
    const struct consume_record *record = tx->record;

    int r = consume_parked_room(run, reterr);
    run->packed.len = 0;
    if (r == 0)
        r = consume_pack_record(run, record, &run->packed);
    if (r != 0)
        return r;
    struct mr_parked_record row = {
        .topic = mr_str_from(record->topic->name),
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .key = record->key,
        .value = record->value,
        .headers = {run->packed.data, run->packed.len},
        .attempts = first ? 1 : 0,
    };
    r = mr_parked_add(run->store, flow, &row, reterr);
    if (r == 0 && first)
        r = set_key(tx, flow, next_try(run, tx, 1), false, reterr);
    if (r != 0)
        return r;
    run->parked_events++;
    run->count.parked++;
    if (first)
        consume_log_fate(tx, "retry", "flow-waits");
    return 0;
}

int consume_after_dead_letter(struct mr_tx *tx, struct mr_bytes flow, struct mr_error *reterr)
{
    struct consume *run = tx->run;

    if (!run->group->retry.hold_key || flow.len == 0)
        return 0;
    return set_key(tx, flow, tx->now, true, reterr);
}

/* ---- trying again ---- */

enum verdict { NEXT, WAIT };

static int dead(struct mr_tx *tx, enum consume_fault fault, struct mr_bytes flow, int64_t seq,
                enum verdict *ret, struct mr_error *reterr)
{
    int r = consume_dead_letter(tx, fault, reterr);

    if (r == 0)
        r = mr_parked_delete(tx->run->store, seq, reterr);
    if (r == 0)
        r = consume_after_dead_letter(tx, flow, reterr);
    tx->run->parked_events -= r == 0;
    *ret = tx->run->group->retry.hold_key ? WAIT : NEXT;
    return r;
}

/* Failed for now: again after a longer wait. */
static int failed(struct mr_tx *tx, struct mr_bytes flow, int64_t seq, enum verdict *ret,
                  struct mr_error *reterr)
{
    struct consume *run = tx->run;
    int32_t attempt = tx->record->attempt;

    if (attempt >= run->group->retry.max_attempts)
        return dead(tx, CONSUME_EXHAUSTED, flow, seq, ret, reterr);
    *ret = WAIT;
    int r = mr_parked_attempted(run->store, seq, attempt, reterr);
    return r != 0 ? r : set_key(tx, flow, next_try(run, tx, attempt), false, reterr);
}

/* A dead letter of others, sent back: we have said before what is to be. */
static int leave(struct mr_tx *tx, int64_t seq, enum verdict *ret, struct mr_error *reterr)
{
    *ret = NEXT;
    tx->run->parked_events--;
    tx->run->count.duplicates++;
    return mr_parked_delete(tx->run->store, seq, reterr);
}

/* The registry is away: that is no attempt. */
static int wait_for_registry(struct mr_tx *tx, struct mr_bytes flow, enum verdict *ret,
                             struct mr_error *reterr)
{
    *ret = WAIT;
    return set_key(tx, flow, tx->now + CONSUME_LOOK_MS * MICROS, false, reterr);
}

static int try_one(struct consume *run, struct mr_bytes flow, const struct consume_record *record,
                   int64_t seq, enum verdict *ret, struct mr_error *reterr)
{
    enum consume_fault fault;
    struct mr_tx tx;

    consume_begin(run, record, &tx);
    int r = consume_decode(&tx, &fault);
    if (r == MR_AGAIN)
        return wait_for_registry(&tx, flow, ret, reterr);
    bool unread = r == MR_INVALID;
    if (r == 0) {
        run->count.retried += record->attempt > 1;
        r = consume_deliver(&tx);
    }
    if ((r == MR_AGAIN || r == MR_INVALID) && consume_whose(run, record) == CONSUME_OTHERS)
        return leave(&tx, seq, ret, reterr);
    if (unread)
        return dead(&tx, fault, flow, seq, ret, reterr);
    if (r == MR_AGAIN)
        return failed(&tx, flow, seq, ret, reterr);
    if (r == MR_INVALID)
        return dead(&tx, tx.fault, flow, seq, ret, reterr);
    if (r != 0) {
        *reterr = tx.error;
        return r;
    }
    *ret = NEXT;
    run->parked_events--;
    return mr_parked_delete(run->store, seq, reterr);
}

static int release(struct consume *run, struct mr_bytes flow, struct mr_error *reterr)
{
    consume_keys_remove(&run->parked_keys, consume_flow_hash(flow));
    return mr_parked_key_release(run->store, flow, reterr);
}

/* The flow's events, oldest first, until one has to wait or none is left. */
static int try_flow(struct consume *run, struct mr_bytes flow, int *budget, struct mr_error *reterr)
{
    enum verdict verdict = NEXT;
    int r = 0;

    while (r == 0 && verdict == NEXT && (*budget)-- > 0) {
        struct mr_parked_record row;
        mr_arena_reset(run->scratch);
        r = mr_parked_first(run->store, run->scratch, flow, &row, reterr);
        if (r == MR_ABSENT)
            return release(run, flow, reterr);
        if (r != 0)
            return r;
        const struct consume_topic *t = consume_topic_of(run, row.topic);
        if (!t)
            return mr_error_set(reterr, -EINVAL,
                                "an event of %.*s is put aside, which %s no longer reads",
                                MR_STR_ARG(row.topic), run->consumer->name);
        struct consume_record record = {
            .topic = t->topic,
            .partition = row.partition,
            .offset = row.offset,
            .timestamp_ms = row.timestamp_ms,
            .key = row.key,
            .value = row.value,
            .headers = row.headers,
            .attempt = row.attempts + 1,
        };
        r = try_one(run, flow, &record, row.seq, &verdict, reterr);
    }
    return r;
}

bool consume_retry_due(struct consume *run)
{
    return run->parked_keys.n > 0 && run->world.now(run->world.self) >= run->next_look;
}

/* Flows whose turn has come, some at a look. */
static int try_due(struct consume *run, int64_t now, int *budget, size_t *ret_n,
                   struct mr_error *reterr)
{
    struct mr_bytes flows[AT_A_LOOK];

    mr_arena_reset(run->due);
    int r = mr_parked_due(run->store, run->due, now, flows, AT_A_LOOK, ret_n, reterr);
    for (size_t i = 0; r == 0 && i < *ret_n; i++) {
        if (*budget <= 0)
            break;
        r = mr_parked_keep(run->store, flows[i], now, reterr);
        if (r == 0)
            r = try_flow(run, flows[i], budget, reterr);
        if (r == MR_ABSENT) { /* another instance has it now */
            --*budget;
            r = 0;
        }
    }
    return r;
}

int consume_retry(struct consume *run, bool *ret_any, struct mr_error *reterr)
{
    int64_t now = run->world.now(run->world.self), next;
    int budget = PER_TURN, r;
    size_t n;

    *ret_any = false;
    do {
        n = 0;
        r = try_due(run, now, &budget, &n, reterr);
        *ret_any |= n > 0;
    } while (r == 0 && n > 0 && budget > 0);
    if (r != 0)
        return r;
    r = mr_parked_next(run->store, &next, reterr);
    run->next_look = now + CONSUME_LOOK_MS * MICROS;
    if (r == 0 && next < run->next_look)
        run->next_look = next;
    return r;
}
