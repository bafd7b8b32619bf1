/* SPDX-License-Identifier: Apache-2.0 */
/* Order by time against the embedded broker: two topics that come one after the other are merged,
 * with little memory and through a restart. */
#include "consume.h"
#include "support/consumer_bench.h"
#include "support/unit.h"

enum { N = 1500, FLOWS = 7, LITTLE = 6 * 20000 };

static int note(struct mr_tx *tx)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;

    return mr_sql(tx, "INSERT INTO effect (flow, at) VALUES (?1, ?2)", MR_TEXT(e->correlation_id),
                  MR_INT(e->timestamp));
}

MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, asked)
{
    (void)event;
    return note(tx);
}

MR_HANDLER(ticketwave_catalog_inventory_updated_v1, answered)
{
    (void)event;
    return note(tx);
}

static const struct mr_topic *const both[] = {
    &topic_ticketwave_booking_inventory_update_requested_v1,
    &topic_ticketwave_catalog_inventory_updated_v1};

static const struct mr_consumer consumer = {
    .name = "test",
    .summary = "For tests",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, asked),
                          MR_ON(ticketwave_catalog_inventory_updated_v1, answered)),
    .migrations = MR_MIGRATIONS({1, "CREATE TABLE effect (seq INTEGER PRIMARY KEY AUTOINCREMENT,"
                                    " flow TEXT NOT NULL, at INTEGER NOT NULL) STRICT"}),
};

static const struct mr_consumer_group group = {
    .name = "test",
    .dead_letter_topic = "ticketwave-catalog.dlq",
    .topics = both,
    .n_topics = 2,
    .retry = {.max_attempts = 3, .initial_ms = 100, .max_ms = 300, .multiplier = 2},
    .order = {.by_time = true, .wait_ms = 500}};

/* The events of one topic: every second moment, the others are the other's. */
static void fill(struct bench *b, struct cluster_topic *topic, int odd)
{
    static char id[37], booking[37];
    struct mr_envelope envelope = {
        .event_type = MR_STR("t"), .event_version = MR_STR("1.0"), .source_service = MR_STR("s")};

    for (int i = 0; i < N; i++) {
        (void)snprintf(id, sizeof(id), "11111111-1111-4111-8111-%012d", 2 * i + odd);
        (void)snprintf(booking, sizeof(booking), "22222222-2222-4222-8222-%012d", i % FLOWS);
        envelope.event_id = mr_str_from(id);
        envelope.correlation_id = mr_str_from(booking);
        envelope.timestamp = INT64_C(1700000000000000) + 2 * i + odd;
        struct ticketwave_booking_inventory_update_requested_v1 question = {
            .envelope = envelope,
            .data = {.EventId = mr_str_from(id),
                     .BookingId = mr_str_from(booking),
                     .QuantityReduced = 1,
                     .RequestedAt = 1}};
        struct ticketwave_catalog_inventory_updated_v1 answer = {
            .envelope = envelope,
            .data = {.EventId = mr_str_from(id),
                     .BookingId = mr_str_from(booking),
                     .UpdateType = MR_STR("x"),
                     .UpdatedAt = 1}};
        cluster_send_event(b->cluster, topic, odd ? (void *)&answer : (void *)&question);
    }
    cluster_flush(b->cluster);
}

static void open_both(struct bench *b)
{
    static const char *const properties[] = {"fetch.wait.max.ms=50", "session.timeout.ms=4500",
                                             "heartbeat.interval.ms=100"};
    struct mr_kafka_config config = cluster_config(b->cluster);
    struct mr_registry_config registry = {
        .urls = b->cluster->url, .retries = -1, .timeout_ms = 2000};
    struct mr_error error = MR_ERROR_INIT;

    config.properties = properties;
    config.n_properties = MR_N_ELEMENTS(properties);
    b->kafka = (struct consume_kafka){0};
    if (!b->store)
        ck_assert_int_eq(mr_store_open("sqlite::memory:", NULL, &b->store, &error), 0);
    ck_assert_int_eq(mr_registry_new(&registry, &b->registry, &error), 0);
    b->run = (struct consume){
        .consumer = &consumer,
        .group = &group,
        .options = {.group = "test",
                    .once = true,
                    .from = "beginning",
                    .gap = "stop",
                    .batch = 200,
                    .parked = 100,
                    .drain_ms = 20000},
        .broker = consume_kafka_broker(&b->kafka),
        .registry = consume_real_registry(b->registry),
        .world = {.self = b, .now = clock_now, .random = dice, .stop = wants_to_stop},
        .store = b->store};
    ck_assert_msg(consume_open(&b->run, &error) == 0, "%s", error.text);
    b->run.merge.most = LITTLE;
    ck_assert_msg(consume_kafka_open(&b->run, &b->kafka, &config, &error) == 0, "%s", error.text);
}

static int64_t out_of_order(struct bench *b)
{
    return number(b->store, "SELECT count(*) FROM (SELECT at, lag(at) OVER (PARTITION BY flow ORDER"
                            " BY seq) AS before FROM effect) WHERE at < before");
}

START_TEST(two_topics_are_merged_with_little_memory_and_through_a_restart)
{
    struct bench *b = bench_new();
    struct cluster_topic second;
    struct mr_error error = MR_ERROR_INIT;
    int64_t paused = 0;

    cluster_topic_open(b->cluster, &second, both[1]);
    fill(b, &b->topic, 0);
    fill(b, &second, 1);
    open_both(b);
    while (number(b->store, "SELECT count(*) FROM effect") < N / 2) {
        ck_assert_msg(consume_turn(&b->run, 100, &error) == 0, "%s", error.text);
        ck_assert_uint_le(b->run.merge.n_bytes, LITTLE + 200 * 1000);
        for (size_t i = 0; i < b->run.n_partitions; i++)
            paused += b->run.partitions[i].hold == CONSUME_WAITS_ORDER;
    }
    ck_assert_int_gt(paused, 0);
    close_consumer(b, true); /* what it held back is dropped */
    open_both(b);
    run_to_end(b);
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM effect"), 2 * N);
    ck_assert_int_eq(number(b->store, "SELECT count(DISTINCT at) FROM effect"), 2 * N);
    ck_assert_int_eq(out_of_order(b), 0);
    ck_assert_int_eq(b->run.count.late, 0);
    ck_assert_int_eq(b->run.count.duplicates, 0);
    close_consumer(b, false);
    cluster_topic_close(&second);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run_within("order", 60,
                           (const TTest *[]){
                               two_topics_are_merged_with_little_memory_and_through_a_restart,
                               NULL,
                           });
}
