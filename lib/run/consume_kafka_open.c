/* SPDX-License-Identifier: Apache-2.0 */
/* The clients of a consumer: what they are made with, which topics must be there, who joins what.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume_kafka.h"
#include "consume_merge.h"

static int n_partitions(struct consume *run, const char *topic, int32_t *ret_n,
                        struct mr_error *reterr)
{
    return run->broker.n_partitions(run->broker.self, topic, ret_n, reterr);
}

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
        int r = n_partitions(run, name, &n, reterr);
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
    do
        consume_assigned(run, items, n_all);
    while (run->assignment_failed == 0 && run->asking.since != 0 &&
           !run->world.stop(run->world.self));
    if (run->assignment_failed != 0) {
        *reterr = run->assignment_error;
        return run->assignment_failed;
    }
    if (run->asking.since != 0)
        return mr_error_set(reterr, -ECANCELED, "stopped before the partitions were begun");
    return mr_kafka_assign(k->consumer, items, n_all, reterr);
}

static int check_topics(struct consume *run, struct mr_error *reterr)
{
    int32_t n;
    int r = 0;

    for (size_t i = 0; i < run->n_topics && r == 0; i++)
        r = n_partitions(run, run->topics[i].topic->name, &n, reterr);
    for (size_t i = 0; i < run->n_emissions && r == 0; i++)
        r = n_partitions(run, run->emissions[i].topic->name, &n, reterr);
    return r == 0 ? n_partitions(run, run->group->dead_letter_topic, &n, reterr) : r;
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
 * told when --once or the timers of sagas want to know. */
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
    if (run->options.once || run->sagas.n_items > 0)
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
        r = check_topics(run, reterr);
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
