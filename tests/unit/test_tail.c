/* SPDX-License-Identifier: Apache-2.0 */
/* millrace tail: its options' texts, and the whole verb on the embedded broker and registry. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/codec.h"
#include "millrace/kafka.h"
#include "millrace/registry.h"
#include "support/unit.h"
#include "tail/filter.h"
#include "tail/format.h"
#include "tail/range.h"
#include "verb.h"

extern const struct verb verb_tail;

static const int64_t now_ms = INT64_C(1705312800000); /* 2024-01-15T10:00:00Z */

START_TEST(a_range_is_read_from_every_form_of_its_text)
{
    static const struct {
        const char *text;
        struct range range;
    } rows[] = {
        {"beginning", {{RANGE_BEGINNING, 0}, {RANGE_NEVER, 0}}},
        {"end", {{RANGE_END, 0}, {RANGE_NEVER, 0}}},
        {"stored", {{RANGE_STORED, 0}, {RANGE_NEVER, 0}}},
        {"17", {{RANGE_OFFSET, 17}, {RANGE_NEVER, 0}}},
        {"-17", {{RANGE_BACK, 17}, {RANGE_NEVER, 0}}},
        {"5:9", {{RANGE_OFFSET, 5}, {RANGE_OFFSET, 9}}},
        {"beginning:end", {{RANGE_BEGINNING, 0}, {RANGE_END, 0}}},
        {"@1705312800001", {{RANGE_TIME, 1705312800001}, {RANGE_NEVER, 0}}},
        {"@-48h", {{RANGE_TIME, 1705312800000 - 172800000}, {RANGE_NEVER, 0}}},
        {"@-48h:-1h",
         {{RANGE_TIME, 1705312800000 - 172800000}, {RANGE_TIME, 1705312800000 - 3600000}}},
        {"@-1h:end", {{RANGE_TIME, 1705312800000 - 3600000}, {RANGE_END, 0}}},
        {"@2024-01-15T10:00:00Z", {{RANGE_TIME, 1705312800000}, {RANGE_NEVER, 0}}},
        {"@2024-01-15T11:00:00+01:00", {{RANGE_TIME, 1705312800000}, {RANGE_NEVER, 0}}},
        {"@2024-01-15T10:00:00", {{RANGE_TIME, 1705312800000}, {RANGE_NEVER, 0}}},
        {"@2024-01-15T10:00", {{RANGE_TIME, 1705312800000}, {RANGE_NEVER, 0}}},
        {"@2024-01-15", {{RANGE_TIME, 1705276800000}, {RANGE_NEVER, 0}}},
        {"@2024-01-15:2024-01-15T10:00:00Z",
         {{RANGE_TIME, 1705276800000}, {RANGE_TIME, 1705312800000}}},
        {"@2024-01-15T10:00:00+00:00:2024-01-15T10:00:00.5Z",
         {{RANGE_TIME, 1705312800000}, {RANGE_TIME, 1705312800500}}},
        {"@2024-01-15T10:00:00Z:end", {{RANGE_TIME, 1705312800000}, {RANGE_END, 0}}},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct range range = {{RANGE_END, -1}, {RANGE_END, -1}};
        ck_assert_msg(range_parse(rows[i].text, now_ms, &range, &error) == 0, "%s: %s",
                      rows[i].text, error.text);
        ck_assert_msg(range.from.kind == rows[i].range.from.kind &&
                          range.from.value == rows[i].range.from.value,
                      "%s", rows[i].text);
        ck_assert_msg(range.to.kind == rows[i].range.to.kind &&
                          range.to.value == rows[i].range.to.value,
                      "%s", rows[i].text);
    }
}
END_TEST

START_TEST(a_range_that_ends_before_it_begins_is_refused)
{
    static const char *const rows[] = {"5:2", "@-1h:-2h", "@2024-01-15:2024-01-14", "2:5", "2:2"};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct range range;
        int r = range_parse(rows[i], now_ms, &range, &error);
        ck_assert_msg(r == (i < 3 ? MR_INVALID : 0), "%s: %s", rows[i], error.text);
        ck_assert(i > 2 || strstr(error.text, "ends before it begins"));
    }
}
END_TEST

START_TEST(a_range_that_makes_no_sense_is_refused_with_what_would)
{
    static const char *const rows[] = {"",
                                       "begin",
                                       "1x",
                                       "--3",
                                       "@",
                                       "@yesterday",
                                       "@-48",
                                       "5:x",
                                       "5:",
                                       ":5",
                                       "@2024-13-01",
                                       "99999999999999999999",
                                       "end:beginning",
                                       "@-1h:stored"};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct range range;
        if (strcmp(rows[i], "@-48") == 0)
            continue; /* 48 ms ago */
        ck_assert_msg(range_parse(rows[i], now_ms, &range, &error) == MR_INVALID, "%s", rows[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "-o must be beginning, end"));
    }
}
END_TEST

static bool matches(const char *term, const char *json)
{
    const char *terms[] = {term};
    struct mr_error error = MR_ERROR_INIT;
    struct filter filter;

    ck_assert_int_eq(filter_init(&filter, &(struct mr_option_list){terms, 1}, &error), 0);
    bool result = filter_matches(&filter, mr_str_from(json));
    filter_done(&filter);
    return result;
}

START_TEST(a_filter_compares_text_as_text_and_numbers_as_numbers)
{
    static const char json[] =
        "{\"event_type\":\"order.created\",\"n\":-0.50,\"data\":{\"id\":\"a=b\","
        "\"total\":\"24.90\",\"items\":[{\"sku\":\"x\"},{\"sku\":\"y\"}],\"z\":null}}";

    ck_assert(matches("event_type=order.created", json));
    ck_assert(!matches("event_type=order.create", json));
    ck_assert(matches("data.id=a=b", json));
    ck_assert(matches("id=a=b", json)); /* below data, too */
    ck_assert(matches("total=24.9", json));
    ck_assert(matches("total=024.900", json));
    ck_assert(!matches("total=24.91", json));
    ck_assert(matches("n=-0.5", json));
    ck_assert(!matches("n=0.5", json));
    ck_assert(matches("items.sku=y", json));
    ck_assert(matches("items.1.sku=y", json));
    ck_assert(!matches("items.0.sku=y", json));
    ck_assert(matches("z=null", json));
    ck_assert(!matches("none=", json));
    ck_assert(matches("none!=x", json));
    ck_assert(!matches("event_type!=order.created", json));
}
END_TEST

START_TEST(a_filter_without_field_or_value_is_refused)
{
    static const char *const rows[] = {"x", "=x", "!=x", ""};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct filter filter;
        const char *terms[] = {rows[i]};
        ck_assert_int_eq(filter_init(&filter, &(struct mr_option_list){terms, 1}, &error),
                         MR_INVALID);
        filter_done(&filter);
        ck_assert_ptr_nonnull(strstr(error.text, "FIELD=VALUE"));
    }
}
END_TEST

START_TEST(a_format_is_parsed_once_and_a_wrong_one_refused)
{
    struct mr_error error = MR_ERROR_INIT;
    struct format format;

    ck_assert_int_eq(format_init(&format, "%t\\t100%%\\x41\\\\%s", &error), 0);
    ck_assert_uint_eq(format.n_parts, 3);
    ck_assert_int_eq(memcmp(format.text.data, "\t100%A\\", 7), 0);
    ck_assert(format_has(&format, FORMAT_VALUE) && !format_has(&format, FORMAT_KEY));
    format_done(&format);
    ck_assert_int_eq(format_init(&format, "%q", &error), MR_INVALID);
    format_done(&format);
    ck_assert_int_eq(format_init(&format, "100%", &error), MR_INVALID);
    format_done(&format);
    ck_assert_int_eq(format_init(&format, "\\q", &error), MR_INVALID);
    format_done(&format);
    ck_assert_int_eq(format_init(&format, "\\", &error), MR_INVALID);
    format_done(&format);
}
END_TEST

/* ---- the verb ---- */

static const char schema_text[] =
    "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"id\",\"type\":"
    "\"string\"},{\"name\":\"data\",\"type\":{\"type\":\"record\",\"name\":\"Data\","
    "\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]}}]}";

struct stage {
    struct mr_kafka_embedded *broker;
    struct mr_registry_server *server;
    struct mr_registry *registry;
    struct mr_kafka_producer *producer;
    struct mr_json_encoder *encoder;
    int32_t id;
    char out[64], err[64];
};

static struct stage stage;

static void delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                      const char *text)
{
    (void)self, (void)tag, (void)partition, (void)offset;
    ck_assert_msg(r == 0, "%s", text);
}

static void open_stage(void)
{
    const struct mr_registry_server_config config = {.listen = "127.0.0.1:0"};
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;
    char url[100];

    ck_assert_int_eq(mr_kafka_embedded_start(1, &stage.broker, &error), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(stage.broker, "orders", 4), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(stage.broker, "other", 1), 0);
    ck_assert_int_eq(mr_registry_server_start(&config, &stage.server, &error), 0);
    (void)snprintf(url, sizeof(url), "http://%s", mr_registry_server_address(stage.server));
    setenv("MILLRACE_BROKERS", mr_kafka_embedded_brokers(stage.broker), 1);
    setenv("MILLRACE_REGISTRY", url, 1);
    const struct mr_registry_config client = {.urls = url};
    ck_assert_int_eq(mr_registry_new(&client, &stage.registry, &error), 0);
    ck_assert_int_eq(mr_registry_register(stage.registry, "orders-value", MR_STR(schema_text),
                                          &stage.id, &error),
                     0);
    ck_assert_int_eq(mr_schema_parse(schema_text, strlen(schema_text), NULL, &schema, &error), 0);
    ck_assert_int_eq(mr_json_encoder_new(schema, NULL, NULL, &stage.encoder, &error), 0);
    const struct mr_kafka_config kafka = {.brokers = mr_kafka_embedded_brokers(stage.broker)};
    ck_assert_int_eq(mr_kafka_producer_new(&kafka, delivered, NULL, &stage.producer, &error), 0);
}

static void close_stage(void)
{
    (void)unlink(stage.out);
    (void)unlink(stage.err);
    (void)mr_json_encoder_unref(stage.encoder);
    (void)mr_kafka_producer_free(stage.producer);
    (void)mr_registry_free(stage.registry);
    (void)mr_registry_server_stop(stage.server);
    (void)mr_kafka_embedded_stop(stage.broker);
}

static void put_bytes(const char *topic, int32_t partition, const char *key, const void *data,
                      size_t len, const struct mr_header *headers, size_t n_headers)
{
    const struct mr_bytes value = {data, len};

    ck_assert_int_eq(mr_kafka_produce(stage.producer, topic, partition,
                                      (struct mr_bytes){(const uint8_t *)key, strlen(key)},
                                      data ? &value : NULL, headers, n_headers, 0, NULL),
                     0);
    ck_assert_int_eq(mr_kafka_flush(stage.producer, 10000, NULL, NULL), 0);
}

/* An order whose id is its key. */
static void put_order(const char *topic, int32_t partition, const char *key, int n)
{
    MR_AUTO(mr_buf) struct mr_buf value = {0};
    char json[200];
    const uint8_t frame[] = {0, 0, 0, 0, (uint8_t)stage.id};

    (void)snprintf(json, sizeof(json), "{\"id\":\"%s\",\"data\":{\"n\":%d}}", key, n);
    struct mr_json_cursor cursor = {json, json, json + strlen(json)};
    ck_assert_int_eq(mr_buf_append(&value, frame, sizeof(frame)), 0);
    ck_assert_int_eq(mr_json_encode(stage.encoder, &cursor, &value, NULL, NULL), 0);
    put_bytes(topic, partition, key, value.data, value.len, NULL, 0);
}

static char text[2][65536];

/* Runs `millrace tail ARGS...`; text[0] is what it wrote to stdout, text[1] to stderr. */
static int tail(char **argv)
{
    int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)}, argc = 0, files[2];
    static const char pattern[] = "/tmp/millrace-tail-XXXXXX";

    while (argv[argc])
        argc++;
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        char *path = i ? stage.err : stage.out;
        memcpy(path, pattern, sizeof(pattern));
        files[i] = mkstemp(path);
        ck_assert_int_ge(files[i], 0);
        ck_assert_int_ge(dup2(files[i], i + 1), 0);
    }
    int status = verb_tail.run(argc, argv);
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_ge(dup2(saved[i], i + 1), 0);
        ssize_t n = pread(files[i], text[i], sizeof(text[i]) - 1, 0);
        ck_assert_int_ge(n, 0);
        text[i][n] = '\0';
        (void)close(files[i]);
        (void)close(saved[i]);
        (void)unlink(i ? stage.err : stage.out);
    }
    return status;
}
#define TAIL(...) tail((char *[]){A("tail"), __VA_ARGS__, NULL})
#define A(word) ((char[]){word})

static int lines(void)
{
    int n = 0;

    for (const char *p = text[0]; *p; p++)
        n += *p == '\n';
    return n;
}

START_TEST(values_are_lines_of_json_and_the_tail_ends_at_the_end)
{
    open_stage();
    put_order("orders", 0, "a", 1);
    put_order("orders", 3, "b", 2);
    put_order("other", 0, "c", 3);
    ck_assert_int_eq(TAIL(A("orders"), A("-e")), 0);
    ck_assert_int_eq(lines(), 2);
    ck_assert_ptr_nonnull(strstr(text[0], "{\"id\":\"a\",\"data\":{\"n\":1}}\n"));
    ck_assert_ptr_nonnull(strstr(text[0], "{\"id\":\"b\",\"data\":{\"n\":2}}\n"));
    ck_assert_int_eq(TAIL(A("o*"), A("-e")), 0);
    ck_assert_int_eq(lines(), 3);
    ck_assert_int_eq(TAIL(A("o*"), A("-c2")), 0); /* without -e: ends by count */
    ck_assert_int_eq(lines(), 2);
    close_stage();
}
END_TEST

START_TEST(offsets_counts_and_times_choose_records)
{
    open_stage();
    for (int i = 0; i < 5; i++)
        put_order("other", 0, "k", i);
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-o"), A("3")), 0);
    ck_assert_str_eq(text[0],
                     "{\"id\":\"k\",\"data\":{\"n\":3}}\n{\"id\":\"k\",\"data\":{\"n\":4}}\n");
    ck_assert_int_eq(TAIL(A("other"), A("-o"), A("1:3"), A("-f"), A("%o ")), 0);
    ck_assert_str_eq(text[0], "1 2 ");
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-o"), A("-1"), A("-f"), A("%o ")), 0);
    ck_assert_str_eq(text[0], "4 ");
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("--tail"), A("2"), A("-f"), A("%o ")), 0);
    ck_assert_str_eq(text[0], "3 4 ");
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-o"), A("99")), 0);
    ck_assert_str_eq(text[0], "");
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-o"), A("end")), 0);
    ck_assert_str_eq(text[0], "");
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-o"), A("@-1h"), A("-f"), A("%o ")), 0);
    ck_assert_str_eq(text[0], "0 1 2 3 4 ");
    ck_assert_ptr_nonnull(strstr(text[1], "cannot look a time up: reading everything"));
    ck_assert_int_eq(TAIL(A("other"), A("-o"), A("@2001-01-01:2002-01-01"), A("-f"), A("%o ")), 0);
    ck_assert_str_eq(text[0], "");
    close_stage();
}
END_TEST

START_TEST(the_whole_record_has_key_headers_time_and_place)
{
    static const uint8_t bytes[] = {0xff, 0xfe};
    const struct mr_header headers[] = {{"ce_id", {(const uint8_t *)"1\"", 2}},
                                        {"twice", {(const uint8_t *)"x", 1}},
                                        {"twice", {bytes, 2}},
                                        {"none", {NULL, 0}}};

    open_stage();
    put_bytes("other", 0, "k\n", "{\"a\": 1,\n \"b\":\"\\n\"}", 19, headers, 4);
    put_bytes("other", 0, "", NULL, 0, NULL, 0);
    put_order("other", 0, "z", 7);
    ck_assert_int_eq(TAIL(A("other"), A("-eJ")), 0);
    ck_assert_int_eq(lines(), 3);
    ck_assert_ptr_nonnull(
        strstr(text[0], "{\"topic\":\"other\",\"partition\":0,\"offset\":0,\"time\":\"20"));
    ck_assert_ptr_nonnull(strstr(
        text[0], "Z\",\"key\":\"k\\n\",\"headers\":{\"ce_id\":\"1\\\"\",\"twice\":[\"x\","
                 "{\"base64\":\"//4=\"}],\"none\":null},\"value\":{\"a\": 1,  \"b\":\"\\n\"}}\n"));
    ck_assert_ptr_nonnull(strstr(text[0], "\"headers\":{},\"value\":null}\n"));
    ck_assert_ptr_nonnull(
        strstr(text[0], "\"value\":{\"id\":\"z\",\"data\":{\"n\":7}},\"schema_id\":1}\n"));
    ck_assert_int_eq(
        TAIL(A("other"), A("-e"), A("-c1"), A("-f"), A("%t|%p|%o|%k|%K|%S|%h|%s|%i\\n")), 0);
    ck_assert_str_eq(text[0], "other|0|0|k\n|2|19|ce_id=1\",twice=x,twice=\xff\xfe,none=|{\"a\": "
                              "1,  \"b\":\"\\n\"}|-1\n");
    close_stage();
}
END_TEST

START_TEST(what_cannot_be_decoded_is_shown_as_such_and_the_tail_goes_on)
{
    static const uint8_t unknown[] = {0, 0, 0, 1, 0, 1, 2}, cut[] = {0, 0, 0, 0, 1, 8, 'a'},
                         stub[] = {0, 0};

    open_stage();
    put_bytes("other", 0, "k", unknown, sizeof(unknown), NULL, 0);
    put_bytes("other", 0, "k", cut, sizeof(cut), NULL, 0);
    put_bytes("other", 0, "k", stub, sizeof(stub), NULL, 0);
    put_bytes("other", 0, "k", "hello", 5, NULL, 0);
    put_bytes("other", 0, "k", "{} x", 4, NULL, 0);
    put_order("other", 0, "z", 7);
    ck_assert_int_eq(TAIL(A("other"), A("-e")), 0);
    ck_assert_int_eq(lines(), 6);
    ck_assert_ptr_nonnull(strstr(
        text[0], "{\"undecoded\":{\"why\":\"the registry has no schema with id 256\",\"topic\":"
                 "\"other\",\"partition\":0,\"offset\":0,\"base64\":\"AAAAAQABAg==\"}}\n"));
    ck_assert_ptr_nonnull(strstr(text[0], "neither Avro in the registry's wire format nor JSON"));
    ck_assert_ptr_nonnull(strstr(text[0], "\"base64\":\"aGVsbG8=\"}}\n"));
    ck_assert_ptr_nonnull(strstr(text[0], "{\"id\":\"z\",\"data\":{\"n\":7}}\n"));
    ck_assert_ptr_nonnull(strstr(text[1], "5 of 6 records could not be decoded"));
    ck_assert_int_eq(TAIL(A("other"), A("-eJ"), A("-c1")), 0);
    ck_assert_ptr_nonnull(strstr(text[0], "\"value\":null,\"undecoded\":{\"why\":\"the registry"));
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-w"), A("id=z")), 0);
    ck_assert_int_eq(lines(), 1);
    close_stage();
}
END_TEST

START_TEST(a_correlation_id_reads_the_one_partition_where_it_belongs)
{
    static const char uuid[] = "0d3c5e0a-93b5-4b5e-8d0b-7a1e6c2f4d11";

    open_stage();
    for (int i = 0; i < 20; i++) {
        char key[20];
        (void)snprintf(key, sizeof(key), "order-%d", i);
        put_order("orders", -1, key, i);
    }
    put_order("orders", -1, uuid, 100);
    ck_assert_int_eq(TAIL(A("orders"), A("-e"), A("-k"), A("order-7")), 0);
    ck_assert_str_eq(text[0], "{\"id\":\"order-7\",\"data\":{\"n\":7}}\n");
    ck_assert_int_eq(TAIL(A("orders"), A("-e"), A("-k"), A("0D3C5E0A-93B5-4B5E-8D0B-7A1E6C2F4D11")),
                     0);
    ck_assert_int_eq(lines(), 1);
    ck_assert_int_eq(TAIL(A("orders"), A("-e"), A("-k"), A("ORDER-7")), 0);
    ck_assert_int_eq(lines(), 0);
    ck_assert_int_eq(TAIL(A("orders"), A("-e"), A("-w"), A("n!=7"), A("-w"), A("data.n!=8")), 0);
    ck_assert_int_eq(lines(), 19);
    ck_assert_ptr_null(strstr(text[1], "--where"));
    ck_assert_int_eq(TAIL(A("orders"), A("-e"), A("-w"), A("order_id=7"), A("-w"), A("n=7")), 0);
    ck_assert_int_eq(lines(), 0);
    ck_assert_ptr_nonnull(strstr(text[1], "no record that was read has a field 'order_id'"));
    ck_assert_ptr_null(strstr(text[1], "'n'"));
    close_stage();
}
END_TEST

START_TEST(wrong_usage_is_told_in_one_line)
{
    open_stage();
    ck_assert_int_eq(TAIL(A("ordres"), A("-e")), 2);
    ck_assert_ptr_nonnull(
        strstr(text[1], "the cluster has no topic 'ordres': did you mean 'orders'?"));
    ck_assert_int_eq(TAIL(A("-e")), 2);
    ck_assert_ptr_nonnull(strstr(text[1], "give a TOPIC"));
    ck_assert_int_eq(TAIL(A("orders"), A("-o"), A("stored")), 2);
    ck_assert_int_eq(TAIL(A("orders"), A("-J"), A("-f"), A("%s")), 2);
    ck_assert_int_eq(TAIL(A("orders"), A("--tail"), A("1"), A("-o"), A("1")), 2);
    ck_assert_int_eq(TAIL(A("orders"), A("-w"), A("x")), 2);
    close_stage();
}
END_TEST

START_TEST(avro_without_a_registry_is_told_and_other_forms_do_without)
{
    open_stage();
    put_order("other", 0, "z", 7);
    unsetenv("MILLRACE_REGISTRY");
    setenv("MILLRACE_STATE", "/nonexistent/up", 1);
    ck_assert_int_eq(TAIL(A("other"), A("-e")), 1);
    ck_assert_ptr_nonnull(strstr(text[1], "no schema registry is given: use -r URL"));
    ck_assert_int_eq(TAIL(A("other"), A("-e"), A("-f"), A("%k\\n")), 0);
    ck_assert_str_eq(text[0], "z\n");
    close_stage();
}
END_TEST

int main(void)
{
    return unit_run("tail", (const TTest *[]){
                                a_range_is_read_from_every_form_of_its_text,
                                a_range_that_ends_before_it_begins_is_refused,
                                a_range_that_makes_no_sense_is_refused_with_what_would,
                                a_filter_compares_text_as_text_and_numbers_as_numbers,
                                a_filter_without_field_or_value_is_refused,
                                a_format_is_parsed_once_and_a_wrong_one_refused,
                                values_are_lines_of_json_and_the_tail_ends_at_the_end,
                                offsets_counts_and_times_choose_records,
                                the_whole_record_has_key_headers_time_and_place,
                                what_cannot_be_decoded_is_shown_as_such_and_the_tail_goes_on,
                                a_correlation_id_reads_the_one_partition_where_it_belongs,
                                wrong_usage_is_told_in_one_line,
                                avro_without_a_registry_is_told_and_other_forms_do_without,
                                NULL,
                            });
}
