/* SPDX-License-Identifier: Apache-2.0 */
/* States of things from steps that come in any order: docs in millrace/life.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/life.h"

enum verdict { EXPECTED, UNEXPECTED, IMPOSSIBLE };
static const char *const verdicts[] = {"expected", "unexpected", "impossible"};

struct step {
    struct mr_str event_id;
    int64_t at;
    int number;
    struct mr_str state, verdict; /* as the store has them */
};

/* What the steps up to some moment add up to. */
struct sum {
    int state;
    int64_t since, n_steps, n_unexpected, n_impossible;
    struct step last;
};

static int order(const void *one, const void *other)
{
    const struct step *a = one, *b = other;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    int r = memcmp(a->event_id.data, b->event_id.data,
                   a->event_id.len < b->event_id.len ? a->event_id.len : b->event_id.len);
    return r ? r : (a->event_id.len > b->event_id.len) - (a->event_id.len < b->event_id.len);
}

static int find(const char *const *names, int n, struct mr_str name)
{
    int i = 0;

    while (i < n && !mr_str_is(name, names[i]))
        i++;
    return i;
}

/* A thing of which nothing was known begins with any step. */
static enum verdict move(const struct mr_life *life, int step, int *state)
{
    const struct mr_life_move *first = NULL;

    for (size_t i = 0; i < life->n_moves; i++) {
        const struct mr_life_move *m = &life->moves[i];
        bool from = m->step == step && (m->from & MR_LIFE_BIT(*state));
        if (m->step == step && !first)
            first = m;
        if (!from && !(m->step == step && (m->also & MR_LIFE_BIT(*state))))
            continue;
        *state = m->to == MR_LIFE_STAYS ? *state : m->to;
        return from ? EXPECTED : UNEXPECTED;
    }
    if (*state != MR_LIFE_UNKNOWN || !first)
        return IMPOSSIBLE;
    *state = first->to == MR_LIFE_STAYS ? *state : first->to;
    return UNEXPECTED;
}

static enum verdict add(const struct mr_life *life, struct sum *sum, const struct step *step)
{
    int before = sum->state;
    enum verdict verdict = move(life, step->number, &sum->state);

    if (before != sum->state || sum->n_steps == 0)
        sum->since = step->at;
    sum->n_steps++;
    sum->n_unexpected += verdict == UNEXPECTED;
    sum->n_impossible += verdict == IMPOSSIBLE;
    sum->last = *step;
    return verdict;
}

/* The row, locked: another instance may take a step of the same thing. */
static int lock(struct mr_tx *tx, const struct mr_life *life, struct mr_str subject,
                struct sum *sum)
{
    struct mr_str state = {0}, last = {0};

    int r = mr_sql(tx,
                   "INSERT INTO life (kind, subject_id, state, steps, unexpected, impossible)"
                   " VALUES (?1, ?2, ?3, 0, 0, 0) ON CONFLICT (kind, subject_id)"
                   " DO UPDATE SET kind = excluded.kind",
                   MR_TEXT_OF(life->kind), MR_TEXT(subject), MR_TEXT_OF(life->states[0]));
    if (r == 0)
        r = mr_sql_row(tx,
                       MR_INTO(MR_INTO_TEXT(&state), MR_INTO_INT(&sum->since),
                               MR_INTO_INT(&sum->last.at), MR_INTO_TEXT(&last),
                               MR_INTO_TEXT(&sum->last.event_id), MR_INTO_INT(&sum->n_steps),
                               MR_INTO_INT(&sum->n_unexpected), MR_INTO_INT(&sum->n_impossible)),
                       "SELECT state, since_at, changed_at, last_step, last_event_id, steps,"
                       " unexpected, impossible FROM life WHERE kind = ?1 AND subject_id = ?2",
                       MR_TEXT_OF(life->kind), MR_TEXT(subject));
    if (r != 0)
        return r;
    sum->state = 0;
    while (!mr_str_is(state, life->states[sum->state]))
        sum->state++; /* only we write it */
    sum->last.number = find(life->steps, life->n_steps, last);
    return 0;
}

static int keep(struct mr_tx *tx, const struct mr_life *life, struct mr_str subject,
                const struct sum *sum)
{
    return mr_sql(tx,
                  "UPDATE life SET state = ?3, since_at = ?4, changed_at = ?5, last_step = ?6,"
                  " last_event_id = ?7, steps = ?8, unexpected = ?9, impossible = ?10"
                  " WHERE kind = ?1 AND subject_id = ?2",
                  MR_TEXT_OF(life->kind), MR_TEXT(subject), MR_TEXT_OF(life->states[sum->state]),
                  MR_INT(sum->since), MR_INT(sum->last.at),
                  MR_TEXT_OF(life->steps[sum->last.number]), MR_TEXT(sum->last.event_id),
                  MR_INT(sum->n_steps), MR_INT(sum->n_unexpected), MR_INT(sum->n_impossible));
}

/* All steps of a thing into the arena. */
static int read_all(struct mr_tx *tx, const struct mr_life *life, struct mr_str subject,
                    struct step *steps, size_t n, size_t *ret_n)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    *ret_n = 0;
    int r = mr_sql_query(tx, &rows,
                         "SELECT event_id, step, stepped_at, state, verdict FROM life_step"
                         " WHERE kind = ?1 AND subject_id = ?2",
                         MR_TEXT_OF(life->kind), MR_TEXT(subject));
    while (r == 0 && (r = mr_rows_next(rows, mr_tx_error(tx))) == 0 && *ret_n < n) {
        struct step *step = &steps[(*ret_n)++];
        struct mr_str name = {0};
        *step = (struct step){0};
        r = mr_rows_take(rows, mr_tx_arena(tx),
                         MR_INTO(MR_INTO_TEXT(&step->event_id), MR_INTO_TEXT(&name),
                                 MR_INTO_INT(&step->at), MR_INTO_TEXT(&step->state),
                                 MR_INTO_TEXT(&step->verdict)));
        step->number = find(life->steps, life->n_steps, name);
    }
    return r == MR_END ? 0 : r;
}

/* An old step came late: the whole life once more. */
static int replay(struct mr_tx *tx, const struct mr_life *life, struct mr_str subject,
                  const struct step *mine, struct sum *sum, uint32_t *ret_newer)
{
    size_t n = (size_t)sum->n_steps + 1;
    struct step *steps = mr_arena_array(mr_tx_arena(tx), n, sizeof(*steps));

    if (!steps)
        return -ENOMEM;
    int r = read_all(tx, life, subject, steps, n, &n);
    if (r != 0)
        return r;
    qsort(steps, n, sizeof(*steps), order);
    *sum = (struct sum){0};
    for (size_t i = 0; r == 0 && i < n; i++) {
        enum verdict verdict = add(life, sum, &steps[i]);
        if (order(&steps[i], mine) > 0)
            *ret_newer |= MR_LIFE_BIT(steps[i].number);
        if (!mr_str_is(steps[i].verdict, verdicts[verdict]) ||
            !mr_str_is(steps[i].state, life->states[sum->state]))
            r = mr_sql(tx,
                       "UPDATE life_step SET state = ?4, verdict = ?5"
                       " WHERE kind = ?1 AND subject_id = ?2 AND event_id = ?3",
                       MR_TEXT_OF(life->kind), MR_TEXT(subject), MR_TEXT(steps[i].event_id),
                       MR_TEXT_OF(life->states[sum->state]), MR_TEXT_OF(verdicts[verdict]));
    }
    return r;
}

int mr_life_step(struct mr_tx *tx, const struct mr_life *life, struct mr_str subject, int step,
                 struct mr_str by, uint32_t *ret_newer)
{
    const struct mr_envelope *envelope = mr_tx_event(tx)->envelope;
    const struct step mine = {
        .event_id = envelope->event_id, .at = envelope->timestamp, .number = step};
    struct sum sum = {0};

    *ret_newer = 0;
    int r = lock(tx, life, subject, &sum);
    if (r == 0 && life->row)
        r = mr_sql(tx, life->row, MR_TEXT(subject));
    if (r != 0)
        return r;
    bool youngest = sum.n_steps == 0 || order(&mine, &sum.last) > 0;
    struct sum with = sum;
    enum verdict verdict = add(life, &with, &mine);
    r = mr_sql(tx,
               "INSERT INTO life_step VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
               " ON CONFLICT (kind, subject_id, event_id) DO NOTHING",
               MR_TEXT_OF(life->kind), MR_TEXT(subject), MR_TEXT(mine.event_id),
               MR_TEXT_OF(life->steps[step]), MR_INT(mine.at), MR_OPT(by.len > 0, MR_TEXT(by)),
               MR_TEXT_OF(life->states[with.state]), MR_TEXT_OF(verdicts[verdict]));
    if (r == 0 && mr_sql_changes(tx) == 0) {
        *ret_newer = UINT32_MAX;
        return 0;
    }
    if (r == 0 && !youngest)
        r = replay(tx, life, subject, &mine, &with, ret_newer);
    return r == 0 ? keep(tx, life, subject, &with) : r;
}
