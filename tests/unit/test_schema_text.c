/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical, stored and normalized text. The outputs are those of Java Avro and Confluent's client.
 */
#include <inttypes.h>
#include <string.h>

#include "support/schema.h"
#include "support/unit.h"

static void check(const char *text, const char *canonical, const char *stored,
                  const char *normalized)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = schema_ok(text);
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_schema_canonical(schema, &out), 0);
    ck_assert_str_eq(mr_buf_cstr(&out), canonical);
    out.len = 0;
    ck_assert_int_eq(mr_schema_stored_text(schema, false, &out, &error), 0);
    ck_assert_str_eq(mr_buf_cstr(&out), stored);
    out.len = 0;
    int r = mr_schema_stored_text(schema, true, &out, &error);
    ck_assert_int_eq(r, normalized ? 0 : MR_INVALID);
    if (normalized)
        ck_assert_str_eq(mr_buf_cstr(&out), normalized);
    else
        ck_assert_str_ne(error.text, "");
}

START_TEST(members_have_javas_order_and_properties_their_own)
{
    check("{\"x\":1,\"aliases\":[\"z.B\",\"A\",\"A\"],\"doc\":\"d\",\"fields\":[{\"type\":\"int\","
          "\"b\":2,\"a\":1,"
          "\"order\":\"Ignore\",\"aliases\":[\"q\",\"p\"],\"default\":1,\"doc\":\"e\",\"name\":"
          "\"f\"}],"
          "\"name\":\"n.R\",\"type\":\"record\",\"a\":{\"d\":1,\"c\":[]}}",
          "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":[{\"name\":\"f\",\"type\":\"int\"}]}",
          "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"doc\":\"d\",\"fields\":[{"
          "\"name\":\"f\","
          "\"type\":\"int\",\"doc\":\"e\",\"default\":1,\"order\":\"ignore\",\"aliases\":[\"q\","
          "\"p\"],\"b\":2,\"a\":1}],"
          "\"x\":1,\"a\":{\"d\":1,\"c\":[]},\"aliases\":[\"z.B\",\"A\"]}",
          "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"doc\":\"d\",\"fields\":[{"
          "\"name\":\"f\","
          "\"type\":\"int\",\"doc\":\"e\",\"default\":1,\"order\":\"ignore\",\"aliases\":[\"p\","
          "\"q\"],\"a\":1,\"b\":2}],"
          "\"a\":{\"c\":[],\"d\":1},\"x\":1,\"aliases\":[\"A\",\"z.B\"]}");
}
END_TEST

START_TEST(names_are_as_short_as_the_namespace_allows)
{
    check("{\"type\":\"record\",\"name\":\"n.R\",\"fields\":["
          "{\"name\":\"a\",\"type\":{\"type\":\"enum\",\"name\":\"int\",\"symbols\":[\"A\"]}},"
          "{\"name\":\"b\",\"type\":\"n.int\"},"
          "{\"name\":\"c\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":\"\",\"size\":"
          "1}},"
          "{\"name\":\"d\",\"type\":[\"null\",\"R\"]}]}",
          "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":["
          "{\"name\":\"a\",\"type\":{\"name\":\"n.int\",\"type\":\"enum\",\"symbols\":[\"A\"]}},"
          "{\"name\":\"b\",\"type\":\"n.int\"},"
          "{\"name\":\"c\",\"type\":{\"name\":\"F\",\"type\":\"fixed\",\"size\":1}},"
          "{\"name\":\"d\",\"type\":[\"null\",\"n.R\"]}]}",
          "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":["
          "{\"name\":\"a\",\"type\":{\"type\":\"enum\",\"name\":\"int\",\"symbols\":[\"A\"]}},"
          "{\"name\":\"b\",\"type\":\"n.int\"},"
          "{\"name\":\"c\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":\"\",\"size\":"
          "1}},"
          "{\"name\":\"d\",\"type\":[\"null\",\"R\"]}]}",
          "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":["
          "{\"name\":\"a\",\"type\":{\"type\":\"enum\",\"name\":\"int\",\"symbols\":[\"A\"]}},"
          "{\"name\":\"b\",\"type\":\"n.int\"},"
          "{\"name\":\"c\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}},"
          "{\"name\":\"d\",\"type\":[\"null\",\"R\"]}]}");
}
END_TEST

/* Without a namespace in one that has, the full name written again means another. */
START_TEST(a_normal_form_that_reads_otherwise_is_refused)
{
    check("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":{\"type\":"
          "\"record\",\"name\":\"x.S\","
          "\"fields\":[{\"name\":\"e\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":"
          "\"\",\"size\":1}}]}},"
          "{\"name\":\"t\",\"type\":\"F\"}]}",
          "{\"name\":\"R\",\"type\":\"record\",\"fields\":[{\"name\":\"s\",\"type\":{\"name\":\"x."
          "S\",\"type\":\"record\","
          "\"fields\":[{\"name\":\"e\",\"type\":{\"name\":\"F\",\"type\":\"fixed\",\"size\":1}}]}},"
          "{\"name\":\"t\",\"type\":\"F\"}]}",
          "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":{\"type\":"
          "\"record\",\"name\":\"S\","
          "\"namespace\":\"x\",\"fields\":[{\"name\":\"e\",\"type\":{\"type\":\"fixed\",\"name\":"
          "\"F\",\"namespace\":\"\","
          "\"size\":1}}]}},{\"name\":\"t\",\"type\":\"F\"}]}",
          NULL);
    check("{\"type\":\"int\",\"x\":12345678901234567890}", "\"int\"",
          "{\"type\":\"int\",\"x\":12345678901234567890}", NULL);
}
END_TEST

START_TEST(numbers_and_characters_are_written_as_java_writes_them)
{
    check("{\"type\":\"int\",\"x\":[1.10,1e3,-0,-0.0,0.001,0.0009,1e7,9999999.0,1e400,4.9e-324,"
          "123456.789e3],"
          "\"y\":\"\\u001f\\u007f\\/\\u00e9\\ud83d\\ude00\\b\"}",
          "\"int\"",
          "{\"type\":\"int\",\"x\":[1.1,1000.0,0,-0.0,0.001,9.0E-4,1.0E7,9999999.0,\"Infinity\",4."
          "9E-324,"
          "1.23456789E8],\"y\":\"\\u001F\x7f/\xc3\xa9\xf0\x9f\x98\x80\\b\"}",
          "{\"type\":\"int\",\"x\":[1.1,1000.0,0,-0.0,0.001,9.0E-4,1.0E7,9999999.0,\"Infinity\",4."
          "9E-324,"
          "1.23456789E8],\"y\":\"\\u001F\x7f/\xc3\xa9\xf0\x9f\x98\x80\\b\"}");
}
END_TEST

#define FIELD(type, def)                                                                           \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":" type def "}]}"
#define FORM(type)                                                                                 \
    "{\"name\":\"R\",\"type\":\"record\",\"fields\":[{\"name\":\"f\",\"type\":" type "}]}"

START_TEST(normal_defaults_are_those_of_their_type)
{
    check(FIELD("\"float\"", ",\"default\":0.123456789"), FORM("\"float\""),
          FIELD("\"float\"", ",\"default\":0.123456789"),
          FIELD("\"float\"", ",\"default\":0.12345679"));
    check(FIELD("\"double\"", ",\"default\":1"), FORM("\"double\""),
          FIELD("\"double\"", ",\"default\":1"), FIELD("\"double\"", ",\"default\":1.0"));
    check(FIELD("\"double\"", ",\"default\":\"NaN\""), FORM("\"double\""),
          FIELD("\"double\"", ",\"default\":\"NaN\""), FIELD("\"double\"", ",\"default\":\"NaN\""));
    check(FIELD("[\"null\",\"int\"]", ",\"default\":5"), FORM("[\"null\",\"int\"]"),
          FIELD("[\"null\",\"int\"]", ",\"default\":5"), FIELD("[\"null\",\"int\"]", ""));
    check(FIELD("{\"type\":\"map\",\"values\":\"int\"}", ",\"default\":{\"b\":1,\"a\":2}"),
          FORM("{\"type\":\"map\",\"values\":\"int\"}"),
          FIELD("{\"type\":\"map\",\"values\":\"int\"}", ",\"default\":{\"b\":1,\"a\":2}"),
          FIELD("{\"type\":\"map\",\"values\":\"int\"}", ",\"default\":{\"a\":2,\"b\":1}"));
}
END_TEST

START_TEST(what_was_a_logical_type_in_avro_1_11_leads_the_properties)
{
    static const char uuid[] = "{\"type\":\"float\",\"logicalType\":\"uuid\",\"aa\":1}";
    static const char nanos[] = "{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\",\"aa\":1}";

    check(uuid, "\"float\"", uuid, uuid);
    check(nanos, "\"long\"", nanos,
          "{\"type\":\"long\",\"aa\":1,\"logicalType\":\"timestamp-nanos\"}");
    check("{\"scale\":2,\"aa\":1,\"precision\":4,\"type\":\"bytes\",\"logicalType\":\"decimal\"}",
          "\"bytes\"",
          "{\"type\":\"bytes\",\"scale\":2,\"aa\":1,\"precision\":4,\"logicalType\":\"decimal\"}",
          "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2,\"aa\":1}");
}
END_TEST

START_TEST(fingerprints_are_those_of_the_specification)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = schema_ok("{\"type\":\"null\",\"x\":1}");
    uint8_t digest[32];
    uint64_t rabin;

    ck_assert_int_eq(mr_schema_fingerprint_rabin(schema, &rabin), 0);
    ck_assert_uint_eq(rabin, 0x63dd24e7cc258f8au);
    ck_assert_int_eq(mr_schema_fingerprint_md5(schema, digest), 0);
    ck_assert_mem_eq(digest, "\x9b\x41\xef\x67", 4);
    ck_assert_int_eq(mr_schema_fingerprint_sha256(schema, digest), 0);
    ck_assert_mem_eq(digest, "\xf0\x72\xcb\xec", 4);
}
END_TEST

int main(void)
{
    return unit_run("schema_text", (const TTest *[]){
                                       members_have_javas_order_and_properties_their_own,
                                       names_are_as_short_as_the_namespace_allows,
                                       a_normal_form_that_reads_otherwise_is_refused,
                                       numbers_and_characters_are_written_as_java_writes_them,
                                       normal_defaults_are_those_of_their_type,
                                       what_was_a_logical_type_in_avro_1_11_leads_the_properties,
                                       fingerprints_are_those_of_the_specification,
                                       NULL,
                                   });
}
