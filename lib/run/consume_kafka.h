/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's outside, for real. Private to lib/run and the fault tests. */
#pragma once

#include "consume.h"
#include "millrace/registry.h"

struct consume_kafka {
    struct mr_kafka_consumer *consumer;
    struct mr_kafka_producer *producer; /* NULL in a dry run */
    struct mr_kafka_topic_info *topics;
    size_t n_topics;
    char instance[300]; /* property */
};

/* ---- consume_kafka.c ---- */
struct consume_broker consume_kafka_broker(struct consume_kafka *k);

/* ---- consume_world.c ---- */
struct consume_registry consume_real_registry(struct mr_registry *registry);
/* *seed is the state of the random numbers. */
struct consume_world consume_real_world(uint64_t *seed);

/* ---- consume_kafka_open.c ---- */
/* After consume_open, run->broker being that of k: clients, topics checked, subscribed. Close
 * before consume_close. */
int consume_kafka_open(struct consume *run, struct consume_kafka *k,
                       const struct mr_kafka_config *config, struct mr_error *reterr);
void consume_kafka_close(struct consume_kafka *k);
