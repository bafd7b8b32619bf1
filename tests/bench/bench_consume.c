/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka -> SQLite, each event once: the engine beside the same work as it is usually written. Both
 * read orders, keep a row for each, remember ids and offsets in the transaction of the rows.
 * bench_consume engine|naive BROKERS REGISTRY FOLDER N: one line of figures, CPU of the whole
 * process. tests/bench/run.py fills the topic and runs both in turn. */
#include <avro.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "consume_kafka.h"
#include "millrace/time.h"
#include "order_management.gen.h"

static const char topic_name[] = "order-management.order.created.v1";

static double cpu_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_consume: %s: %s\n", what, why);
    exit(1);
}

/* ---- the engine ---- */

MR_HANDLER(order_management_order_created_v1, created)
{
    return mr_sql(tx, "INSERT INTO orders VALUES (?1, ?2, ?3, ?4)", MR_TEXT(event->data.order_id),
                  MR_TEXT(event->data.customer_id), MR_DECIMAL(event->data.total_amount),
                  MR_INT(event->envelope.timestamp));
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

static bool never(MR_UNUSED void *self)
{
    return false;
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
                                       .once = true,
                                       .from = "beginning",
                                       .gap = "stop",
                                       .batch = CONSUME_BATCH,
                                       .parked = CONSUME_PARKED,
                                       .drain_ms = 10000},
                           .broker = consume_kafka_broker(&kafka),
                           .registry = consume_real_registry(client),
                           .world = consume_real_world(&seed)};
    run.world.stop = never;
    if (consume_open(&run, &error) != 0 || consume_kafka_open(&run, &kafka, &config, &error) != 0 ||
        consume_run(&run, &error) != 0)
        die("run", error.text);
    int64_t n = run.count.handled;
    (void)fprintf(stderr, "batches %lld\n", (long long)run.count.batches);
    consume_kafka_close(&kafka);
    consume_close(&run);
    (void)mr_registry_free(client);
    (void)mr_store_free(store);
    return n;
}

/* ---- the same, straight on librdkafka, avro-c and SQLite ---- */

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        die(text, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK)
        die(text, sqlite3_errmsg(db));
    return stmt;
}

static const char *text_of(avro_value_t *record, const char *field, size_t *len)
{
    avro_value_t value;
    const char *text = NULL;

    if (avro_value_get_by_name(record, field, &value, NULL) != 0 ||
        avro_value_get_string(&value, &text, len) != 0)
        die(field, avro_strerror());
    return text;
}

struct naive {
    rd_kafka_t *rk;
    sqlite3 *db;
    sqlite3_stmt *inbox, *order, *offset;
    avro_value_t value;
};

static void naive_event(struct naive *n, const rd_kafka_message_t *rkm)
{
    avro_reader_t reader =
        avro_reader_memory((const char *)rkm->payload + 5, (int64_t)rkm->len - 5);
    avro_value_t data, field;
    size_t len, amount_len = 0;
    const void *amount = NULL;
    const char *text;
    int64_t at = 0;

    if (avro_value_read(reader, &n->value) != 0)
        die("decode", avro_strerror());
    avro_reader_free(reader);
    text = text_of(&n->value, "event_id", &len);
    (void)sqlite3_bind_text(n->inbox, 1, text, (int)len - 1, SQLITE_STATIC);
    (void)sqlite3_step(n->inbox);
    (void)sqlite3_reset(n->inbox);
    if (sqlite3_changes(n->db) == 0)
        return;
    (void)avro_value_get_by_name(&n->value, "timestamp", &field, NULL);
    (void)avro_value_get_long(&field, &at);
    (void)avro_value_get_by_name(&n->value, "data", &data, NULL);
    text = text_of(&data, "order_id", &len);
    (void)sqlite3_bind_text(n->order, 1, text, (int)len - 1, SQLITE_STATIC);
    text = text_of(&data, "customer_id", &len);
    (void)sqlite3_bind_text(n->order, 2, text, (int)len - 1, SQLITE_STATIC);
    (void)avro_value_get_by_name(&data, "total_amount", &field, NULL);
    (void)avro_value_get_bytes(&field, &amount, &amount_len);
    (void)sqlite3_bind_blob(n->order, 3, amount, (int)amount_len, SQLITE_STATIC);
    (void)sqlite3_bind_int64(n->order, 4, at);
    if (sqlite3_step(n->order) != SQLITE_DONE)
        die("insert", sqlite3_errmsg(n->db));
    (void)sqlite3_reset(n->order);
}

static void naive_commit(struct naive *n, const int64_t *next)
{
    for (int i = 0; i < 64; i++) {
        if (next[i] == 0)
            continue;
        (void)sqlite3_bind_int(n->offset, 1, i);
        (void)sqlite3_bind_int64(n->offset, 2, next[i]);
        (void)sqlite3_step(n->offset);
        (void)sqlite3_reset(n->offset);
    }
    sql(n->db, "COMMIT");
    sql(n->db, "BEGIN");
}

static void naive_open(struct naive *n, char **argv, const char *path)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char err[512], group[64];
    avro_schema_t schema;
    avro_schema_error_t why;

    (void)snprintf(group, sizeof(group), "naive-%" PRId64, mr_time_now());
    const char *const rows[][2] = {{"bootstrap.servers", argv[2]},
                                   {"group.id", group},
                                   {"enable.auto.commit", "false"},
                                   {"auto.offset.reset", "earliest"}};
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        if (rd_kafka_conf_set(conf, rows[i][0], rows[i][1], err, sizeof(err)) != RD_KAFKA_CONF_OK)
            die(rows[i][0], err);
    n->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, err, sizeof(err));
    if (!n->rk)
        die("kafka", err);
    (void)rd_kafka_poll_set_consumer(n->rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, topic_name, RD_KAFKA_PARTITION_UA);
    (void)rd_kafka_subscribe(n->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    const struct mr_topic *topic = topics[0];
    if (avro_schema_from_json(topic->schema_text, (int32_t)topic->schema_len, &schema, &why) != 0)
        die("schema", avro_strerror());
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    (void)avro_generic_value_new(iface, &n->value);
    if (sqlite3_open(path, &n->db) != SQLITE_OK)
        die(path, "cannot open");
    sql(n->db,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE inbox (event_id TEXT PRIMARY KEY);"
        "CREATE TABLE orders (order_id TEXT PRIMARY KEY, customer_id TEXT, total BLOB, at INTEGER);"
        "CREATE TABLE offsets (part INTEGER PRIMARY KEY, next INTEGER); BEGIN");
    n->inbox = prepare(n->db, "INSERT OR IGNORE INTO inbox VALUES (?1)");
    n->order = prepare(n->db, "INSERT INTO orders VALUES (?1, ?2, ?3, ?4)");
    n->offset = prepare(n->db, "INSERT OR REPLACE INTO offsets VALUES (?1, ?2)");
}

static int64_t run_naive(char **argv, const char *path)
{
    enum { BATCH = 500 };
    static struct naive n;
    int64_t want = atoll(argv[5]), seen = 0, next[64] = {0};

    naive_open(&n, argv, path);
    while (seen < want) {
        rd_kafka_message_t *rkm = rd_kafka_consumer_poll(n.rk, 1000);
        if (rkm && !rkm->err) {
            naive_event(&n, rkm);
            next[rkm->partition % 64] = rkm->offset + 1;
            if (++seen % BATCH == 0)
                naive_commit(&n, next);
        }
        if (rkm)
            rd_kafka_message_destroy(rkm);
    }
    naive_commit(&n, next);
    sql(n.db, "COMMIT");
    (void)sqlite3_finalize(n.inbox);
    (void)sqlite3_finalize(n.order);
    (void)sqlite3_finalize(n.offset);
    (void)sqlite3_close(n.db);
    (void)rd_kafka_consumer_close(n.rk);
    rd_kafka_destroy(n.rk);
    return seen;
}

int main(int argc, char **argv)
{
    char path[512];

    if (argc != 6)
        die("usage", "bench_consume engine|naive BROKERS REGISTRY FOLDER N");
    mr_log_set_level(MR_LOG_WARN);
    (void)snprintf(path, sizeof(path), "%s/%s-%" PRId64 ".db", argv[4], argv[1], mr_time_now());
    int64_t begun = mr_time_steady();
    int64_t n = strcmp(argv[1], "engine") == 0 ? run_engine(argv, path) : run_naive(argv, path);
    double wall = (double)(mr_time_steady() - begun) * 1e-6, cpu = cpu_seconds();
    (void)printf("{\"program\":\"%s\",\"events\":%" PRId64
                 ",\"cpu_us\":%.2f,\"events_per_s\":%.0f,\"seconds\":%.2f}\n",
                 argv[1], n, cpu / (double)n * 1e6, (double)n / wall, wall);
    return 0;
}
