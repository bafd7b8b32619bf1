/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer against a broker, a registry and a disk that fail. Every test ends by counting: what
 * was sent is handled or a dead letter, once. */
#include <errno.h>
#include <unistd.h>

#include "support/consumer_bench.h"
#include "support/unit.h"

static const char requests[] = "ticketwave-booking.inventory.update-requested.v1";
static const char letters[] = "ticketwave-catalog.dlq";

/* ---- faults of the broker ---- */

START_TEST(cut_connections_and_fetch_errors_lose_nothing)
{
    struct bench *b = bench_new();
    int fetch[] = {6 /* not leader */, MR_EMBEDDED_DISCONNECT, 3 /* unknown topic or partition */,
                   6, MR_EMBEDDED_DISCONNECT};
    int coordinator[] = {15, 16, 14}; /* not available, not coordinator, loading */

    send(b, 3000);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 10, coordinator, 3), 0);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 1, fetch, MR_N_ELEMENTS(fetch)), 0);
    start(b);
    run_to_end(b);
    assert_all_handled_once(b);
    ck_assert_int_eq(on_topic(b, answers), b->sent);
    close_consumer(b, true);
    bench_free(b);
}
END_TEST

START_TEST(a_failing_offset_commit_changes_no_effect)
{
    struct bench *b = bench_new();
    int errors[] = {16, 27, 25, 22, 16}; /* coordinator, rebalance, unknown member, generation */

    send(b, 1000);
    start(b);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 8, errors, MR_N_ELEMENTS(errors)),
                     0);
    run_to_end(b);
    close_consumer(b, true);
    send(b, 500);
    start(b);
    run_to_end(b);
    ck_assert_int_eq(b->run.count.duplicates, 0);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

START_TEST(a_refusing_broker_gets_every_answer_in_the_end)
{
    struct bench *b = bench_new();
    int errors[] = {19, 7, MR_EMBEDDED_DISCONNECT, 20}; /* not enough replicas, timeout */

    send(b, 1000);
    start(b);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 0, errors, MR_N_ELEMENTS(errors)),
                     0);
    run_to_end(b);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

START_TEST(a_broker_that_goes_away_and_comes_back_loses_nothing)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;

    send(b, 2000);
    start(b);
    b->run.options.batch = 100;
    while (b->run.count.handled < 300)
        ck_assert_msg(consume_turn(&b->run, 50, &error) == 0, "%s", error.text);
    ck_assert_int_eq(mr_kafka_embedded_broker_down(b->cluster->broker, -1, true), 0);
    for (int i = 0; i < 20; i++)
        ck_assert_msg(consume_turn(&b->run, 20, &error) == 0, "%s", error.text);
    ck_assert_int_eq(mr_kafka_embedded_broker_down(b->cluster->broker, -1, false), 0);
    run_to_end(b);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

START_TEST(a_producer_at_its_end_is_made_anew_in_process_and_answers_stay_in_order)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    int64_t spoiled = 0;

    send(b, 3000);
    start(b);
    b->run.options.batch = 100;
    for (int r = 0; r == 0 && b->run.count.handled < 3000;) {
        r = consume_turn(&b->run, 50, &error);
        ck_assert_msg(r == 0, "%s", error.text);
        if (b->run.count.handled >= (spoiled + 1) * 900 && b->run.count.renewals == spoiled) {
            mr_kafka_producer_spoil(b->kafka.producer);
            spoiled++;
        }
    }
    run_to_end(b);
    ck_assert_int_eq(spoiled, 3);
    ck_assert_int_eq(b->run.count.renewals, 3);
    close_consumer(b, true);
    assert_all_handled_once(b);
    assert_answers_in_order(b);
    bench_free(b);
}
END_TEST

/* The embedded broker does not check sequences, so that no request may follow a refused one. */
START_TEST(brokers_that_lost_track_of_the_producer_get_every_answer_in_order)
{
    static const int errors[] = {45, 0, 0, 45}; /* OUT_OF_ORDER_SEQUENCE_NUMBER */
    struct bench *b = bench_new();

    send(b, 2000);
    b->property = "max.in.flight=1";
    start(b);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 0, errors, MR_N_ELEMENTS(errors)),
                     0);
    run_to_end(b);
    ck_assert_int_eq(b->run.count.renewals, 2);
    close_consumer(b, true);
    assert_all_handled_once(b);
    assert_answers_in_order(b);
    bench_free(b);
}
END_TEST

/* As a broker does that has just come back, under load. */
START_TEST(a_partition_that_a_broker_does_not_know_for_a_moment_is_asked_for_again)
{
    static const int errors[] = {3 /* unknown topic or partition */, 3, 3};
    struct bench *b = bench_new();

    send(b, 200);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 2, errors, MR_N_ELEMENTS(errors)),
                     0);
    start(b);
    run_to_end(b);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

/* Longer than an assignment waits: the partitions stand still, and are begun from the loop. */
START_TEST(partitions_that_a_broker_does_not_know_when_they_are_assigned_are_begun_later)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    int errors[14];

    for (size_t i = 0; i < MR_N_ELEMENTS(errors); i++)
        errors[i] = 3 /* unknown topic or partition */;
    send(b, 200);
    ck_assert_int_eq(mr_kafka_embedded_fail(b->cluster->broker, 2, errors, MR_N_ELEMENTS(errors)),
                     0);
    start(b);
    while (b->run.asking.since == 0)
        ck_assert_msg(consume_turn(&b->run, 50, &error) == 0, "%s", error.text);
    ck_assert(!b->run.assigned);
    send(b, 200); /* nothing that is read before is kept */
    for (int i = 0; i < 10; i++)
        ck_assert_msg(consume_turn(&b->run, 20, &error) == 0, "%s", error.text);
    run_to_end(b);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

START_TEST(a_missing_topic_is_named)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;

    (void)mr_kafka_embedded_stop(b->cluster->broker);
    ck_assert_int_eq(mr_kafka_embedded_start(1, &b->cluster->broker, &error), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(b->cluster->broker, requests, 1), 0);
    ck_assert_int_eq(open_consumer(b, "sqlite::memory:", &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "no topic ticketwave-catalog.inventory.updated.v1"));
    ck_assert_ptr_nonnull(strstr(error.text, "millrace topics create"));
    close_consumer(b, true);
    bench_free(b);
}
END_TEST

START_TEST(a_topic_that_goes_away_while_it_is_read_stops_the_process_with_its_name)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    int r = 0;

    b->property = "topic.metadata.refresh.interval.ms=200";
    send(b, 200);
    start(b);
    b->run.options.once = false;
    while (b->run.count.handled < 200)
        ck_assert_msg(consume_turn(&b->run, 50, &error) == 0, "%s", error.text);
    mr_kafka_embedded_topic(b->cluster->broker, requests, 3 /* unknown topic or partition */);
    while (r == 0)
        r = consume_turn(&b->run, 50, &error);
    ck_assert_int_eq(r, -ENOENT);
    ck_assert_ptr_nonnull(strstr(error.text, requests));
    mr_kafka_embedded_topic(b->cluster->broker, requests, 0);
    close_consumer(b, true);
    send(b, 200); /* its supervisor starts it again */
    start(b);
    run_to_end(b);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

START_TEST(a_second_instance_is_refused)
{
    struct bench *a = bench_new();
    struct bench *b = calloc(1, sizeof(*b));
    struct mr_error error = MR_ERROR_INIT;
    int64_t deadline = mr_time_steady() + INT64_C(1000000) * PATIENCE_S;
    int r = 0;

    send(a, 200);
    start(a);
    a->run.options.once = false;
    while (a->run.count.handled < 200)
        ck_assert_msg(consume_turn(&a->run, 50, &error) == 0, "%s", error.text);
    ck_assert_ptr_nonnull(b);
    b->cluster = a->cluster;
    start(b);
    b->run.options.once = false;
    while (r == 0 && mr_time_steady() < deadline) {
        r = consume_turn(&a->run, 50, &error);
        if (r == 0)
            r = consume_turn(&b->run, 50, &error);
    }
    ck_assert_int_eq(r, MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "stop the other"));
    close_consumer(b, false);
    close_consumer(a, true);
    assert_all_handled_once(a);
    free(b);
    bench_free(a);
}
END_TEST

/* ---- faults of records and of the registry ---- */

START_TEST(what_is_no_event_goes_to_the_dead_letters_and_the_rest_is_handled)
{
    struct bench *b = bench_new();

    for (int i = 0; i < 50; i++) {
        send(b, 10);
        cluster_send(b->cluster, requests, (struct mr_bytes){(const uint8_t *)"k", 1},
                     (struct mr_bytes){(const uint8_t *)"{\"not\":\"avro\"}", 14});
    }
    cluster_flush(b->cluster);
    start(b);
    run_to_end(b);
    ck_assert_int_eq(b->run.count.dead_lettered, 50);
    ck_assert_int_eq(b->run.count.consumed, b->sent + 50);
    close_consumer(b, true);
    assert_all_handled_once(b);
    ck_assert_int_eq(on_topic(b, letters), 50);
    bench_free(b);
}
END_TEST

START_TEST(a_registry_that_comes_back_lets_the_partitions_flow_again)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    char address[64];

    send(b, 300);
    start(b);
    (void)snprintf(address, sizeof(address), "%s", mr_registry_server_address(b->cluster->server));
    cluster_stop_registry(b->cluster);
    while (b->run.count.holds < CLUSTER_PARTITIONS)
        ck_assert_msg(consume_turn(&b->run, 50, &error) == 0, "%s", error.text);
    ck_assert_int_eq(b->run.count.handled, 0);
    cluster_start_registry(b->cluster, address);
    run_to_end(b);
    ck_assert_int_eq(b->run.count.dead_lettered, 0);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

/* ---- faults of the store ---- */

START_TEST(a_full_disk_stops_and_loses_nothing)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    int r = 0;

    send(b, 2000);
    start(b);
    b->run.options.batch = 200;
    (void)number(b->store, "PRAGMA max_page_count = 60"); /* as a full disk: SQLITE_FULL */
    for (int i = 0; i < 1000 && r == 0; i++)
        r = consume_turn(&b->run, 50, &error);
    ck_assert_int_eq(r, -ENOSPC);
    ck_assert_ptr_nonnull(strstr(error.text, "make room"));
    close_consumer(b, true);
    (void)number(b->store, "PRAGMA max_page_count = 100000");
    start(b);
    run_to_end(b);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
}
END_TEST

START_TEST(a_foreign_write_lock_is_waited_for)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    char folder[] = "/tmp/mr-consume-XXXXXX", path[64], command[256];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    send(b, 100);
    ck_assert_msg(open_consumer(b, path, &error) == 0, "%s", error.text);
    (void)snprintf(
        command, sizeof(command),
        "(printf 'BEGIN IMMEDIATE;\\n.shell echo locked; sleep 1\\nCOMMIT;\\n') | sqlite3 %s",
        path);
    FILE *other = popen(command, "r");
    char line[16] = "";
    ck_assert_ptr_nonnull(other);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), other));
    run_to_end(b);
    ck_assert_int_eq(pclose(other), 0);
    close_consumer(b, true);
    assert_all_handled_once(b);
    bench_free(b);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    return unit_run_within(
        "consume", 60,
        (const TTest *[]){
            cut_connections_and_fetch_errors_lose_nothing,
            a_failing_offset_commit_changes_no_effect,
            a_refusing_broker_gets_every_answer_in_the_end,
            a_broker_that_goes_away_and_comes_back_loses_nothing,
            a_producer_at_its_end_is_made_anew_in_process_and_answers_stay_in_order,
            brokers_that_lost_track_of_the_producer_get_every_answer_in_order,
            a_partition_that_a_broker_does_not_know_for_a_moment_is_asked_for_again,
            partitions_that_a_broker_does_not_know_when_they_are_assigned_are_begun_later,
            a_missing_topic_is_named,
            a_topic_that_goes_away_while_it_is_read_stops_the_process_with_its_name,
            a_second_instance_is_refused,
            what_is_no_event_goes_to_the_dead_letters_and_the_rest_is_handled,
            a_registry_that_comes_back_lets_the_partitions_flow_again,
            a_full_disk_stops_and_loses_nothing,
            a_foreign_write_lock_is_waited_for,
            NULL,
        });
}
