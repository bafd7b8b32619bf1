/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: Avro <-> trees of values. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "millrace/datum.h"
#include "support/schema.h"
#include "support/unit.h"

static const char all_types[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"b\",\"type\":\"boolean\"},{\"name\":\"i\",\"type\":\"int\"},"
    "{\"name\":\"l\",\"type\":\"long\",\"maximum\":9},{\"name\":\"f\",\"type\":\"float\"},"
    "{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"y\",\"type\":\"bytes\"},"
    "{\"name\":\"s\",\"type\":\"string\",\"maxLength\":5},"
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"X\",\"size\":2}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":6,"
    "\"scale\":2},\"minimum\":0},"
    "{\"name\":\"u\",\"type\":{\"type\":\"string\",\"logicalType\":\"uuid\"}},"
    "{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}},"
    "{\"name\":\"n\",\"type\":[\"null\",\"long\",\"string\"]},"
    "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":[\"null\",\"R\"]},\"maxItems\":2},"
    "{\"name\":\"p\",\"type\":{\"type\":\"map\",\"values\":\"string\"}}]}";

static const char json[] =
    "{\"b\":true,\"i\":-1,\"l\":9,\"f\":1.5,\"d\":0.1,\"y\":\"\\u0001\",\"s\":\"h\\u00e9\","
    "\"x\":\"ab\",\"e\":\"B\",\"m\":\"12.30\",\"u\":\"550e8400-e29b-41d4-a716-446655440000\","
    "\"t\":\"2024-01-15T10:30:00.000000Z\",\"n\":\"5\",\"a\":[null,{\"b\":false,\"i\":0,\"l\":0,"
    "\"f\":0.0,\"d\":0.0,\"y\":\"\",\"s\":\"\",\"x\":\"cd\",\"e\":\"A\",\"m\":\"0.00\","
    "\"u\":\"550e8400-e29b-41d4-a716-446655440000\",\"t\":\"1970-01-01T00:00:00.000000Z\","
    "\"n\":null,\"a\":[],\"p\":{}}],\"p\":{\"k\":\"v\",\"l\":\"w\"}}";

struct kit {
    struct mr_schema *schema;
    struct mr_datum_reader *reader;
    struct mr_datum_writer *writer;
    struct mr_arena *arena;
    struct mr_datum datum;
    struct mr_buf avro, out;
    struct mr_error error;
};

static void open_kit(struct kit *kit)
{
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    struct mr_json_cursor cursor = {json, json, json + sizeof(json) - 1};

    *kit = (struct kit){.schema = schema_ok(all_types), .error = MR_ERROR_INIT};
    ck_assert_int_eq(mr_datum_reader_new(kit->schema, NULL, &kit->reader, &kit->error), 0);
    ck_assert_int_eq(mr_datum_writer_new(kit->schema, &kit->writer, &kit->error), 0);
    ck_assert_int_eq(mr_arena_new(0, &kit->arena), 0);
    ck_assert_int_eq(mr_json_encoder_new(kit->schema, NULL, NULL, &encoder, NULL), 0);
    int r = mr_json_encode(encoder, &cursor, &kit->avro, NULL, &kit->error);
    ck_assert_msg(r == 0, "%s: %s", kit->error.where, kit->error.text);
    r = mr_datum_read(kit->reader, kit->avro.data, kit->avro.len, kit->arena, &kit->datum,
                      &kit->error);
    ck_assert_msg(r == 0, "%s: %s", kit->error.where, kit->error.text);
}

static void close_kit(struct kit *kit)
{
    (void)mr_datum_reader_free(kit->reader);
    (void)mr_datum_writer_free(kit->writer);
    (void)mr_arena_free(kit->arena);
    (void)mr_schema_unref(kit->schema);
    mr_buf_done(&kit->avro);
    mr_buf_done(&kit->out);
}

static struct mr_datum *field(struct kit *kit, const char *name)
{
    const struct mr_schema_field *found = mr_schema_field_find(kit->datum.node, mr_str_from(name));

    return &kit->datum.items[found - kit->datum.node->fields];
}

START_TEST(what_is_read_is_written_as_the_same_bytes)
{
    struct kit kit;

    open_kit(&kit);
    int r = mr_datum_write(kit.writer, &kit.datum, &kit.out, &kit.error);
    ck_assert_msg(r == 0, "%s: %s", kit.error.where, kit.error.text);
    ck_assert_uint_eq(kit.out.len, kit.avro.len);
    ck_assert_mem_eq(kit.out.data, kit.avro.data, kit.out.len);
    ck_assert_int_eq(field(&kit, "b")->whole, 1);
    ck_assert_int_eq(field(&kit, "e")->whole, 1);
    ck_assert_double_eq(field(&kit, "f")->real, 1.5);
    ck_assert_int_eq(field(&kit, "n")->node->type, MR_AVRO_STRING);
    ck_assert_uint_eq(field(&kit, "p")->n, 2);
    ck_assert(mr_str_is(field(&kit, "p")->keys[1], "l"));
    struct mr_decimal decimal;
    ck_assert_int_eq(mr_datum_decimal(field(&kit, "m"), &decimal), 0);
    ck_assert(decimal.unscaled == 1230 && decimal.scale == 2);
    close_kit(&kit);
}
END_TEST

static void refused(struct kit *kit, const char *where, const char *text)
{
    ck_assert_int_eq(mr_datum_write(kit->writer, &kit->datum, &kit->out, &kit->error), MR_INVALID);
    ck_assert_str_eq(kit->error.where, where);
    ck_assert_msg(strstr(kit->error.text, text) != NULL, "%s", kit->error.text);
    ck_assert_uint_eq(kit->out.len, 0);
    kit->error = MR_ERROR_INIT;
}

START_TEST(what_breaks_a_rule_is_not_written)
{
    struct kit kit;

    open_kit(&kit);
    field(&kit, "a")->items[1].items[2].whole = 10;
    refused(&kit, "/a/1/l", "at most 9");
    field(&kit, "a")->items[1].items[2].whole = 1;
    ck_assert_int_eq(mr_datum_set_decimal(field(&kit, "m"), kit.arena, 1000000), 0);
    refused(&kit, "/m", "at most 6 digits");
    ck_assert_int_eq(mr_datum_set_decimal(field(&kit, "m"), kit.arena, -1), 0);
    refused(&kit, "/m", "at least 0");
    ck_assert_int_eq(mr_datum_set_decimal(field(&kit, "m"), kit.arena, 1), 0);
    field(&kit, "f")->real = 0.1;
    refused(&kit, "/f", "float");
    field(&kit, "f")->real = 0.5;
    field(&kit, "s")->bytes = (struct mr_bytes){(const uint8_t *)"123456", 6};
    refused(&kit, "/s", "at most 5");
    field(&kit, "s")->bytes = (struct mr_bytes){(const uint8_t *)"\xff", 1};
    refused(&kit, "/s", "UTF-8");
    field(&kit, "s")->bytes.len = 0;
    field(&kit, "u")->bytes = (struct mr_bytes){(const uint8_t *)"x", 1};
    refused(&kit, "/u", "UUID");
    close_kit(&kit);
}
END_TEST

START_TEST(a_later_schema_reads_what_an_earlier_one_wrote)
{
    struct kit kit;
    MR_AUTO(mr_schema)
    struct mr_schema *later = schema_ok(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"new\",\"type\":\"string\","
        "\"default\":\"d\"},{\"name\":\"i\",\"type\":\"double\"},{\"name\":\"b\",\"type\":[\"null\""
        ",\"boolean\"]}]}");
    MR_AUTO(mr_datum_reader) struct mr_datum_reader *reader = NULL;

    open_kit(&kit);
    ck_assert_int_eq(mr_datum_reader_new(kit.schema, later, &reader, &kit.error), 0);
    ck_assert_int_eq(
        mr_datum_read(reader, kit.avro.data, kit.avro.len, kit.arena, &kit.datum, &kit.error), 0);
    ck_assert_uint_eq(kit.datum.n, 3);
    ck_assert(kit.datum.items[0].bytes.len == 1 && kit.datum.items[0].bytes.data[0] == 'd');
    ck_assert_double_eq(kit.datum.items[1].real, -1);
    ck_assert_int_eq(kit.datum.items[2].whole, 1);
    close_kit(&kit);
}
END_TEST

START_TEST(each_cut_is_refused_and_each_damaged_byte_means_something_or_is_refused)
{
    struct kit kit;

    open_kit(&kit);
    for (size_t len = 0; len < kit.avro.len; len++) {
        mr_arena_reset(kit.arena);
        ck_assert_int_eq(mr_datum_read(kit.reader, kit.avro.data, len, kit.arena, &kit.datum, NULL),
                         MR_INVALID);
    }
    for (size_t i = 0; i < kit.avro.len * 256; i++) {
        uint8_t *byte = &kit.avro.data[i / 256], before = *byte;
        *byte = (uint8_t)i;
        mr_arena_reset(kit.arena);
        int r = mr_datum_read(kit.reader, kit.avro.data, kit.avro.len, kit.arena, &kit.datum, NULL);
        if (r == 0)
            r = mr_datum_write(kit.writer, &kit.datum, &kit.out, NULL);
        if (r != 0 && r != MR_INVALID)
            ck_abort_msg("byte %zu: %d", i / 256, r);
        kit.out.len = 0;
        *byte = before;
    }
    close_kit(&kit);
}
END_TEST

START_TEST(items_without_bytes_are_bounded)
{
    MR_AUTO(mr_schema)
    struct mr_schema *schema = schema_ok("{\"type\":\"array\",\"items\":\"null\"}");
    MR_AUTO(mr_datum_reader) struct mr_datum_reader *reader = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    static const uint8_t many[] = {0xfe, 0xff, 0xff, 0xff, 0x0f, 0};
    struct mr_datum datum;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_datum_reader_new(schema, NULL, &reader, NULL), 0);
    ck_assert_int_eq(mr_datum_read(reader, many, sizeof(many), arena, &datum, NULL), MR_INVALID);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_is_read_is_written_as_the_same_bytes,
        what_breaks_a_rule_is_not_written,
        a_later_schema_reads_what_an_earlier_one_wrote,
        each_cut_is_refused_and_each_damaged_byte_means_something_or_is_refused,
        items_without_bytes_are_bounded,
        NULL,
    };

    return unit_run("datum", tests);
}
