/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-catalog against the embedded broker, in this process, for fault tests: requests are
 * sent, the consumer runs, and at the end everything is counted. */
#pragma once

#include "consume_kafka.h"
#include "millrace/time.h"
#include "support/cluster.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

extern const struct mr_consumer consumer_ticketwave_catalog;

enum { PATIENCE_S = 60 };

static const char answers[] MR_UNUSED = "ticketwave-catalog.inventory.updated.v1";

/* ---- one consumer, in this process ---- */

struct bench {
    struct cluster *cluster;
    struct cluster_topic topic;
    struct mr_store *store;
    struct mr_registry *registry;
    struct consume_kafka kafka;
    struct consume run;
    uint64_t seed;
    int64_t capacity; /* the state of ticketwave-catalog */
    bool stop;
    int sent;
    const char *property; /* one more of the clients; NULL: none */
};

static inline bool wants_to_stop(void *self)
{
    return ((struct bench *)self)->stop;
}

static inline uint64_t dice(void *self)
{
    return ++((struct bench *)self)->seed * UINT64_C(0x9e3779b97f4a7c15);
}

static inline int64_t clock_now(MR_UNUSED void *self)
{
    return mr_time_now();
}

static inline int open_consumer(struct bench *b, const char *store, struct mr_error *error)
{
    const char *const properties[] = {"heartbeat.interval.ms=100",
                                      "reconnect.backoff.max.ms=200",
                                      "retry.backoff.ms=20",
                                      "fetch.wait.max.ms=50",
                                      "fetch.error.backoff.ms=20",
                                      "session.timeout.ms=4500",
                                      b->property ? b->property : "linger.ms=5"};
    struct mr_kafka_config config = cluster_config(b->cluster);
    struct mr_registry_config registry = {
        .urls = b->cluster->url, .retries = -1, .timeout_ms = 2000};

    config.properties = properties;
    config.n_properties = MR_N_ELEMENTS(properties);
    b->capacity = 1000000;
    b->kafka = (struct consume_kafka){0};
    if (!b->store)
        ck_assert_msg(mr_store_open(store, NULL, &b->store, error) == 0, "%s", error->text);
    ck_assert_int_eq(mr_registry_new(&registry, &b->registry, error), 0);
    b->run = (struct consume){
        .consumer = &consumer_ticketwave_catalog,
        .group = mr_catalog_group(mr_catalog_builtin(), MR_STR("ticketwave-catalog")),
        .options = {.group = "ticketwave-catalog",
                    .once = true,
                    .from = "beginning",
                    .gap = "stop",
                    .batch = 500,
                    .parked = 100,
                    .drain_ms = 20000},
        .broker = consume_kafka_broker(&b->kafka),
        .registry = consume_real_registry(b->registry),
        .world = {.self = b, .now = clock_now, .random = dice, .stop = wants_to_stop},
        .store = b->store,
        .self = &b->capacity,
    };
    int r = consume_open(&b->run, error);
    return r == 0 ? consume_kafka_open(&b->run, &b->kafka, &config, error) : r;
}

static inline void close_consumer(struct bench *b, bool keep_store)
{
    consume_kafka_close(&b->kafka);
    consume_close(&b->run);
    b->registry = mr_registry_free(b->registry);
    if (!keep_store)
        b->store = mr_store_free(b->store);
}

static inline struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    mr_log_set_level(MR_LOG_OFF);
    b->cluster = cluster_start();
    cluster_topic_open(b->cluster, &b->topic,
                       &topic_ticketwave_booking_inventory_update_requested_v1);
    return b;
}

static inline void bench_free(struct bench *b)
{
    cluster_topic_close(&b->topic);
    (void)mr_store_free(b->store);
    cluster_stop(b->cluster);
    free(b);
}

static inline void start(struct bench *b)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(open_consumer(b, "sqlite::memory:", &error) == 0, "%s", error.text);
}

static inline void send(struct bench *b, int n)
{
    for (int i = 0; i < n; i++, b->sent++) {
        char id[37], flow[37], booking[37];
        (void)snprintf(id, sizeof(id), "11111111-1111-4111-8111-%012d", b->sent);
        (void)snprintf(flow, sizeof(flow), "22222222-2222-4222-8222-%012d", b->sent % 97);
        (void)snprintf(booking, sizeof(booking), "44444444-4444-4444-8444-%012d", b->sent);
        struct ticketwave_booking_inventory_update_requested_v1 event = {
            .envelope = {.event_id = mr_str_from(id),
                         .event_type = MR_STR("t"),
                         .event_version = MR_STR("1.0"),
                         .timestamp = 1,
                         .correlation_id = mr_str_from(flow),
                         .source_service = MR_STR("s")},
            .data = {.EventId = MR_STR("33333333-3333-4333-8333-333333333333"),
                     .BookingId = mr_str_from(booking),
                     .QuantityReduced = 1,
                     .RequestedAt = 1}};
        cluster_send_event(b->cluster, &b->topic, &event);
        if (i % 5000 == 4999)
            cluster_flush(b->cluster);
    }
    cluster_flush(b->cluster);
}

/* Until --once's end; fails on any other outcome. */
static inline void run_to_end(struct bench *b)
{
    struct mr_error error = MR_ERROR_INIT;
    int64_t deadline = mr_time_steady() + INT64_C(1000000) * PATIENCE_S;
    int r = 0;

    while (r == 0 && mr_time_steady() < deadline)
        r = consume_turn(&b->run, 100, &error);
    ck_assert_msg(r == MR_END, "%s: %s", mr_status_name(r), error.text);
    b->stop = true;
    ck_assert_msg(consume_run(&b->run, &error) == 0, "%s", error.text);
    b->stop = false;
}

static inline int64_t number(struct mr_store *store, const char *sql)
{
    struct mr_error error = MR_ERROR_INIT;
    int64_t n = -1;

    ck_assert_msg(mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, &error) ==
                      0,
                  "%s", error.text);
    return n;
}

static inline int64_t on_topic(const struct bench *b, const char *topic)
{
    struct mr_kafka_config config = cluster_config(b->cluster);
    struct mr_kafka_consumer *consumer;
    int64_t low, high, n = 0;

    ck_assert_int_eq(mr_kafka_consumer_new(&config, NULL, NULL, &consumer, NULL), 0);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++) {
        ck_assert_int_eq(mr_kafka_watermarks(consumer, topic, i, 10000, &low, &high, NULL), 0);
        n += high - low;
    }
    (void)mr_kafka_consumer_free(consumer);
    return n;
}

/* Answers of one flow follow their causes, of which each is later than the one before; repeats
 * are passed over. */
static inline void assert_answers_in_order(const struct bench *b)
{
    struct mr_kafka_config config = cluster_config(b->cluster);
    struct mr_kafka_consumer *consumer;
    struct mr_topic_partition items[CLUSTER_PARTITIONS];
    int64_t n = on_topic(b, answers);
    struct mr_error error = MR_ERROR_INIT;
    int last[97];

    for (int i = 0; i < 97; i++)
        last[i] = i - 97;
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        items[i] = (struct mr_topic_partition){answers, i, 0};
    ck_assert_int_eq(mr_kafka_consumer_new(&config, NULL, NULL, &consumer, NULL), 0);
    ck_assert_int_eq(mr_kafka_assign(consumer, items, CLUSTER_PARTITIONS, &error), 0);
    while (n > 0) {
        struct mr_message m;
        struct mr_bytes id;
        char digits[13] = "";
        int r = mr_kafka_poll(consumer, 10000, &m, 1, &error);
        ck_assert_msg(r == 1, "%d: %s", r, error.text);
        ck_assert_int_eq(mr_kafka_header(&m, "ce_causationid", &id), 0);
        memcpy(digits, id.data + id.len - 12, 12);
        int number = (int)strtol(digits, NULL, 10);
        ck_assert_int_le(number, last[number % 97] + 97);
        if (number > last[number % 97])
            last[number % 97] = number;
        mr_kafka_message_done(&m);
        n--;
    }
    for (int i = 0; i < 97 && i < b->sent; i++)
        ck_assert_int_ge(last[i], b->sent - 97);
    (void)mr_kafka_consumer_free(consumer);
}

/* Each event took one ticket, each has its row, its answer on the topic at least once. */
static inline void assert_all_handled_once(const struct bench *b)
{
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM reduction"), b->sent);
    ck_assert_int_eq(number(b->store, "SELECT capacity - available FROM event_inventory"), b->sent);
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM mr_inbox"), b->sent);
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_int_ge(on_topic(b, answers), b->sent);
}
