/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's brokers, for real. */
#include "consume_kafka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/time.h"
#include "stop.h"

enum { ASK_MS = 10000, ENDS_MS = 1000, SEEK_MS = 5000, PAUSE_NS = 100000000 };

static int kafka_poll(void *self, int timeout_ms, struct mr_message *messages, size_t max,
                      struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    int r = mr_kafka_poll(k->consumer, timeout_ms, messages, max, reterr);
    /* by name, not by the store: there is nothing to come back to */
    return r == -ESTALE ? mr_error_set(reterr, -EEXIST,
                                       "another process is in the group as this --instance: each "
                                       "needs a name of its own")
                        : r;
}

static void kafka_done(MR_UNUSED void *self, struct mr_message *message)
{
    mr_kafka_message_done(message);
}

static int kafka_header_at(MR_UNUSED void *self, const struct mr_message *message, size_t index,
                           struct mr_header *ret_header)
{
    return mr_kafka_header_at(message, index, ret_header);
}

static int kafka_pause(void *self, const struct mr_topic_partition *item, bool pause)
{
    struct consume_kafka *k = self;

    return mr_kafka_pause(k->consumer, item, pause);
}

static int kafka_seek(void *self, const struct mr_topic_partition *item, struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return mr_kafka_seek(k->consumer, item, SEEK_MS, reterr);
}

static int kafka_reassign(void *self, const struct mr_topic_partition *items, size_t n_items,
                          struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return mr_kafka_reassign(k->consumer, items, n_items, reterr);
}

static int kafka_commit(void *self, const struct mr_topic_partition *items, size_t n_items,
                        bool wait, struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return mr_kafka_commit(k->consumer, items, n_items, wait, reterr);
}

/* A partition whose leader is just being chosen is refused at once, and one of a broker that comes
 * back is not known for a moment: ask again until the time is over. */
static int kafka_watermarks(void *self, struct mr_topic_partition *items, size_t n_items,
                            int64_t which, int timeout_ms, struct mr_error *reterr)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int64_t until = mr_time_steady() + (int64_t)timeout_ms * 1000;
    struct consume_kafka *k = self;

    for (;;) {
        int r = mr_kafka_offsets_for_time(k->consumer, items, n_items, which, timeout_ms, reterr);
        timeout_ms = (int)((until - mr_time_steady()) / 1000);
        bool passing = r == MR_AGAIN || r == MR_ABSENT;
        if (!passing || timeout_ms <= PAUSE_NS / 1000000 || stop_requests() > 0)
            return r;
        (void)nanosleep(&pause, NULL);
        timeout_ms -= PAUSE_NS / 1000000;
    }
}

/* Whoever asks does so again: not for long, since nothing is read meanwhile. */
static int kafka_ends(void *self, struct mr_topic_partition *items, size_t n_items,
                      struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return mr_kafka_offsets_for_time(k->consumer, items, n_items, MR_OFFSET_END, ENDS_MS, reterr);
}

/* The list is asked for anew when a topic is not in it, or when the group was rearranged. */
static int kafka_n_partitions(void *self, const char *topic, int32_t *ret_n,
                              struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    const struct mr_kafka_topic_info *info = mr_kafka_topics_find(k->topics, k->n_topics, topic);
    if (!info) {
        struct mr_kafka_topic_info *topics;
        size_t n;
        int r = mr_kafka_topics(mr_kafka_consumer_client(k->consumer), ASK_MS, &topics, &n, reterr);
        if (r != 0)
            return r;
        mr_kafka_topics_free(k->topics, k->n_topics);
        k->topics = topics;
        k->n_topics = n;
        info = mr_kafka_topics_find(topics, n, topic);
    }
    if (!info)
        return mr_error_set(reterr, MR_INVALID,
                            "the cluster has no topic %s: run `millrace topics create` first",
                            topic);
    *ret_n = info->n_partitions;
    return 0;
}

static void take_setting(void *self, const char *key, const char *value, MR_UNUSED bool is_default)
{
    struct consume_keeps *keeps = self;

    if (strcmp(key, "retention.ms") == 0 && keeps->retention_ms == 0)
        keeps->retention_ms = strtoll(value, NULL, 10);
    else if (strcmp(key, "segment.ms") == 0)
        keeps->segment_ms = strtoll(value, NULL, 10);
    else if (strcmp(key, "cleanup.policy") == 0 && !strstr(value, "delete"))
        keeps->retention_ms = -1;
}

static int64_t kafka_seen_end(void *self, const char *topic, int32_t partition)
{
    struct consume_kafka *k = self;

    return mr_kafka_seen_end(k->consumer, topic, partition);
}

static int kafka_keeps(void *self, const char *topic, struct consume_keeps *ret,
                       struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    *ret = (struct consume_keeps){0};
    int r = mr_kafka_topic_settings(mr_kafka_consumer_client(k->consumer), topic, ASK_MS,
                                    take_setting, ret, reterr);
    return r == 0 && ret->retention_ms == 0 ? MR_ABSENT : r;
}

static int kafka_produce(void *self, const char *topic, struct mr_bytes key,
                         const struct mr_bytes *value, const struct mr_header *headers,
                         size_t n_headers, uint64_t tag, struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return mr_kafka_produce(k->producer, topic, -1, key, value, headers, n_headers, tag, reterr);
}

static int kafka_serve(void *self, int timeout_ms, struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return k->producer ? mr_kafka_producer_poll(k->producer, timeout_ms, reterr) : 0;
}

static int kafka_renew(void *self, struct mr_error *reterr)
{
    struct consume_kafka *k = self;

    return mr_kafka_producer_renew(k->producer, reterr);
}

struct consume_broker consume_kafka_broker(struct consume_kafka *k)
{
    return (struct consume_broker){
        .self = k,
        .poll = kafka_poll,
        .done = kafka_done,
        .header_at = kafka_header_at,
        .pause = kafka_pause,
        .seek = kafka_seek,
        .reassign = kafka_reassign,
        .commit = kafka_commit,
        .watermarks = kafka_watermarks,
        .ends = kafka_ends,
        .n_partitions = kafka_n_partitions,
        .seen_end = kafka_seen_end,
        .keeps = kafka_keeps,
        .produce = kafka_produce,
        .serve = kafka_serve,
        .renew = kafka_renew,
    };
}
