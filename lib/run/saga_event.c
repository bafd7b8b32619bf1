/* SPDX-License-Identifier: Apache-2.0 */
/* An event that was handled: which sagas it starts, and which it moves. */
#include <errno.h>
#include <string.h>

#include "consume_cause.h"
#include "saga.h"

/* ---- events before their turn ---- */

static int keep(struct mr_tx *tx, const struct mr_saga *saga, struct mr_str key,
                const struct saga_match *match)
{
    const struct mr_saga_step *step = &saga->steps[match->step];
    struct saga_values *values = mr_arena_alloc(tx->run->arena, sizeof(*values));
    struct mr_saga_early early = {
        .saga = mr_str_from(saga->name),
        .key = key,
        .step = mr_str_from(step->name),
        .kind = match->kind,
        .clause = (int64_t)match->clause,
        .topic = mr_str_from(tx->event.topic->name),
        .event_id = tx->event.envelope->event_id,
        .at = tx->event.envelope->timestamp,
    };

    if (!values)
        return -ENOMEM;
    int r = saga_remember_event(values, tx, &saga_clauses(step, match->kind)->items[match->clause]);
    if (r == 0)
        r = saga_values_write(values, tx->run->arena, &early.vals);
    return r == 0 ? mr_saga_keep(tx->run->store, &early, tx->now, SAGA_EARLY_MOST, &tx->error) : r;
}

static bool is_at(const struct saga_instance *in, const struct saga_match *match)
{
    bool back = match->kind == SAGA_UNDONE;

    return in->row.forget_at == 0 && match->step == in->step &&
           in->state == (back ? SAGA_COMPENSATING : SAGA_RUNNING);
}

/* Whether an event of that moment is of before the instance was started. */
static bool is_before(const struct saga_instance *in, int64_t at)
{
    int64_t start = in->row.cause.event_at;

    return !in->saga->any_order && (in->saga->younger ? at <= start : at < start);
}

/* One that waited for the step that the instance has come to. *ret_any: it was taken. */
static int take_early(struct saga_instance *in, bool *ret_any)
{
    struct consume *run = in->tx->run;
    const struct mr_saga_step *step = &in->saga->steps[in->step];
    struct saga_values *values = mr_arena_alloc(run->arena, sizeof(*values));
    struct mr_saga_early early;

    *ret_any = false;
    if (!values)
        return -ENOMEM;
    int r = mr_saga_early_first(run->store, run->arena, in->row.saga, in->row.key,
                                mr_str_from(step->name), &early, &in->tx->error);
    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    *ret_any = true;
    r = mr_saga_early_drop(run->store, early.seq, &in->tx->error);
    const struct saga_match match = {in->step, (enum saga_kind)early.kind, (size_t)early.clause};
    if (r != 0 || early.kind > SAGA_UNDONE || !is_at(in, &match) ||
        match.clause >= saga_clauses(step, match.kind)->n_items || is_before(in, early.at))
        return r;
    r = saga_values_read(early.vals, run->arena, values);
    if (r == 0)
        r = saga_remember_all(&in->values, run->arena, values);
    return r == 0 ? saga_hear(in, match.kind, match.clause) : r;
}

int saga_take_early(struct saga_instance *in)
{
    bool any = true;
    int r = 0;

    while (r == 0 && any && in->row.forget_at == 0)
        r = take_early(in, &any);
    return r;
}

/* ---- an instance and the event ---- */

/* Failures before answers. Outcomes: 0 it was heard, MR_ABSENT, else. */
static int hear(struct saga_instance *in, const struct saga_matches *all)
{
    static const enum saga_kind order[] = {SAGA_FAILURE, SAGA_UNDONE, SAGA_ANSWER};
    int r;

    for (size_t k = 0; k < MR_N_ELEMENTS(order); k++)
        for (size_t i = 0; i < all->n; i++) {
            const struct saga_match *m = &all->items[i];
            if (m->kind != order[k] || !is_at(in, m))
                continue;
            r = saga_remember_event(
                &in->values, in->tx,
                &saga_clauses(&in->saga->steps[m->step], m->kind)->items[m->clause]);
            return r == 0 ? saga_hear(in, m->kind, m->clause) : r;
        }
    return MR_ABSENT;
}

/* Not for the step that it is at: kept for a later one, else noted. */
static int not_now(struct saga_instance *in, const struct saga_matches *all)
{
    struct mr_tx *tx = in->tx;
    bool later = false;
    int r = 0;

    for (size_t i = 0; i < all->n && r == 0; i++)
        if (in->state == SAGA_RUNNING && in->row.forget_at == 0 && all->items[i].step > in->step &&
            all->items[i].kind != SAGA_UNDONE) {
            later = true;
            r = keep(tx, in->saga, in->row.key, &all->items[i]);
        }
    if (r != 0 || later || (in->state == SAGA_COMPLETED && !in->saga->once))
        return r;
    tx->run->count.sagas_late++;
    return saga_note(in, in->row.forget_at ? "late" : "again", (struct mr_str){"", 0});
}

static int move(struct mr_tx *tx, struct mr_str id, const struct saga_matches *all)
{
    struct saga_instance *in = mr_arena_alloc(tx->run->arena, sizeof(*in));
    int r = in ? saga_open_instance(tx, id, in) : -ENOMEM;

    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    in->by_event = true;
    if (is_before(in, tx->event.envelope->timestamp))
        return 0;
    r = in->row.forget_at == 0 ? hear(in, all) : MR_ABSENT;
    if (r == MR_ABSENT)
        return not_now(in, all);
    if (r == 0)
        r = saga_take_early(in);
    return r == 0 ? saga_save(in) : r;
}

/* ---- a new instance ---- */

static int make_id(struct mr_tx *tx, const struct mr_saga *saga, struct mr_str *ret)
{
    char *text = mr_arena_alloc(tx->run->arena, MR_UUID_TEXT);
    const char *name = mr_arena_printf(tx->run->arena, "saga/%s", saga->name);
    struct mr_uuid id;

    if (!text || !name)
        return -ENOMEM;
    mr_uuid_v5(&tx->event.id, name, strlen(name), &id);
    mr_uuid_format(&id, text);
    *ret = (struct mr_str){text, MR_UUID_TEXT};
    return 0;
}

static int begin(struct mr_tx *tx, const struct mr_saga *saga, struct mr_str key,
                 const struct saga_matches *all)
{
    struct saga_instance *in = mr_arena_alloc(tx->run->arena, sizeof(*in));

    if (!in)
        return -ENOMEM;
    *in = (struct saga_instance){.saga = saga, .tx = tx, .by_event = true};
    in->row = (struct mr_saga_row){.saga = mr_str_from(saga->name),
                                   .key = key,
                                   .trigger = tx->event.envelope->event_type,
                                   .step = mr_str_from(saga->steps[0].name),
                                   .state = MR_STR("running"),
                                   .why = {"", 0},
                                   .vals = MR_STR("{}"),
                                   .started_at = tx->now,
                                   .updated_at = tx->now};
    int r = make_id(tx, saga, &in->row.id);
    if (r == 0)
        r = consume_cause_of(tx, &in->row.cause);
    if (r == 0)
        r = mr_saga_insert(tx->run->store, &in->row, &tx->error);
    if (r != 0)
        return r == MR_ABSENT ? 0 : r; /* the same event has started one before */
    r = saga_remember_event(&in->values, tx, all->start);
    if (r == 0)
        r = saga_start(in, all->start);
    if (r == 0 && in->row.forget_at == 0)
        r = hear(in, all);
    if (r == 0 || r == MR_ABSENT)
        r = saga_take_early(in);
    return r == 0 ? saga_save(in) : r;
}

/* ---- all sagas of the service ---- */

static int offer(struct mr_tx *tx, const struct mr_saga *saga, const struct saga_matches *all)
{
    struct mr_arena *arena = tx->run->arena;
    struct mr_str key, running, last;

    int r = saga_field_text(tx->event.topic, tx->event.record, saga->key, arena, &key);
    if (r == 0)
        r = mr_saga_lock(tx->run->store, arena, mr_str_from(saga->name), key, tx->now, &running,
                         &last, &tx->error);
    if (r != 0)
        return r;
    if (running.data)
        return move(tx, running, all);
    if (last.data && (saga->once || !all->start))
        r = move(tx, last, all);
    else if (all->start)
        return begin(tx, saga, key, all);
    for (size_t i = 0; i < all->n && r == 0 && !(saga->once && last.data); i++)
        if (all->items[i].kind != SAGA_UNDONE)
            r = keep(tx, saga, key, &all->items[i]);
    return r;
}

int consume_saga_event(struct mr_tx *tx)
{
    const struct consume_sagas *sagas = &tx->run->sagas;
    struct saga_matches *all = NULL;
    int r = 0;

    for (size_t i = 0; i < sagas->n_items && r == 0; i++) {
        if (!all && !(all = mr_arena_alloc(tx->run->arena, sizeof(*all))))
            return -ENOMEM;
        r = saga_match(tx, sagas->items[i], all);
        if (r == 0 && (all->start || all->n > 0))
            r = offer(tx, sagas->items[i], all);
    }
    if (r != MR_FULL)
        return r;
    return mr_error_set(&tx->error, MR_INVALID,
                        "a saga remembers at most %d values, and %d of one list",
                        MR_SAGA_MAX_VALUES, MR_SAGA_MAX_LIST);
}
