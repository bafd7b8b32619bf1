/* SPDX-License-Identifier: Apache-2.0 */
/* The peer of bench_consume: the same work straight on librdkafka, avro-c and SQLite, as it is
 * usually written. */
#include <avro.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_consume.h"
#include "millrace/time.h"
#include "order_management.gen.h"

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

static void naive_open(struct naive *n, const char *brokers, const char *path)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char err[512], group[64];
    avro_schema_t schema;
    avro_schema_error_t why;

    (void)snprintf(group, sizeof(group), "naive-%" PRId64, mr_time_now());
    const char *const rows[][2] = {{"bootstrap.servers", brokers},
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
    (void)rd_kafka_topic_partition_list_add(list, topic_order_management_order_created_v1.name,
                                            RD_KAFKA_PARTITION_UA);
    (void)rd_kafka_subscribe(n->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    const struct mr_topic *topic = &topic_order_management_order_created_v1;
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

int64_t run_naive(const char *brokers, const char *path)
{
    enum { BATCH = 500 };
    static struct naive n;
    int64_t want = measured.want, seen = 0, next[64] = {0};

    naive_open(&n, brokers, path);
    while (seen < want) {
        rd_kafka_message_t *rkm = rd_kafka_consumer_poll(n.rk, 1000);
        if (rkm && !rkm->err) {
            measured.first_at = measured.first_at ? measured.first_at : mr_time_steady();
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
    measured.last_at = mr_time_steady();
    (void)sqlite3_finalize(n.inbox);
    (void)sqlite3_finalize(n.order);
    (void)sqlite3_finalize(n.offset);
    (void)sqlite3_close(n.db);
    (void)rd_kafka_consumer_close(n.rk);
    rd_kafka_destroy(n.rk);
    return seen;
}
