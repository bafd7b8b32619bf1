/* SPDX-License-Identifier: Apache-2.0 */
/* Thin adapter over librdkafka: producer, consumer, admin, error classes, embedded broker. The only
 * user of librdkafka.h. One thread of ours; callbacks run only inside our poll calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/str.h"

/* Connection: what -b and -X give. Properties override ours. */
struct mr_kafka_config {
    const char *brokers;
    const char *client_id;
    const char *const *properties; /* "key=value", any librdkafka property */
    size_t n_properties;
};

struct mr_header {
    const char *name;
    struct mr_bytes value;
};

/* ---- producer ---- */
struct mr_kafka_producer;
/* Called from mr_kafka_producer_poll, once per message: r 0 delivered (partition, offset known), or
 * a status / -errno with text. tag is what was given to produce. */
typedef void (*mr_delivery_fn)(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                               const char *text);

/* Idempotent, acks=all, lz4, murmur2_random, linger 10 ms unless properties say otherwise. */
int mr_kafka_producer_new(const struct mr_kafka_config *config, mr_delivery_fn delivered, void *self,
                          struct mr_kafka_producer **ret_producer, struct mr_error *reterr);
/* Closes at once: call flush first. NULL is fine. Returns NULL. */
struct mr_kafka_producer *mr_kafka_producer_free(struct mr_kafka_producer *producer);
MR_DEFINE_AUTO(mr_kafka_producer, struct mr_kafka_producer *, mr_kafka_producer_free);

/* Copies key, value and headers. partition -1: by key. value NULL: tombstone. Outcomes: 0 queued;
 * MR_FULL poll first; MR_INVALID too large or unknown topic (text says); -errno fatal. */
int mr_kafka_produce(struct mr_kafka_producer *producer, const char *topic, int32_t partition,
                     struct mr_bytes key, const struct mr_bytes *value,
                     const struct mr_header *headers, size_t n_headers, uint64_t tag,
                     struct mr_error *reterr);
/* Serves delivery reports; waits at most timeout_ms for the first. Number served or -errno when the
 * client met a fatal error (text in reterr). */
int mr_kafka_producer_poll(struct mr_kafka_producer *producer, int timeout_ms,
                           struct mr_error *reterr);
/* Until all are reported or the deadline: 0 or MR_AGAIN with the number left in *ret_left. */
int mr_kafka_flush(struct mr_kafka_producer *producer, int timeout_ms, size_t *ret_left);
size_t mr_kafka_outstanding(const struct mr_kafka_producer *producer);

/* ---- consumer ---- */
struct mr_message {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* broker's, -1 unknown */
    struct mr_bytes key;
    struct mr_bytes value;
    bool tombstone; /* null value */
    void *handle;   /* librdkafka's message; headers are read through it */
};

struct mr_kafka_consumer;

struct mr_topic_partition {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

/* Called inside poll when a group's assignment changes; `revoked` before anybody else gets them.
 * assigned may set items[i].offset to start there (store offsets win over Kafka's); `lost` means
 * that others may already own them. */
struct mr_rebalance {
    void (*assigned)(void *self, struct mr_topic_partition *items, size_t n_items);
    void (*revoked)(void *self, const struct mr_topic_partition *items, size_t n_items, bool lost);
    void *self;
};

/* group NULL: no group, use mr_kafka_assign. Auto commit is off; offsets are committed by call. */
int mr_kafka_consumer_new(const struct mr_kafka_config *config, const char *group,
                          const struct mr_rebalance *rebalance,
                          struct mr_kafka_consumer **ret_consumer, struct mr_error *reterr);
struct mr_kafka_consumer *mr_kafka_consumer_free(struct mr_kafka_consumer *consumer);
MR_DEFINE_AUTO(mr_kafka_consumer, struct mr_kafka_consumer *, mr_kafka_consumer_free);

int mr_kafka_subscribe(struct mr_kafka_consumer *consumer, const char *const *topics, size_t n_topics,
                       struct mr_error *reterr);
/* Offsets: absolute, or MR_OFFSET_*. */
#define MR_OFFSET_BEGINNING (-2)
#define MR_OFFSET_END (-1)
#define MR_OFFSET_STORED (-1000)
int mr_kafka_assign(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                    size_t n_items, struct mr_error *reterr);
/* Up to max messages, waiting at most timeout_ms for the first. Each must be given back with
 * mr_kafka_message_done. Outcomes: >= 0 is the number of messages; -errno fatal with text. Transient
 * errors are counted inside; unknown topics or authorisation failures are fatal. */
int mr_kafka_poll(struct mr_kafka_consumer *consumer, int timeout_ms, struct mr_message *messages,
                  size_t max, struct mr_error *reterr);
void mr_kafka_message_done(struct mr_message *message);
/* Borrowed from the message. Outcomes: 0, MR_ABSENT. */
int mr_kafka_header(const struct mr_message *message, const char *name, struct mr_bytes *ret_value);
size_t mr_kafka_n_headers(const struct mr_message *message);
int mr_kafka_header_at(const struct mr_message *message, size_t index, struct mr_header *ret_header);
/* Offsets are of the NEXT record to read. */
int mr_kafka_commit(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                    size_t n_items, bool wait, struct mr_error *reterr);
int mr_kafka_pause(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *item, bool pause);
int mr_kafka_seek(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *item,
                  int timeout_ms, struct mr_error *reterr);
int mr_kafka_watermarks(struct mr_kafka_consumer *consumer, const char *topic, int32_t partition,
                        int timeout_ms, int64_t *ret_low, int64_t *ret_high, struct mr_error *reterr);
/* First offsets at or after time (ms since epoch); MR_AGAIN where the broker cannot answer. */
int mr_kafka_offsets_for_time(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                              size_t n_items, int64_t time_ms, int timeout_ms,
                              struct mr_error *reterr);

/* ---- admin ---- */
struct mr_kafka_topic_info {
    char *name;
    int32_t n_partitions;
};
/* All topics of the cluster, sorted; free with mr_kafka_topics_free. */
int mr_kafka_topics(const struct mr_kafka_config *config, int timeout_ms,
                    struct mr_kafka_topic_info **ret_topics, size_t *ret_n, struct mr_error *reterr);
void mr_kafka_topics_free(struct mr_kafka_topic_info *topics, size_t n_topics);
/* Creates one topic. config entries are "key=value". Outcomes: 0, MR_ABSENT = exists already
 * (nothing changed), MR_AGAIN, MR_INVALID, -errno. */
int mr_kafka_create_topic(const struct mr_kafka_config *config, const char *name, int32_t partitions,
                          int16_t replication, const char *const *settings, size_t n_settings,
                          int timeout_ms, struct mr_error *reterr);
/* A topic's settings as the cluster has them: fn is called per entry. */
int mr_kafka_topic_settings(const struct mr_kafka_config *config, const char *name, int timeout_ms,
                            void (*fn)(void *self, const char *key, const char *value), void *self,
                            struct mr_error *reterr);

/* ---- error classes ---- */
/* librdkafka's code into our status values; the one table for it. */
int mr_kafka_classify(int rdkafka_error);

/* ---- embedded broker ---- */
struct mr_kafka_embedded; /* librdkafka's mock cluster: memory only, about 5 MB per partition */
int mr_kafka_embedded_start(int n_brokers, struct mr_kafka_embedded **ret_embedded,
                            struct mr_error *reterr);
/* Borrowed. */
const char *mr_kafka_embedded_brokers(const struct mr_kafka_embedded *embedded);
int mr_kafka_embedded_create(struct mr_kafka_embedded *embedded, const char *topic, int32_t partitions);
struct mr_kafka_embedded *mr_kafka_embedded_stop(struct mr_kafka_embedded *embedded);
/* For fault tests: the next requests of this Kafka API key are answered with these errors. */
int mr_kafka_embedded_fail(struct mr_kafka_embedded *embedded, int16_t api_key, const int *errors,
                           size_t n_errors);
int mr_kafka_embedded_broker_down(struct mr_kafka_embedded *embedded, int32_t broker, bool down);
int mr_kafka_embedded_delay(struct mr_kafka_embedded *embedded, int32_t broker, int rtt_ms);
