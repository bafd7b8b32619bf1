/* SPDX-License-Identifier: Apache-2.0 */
/* The codec beside jansson and avro-c, on one order event of the catalogue, in one run. Before any
 * clock starts, both sides must agree: avro-c reads our bytes to the values that jansson reads from
 * the JSON, and writes the same bytes. Prints nanoseconds per event and ratios, the best of several
 * rounds taken in turns; exits 1 when a ratio is below its floor (docs/codec.md). */
#include <avro.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/codec.h"

#include "order_management.gen.h"
#include "topics.gen.h"

enum { ROUNDS = 7 };

static const char event_json[] =
    "{\"event_id\":\"550e8400-e29b-41d4-a716-446655440000\",\"event_type\":\"order.created\","
    "\"event_version\":\"1.0\",\"timestamp\":\"2024-01-15T10:30:00.000000Z\","
    "\"correlation_id\":\"550e8400-e29b-41d4-a716-446655440001\",\"causation_id\":null,"
    "\"source_service\":\"order-management\",\"user_id\":null,\"session_id\":null,\"metadata\":{},"
    "\"data\":{\"order_id\":\"ord_123456789\",\"customer_id\":\"cust_987654321\","
    "\"total_amount\":\"59.97\",\"currency\":\"USD\",\"status\":\"pending\",\"items\":["
    "{\"product_id\":\"prod_123456789\",\"quantity\":2,\"unit_price\":\"24.99\",\"total_price\":"
    "\"49.98\"}],"
    "\"shipping_address\":{\"street\":\"123 Main "
    "St\",\"city\":\"Anytown\",\"state\":\"CA\",\"zip\":\"90210\","
    "\"country\":\"US\"},\"billing_address\":{\"street\":\"123 Main St\",\"city\":\"Anytown\","
    "\"state\":\"CA\",\"zip\":\"90210\",\"country\":\"US\"}}}";

struct bench {
    struct mr_schema *schema;
    struct mr_json_encoder *encoder;
    struct mr_json_decoder *decoder;
    struct mr_struct_reader *reader;
    struct mr_arena *arena;
    struct mr_buf avro, json; /* scratch */
    struct mr_buf datum;      /* the event */
    avro_schema_t peer_schema;
    avro_value_iface_t *peer_class;
    avro_value_t peer_value; /* reused, which is avro-c's fastest way */
    char peer_bytes[4096];
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_codec: %s\n", what);
    exit(1);
}

/* ---- ours ---- */

static size_t our_encode(struct bench *b)
{
    struct mr_json_cursor cursor = {event_json, event_json, event_json + sizeof(event_json) - 1};

    b->avro.len = 0;
    must(mr_json_encode(b->encoder, &cursor, &b->avro, NULL, NULL) == 0, "our encoder failed");
    return b->avro.len;
}

static size_t our_decode(struct bench *b)
{
    b->json.len = 0;
    must(mr_json_decode(b->decoder, b->datum.data, b->datum.len, &b->json, NULL) == 0,
         "our decoder failed");
    return b->json.len;
}

static size_t our_read(struct bench *b)
{
    struct order_management_order_created_v1 event;

    mr_arena_reset(b->arena);
    must(mr_struct_read(b->reader, b->datum.data, b->datum.len, b->arena, &event, NULL) == 0,
         "our reader failed");
    return event.data.n_items;
}

/* ---- jansson and avro-c: the straightforward program, no checks of constraints ---- */

/* Decimal text to two's complement at scale 9, timestamps to microseconds: what the schema asks
 * for, done by hand since avro-c knows no logical types. Small positive values only. */
static size_t peer_decimal(const char *text, uint8_t out[8])
{
    const char *dot = strchr(text, '.');
    int64_t value = strtoll(text, NULL, 10), scale = 1000000000;
    size_t n = 0;

    if (dot) {
        int64_t fraction = 0, unit = scale;
        for (const char *p = dot + 1; *p; p++) {
            unit /= 10;
            fraction += (*p - '0') * unit;
        }
        value = value * scale + fraction;
    } else {
        value *= scale;
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(value >> shift);
        if (n == 0 && byte == 0 && shift > 0 && !(value >> (shift - 1) & 1))
            continue;
        out[n++] = byte;
    }
    return n;
}

static int64_t peer_micros(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

    must(end != NULL, "the peer cannot read the time");
    return (int64_t)timegm(&tm) * 1000000;
}

static void peer_fill(avro_value_t *value, json_t *json);

static void peer_fill_record(avro_value_t *value, json_t *json)
{
    size_t n = 0;
    const char *name;
    avro_value_t child;

    avro_value_get_size(value, &n);
    for (size_t i = 0; i < n; i++) {
        avro_value_get_by_index(value, i, &child, &name);
        peer_fill(&child, json_object_get(json, name));
    }
}

static void peer_fill_union(avro_value_t *value, json_t *json)
{
    avro_value_t child;

    avro_value_set_branch(value, json_is_null(json) ? 0 : 1, &child);
    if (json_is_null(json))
        avro_value_set_null(&child);
    else
        peer_fill(&child, json);
}

static void peer_fill_items(avro_value_t *value, json_t *json)
{
    avro_value_t child;
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach(json, i, item)
    {
        avro_value_append(value, &child, NULL);
        peer_fill(&child, item);
    }
    json_object_foreach(json, key, item)
    {
        avro_value_add(value, key, &child, NULL, NULL);
        peer_fill(&child, item);
    }
}

static void peer_fill(avro_value_t *value, json_t *json)
{
    avro_type_t type = avro_value_get_type(value);
    uint8_t bytes[8];

    if (type == AVRO_RECORD)
        peer_fill_record(value, json);
    else if (type == AVRO_STRING)
        avro_value_set_string_len(value, json_string_value(json), json_string_length(json) + 1);
    else if (type == AVRO_BYTES)
        avro_value_set_bytes(value, bytes, peer_decimal(json_string_value(json), bytes));
    else if (type == AVRO_INT64)
        avro_value_set_long(value, json_is_string(json) ? peer_micros(json_string_value(json))
                                                        : json_integer_value(json));
    else if (type == AVRO_UNION)
        peer_fill_union(value, json);
    else if (type == AVRO_ARRAY || type == AVRO_MAP)
        peer_fill_items(value, json);
    else
        must(false, "the peer met an unexpected type");
}

static size_t peer_encode(struct bench *b)
{
    json_error_t error;
    json_t *json = json_loadb(event_json, sizeof(event_json) - 1, 0, &error);
    avro_writer_t writer = avro_writer_memory(b->peer_bytes, sizeof(b->peer_bytes));

    must(json != NULL, "jansson failed");
    avro_value_reset(&b->peer_value);
    peer_fill(&b->peer_value, json);
    must(avro_value_write(writer, &b->peer_value) == 0, "avro-c cannot write");
    size_t len = (size_t)avro_writer_tell(writer);
    avro_writer_free(writer);
    json_decref(json);
    return len;
}

static size_t peer_read(struct bench *b)
{
    avro_reader_t reader = avro_reader_memory((const char *)b->datum.data, (int64_t)b->datum.len);

    avro_value_reset(&b->peer_value);
    must(avro_value_read(reader, &b->peer_value) == 0, "avro-c cannot read");
    avro_reader_free(reader);
    return b->datum.len;
}

static size_t peer_decode(struct bench *b)
{
    char *text = NULL;

    (void)peer_read(b);
    must(avro_value_to_json(&b->peer_value, 1, &text) == 0, "avro-c cannot write JSON");
    size_t len = strlen(text);
    free(text);
    return len;
}

/* ---- agreement ---- */

static void agree(struct bench *b)
{
    size_t n = our_encode(b);

    must(mr_buf_append(&b->datum, b->avro.data, n) == 0, "no memory");
    must(peer_encode(b) == n && memcmp(b->peer_bytes, b->datum.data, n) == 0,
         "avro-c and we write different bytes of the same event");
    (void)our_decode(b);
    json_t *given = json_loadb(event_json, sizeof(event_json) - 1, 0, NULL);
    json_t *shown = json_loadb((const char *)b->json.data, b->json.len, 0, NULL);
    /* Decimals may be written with more zeros: encoded again they must give the same bytes. */
    struct mr_json_cursor again = {(char *)b->json.data, (char *)b->json.data,
                                   (char *)b->json.data + b->json.len};
    b->avro.len = 0;
    must(shown && json_object_size(shown) == json_object_size(given) &&
             mr_json_encode(b->encoder, &again, &b->avro, NULL, NULL) == 0 && b->avro.len == n &&
             memcmp(b->avro.data, b->datum.data, n) == 0,
         "the JSON that we write is not the event");
    json_decref(given);
    json_decref(shown);
    must(our_read(b) == 1, "the struct is not the event");
}

/* ---- clocks ---- */

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double measure(struct bench *b, size_t (*step)(struct bench *), int n)
{
    volatile size_t sink = 0;
    double begin = seconds();

    for (int i = 0; i < n; i++)
        sink += step(b);
    (void)sink;
    return (seconds() - begin) * 1e9 / n;
}

struct contest {
    const char *name;
    size_t (*ours)(struct bench *), (*peer)(struct bench *);
    double floor; /* the ratio must not be below */
    double best_ours, best_peer;
};

static void open_bench(struct bench *b)
{
    const char *text = topic_order_management_order_created_v1.schema_text;

    must(mr_schema_parse(text, strlen(text), NULL, &b->schema, NULL) == 0 &&
             mr_json_encoder_new(b->schema, NULL, NULL, &b->encoder, NULL) == 0 &&
             mr_json_decoder_new(b->schema, NULL, NULL, &b->decoder, NULL) == 0 &&
             mr_struct_reader_new(b->schema, b->schema, &order_management_order_created_v1_desc,
                                  &b->reader, NULL) == 0 &&
             mr_arena_new(0, &b->arena) == 0,
         "our plans cannot be made");
    must(avro_schema_from_json_length(text, strlen(text), &b->peer_schema) == 0,
         "avro-c cannot parse");
    b->peer_class = avro_generic_class_from_schema(b->peer_schema);
    must(avro_generic_value_new(b->peer_class, &b->peer_value) == 0, "avro-c cannot make a value");
}

static void close_bench(struct bench *b)
{
    avro_value_decref(&b->peer_value);
    avro_value_iface_decref(b->peer_class);
    avro_schema_decref(b->peer_schema);
    mr_json_encoder_unref(b->encoder);
    mr_json_decoder_unref(b->decoder);
    mr_struct_reader_unref(b->reader);
    mr_schema_unref(b->schema);
    mr_arena_free(b->arena);
    mr_buf_done(&b->avro);
    mr_buf_done(&b->json);
    mr_buf_done(&b->datum);
}

int main(int argc, char **argv)
{
    struct contest contests[] = {
        {"JSON to Avro", our_encode, peer_encode, 12, 1e12, 1e12},
        {"Avro to JSON", our_decode, peer_decode, 15, 1e12, 1e12},
        {"Avro to struct", our_read, peer_read, 8, 1e12, 1e12},
    };
    int n = argc > 1 ? atoi(argv[1]) : 20000, status = 0;
    struct bench b = {0};

    open_bench(&b);
    agree(&b);
    (void)printf("%zu bytes of JSON, %zu of Avro; ns per event, best of %d rounds\n",
                 sizeof(event_json) - 1, b.datum.len, ROUNDS);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < MR_N_ELEMENTS(contests); i++) {
            struct contest *c = &contests[i];
            double ours = measure(&b, c->ours, n), peer = measure(&b, c->peer, n / 8 + 1);
            c->best_ours = ours < c->best_ours ? ours : c->best_ours;
            c->best_peer = peer < c->best_peer ? peer : c->best_peer;
        }
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(contests); i++) {
        struct contest *c = &contests[i];
        double ratio = c->best_peer / c->best_ours;
        bool good = ratio >= c->floor;
        (void)printf("%-14s millrace %7.1f  jansson + avro-c %8.1f  ratio %5.1f (floor %2.0f) %s\n",
                     c->name, c->best_ours, c->best_peer, ratio, c->floor,
                     good ? "ok" : "TOO SLOW");
        status |= !good;
    }
    close_bench(&b);
    return status;
}
