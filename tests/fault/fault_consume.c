/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer against a broker and a registry that fail. Every test ends by counting: what was
 * sent is handled or a dead letter, once. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "consume_kafka.h"
#include "millrace/time.h"
#include "support/cluster.h"
#include "support/unit.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

extern const struct mr_consumer consumer_ticketwave_catalog;
extern char **environ;

enum { PATIENCE_S = 60 };

static const char requests[] = "ticketwave-booking.inventory.update-requested.v1";
static const char answers[] = "ticketwave-catalog.inventory.updated.v1";
static const char letters[] = "ticketwave-catalog.dlq";

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
};

static bool wants_to_stop(void *self)
{
    return ((struct bench *)self)->stop;
}

static uint64_t dice(void *self)
{
    return ++((struct bench *)self)->seed * UINT64_C(0x9e3779b97f4a7c15);
}

static int64_t clock_now(MR_UNUSED void *self)
{
    return mr_time_now();
}

static int open_consumer(struct bench *b, const char *store, struct mr_error *error)
{
    static const char *const properties[] = {
        "heartbeat.interval.ms=100", "reconnect.backoff.max.ms=200", "retry.backoff.ms=20",
        "fetch.wait.max.ms=50",      "fetch.error.backoff.ms=20",    "session.timeout.ms=4500"};
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
                    .inbox = 100000,
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

static void close_consumer(struct bench *b, bool keep_store)
{
    consume_kafka_close(&b->kafka);
    consume_close(&b->run);
    b->registry = mr_registry_free(b->registry);
    if (!keep_store)
        b->store = mr_store_free(b->store);
}

static struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    mr_log_set_level(MR_LOG_OFF);
    b->cluster = cluster_start();
    cluster_topic_open(b->cluster, &b->topic,
                       &topic_ticketwave_booking_inventory_update_requested_v1);
    return b;
}

static void bench_free(struct bench *b)
{
    cluster_topic_close(&b->topic);
    (void)mr_store_free(b->store);
    cluster_stop(b->cluster);
    free(b);
}

static void start(struct bench *b)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(open_consumer(b, "sqlite::memory:", &error) == 0, "%s", error.text);
}

static void send(struct bench *b, int n)
{
    for (int i = 0; i < n; i++, b->sent++) {
        char id[37], booking[37];
        (void)snprintf(id, sizeof(id), "11111111-1111-4111-8111-%012d", b->sent);
        (void)snprintf(booking, sizeof(booking), "22222222-2222-4222-8222-%012d", b->sent % 97);
        struct ticketwave_booking_inventory_update_requested_v1 event = {
            .envelope = {.event_id = mr_str_from(id),
                         .event_type = MR_STR("t"),
                         .event_version = MR_STR("1.0"),
                         .timestamp = 1,
                         .correlation_id = mr_str_from(booking),
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
static void run_to_end(struct bench *b)
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

static int64_t number(struct mr_store *store, const char *sql)
{
    struct mr_error error = MR_ERROR_INIT;
    int64_t n = -1;

    ck_assert_msg(mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, &error) ==
                      0,
                  "%s", error.text);
    return n;
}

static int64_t on_topic(const struct bench *b, const char *topic)
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

/* Each event took one ticket, each has its row, its answer on the topic at least once. */
static void assert_all_handled_once(const struct bench *b)
{
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM reduction"), b->sent);
    ck_assert_int_eq(number(b->store, "SELECT capacity - available FROM event_inventory"), b->sent);
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM mr_inbox"), b->sent);
    ck_assert_int_eq(number(b->store, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_int_ge(on_topic(b, answers), b->sent);
}

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

/* ---- kill -9, of the real binary ---- */

static pid_t spawn(const struct bench *b, const char *store, bool once)
{
    char binary[512];
    const char *argv[] = {binary,
                          "-b",
                          mr_kafka_embedded_brokers(b->cluster->broker),
                          "-r",
                          b->cluster->url,
                          "--store",
                          store,
                          "--batch",
                          "50",
                          "--capacity",
                          "1000000",
                          "--log-level",
                          "error",
                          "-X",
                          "session.timeout.ms=4500",
                          "-X",
                          "heartbeat.interval.ms=100",
                          once ? "--once" : NULL,
                          NULL};
    pid_t pid;

    (void)snprintf(binary, sizeof(binary), "%s/consumers/ticketwave-catalog-consumer",
                   getenv("MILLRACE_BUILD"));
    ck_assert_int_eq(posix_spawn(&pid, binary, NULL, NULL, (char *const *)(uintptr_t)argv, environ),
                     0);
    return pid;
}

static int64_t handled_so_far(const char *path)
{
    struct mr_store_options read_only = {.read_only = true};
    struct mr_store *store;
    int64_t n = 0;

    if (mr_store_open(path, &read_only, &store, NULL) != 0)
        return 0;
    if (mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), "SELECT count(*) FROM mr_inbox",
                     MR_NO_VALUES, NULL) != 0)
        n = 0;
    (void)mr_store_free(store);
    return n;
}

START_TEST(kill_9_in_mid_flow_loses_nothing_and_doubles_nothing)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    char folder[] = "/tmp/mr-consume-XXXXXX", path[64], command[128];
    int64_t deadline = mr_time_steady() + INT64_C(1000000) * 3 * PATIENCE_S;
    int status, killed_in_flow = 0;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    send(b, 20000);
    for (int64_t goal = 2000; goal <= 10000; goal += 4000) {
        pid_t pid = spawn(b, path, false);
        while (handled_so_far(path) < goal && mr_time_steady() < deadline)
            (void)usleep(2000);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        killed_in_flow += handled_so_far(path) < b->sent;
    }
    ck_assert_int_ge(killed_in_flow, 2);
    pid_t pid = spawn(b, path, true);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(mr_store_open(path, NULL, &b->store, &error) == 0, "%s", error.text);
    assert_all_handled_once(b);
    bench_free(b);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(sigterm_finishes_the_batch_and_says_what_was_done)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    char folder[] = "/tmp/mr-consume-XXXXXX", path[64], command[128];
    int64_t deadline = mr_time_steady() + INT64_C(1000000) * PATIENCE_S;
    int status;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    send(b, 1000);
    pid_t pid = spawn(b, path, false);
    while (handled_so_far(path) < 1000 && mr_time_steady() < deadline)
        (void)usleep(5000);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(mr_store_open(path, NULL, &b->store, &error) == 0, "%s", error.text);
    assert_all_handled_once(b);
    bench_free(b);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    return unit_run_within("consume", 60,
                           (const TTest *[]){
                               cut_connections_and_fetch_errors_lose_nothing,
                               a_failing_offset_commit_changes_no_effect,
                               a_refusing_broker_gets_every_answer_in_the_end,
                               a_broker_that_goes_away_and_comes_back_loses_nothing,
                               a_missing_topic_is_named,
                               a_second_instance_is_refused,
                               what_is_no_event_goes_to_the_dead_letters_and_the_rest_is_handled,
                               a_registry_that_comes_back_lets_the_partitions_flow_again,
                               a_full_disk_stops_and_loses_nothing,
                               a_foreign_write_lock_is_waited_for,
                               kill_9_in_mid_flow_loses_nothing_and_doubles_nothing,
                               sigterm_finishes_the_batch_and_says_what_was_done,
                               NULL,
                           });
}
