/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions: where each begins, which have to wait, when all have come to their end. The store's
 * offsets win over Kafka's: they are of one piece with the effects. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "consume_merge.h"

enum { ASK_TRIES = 6 };

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

static int add(struct consume *run, const char *topic, int32_t partition,
               struct consume_partition **ret, struct mr_error *reterr)
{
    struct consume_topic *t = consume_topic_of(run, mr_str_from(topic));

    *ret = find(run, topic, partition);
    if (*ret)
        return 0;
    if (!t)
        return mr_error_set(reterr, -EINVAL, "assigned a topic that was not asked for: %s", topic);
    if (run->n_partitions == run->cap_partitions) {
        size_t cap = run->cap_partitions ? run->cap_partitions * 2 : 16;
        struct consume_partition *grown = realloc(run->partitions, cap * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        run->partitions = grown;
        run->cap_partitions = cap;
    }
    *ret = &run->partitions[run->n_partitions++];
    **ret = (struct consume_partition){.topic = t, .number = partition, .end = -1, .eof = -1};
    return 0;
}

/* ---- where to begin ---- */

static int begin_at(struct consume *run, struct consume_partition *p, int64_t low, int64_t high,
                    struct mr_error *reterr)
{
    bool at_end = strcmp(run->options.from, "end") == 0;

    p->next = p->stored;
    p->end = high;
    if (p->stored == MR_OFFSET_UNKNOWN)
        p->next = at_end ? high : low;
    else if (consume_judge_gap(run, p, &p->next, low, high, reterr) != 0)
        return MR_INVALID;
    p->begun = p->next;
    p->told = -1;
    p->eof = -1;
    p->hold = CONSUME_FLOWS;
    p->hold_count = 0;
    p->ours = true;
    p->gone = false;
    consume_merge_drop(run, p);
    return 0;
}

/* Where a partition was begun is known from then on: a restart before its first event begins there,
 * neither behind what came meanwhile (--from end) nor behind what retention took unread. */
static int keep_begin(struct consume *run, struct consume_partition *p, struct mr_error *reterr)
{
    int r = mr_ledger_move(run->store, p->topic->topic->name, p->number, p->epoch, p->stored,
                           p->next, reterr);

    if (r == 0)
        p->stored = p->next;
    return r == MR_ABSENT ? -ESTALE : r;
}

static int claim(struct consume *run, struct mr_topic_partition *item, int64_t low, int64_t high,
                 struct mr_error *reterr)
{
    struct consume_partition *p;

    int r = add(run, item->topic, item->partition, &p, reterr);
    if (r == 0)
        r = mr_ledger_claim(run->store, p->topic->topic->name, p->number, &p->epoch, &p->stored,
                            reterr);
    if (r == 0)
        r = begin_at(run, p, low, high, reterr);
    if (r == 0 && p->stored == MR_OFFSET_UNKNOWN)
        r = keep_begin(run, p, reterr);
    if (r == 0)
        item->offset = p->next;
    return r;
}

/* Real offsets are asked for first: librdkafka would wait half a second for symbolic ones. */
static int watermarks(struct consume *run, const struct mr_topic_partition *items, size_t n_items,
                      struct mr_topic_partition *low, struct mr_topic_partition *high,
                      struct mr_error *reterr)
{
    for (size_t i = 0; i < n_items; i++)
        low[i] = high[i] = items[i];
    int r = run->broker.watermarks(run->broker.self, low, n_items, MR_OFFSET_BEGINNING, reterr);
    return r != 0 ? r
                  : run->broker.watermarks(run->broker.self, high, n_items, MR_OFFSET_END, reterr);
}

static int claim_marked(struct consume *run, struct mr_topic_partition *items, size_t n_items,
                        const struct mr_topic_partition *marks, struct mr_error *reterr)
{
    int r = consume_begin_store(run, reterr);

    if (r != 0)
        return r;
    for (size_t i = 0; i < n_items && r == 0; i++)
        r = claim(run, &items[i], marks[i].offset, marks[n_items + i].offset, reterr);
    /* what waits, and what is to be published, came along with the partitions */
    if (r == 0 && mr_store_is_shared(run->store))
        r = consume_parked_open(run, reterr);
    if (r == 0 && mr_store_is_shared(run->store))
        r = consume_notify_open(run, reterr);
    if (r == 0)
        r = mr_store_commit(run->store, reterr);
    if (r == 0)
        run->outbox.waiting |= mr_store_is_shared(run->store);
    else
        mr_store_rollback(run->store);
    return r;
}

/* A broker that is just being replaced is asked again: what is not known cannot be begun. */
static int claim_all(struct consume *run, struct mr_topic_partition *items, size_t n_items,
                     struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *marks = calloc(2 * n_items + 1, sizeof(*marks));
    int r = MR_AGAIN;

    if (!marks)
        return -ENOMEM;
    for (int i = 0; i < ASK_TRIES && r == MR_AGAIN && !run->world.stop(run->world.self); i++)
        r = watermarks(run, items, n_items, marks, marks + n_items, reterr);
    if (r == MR_AGAIN && run->world.stop(run->world.self))
        return mr_error_set(reterr, -ECANCELED, "stopped before the partitions were begun");
    if (r != 0)
        return r;
    r = -EAGAIN;
    for (int i = 0; i < CONSUME_LOSSES && r == -EAGAIN; i++)
        r = claim_marked(run, items, n_items, marks, reterr);
    return r;
}

void consume_assigned(void *self, struct mr_topic_partition *items, size_t n_items)
{
    struct consume *run = self;

    run->assignment_changed = true;
    run->assignment_failed = claim_all(run, items, n_items, &run->assignment_error);
    if (run->assignment_failed == 0)
        run->assignment_failed = consume_merge_assign(run);
}

void consume_revoked(void *self, const struct mr_topic_partition *items, size_t n_items,
                     MR_UNUSED bool lost)
{
    struct consume *run = self;

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
