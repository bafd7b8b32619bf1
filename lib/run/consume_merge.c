/* SPDX-License-Identifier: Apache-2.0 */
/* Order by the events' own time: a lane holds the partitions of one number, in which the topics
 * keep the same flows. Of their next records the oldest goes first, and waits a little while one of
 * the others may still bring an older one. What is held back is a copy, and not yet read as far as
 * the offsets say: after a crash it comes again. */
#include "consume_merge.h"
#include "consume.h"

#include <errno.h>
#include <stdlib.h>

enum {
    MICROS = 1000,
    PATIENCE_MS = 10000, /* for a topic that has more, since it last brought anything */
};

/* ---- lanes ---- */

static int by_number(const void *left, const void *right, void *opaque)
{
    const struct consume_partition *partitions = opaque;
    const struct consume_partition *a = &partitions[*(const size_t *)left];
    const struct consume_partition *b = &partitions[*(const size_t *)right];

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a->topic > b->topic) - (a->topic < b->topic); /* as the consumer lists them */
}

int consume_merge_assign(struct consume *run)
{
    struct consume_merge *merge = &run->merge;
    size_t *sources = realloc(merge->sources, (run->n_partitions + 1) * sizeof(*sources));

    if (!sources)
        return -ENOMEM;
    merge->sources = sources;
    merge->n_sources = merge->turn = 0;
    for (size_t i = 0; i < run->n_partitions; i++)
        if (run->partitions[i].ours)
            sources[merge->n_sources++] = i;
    qsort_r(sources, merge->n_sources, sizeof(*sources), by_number, run->partitions);
    return 0;
}

void consume_merge_close(struct consume *run)
{
    for (size_t i = 0; i < run->n_partitions; i++)
        consume_merge_drop(run, &run->partitions[i]);
    free(run->merge.sources);
    run->merge = (struct consume_merge){0};
}

struct lane {
    const size_t *sources;
    size_t n;
};

/* The lane that begins with the source at *at, which moves behind it. */
static struct lane next_lane(const struct consume *run, size_t *at)
{
    const size_t *sources = run->merge.sources;
    size_t begin = *at;

    while (*at < run->merge.n_sources &&
           run->partitions[sources[*at]].number == run->partitions[sources[begin]].number)
        (*at)++;
    return (struct lane){sources + begin, *at - begin};
}

static struct consume_partition *oldest(struct consume *run, const struct lane *lane)
{
    struct consume_partition *found = NULL;

    for (size_t i = 0; i < lane->n; i++) {
        struct consume_partition *p = &run->partitions[lane->sources[i]];
        if (p->ours && p->first && (!found || p->first->time < found->first->time))
            found = p;
    }
    return found;
}

/* What --once reads has an end; else the position is compared with the end that the brokers told
 * with the last fetch. */
static bool is_at_end(const struct consume *run, const struct consume_partition *p, bool *for_good)
{
    if (run->options.once && p->end >= 0 && (p->fetched >= p->end || p->eof >= p->end))
        return true;
    *for_good = false;
    int64_t end = run->broker.seen_end
                      ? run->broker.seen_end(run->broker.self, p->topic->topic->name, p->number)
                      : -1;
    return p->hold == CONSUME_FLOWS && end >= 0 && p->fetched >= end;
}

static int64_t plus_ms(int64_t time, int64_t ms)
{
    return time > INT64_MAX - ms * MICROS ? INT64_MAX : time + ms * MICROS;
}

/* Until when the oldest of a lane, at p, waits for one of the others. That has a younger record
 * here; or all is read of it: then what is under way to it gets the wait, counted from the event's
 * time; or there is more to fetch, and it comes. Nobody waits long for a topic that is stuck. */
static int64_t held_for(const struct consume *run, const struct consume_partition *p,
                        const struct consume_partition *other, bool *for_good)
{
    const struct consume_held *held = p->first;
    int64_t wait = run->group->order.wait_ms;
    int64_t at_most = plus_ms(held->arrived, wait), by_time = plus_ms(held->time, wait);

    if (other == p || !other->ours || other->first)
        return INT64_MIN;
    if (is_at_end(run, other, for_good))
        return by_time < at_most ? by_time : at_most;
    int64_t patience = plus_ms(other->moved, PATIENCE_MS);
    return other->hold == CONSUME_FLOWS && patience > at_most ? patience : at_most;
}

static int64_t held_until(const struct consume *run, const struct lane *lane,
                          const struct consume_partition *p)
{
    int64_t until = INT64_MIN;
    bool for_good = true;

    if (p->first->time == INT64_MIN)
        return INT64_MIN;
    for (size_t i = 0; i < lane->n; i++) {
        int64_t one = held_for(run, p, &run->partitions[lane->sources[i]], &for_good);
        until = one > until ? one : until;
    }
    return for_good ? INT64_MIN : until;
}

/* ---- what may go ---- */

static int handle(struct consume *run, struct consume_partition *p, struct mr_error *reterr)
{
    const struct consume_held *held = p->first;
    struct consume_record record = {
        .topic = p->topic->topic,
        .partition = p->number,
        .offset = held->offset,
        .timestamp_ms = held->timestamp_ms,
        .key = held->key,
        .value = held->value,
        .headers = held->headers,
        .attempt = 1,
    };

    int r = consume_take_record(run, p, &record, reterr);
    if (r == 0 && p->next > record.offset) /* else its partition waits, and all was dropped */
        consume_held_pop(run, p);
    return r;
}

static int handle_lane(struct consume *run, const struct lane *lane, int64_t now, size_t *budget,
                       struct mr_error *reterr)
{
    struct consume_partition *p;
    int r = 0;

    while (r == 0 && *budget > 0 && (p = oldest(run, lane)) && held_until(run, lane, p) <= now) {
        r = handle(run, p, reterr);
        --*budget;
    }
    return r;
}

/* Each transaction begins with another lane: one that fills it leaves nothing for the others. */
int consume_merge_handle(struct consume *run, struct mr_error *reterr)
{
    struct consume_merge *merge = &run->merge;
    int64_t now = run->world.now(run->world.self);
    size_t budget = consume_most(run), at = merge->turn;
    int r = 0;

    for (size_t n = 0; r == 0 && n < merge->n_sources;) {
        struct lane lane = next_lane(run, &at);
        r = handle_lane(run, &lane, now, &budget, reterr);
        if (n == 0)
            merge->turn = at % merge->n_sources;
        at %= merge->n_sources;
        n += lane.n;
    }
    return r;
}

int64_t consume_merge_next(struct consume *run)
{
    int64_t next = INT64_MAX;

    for (size_t at = 0; at < run->merge.n_sources;) {
        struct lane lane = next_lane(run, &at);
        const struct consume_partition *p = oldest(run, &lane);
        int64_t until = p ? held_until(run, &lane, p) : INT64_MAX;
        next = until < next ? until : next;
    }
    return next;
}

/* ---- what it needs ---- */

int consume_merge_check(struct consume *run, struct mr_error *reterr)
{
    int32_t first = 0, n = 0;

    for (size_t i = 0; run->group->order.by_time && i < run->n_topics; i++) {
        int r = run->broker.n_partitions(run->broker.self, run->topics[i].topic->name, &n, reterr);
        if (r != 0)
            return r;
        first = i == 0 ? n : first;
        if (n != first)
            return mr_error_set(reterr, MR_INVALID,
                                "group %s is ordered by time, which needs topics of equally many "
                                "partitions: %s has %d, %s has %d; make them equal, or say `order: "
                                "{by: arrival}` in topics.yaml",
                                run->options.group, run->topics[0].topic->name, first,
                                run->topics[i].topic->name, n);
    }
    return 0;
}

int consume_merge_check_assigned(struct consume *run, struct mr_error *reterr)
{
    for (size_t at = 0; run->group->order.by_time && at < run->merge.n_sources;) {
        struct lane lane = next_lane(run, &at);
        if (lane.n != run->n_topics)
            return mr_error_set(
                reterr, MR_INVALID,
                "group %s is ordered by time, but this instance was given partition "
                "%d of %zu topics only, of %zu: give all of them equally many partitions "
                "(`millrace topics list`), and every instance `-X "
                "partition.assignment.strategy=range`",
                run->options.group, run->partitions[lane.sources[0]].number, lane.n, run->n_topics);
    }
    return 0;
}
