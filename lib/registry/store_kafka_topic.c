/* SPDX-License-Identifier: Apache-2.0 */
/* The topic itself: settings of the clients, creation, what it must be like. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "millrace/status.h"
#include "store_kafka_inside.h"

/* What the promises of the store rest on. */
static const char *const fixed[] = {
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "isolation.level",
    "transactional.id",
    "auto.offset.reset",
    "enable.partition.eof",
    "group.id",
};

static int check_property(const char *property, struct mr_error *reterr)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(fixed); i++) {
        size_t len = strlen(fixed[i]);
        if (strncmp(property, fixed[i], len) == 0 && property[len] == '=')
            return mr_error_set(reterr, MR_INVALID,
                                "property %s: the registry's store sets %s itself", property,
                                fixed[i]);
    }
    return 0;
}

int kafka_store_settings(const struct kafka_store *ks, bool producer,
                         struct kafka_settings *ret_settings, struct mr_error *reterr)
{
    static const char *const reading[] = {
        "enable.partition.eof=true",
        "isolation.level=read_uncommitted", /* as the registries of others read it */
        "fetch.error.backoff.ms=100",
        "queued.max.messages.kbytes=32768", /* when it is full, librdkafka rests for a second */
        "reconnect.backoff.max.ms=1000",
        "allow.auto.create.topics=false",
    };
    static const char *const writing[] = {
        "compression.codec=none", /* readable for every client */
        "linger.ms=1",            /* records of one change go in one batch: all or none */
        "reconnect.backoff.max.ms=1000",
    };
    const char *const *ours = producer ? writing : reading;
    size_t n = producer ? MR_N_ELEMENTS(writing) : MR_N_ELEMENTS(reading);
    struct kafka_settings *settings = ret_settings;

    *settings = (struct kafka_settings){
        .config = {.brokers = ks->brokers, .client_id = "millrace-registry"}};
    memcpy(settings->properties, ours, n * sizeof(*ours));
    if (producer) {
        (void)snprintf(settings->timeout, sizeof(settings->timeout), "message.timeout.ms=%d",
                       ks->timeout_ms);
        settings->properties[n++] = settings->timeout;
    }
    if (ks->n_properties > KAFKA_USER_PROPERTIES)
        return mr_error_set(reterr, MR_INVALID, "%zu properties are too many: at most %d",
                            ks->n_properties, KAFKA_USER_PROPERTIES);
    for (size_t i = 0; i < ks->n_properties; i++) {
        int r = check_property(ks->properties[i], reterr);
        if (r != 0)
            return r;
        settings->properties[n++] = ks->properties[i];
    }
    settings->config.properties = settings->properties;
    settings->config.n_properties = n;
    return 0;
}

static int create(struct kafka_store *ks, struct mr_kafka_client *client, struct mr_error *reterr)
{
    static const char *const settings[] = {"cleanup.policy=compact"};
    struct mr_kafka_new_topic item = {.name = ks->topic,
                                      .partitions = 1,
                                      .replication = (int16_t)ks->replication,
                                      .settings = settings,
                                      .n_settings = 1};
    int r = mr_kafka_create_topics(client, &item, 1, ks->timeout_ms, reterr);

    if (r != 0)
        return r;
    if (item.r != 0)
        return mr_error_set(reterr, item.r, "topic '%s' could not be created: %s", ks->topic,
                            item.why);
    if (!item.existed)
        kafka_store_notice(ks, false, "topic_created",
                           "topic=%s partitions=1 cleanup.policy=compact", ks->topic);
    return 0;
}

static void take_policy(void *self, const char *key, const char *value, bool is_default)
{
    (void)is_default;
    if (strcmp(key, "cleanup.policy") == 0)
        (void)snprintf(self, 64, "%s", value);
}

static int check(struct kafka_store *ks, struct mr_kafka_client *client, int32_t n_partitions,
                 struct mr_error *reterr)
{
    char policy[64] = "";

    if (n_partitions != 1)
        return mr_error_set(reterr, MR_INVALID,
                            "topic '%s' has %d partitions, and the order of its records matters: "
                            "it must have 1. Name another with --schemas-topic",
                            ks->topic, (int)n_partitions);
    int r = mr_kafka_topic_settings(client, ks->topic, ks->timeout_ms, take_policy, policy, reterr);
    if (r == -EOPNOTSUPP) /* the embedded broker: it deletes nothing */
        return 0;
    if (r == -EACCES) {
        kafka_store_notice(ks, true, "topic_unchecked",
                           "topic=%s why=\"its settings may not be read: see to it that "
                           "cleanup.policy is compact\"",
                           ks->topic);
        return 0;
    }
    if (r != 0)
        return r;
    if (strcmp(policy, "compact") == 0)
        return 0;
    return mr_error_set(reterr, MR_INVALID,
                        "topic '%s' has cleanup.policy=%s, under which schemas are lost in time: "
                        "set it to compact, or name another topic with --schemas-topic",
                        ks->topic, policy);
}

/* Partitions of the topic; 0 when it is not there. */
static int find(struct kafka_store *ks, struct mr_kafka_client *client, int32_t *ret_n,
                struct mr_error *reterr)
{
    struct mr_kafka_topic_info *topics;
    size_t n;
    int r = mr_kafka_topics(client, ks->timeout_ms, &topics, &n, reterr);

    if (r != 0)
        return r;
    const struct mr_kafka_topic_info *found = mr_kafka_topics_find(topics, n, ks->topic);
    *ret_n = found ? found->n_partitions : 0;
    mr_kafka_topics_free(topics, n);
    return 0;
}

/* A topic that was made a moment ago is not known to every broker yet. */
static int find_made(struct kafka_store *ks, struct mr_kafka_client *client, int32_t *ret_n,
                     struct mr_error *reterr)
{
    const struct timespec slice = {.tv_nsec = 20000000};
    int64_t deadline = kafka_store_deadline(ks->timeout_ms);
    int r = find(ks, client, ret_n, reterr);

    while (r == 0 && *ret_n == 0 && mr_time_steady() < deadline) {
        (void)nanosleep(&slice, NULL);
        r = find(ks, client, ret_n, reterr);
    }
    if (r == 0 && *ret_n == 0)
        r = mr_error_set(reterr, MR_AGAIN, "topic '%s' was created, and is not there after %d ms",
                         ks->topic, ks->timeout_ms);
    return r;
}

int kafka_store_topic(struct kafka_store *ks, struct mr_error *reterr)
{
    struct mr_kafka_client *client = mr_kafka_consumer_client(ks->consumer);
    int32_t n_partitions = 0;
    int r = find(ks, client, &n_partitions, reterr);

    if (r == 0 && n_partitions == 0) {
        r = create(ks, client, reterr);
        if (r == 0)
            r = find_made(ks, client, &n_partitions, reterr);
    }
    return r == 0 ? check(ks, client, n_partitions, reterr) : r;
}
