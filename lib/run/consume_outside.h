/* SPDX-License-Identifier: Apache-2.0 */
/* What the consumer engine reaches for: brokers, registry, time. Replaced by fakes in unit tests.
 * Private to lib/run and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/kafka.h"
#include "millrace/schema.h"
#include "millrace/str.h"

/* How long a topic keeps a record. */
struct consume_keeps {
    int64_t retention_ms; /* -1: for ever */
    int64_t segment_ms;   /* a segment that is open this long is closed */
};

struct consume_broker {
    void *self;
    int (*poll)(void *self, int timeout_ms, struct mr_message *messages, size_t max,
                struct mr_error *reterr);
    void (*done)(void *self, struct mr_message *message);
    int (*header_at)(void *self, const struct mr_message *message, size_t index,
                     struct mr_header *ret_header);
    int (*pause)(void *self, const struct mr_topic_partition *item, bool pause);
    /* MR_ABSENT: the position that it had is gone. */
    int (*seek)(void *self, const struct mr_topic_partition *item, struct mr_error *reterr);
    /* As mr_kafka_reassign. */
    int (*reassign)(void *self, const struct mr_topic_partition *items, size_t n_items,
                    struct mr_error *reterr);
    int (*commit)(void *self, const struct mr_topic_partition *items, size_t n_items, bool wait,
                  struct mr_error *reterr);
    /* Outcomes: 0; MR_AGAIN, MR_ABSENT: not within timeout_ms; -errno. */
    int (*watermarks)(void *self, struct mr_topic_partition *items, size_t n_items, int64_t which,
                      int timeout_ms, struct mr_error *reterr);
    /* The ends as they are now, asked for once. Outcomes: 0; MR_AGAIN, MR_ABSENT: not now; -errno.
     */
    int (*ends)(void *self, struct mr_topic_partition *items, size_t n_items,
                struct mr_error *reterr);
    /* The end of a partition as the last fetch told it; -1: not known. NULL: never. */
    int64_t (*seen_end)(void *self, const char *topic, int32_t partition);
    int (*n_partitions)(void *self, const char *topic, int32_t *ret_n, struct mr_error *reterr);
    /* Outcomes: 0; else it is not told. NULL: never. */
    int (*keeps)(void *self, const char *topic, struct consume_keeps *ret, struct mr_error *reterr);
    /* As mr_kafka_produce with a tag; reports come through consume_delivered inside serve. */
    int (*produce)(void *self, const char *topic, struct mr_bytes key, const struct mr_bytes *value,
                   const struct mr_header *headers, size_t n_headers, uint64_t tag,
                   struct mr_error *reterr);
    /* -EPROTO: the producer has come to its end, and produce gives MR_FULL until renew gives 0. */
    int (*serve)(void *self, int timeout_ms, struct mr_error *reterr);
    /* As mr_kafka_producer_renew. */
    int (*renew)(void *self, struct mr_error *reterr);
};

struct consume_registry {
    void *self;
    /* guid NULL: by id. Outcomes as mr_registry_schema. */
    int (*schema)(void *self, int32_t id, const uint8_t *guid, struct mr_schema **ret_schema,
                  struct mr_error *reterr);
    int (*lookup)(void *self, const char *subject, struct mr_str text, int32_t *ret_id,
                  struct mr_error *reterr);
};

struct consume_world {
    void *self;
    int64_t (*now)(void *self);     /* µs since the epoch */
    uint64_t (*random)(void *self); /* for jitter */
    bool (*stop)(void *self);       /* asked to end */
};
