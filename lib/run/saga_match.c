/* SPDX-License-Identifier: Apache-2.0 */
/* Which clauses of a saga an event is one of. */
#include <string.h>
#include <strings.h>

#include "saga.h"

/* ---- conditions ---- */

static bool contains(struct mr_str text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++)
        if (strncasecmp(text.data + i, word, len) == 0)
            return true;
    return false;
}

static bool holds(const struct mr_saga_condition *condition, struct mr_str text)
{
    bool wanted = condition->test == MR_SAGA_IS || condition->test == MR_SAGA_CONTAINS;
    bool whole = condition->test == MR_SAGA_IS || condition->test == MR_SAGA_NOT;

    for (size_t i = 0; i < condition->n_words; i++)
        if (whole ? mr_str_is(text, condition->words[i]) : contains(text, condition->words[i]))
            return wanted;
    return !wanted;
}

int saga_conditions_hold(struct mr_tx *tx, const struct mr_saga_clause *clause, bool *ret_hold)
{
    int r = 0;

    *ret_hold = true;
    for (size_t i = 0; i < clause->n_when && r == 0 && *ret_hold; i++) {
        struct mr_str text = {"", 0};
        r = saga_field_text(tx->event.topic, tx->event.record, clause->when[i].field,
                            tx->run->arena, &text);
        if (r == MR_ABSENT)
            r = 0;
        *ret_hold = holds(&clause->when[i], text);
    }
    return r;
}

/* ---- which clauses the event is one of ---- */

static int match_step(struct mr_tx *tx, const struct mr_saga *saga, size_t step,
                      struct saga_matches *all)
{
    bool hold;
    int r = 0;

    for (enum saga_kind kind = SAGA_ANSWER; kind <= SAGA_UNDONE; kind++) {
        const struct mr_saga_clauses *clauses = saga_clauses(&saga->steps[step], kind);
        for (size_t i = 0; i < clauses->n_items && r == 0; i++) {
            if (clauses->items[i].topic != tx->event.topic || all->n == SAGA_MATCHES)
                continue;
            r = saga_conditions_hold(tx, &clauses->items[i], &hold);
            if (r == 0 && hold)
                all->items[all->n++] = (struct saga_match){step, kind, i};
        }
    }
    return r;
}

int saga_match(struct mr_tx *tx, const struct mr_saga *saga, struct saga_matches *all)
{
    bool hold;
    int r = 0;

    all->start = NULL;
    all->n = 0;
    for (size_t i = 0; i < saga->starts.n_items && r == 0 && !all->start; i++) {
        if (saga->starts.items[i].topic != tx->event.topic)
            continue;
        r = saga_conditions_hold(tx, &saga->starts.items[i], &hold);
        if (r == 0 && hold)
            all->start = &saga->starts.items[i];
    }
    for (size_t i = 0; i < saga->n_steps && r == 0; i++)
        r = match_step(tx, saga, i, all);
    return r;
}
