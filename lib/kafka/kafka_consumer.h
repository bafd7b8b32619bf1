/* SPDX-License-Identifier: Apache-2.0 */
/* What kafka_consumer.c (messages) and offsets.c (positions) share. */
#pragma once

#include "internal.h"

struct mr_kafka_consumer {
    struct mr_kafka_client client; /* first: librdkafka's opaque */
    rd_kafka_queue_t *queue;
    struct mr_rebalance rebalance;
    bool cooperative; /* partitions come and go one by one, else all at once */
    bool closing;
};

/* Outcomes: 0, -ENOMEM. */
int kafka_list(const struct mr_topic_partition *items, size_t n_items,
               rd_kafka_topic_partition_list_t **ret_list);
/* librdkafka's callback for a changed assignment. */
void kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                        rd_kafka_topic_partition_list_t *list, void *opaque);
