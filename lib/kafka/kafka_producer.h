/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by kafka_producer.c and kafka_renew.c. */
#pragma once

#include "flight.h"
#include "internal.h"

struct kafka_topic {
    const char *given; /* pointer of the last caller: compared first, then the text */
    char *name;
    rd_kafka_topic_t *rkt;
    struct flight_pool *flights;
};

/* A record that a producer at its end could not deliver. */
struct kafka_kept {
    struct flight *flight; /* with its headers, which are ours meanwhile */
    char *topic;
    int64_t timestamp_ms; /* 0: not known */
    bool tombstone;
    uint8_t *key, *value; /* key NULL: none */
    size_t key_len, value_len;
};

struct mr_kafka_producer {
    struct mr_kafka_client client; /* first: librdkafka's opaque */
    rd_kafka_queue_t *queue;
    mr_delivery_fn delivered;
    void *self;
    size_t outstanding; /* reports that are awaited, and what is kept */
    uint64_t n_given;
    struct kafka_topic *topics; /* the last used comes first */
    size_t n_topics, cap_topics;
    bool renewable, idempotent;
    int64_t broken_at; /* steady µs; 0: it is not */
    struct kafka_kept *kept;
    size_t n_kept, cap_kept;
};

/* Brings the topic to the front. 0 or -errno. */
int kafka_producer_topic(struct mr_kafka_producer *producer, const char *name,
                         struct mr_error *reterr);

/* ---- kafka_renew.c ---- */
/* Nothing may be sent for now: the producer is at its end, or what was kept goes first. */
static inline bool kafka_producer_holds(const struct mr_kafka_producer *producer)
{
    return producer->n_kept > 0 || producer->broken_at != 0;
}
/* Takes note of a fatal error. */
void kafka_producer_look(struct mr_kafka_producer *producer);
/* Whether a success is not the broker's word on this record: librdkafka takes that of a later
 * request for it as well, and tells no offset then. A broker that knows nothing of the producer yet
 * takes any sequence (KIP-360), so that the earlier one may have been lost. */
static inline bool kafka_producer_doubts(const struct mr_kafka_producer *producer,
                                         const rd_kafka_message_t *rkm)
{
    return rkm->offset < 0 && rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR && producer->idempotent;
}
/* Keeps a record that was not delivered, or is in doubt, if it is to be sent again. */
bool kafka_producer_keep(struct mr_kafka_producer *producer, const rd_kafka_message_t *rkm);
/* Sends what is kept, as much as fits. */
void kafka_producer_resend(struct mr_kafka_producer *producer);
/* Forgets what is kept. */
void kafka_producer_drop(struct mr_kafka_producer *producer);
