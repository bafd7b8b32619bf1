/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions: which there are, which come and go, and whether they are all that a store needs. */
#include <errno.h>
#include <string.h>

#include "consume.h"
#include "consume_merge.h"

static struct consume_partition *find(struct consume *run, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < run->n_partitions; i++) {
        struct consume_partition *p = &run->partitions[i];
        if (p->number == partition && strcmp(p->topic->topic->name, topic) == 0)
            return p;
    }
    return NULL;
}

/* Records come in runs of one partition, and a topic's name is always at one address. */
struct consume_partition *consume_partition_of(struct consume *run, const char *topic,
                                               int32_t partition)
{
    if (run->last_partition < run->n_partitions) {
        struct consume_partition *last = &run->partitions[run->last_partition];
        if (last->seen_as == topic && last->number == partition)
            return last;
    }
    struct consume_partition *p = find(run, topic, partition);
    if (p) {
        p->seen_as = topic;
        run->last_partition = (size_t)(p - run->partitions);
    }
    return p;
}

int consume_partition_add(struct consume *run, const char *topic, int32_t partition,
                          struct consume_partition **ret, struct mr_error *reterr)
{
    struct consume_topic *t = consume_topic_of(run, mr_str_from(topic));

    *ret = find(run, topic, partition);
    if (*ret)
        return 0;
    if (!t)
        return mr_error_set(reterr, -EINVAL, "assigned a topic that was not asked for: %s", topic);
    struct consume_partition *room =
        mr_room(run->partitions, run->n_partitions, &run->cap_partitions, 16, sizeof(*room));
    if (!room)
        return -ENOMEM;
    run->partitions = room;
    *ret = &run->partitions[run->n_partitions++];
    **ret = (struct consume_partition){.topic = t, .number = partition, .end = -1, .eof = -1};
    return 0;
}

void consume_assigned(void *self, struct mr_topic_partition *items, size_t n_items)
{
    struct consume *run = self;

    run->assignment_changed = true;
    run->asking.left = false;
    consume_sagas_unsure(run);
    consume_late_assigned(run);
    run->assignment_failed = consume_begin_assigned(run, items, n_items, &run->assignment_error);
    if (run->assignment_failed == 0)
        run->assignment_failed = consume_merge_assign(run);
}

void consume_revoked(void *self, const struct mr_topic_partition *items, size_t n_items, bool lost)
{
    struct consume *run = self;

    if (lost && !run->asking.left)
        mr_warn(&run->log, "left", "why=\"the group has missed this instance\" next=joins-again");
    run->asking.left |= lost;
    consume_sagas_unsure(run);
    for (size_t i = 0; i < n_items; i++) {
        struct consume_partition *p = find(run, items[i].topic, items[i].partition);
        if (!p)
            continue;
        if (p->hold != CONSUME_FLOWS) /* so that it flows when it comes back */
            (void)run->broker.pause(run->broker.self, &items[i], false);
        p->hold = CONSUME_FLOWS;
        p->ours = p->gone = false;
        consume_merge_drop(run, p);
    }
    if (mr_store_is_shared(run->store) || run->assignment_failed != 0)
        return;
    run->assignment_changed = false; /* a part was taken, and not all: a store for one is judged */
    for (size_t i = 0; i < run->n_partitions; i++)
        run->assignment_changed |= run->partitions[i].ours;
}

/* A store that only one process can have must see every event of its group. */
int consume_check_assignment(struct consume *run, struct mr_error *reterr)
{
    size_t ours = 0, all = 0;

    run->assignment_changed = false;
    if (run->assignment_failed != 0) {
        *reterr = run->assignment_error;
        return run->assignment_failed;
    }
    if (consume_begin_pause(run) > 0) /* judged when all are begun */
        return 0;
    for (size_t i = 0; i < run->n_partitions; i++)
        ours += run->partitions[i].ours;
    for (size_t i = 0; i < run->n_topics; i++) {
        int32_t n;
        int r = run->broker.n_partitions(run->broker.self, run->topics[i].topic->name, &n, reterr);
        if (r != 0)
            return r;
        all += (size_t)n;
    }
    if (ours < all && !mr_store_is_shared(run->store))
        return mr_error_set(
            reterr, MR_INVALID,
            "group %s gave this instance %zu of %zu partitions, so another one runs; "
            "store %s serves one instance per group: stop the other",
            run->options.group, ours, all, mr_store_name(run->store));
    int r = consume_merge_check(run, reterr);
    if (r == 0)
        r = consume_merge_check_assigned(run, reterr);
    if (r != 0)
        return r;
    run->assigned = true;
    mr_info(&run->log, "assigned", "partitions=%zu", ours);
    return 0;
}
