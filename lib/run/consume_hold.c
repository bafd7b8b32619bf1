/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions that have to wait: for the registry, for room among what is put aside, for their turn.
 */
#include <errno.h>

#include "consume.h"
#include "consume_merge.h"

enum { MICROS = 1000, HOLD_FIRST_MS = 250, HOLD_MOST_MS = 30000, ROOM_MS = 5000 };

static struct mr_topic_partition item_of(const struct consume_partition *p, int64_t offset)
{
    return (struct mr_topic_partition){p->topic->topic->name, p->number, offset};
}

int consume_seek(struct consume *run, const struct mr_topic_partition *item,
                 struct mr_error *reterr)
{
    int r = run->broker.seek(run->broker.self, item, reterr);

    if (r != MR_ABSENT)
        return r == MR_AGAIN ? -EAGAIN : r;
    struct consume_partition *p = consume_partition_of(run, item->topic, item->partition);
    if (p) /* judged, and taken up again, by consume_gaps */
        p->gone = run->gone = true;
    return 0;
}

int consume_hold(struct consume *run, struct consume_partition *p, enum consume_hold hold,
                 struct mr_error *reterr)
{
    struct mr_topic_partition item = item_of(p, p->next);
    int64_t wait = HOLD_FIRST_MS;

    if (hold == CONSUME_WAITS_ORDER) {
        item.offset = p->fetched;
        p->hold = hold;
        int r = run->broker.pause(run->broker.self, &item, true);
        return r != 0 ? r : consume_seek(run, &item, reterr);
    }
    consume_merge_drop(run, p);
    for (int32_t i = 0; i < p->hold_count && wait < HOLD_MOST_MS; i++)
        wait *= 2;
    p->hold = hold;
    p->hold_count++;
    p->hold_until =
        run->world.now(run->world.self) + (wait < HOLD_MOST_MS ? wait : HOLD_MOST_MS) * MICROS;
    run->count.holds++;
    int r = run->broker.pause(run->broker.self, &item, true);
    return r != 0 ? r : consume_seek(run, &item, reterr);
}

static bool may_flow(const struct consume *run, const struct consume_partition *p, int64_t now)
{
    if (p->hold == CONSUME_WAITS_PARKED)
        return run->parked_events < run->options.parked;
    if (p->hold == CONSUME_WAITS_ORDER)
        return consume_merge_has_room(run, p);
    return now >= p->hold_until;
}

/* Room that came about elsewhere is looked for now and then. */
static int look_for_room(struct consume *run, struct consume_partition *p, int64_t now,
                         struct mr_error *reterr)
{
    if (p->hold != CONSUME_WAITS_PARKED || now < p->hold_until)
        return 0;
    p->hold_until = now + (int64_t)ROOM_MS * MICROS;
    int r = consume_parked_room(run, reterr);
    return r == MR_FULL ? 0 : r;
}

int consume_release(struct consume *run, struct mr_error *reterr)
{
    int64_t now = run->world.now(run->world.self);

    for (size_t i = 0; i < run->n_partitions; i++) {
        struct consume_partition *p = &run->partitions[i];
        int r = p->ours ? look_for_room(run, p, now, reterr) : 0;
        if (r != 0)
            return r;
        if (!p->ours || p->hold == CONSUME_FLOWS || !may_flow(run, p, now))
            continue;
        struct mr_topic_partition item = item_of(p, p->next);
        r = run->broker.pause(run->broker.self, &item, false);
        if (r != 0)
            return mr_error_set(reterr, r, "cannot resume %s/%d", item.topic, item.partition);
        p->hold = CONSUME_FLOWS;
    }
    return 0;
}

bool consume_has_read(const struct consume_partition *p, int64_t end)
{
    return !p->first && (p->next >= end || p->eof >= end);
}

bool consume_reached_end(const struct consume *run)
{
    for (size_t i = 0; i < run->n_partitions; i++) {
        const struct consume_partition *p = &run->partitions[i];
        if (p->ours && !consume_has_read(p, p->end))
            return false;
    }
    return consume_begun(run);
}
