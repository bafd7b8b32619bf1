/* SPDX-License-Identifier: Apache-2.0 */
/* Thin adapter over librdkafka: producer, consumer, admin, error classes, embedded broker. The only
 * user of rdkafka.h. One thread of ours: callbacks run only inside our poll calls, and every
 * function here belongs to the thread that made the client. Source: librdkafka 2.0.2 API. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/str.h"

/* Connection: what -b and -X give. Properties override ours, except those that would break a
 * promise of ours (auto commit, delivery reports): these are MR_INVALID with the reason. */
struct mr_kafka_config {
    const char *brokers;
    const char *client_id;         /* NULL: "millrace" */
    const char *const *properties; /* "key=value", any librdkafka property */
    size_t n_properties;
};

/* What every client can do; a producer or consumer lends its own connections for it. */
struct mr_kafka_client;

/* A client for admin calls alone. Outcomes: 0, MR_INVALID (a property), -errno. */
int mr_kafka_client_new(const struct mr_kafka_config *config, struct mr_kafka_client **ret_client,
                        struct mr_error *reterr);
struct mr_kafka_client *mr_kafka_client_free(struct mr_kafka_client *client);
MR_DEFINE_AUTO(mr_kafka_client, struct mr_kafka_client *, mr_kafka_client_free);

/* The last passing trouble ("broker1:9092: Connection refused") since the last success of a call
 * that polls, or "" when there is none. Borrowed until the next call. */
const char *mr_kafka_trouble(const struct mr_kafka_client *client);

struct mr_header {
    const char *name;
    struct mr_bytes value; /* data NULL: a header without value */
    /* to produce, for speed: what name, and what value.data, points to never changes */
    bool fixed_name, fixed_value;
};

/* ---- producer ---- */
struct mr_kafka_producer;
/* Called from mr_kafka_producer_poll, _renew and mr_kafka_flush, once per message: r 0 delivered
 * (partition, offset known), MR_AGAIN (not delivered within message.timeout.ms), MR_INVALID (the
 * broker refuses it), MR_ABSENT (no such topic), -errno, with text. tag is what was given to
 * produce. */
typedef void (*mr_delivery_fn)(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                               const char *text);

/* Idempotent, acks=all, lz4, murmur2_random, linger 5 ms unless properties say otherwise.
 * Its first record may wait a second for the broker's producer id; mr_kafka_topics before it ends
 * that wait. Outcomes: 0, MR_INVALID (a property), -errno. */
int mr_kafka_producer_new(const struct mr_kafka_config *config, mr_delivery_fn delivered,
                          void *self, struct mr_kafka_producer **ret_producer,
                          struct mr_error *reterr);
/* Closes at once and drops what is not delivered, without reports: call flush first. NULL is fine.
 */
struct mr_kafka_producer *mr_kafka_producer_free(struct mr_kafka_producer *producer);
MR_DEFINE_AUTO(mr_kafka_producer, struct mr_kafka_producer *, mr_kafka_producer_free);
struct mr_kafka_client *mr_kafka_producer_client(struct mr_kafka_producer *producer);

/* Copies key, value and headers. partition -1: by key. value NULL: tombstone.
 * Cheapest when `topic` is the same pointer each time. Outcomes: 0 queued; MR_FULL poll first;
 * MR_INVALID too large; -errno fatal. */
int mr_kafka_produce(struct mr_kafka_producer *producer, const char *topic, int32_t partition,
                     struct mr_bytes key, const struct mr_bytes *value,
                     const struct mr_header *headers, size_t n_headers, uint64_t tag,
                     struct mr_error *reterr);
/* Serves delivery reports; waits at most timeout_ms for the first. Number served or -errno when the
 * client met a fatal error (text in reterr); -EPROTO: see mr_kafka_producer_renewable. */
int mr_kafka_producer_poll(struct mr_kafka_producer *producer, int timeout_ms,
                           struct mr_error *reterr);
/* Until all are reported or the deadline: 0, or MR_AGAIN with the number left in *ret_left (may be
 * NULL), or -errno as poll. */
int mr_kafka_flush(struct mr_kafka_producer *producer, int timeout_ms, size_t *ret_left,
                   struct mr_error *reterr);
size_t mr_kafka_outstanding(const struct mr_kafka_producer *producer);

/* An idempotent producer may come to its end: brokers that crashed no longer agree with it on what
 * they have, and it sends nothing more. From this call on such a producer can be made anew: poll
 * and flush then give -EPROTO, produce gives MR_FULL, and a record that it could not deliver is
 * kept instead of reported. Errors that a new one would meet as well (rights, a feature that the
 * brokers lack) stay fatal. */
void mr_kafka_producer_renewable(struct mr_kafka_producer *producer);
/* After -EPROTO: a new producer in the place of the old one, and the records that were kept are
 * sent again, in their order, with their tags. Those whose answer was lost come twice. Outcomes: 0;
 * MR_AGAIN: reports are still awaited, poll and call again (for 30 s at most, then they count as
 * not delivered); MR_INVALID, -errno: nothing changed. */
int mr_kafka_producer_renew(struct mr_kafka_producer *producer, struct mr_error *reterr);
/* For fault tests: the producer comes to its end. */
void mr_kafka_producer_spoil(struct mr_kafka_producer *producer);

/* ---- consumer ---- */
struct mr_message {
    const char *topic; /* the same pointer for every message of a topic while the consumer lives */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* broker's or producer's, -1 unknown */
    struct mr_bytes key;
    struct mr_bytes value;
    bool tombstone; /* null value */
    bool end;  /* not a message: the partition's end, when property enable.partition.eof=true */
    bool gone; /* not a message: the partition has nothing at the position, and nothing comes until
                  mr_kafka_reassign, when property auto.offset.reset=error */
    void *handle; /* librdkafka's message; headers are read through it */
};

struct mr_kafka_consumer;

struct mr_topic_partition {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

/* Called inside poll when a group's assignment changes; `revoked` before anybody else gets them.
 * assigned may set items[i].offset to start there (store offsets win over Kafka's); `lost` means
 * that others may already own them: commit nothing. Also called while the consumer closes. */
struct mr_rebalance {
    void (*assigned)(void *self, struct mr_topic_partition *items, size_t n_items);
    void (*revoked)(void *self, const struct mr_topic_partition *items, size_t n_items, bool lost);
    void *self;
};

/* Whether this librdkafka's cooperative-sticky assignment may be trusted: older ones abort in a
 * close that comes before the first assignment (up to 2.2, issue 4312), or search without end when
 * members differ in their topics (up to 2.5, issue 4783). */
bool mr_kafka_cooperates(void);

/* group NULL: no group, use mr_kafka_assign; rebalance may be NULL. Auto commit is off; offsets are
 * committed by call. Range assignment, so that equal partitions of co-partitioned topics meet in
 * one consumer; auto.offset.reset=earliest. Outcomes: 0, MR_INVALID (a property), -errno. */
int mr_kafka_consumer_new(const struct mr_kafka_config *config, const char *group,
                          const struct mr_rebalance *rebalance,
                          struct mr_kafka_consumer **ret_consumer, struct mr_error *reterr);
/* Leaves the group. Give all messages back first. */
struct mr_kafka_consumer *mr_kafka_consumer_free(struct mr_kafka_consumer *consumer);
MR_DEFINE_AUTO(mr_kafka_consumer, struct mr_kafka_consumer *, mr_kafka_consumer_free);
struct mr_kafka_client *mr_kafka_consumer_client(struct mr_kafka_consumer *consumer);

int mr_kafka_subscribe(struct mr_kafka_consumer *consumer, const char *const *topics,
                       size_t n_topics, struct mr_error *reterr);
/* Offsets: absolute, or MR_OFFSET_*. */
#define MR_OFFSET_BEGINNING (-2)
#define MR_OFFSET_END (-1)
#define MR_OFFSET_STORED (-1000)
#define MR_OFFSET_NONE (-1001)
int mr_kafka_assign(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                    size_t n_items, struct mr_error *reterr);
/* All that is assigned, group or not, goes on from these offsets; nothing of it is paused. */
int mr_kafka_reassign(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                      size_t n_items, struct mr_error *reterr);
/* Up to max messages, waiting at most timeout_ms for the first and not at all for more. Each must
 * be given back with mr_kafka_message_done. Outcomes: >= 0 is the number of messages; -errno fatal
 * with text. Passing errors are counted inside (mr_kafka_trouble); unknown topics, offsets out of
 * range and refused authorisation are fatal. */
int mr_kafka_poll(struct mr_kafka_consumer *consumer, int timeout_ms, struct mr_message *messages,
                  size_t max, struct mr_error *reterr);
void mr_kafka_message_done(struct mr_message *message);
/* What mr_kafka_serve calls for each message, which it takes back afterwards. false: no more now.
 */
typedef bool (*mr_message_fn)(void *self, const struct mr_message *message);
/* As mr_kafka_poll, with all that is there handed to serve one by one: librdkafka gives its queue
 * away at once, where a batch takes each message from under its lock. What is there when serve says
 * no is kept for the next call. Outcomes: the number of messages served, -errno. */
int mr_kafka_serve(struct mr_kafka_consumer *consumer, int timeout_ms, mr_message_fn serve,
                   void *self, struct mr_error *reterr);
/* Borrowed from the message; the last of several of one name. Outcomes: 0, MR_ABSENT. */
int mr_kafka_header(const struct mr_message *message, const char *name, struct mr_bytes *ret_value);
size_t mr_kafka_n_headers(const struct mr_message *message);
/* Outcomes: 0, MR_ABSENT. */
int mr_kafka_header_at(const struct mr_message *message, size_t index,
                       struct mr_header *ret_header);
/* Offsets are of the NEXT record to read. Outcomes: 0, MR_AGAIN, -errno. */
int mr_kafka_commit(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                    size_t n_items, bool wait, struct mr_error *reterr);
/* The group's committed offsets into items; MR_OFFSET_NONE where there is none. */
int mr_kafka_committed(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                       size_t n_items, int timeout_ms, struct mr_error *reterr);
/* The same with a text beside each offset, "" for none, which Kafka keeps with it (4096 bytes
 * unless the brokers' offset.metadata.max.bytes says otherwise). commit waits. The caller frees
 * each of ret_notes. */
int mr_kafka_commit_notes(struct mr_kafka_consumer *consumer,
                          const struct mr_topic_partition *items, const char *const *notes,
                          size_t n_items, struct mr_error *reterr);
int mr_kafka_committed_notes(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                             char **ret_notes, size_t n_items, int timeout_ms,
                             struct mr_error *reterr);
int mr_kafka_pause(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *item,
                   bool pause);
/* MR_ABSENT: the partition has stopped, its position is gone. */
int mr_kafka_seek(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *item,
                  int timeout_ms, struct mr_error *reterr);
int mr_kafka_watermarks(struct mr_kafka_consumer *consumer, const char *topic, int32_t partition,
                        int timeout_ms, int64_t *ret_low, int64_t *ret_high,
                        struct mr_error *reterr);
/* The end of an assigned partition as the brokers last told it; asks nobody. -1: not yet. */
int64_t mr_kafka_seen_end(const struct mr_kafka_consumer *consumer, const char *topic,
                          int32_t partition);
/* Into items: first offsets at or after time_ms (ms since epoch; MR_OFFSET_END where nothing is
 * that new). time_ms MR_OFFSET_BEGINNING or MR_OFFSET_END: the watermarks of all items in one round
 * trip per broker. Outcomes: 0, MR_AGAIN, MR_ABSENT, -EOPNOTSUPP (the embedded broker has no time
 * index), -errno. */
int mr_kafka_offsets_for_time(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                              size_t n_items, int64_t time_ms, int timeout_ms,
                              struct mr_error *reterr);

/* ---- admin ---- */
struct mr_kafka_topic_info {
    char *name;
    int32_t n_partitions;
    int32_t replication; /* of the first partition */
};
/* All topics of the cluster, sorted by name; free with mr_kafka_topics_free. Never creates one.
 * Outcomes: 0, MR_AGAIN (not reachable; the text names the brokers), -errno. */
int mr_kafka_topics(struct mr_kafka_client *client, int timeout_ms,
                    struct mr_kafka_topic_info **ret_topics, size_t *ret_n,
                    struct mr_error *reterr);
void mr_kafka_topics_free(struct mr_kafka_topic_info *topics, size_t n_topics);
/* The one of this name, or NULL. */
const struct mr_kafka_topic_info *mr_kafka_topics_find(const struct mr_kafka_topic_info *topics,
                                                       size_t n_topics, const char *name);

struct mr_kafka_new_topic {
    const char *name;
    int32_t partitions;
    int16_t replication;         /* -1: the cluster's default */
    const char *const *settings; /* "key=value" */
    size_t n_settings;
    /* filled by the call */
    int r;        /* 0 there now; MR_INVALID, MR_AGAIN, -errno with why */
    bool existed; /* was there before: nothing changed */
    char why[256];
};
/* Creates what does not exist, all in one request; never changes anything. Outcomes: 0 (each item
 * has its own r), MR_AGAIN, -EOPNOTSUPP (embedded broker), -errno. */
int mr_kafka_create_topics(struct mr_kafka_client *client, struct mr_kafka_new_topic *items,
                           size_t n_items, int timeout_ms, struct mr_error *reterr);
/* A topic's settings as the cluster has them: fn is called per entry; is_default tells those that
 * nobody set on the topic. Outcomes: 0, MR_ABSENT, MR_AGAIN, -EOPNOTSUPP (embedded broker), -errno.
 */
int mr_kafka_topic_settings(struct mr_kafka_client *client, const char *name, int timeout_ms,
                            void (*fn)(void *self, const char *key, const char *value,
                                       bool is_default),
                            void *self, struct mr_error *reterr);

/* ---- error classes ---- */
/* librdkafka's code into our status values; the one table for it. */
int mr_kafka_classify(int rdkafka_error);

/* ---- embedded broker ---- */
struct mr_kafka_embedded; /* librdkafka's mock cluster: memory only, about 5 MB per partition */
int mr_kafka_embedded_start(int n_brokers, struct mr_kafka_embedded **ret_embedded,
                            struct mr_error *reterr);
/* Borrowed. */
const char *mr_kafka_embedded_brokers(const struct mr_kafka_embedded *embedded);
/* Outcomes: 0, MR_ABSENT when it exists already (nothing changed), -errno. */
int mr_kafka_embedded_create(struct mr_kafka_embedded *embedded, const char *topic,
                             int32_t partitions);
struct mr_kafka_embedded *mr_kafka_embedded_stop(struct mr_kafka_embedded *embedded);
MR_DEFINE_AUTO(mr_kafka_embedded, struct mr_kafka_embedded *, mr_kafka_embedded_stop);
/* For fault tests: the next requests of this Kafka API key (0 produce, 1 fetch, 8 offset commit
 * ...) are answered with these errors of Kafka's protocol; MR_EMBEDDED_DISCONNECT cuts the
 * connection. */
#define MR_EMBEDDED_DISCONNECT (-195)
int mr_kafka_embedded_fail(struct mr_kafka_embedded *embedded, int16_t api_key, const int *errors,
                           size_t n_errors);
/* Whoever asks for the topic's metadata gets this error of Kafka's protocol; 0: no more. */
void mr_kafka_embedded_topic(struct mr_kafka_embedded *embedded, const char *topic, int error);
/* broker: 1..n, -1 all. */
int mr_kafka_embedded_broker_down(struct mr_kafka_embedded *embedded, int32_t broker, bool down);
int mr_kafka_embedded_delay(struct mr_kafka_embedded *embedded, int32_t broker, int rtt_ms);
