/* SPDX-License-Identifier: Apache-2.0 */
/* Committed offsets with a text beside each, which Kafka keeps for the group as it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_consumer.h"

typedef rd_kafka_topic_partition_list_t list_t;

/* librdkafka owns and frees the texts of a list. */
static int add_notes(list_t *list, const char *const *notes)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *item = &list->elems[i];
        size_t len = strlen(notes[i]);
        if (len == 0)
            continue;
        item->metadata = malloc(len);
        if (!item->metadata)
            return -ENOMEM;
        memcpy(item->metadata, notes[i], len);
        item->metadata_size = len;
    }
    return 0;
}

int mr_kafka_commit_notes(struct mr_kafka_consumer *consumer,
                          const struct mr_topic_partition *items, const char *const *notes,
                          size_t n_items, struct mr_error *reterr)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    list_t *list;

    int r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    r = add_notes(list, notes);
    if (r == 0)
        err = rd_kafka_commit(consumer->client.rk, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
    return r != 0 ? r : kafka_fail(&consumer->client, err, "commit", NULL, reterr);
}

static int take_notes(const list_t *list, struct mr_topic_partition *items, char **ret_notes)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *item = &list->elems[i];
        items[i].offset = item->offset;
        ret_notes[i] =
            strndup(item->metadata ? item->metadata : "", item->metadata ? item->metadata_size : 0);
        if (!ret_notes[i])
            return -ENOMEM;
    }
    return 0;
}

int mr_kafka_committed_notes(struct mr_kafka_consumer *consumer, struct mr_topic_partition *items,
                             char **ret_notes, size_t n_items, int timeout_ms,
                             struct mr_error *reterr)
{
    rd_kafka_resp_err_t err;
    list_t *list;

    int r = kafka_list(items, n_items, &list);
    if (r != 0)
        return r;
    err = rd_kafka_committed(consumer->client.rk, list, timeout_ms);
    for (int i = 0; i < list->cnt && !err; i++)
        err = list->elems[i].err;
    memset(ret_notes, 0, n_items * sizeof(*ret_notes));
    r = err ? kafka_fail(&consumer->client, err, "committed offsets", NULL, reterr)
            : take_notes(list, items, ret_notes);
    for (size_t i = 0; r != 0 && i < n_items; i++) {
        free(ret_notes[i]);
        ret_notes[i] = NULL;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}
