/* SPDX-License-Identifier: Apache-2.0 */
/* Which partitions a tail reads, from where and up to where: real offsets, all known before the
 * first fetch, as librdkafka waits half a second wherever it must find one out. */
#pragma once

#include "millrace/catalog.h"
#include "millrace/kafka.h"
#include "millrace/uuid.h"
#include "range.h"

struct plan_partition {
    const char *topic; /* owned by the plan */
    int32_t partition;
    int64_t low, high;   /* watermarks when the tail started */
    int64_t start, stop; /* the first record to show, and the first not to; INT64_MAX: follow */
    int64_t next;        /* what comes next */
    bool done;
};

struct plan {
    struct plan_partition *items; /* sorted by topic and partition */
    size_t n_items, n_left;       /* n_left: not done */
    struct mr_kafka_topic_info *topics;
    size_t n_topics;
    /* where the broker cannot look a time up, records outside are passed over instead */
    int64_t from_ms, to_ms;
    bool scans;
};

/* What --correlation means: the text, and the same in lower case where it is a UUID, as these are
 * published so. */
struct plan_keys {
    struct mr_str forms[2];
    size_t n_forms;
    char lower[MR_UUID_TEXT];
};
/* Borrows the text; keys must not move. */
void plan_keys_init(struct plan_keys *keys, const char *correlation);
bool plan_keys_match(const struct plan_keys *keys, struct mr_bytes key);

struct plan_wish {
    char *const *words; /* names and globs of topics; names of events and services */
    size_t n_words;
    const struct mr_catalog *catalog;
    struct range range;
    bool exit;                    /* -e */
    const struct plan_keys *keys; /* only the partitions of these; NULL: all */
    bool stored;                  /* the consumer has a group to ask for its offsets */
};

/* Outcomes: 0; MR_INVALID (no such topic, with the nearest); MR_AGAIN (not reachable); -errno.
 * plan_done() in any case. */
int plan_init(struct plan *plan, struct mr_kafka_consumer *consumer, const struct plan_wish *wish,
              struct mr_error *reterr);
void plan_done(struct plan *plan);

/* Starts fetching all that is not done. */
int plan_assign(const struct plan *plan, struct mr_kafka_consumer *consumer,
                struct mr_error *reterr);

/* Where the last message was found: most are followed by one of the same partition. */
struct plan_cursor {
    const char *topic; /* the message's own pointer */
    struct plan_partition *item;
};
/* The message's partition, or NULL for one that is not ours. */
struct plan_partition *plan_find(struct plan *plan, const struct mr_message *message,
                                 struct plan_cursor *cursor);
