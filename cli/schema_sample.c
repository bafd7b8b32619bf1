/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the last records of topics for check --sample. */
#include "schema_sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "millrace/time.h"
#include "tail/plan.h"

enum { BATCH = 256, WAIT_MS = 100, PATIENCE_S = 30, FRAME_BYTES = 5, GUID_BYTES = 17 };

struct run {
    struct schema_sample *sample;
    struct mr_registry *registry;
    struct mr_kafka_consumer *consumer;
    struct mr_sampler *sampler;
    struct plan plan;
    char **words; /* topics that the cluster has */
    size_t n_words;
    struct mr_error *reterr;
};

static int open_consumer(struct run *run)
{
    static const char ours[] = "enable.partition.eof=true";
    struct mr_kafka_config config = cluster_config(&run->sample->args->common);
    MR_AUTO(free)
    const char **properties = calloc(1 + config.n_properties, sizeof(*properties));

    if (!properties)
        return -ENOMEM;
    properties[0] = ours;
    for (size_t i = 0; i < config.n_properties; i++)
        properties[1 + i] = config.properties[i];
    config.properties = properties;
    config.n_properties++;
    return mr_kafka_consumer_new(&config, NULL, NULL, &run->consumer, run->reterr);
}

/* Topics that were never made have no records. */
static int choose_words(struct run *run)
{
    struct mr_kafka_topic_info *topics = NULL;
    struct schema_sample *sample = run->sample;
    size_t n = 0;
    int r = mr_kafka_topics(mr_kafka_consumer_client(run->consumer), CLUSTER_TIMEOUT_MS, &topics,
                            &n, run->reterr);

    run->words = r == 0 ? calloc(sample->n_topics + 1, sizeof(*run->words)) : NULL;
    if (r == 0 && !run->words)
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < sample->n_topics; i++) {
        if (!mr_kafka_topics_find(topics, n, sample->topics[i])) {
            sample->n_missing++;
            continue;
        }
        run->words[run->n_words] = strdup(sample->topics[i]);
        r = run->words[run->n_words] ? 0 : -ENOMEM;
        run->n_words++;
    }
    mr_kafka_topics_free(topics, n);
    return r;
}

/* Each partition of a topic gives the same number; what one does not have, others give. */
static void spread(struct plan_partition *items, size_t n, int64_t last)
{
    size_t n_open = n;

    for (size_t i = 0; i < n; i++)
        items[i].start = items[i].high;
    while (last > 0 && n_open > 0) {
        int64_t share = last / (int64_t)n_open;
        n_open = 0;
        share += share == 0;
        for (size_t i = 0; i < n && last > 0; i++) {
            int64_t there = items[i].start - items[i].low;
            int64_t taken = there < share ? there : share;
            taken = taken < last ? taken : last;
            items[i].start -= taken;
            last -= taken;
            n_open += items[i].start > items[i].low;
        }
    }
}

static void choose_starts(struct run *run)
{
    struct plan *plan = &run->plan;

    plan->n_left = 0;
    for (size_t from = 0, to; from < plan->n_items; from = to) {
        for (to = from; to < plan->n_items && plan->items[to].topic == plan->items[from].topic;)
            to++;
        spread(&plan->items[from], to - from, run->sample->last);
    }
    for (size_t i = 0; i < plan->n_items; i++) {
        plan->items[i].next = plan->items[i].start;
        plan->items[i].done = plan->items[i].start >= plan->items[i].stop;
        plan->n_left += !plan->items[i].done;
    }
}

/* The writer's schema: by the id before the value, or by the GUID in a header. MR_ABSENT: none. */
static int find_writer(struct run *run, const struct mr_message *message, struct mr_sampled *record)
{
    static char why[64];
    const uint8_t *v = message->value.data;
    struct mr_bytes guid;
    int r = MR_ABSENT;

    record->avro = message->value;
    record->why = "it is not in the registry's wire format";
    if (mr_kafka_header(message, "__value_schema_id", &guid) == 0 && guid.len == GUID_BYTES &&
        guid.data[0] == 1) {
        record->why = "the registry does not have the schema of its header";
        r = mr_registry_schema_guid(run->registry, guid.data + 1, &record->writer, run->reterr);
    } else if (message->value.len >= FRAME_BYTES && v[0] == 0) {
        record->writer_id =
            (int32_t)((uint32_t)v[1] << 24 | (uint32_t)v[2] << 16 | (uint32_t)v[3] << 8 | v[4]);
        record->avro = (struct mr_bytes){v + FRAME_BYTES, message->value.len - FRAME_BYTES};
        (void)snprintf(why, sizeof(why), "the registry has no schema with id %d",
                       (int)record->writer_id);
        record->why = why;
        if (record->writer_id >= 0)
            r = mr_registry_schema(run->registry, record->writer_id, &record->writer, run->reterr);
    }
    if (r == MR_INVALID)
        record->why = "its schema is not Avro";
    if (r == MR_ABSENT || r == MR_INVALID) {
        record->writer = NULL;
        r = 0;
    }
    return r;
}

static int take(struct run *run, const struct mr_message *message, struct plan_cursor *cursor)
{
    struct plan_partition *item = plan_find(&run->plan, message, cursor);
    bool over = item && (message->end || message->offset >= item->stop);

    if (!item || item->done)
        return 0;
    if (over || (item->next = message->offset + 1) >= item->stop) {
        item->done = true;
        run->plan.n_left--;
    }
    if (over || message->tombstone)
        return 0;
    struct mr_sampled record = {
        .topic = message->topic, .partition = message->partition, .offset = message->offset};
    int r = find_writer(run, message, &record);
    if (r == 0)
        r = mr_sampler_add(run->sampler, &record);
    run->sample->n_records++;
    return r;
}

static int read_all(struct run *run)
{
    static struct mr_message messages[BATCH];
    struct plan_cursor cursor = {.topic = NULL};
    int64_t heard = mr_time_steady();
    int r = 0;

    while (r == 0 && run->plan.n_left > 0) {
        int n = mr_kafka_poll(run->consumer, WAIT_MS, messages, BATCH, run->reterr);
        if (n > 0)
            heard = mr_time_steady();
        for (int i = 0; i < n; i++) {
            if (r == 0)
                r = take(run, &messages[i], &cursor);
            mr_kafka_message_done(&messages[i]);
        }
        if (n < 0)
            r = n;
        if (r == 0 && n == 0 && mr_time_steady() - heard > PATIENCE_S * INT64_C(1000000)) {
            const char *trouble = mr_kafka_trouble(mr_kafka_consumer_client(run->consumer));
            r = mr_error_set(run->reterr, -ETIMEDOUT, "no record came for %d s%s%s", PATIENCE_S,
                             *trouble ? ": " : "", trouble);
        }
    }
    return r;
}

static int go(struct run *run)
{
    struct plan_wish wish = {.range = {{RANGE_BACK, run->sample->last}, {RANGE_END, 0}},
                             .exit = true};
    int r = open_consumer(run);

    if (r == 0)
        r = choose_words(run);
    if (r != 0 || run->n_words == 0)
        return r;
    wish.words = run->words;
    wish.n_words = run->n_words;
    wish.catalog = mr_catalog_builtin();
    r = plan_init(&run->plan, run->consumer, &wish, run->reterr);
    if (r != 0)
        return r;
    choose_starts(run);
    if (run->plan.n_left > 0)
        r = plan_assign(&run->plan, run->consumer, run->reterr);
    return r == 0 ? read_all(run) : r;
}

int schema_sample(struct schema_sample *sample, struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    MR_AUTO(mr_sampler) struct mr_sampler *sampler = NULL;
    struct run run = {.sample = sample, .reterr = reterr};
    int r = mr_common_resolve(&sample->args->common, sample->options, true, true, reterr);

    if (r == 0)
        r = schema_registry(sample->args, sample->options, &registry, reterr);
    if (r == 0)
        r = mr_sampler_new(sample->now, sample->how, sample->report, &sampler);
    run.registry = registry;
    run.sampler = sampler;
    if (r == 0)
        r = go(&run);
    if (r == 0)
        r = mr_sampler_finish(sampler);
    plan_done(&run.plan);
    (void)mr_kafka_consumer_free(run.consumer);
    for (size_t i = 0; i < run.n_words; i++)
        free(run.words[i]);
    free(run.words);
    return r;
}
