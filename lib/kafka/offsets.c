/* SPDX-License-Identifier: Apache-2.0 */
/* Positions: assignment, commits, seeking, watermarks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kafka_consumer.h"
#include "millrace/compiler.h"

typedef rd_kafka_topic_partition_list_t list_t;

int kafka_list(const struct mr_topic_partition *items, size_t n_items, list_t **ret_list)
{
    list_t *list = rd_kafka_topic_partition_list_new((int)n_items);

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n_items; i++)
        rd_kafka_topic_partition_list_add(list, items[i].topic, items[i].partition)->offset =
            items[i].offset;
    *ret_list = list;
    return 0;
}

/* The list keeps the order of items. MR_ABSENT when a partition does not exist. */
static int take_offsets(struct mr_kafka_consumer *consumer, const list_t *list,
                        struct mr_topic_partition *items, const char *doing,
                        struct mr_error *reterr)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *item = &list->elems[i];
        if (item->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            char detail[384];
            (void)snprintf(detail, sizeof(detail), "%s [%d]: %s", item->topic, (int)item->partition,
                           rd_kafka_err2str(item->err));
            return kafka_fail(&consumer->client, item->err, doing, detail, reterr);
        }
        items[i].offset = item->offset;
    }
    return 0;
}

int mr_kafka_assign(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                    size_t n_items, struct mr_error *reterr)
{
    list_t *list;

    int r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    rd_kafka_resp_err_t err = rd_kafka_assign(consumer->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_fail(&consumer->client, err, "assign", NULL, reterr);
}

static rd_kafka_resp_err_t code_of(rd_kafka_error_t *error)
{
    rd_kafka_resp_err_t err = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;

    rd_kafka_error_destroy(error);
    return err;
}

int mr_kafka_reassign(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                      size_t n_items, struct mr_error *reterr)
{
    rd_kafka_t *rk = consumer->client.rk;
    list_t *list;

    if (!consumer->cooperative)
        return mr_kafka_assign(consumer, items, n_items, reterr);
    int r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    rd_kafka_resp_err_t err = code_of(rd_kafka_incremental_unassign(rk, list));
    if (!err)
        err = code_of(rd_kafka_incremental_assign(rk, list));
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_fail(&consumer->client, err, "assign", NULL, reterr);
}

static struct mr_topic_partition *items_of(const list_t *list)
{
    struct mr_topic_partition *items = calloc((size_t)list->cnt + 1, sizeof(*items));

    for (int i = 0; items && i < list->cnt; i++)
        items[i] = (struct mr_topic_partition){list->elems[i].topic, list->elems[i].partition,
                                               list->elems[i].offset};
    return items;
}

/* What comes while the consumer closes is answered, and goes back at once. */
static void assigned(struct mr_kafka_consumer *consumer, list_t *list)
{
    rd_kafka_t *rk = consumer->client.rk;

    if (consumer->rebalance.assigned && !consumer->closing) {
        MR_AUTO(free) struct mr_topic_partition *items = items_of(list);
        if (items)
            consumer->rebalance.assigned(consumer->rebalance.self, items, (size_t)list->cnt);
        for (int i = 0; items && i < list->cnt; i++)
            list->elems[i].offset = items[i].offset;
    }
    if (consumer->cooperative)
        rd_kafka_error_destroy(rd_kafka_incremental_assign(rk, list));
    else
        (void)rd_kafka_assign(rk, list);
}

static void revoked(struct mr_kafka_consumer *consumer, list_t *list)
{
    rd_kafka_t *rk = consumer->client.rk;

    if (consumer->rebalance.revoked) {
        MR_AUTO(free) struct mr_topic_partition *items = items_of(list);
        if (items)
            consumer->rebalance.revoked(consumer->rebalance.self, items, (size_t)list->cnt,
                                        rd_kafka_assignment_lost(rk));
    }
    if (consumer->cooperative)
        rd_kafka_error_destroy(rd_kafka_incremental_unassign(rk, list));
    else
        (void)rd_kafka_assign(rk, NULL);
}

void kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, list_t *list, void *opaque)
{
    struct mr_kafka_consumer *consumer = opaque;

    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        assigned(consumer, list);
    else if (err == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
        revoked(consumer, list);
    else
        (void)rd_kafka_assign(rk, NULL);
}

int mr_kafka_commit(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *items,
                    size_t n_items, bool wait, struct mr_error *reterr)
{
    list_t *list;

    int r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    rd_kafka_resp_err_t err = rd_kafka_commit(consumer->client.rk, list, !wait);
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_fail(&consumer->client, err, "commit", NULL, reterr);
}

int mr_kafka_committed(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                       size_t n_items, int timeout_ms, struct mr_error *reterr)
{
    list_t *list;

    int r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    rd_kafka_resp_err_t err = rd_kafka_committed(consumer->client.rk, list, timeout_ms);
    r = err ? kafka_fail(&consumer->client, err, "committed offsets", NULL, reterr)
            : take_offsets(consumer, list, items, "committed offsets", reterr);
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}

int mr_kafka_pause(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *item,
                   bool pause)
{
    list_t *list;

    int r = kafka_list(item, 1, &list);
    if (r != 0)
        return r;
    rd_kafka_resp_err_t err = pause ? rd_kafka_pause_partitions(consumer->client.rk, list)
                                    : rd_kafka_resume_partitions(consumer->client.rk, list);
    if (!err)
        err = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    return mr_kafka_classify(err);
}

int mr_kafka_seek(struct mr_kafka_consumer *consumer, const struct mr_topic_partition *item,
                  int timeout_ms, struct mr_error *reterr)
{
    list_t *list;

    int r = kafka_list(item, 1, &list);
    if (r != 0)
        return r;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(consumer->client.rk, list, timeout_ms);
    rd_kafka_resp_err_t err = error ? rd_kafka_error_code(error) : list->elems[0].err;
    rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
    r = kafka_fail(&consumer->client, err, "seek", NULL, reterr);
    return err == RD_KAFKA_RESP_ERR__STATE ? MR_ABSENT : r;
}

int mr_kafka_watermarks(struct mr_kafka_consumer *consumer, const char *topic, int32_t partition,
                        int timeout_ms, int64_t *ret_low, int64_t *ret_high,
                        struct mr_error *reterr)
{
    rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
        consumer->client.rk, topic, partition, ret_low, ret_high, timeout_ms);

    return kafka_fail(&consumer->client, err, topic, NULL, reterr);
}

int64_t mr_kafka_seen_end(const struct mr_kafka_consumer *consumer, const char *topic,
                          int32_t partition)
{
    int64_t low, high;
    rd_kafka_resp_err_t err =
        rd_kafka_get_watermark_offsets(consumer->client.rk, topic, partition, &low, &high);

    return err || high < 0 ? -1 : high;
}

/* ListOffsets takes -1 and -2 in the place of a time for the end and the beginning. */
int mr_kafka_offsets_for_time(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                              size_t n_items, int64_t time_ms, int timeout_ms,
                              struct mr_error *reterr)
{
    list_t *list;

    if (n_items == 0)
        return 0;
    int r = time_ms >= 0 ? kafka_refuse_embedded(&consumer->client, timeout_ms, reterr) : 0;
    if (r == 0)
        r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = time_ms;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(consumer->client.rk, list, timeout_ms);
    r = err ? kafka_fail(&consumer->client, err, "list offsets", NULL, reterr)
            : take_offsets(consumer, list, items, "list offsets", reterr);
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}
