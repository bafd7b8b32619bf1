/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema check --sample, on the embedded broker and registry. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "evolve_fixture.h"
#include "millrace/codec.h"
#include "millrace/kafka.h"
#include "millrace/registry.h"
#include "support/unit.h"
#include "verb.h"

extern const struct verb verb_schema_check;

#define TOPIC "shop.stock.ran-low.v1"
#define NUMBER(rest) "{\"name\":\"n\",\"type\":\"int\"" rest "}"
#define KIND(symbols)                                                                              \
    ",{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"Kind\",\"symbols\":[" symbols "]}" \
    "}"

struct stage {
    struct mr_kafka_embedded *broker;
    struct mr_registry_server *server;
    struct mr_registry *registry;
    struct mr_kafka_producer *producer;
    struct mr_json_encoder *encoder;
    int32_t id;
};
static struct stage stage;
static char text[2][65536]; /* stdout, stderr */

static void delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                      const char *why)
{
    (void)self, (void)tag, (void)partition, (void)offset;
    ck_assert_msg(r == 0, "%s", why);
}

/* Records are written with the schema of these fields. */
static void open_stage(const char *fields)
{
    const struct mr_registry_server_config config = {.listen = "127.0.0.1:0"};
    MR_AUTO(mr_tree) struct mr_tree *writer = tree_of("writer", fields);
    struct mr_schema *schema = writer->versions[0].schema;
    struct mr_error error = MR_ERROR_INIT;
    char url[100];

    ck_assert_int_eq(mr_kafka_embedded_start(1, &stage.broker, &error), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(stage.broker, TOPIC, 3), 0);
    ck_assert_int_eq(mr_registry_server_start(&config, &stage.server, &error), 0);
    (void)snprintf(url, sizeof(url), "http://%s", mr_registry_server_address(stage.server));
    ck_assert_int_eq(setenv("MILLRACE_BROKERS", mr_kafka_embedded_brokers(stage.broker), 1), 0);
    ck_assert_int_eq(setenv("MILLRACE_REGISTRY", url, 1), 0);
    const struct mr_registry_config client = {.urls = url};
    ck_assert_int_eq(mr_registry_new(&client, &stage.registry, &error), 0);
    ck_assert_int_eq(mr_registry_register(stage.registry, TOPIC "-value", mr_schema_text(schema),
                                          &stage.id, &error),
                     0);
    ck_assert_int_eq(mr_json_encoder_new(schema, NULL, NULL, &stage.encoder, &error), 0);
    const struct mr_kafka_config kafka = {.brokers = mr_kafka_embedded_brokers(stage.broker)};
    ck_assert_int_eq(mr_kafka_producer_new(&kafka, delivered, NULL, &stage.producer, &error), 0);
}

static void close_stage(void)
{
    (void)mr_json_encoder_unref(stage.encoder);
    (void)mr_kafka_producer_free(stage.producer);
    (void)mr_registry_free(stage.registry);
    (void)mr_registry_server_stop(stage.server);
    (void)mr_kafka_embedded_stop(stage.broker);
    stage = (struct stage){.id = 0};
}

static void put_bytes(int32_t partition, const void *data, size_t len)
{
    const struct mr_bytes value = {data, len};

    ck_assert_int_eq(mr_kafka_produce(stage.producer, TOPIC, partition, (struct mr_bytes){NULL, 0},
                                      data ? &value : NULL, NULL, 0, 0, NULL),
                     0);
    ck_assert_int_eq(mr_kafka_flush(stage.producer, 10000, NULL, NULL), 0);
}

/* data: the members of the event's data, as JSON. */
static void put(int32_t partition, const char *data)
{
    MR_AUTO(mr_buf) struct mr_buf value = {0};
    const uint8_t frame[] = {0, 0, 0, 0, (uint8_t)stage.id};
    char json[300];

    (void)snprintf(json, sizeof(json), "{\"event_id\":\"e\",\"data\":{%s}}", data);
    struct mr_json_cursor cursor = {json, json, json + strlen(json)};
    ck_assert_int_eq(mr_buf_append(&value, frame, sizeof(frame)), 0);
    ck_assert_int_eq(mr_json_encode(stage.encoder, &cursor, &value, NULL, NULL), 0);
    put_bytes(partition, value.data, value.len);
}

/* The exit status of `millrace schema check FOLDER ARGS...`. */
static int check(const char *fields, char **args)
{
    char folder[200], *argv[16] = {(char[]){"schema check"}, folder};
    int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)}, files[2], argc = 2;

    (void)mr_tree_free(tree_of("now", fields));
    (void)snprintf(folder, sizeof(folder), "%s/now", root);
    for (; *args; args++)
        argv[argc++] = *args;
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        char path[200];
        (void)snprintf(path, sizeof(path), "%s/%d", root, i);
        files[i] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        ck_assert_int_ge(dup2(files[i], i + 1), 0);
    }
    int status = verb_schema_check.run(argc, argv);
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_ge(dup2(saved[i], i + 1), 0);
        ssize_t n = pread(files[i], text[i], sizeof(text[i]) - 1, 0);
        ck_assert_int_ge(n, 0);
        text[i][n] = '\0';
        (void)close(files[i]);
        (void)close(saved[i]);
    }
    return status;
}
#define A(word) ((char[]){word})
#define CHECK(fields, ...) check(fields, (char *[]){__VA_ARGS__, NULL})

static void tells(int stream, const char *words)
{
    ck_assert_msg(strstr(text[stream], words) != NULL, "%s\nnot in:\n%s%s", words, text[0],
                  text[1]);
}

START_TEST(records_that_the_new_schema_reads_are_clean)
{
    open_stage(NUMBER());
    for (int i = 0; i < 5; i++)
        put(i % 3, "\"n\":1");
    put_bytes(0, NULL, 0); /* a tombstone is nothing to read */
    ck_assert_int_eq(
        CHECK(NUMBER() ",{\"name\":\"m\",\"type\":\"int\",\"default\":7}", A("--sample"), A("100")),
        0);
    ck_assert_str_eq(text[0], "");
    tells(1, "5 records of 1 topics read");
    close_stage();
}
END_TEST

START_TEST(records_that_it_cannot_read_are_named_by_place_and_counted)
{
    open_stage(NUMBER());
    for (int i = 0; i < 5; i++)
        put(2, "\"n\":1");
    ck_assert_int_eq(
        CHECK("{\"name\":\"n\",\"type\":\"string\"}", A("--sample"), A("3"), A("--fail-on=note")),
        100);
    tells(0, "error RECORD_UNREADABLE: data.n: ");
    tells(0, "record " TOPIC "[2]@2, and 2 more");
    tells(0, "compared: schema id 1 with here");
    tells(1, "3 records of 1 topics");
    close_stage();
}
END_TEST

START_TEST(only_the_records_that_break_it_are_told)
{
    open_stage(NUMBER() KIND("\"A\",\"B\""));
    put(0, "\"n\":1,\"kind\":\"A\"");
    put(0, "\"n\":-4,\"kind\":\"A\"");
    put(1, "\"n\":2,\"kind\":\"B\"");
    ck_assert_int_eq(CHECK(NUMBER() KIND("\"A\""), A("--sample"), A("9")), 100);
    tells(0, "RECORD_UNREADABLE: data.kind: ");
    tells(0, "record " TOPIC "[1]@0\n");
    ck_assert_int_eq(CHECK(NUMBER(",\"minimum\":0") KIND("\"A\",\"B\""), A("--sample"), A("9")),
                     100);
    tells(0, "RECORD_OUT_OF_BOUNDS: data.n: ");
    tells(0, "must be at least 0 (was -4): record " TOPIC "[0]@1\n");
    close_stage();
}
END_TEST

START_TEST(the_last_records_are_spread_over_the_partitions)
{
    open_stage(NUMBER());
    for (int i = 0; i < 8; i++)
        put(0, i < 5 ? "\"n\":-1" : "\"n\":1");
    put(1, "\"n\":1");
    ck_assert_int_eq(CHECK(NUMBER(",\"minimum\":0"), A("--sample"), A("4")), 0);
    tells(1, "4 records of 1 topics");
    ck_assert_int_eq(CHECK(NUMBER(",\"minimum\":0"), A("--sample"), A("5")), 100);
    tells(0, TOPIC "[0]@4\n");
    close_stage();
}
END_TEST

START_TEST(records_of_no_schema_are_told_and_hide_no_other)
{
    static const uint8_t unknown[] = {0, 0, 0, 1, 0, 1}, cut[] = {0, 0, 0, 0, 1, 8, 'a'};

    open_stage(NUMBER());
    put_bytes(0, "{}", 2);
    put_bytes(1, unknown, sizeof(unknown));
    put_bytes(2, cut, sizeof(cut));
    put(2, "\"n\":1");
    ck_assert_int_eq(CHECK(NUMBER(), A("--sample"), A("9")), 100);
    tells(0, "warning RECORD_FOREIGN: it is not in the registry's wire format: record");
    tells(0, "the registry has no schema with id 256: record " TOPIC "[1]@0");
    tells(0, "RECORD_UNREADABLE");
    tells(0, TOPIC "[2]@0\n");
    tells(1, "4 records");
    close_stage();
}
END_TEST

START_TEST(only_changed_topics_that_are_there_are_read)
{
    char writer[200];

    open_stage(NUMBER());
    put(0, "\"n\":-1");
    (void)snprintf(writer, sizeof(writer), "%s/writer", root);
    ck_assert_int_eq(CHECK(NUMBER(), A("--sample"), A("9"), A("--against"), writer), 0);
    ck_assert_ptr_null(strstr(text[1], "1 records"));
    ck_assert_int_eq(CHECK(NUMBER(",\"minimum\":0"), A("--sample"), A("9"), A("--against"), writer),
                     100);
    tells(0, "CONSTRAINT_TIGHTENED_MINIMUM");
    tells(0, "RECORD_OUT_OF_BOUNDS");
    (void)mr_kafka_embedded_stop(stage.broker);
    ck_assert_int_eq(mr_kafka_embedded_start(1, &stage.broker, NULL), 0);
    ck_assert_int_eq(setenv("MILLRACE_BROKERS", mr_kafka_embedded_brokers(stage.broker), 1), 0);
    ck_assert_int_eq(CHECK(NUMBER(), A("--sample"), A("9")), 0);
    tells(1, "the cluster lacks 1 topics");
    close_stage();
}
END_TEST

START_TEST(without_a_cluster_it_could_not_be_checked)
{
    open_stage(NUMBER());
    ck_assert_int_eq(unsetenv("MILLRACE_BROKERS"), 0);
    ck_assert_int_eq(setenv("MILLRACE_STATE", "/nowhere", 1), 0);
    ck_assert_int_eq(CHECK(NUMBER(), A("--sample"), A("9")), 1);
    tells(1, "no Kafka brokers given");
    ck_assert_int_eq(CHECK(NUMBER(), A("--sample"), A("-1")), 2);
    ck_assert_int_eq(CHECK(NUMBER(), A("--sample"), A("0")), 2);
    close_stage();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        records_that_the_new_schema_reads_are_clean,
        records_that_it_cannot_read_are_named_by_place_and_counted,
        only_the_records_that_break_it_are_told,
        the_last_records_are_spread_over_the_partitions,
        records_of_no_schema_are_told_and_hide_no_other,
        only_changed_topics_that_are_there_are_read,
        without_a_cluster_it_could_not_be_checked,
        NULL,
    };
    return unit_run_framed(
        "schema_sample",
        (struct unit_frame){.set_up = set_up, .tear_down = tear_down, .seconds = 30}, tests);
}
