/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's outside, for real: Kafka, registry, clock. */
#include "consume_kafka.h"

#include "consume_merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/time.h"
#include "stop.h"

enum { ASK_MS = 10000, SEEK_MS = 5000, PAUSE_NS = 100000000 };

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

/* A partition whose leader is just being chosen is refused at once, not after ASK_MS, and one of a
 * broker that comes back is not known for a moment: ask again until then. */
static int kafka_watermarks(void *self, struct mr_topic_partition *items, size_t n_items,
                            int64_t which, struct mr_error *reterr)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int64_t until = mr_time_steady() + (int64_t)ASK_MS * 1000;
    struct consume_kafka *k = self;

    for (;;) {
        int r = mr_kafka_offsets_for_time(k->consumer, items, n_items, which, ASK_MS, reterr);
        bool passing = r == MR_AGAIN || r == MR_ABSENT;
        if (!passing || mr_time_steady() >= until || stop_requests() > 0)
            return r;
        (void)nanosleep(&pause, NULL);
    }
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
        .n_partitions = kafka_n_partitions,
        .seen_end = kafka_seen_end,
        .keeps = kafka_keeps,
        .produce = kafka_produce,
        .serve = kafka_serve,
        .renew = kafka_renew,
    };
}

/* ---- opening ---- */

static int subscribe(const struct consume *run, struct consume_kafka *k, struct mr_error *reterr)
{
    MR_AUTO(free) const char **names = calloc(run->n_topics + 1, sizeof(*names));

    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < run->n_topics; i++)
        names[i] = run->topics[i].topic->name;
    return mr_kafka_subscribe(k->consumer, names, run->n_topics, reterr);
}

/* A dry run joins no group, so that the running consumer keeps its partitions. */
static int assign_all(struct consume *run, struct consume_kafka *k, struct mr_error *reterr)
{
    size_t n_all = 0, cap = 0;
    MR_AUTO(free) struct mr_topic_partition *items = NULL;

    for (size_t i = 0; i < run->n_topics; i++) {
        const char *name = run->topics[i].topic->name;
        int32_t n;
        int r = kafka_n_partitions(k, name, &n, reterr);
        if (r != 0)
            return r;
        cap += (size_t)n;
        struct mr_topic_partition *grown = realloc(items, cap * sizeof(*items));
        if (!grown)
            return -ENOMEM;
        items = grown;
        for (int32_t p = 0; p < n; p++)
            items[n_all++] = (struct mr_topic_partition){.topic = name, .partition = p};
    }
    consume_assigned(run, items, n_all);
    if (run->assignment_failed != 0) {
        *reterr = run->assignment_error;
        return run->assignment_failed;
    }
    return mr_kafka_assign(k->consumer, items, n_all, reterr);
}

static int check_topics(struct consume *run, struct consume_kafka *k, struct mr_error *reterr)
{
    int32_t n;
    int r = 0;

    for (size_t i = 0; i < run->n_topics && r == 0; i++)
        r = kafka_n_partitions(k, run->topics[i].topic->name, &n, reterr);
    for (size_t i = 0; i < run->n_emissions && r == 0; i++)
        r = kafka_n_partitions(k, run->emissions[i].topic->name, &n, reterr);
    return r == 0 ? kafka_n_partitions(k, run->group->dead_letter_topic, &n, reterr) : r;
}

/* Equal partitions of a group's topics must meet in one instance, for the order of a flow across
 * them: only by range, whose rebalance takes all from everybody. With one topic there is nothing to
 * meet, and who keeps a partition goes on with it while others move. */
static const char *strategy(const struct consume *run)
{
    const char *how = run->options.rebalance;
    bool cooperative =
        how && strcmp(how, "auto") != 0
            ? strcmp(how, "cooperative") == 0
            : run->n_topics == 1 && !run->group->order.by_time && mr_kafka_cooperates();

    return cooperative ? "partition.assignment.strategy=cooperative-sticky"
                       : "partition.assignment.strategy=range";
}

/* Before the user's own, which win. A crashed instance is missed after 10 s, not 45; one with a
 * name, whose partitions wait for it, may take 45 s to come back; and the end of a partition is
 * told when --once wants to know. */
static int with_defaults(const struct consume *run, struct consume_kafka *k,
                         const struct mr_kafka_config *config, const char ***ret_list,
                         size_t *ret_n)
{
    const char **list = calloc(config->n_properties + 6, sizeof(*list));
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    list[n++] = run->options.instance ? "session.timeout.ms=45000" : "session.timeout.ms=10000";
    list[n++] = strategy(run);
    list[n++] = "auto.offset.reset=error";
    if (run->options.instance) {
        (void)snprintf(k->instance, sizeof(k->instance), "group.instance.id=%s",
                       run->options.instance);
        list[n++] = k->instance;
    }
    if (run->options.once)
        list[n++] = "enable.partition.eof=true";
    if (run->group->order.by_time)
        list[n++] = "queued.min.messages=1000"; /* of all topics about equally much */
    for (size_t i = 0; i < config->n_properties; i++)
        list[n++] = config->properties[i];
    *ret_list = list;
    *ret_n = n;
    return 0;
}

/* What is too large is for the topic to say: a dead letter is larger than its record by its
 * headers.
 */
static int open_producer(struct consume *run, struct consume_kafka *k,
                         const struct mr_kafka_config *config, struct mr_error *reterr)
{
    MR_AUTO(free) const char **list = calloc(config->n_properties + 1, sizeof(*list));
    struct mr_kafka_config writing = *config;

    if (!list)
        return -ENOMEM;
    list[0] = "message.max.bytes=100000000";
    for (size_t i = 0; i < config->n_properties; i++)
        list[i + 1] = config->properties[i];
    writing.properties = list;
    writing.n_properties = config->n_properties + 1;
    int r = mr_kafka_producer_new(&writing, consume_delivered, run, &k->producer, reterr);
    if (r == 0)
        mr_kafka_producer_renewable(k->producer);
    return r;
}

static int open_clients(struct consume *run, struct consume_kafka *k,
                        const struct mr_kafka_config *config, struct mr_error *reterr)
{
    const struct mr_rebalance rebalance = {consume_assigned, consume_revoked, run};
    struct mr_kafka_config reading = *config;
    MR_AUTO(free) const char **properties = NULL;

    if (run->group->order.by_time && run->options.rebalance &&
        strcmp(run->options.rebalance, "cooperative") == 0)
        return mr_error_set(reterr, MR_INVALID,
                            "--rebalance cooperative: %s is ordered by time across topics, whose "
                            "partitions must meet in one instance: leave it out",
                            run->group->name);
    int r = with_defaults(run, k, config, &properties, &reading.n_properties);
    if (r != 0)
        return r;
    reading.properties = properties;
    r = mr_kafka_consumer_new(&reading, run->options.dry_run ? NULL : run->options.group,
                              run->options.dry_run ? NULL : &rebalance, &k->consumer, reterr);
    if (r == 0 && !run->options.dry_run)
        r = open_producer(run, k, config, reterr);
    return r;
}

int consume_kafka_open(struct consume *run, struct consume_kafka *k,
                       const struct mr_kafka_config *config, struct mr_error *reterr)
{
    int r = open_clients(run, k, config, reterr);

    if (r == 0)
        r = check_topics(run, k, reterr);
    if (r == 0)
        r = consume_merge_check(run, reterr);
    if (r != 0)
        return r;
    consume_window_open(run);
    return run->options.dry_run ? assign_all(run, k, reterr) : subscribe(run, k, reterr);
}

void consume_kafka_close(struct consume_kafka *k)
{
    k->consumer = mr_kafka_consumer_free(k->consumer);
    k->producer = mr_kafka_producer_free(k->producer);
    mr_kafka_topics_free(k->topics, k->n_topics);
    k->topics = NULL;
    k->n_topics = 0;
}

/* ---- registry ---- */

static int registry_schema(void *self, int32_t id, const uint8_t *guid,
                           struct mr_schema **ret_schema, struct mr_error *reterr)
{
    return guid ? mr_registry_schema_guid(self, guid, ret_schema, reterr)
                : mr_registry_schema(self, id, ret_schema, reterr);
}

static int registry_lookup(void *self, const char *subject, struct mr_str text, int32_t *ret_id,
                           struct mr_error *reterr)
{
    return mr_registry_lookup(self, subject, text, ret_id, NULL, reterr);
}

struct consume_registry consume_real_registry(struct mr_registry *registry)
{
    return (struct consume_registry){
        .self = registry, .schema = registry_schema, .lookup = registry_lookup};
}

/* ---- clock, chance, the wish to end ---- */

static int64_t real_now(MR_UNUSED void *self)
{
    return mr_time_now();
}

/* For jitter only: spreading, not secrecy. */
static uint64_t real_random(void *self)
{
    uint64_t *state = self;

    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = *state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static bool real_stop(MR_UNUSED void *self)
{
    return stop_requests() > 0;
}

struct consume_world consume_real_world(uint64_t *seed)
{
    return (struct consume_world){
        .self = seed, .now = real_now, .random = real_random, .stop = real_stop};
}
