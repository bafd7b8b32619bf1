/* SPDX-License-Identifier: Apache-2.0 */
/* The sagas of a consumer: opening, instances as rows, timers. */
#include "saga.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume_cause.h"

enum { SECOND = 1000000 };

/* ---- opening ---- */

static int add(struct consume *run, const struct mr_saga *saga, struct mr_error *reterr)
{
    struct consume_sagas *sagas = &run->sagas;
    const struct mr_saga **items =
        realloc(sagas->items, (sagas->n_items + 1) * sizeof(*sagas->items));

    if (!items)
        return -ENOMEM;
    sagas->items = items;
    sagas->items[sagas->n_items++] = saga;
    return saga_check_options(run, saga, reterr);
}

int consume_sagas_open(struct consume *run, struct mr_error *reterr)
{
    const struct mr_sagas *all = run->sagas.all ? run->sagas.all : mr_sagas_builtin();
    int r = 0;

    for (size_t i = 0; i < all->n_items && r == 0; i++)
        if (strcmp(all->items[i].service, run->consumer->name) == 0)
            r = add(run, &all->items[i], reterr);
    return r;
}

int consume_sagas_open_store(struct consume *run, struct mr_error *reterr)
{
    return run->sagas.n_items > 0
               ? mr_saga_open(run->store, run->world.now(run->world.self), reterr)
               : 0;
}

void consume_sagas_close(struct consume *run)
{
    free(run->sagas.items);
    run->sagas.items = NULL;
    run->sagas.n_items = 0;
}

/* ---- instances ---- */

static const struct mr_saga *find_saga(const struct consume *run, struct mr_str name)
{
    for (size_t i = 0; i < run->sagas.n_items; i++)
        if (mr_str_is(name, run->sagas.items[i]->name))
            return run->sagas.items[i];
    return NULL;
}

static bool find_step(const struct mr_saga *saga, struct mr_str name, size_t *ret)
{
    for (*ret = 0; *ret < saga->n_steps; ++*ret)
        if (mr_str_is(name, saga->steps[*ret].name))
            return true;
    *ret = 0;
    return false;
}

static enum saga_state state_of(struct mr_str name)
{
    for (enum saga_state state = SAGA_RUNNING; state < SAGA_IS_FAILED; state++)
        if (mr_str_is(name, saga_state_name(state)))
            return state;
    return SAGA_IS_FAILED;
}

int saga_open_instance(struct mr_tx *tx, struct mr_str id, struct saga_instance *ret_in)
{
    struct consume *run = tx->run;
    struct saga_instance *in = ret_in;

    *in = (struct saga_instance){.tx = tx};
    int r = mr_saga_load(run->store, run->arena, id, &in->row, &tx->error);
    if (r != 0)
        return r;
    in->saga = find_saga(run, in->row.saga);
    if (!in->saga)
        return mr_error_set(&tx->error, MR_INVALID, "sagas.yaml no longer has saga %.*s",
                            MR_STR_ARG(in->row.saga));
    in->state = state_of(in->row.state);
    if (!find_step(in->saga, in->row.step, &in->step) && in->row.forget_at == 0)
        return mr_error_set(&tx->error, MR_INVALID,
                            "saga %s is at step '%.*s', which sagas.yaml no longer has",
                            in->saga->name, MR_STR_ARG(in->row.step));
    r = saga_values_read(in->row.vals, run->arena, &in->values);
    return r > 0 ? mr_error_set(&tx->error, MR_INVALID, "saga %s: its values cannot be read",
                                in->saga->name)
                 : r;
}

int saga_save(struct saga_instance *in)
{
    struct consume *run = in->tx->run;

    in->row.step = mr_str_from(in->saga->steps[in->step].name);
    in->row.state = mr_str_from(saga_state_name(in->state));
    in->row.updated_at = in->tx->now;
    int r = saga_values_write(&in->values, run->arena, &in->row.vals);
    if (r == 0)
        r = mr_saga_save(run->store, &in->row, &in->tx->error);
    if (in->row.deadline != 0 && in->row.deadline < run->sagas.timer)
        run->sagas.timer = in->row.deadline;
    return r;
}

/* ---- timers ---- */

/* What could not be done is not tried for ever: it is for people to see. */
static int give_up(struct saga_instance *in)
{
    struct consume *run = in->tx->run;
    struct mr_str why = mr_str_from(mr_arena_printf(run->arena, "%s", in->tx->error.text));

    consume_log_fate(in->tx, "saga", "failed");
    in->row.deadline = 0;
    in->row.forget_at = in->tx->now + in->saga->keep_ms * 1000;
    in->row.why = why;
    in->state = SAGA_IS_FAILED;
    run->count.sagas_failed++;
    int r = why.data ? saga_note(in, "failed", why) : -ENOMEM;
    return r == 0 ? saga_save(in) : r;
}

static int later(struct saga_instance *in)
{
    consume_log_fate(in->tx, "saga", "timer-again");
    in->row.deadline = in->tx->now + SAGA_AGAIN_S * SECOND;
    return saga_save(in);
}

/* Under a savepoint of its own, in the name of the event that started the instance. */
static int fire(struct saga_instance *in)
{
    struct mr_store *store = in->tx->run->store;
    const struct consume_counters count = in->tx->run->count;
    struct saga_instance before = *in;
    struct mr_error ignored;

    mr_store_mark(store);
    int r = saga_timeout(in);
    if (r == 0)
        r = saga_take_early(in);
    if (r == 0)
        r = saga_save(in);
    if (r == 0) {
        r = mr_store_keep(store, &in->tx->error);
    } else if (r > 0) { /* a statement that was sent ahead may have failed before */
        int sent = mr_store_settle(store, &in->tx->error);
        r = sent != 0 ? sent : r;
    }
    if (r <= 0)
        return r;
    int undone = mr_store_undo(store, &ignored);
    if (undone != 0)
        return undone < 0 ? undone : -EIO;
    *in = before;
    in->tx->run->count = count;
    in->tx->n_emitted = 0;
    return r == MR_AGAIN ? later(in) : give_up(in);
}

/* Of a saga, or at a step, that sagas.yaml no longer has. */
static int retire(struct mr_tx *tx, struct mr_saga_row *row)
{
    const struct mr_saga_note note = {.id = row->id,
                                      .at = tx->now,
                                      .step = row->step,
                                      .what = MR_STR("failed"),
                                      .text = mr_str_from(tx->error.text)};

    mr_warn(&tx->run->log, "saga", "id=%.*s next=failed why=%s", MR_STR_ARG(row->id),
            tx->error.text);
    row->state = note.what;
    row->why = note.text;
    row->deadline = 0;
    row->updated_at = tx->now;
    row->forget_at = tx->now + INT64_C(30) * 24 * 60 * 60 * SECOND;
    tx->run->count.sagas_failed++;
    int r = mr_saga_note(tx->run->store, &note, &tx->error);
    return r == 0 ? mr_saga_save(tx->run->store, row, &tx->error) : r;
}

static int fire_in_name(struct saga_instance *in, struct consume_caused *caused)
{
    struct consume *run = in->tx->run;
    const char *name = mr_arena_printf(run->arena, "saga/%.*s/%s/%lld", MR_STR_ARG(in->row.id),
                                       in->saga->steps[in->step].name, (long long)in->row.deadline);

    if (!name)
        return -ENOMEM;
    int r = consume_begin_cause(run, &in->row.cause, mr_str_from(name), caused);
    in->tx = &caused->tx;
    if (r == 0)
        r = fire(in);
    run->count.saga_timers += r == 0;
    run->count.emitted += r == 0 ? caused->tx.n_emitted : 0;
    return r;
}

/* It may have been moved since it was found: the key's row is taken first, then it is read. */
static int fire_one(struct consume *run, struct mr_str id, struct mr_error *reterr)
{
    struct consume_caused *caused = mr_arena_alloc(run->arena, sizeof(*caused));
    struct saga_instance *in = mr_arena_alloc(run->arena, sizeof(*in));
    struct mr_tx bare = {
        .run = run, .error = MR_ERROR_INIT, .now = run->world.now(run->world.self)};
    struct mr_str running, last;

    if (!caused || !in)
        return -ENOMEM;
    int r = saga_open_instance(&bare, id, in);
    if (r == 0) {
        r = mr_saga_lock(run->store, run->arena, in->row.saga, in->row.key, bare.now, &running,
                         &last, &bare.error);
        if (r == 0)
            r = saga_open_instance(&bare, id, in);
    }
    if (r == MR_INVALID)
        r = retire(&bare, &in->row);
    else if (r == 0 && in->row.deadline != 0 && in->row.deadline <= run->sagas.read_until)
        r = fire_in_name(in, caused);
    if (r != 0)
        *reterr = in->tx && in->tx != &bare ? caused->tx.error : bare.error;
    return r == MR_ABSENT ? 0 : r > 0 ? -EIO : r;
}

static int prune(struct consume *run, int64_t now, struct mr_error *reterr)
{
    if (now < run->sagas.prune_at)
        return 0;
    run->sagas.prune_at = now + SAGA_PRUNE_S * SECOND;
    return mr_saga_prune(run->store, now, now - (int64_t)SAGA_EARLY_KEEP_S * SECOND, SAGA_PRUNE,
                         reterr);
}

/* Timers that have come, some at a look, at most *left. */
static int fire_due(struct consume *run, size_t *left, size_t *ret_n, struct mr_error *reterr)
{
    int64_t until = run->sagas.read_until;
    struct mr_str ids[SAGA_AT_A_LOOK];
    size_t most = *left < SAGA_AT_A_LOOK ? *left : SAGA_AT_A_LOOK;

    mr_arena_reset(run->due);
    int r = mr_saga_due(run->store, run->due, until, ids, most, ret_n, reterr);
    for (size_t i = 0; r == 0 && i < *ret_n; i++, --*left) {
        mr_arena_reset(run->arena);
        r = mr_saga_keep_due(run->store, ids[i], until, reterr);
        if (r == 0)
            r = fire_one(run, ids[i], reterr);
        else if (r == MR_ABSENT) /* another instance has it now */
            r = 0;
    }
    return r;
}

int consume_sagas_fire(struct consume *run, struct mr_error *reterr)
{
    size_t left = SAGA_TIMERS, n = 1;
    int r = prune(run, run->world.now(run->world.self), reterr);

    while (r == 0 && n > 0 && left > 0)
        r = fire_due(run, &left, &n, reterr);
    if (r != 0)
        return r;
    return mr_saga_next(run->store, &run->sagas.timer, reterr);
}
