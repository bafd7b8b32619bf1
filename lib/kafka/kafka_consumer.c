/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in batches: no wait for a full batch, no copy of key or value. */
#include "kafka_consumer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/compiler.h"

enum { BATCH = 512 };

static const struct kafka_defaults defaults[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "earliest"},
    /* equal partitions of co-partitioned topics meet in one consumer */
    {"partition.assignment.strategy", "range"},
};
static const struct kafka_rule rules[] = {
    {"enable.auto.commit", "false", "offsets are committed after the effects of their events"},
    {"enable.auto.offset.store", "false",
     "offsets are committed after the effects of their events"},
    {"group.id", NULL, "name the group with -g"},
};
static const struct kafka_kind kind = {
    .type = RD_KAFKA_CONSUMER,
    .defaults = defaults,
    .n_defaults = MR_N_ELEMENTS(defaults),
    .rules = rules,
    .n_rules = MR_N_ELEMENTS(rules),
    .rebalance = kafka_on_rebalance,
};

bool mr_kafka_cooperates(void)
{
    return rd_kafka_version() >= 0x020600ff;
}

/* As configured: rd_kafka_rebalance_protocol, asked in a rebalance while the consumer closes, never
 * comes back (librdkafka's issue 4041, also in 2.0.2). */
static bool is_cooperative(rd_kafka_t *rk)
{
    char strategies[256];
    size_t size = sizeof(strategies);

    return rd_kafka_conf_get(rd_kafka_conf(rk), "partition.assignment.strategy", strategies,
                             &size) == RD_KAFKA_CONF_OK &&
           strstr(strategies, "cooperative") != NULL;
}

int mr_kafka_consumer_new(const struct mr_kafka_config *config, const char *group,
                          const struct mr_rebalance *rebalance,
                          struct mr_kafka_consumer **ret_consumer, struct mr_error *reterr)
{
    struct mr_kafka_consumer *consumer = calloc(1, sizeof(*consumer));

    if (!consumer)
        return -ENOMEM;
    if (rebalance)
        consumer->rebalance = *rebalance;
    /* librdkafka wants a name even for a reader that joins no group and commits nothing */
    int r = kafka_client_open(&consumer->client, &kind, config, group ? group : "millrace-reader",
                              reterr);
    if (r != 0) {
        free(consumer);
        return r;
    }
    (void)rd_kafka_poll_set_consumer(consumer->client.rk);
    consumer->cooperative = rebalance && is_cooperative(consumer->client.rk);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->client.rk);
    *ret_consumer = consumer;
    return 0;
}

struct mr_kafka_consumer *mr_kafka_consumer_free(struct mr_kafka_consumer *consumer)
{
    if (!consumer)
        return NULL;
    if (consumer->queue)
        rd_kafka_queue_destroy(consumer->queue);
    consumer->closing = true;
    (void)rd_kafka_consumer_close(consumer->client.rk);
    kafka_client_close(&consumer->client);
    free(consumer);
    return NULL;
}

struct mr_kafka_client *mr_kafka_consumer_client(struct mr_kafka_consumer *consumer)
{
    return &consumer->client;
}

int mr_kafka_subscribe(struct mr_kafka_consumer *consumer, const char *const *topics,
                       size_t n_topics, struct mr_error *reterr)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n_topics);

    for (size_t i = 0; i < n_topics; i++)
        (void)rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(consumer->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_fail(&consumer->client, err, "subscribe", NULL, reterr);
}

/* An error in the place of a message: passing ones are remembered, others stop the consumer. */
static MR_COLD void note(struct mr_kafka_consumer *consumer, const rd_kafka_message_t *rkm)
{
    struct mr_kafka_client *client = &consumer->client;
    const char *topic = rkm->rkt ? rd_kafka_topic_name(rkm->rkt) : "";
    const char *text = rd_kafka_message_errstr(rkm);
    char fatal[256];
    int r = mr_kafka_classify(rkm->err == RD_KAFKA_RESP_ERR__FATAL
                                  ? rd_kafka_fatal_error(client->rk, fatal, sizeof(fatal))
                                  : rkm->err);

    if (r == MR_AGAIN || r == MR_FULL) {
        (void)snprintf(client->trouble, sizeof(client->trouble), "%s", text);
        return;
    }
    if (client->fatal)
        return;
    /* a partition of a topic that is gone keeps its broker's thread: it ends with the process,
     * which such an error ends */
    client->stays = r == MR_ABSENT && consumer->rebalance.assigned;
    client->fatal = r == MR_ABSENT ? -ENOENT : r > 0 ? -EIO : r;
    (void)snprintf(client->fatal_text, sizeof(client->fatal_text), "%s%s%s", topic,
                   *topic ? ": " : "", text);
}

static bool is_about_partition(const rd_kafka_message_t *rkm)
{
    return rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
           (rkm->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && rkm->rkt);
}

/* Whether rkm became *message, which borrows it; else it was an error, and is noted. */
static bool view(struct mr_kafka_consumer *consumer, rd_kafka_message_t *rkm,
                 struct mr_message *message)
{
    if (MR_UNLIKELY(rkm->err != RD_KAFKA_RESP_ERR_NO_ERROR) && !is_about_partition(rkm)) {
        note(consumer, rkm);
        return false;
    }
    *message = (struct mr_message){
        .topic = rd_kafka_topic_name(rkm->rkt),
        .partition = rkm->partition,
        .offset = rkm->offset,
        .timestamp_ms = -1,
        .end = rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF,
        .gone = rkm->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
        .handle = rkm,
    };
    if (message->end || message->gone)
        return true;
    rd_kafka_timestamp_type_t type;
    message->timestamp_ms = rd_kafka_message_timestamp(rkm, &type);
    message->key = (struct mr_bytes){rkm->key, rkm->key_len};
    message->value = (struct mr_bytes){rkm->payload, rkm->len};
    message->tombstone = rkm->payload == NULL;
    return true;
}

/* Whether rkm became *message; if not it is given back here. */
static bool take(struct mr_kafka_consumer *consumer, rd_kafka_message_t *rkm,
                 struct mr_message *message)
{
    if (view(consumer, rkm, message))
        return true;
    rd_kafka_message_destroy(rkm);
    return false;
}

/* What is there already; librdkafka's batch call with a timeout would wait until it is full. */
static size_t take_waiting(struct mr_kafka_consumer *consumer, struct mr_message *messages,
                           size_t max)
{
    rd_kafka_message_t *batch[BATCH];
    size_t n = 0;

    while (n < max) {
        size_t want = max - n < BATCH ? max - n : BATCH;
        ssize_t got = rd_kafka_consume_batch_queue(consumer->queue, 0, batch, want);
        for (ssize_t i = 0; i < got; i++)
            n += take(consumer, batch[i], &messages[n]);
        if (got < (ssize_t)want)
            break;
    }
    return n;
}

int mr_kafka_poll(struct mr_kafka_consumer *consumer, int timeout_ms, struct mr_message *messages,
                  size_t max, struct mr_error *reterr)
{
    size_t n = take_waiting(consumer, messages, max);

    if (n == 0 && max > 0 && timeout_ms != 0) {
        rd_kafka_message_t *first = rd_kafka_consumer_poll(consumer->client.rk, timeout_ms);
        if (first && take(consumer, first, messages))
            n = 1 + take_waiting(consumer, messages + 1, max - 1);
    }
    if (n > 0) {
        kafka_progress(&consumer->client);
        return (int)n; /* a fatal error is told when these are dealt with */
    }
    return kafka_check_fatal(&consumer->client, reterr);
}

struct serving {
    struct mr_kafka_consumer *consumer;
    mr_message_fn serve;
    void *self;
    int n_served;
};

static void serve_one(rd_kafka_message_t *rkm, void *opaque)
{
    struct serving *serving = opaque;
    struct mr_message message;

    if (!view(serving->consumer, rkm, &message))
        return;
    serving->n_served++;
    if (!serving->serve(serving->self, &message))
        rd_kafka_yield(serving->consumer->client.rk);
}

int mr_kafka_serve(struct mr_kafka_consumer *consumer, int timeout_ms, mr_message_fn serve,
                   void *self, struct mr_error *reterr)
{
    struct serving serving = {consumer, serve, self, 0};

    (void)rd_kafka_consume_callback_queue(consumer->queue, timeout_ms, serve_one, &serving);
    if (serving.n_served > 0) {
        kafka_progress(&consumer->client);
        return serving.n_served;
    }
    return kafka_check_fatal(&consumer->client, reterr);
}

void mr_kafka_message_done(struct mr_message *message)
{
    if (message->handle)
        rd_kafka_message_destroy(message->handle);
    message->handle = NULL;
}

static rd_kafka_headers_t *headers_of(const struct mr_message *message)
{
    rd_kafka_headers_t *hdrs = NULL;

    if (message->end || message->gone ||
        rd_kafka_message_headers(message->handle, &hdrs) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    return hdrs;
}

int mr_kafka_header(const struct mr_message *message, const char *name, struct mr_bytes *ret_value)
{
    rd_kafka_headers_t *hdrs = headers_of(message);
    const void *value;
    size_t len;

    if (!hdrs || rd_kafka_header_get_last(hdrs, name, &value, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return MR_ABSENT;
    *ret_value = (struct mr_bytes){value, len};
    return 0;
}

size_t mr_kafka_n_headers(const struct mr_message *message)
{
    rd_kafka_headers_t *hdrs = headers_of(message);

    return hdrs ? rd_kafka_header_cnt(hdrs) : 0;
}

int mr_kafka_header_at(const struct mr_message *message, size_t index, struct mr_header *ret_header)
{
    rd_kafka_headers_t *hdrs = headers_of(message);
    const void *value;
    size_t len;

    if (!hdrs || rd_kafka_header_get_all(hdrs, index, &ret_header->name, &value, &len) !=
                     RD_KAFKA_RESP_ERR_NO_ERROR)
        return MR_ABSENT;
    ret_header->value = (struct mr_bytes){value, len};
    ret_header->fixed_name = ret_header->fixed_value = false;
    return 0;
}
