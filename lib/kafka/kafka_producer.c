/* SPDX-License-Identifier: Apache-2.0 */
/* Produce with copies into librdkafka's queue; delivery reports come as event batches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_producer.h"
#include "millrace/compiler.h"
#include "millrace/time.h"

enum { REPORTS = 512, AHEAD = 8 };

static const struct kafka_defaults defaults[] = {
    {"enable.idempotence", "true"},    {"acks", "all"},    {"compression.codec", "lz4"},
    {"partitioner", "murmur2_random"}, {"linger.ms", "5"},
};
static const struct kafka_rule rules[] = {
    {"delivery.report.only.error", "false", "a position advances only after its delivery report"},
};
static const struct kafka_kind kind = {
    .type = RD_KAFKA_PRODUCER,
    .defaults = defaults,
    .n_defaults = MR_N_ELEMENTS(defaults),
    .rules = rules,
    .n_rules = MR_N_ELEMENTS(rules),
    .events = RD_KAFKA_EVENT_DR,
};

static bool is_idempotent(rd_kafka_t *rk)
{
    char value[16];
    size_t size = sizeof(value);

    return rd_kafka_conf_get(rd_kafka_conf(rk), "enable.idempotence", value, &size) ==
               RD_KAFKA_CONF_OK &&
           strcmp(value, "true") == 0;
}

int mr_kafka_producer_new(const struct mr_kafka_config *config, mr_delivery_fn delivered,
                          void *self, struct mr_kafka_producer **ret_producer,
                          struct mr_error *reterr)
{
    struct mr_kafka_producer *producer = calloc(1, sizeof(*producer));

    if (!producer)
        return -ENOMEM;
    int r = kafka_client_open(&producer->client, &kind, config, NULL, reterr);
    if (r != 0) {
        free(producer);
        return r;
    }
    producer->queue = rd_kafka_queue_get_main(producer->client.rk);
    producer->idempotent = is_idempotent(producer->client.rk);
    producer->delivered = delivered;
    producer->self = self;
    *ret_producer = producer;
    return 0;
}

struct mr_kafka_producer *mr_kafka_producer_free(struct mr_kafka_producer *producer)
{
    if (!producer)
        return NULL;
    if (producer->outstanding > 0)
        (void)rd_kafka_purge(producer->client.rk, RD_KAFKA_PURGE_F_QUEUE |
                                                      RD_KAFKA_PURGE_F_INFLIGHT |
                                                      RD_KAFKA_PURGE_F_NON_BLOCKING);
    for (size_t i = 0; i < producer->n_topics; i++) {
        rd_kafka_topic_destroy(producer->topics[i].rkt);
        free(producer->topics[i].name);
    }
    rd_kafka_queue_destroy(producer->queue);
    kafka_client_close(&producer->client);
    kafka_producer_drop(producer);
    for (size_t i = 0; i < producer->n_topics; i++)
        flight_pool_free(producer->topics[i].flights);
    free(producer->topics);
    free(producer);
    return NULL;
}

struct mr_kafka_client *mr_kafka_producer_client(struct mr_kafka_producer *producer)
{
    return &producer->client;
}

size_t mr_kafka_outstanding(const struct mr_kafka_producer *producer)
{
    return producer->outstanding;
}

static void to_front(struct mr_kafka_producer *producer, size_t i, const char *name)
{
    struct kafka_topic found = producer->topics[i];

    found.given = name;
    memmove(producer->topics + 1, producer->topics, i * sizeof(found));
    producer->topics[0] = found;
}

static MR_COLD int add_topic(struct mr_kafka_producer *producer, const char *name,
                             struct mr_error *reterr)
{
    struct kafka_topic *topics =
        mr_room(producer->topics, producer->n_topics, &producer->cap_topics, 16, sizeof(*topics));

    if (!topics)
        return -ENOMEM;
    producer->topics = topics;
    struct kafka_topic topic = {.given = name, .name = strdup(name), .flights = flight_pool_new()};
    if (!topic.name || !topic.flights) {
        free(topic.name);
        flight_pool_free(topic.flights);
        return -ENOMEM;
    }
    topic.rkt = rd_kafka_topic_new(producer->client.rk, name, NULL);
    if (!topic.rkt) {
        free(topic.name);
        flight_pool_free(topic.flights);
        return kafka_fail(&producer->client, rd_kafka_last_error(), name, NULL, reterr);
    }
    producer->topics[producer->n_topics++] = topic;
    return 0;
}

int kafka_producer_topic(struct mr_kafka_producer *producer, const char *name,
                         struct mr_error *reterr)
{
    for (size_t i = 0; i < producer->n_topics; i++) {
        if (producer->topics[i].given == name && strcmp(producer->topics[i].name, name) == 0) {
            if (i > 0)
                to_front(producer, i, name);
            return 0;
        }
    }
    size_t i = 0;
    while (i < producer->n_topics && strcmp(producer->topics[i].name, name) != 0)
        i++;
    int r = i < producer->n_topics ? 0 : add_topic(producer, name, reterr);
    if (r == 0)
        to_front(producer, i, name);
    return r;
}

static MR_COLD int refused(struct mr_kafka_producer *producer, rd_kafka_error_t *error,
                           const char *topic, size_t len, struct mr_error *reterr)
{
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);
    int r = mr_kafka_classify(err);

    rd_kafka_error_destroy(error);
    kafka_producer_look(producer);
    if (r == MR_FULL || kafka_producer_holds(producer))
        return MR_FULL;
    if (producer->client.fatal != 0)
        return kafka_check_fatal(&producer->client, reterr);
    if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return mr_error_set(reterr, r,
                            "a record of %zu bytes is larger than message.max.bytes allows: raise "
                            "it with -X message.max.bytes=N, and max.message.bytes of the topic",
                            len);
    return kafka_fail(&producer->client, err, topic, NULL, reterr);
}

int mr_kafka_produce(struct mr_kafka_producer *producer, const char *topic, int32_t partition,
                     struct mr_bytes key, const struct mr_bytes *value,
                     const struct mr_header *headers, size_t n_headers, uint64_t tag,
                     struct mr_error *reterr)
{
    struct flight *flight;
    union {
        const void *in;
        void *out;
    } key_data = {key.data}, value_data = {value ? value->data : NULL}; /* read only: F_COPY */
    size_t len = value ? value->len : 0;

    if (MR_UNLIKELY(kafka_producer_holds(producer)))
        return MR_FULL;
    int r = kafka_producer_topic(producer, topic, reterr);
    if (r == 0)
        r = flight_take(producer->topics[0].flights, headers, n_headers, tag, &flight);
    if (r != 0)
        return r;
    if (value && !value->data)
        value_data.in = ""; /* an empty value is not a tombstone */
    flight->order = producer->n_given++;
    flight->partition = partition;
    rd_kafka_vu_t args[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->topics[0].rkt},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {value_data.out, len}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {key_data.out, key.len}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = flight},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = flight->hdrs},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(producer->client.rk, args, MR_N_ELEMENTS(args) - (flight->hdrs == NULL));
    if (MR_UNLIKELY(error != NULL)) {
        flight_back(flight);
        return refused(producer, error, topic, len, reterr);
    }
    producer->outstanding++;
    return 0;
}

static void report(struct mr_kafka_producer *producer, const rd_kafka_message_t *rkm)
{
    struct flight *flight = rkm->_private;
    const uint64_t tag = flight->tag;
    union {
        const rd_kafka_message_t *in;
        rd_kafka_message_t *out;
    } message = {rkm};
    rd_kafka_headers_t *hdrs;

    if (flight->hdrs)
        (void)rd_kafka_message_detach_headers(message.out, &hdrs); /* ours again */
    bool doubted = MR_UNLIKELY(kafka_producer_doubts(producer, rkm));
    bool failed = rkm->err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (MR_UNLIKELY((failed && producer->renewable) || doubted) &&
        kafka_producer_keep(producer, rkm))
        return;
    producer->outstanding--;
    flight_back(flight);
    if (MR_LIKELY(!failed && !doubted)) {
        kafka_progress(&producer->client);
        producer->delivered(producer->self, tag, 0, rkm->partition, rkm->offset, NULL);
        return;
    }
    struct mr_error error = MR_ERROR_INIT;
    int r = doubted ? mr_error_set(&error, -ENOMEM, "no memory to send it again")
                    : kafka_fail(&producer->client, rkm->err, rd_kafka_topic_name(rkm->rkt), NULL,
                                 &error);
    producer->delivered(producer->self, tag, r, rkm->partition, -1, error.text);
}

int mr_kafka_producer_poll(struct mr_kafka_producer *producer, int timeout_ms,
                           struct mr_error *reterr)
{
    const rd_kafka_message_t *messages[REPORTS];
    rd_kafka_event_t *event;
    int n_served = 0;

    if (MR_UNLIKELY(producer->n_kept > 0))
        kafka_producer_resend(producer);
    while ((event = rd_kafka_queue_poll(producer->queue, timeout_ms))) {
        size_t n;
        while ((n = rd_kafka_event_message_array(event, messages, REPORTS)) > 0) {
            for (size_t i = 0; i < n; i++) {
                if (i + AHEAD < n)
                    __builtin_prefetch(messages[i + AHEAD]->_private, 1);
                report(producer, messages[i]);
            }
            n_served += (int)n;
        }
        rd_kafka_event_destroy(event);
        timeout_ms = 0;
        if (n_served > 1 << 20)
            break; /* bounded: the caller comes again */
    }
    kafka_producer_look(producer); /* now and then librdkafka raises the error without an event */
    int r = kafka_check_fatal(&producer->client, reterr);
    return r != 0 ? r : n_served;
}

int mr_kafka_flush(struct mr_kafka_producer *producer, int timeout_ms, size_t *ret_left,
                   struct mr_error *reterr)
{
    enum { SLICE = 100 };
    int64_t deadline = mr_time_steady() + (int64_t)timeout_ms * 1000;
    int r = 0;

    while (r >= 0 && producer->outstanding > 0) {
        int64_t left = (deadline - mr_time_steady()) / 1000;
        if (left <= 0)
            break;
        r = mr_kafka_producer_poll(producer, left < SLICE ? (int)left : SLICE, reterr);
    }
    if (ret_left)
        *ret_left = producer->outstanding;
    if (r < 0)
        return r;
    if (producer->outstanding == 0)
        return 0;
    return mr_error_set(reterr, MR_AGAIN,
                        "%zu records are not delivered after %d ms (brokers %s%s%s)",
                        producer->outstanding, timeout_ms, producer->client.brokers,
                        producer->client.trouble[0] ? ": " : "", producer->client.trouble);
}
