/* SPDX-License-Identifier: Apache-2.0 */
/* What the catalogue wants and what a cluster has. */
#pragma once

#include "millrace/catalog.h"
#include "millrace/kafka.h"
#include "millrace/option.h"

struct mr_kafka_config;
/* Connection as the common options have it. The texts are borrowed. */
struct mr_kafka_config cluster_config(const struct mr_common *common);

enum { CLUSTER_TIMEOUT_MS = 10000, CLUSTER_DIFFERENCES = 4 };

/* One setting that a cluster has otherwise than the catalogue. */
struct cluster_difference {
    const char *setting;
    char wanted[64], found[64];
};

struct cluster_topic {
    const struct mr_topic *topic;
    bool there;
    int32_t partitions, replication; /* as found */
    bool settings_known;             /* false on the embedded broker */
    struct cluster_difference differences[CLUSTER_DIFFERENCES];
    size_t n_differences;
};

/* Fills items[0..n) of `topics`. Outcomes: 0, MR_AGAIN (not reachable), -errno. */
int cluster_compare(struct mr_kafka_client *client, const struct mr_topic *const *topics, size_t n,
                    struct cluster_topic *items, struct mr_error *reterr);
/* "there", "missing", or what differs: "partitions 1, not 3". */
const char *cluster_state(const struct cluster_topic *item, char *out, size_t cap);

/* Settings with which a topic is created: "key=value" texts into out, at most two. Their number. */
size_t cluster_settings(const struct mr_topic *topic, char out[2][64]);
