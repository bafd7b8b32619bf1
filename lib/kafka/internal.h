/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lib/kafka share: the client under every producer and consumer. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "millrace/kafka.h"

struct mr_kafka_client {
    rd_kafka_t *rk;
    char *brokers;
    char trouble[256]; /* last passing error; cleared by progress */
    int fatal;         /* negative errno once the client can never work again */
    bool stays;        /* librdkafka 2.0.2 would wait for ever for the end of its threads */
    char fatal_text[384];
};

/* A property that is ours. value NULL: nobody may set it; else any other value is refused. */
struct kafka_rule {
    const char *key, *value, *why;
};

struct kafka_defaults {
    const char *key, *value;
};

/* What distinguishes the three kinds of client. */
struct kafka_kind {
    rd_kafka_type_t type;
    const struct kafka_defaults *defaults;
    size_t n_defaults;
    const struct kafka_rule *rules;
    size_t n_rules;
    int events;
    void (*rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *list, void *opaque);
};

/* Fills *client and connects. group NULL: none. opaque of the callbacks is client: it must be the
 * first member of whatever holds it. Outcomes: 0, MR_INVALID, -errno. */
int kafka_client_open(struct mr_kafka_client *client, const struct kafka_kind *kind,
                      const struct mr_kafka_config *config, const char *group,
                      struct mr_error *reterr);
/* Another handle with the settings of the client's. Outcomes: 0, MR_INVALID, -ENOMEM. */
int kafka_client_again(const struct mr_kafka_client *client, rd_kafka_t **ret_rk,
                       struct mr_error *reterr);
/* Serves waiting logs and errors; closes the handle. */
void kafka_client_close(struct mr_kafka_client *client);

/* Classifies err; for MR_AGAIN the text says which brokers and what the last trouble was. */
int kafka_fail(struct mr_kafka_client *client, rd_kafka_resp_err_t err, const char *doing,
               const char *detail, struct mr_error *reterr);
/* The embedded broker leaves some requests without an answer, or gives a wrong one: -EOPNOTSUPP
 * where the cluster is one, else 0. */
int kafka_refuse_embedded(struct mr_kafka_client *client, int timeout_ms, struct mr_error *reterr);
/* Takes note of the fatal error that the handle has met, if any: its event may still be waiting. */
void kafka_note_fatal(struct mr_kafka_client *client);
/* 0, or the fatal error met so far with its text. */
int kafka_check_fatal(const struct mr_kafka_client *client, struct mr_error *reterr);
static inline void kafka_progress(struct mr_kafka_client *client)
{
    client->trouble[0] = '\0';
}
