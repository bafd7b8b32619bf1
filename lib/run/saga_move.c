/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance goes through: steps forward, and back. Each function leaves it where it waits or
 * has ended; saga_save() writes it down. */
#include <errno.h>
#include <string.h>

#include "saga.h"

enum { MICROS = 1000 };

const char *saga_state_name(enum saga_state state)
{
    static const char *const names[] = {
        [SAGA_RUNNING] = "running",     [SAGA_COMPENSATING] = "compensating",
        [SAGA_COMPLETED] = "completed", [SAGA_COMPENSATED] = "compensated",
        [SAGA_IS_FAILED] = "failed",
    };

    return names[state];
}

const struct mr_saga_clauses *saga_clauses(const struct mr_saga_step *step, enum saga_kind kind)
{
    return kind == SAGA_ANSWER    ? &step->answers
           : kind == SAGA_FAILURE ? &step->failures
                                  : &step->undone;
}

static const struct mr_saga_step *step_of(const struct saga_instance *in)
{
    return &in->saga->steps[in->step];
}

int saga_note(struct saga_instance *in, const char *what, struct mr_str text)
{
    const struct mr_event *event = &in->tx->event;
    struct mr_saga_note note = {.id = in->row.id,
                                .at = in->tx->now,
                                .step = mr_str_from(step_of(in)->name),
                                .what = mr_str_from(what),
                                .text = text};

    if (in->by_event) {
        note.topic = mr_str_from(event->topic->name);
        note.event_id = event->envelope->event_id;
    }
    return mr_saga_note(in->tx->run->store, &note, &in->tx->error);
}

static void wait_for(struct saga_instance *in, int64_t ms)
{
    in->row.deadline = ms > 0 ? in->tx->now + ms * MICROS : 0;
}

/* ---- ends ---- */

int saga_end(struct saga_instance *in, enum saga_state state, struct mr_str why)
{
    static const enum mr_saga_moment moments[] = {[SAGA_COMPLETED] = MR_SAGA_COMPLETED,
                                                  [SAGA_COMPENSATED] = MR_SAGA_COMPENSATED,
                                                  [SAGA_IS_FAILED] = MR_SAGA_FAILED};
    struct consume_counters *count = &in->tx->run->count;

    in->state = state;
    in->row.why = why;
    in->row.deadline = 0;
    in->row.forget_at = in->tx->now + in->saga->keep_ms * MICROS;
    count->sagas_completed += state == SAGA_COMPLETED;
    count->sagas_compensated += state == SAGA_COMPENSATED;
    count->sagas_failed += state == SAGA_IS_FAILED;
    int r = saga_note(in, saga_state_name(state), why);
    return r == 0 ? saga_emit(in, &in->saga->at[moments[state]]) : r;
}

/* ---- back ---- */

/* From the step it is at to the first, those that were begun; waits where one is to be confirmed.
 */
static int undo_from(struct saga_instance *in, size_t n_left)
{
    int r = 0;

    for (; n_left > 0 && r == 0; n_left--) {
        in->step = n_left - 1;
        const struct mr_saga_step *step = step_of(in);
        if (step->undo.n_items == 0)
            continue;
        r = saga_note(in, "undo", (struct mr_str){"", 0});
        if (r == 0)
            r = saga_emit(in, &step->undo);
        if (r != 0 || step->undone.n_items == 0)
            continue;
        in->row.attempt = 1;
        wait_for(in, step->timeout_ms);
        return 0;
    }
    return r == 0 ? saga_end(in, SAGA_COMPENSATED, in->row.why) : r;
}

static bool can_undo(const struct saga_instance *in)
{
    for (size_t i = 0; i <= in->step; i++)
        if (in->saga->steps[i].undo.n_items > 0)
            return true;
    return false;
}

static int fail(struct saga_instance *in, bool final, struct mr_str why)
{
    if (final || !can_undo(in))
        return saga_end(in, SAGA_IS_FAILED, why);
    in->state = SAGA_COMPENSATING;
    in->row.why = why;
    in->row.deadline = 0;
    int r = saga_note(in, "compensating", why);
    return r == 0 ? undo_from(in, in->step + 1) : r;
}

/* ---- forward ---- */

static bool waits(const struct mr_saga_step *step)
{
    return step->timeout_ms > 0 || step->quiet_ms > 0;
}

static int begin_step(struct saga_instance *in)
{
    const struct mr_saga_step *step = step_of(in);

    in->row.attempt = 1;
    in->row.heard = 0;
    wait_for(in, step->quiet_ms > 0 ? step->quiet_ms : step->timeout_ms);
    int r = saga_note(in, "begun", (struct mr_str){"", 0});
    return r == 0 ? saga_emit(in, &step->emit) : r;
}

/* The step it is at is complete: on to the next that waits, or to the end. */
static int go_on(struct saga_instance *in)
{
    struct mr_str why;
    int r;

    do {
        r = saga_note(in, "done", (struct mr_str){"", 0});
        if (r == 0 && step_of(in)->end) {
            r = saga_render(in, step_of(in)->end, 0, &why);
            return r < 0 ? r : saga_end(in, SAGA_COMPLETED, r == 0 ? why : MR_STR("completed"));
        }
        in->step++;
        if (r == 0)
            r = begin_step(in);
    } while (r == 0 && !waits(step_of(in)));
    return r;
}

int saga_start(struct saga_instance *in, const struct mr_saga_clause *start)
{
    struct mr_str why;
    int r = saga_note(in, "started", (struct mr_str){"", 0});

    in->tx->run->count.sagas_started++;
    if (r == 0)
        r = saga_emit(in, &in->saga->at[MR_SAGA_STARTED]);
    if (r == 0 && start->text) {
        r = saga_render(in, start->text, 0, &why);
        return r < 0 ? r : saga_end(in, SAGA_COMPLETED, r == 0 ? why : MR_STR("completed"));
    }
    if (r == 0)
        r = begin_step(in);
    return r == 0 && !waits(step_of(in)) ? go_on(in) : r;
}

/* ---- what it hears ---- */

static int answer(struct saga_instance *in, size_t clause)
{
    const struct mr_saga_step *step = step_of(in);
    int64_t all = (int64_t)(UINT64_MAX >> 1) >> (63 - step->answers.n_items);

    in->row.heard |= INT64_C(1) << clause;
    if (step->quiet_ms > 0)
        wait_for(in, step->quiet_ms);
    int r = saga_note(in, "answer", (struct mr_str){"", 0});
    if (r != 0 || step->quiet_ms > 0 || (step->all && in->row.heard != all))
        return r;
    return go_on(in);
}

int saga_hear(struct saga_instance *in, enum saga_kind kind, size_t clause)
{
    const struct mr_saga_clause *heard = &saga_clauses(step_of(in), kind)->items[clause];
    struct mr_str why;

    if (kind == SAGA_ANSWER)
        return answer(in, clause);
    if (kind == SAGA_UNDONE) {
        int r = saga_note(in, "undone", (struct mr_str){"", 0});
        return r == 0 ? undo_from(in, in->step) : r;
    }
    int r = saga_render(in, heard->text, 0, &why);
    return r < 0 ? r : fail(in, heard->final, r == 0 ? why : MR_STR("failed"));
}

/* ---- time ---- */

/* "no answer to reserve within 15m0s", or that the way back was not confirmed. */
static int late_text(struct saga_instance *in, struct mr_str *ret)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    const struct mr_saga_step *step = step_of(in);
    size_t i = 0;

    while (i + 1 < MR_N_ELEMENTS(units) && step->timeout_ms % units[i].ms != 0)
        i++;
    const char *text = mr_arena_printf(
        in->tx->run->arena, "%s: no %s within %lld%s", step->name,
        in->state == SAGA_COMPENSATING ? "confirmation that it is undone" : "answer",
        (long long)(step->timeout_ms / units[i].ms), units[i].unit);
    *ret = mr_str_from(text);
    return text ? 0 : -ENOMEM;
}

static int retry(struct saga_instance *in, const struct mr_saga_emits *emits)
{
    in->row.attempt++;
    in->row.heard = 0;
    wait_for(in, step_of(in)->timeout_ms);
    int r = saga_note(in, "again", (struct mr_str){"", 0});
    return r == 0 ? saga_emit(in, emits) : r;
}

int saga_timeout(struct saga_instance *in)
{
    const struct mr_saga_step *step = step_of(in);
    bool back = in->state == SAGA_COMPENSATING;
    struct mr_str why;

    if (step->quiet_ms > 0 && !back)
        return go_on(in);
    int r = late_text(in, &why);
    if (r == 0)
        r = saga_note(in, "timeout", why);
    if (r != 0)
        return r;
    if (in->row.attempt <= step->retry)
        return retry(in, back ? &step->undo : &step->emit);
    if (back)
        return saga_end(in, SAGA_IS_FAILED, why);
    return step->on_timeout == MR_SAGA_GO_ON ? go_on(in)
                                             : fail(in, step->on_timeout == MR_SAGA_FAIL, why);
}
