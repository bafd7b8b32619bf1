/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be sent again: a new idempotent producer in the place of one that came to its end,
 * and records that nobody confirmed. They come back with their delivery reports, so nothing is
 * copied while all goes well. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_producer.h"
#include "millrace/compiler.h"
#include "millrace/time.h"

enum { REPORTS_US = 30000000 }; /* as long as a request may take: request.timeout.ms */

void mr_kafka_producer_renewable(struct mr_kafka_producer *producer)
{
    producer->renewable = true;
}

void mr_kafka_producer_spoil(struct mr_kafka_producer *producer)
{
    (void)rd_kafka_test_fatal_error(producer->client.rk,
                                    RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "a test");
}

void kafka_producer_look(struct mr_kafka_producer *producer)
{
    kafka_note_fatal(&producer->client);
    if (producer->renewable && producer->client.fatal == -EPROTO && producer->broken_at == 0)
        producer->broken_at = mr_time_steady();
}

/* ---- keeping ---- */

static int copy(const void *data, size_t len, uint8_t **ret)
{
    *ret = NULL;
    if (!data)
        return 0;
    *ret = malloc(len + 1);
    if (!*ret)
        return -ENOMEM;
    memcpy(*ret, data, len);
    return 0;
}

static void release(struct kafka_kept *kept)
{
    free(kept->topic);
    free(kept->key);
    free(kept->value);
    *kept = (struct kafka_kept){0};
}

static int fill(struct kafka_kept *kept, const rd_kafka_message_t *rkm)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(rkm, &type);

    *kept = (struct kafka_kept){
        .flight = rkm->_private,
        .topic = strdup(rd_kafka_topic_name(rkm->rkt)),
        .timestamp_ms = type == RD_KAFKA_TIMESTAMP_CREATE_TIME ? timestamp : 0,
        .tombstone = !rkm->payload,
        .key_len = rkm->key_len,
        .value_len = rkm->len,
    };
    int r = kept->topic ? copy(rkm->key, rkm->key_len, &kept->key) : -ENOMEM;
    return r == 0 ? copy(rkm->payload, rkm->len, &kept->value) : r;
}

/* A record that is wrong by itself, or whose topic is not there, is so for the next one as well. */
bool kafka_producer_keep(struct mr_kafka_producer *producer, const rd_kafka_message_t *rkm)
{
    int r = mr_kafka_classify(rkm->err);

    if (r != 0)
        kafka_producer_look(producer);
    if (r != 0 && (producer->broken_at == 0 || r == MR_INVALID || r == MR_ABSENT || r == -EACCES))
        return false;
    struct kafka_kept *grown =
        mr_room(producer->kept, producer->n_kept, &producer->cap_kept, 64, sizeof(*grown));
    if (!grown)
        return false;
    producer->kept = grown;
    struct kafka_kept *kept = &producer->kept[producer->n_kept];
    if (fill(kept, rkm) != 0) {
        release(kept);
        return false;
    }
    producer->n_kept++;
    return true;
}

void kafka_producer_drop(struct mr_kafka_producer *producer)
{
    for (size_t i = 0; i < producer->n_kept; i++) {
        flight_back(producer->kept[i].flight);
        release(&producer->kept[i]);
    }
    free(producer->kept);
    producer->kept = NULL;
    producer->n_kept = producer->cap_kept = 0;
}

/* ---- sending again ---- */

static rd_kafka_resp_err_t produce(struct mr_kafka_producer *producer, const struct kafka_kept *k)
{
    struct flight *flight = k->flight;
    void *value = k->tombstone ? NULL : k->value;

    rd_kafka_vu_t args[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->topics[0].rkt},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = flight->partition},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {value, k->value_len}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {k->key, k->key_len}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = flight},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = k->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = flight->hdrs},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(producer->client.rk, args, MR_N_ELEMENTS(args) - (flight->hdrs == NULL));
    if (!error)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return err;
}

/* 0: it is on its way, or reported. MR_FULL: later; also when this producer is at its end, too. */
static int resend(struct mr_kafka_producer *producer, struct kafka_kept *k)
{
    struct mr_error error = MR_ERROR_INIT;

    int r = kafka_producer_topic(producer, k->topic, &error);
    if (r == 0) {
        rd_kafka_resp_err_t err = produce(producer, k);
        if (MR_UNLIKELY(err != RD_KAFKA_RESP_ERR_NO_ERROR))
            kafka_producer_look(producer);
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL || producer->broken_at != 0)
            return MR_FULL;
        r = kafka_fail(&producer->client, err, k->topic, NULL, &error);
    }
    if (r != 0) {
        uint64_t tag = k->flight->tag;
        flight_back(k->flight);
        producer->outstanding--;
        producer->delivered(producer->self, tag, r, -1, -1, error.text);
    }
    release(k);
    return 0;
}

void kafka_producer_resend(struct mr_kafka_producer *producer)
{
    size_t n = 0;

    if (producer->broken_at != 0 || producer->n_kept == 0)
        return;
    while (n < producer->n_kept && resend(producer, &producer->kept[n]) == 0)
        n++;
    producer->n_kept -= n;
    memmove(producer->kept, producer->kept + n, producer->n_kept * sizeof(*producer->kept));
}

/* ---- the new one ---- */

static int by_order(const void *a, const void *b)
{
    uint64_t x = ((const struct kafka_kept *)a)->flight->order;
    uint64_t y = ((const struct kafka_kept *)b)->flight->order;

    return x < y ? -1 : x > y;
}

/* Reports say what the brokers have of what is on its way: only behind them may it be sent again,
 * or a late request could come between. */
static int await_reports(struct mr_kafka_producer *producer, struct mr_error *reterr)
{
    if (producer->outstanding == producer->n_kept)
        return 0;
    /* librdkafka purges what waits when it raises the error, and misses what came that very moment
     */
    int which = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING;
    if (mr_time_steady() - producer->broken_at > REPORTS_US)
        which |= RD_KAFKA_PURGE_F_INFLIGHT;
    (void)rd_kafka_purge(producer->client.rk, which);
    return mr_error_set(reterr, MR_AGAIN, "%zu reports are awaited",
                        producer->outstanding - producer->n_kept);
}

static int open_topics(const struct mr_kafka_producer *producer, rd_kafka_t *rk,
                       rd_kafka_topic_t **rkts, struct mr_error *reterr)
{
    for (size_t i = 0; i < producer->n_topics; i++) {
        rkts[i] = rd_kafka_topic_new(rk, producer->topics[i].name, NULL);
        if (!rkts[i]) {
            int r = mr_kafka_classify(rd_kafka_last_error());
            while (i > 0)
                rd_kafka_topic_destroy(rkts[--i]);
            return mr_error_set(reterr, r < 0 ? r : -EIO, "a new producer has no topics: %s",
                                mr_status_name(r));
        }
    }
    return 0;
}

static void take_over(struct mr_kafka_producer *producer, rd_kafka_t *rk, rd_kafka_topic_t **rkts)
{
    for (size_t i = 0; i < producer->n_topics; i++) {
        rd_kafka_topic_destroy(producer->topics[i].rkt);
        producer->topics[i].rkt = rkts[i];
    }
    rd_kafka_queue_destroy(producer->queue);
    rd_kafka_destroy(producer->client.rk);
    producer->client.rk = rk;
    producer->client.fatal = 0;
    kafka_progress(&producer->client);
    producer->queue = rd_kafka_queue_get_main(rk);
    producer->broken_at = 0;
}

int mr_kafka_producer_renew(struct mr_kafka_producer *producer, struct mr_error *reterr)
{
    MR_AUTO(free) rd_kafka_topic_t **rkts = calloc(producer->n_topics + 1, sizeof(*rkts));
    rd_kafka_t *rk;

    if (!rkts)
        return -ENOMEM;
    if (producer->broken_at == 0)
        return 0;
    int r = await_reports(producer, reterr);
    if (r == 0)
        r = kafka_client_again(&producer->client, &rk, reterr);
    if (r != 0)
        return r;
    r = open_topics(producer, rk, rkts, reterr);
    if (r != 0) {
        rd_kafka_destroy(rk);
        return r;
    }
    take_over(producer, rk, rkts);
    if (producer->n_kept > 0)
        qsort(producer->kept, producer->n_kept, sizeof(*producer->kept), by_order);
    kafka_producer_resend(producer);
    return 0;
}
