/* SPDX-License-Identifier: Apache-2.0 */
/* The group's filter: which events it wants at all. By the record's headers where they tell, so
 * that what is not wanted is never decoded; else by the envelope. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"

enum { LONGEST_NUMBER = 64 };

/* Headers that say what the envelope says. ce_id may be the id as the platform spells it. */
static const char *const headers[MR_ENVELOPE_N_FIELDS] = {
    [MR_ENVELOPE_EVENT_TYPE] = "ce_type",
    [MR_ENVELOPE_CORRELATION_ID] = "ce_correlationid",
    [MR_ENVELOPE_CAUSATION_ID] = "ce_causationid",
    [MR_ENVELOPE_SOURCE_SERVICE] = "ce_source",
};

/* ---- one text ---- */

static bool is_one_of(struct mr_str text, const char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++)
        if (mr_str_is(text, words[i]))
            return true;
    return false;
}

static bool begins(struct mr_str text, const struct mr_filter *filter)
{
    for (size_t i = 0; i < filter->n_prefixes; i++) {
        size_t len = strlen(filter->prefixes[i]);
        if (text.len >= len && memcmp(text.data, filter->prefixes[i], len) == 0)
            return true;
    }
    return false;
}

static bool holds(const struct mr_filter_bound *bound, double x)
{
    switch (bound->op) {
    case MR_FILTER_EQ:
        return !(x < bound->than) && !(x > bound->than);
    case MR_FILTER_LT:
        return x < bound->than;
    case MR_FILTER_LE:
        return x <= bound->than;
    case MR_FILTER_GT:
        return x > bound->than;
    case MR_FILTER_GE:
        return x >= bound->than;
    }
    return false;
}

/* What is no number is within no bounds. */
static bool is_within(struct mr_str text, const struct mr_filter *filter)
{
    char copy[LONGEST_NUMBER + 1], *end;
    bool within = filter->n_bounds > 0 && text.len > 0 && text.len <= LONGEST_NUMBER;

    if (!within)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    double x = strtod(copy, &end);
    within = end == copy + text.len && isfinite(x);
    for (size_t i = 0; within && i < filter->n_bounds; i++)
        within = holds(&filter->bounds[i], x);
    return within;
}

static bool fits(const struct mr_filter *filter, const struct mr_str *text)
{
    if (!text)
        return filter->exists == MR_FILTER_ABSENT;
    return filter->exists == MR_FILTER_PRESENT ||
           is_one_of(*text, filter->values, filter->n_values) || begins(*text, filter) ||
           (filter->n_others > 0 && !is_one_of(*text, filter->others, filter->n_others)) ||
           is_within(*text, filter);
}

/* ---- one record ---- */

/* 0 it fits, MR_END it does not, MR_ABSENT: no header tells. */
static int by_header(struct consume *run, const struct consume_record *record,
                     const struct mr_filter *filter)
{
    const char *name = filter->header ? filter->header : headers[filter->field];
    struct mr_bytes value;

    bool there = name && consume_find_header(run, record, name, &value) == 0 && value.data != NULL;
    if (!there && !filter->header)
        return MR_ABSENT;
    struct mr_str text = {there ? (const char *)value.data : NULL, there ? value.len : 0};
    return fits(filter, there ? &text : NULL) ? 0 : MR_END;
}

static bool by_envelope(const struct mr_filter *filter, const struct mr_envelope *e)
{
    const struct {
        struct mr_str text;
        bool has;
    } fields[MR_ENVELOPE_N_FIELDS] = {
        [MR_ENVELOPE_EVENT_ID] = {e->event_id, true},
        [MR_ENVELOPE_EVENT_TYPE] = {e->event_type, true},
        [MR_ENVELOPE_EVENT_VERSION] = {e->event_version, true},
        [MR_ENVELOPE_CORRELATION_ID] = {e->correlation_id, true},
        [MR_ENVELOPE_CAUSATION_ID] = {e->causation_id, e->has_causation_id},
        [MR_ENVELOPE_SOURCE_SERVICE] = {e->source_service, true},
        [MR_ENVELOPE_USER_ID] = {e->user_id, e->has_user_id},
        [MR_ENVELOPE_SESSION_ID] = {e->session_id, e->has_session_id},
    };

    return fits(filter, fields[filter->field].has ? &fields[filter->field].text : NULL);
}

int consume_filter(struct consume *run, const struct consume_record *record)
{
    int told = 0;

    for (size_t i = 0; i < run->group->n_filters; i++) {
        int r = by_header(run, record, &run->group->filters[i]);
        if (r == MR_END)
            return r;
        if (r == MR_ABSENT)
            told = r;
    }
    return told;
}

bool consume_wants(const struct mr_tx *tx)
{
    const struct mr_consumer_group *group = tx->run->group;

    for (size_t i = 0; i < group->n_filters; i++)
        if (by_header(tx->run, tx->record, &group->filters[i]) == MR_ABSENT &&
            !by_envelope(&group->filters[i], tx->event.envelope))
            return false;
    return true;
}
