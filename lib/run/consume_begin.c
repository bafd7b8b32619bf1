/* SPDX-License-Identifier: Apache-2.0 */
/* Where partitions begin. The store's offsets win over Kafka's: they are of one piece with the
 * effects. Brokers that are away when a partition is assigned are waited for: until they tell where
 * it begins and ends it is paused, and not ours. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "consume_merge.h"

enum { MICROS = 1000 };

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

    int r = consume_partition_add(run, item->topic, item->partition, &p, reterr);
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

/* They are not ours, and paused until they are. */
static void let_wait(struct consume_partition *p)
{
    p->ours = p->gone = false;
    p->hold = CONSUME_WAITS_BROKERS;
    p->hold_until = 0;
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
    for (size_t i = 0; i < n_items && r != 0; i++) /* nothing of it was kept */
        let_wait(consume_partition_of(run, items[i].topic, items[i].partition));
    return r;
}

/* Outcomes: 0; MR_AGAIN: the brokers did not tell; -EAGAIN: the store took no claim; fatal. */
static int begin(struct consume *run, struct mr_topic_partition *items, size_t n_items,
                 struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *marks = calloc(2 * n_items + 1, sizeof(*marks));

    if (!marks)
        return -ENOMEM;
    int r = consume_ask_marks(run, items, n_items, marks, marks + n_items, reterr);
    if (r != 0)
        return r;
    r = -EAGAIN;
    for (int i = 0; i < CONSUME_LOSSES && r == -EAGAIN; i++)
        r = claim_marked(run, items, n_items, marks, reterr);
    return r;
}

/* ---- partitions that wait to be begun ---- */

static bool waits(const struct consume_partition *p)
{
    return !p->ours && p->hold == CONSUME_WAITS_BROKERS;
}

int consume_begin_assigned(struct consume *run, struct mr_topic_partition *items, size_t n_items,
                           struct mr_error *reterr)
{
    struct consume_partition *p;
    int r = 0;

    for (size_t i = 0; i < n_items && r == 0; i++) {
        r = consume_partition_add(run, items[i].topic, items[i].partition, &p, reterr);
        if (r != 0)
            return r;
        let_wait(p);
    }
    r = begin(run, items, n_items, reterr);
    if (r != MR_AGAIN && r != -EAGAIN)
        return r;
    for (size_t i = 0; i < n_items; i++)
        items[i].offset = 0; /* any: it is paused before it is read, and set when it is known */
    return 0;
}

size_t consume_begin_pause(struct consume *run)
{
    size_t n = 0;

    for (size_t i = 0; i < run->n_partitions; i++) {
        const struct consume_partition *p = &run->partitions[i];
        const struct mr_topic_partition item = {p->topic->topic->name, p->number, p->next};
        if (!waits(p))
            continue;
        n++;
        (void)run->broker.pause(run->broker.self, &item, true); /* what comes is not ours */
    }
    if (n == 0)
        consume_ask_settled(run);
    return n;
}

bool consume_begun(const struct consume *run)
{
    size_t ours = 0;

    for (size_t i = 0; i < run->n_partitions; i++) {
        if (waits(&run->partitions[i]))
            return false;
        ours += run->partitions[i].ours;
    }
    return ours > 0;
}

/* They flow with the next turn's consume_release. */
static int go_on(struct consume *run, const struct mr_topic_partition *items, size_t n_items,
                 struct mr_error *reterr)
{
    int r = consume_merge_assign(run);

    run->assignment_changed = true;
    for (size_t i = 0; i < n_items; i++)
        consume_partition_of(run, items[i].topic, items[i].partition)->hold = CONSUME_WAITS_BROKERS;
    for (size_t i = 0; i < n_items && r == 0; i++)
        r = consume_seek(run, &items[i], reterr);
    return r;
}

/* Whoever claimed it mostly has it from the group, which takes it from us within a session. But an
 * instance that slept between its assignment and its claim takes what was given to us since; if it
 * ends then, nobody else would ever read it. */
void consume_begin_fenced(struct consume *run, struct consume_partition *p)
{
    const struct mr_topic_partition item = {p->topic->topic->name, p->number, p->next};

    p->ours = false;
    p->hold = CONSUME_WAITS_GROUP;
    p->hold_until = run->world.now(run->world.self) + (int64_t)CONSUME_FENCED_MS * MICROS;
    consume_merge_drop(run, p);
    (void)run->broker.pause(run->broker.self, &item, true); /* what comes is not ours */
}

static void claim_back(struct consume *run, struct consume_partition *p)
{
    if (p->hold != CONSUME_WAITS_GROUP || run->world.now(run->world.self) < p->hold_until)
        return;
    mr_info(&run->log, "claimed-back", "topic=%s partition=%d why=\"the group left it with us\"",
            p->topic->topic->name, p->number);
    let_wait(p);
}

int consume_begin_again(struct consume *run, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *items = NULL;
    size_t n = 0;

    for (size_t i = 0; i < run->n_partitions; i++) {
        claim_back(run, &run->partitions[i]);
        n += waits(&run->partitions[i]);
    }
    if (n == 0 || !consume_may_ask(run))
        return 0;
    items = calloc(n, sizeof(*items));
    if (!items)
        return -ENOMEM;
    n = 0;
    for (size_t i = 0; i < run->n_partitions; i++) {
        const struct consume_partition *p = &run->partitions[i];
        if (waits(p))
            items[n++] = (struct mr_topic_partition){p->topic->topic->name, p->number, p->next};
    }
    int r = begin(run, items, n, reterr);
    return r == 0 ? go_on(run, items, n, reterr) : r == MR_AGAIN ? 0 : r;
}
