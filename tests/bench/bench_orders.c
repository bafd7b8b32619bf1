/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for benchmarks: created by the thousand, each in a flow of its own, or at a pace with some
 * of one flow that every handler refuses for now.
 * bench_orders BROKERS REGISTRY N [RATE [POISON]]: N events a second's RATE (0: as fast as they
 * go), all of them on one partition then, and every POISON-th of the flow "poison", beyond the N.
 * The timestamp of an event is when it was produced. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/codec.h"
#include "millrace/kafka.h"
#include "millrace/registry.h"
#include "millrace/time.h"
#include "millrace/uuid.h"
#include "order_management.gen.h"

enum { FRAME = 5, SERVE_EVERY = 64 };

struct maker {
    const struct mr_topic *topic;
    struct mr_schema *schema;
    struct mr_struct_writer *writer;
    struct mr_kafka_producer *producer;
    int32_t id;
    uint64_t state;
    int64_t delivered;
    struct mr_error error;
};

static _Noreturn void die(const char *what, const struct maker *m)
{
    (void)fprintf(stderr, "bench_orders: %s: %s\n", what, m->error.text);
    exit(1);
}

static uint64_t draw(struct maker *m)
{
    m->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = m->state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static struct mr_str uuid(struct maker *m, char text[MR_UUID_TEXT])
{
    struct mr_uuid id;
    const uint64_t halves[] = {draw(m), draw(m)};

    memcpy(id.bytes, halves, sizeof(id.bytes));
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    mr_uuid_format(&id, text);
    return (struct mr_str){text, MR_UUID_TEXT};
}

static void delivered(void *self, MR_UNUSED uint64_t tag, int r, MR_UNUSED int32_t partition,
                      MR_UNUSED int64_t offset, const char *text)
{
    struct maker *m = self;

    if (r != 0)
        (void)mr_error_set(&m->error, r, "%s", text ? text : mr_status_name(r));
    m->delivered += r == 0;
}

static void open_all(struct maker *m, const char *brokers, const char *registry)
{
    const struct mr_registry_config where = {.urls = registry};
    const struct mr_kafka_config config = {.brokers = brokers, .client_id = "bench-orders"};
    struct mr_str text = {m->topic->schema_text, m->topic->schema_len};
    struct mr_registry *client = NULL;
    char subject[128];

    (void)snprintf(subject, sizeof(subject), "%s-value", m->topic->name);
    if (mr_schema_parse(text.data, text.len, NULL, &m->schema, &m->error) != 0 ||
        mr_struct_writer_new(m->schema, m->topic->record, &m->writer, &m->error) != 0 ||
        mr_registry_new(&where, &client, &m->error) != 0 ||
        mr_registry_lookup(client, subject, text, &m->id, NULL, &m->error) != 0 ||
        mr_kafka_producer_new(&config, delivered, m, &m->producer, &m->error) != 0)
        die("open", m);
    (void)mr_registry_free(client);
}

/* Order numbers are random, as those of a real shop: rows do not come in the order of their key.
 * So long that no two of millions meet. */
static void send_one(struct maker *m, bool poison, int32_t partition, struct mr_buf *out)
{
    char id[MR_UUID_TEXT], flow[MR_UUID_TEXT], order[32];
    const struct mr_decimal amount = {.unscaled = 45980000000, .scale = 9};
    const struct order_management_order_created_v1_item item = {
        MR_STR("prod_1234"), 2, {.unscaled = 22990000000, .scale = 9}, amount};
    const struct order_management_order_created_v1_address address = {
        MR_STR("1 Main Street"), MR_STR("Springfield"), MR_STR("CA"), MR_STR("12345"),
        MR_STR("US")};

    (void)snprintf(order, sizeof(order), "order_%018" PRIu64,
                   draw(m) % UINT64_C(1000000000000000000));
    struct order_management_order_created_v1 event = {
        .envelope = {.event_id = uuid(m, id),
                     .event_type = MR_STR("order.created"),
                     .event_version = MR_STR("1.0"),
                     .timestamp = mr_time_now(),
                     .correlation_id = poison ? MR_STR("poison") : uuid(m, flow),
                     .source_service = MR_STR("order-management-service")},
        .data = {.order_id = mr_str_from(order),
                 .customer_id = poison ? MR_STR("poison") : MR_STR("cust_123456"),
                 .total_amount = amount,
                 .currency = MR_STR("USD"),
                 .status = MR_STR("pending"),
                 .items = &item,
                 .n_items = 1,
                 .shipping_address = address,
                 .billing_address = address}};
    const uint8_t frame[FRAME] = {0, (uint8_t)(m->id >> 24), (uint8_t)(m->id >> 16),
                                  (uint8_t)(m->id >> 8), (uint8_t)m->id};
    int r;

    out->len = 0;
    if (mr_buf_append(out, frame, FRAME) != 0 ||
        mr_struct_write(m->writer, &event, out, &m->error) != 0)
        die("encode", m);
    struct mr_bytes value = {out->data, out->len};
    struct mr_str key = event.envelope.correlation_id;
    while ((r = mr_kafka_produce(m->producer, m->topic->name, partition,
                                 (struct mr_bytes){(const uint8_t *)key.data, key.len}, &value,
                                 NULL, 0, 0, &m->error)) == MR_FULL)
        (void)mr_kafka_producer_poll(m->producer, 100, NULL);
    if (r != 0)
        die("produce", m);
}

static void wait_until(int64_t at)
{
    int64_t left = at - mr_time_steady();
    struct timespec ts = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};

    if (left > 0)
        (void)nanosleep(&ts, NULL);
}

int main(int argc, char **argv)
{
    struct maker m = {.topic = &topic_order_management_order_created_v1,
                      .state = (uint64_t)mr_time_now(),
                      .error = MR_ERROR_INIT};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int64_t sent = 0;

    if (argc < 4)
        die("usage: BROKERS REGISTRY N [RATE [POISON]]", &m);
    int64_t n = atoll(argv[3]), rate = argc > 4 ? atoll(argv[4]) : 0;
    int64_t poison = argc > 5 ? atoll(argv[5]) : 0;
    open_all(&m, argv[1], argv[2]);
    int64_t begun = mr_time_steady();
    for (int64_t i = 0; i < n; i++, sent++) {
        if (rate > 0)
            wait_until(begun + i * 1000000 / rate);
        if (poison > 0 && i % poison == 0)
            send_one(&m, true, 0, &out);
        sent += poison > 0 && i % poison == 0;
        send_one(&m, false, rate > 0 ? 0 : -1, &out);
        if (rate > 0 || i % SERVE_EVERY == 0)
            (void)mr_kafka_producer_poll(m.producer, 0, NULL);
    }
    if (mr_kafka_flush(m.producer, 60000, NULL, &m.error) != 0 || m.delivered != sent)
        die("flush", &m);
    (void)mr_kafka_producer_free(m.producer);
    (void)mr_struct_writer_unref(m.writer);
    (void)mr_schema_unref(m.schema);
    return 0;
}
