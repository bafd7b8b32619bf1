/* SPDX-License-Identifier: Apache-2.0 */
/* Unread records that are gone, deleted by retention or with their topic, which was made anew: the
 * read model would have a hole. Judged when a partition begins, and when the brokers have nothing
 * at the position while it is read. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "consume_merge.h"

static int refuse(const struct consume_partition *p, int64_t at, int64_t low, int64_t high,
                  struct mr_error *reterr)
{
    const char *topic = p->topic->topic->name;

    if (at < low)
        return mr_error_set(reterr, MR_INVALID,
                            "%s/%d: records %" PRId64 " to %" PRId64
                            " were deleted before they were read "
                            "(retention): give --gap accept to go on without them",
                            topic, p->number, at, low - 1);
    return mr_error_set(
        reterr, MR_INVALID,
        "%s/%d: the store has read up to %" PRId64 ", the topic ends at %" PRId64
        ": it was made anew; start with an empty store, or give --gap accept to read it "
        "from its beginning",
        topic, p->number, at, high);
}

int consume_judge_gap(struct consume *run, const struct consume_partition *p, int64_t *at,
                      int64_t low, int64_t high, struct mr_error *reterr)
{
    if (*at >= low && *at <= high)
        return 0;
    if (strcmp(run->options.gap, "accept") != 0)
        return refuse(p, *at, low, high, reterr);
    mr_warn(&run->log, "gap",
            "topic=%s partition=%d next=%" PRId64 " low=%" PRId64 " high=%" PRId64,
            p->topic->topic->name, p->number, *at, low, high);
    run->count.gaps++;
    *at = low;
    return 0;
}

/* ---- while it is read ---- */

static int64_t *position_of(const struct consume *run, struct consume_partition *p)
{
    return run->group->order.by_time ? &p->fetched : &p->next;
}

/* What is held back of a group ordered by time is still good, and is handled before what comes. */
static int judge(struct consume *run, struct consume_partition *p, struct mr_error *reterr)
{
    int64_t at = *position_of(run, p);
    struct mr_topic_partition item = {p->topic->topic->name, p->number, at}, low, high;

    int r = consume_ask_marks(run, &item, 1, &low, &high, reterr);
    if (r == 0)
        r = consume_judge_gap(run, p, &at, low.offset, high.offset, reterr);
    if (r != 0)
        return r;
    if (at != item.offset) {
        p->end = high.offset;
        p->eof = -1;
    }
    if (!p->first)
        p->next = at;
    p->fetched = at;
    p->gone = false;
    return 0;
}

/* librdkafka has stopped the partition: it goes on when all that is ours is assigned anew. */
static int reassign(struct consume *run, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *items = calloc(run->n_partitions + 1, sizeof(*items));
    size_t n = 0;

    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < run->n_partitions; i++) {
        struct consume_partition *p = &run->partitions[i];
        if (p->ours)
            items[n++] =
                (struct mr_topic_partition){p->topic->topic->name, p->number, *position_of(run, p)};
    }
    int r = run->broker.reassign(run->broker.self, items, n, reterr);
    for (size_t i = 0; r == 0 && i < run->n_partitions; i++) {
        const struct consume_partition *p = &run->partitions[i];
        const struct mr_topic_partition item = {p->topic->topic->name, p->number, p->next};
        if (p->ours && p->hold != CONSUME_FLOWS)
            r = run->broker.pause(run->broker.self, &item, true);
    }
    return r;
}

/* Brokers that do not answer are asked again with a later turn. */
int consume_gaps(struct consume *run, struct mr_error *reterr)
{
    bool again = false, judged = false;

    if (!consume_may_ask(run))
        return 0;
    for (size_t i = 0; i < run->n_partitions && !again; i++) {
        struct consume_partition *p = &run->partitions[i];
        if (!p->ours || !p->gone)
            continue;
        int r = judge(run, p, reterr);
        if (r != 0 && r != MR_AGAIN)
            return r;
        again |= r == MR_AGAIN;
        judged |= r == 0;
    }
    run->gone = again;
    return judged ? reassign(run, reterr) : 0;
}
