/* SPDX-License-Identifier: Apache-2.0 */
/* Dead-letter topics that have something in them. */
#include "filled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../cluster.h"

static int asked_of(const struct mr_kafka_topic_info *infos, size_t n_infos,
                    const struct mr_catalog *catalog, const char *platform,
                    struct mr_topic_partition **ret, size_t *ret_n)
{
    struct mr_topic_partition *items = NULL;
    size_t n = 0;

    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        const struct mr_kafka_topic_info *info =
            topic->dead_letter ? mr_kafka_topics_find(infos, n_infos, topic->name) : NULL;
        if (!info || (platform && strcmp(topic->platform->name, platform) != 0))
            continue;
        struct mr_topic_partition *more =
            realloc(items, (n + (size_t)info->n_partitions) * sizeof(*items));
        if (!more) {
            free(items);
            return -ENOMEM;
        }
        items = more;
        for (int32_t p = 0; p < info->n_partitions; p++)
            items[n++] = (struct mr_topic_partition){topic->name, p, 0};
    }
    *ret = items;
    *ret_n = n;
    return 0;
}

/* Most are empty: all ends are asked for at once, and only the others are read. */
int dlq_filled(const struct dlq_args *args, const char ***ret_services, size_t *ret_n,
               struct mr_error *reterr)
{
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = NULL;
    MR_AUTO(free) struct mr_topic_partition *lows = NULL;
    MR_AUTO(free) struct mr_topic_partition *highs = NULL;
    const struct mr_catalog *catalog = args->choose.catalog;
    const struct mr_kafka_config config = cluster_config(&args->common);
    struct mr_kafka_topic_info *infos = NULL;
    const char **services = NULL;
    size_t n_infos = 0, n = 0, n_services = 0;

    int r = mr_kafka_consumer_new(&config, NULL, NULL, &consumer, reterr);
    if (r == 0)
        r = mr_kafka_topics(mr_kafka_consumer_client(consumer), CLUSTER_TIMEOUT_MS, &infos,
                            &n_infos, reterr);
    if (r == 0)
        r = asked_of(infos, n_infos, catalog, args->choose.platform, &lows, &n);
    if (r == 0)
        r = asked_of(infos, n_infos, catalog, args->choose.platform, &highs, &n);
    mr_kafka_topics_free(infos, n_infos);
    if (r == 0)
        r = mr_kafka_offsets_for_time(consumer, lows, n, MR_OFFSET_BEGINNING, CLUSTER_TIMEOUT_MS,
                                      reterr);
    if (r == 0)
        r = mr_kafka_offsets_for_time(consumer, highs, n, MR_OFFSET_END, CLUSTER_TIMEOUT_MS,
                                      reterr);
    if (r == 0 && !(services = calloc(n + 1, sizeof(*services))))
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++) {
        const char *service = mr_catalog_topic(catalog, mr_str_from(highs[i].topic))->service;
        if (highs[i].offset > lows[i].offset &&
            (n_services == 0 || strcmp(services[n_services - 1], service) != 0))
            services[n_services++] = service;
    }
    if (r == 0) {
        *ret_services = services;
        *ret_n = n_services;
    }
    return r;
}
