/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka -> a store, each event once: the engine, and the same work into SQLite as it is usually
 * written. Both read orders, keep a row for each, remember ids and offsets in the transaction of
 * the rows. bench_consume engine|naive BROKERS REGISTRY STORE N: one line of figures, CPU of the
 * whole process. bench_consume.py fills the topic and runs both in turn. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench_consume.h"
#include "consume_kafka.h"
#include "millrace/time.h"
#include "order_management.gen.h"

static double cpu_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_consume: %s: %s\n", what, why);
    exit(1);
}

struct measured measured;

/* ---- the engine ---- */

MR_HANDLER(order_management_order_created_v1, created)
{
    bool poison = mr_str_is(event->data.customer_id, "poison");

    int r = mr_sql(tx, "INSERT INTO orders VALUES (?1, ?2, ?3, ?4)", MR_TEXT(event->data.order_id),
                   MR_TEXT(event->data.customer_id), MR_DECIMAL(event->data.total_amount),
                   MR_INT(event->envelope.timestamp));
    if (r != 0 || poison) /* undone again: the hard case */
        return r != 0 ? r : mr_tx_again(tx, "poisoned");
    if (measured.n < MOST_DELAYS && measured.run->count.handled >= measured.want / 5)
        measured.delays[measured.n++] = event->envelope.timestamp;
    return 0;
}

static const struct mr_topic *const topics[] = {&topic_order_management_order_created_v1};

static const struct mr_consumer consumer = {
    .name = "bench",
    .summary = "",
    .handles = MR_HANDLES(MR_ON(order_management_order_created_v1, created)),
    .migrations = MR_MIGRATIONS({1, "CREATE TABLE orders (order_id TEXT NOT NULL PRIMARY KEY,"
                                    " customer_id TEXT NOT NULL, total TEXT NOT NULL,"
                                    " at INTEGER NOT NULL) STRICT, WITHOUT ROWID"}),
};

static bool has_all(MR_UNUSED void *self)
{
    return measured.run->count.handled >= measured.want;
}

static struct consume_broker real;

/* What was handled and not committed since comes again. */
static int timed_poll(void *self, int timeout_ms, struct mr_message *messages, size_t max,
                      struct mr_error *reterr)
{
    int n = real.poll(self, timeout_ms, messages, max, reterr);

    if (n > 0 && measured.first_at == 0)
        measured.first_at = mr_time_steady();
    measured.n = measured.committed;
    return n;
}

static int64_t resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long long pages = 0;

    if (!file || fscanf(file, "%*s %lld", &pages) != 1)
        die("/proc/self/statm", "cannot be read");
    (void)fclose(file);
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}

/* Kafka is told after each transaction. */
static int timed_commit(void *self, const struct mr_topic_partition *items, size_t n_items,
                        bool wait, struct mr_error *reterr)
{
    int64_t now = mr_time_now();

    measured.last_at = mr_time_steady();
    for (; measured.committed < measured.n; measured.committed++)
        measured.delays[measured.committed] = now - measured.delays[measured.committed];
    if (measured.half_kib == 0 && measured.run->count.handled >= measured.want / 2)
        measured.half_kib = resident_kib();
    if (has_all(NULL) && measured.end_kib == 0)
        measured.end_kib = resident_kib();
    return real.commit(self, items, n_items, wait, reterr);
}

static int64_t run_engine(char **argv, const char *path)
{
    static struct consume run;
    static struct consume_kafka kafka;
    const struct mr_consumer_group group = {
        .name = "bench",
        .dead_letter_topic = "order-management.dlq",
        .topics = topics,
        .n_topics = 1,
        .retry = {.max_attempts = 5, .initial_ms = 1000, .max_ms = 1000, .multiplier = 2}};
    struct mr_registry_config registry = {.urls = argv[3]};
    struct mr_kafka_config config = {.brokers = argv[2], .client_id = "bench"};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_registry *client = NULL;
    struct mr_store *store;
    uint64_t seed = 1;
    char name[64];

    (void)snprintf(name, sizeof(name), "bench-%" PRId64, mr_time_now());
    if (mr_store_open(path, NULL, &store, &error) != 0 ||
        mr_registry_new(&registry, &client, &error) != 0)
        die("open", error.text);
    run = (struct consume){.consumer = &consumer,
                           .group = &group,
                           .store = store,
                           .options = {.group = name,
                                       .from = measured.follow ? "end" : "beginning",
                                       .gap = "stop",
                                       .batch = CONSUME_BATCH,
                                       .parked = CONSUME_PARKED,
                                       .drain_ms = 10000},
                           .broker = consume_kafka_broker(&kafka),
                           .registry = consume_real_registry(client),
                           .world = consume_real_world(&seed)};
    run.world.stop = has_all;
    measured.run = &run;
    real = run.broker;
    run.broker.poll = timed_poll;
    run.broker.commit = timed_commit;
    if (consume_open(&run, &error) != 0 || consume_kafka_open(&run, &kafka, &config, &error) != 0 ||
        consume_run(&run, &error) != 0)
        die("run", error.text);
    int64_t n = run.count.handled;
    consume_kafka_close(&kafka);
    consume_close(&run);
    (void)mr_registry_free(client);
    (void)mr_store_free(store);
    return n;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double delay_ms(int percent)
{
    if (measured.committed == 0)
        return 0;
    return (double)measured.delays[(measured.committed - 1) * (size_t)percent / 100] / 1000;
}

int main(int argc, char **argv)
{
    struct rusage usage;

    if (argc != 6)
        die("usage", "bench_consume engine|follow|naive BROKERS REGISTRY STORE N");
    measured.want = atoll(argv[5]);
    measured.follow = strcmp(argv[1], "follow") == 0;
    mr_log_set_level(measured.follow ? MR_LOG_INFO : MR_LOG_ERROR);
    int64_t n =
        strcmp(argv[1], "naive") == 0 ? run_naive(argv[2], argv[4]) : run_engine(argv, argv[4]);
    double wall = (double)(measured.last_at - measured.first_at) * 1e-6, cpu = cpu_seconds();
    (void)getrusage(RUSAGE_SELF, &usage);
    qsort(measured.delays, measured.committed, sizeof(measured.delays[0]), compare);
    (void)printf("{\"program\":\"%s\",\"events\":%" PRId64 ",\"cpu_us\":%.2f,"
                 "\"events_per_s\":%.0f,\"seconds\":%.2f,\"peak_mib\":%.1f,"
                 "\"half_mib\":%.1f,\"end_mib\":%.1f,\"delay_ms\":[%.2f,%.2f],"
                 "\"parked\":%" PRId64 ",\"redone\":%" PRId64 "}\n",
                 argv[1], n, cpu / (double)n * 1e6, (double)n / wall, wall,
                 (double)usage.ru_maxrss / 1024, (double)measured.half_kib / 1024,
                 (double)measured.end_kib / 1024, delay_ms(50), delay_ms(99),
                 measured.run ? measured.run->count.parked : 0,
                 measured.run ? measured.run->count.redone : 0);
    return 0;
}
