/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: avro-c as the second opinion on encoding and decoding, over random data of many
 * schemas; where avro-c is right (docs/codec.md lists where it is not, and resolution is never
 * asked of it). */
#include <avro.h>
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "support/unit.h"

static const char *const schemas[] = {
    "\"null\"",
    "\"boolean\"",
    "\"int\"",
    "\"long\"",
    "\"double\"",
    "\"string\"",
    "\"bytes\"",
    "{\"type\":\"fixed\",\"name\":\"F\",\"size\":7}",
    "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}",
    "{\"type\":\"array\",\"items\":\"long\"}",
    "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":\"string\"}}",
    "{\"type\":\"map\",\"values\":\"double\"}",
    "[\"null\",\"string\"]",
    "[\"null\",\"long\",\"string\",{\"type\":\"map\",\"values\":\"int\"},{\"type\":\"array\","
    "\"items\":\"int\"}]",
    "{\"type\":\"record\",\"name\":\"List\",\"fields\":[{\"name\":\"value\",\"type\":\"long\"},"
    "{\"name\":\"next\",\"type\":[\"null\",\"List\"]}]}",
    "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"note\",\"type\":[\"null\",\"string\"]},{\"name\":\"lines\",\"type\":{\"type\":"
    "\"array\","
    "\"items\":{\"type\":\"record\",\"name\":\"Line\",\"fields\":[{\"name\":\"sku\",\"type\":"
    "\"string\"},"
    "{\"name\":\"n\",\"type\":\"int\"},{\"name\":\"price\",\"type\":\"double\"},{\"name\":\"gift\","
    "\"type\":\"boolean\"},"
    "{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":\"string\"}}]}}},"
    "{\"name\":\"raw\",\"type\":\"bytes\"},{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":"
    "\"Kind\","
    "\"symbols\":[\"X\",\"Y\"]}}]}",
};
enum { DATA_EACH = 300 };

static uint64_t seed = 88172645463325252u;

static uint64_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int64_t random_long(void)
{
    return (int64_t)random_number() >> random_number() % 64;
}

static double random_double(void)
{
    double value;

    switch (random_number() % 4) {
    case 0:
        return (double)(random_long() % 100000) / 100;
    case 1:
        return (double)random_long();
    default:
        do {
            uint64_t bits = random_number();
            memcpy(&value, &bits, sizeof(value));
        } while (!isfinite(value));
        return value;
    }
}

/* Text without NUL, since avro-c cuts there: ASCII, quotes, controls, all lengths of UTF-8. */
static void random_text(char out[128])
{
    static const char *const parts[] = {"a",
                                        "order",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\x01",
                                        "/",
                                        "\xc3\xa4",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "0123456789abcdef",
                                        " "};
    size_t n = random_number() % 7;

    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        strcat(out, parts[random_number() % MR_N_ELEMENTS(parts)]);
}

static void fill(avro_value_t *value, unsigned depth);

static void fill_items(avro_value_t *value, unsigned depth, bool map)
{
    size_t n = random_number() % 4;
    avro_value_t child;
    char key[32];

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(key, sizeof(key), "k%zu", i);
        if (map)
            avro_value_add(value, key, &child, NULL, NULL);
        else
            avro_value_append(value, &child, NULL);
        fill(&child, depth + 1);
    }
}

static void fill_named(avro_value_t *value, unsigned depth, avro_type_t type)
{
    avro_value_t child;
    size_t n = 0;
    uint8_t bytes[32];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(1 + random_number() % 255); /* avro-c's JSON ends at NUL */
    if (type == AVRO_RECORD) {
        avro_value_get_size(value, &n);
        for (size_t i = 0; i < n; i++) {
            avro_value_get_by_index(value, i, &child, NULL);
            fill(&child, depth + 1);
        }
    } else if (type == AVRO_UNION) {
        n = avro_schema_union_size(avro_value_get_schema(value));
        avro_value_set_branch(value, depth > 12 ? 0 : (int)(random_number() % n), &child);
        fill(&child, depth + 1);
    } else if (type == AVRO_ENUM) {
        n = (size_t)avro_schema_enum_number_of_symbols(avro_value_get_schema(value));
        avro_value_set_enum(value, (int)(random_number() % n));
    } else if (type == AVRO_BYTES) {
        avro_value_set_bytes(value, bytes, random_number() % sizeof(bytes));
    } else {
        avro_value_set_fixed(value, bytes,
                             (size_t)avro_schema_fixed_size(avro_value_get_schema(value)));
    }
}

static void fill(avro_value_t *value, unsigned depth)
{
    avro_type_t type = avro_value_get_type(value);
    char text[128];

    if (type == AVRO_NULL)
        avro_value_set_null(value);
    else if (type == AVRO_BOOLEAN)
        avro_value_set_boolean(value, random_number() & 1);
    else if (type == AVRO_INT32)
        avro_value_set_int(value, (int32_t)random_long());
    else if (type == AVRO_INT64)
        avro_value_set_long(value, random_long());
    else if (type == AVRO_DOUBLE)
        avro_value_set_double(value, random_double());
    else if (type == AVRO_STRING)
        random_text(text), avro_value_set_string(value, text);
    else if (type == AVRO_ARRAY || type == AVRO_MAP)
        fill_items(value, depth, type == AVRO_MAP);
    else
        fill_named(value, depth, type);
}

struct kit {
    struct mr_schema *schema;
    struct mr_json_encoder *encoder;
    struct mr_json_decoder *decoder;
    struct mr_buf json, avro;
    avro_schema_t peer;
    avro_value_iface_t *class;
    avro_value_t value;
    char bytes[16384];
};

static void open_kit(struct kit *kit, const char *text)
{
    static const struct mr_json_options options = {.avro_json = true, .allow_nul = true};

    *kit = (struct kit){0};
    ck_assert_int_eq(mr_schema_parse(text, strlen(text), NULL, &kit->schema, NULL), 0);
    ck_assert_int_eq(mr_json_encoder_new(kit->schema, NULL, &options, &kit->encoder, NULL), 0);
    ck_assert_int_eq(mr_json_decoder_new(kit->schema, NULL, &options, &kit->decoder, NULL), 0);
    ck_assert_int_eq(avro_schema_from_json_length(text, strlen(text), &kit->peer), 0);
    kit->class = avro_generic_class_from_schema(kit->peer);
    ck_assert_int_eq(avro_generic_value_new(kit->class, &kit->value), 0);
}

static void close_kit(struct kit *kit)
{
    avro_value_decref(&kit->value);
    avro_value_iface_decref(kit->class);
    avro_schema_decref(kit->peer);
    mr_json_encoder_unref(kit->encoder);
    mr_json_decoder_unref(kit->decoder);
    mr_schema_unref(kit->schema);
    mr_buf_done(&kit->json);
    mr_buf_done(&kit->avro);
}

/* A random datum in avro-c's bytes. */
static size_t peer_datum(struct kit *kit)
{
    avro_writer_t writer = avro_writer_memory(kit->bytes, sizeof(kit->bytes));

    avro_value_reset(&kit->value);
    fill(&kit->value, 0);
    ck_assert_int_eq(avro_value_write(writer, &kit->value), 0);
    size_t len = (size_t)avro_writer_tell(writer);
    avro_writer_free(writer);
    return len;
}

static void same_json(struct kit *kit)
{
    char *text = NULL;

    ck_assert_int_eq(avro_value_to_json(&kit->value, 1, &text), 0);
    json_t *theirs =
        json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    json_t *ours = json_loadb((char *)kit->json.data, kit->json.len,
                              JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(ours);
    ck_assert_msg(json_equal(ours, theirs), "%s\n%.*s", text, (int)kit->json.len,
                  (char *)kit->json.data);
    json_decref(theirs);
    json_decref(ours);
    free(text);
}

START_TEST(our_json_and_avro_cs_say_the_same_and_our_bytes_are_its_bytes)
{
    for (size_t s = 0; s < MR_N_ELEMENTS(schemas); s++) {
        struct kit kit;
        open_kit(&kit, schemas[s]);
        for (int i = 0; i < DATA_EACH; i++) {
            struct mr_error error = MR_ERROR_INIT;
            size_t len = peer_datum(&kit);
            kit.json.len = kit.avro.len = 0;
            int r = mr_json_decode(kit.decoder, (uint8_t *)kit.bytes, len, &kit.json, &error);
            ck_assert_msg(r == 0, "%s: %s: %s", schemas[s], error.where, error.text);
            same_json(&kit);
            const char *json = (char *)kit.json.data;
            struct mr_json_cursor cursor = {json, json, json + kit.json.len};
            r = mr_json_encode(kit.encoder, &cursor, &kit.avro, NULL, &error);
            ck_assert_msg(r == 0, "%.*s: %s: %s", (int)kit.json.len, json, error.where, error.text);
            ck_assert_msg(kit.avro.len == len &&
                              (len == 0 || memcmp(kit.avro.data, kit.bytes, len) == 0),
                          "%.*s", (int)kit.json.len, json);
        }
        close_kit(&kit);
    }
}
END_TEST

/* Whatever a flipped byte makes of a datum: either it is refused, or what comes out goes in again.
 */
START_TEST(damaged_data_is_refused_or_means_something)
{
    for (size_t s = 0; s < MR_N_ELEMENTS(schemas); s++) {
        struct kit kit;
        open_kit(&kit, schemas[s]);
        for (int i = 0; i < DATA_EACH; i++) {
            size_t len = peer_datum(&kit);
            if (len == 0)
                continue;
            uint8_t *copy = malloc(len);
            memcpy(copy, kit.bytes, len);
            copy[random_number() % len] ^= (uint8_t)(1u << random_number() % 8);
            kit.json.len = kit.avro.len = 0;
            if (mr_json_decode(kit.decoder, copy, len, &kit.json, NULL) == 0) {
                const char *json = (char *)kit.json.data;
                struct mr_json_cursor cursor = {json, json, json + kit.json.len};
                struct mr_error error = MR_ERROR_INIT;
                int r = mr_json_encode(kit.encoder, &cursor, &kit.avro, NULL, &error);
                /* Two keys of a map may have become one: Avro has no word against it, JSON has. */
                ck_assert_msg(r == 0 || strcmp(error.text, "stands here twice") == 0, "%s: %.*s",
                              error.text, (int)kit.json.len, json);
            }
            free(copy);
        }
        close_kit(&kit);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        our_json_and_avro_cs_say_the_same_and_our_bytes_are_its_bytes,
        damaged_data_is_refused_or_means_something,
        NULL,
    };
    return unit_run("codec_peer", tests);
}
