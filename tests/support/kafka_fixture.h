/* SPDX-License-Identifier: Apache-2.0 */
/* An embedded broker with one topic and a producer on it, for check cases of lib/kafka. */
#pragma once

#include <check.h>
#include <string.h>

#include "millrace/compiler.h"
#include "millrace/kafka.h"

#ifdef __SANITIZE_ADDRESS__
#define MR_SANITIZED 1
#else
#define MR_SANITIZED 0
#endif

enum { WAIT = 5000 };

struct reports {
    size_t n_ok, n_failed;
    uint64_t tags;
    int last;
};

static inline void delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                             const char *text)
{
    struct reports *reports = self;

    (void)text;
    if (r == 0) {
        ck_assert_int_ge(partition, 0);
        ck_assert_int_ge(offset, 0);
        reports->n_ok++;
    } else {
        reports->n_failed++;
    }
    reports->tags += tag;
    reports->last = r;
}

/* Linger 0 keeps these tests far below a second. */
static const char *const quick[] = {"linger.ms=0", "message.timeout.ms=3000", "retry.backoff.ms=10",
                                    "reconnect.backoff.ms=10"};

struct fixture {
    struct mr_kafka_embedded *embedded;
    struct mr_kafka_config config;
    struct mr_kafka_producer *producer;
    struct reports reports;
};

static inline void open_fixture(struct fixture *f, int n_brokers)
{
    struct mr_error error = MR_ERROR_INIT;

    *f = (struct fixture){0};
    ck_assert_int_eq(mr_kafka_embedded_start(n_brokers, &f->embedded, &error), 0);
    f->config = (struct mr_kafka_config){.brokers = mr_kafka_embedded_brokers(f->embedded),
                                         .properties = quick,
                                         .n_properties = MR_N_ELEMENTS(quick)};
    ck_assert_int_eq(mr_kafka_embedded_create(f->embedded, "orders", 3), 0);
    ck_assert_msg(mr_kafka_producer_new(&f->config, delivered, &f->reports, &f->producer, &error) ==
                      0,
                  "%s", error.text);
    /* a whole metadata answer lets an idempotent producer begin at once; else it waits for a second
     */
    struct mr_kafka_topic_info *topics;
    size_t n;
    ck_assert_int_eq(
        mr_kafka_topics(mr_kafka_producer_client(f->producer), WAIT, &topics, &n, &error), 0);
    mr_kafka_topics_free(topics, n);
}

static inline void close_fixture(struct fixture *f)
{
    f->producer = mr_kafka_producer_free(f->producer);
    /* librdkafka's mock may take a second to stop; the end of the test's process stops it as well
     */
    if (MR_SANITIZED)
        f->embedded = mr_kafka_embedded_stop(f->embedded);
}

static inline int put(struct fixture *f, const char *key, const char *value, uint64_t tag)
{
    const struct mr_bytes v = {(const uint8_t *)value, value ? strlen(value) : 0};
    const struct mr_header headers[] = {{"ce_type", {(const uint8_t *)"order.created", 13}, false},
                                        {"empty", {NULL, 0}, false}};
    struct mr_error error = MR_ERROR_INIT;

    return mr_kafka_produce(f->producer, "orders", -1,
                            (struct mr_bytes){(const uint8_t *)key, strlen(key)}, value ? &v : NULL,
                            headers, 2, tag, &error);
}

static inline struct mr_kafka_consumer *reader(struct fixture *f)
{
    struct mr_kafka_config config = {.brokers = f->config.brokers};
    struct mr_kafka_consumer *consumer = NULL;
    struct mr_topic_partition items[3];
    struct mr_error error = MR_ERROR_INIT;

    for (int i = 0; i < 3; i++)
        items[i] = (struct mr_topic_partition){"orders", i, 0};
    ck_assert_int_eq(mr_kafka_consumer_new(&config, NULL, NULL, &consumer, &error), 0);
    ck_assert_msg(mr_kafka_assign(consumer, items, 3, &error) == 0, "%s", error.text);
    return consumer;
}

/* Reads n messages or fails the test. */
static inline void read_n(struct mr_kafka_consumer *consumer, struct mr_message *messages, size_t n)
{
    struct mr_error error = MR_ERROR_INIT;

    for (size_t got = 0; got < n;) {
        int r = mr_kafka_poll(consumer, WAIT, messages + got, n - got, &error);
        ck_assert_msg(r > 0, "%d: %s", r, error.text);
        got += (size_t)r;
    }
}
