/* SPDX-License-Identifier: Apache-2.0 */
/* The partitions that the consumer engine reads: whose they are, how far, and why one waits.
 * Private to lib/run and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/kafka.h"

struct consume;
struct consume_held;
struct consume_topic;

enum consume_hold {
    CONSUME_FLOWS,
    CONSUME_WAITS_REGISTRY,
    CONSUME_WAITS_PARKED,
    CONSUME_WAITS_ORDER,   /* enough is held back: consume_merge.h */
    CONSUME_WAITS_BROKERS, /* not ours: until they tell where it begins: consume_begin.c */
    CONSUME_WAITS_GROUP,   /* not ours: another instance claimed it, the group left it with us */
};

struct consume_partition {
    struct consume_topic *topic;
    const char *seen_as; /* the pointer that messages carry */
    int32_t number;
    bool ours;
    bool gone; /* the brokers have nothing at the position: to be judged */
    int64_t epoch;
    int64_t stored; /* next, as the store has it */
    int64_t begun;  /* next, when it was assigned */
    int64_t next;   /* next to handle */
    int64_t told;   /* next, as Kafka was told */
    int64_t end;    /* --once: handled when next or eof has come here; -1 not known yet */
    int64_t eof;
    int64_t asked;    /* saga_clock.c: the end, when it was asked for */
    int64_t event_at; /* timestamp of the last event that was read */
    enum consume_hold hold;
    int64_t hold_until;
    int32_t hold_count; /* in a row, for the backoff */
    /* of a group that is ordered by time: what came, and waits for its turn */
    struct consume_held *first, *last;
    size_t n_bytes;
    int64_t fetched; /* next to come */
    int64_t moved;   /* when anything came last */
};

/* ---- consume_assign.c: partitions ---- */
void consume_assigned(void *run, struct mr_topic_partition *items, size_t n_items);
void consume_revoked(void *run, const struct mr_topic_partition *items, size_t n_items, bool lost);
int consume_check_assignment(struct consume *run, struct mr_error *reterr);
struct consume_partition *consume_partition_of(struct consume *run, const char *topic,
                                               int32_t partition);

int consume_partition_add(struct consume *run, const char *topic, int32_t partition,
                          struct consume_partition **ret, struct mr_error *reterr);

/* ---- consume_ask.c: brokers that are asked ---- */
struct consume_asking {
    int64_t since;   /* they have not told; 0: they have */
    int64_t absent;  /* they answer, and know no such partition, since; 0: that is not so */
    int64_t next;    /* when they may be asked again */
    int32_t wait_ms; /* for the next answer */
    bool told;       /* in the log */
    bool left;       /* the group has missed us, and has not let us in again */
};
/* Where the items begin and end. Outcomes: 0; MR_AGAIN: not now, ask again when consume_may_ask
 * says so; -ETIMEDOUT, -ENOENT: patience is at its end; -errno. */
int consume_ask_marks(struct consume *run, const struct mr_topic_partition *items, size_t n_items,
                      struct mr_topic_partition *low, struct mr_topic_partition *high,
                      struct mr_error *reterr);
bool consume_may_ask(const struct consume *run);
/* Nobody waits for an answer any more. */
void consume_ask_settled(struct consume *run);

/* ---- consume_begin.c: where partitions begin ---- */
/* What was assigned: items get where they begin, or wait for the brokers. 0, MR_INVALID, -errno. */
int consume_begin_assigned(struct consume *run, struct mr_topic_partition *items, size_t n_items,
                           struct mr_error *reterr);
/* Those that wait are paused; how many they are. */
size_t consume_begin_pause(struct consume *run);
/* Another instance has claimed it. If the group does not take it from us within
 * CONSUME_FENCED_MS, it is claimed back by consume_begin_again. */
enum { CONSUME_FENCED_MS = 60 * 1000 };
void consume_begin_fenced(struct consume *run, struct consume_partition *p);
/* Those that wait are begun if the brokers tell where. Outcomes as above, -EAGAIN. */
int consume_begin_again(struct consume *run, struct mr_error *reterr);
/* Some partition is ours, and none waits to be begun. */
bool consume_begun(const struct consume *run);

/* ---- consume_gap.c: unread records that are gone ---- */
/* Whether *at is within what the topic has; past it, *at is moved where --gap accept says so.
 * Outcomes: 0, MR_INVALID. */
int consume_judge_gap(struct consume *run, const struct consume_partition *p, int64_t *at,
                      int64_t low, int64_t high, struct mr_error *reterr);
/* The same of partitions whose position is gone while they are read. */
int consume_gaps(struct consume *run, struct mr_error *reterr);

/* ---- consume_hold.c: partitions that wait ---- */
/* The next record of a partition is that of item. Brokers that do not answer in time cost the
 * transaction, no more. Outcomes: 0, -EAGAIN, -errno. */
int consume_seek(struct consume *run, const struct mr_topic_partition *item,
                 struct mr_error *reterr);
/* The partition waits at its next record. */
int consume_hold(struct consume *run, struct consume_partition *p, enum consume_hold hold,
                 struct mr_error *reterr);
int consume_release(struct consume *run, struct mr_error *reterr);
/* Whether all before `end` is handled, or nothing is left of it. */
bool consume_has_read(const struct consume_partition *p, int64_t end);
bool consume_reached_end(const struct consume *run);
