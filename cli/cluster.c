/* SPDX-License-Identifier: Apache-2.0 */
/* Compares topics of the catalogue with those of a cluster. Never changes anything. */
#include "cluster.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mr_kafka_config cluster_config(const struct mr_common *common)
{
    return (struct mr_kafka_config){.brokers = common->brokers,
                                    .client_id = "millrace",
                                    .properties = common->properties.items,
                                    .n_properties = common->properties.n_items};
}

static void differs(struct cluster_topic *item, const char *setting, const char *wanted,
                    const char *found)
{
    struct cluster_difference *difference = &item->differences[item->n_differences];

    if (item->n_differences == CLUSTER_DIFFERENCES)
        return;
    item->n_differences++;
    difference->setting = setting;
    (void)snprintf(difference->wanted, sizeof(difference->wanted), "%s", wanted);
    (void)snprintf(difference->found, sizeof(difference->found), "%s", found);
}

static void differs_number(struct cluster_topic *item, const char *setting, int64_t wanted,
                           int64_t found)
{
    char texts[2][24];

    (void)snprintf(texts[0], sizeof(texts[0]), "%" PRId64, wanted);
    (void)snprintf(texts[1], sizeof(texts[1]), "%" PRId64, found);
    if (wanted != found)
        differs(item, setting, texts[0], texts[1]);
}

/* "compact,delete" and "delete,compact" are the same. */
static bool same_policy(const char *a, const char *b)
{
    return strlen(a) == strlen(b) &&
           (strstr(a, "compact") != NULL) == (strstr(b, "compact") != NULL) &&
           (strstr(a, "delete") != NULL) == (strstr(b, "delete") != NULL);
}

static void on_setting(void *self, const char *key, const char *value, bool is_default)
{
    struct cluster_topic *item = self;

    (void)is_default; /* what holds counts, whoever set it */
    if (strcmp(key, "cleanup.policy") == 0 && !same_policy(value, item->topic->cleanup))
        differs(item, "cleanup.policy", item->topic->cleanup, value);
    if (strcmp(key, "retention.ms") == 0 && item->topic->retention_ms != 0)
        differs_number(item, "retention.ms", item->topic->retention_ms, strtoll(value, NULL, 10));
}

int cluster_compare(struct mr_kafka_client *client, const struct mr_topic *const *topics, size_t n,
                    struct cluster_topic *items, struct mr_error *reterr)
{
    struct mr_kafka_topic_info *infos;
    size_t n_infos;
    bool settings = true;
    int r = mr_kafka_topics(client, CLUSTER_TIMEOUT_MS, &infos, &n_infos, reterr);

    if (r != 0)
        return r;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct cluster_topic *item = &items[i];
        const struct mr_kafka_topic_info *info =
            mr_kafka_topics_find(infos, n_infos, topics[i]->name);
        *item = (struct cluster_topic){.topic = topics[i]};
        if (!info)
            continue;
        item->there = true;
        item->partitions = info->n_partitions;
        item->replication = info->replication;
        differs_number(item, "partitions", topics[i]->partitions, info->n_partitions);
        if (topics[i]->replication > 0)
            differs_number(item, "replication", topics[i]->replication, info->replication);
        if (settings)
            r = mr_kafka_topic_settings(client, topics[i]->name, CLUSTER_TIMEOUT_MS, on_setting,
                                        item, reterr);
        if (r == -EOPNOTSUPP) {
            settings = false;
            r = 0;
        }
        item->settings_known = settings;
    }
    mr_kafka_topics_free(infos, n_infos);
    return r;
}

const char *cluster_state(const struct cluster_topic *item, char *out, size_t cap)
{
    if (!item->there)
        return "missing";
    if (item->n_differences == 0)
        return "there";
    out[0] = '\0';
    for (size_t i = 0; i < item->n_differences; i++) {
        const struct cluster_difference *difference = &item->differences[i];
        size_t len = strlen(out);
        (void)snprintf(out + len, cap - len, "%s%s %s, not %s", i ? "; " : "", difference->setting,
                       difference->found, difference->wanted);
    }
    return out;
}

size_t cluster_settings(const struct mr_topic *topic, char out[2][64])
{
    size_t n = 0;

    (void)snprintf(out[n++], sizeof(out[0]), "cleanup.policy=%s", topic->cleanup);
    if (topic->retention_ms != 0)
        (void)snprintf(out[n++], sizeof(out[0]), "retention.ms=%" PRId64, topic->retention_ms);
    return n;
}
