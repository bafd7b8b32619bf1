/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: Avro -> JSON, and schema resolution as it shows there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "millrace/hash.h"
#include "support/unit.h"

struct row {
    const char *writer, *reader; /* reader NULL: the writer's */
    const char *hex;
    const char *wanted; /* JSON, or "where: text" of the error */
};

static void decode(const struct row *row, const struct mr_json_options *options, char *out,
                   size_t size)
{
    MR_AUTO(mr_schema) struct mr_schema *writer = NULL;
    MR_AUTO(mr_schema) struct mr_schema *reader = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_buf) struct mr_buf buf = {0};
    struct mr_error error = MR_ERROR_INIT;
    /* On the heap, so that a sanitizer sees each byte read beyond the end. */
    size_t len = strlen(row->hex) / 2;
    MR_AUTO(free) uint8_t *avro = malloc(len + !len);

    ck_assert_uint_eq(mr_hex_decode(row->hex, 2 * len, avro), len);
    ck_assert_msg(mr_schema_parse(row->writer, strlen(row->writer), NULL, &writer, &error) == 0,
                  "%s: %s", row->writer, error.text);
    if (row->reader)
        ck_assert_msg(mr_schema_parse(row->reader, strlen(row->reader), NULL, &reader, &error) == 0,
                      "%s: %s", row->reader, error.text);
    int r = mr_json_decoder_new(writer, reader, options, &decoder, &error);
    if (r == MR_INVALID) {
        (void)snprintf(out, size, "PLAN %s: %s", error.where, error.text);
        return;
    }
    ck_assert_int_eq(r, 0);
    r = mr_json_decode(decoder, avro, len, &buf, &error);
    if (r == MR_INVALID) {
        ck_assert_uint_eq(buf.len, 0);
        (void)snprintf(out, size, "%s: %s", error.where, error.text);
        return;
    }
    ck_assert_int_eq(r, 0);
    (void)snprintf(out, size, "%.*s", (int)buf.len, (const char *)buf.data);
}

static void check_rows(const struct row *rows, size_t n, const struct mr_json_options *options)
{
    char got[2048];

    for (size_t i = 0; i < n; i++) {
        decode(&rows[i], options, got, sizeof(got));
        ck_assert_msg(strcmp(got, rows[i].wanted) == 0, "%s of %s:\n got %s\nwant %s", rows[i].hex,
                      rows[i].writer, got, rows[i].wanted);
    }
}
#define CHECK_ROWS(rows) check_rows(rows, MR_N_ELEMENTS(rows), NULL)

START_TEST(every_type_is_shown_as_json)
{
    static const struct row rows[] = {
        {"\"null\"", NULL, "", "null"},
        {"\"boolean\"", NULL, "01", "true"},
        {"\"int\"", NULL, "feffffff0f", "2147483647"},
        {"\"long\"", NULL, "ffffffffffffffffff01", "-9223372036854775808"},
        {"\"float\"", NULL, "cdcccc3d", "0.1"},
        {"\"double\"", NULL, "9a9999999999b93f", "0.1"},
        {"\"double\"", NULL, "0000000000001440", "5.0"},
        {"\"double\"", NULL, "000000000000f87f", "\"NaN\""},
        {"\"double\"", NULL, "000000000000f0ff", "\"-Infinity\""},
        {"\"double\"", NULL, "0100000000000000", "5e-324"},
        {"\"double\"", NULL, "ffffffffffffef7f", "1.7976931348623157e+308"},
        {"\"string\"", NULL, "10c3a422085c0a0061", "\"\xc3\xa4\\\"\\b\\\\\\n\\u0000a\""},
        {"\"bytes\"", NULL, "0600ff41",
         "\"\\u0000\xc3\xbf"
         "A\""},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", NULL, "8041", "\"\\u0080A\""},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", NULL, "02", "\"B\""},
        {"{\"type\":\"array\",\"items\":\"int\"}", NULL,
         "0402040206"
         "00",
         "[1,2,3]"},
        {"{\"type\":\"array\",\"items\":\"int\"}", NULL, "0304020400", "[1,2]"},
        {"{\"type\":\"map\",\"values\":\"int\"}", NULL, "0402610202620400", "{\"a\":1,\"b\":2}"},
        {"[\"null\",\"long\"]", NULL, "0206", "3"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
         "{\"name\":\"b_with_a_long_name\",\"type\":[\"null\",\"R\"]}]}",
         NULL, "02020400",
         "{\"a\":1,\"b_with_a_long_name\":{\"a\":2,\"b_with_a_long_name\":null}}"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}", NULL, "", "{}"},
    };
    CHECK_ROWS(rows);
}
END_TEST

#define LOGICAL(t, l) "{\"type\":\"" t "\",\"logicalType\":\"" l "\"}"
#define FIXED(n, l) "{\"type\":\"fixed\",\"name\":\"F\",\"size\":" n ",\"logicalType\":" l "}"

START_TEST(what_confuses_terminals_and_readers_of_lines_is_escaped)
{
    static const struct row rows[] = {
        {"\"string\"", NULL, "067f4141", "\"\\u007fAA\""},
        {"\"string\"", NULL, "04c285", "\"\\u0085\""},
        {"\"string\"", NULL, "04c29f", "\"\\u009f\""},
        {"\"string\"", NULL, "04c2a0", "\"\xc2\xa0\""},
        {"\"string\"", NULL, "0ee280a8e280a941", "\"\\u2028\\u2029A\""},
        {"\"string\"", NULL, "0ce280a7e280aa", "\"\xe2\x80\xa7\xe2\x80\xaa\""},
        {"\"bytes\"", NULL, "087f809fa0", "\"\\u007f\\u0080\\u009f\xc2\xa0\""},
        {"{\"type\":\"map\",\"values\":\"int\"}", NULL, "0204c29b0000", "{\"\\u009b\":0}"},
        /* within records, at the end and in the middle of blocks of 16 */
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":\"string\"},"
         "{\"name\":\"t\",\"type\":\"string\"}]}",
         NULL,
         "02412a"
         "4141414141414141414141414141414141414141"
         "7f",
         "{\"s\":\"A\",\"t\":\"AAAAAAAAAAAAAAAAAAAA\\u007f\"}"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":\"string\"},"
         "{\"name\":\"t\",\"type\":\"string\"}]}",
         NULL,
         "047f412c"
         "41414141414141414141414141414141414141414141",
         "{\"s\":\"\\u007fA\",\"t\":\"AAAAAAAAAAAAAAAAAAAAAA\"}"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(logical_types_are_shown_in_human_form)
{
    static const struct row rows[] = {
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", NULL,
         "0409c3", "\"24.99\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", NULL,
         "02ff", "\"-0.01\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", NULL,
         "0401f4", "\"5.00\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":9,\"x-min-"
         "scale\":2}",
         NULL, "0a05d1852380", "\"24.99\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":9,\"x-min-"
         "scale\":2}",
         NULL, "0200", "\"0.00\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", NULL, "00",
         ": a decimal must have 1 to 1024 digits"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":60}", NULL,
         "2201"
         "00000000000000000000000000000000",
         "\"340282366920938463463374607431768211456\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":60}", NULL,
         "22ff"
         "00000000000000000000000000000000",
         "\"-340282366920938463463374607431768211456\""},
        {LOGICAL("bytes", "big-decimal"), NULL, "0804cfc706", "\"-12.345\""},
        {LOGICAL("bytes", "big-decimal"), NULL, "06020509", "\"500000\""}, /* Java's 5E+5 */
        {LOGICAL("int", "date"), NULL, "8cb502", "\"2024-02-29\""},
        {LOGICAL("int", "time-millis"), NULL, "80b89929", "\"12:00:00.000\""},
        {LOGICAL("int", "time-millis"), NULL, "01", ": a time-millis must lie within a day"},
        {LOGICAL("long", "time-micros"), NULL, "02", "\"00:00:00.000001\""},
        {LOGICAL("long", "timestamp-millis"), NULL, "01", "\"1969-12-31T23:59:59.999Z\""},
        {LOGICAL("long", "timestamp-micros"), NULL, "9098d3ca8fa18906",
         "\"2024-02-29T12:34:56.789000Z\""},
        {LOGICAL("long", "timestamp-nanos"), NULL, "02", "\"1970-01-01T00:00:00.000000001Z\""},
        {LOGICAL("long", "local-timestamp-millis"), NULL, "02", "\"1970-01-01T00:00:00.001\""},
        {LOGICAL("string", "uuid"), NULL, "0261", "\"a\""},
        {FIXED("16", "\"uuid\""), NULL, "00112233445566778899aabbccddeeff",
         "\"00112233-4455-6677-8899-aabbccddeeff\""},
        {FIXED("12", "\"duration\""), NULL, "010000000200000003000000", "\"P1M2DT0.003S\""},
        {FIXED("12", "\"duration\""), NULL, "000000000000000000000000", "\"PT0.000S\""},
        {FIXED("2", "\"decimal\",\"precision\":4,\"scale\":1"), NULL, "ff9c", "\"-10.0\""},
    };
    CHECK_ROWS(rows);
    static const struct row raw[] = {
        {LOGICAL("int", "time-millis"), NULL, "01", "-1"},
        {FIXED("2", "\"decimal\",\"precision\":4,\"scale\":1"), NULL, "419c", "\"A\\u009c\""},
    };
    check_rows(raw, MR_N_ELEMENTS(raw), &(struct mr_json_options){.raw_logical = true});
}
END_TEST

START_TEST(avros_own_json_names_the_branches_of_unions)
{
    static const char u[] =
        "[\"null\",\"long\",{\"type\":\"record\",\"name\":\"n.R\",\"fields\":["
        "{\"name\":\"d\",\"type\":[\"null\",{\"type\":\"int\",\"logicalType\":\"date\"}]}]},"
        "{\"type\":\"array\",\"items\":\"n.R\"}]";
    static const struct row rows[] = {
        {u, NULL, "00", "null"},
        {u, NULL, "0206", "{\"long\":3}"},
        {u, NULL, "040206", "{\"n.R\":{\"d\":{\"int\":3}}}"},
        {u, NULL, "06020000", "{\"array\":[{\"d\":null}]}"},
        {"\"int\"", "[\"string\",\"long\"]", "02", "{\"long\":1}"},
        {"[\"int\",\"string\"]", "\"string\"", "020261", "\"a\""},
    };
    check_rows(rows, MR_N_ELEMENTS(rows), &(struct mr_json_options){.avro_json = true});
}
END_TEST

START_TEST(malformed_data_is_refused_with_the_reason)
{
    static const char rec[] =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":"
        "{\"type\":\"array\",\"items\":\"string\"}}]}";
    static const struct row rows[] = {
        {"\"int\"", NULL, "", ": the data ends in the middle of a value (at byte 0)"},
        {"\"int\"", NULL, "80", ": the data ends in the middle of a value (at byte 1)"},
        {"\"int\"", NULL, "8000", ": a varint must be written in its shortest form"},
        {"\"int\"", NULL, "8080808020", ": an int must be within 32 bits (was 4294967296)"},
        {"\"long\"", NULL, "ffffffffffffffffff02",
         ": a varint must fit 64 bits in at most 10 bytes"},
        {"\"long\"", NULL, "ffffffffffffffffffff01",
         ": a varint must fit 64 bits in at most 10 bytes"},
        {"\"int\"", NULL, "0202", ": 1 byte left over behind the datum"},
        {"\"boolean\"", NULL, "07", ": a boolean must be byte 0 or 1 (was 7)"},
        {"\"string\"", NULL, "01", ": a length must not be negative (was -1)"},
        {"\"string\"", NULL, "0461", ": a length of 2 goes beyond the end of the data"},
        {"\"string\"", NULL, "02ff", ": a string must be well-formed UTF-8"},
        {"\"string\"", NULL, "14616161616161616161ff", ": a string must be well-formed UTF-8"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", NULL, "02",
         ": E has no symbol with index 1"},
        {"[\"null\"]", NULL, "01", ": a union of 1 branches has no branch -1"},
        {rec, NULL, "04026101", "/a/1: a length must not be negative (was -1)"},
        {"{\"type\":\"array\",\"items\":\"int\"}", NULL, "ffffffffffffffffff0100",
         ": a block's count must not be -9223372036854775808"},
        {"{\"type\":\"array\",\"items\":\"int\"}", NULL, "feffffffffffffffff0100",
         ": 9223372036854775807 items do not fit the 1 bytes that are left"},
        {"{\"type\":\"array\",\"items\":\"int\"}", NULL, "0306020400",
         ": a block's items must take as many bytes as it says"},
        {"{\"type\":\"array\",\"items\":\"null\"}", NULL, "80e1eb1700",
         ": more than 65536 values that take no bytes"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(types_are_promoted_as_the_specification_says)
{
    static const struct row rows[] = {
        {"\"int\"", "\"long\"", "05", "-3"},
        {"\"int\"", "\"float\"", "02", "1.0"},
        {"\"int\"", "\"double\"", "02", "1.0"},
        {"\"long\"", "\"float\"", "82808010", "16777216.0"},
        {"\"long\"", "\"double\"", "02", "1.0"},
        {"\"float\"", "\"double\"", "cdcccc3d", "0.10000000149011612"},
        {"\"string\"", "\"bytes\"", "04c3a4", "\"\xc3\x83\xc2\xa4\""},
        {"\"bytes\"", "\"string\"", "04c3a4", "\"\xc3\xa4\""},
        {"\"bytes\"", "\"string\"", "02ff", ": a string must be well-formed UTF-8"},
        {"\"long\"", "\"int\"", "02",
         "PLAN : the writer's long cannot be read as the reader's int"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}",
         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}", "0001",
         "PLAN : the writer's F of 2 bytes cannot be read as the reader's F of 3"},
        {"\"double\"", "\"float\"", "02",
         "PLAN : the writer's double cannot be read as the reader's float"},
        {"\"boolean\"", "\"int\"", "01",
         "PLAN : the writer's boolean cannot be read as the reader's int"},
        {"{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"array\",\"items\":\"double\"}",
         "020200", "[1.0]"},
        {"{\"type\":\"array\",\"items\":\"string\"}", "{\"type\":\"array\",\"items\":\"int\"}",
         "00", "[]"},
        {"{\"type\":\"array\",\"items\":\"string\"}", "{\"type\":\"array\",\"items\":\"int\"}",
         "02026100", "/0: the writer's string cannot be read as the reader's int"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":1}", "0201",
         "PLAN : a decimal of scale 2 cannot be read as one of scale 1"},
    };
    CHECK_ROWS(rows);
}
END_TEST

#define REC(n, f) "{\"type\":\"record\",\"name\":\"" n "\",\"fields\":[" f "]}"
#define FIELD(n, t) "{\"name\":\"" n "\",\"type\":" t "}"
#define WITH(n, t, d) "{\"name\":\"" n "\",\"type\":" t ",\"default\":" d "}"

START_TEST(records_are_resolved_by_name_alias_and_default)
{
    static const char w[] =
        REC("R", FIELD("a", "\"int\"") "," FIELD("b", "\"string\"") "," FIELD("c", "\"long\""));
    static const struct row rows[] = {
        {w, REC("R", FIELD("c", "\"double\"") "," FIELD("a", "\"long\"")), "02026104",
         "{\"c\":2.0,\"a\":1}"},
        {w,
         REC("R", WITH("n", "\"string\"", "\"x\"") "," FIELD("b", "\"string\"") "," WITH(
                      "m", "{\"type\":\"map\",\"values\":\"int\"}", "{\"k\":5}")),
         "02026104", "{\"n\":\"x\",\"b\":\"a\",\"m\":{\"k\":5}}"},
        {w, REC("R", "{\"name\":\"x\",\"type\":\"int\",\"aliases\":[\"a\"]}"), "02026104",
         "{\"x\":1}"},
        {w, "{\"type\":\"record\",\"name\":\"ns.Other\",\"aliases\":[\"R\"],\"fields\":[]}",
         "02026104", "PLAN : the writer's R cannot be read as the reader's ns.Other"},
        {w, "{\"type\":\"record\",\"name\":\"ns.Other\",\"aliases\":[\".R\"],\"fields\":[]}",
         "02026104", "{}"},
        {w, "{\"type\":\"record\",\"name\":\"ns.R\",\"fields\":[]}", "02026104", "{}"},
        {w, REC("R", FIELD("z", "\"int\"")), "02026104",
         "PLAN /z: the writer does not have this field, and it has no default"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":{\"type\":"
         "\"fixed\",\"name\":\"F\",\"size\":2}},{\"name\":\"e\",\"type\":{\"type\":\"enum\","
         "\"name\":\"E\",\"symbols\":[\"A\"]}}]}",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\","
         "\"default\":7},{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":2},"
         "\"default\":\"a\"},{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\","
         "\"symbols\":[\"A\"]},\"default\":\"B\"}]}",
         "616200", "{\"x\":7,\"f\":\"ab\",\"e\":\"A\"}"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"e\",\"type\":{\"type\":"
         "\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}}]}",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\","
         "\"default\":7},{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":2},"
         "\"default\":\"a\"},{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\","
         "\"symbols\":[\"A\"]},\"default\":\"B\"}]}",
         "00",
         "PLAN /f: the writer does not have this field, and its default is no value of its type"},
        {w, REC("R", FIELD("b", "\"int\"")), "02026104",
         "PLAN /b: the writer's string cannot be read as the reader's int"},
        {w,
         REC("R",
             WITH("u", "[\"int\",\"string\"]", "\"s\"") "," WITH(
                 "r", REC("I", WITH("y", "\"bytes\"", "\"\\u00ff\"") "," FIELD("z", "\"int\"")),
                 "{\"z\":3}") "," WITH("t", "{\"type\":\"int\",\"logicalType\":\"date\"}", "1")),
         "02026104", "{\"u\":\"s\",\"r\":{\"y\":\"\xc3\xbf\",\"z\":3},\"t\":\"1970-01-02\"}"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(enums_are_resolved_by_symbol)
{
    static const char w[] = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}";
    static const struct row rows[] = {
        {w, "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\"]}", "04", "\"C\""},
        {w, "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\"]}", "02",
         ": the reader's E does not know the symbol \"B\" and has no default"},
        {w, "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\"],\"default\":\"A\"}", "02",
         "\"A\""},
        {w, "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}", "02",
         "PLAN : the reader knows no symbol of the writer's E"},
        {w, "{\"type\":\"enum\",\"name\":\"F\",\"symbols\":[\"A\"]}", "02",
         "PLAN : the writer's E cannot be read as the reader's F"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(unions_are_resolved_branch_by_branch)
{
    static const struct row rows[] = {
        {"[\"int\",\"string\"]", "\"long\"", "0002", "1"},
        {"[\"int\",\"string\"]", "\"long\"", "020261",
         ": the writer's string cannot be read as the reader's long"},
        {"[\"int\",\"string\"]", "\"boolean\"", "0002",
         "PLAN : no branch of the writer's union can be read"},
        {"\"int\"", "[\"double\",\"long\"]", "02", "1.0"},
        {"\"long\"", "[\"double\",\"long\"]", "02", "1"},
        {"\"int\"", "[\"null\",\"string\"]", "02",
         "PLAN : the writer's int cannot be read as the reader's union"},
        {"[\"null\",\"int\"]", "[\"string\",\"long\",\"null\"]", "0206", "3"},
        {"[\"null\",\"int\"]", "[\"string\",\"long\",\"null\"]", "00", "null"},
        {REC("n.A", FIELD("x", "\"int\"")),
         "[" REC("m.A", WITH("m", "\"int\"", "1")) "," REC("n.A", FIELD("x", "\"int\"")) "]", "06",
         "{\"x\":3}"},
        {REC("L", FIELD("v", "\"int\"") "," FIELD("next", "[\"null\",\"L\"]")),
         REC("L", FIELD("next", "[\"null\",\"L\"]") "," FIELD("v", "\"long\"")), "02020400",
         "{\"next\":{\"next\":null,\"v\":2},\"v\":1}"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(fields_in_another_order_are_passed_over_as_they_were_written)
{
#define INNER_W REC("I", FIELD("x", "\"int\""))
#define INNER_R REC("I", WITH("new", "\"string\"", "\"d\"") "," FIELD("x", "\"long\""))
    static const struct row rows[] = {
        /* a record with a default of the reader's */
        {REC("R", FIELD("a", INNER_W) "," FIELD("b", "\"int\"")),
         REC("R", FIELD("b", "\"int\"") "," FIELD("a", INNER_R)), "0204",
         "{\"b\":2,\"a\":{\"new\":\"d\",\"x\":1}}"},
        /* a part that cannot be read: an error of the datum that has it, and only of that */
        {REC("R", FIELD("a", "[\"null\",{\"type\":\"array\",\"items\":\"int\"}]") "," FIELD(
                      "b", "\"int\"")),
         REC("R", FIELD("b", "\"int\"") "," FIELD(
                      "a", "[\"null\",{\"type\":\"map\",\"values\":\"int\"}]")),
         "0202040002", "/a: the writer's array cannot be read as the reader's union"},
        {REC("R", FIELD("a", "[\"null\",{\"type\":\"array\",\"items\":\"int\"}]") "," FIELD(
                      "b", "\"int\"")),
         REC("R", FIELD("b", "\"int\"") "," FIELD(
                      "a", "[\"null\",{\"type\":\"map\",\"values\":\"int\"}]")),
         "0002", "{\"b\":1,\"a\":null}"},
    };
    static const struct row tagged[] = {
        {REC("R", FIELD("a", "{\"type\":\"map\",\"values\":\"int\"}") "," FIELD(
                      "c", INNER_W) "," FIELD("b", "\"int\"")),
         REC("R",
             FIELD("b", "\"int\"") "," FIELD(
                 "a", "[\"null\",{\"type\":\"map\",\"values\":\"int\"}]") "," FIELD("c", "[" INNER_R
                                                                                         "]")),
         "02026b02000406",
         "{\"b\":3,\"a\":{\"map\":{\"k\":1}},\"c\":{\"I\":{\"new\":\"d\",\"x\":2}}}"},
    };
    CHECK_ROWS(rows);
    check_rows(tagged, MR_N_ELEMENTS(tagged), &(struct mr_json_options){.avro_json = true});
}
END_TEST

START_TEST(the_default_of_a_union_is_the_first_branch_that_it_fits)
{
#define DEFAULTED(type, value) REC("R", ""), REC("R", WITH("u", type, value)), ""
    static const struct row rows[] = {
        {DEFAULTED("[\"double\",\"long\"]", "7"), "{\"u\":{\"double\":7.0}}"},
        {DEFAULTED("[\"long\",\"double\"]", "7"), "{\"u\":{\"long\":7}}"},
        {DEFAULTED("[\"long\",\"double\"]", "7.0"), "{\"u\":{\"double\":7.0}}"},
        {DEFAULTED("[\"float\",\"double\"]", "0.5"), "{\"u\":{\"float\":0.5}}"},
        {DEFAULTED("[\"bytes\",\"string\"]", "\"a\""), "{\"u\":{\"bytes\":\"a\"}}"},
        {DEFAULTED("[{\"type\":\"map\",\"values\":\"int\"}," REC("I", FIELD("x", "\"int\"")) "]",
                   "{\"x\":1}"),
         "{\"u\":{\"map\":{\"x\":1}}}"},
        {DEFAULTED("[\"null\",\"int\",\"string\"]", "\"a\""), "{\"u\":{\"string\":\"a\"}}"},
    };
    check_rows(rows, MR_N_ELEMENTS(rows), &(struct mr_json_options){.avro_json = true});
}
END_TEST

START_TEST(fields_in_another_order_are_counted_once)
{
    /* 100,000 records with a null each, inside a record whose fields change places */
    enum { N = 100000 };
    MR_AUTO(free) char *hex = malloc(2 * N + 64), *got = malloc(40 * N);
    size_t n = (size_t)sprintf(hex, "c09a0c");
    for (size_t i = 0; i < N; i++, n += 2)
        memcpy(hex + n, "02", 2);
    strcpy(hex + n, "0006");
#define MANY                                                                                       \
    FIELD("a", "{\"type\":\"array\",\"items\":" REC(                                               \
                   "I", FIELD("n", "\"null\"") "," FIELD("x", "\"int\"")) "}")
    struct row row = {REC("R", MANY "," FIELD("b", "\"int\"")),
                      REC("R", FIELD("b", "\"int\"") "," MANY), hex, ""};
    decode(&row, NULL, got, 40 * N);
    ck_assert_msg(strncmp(got, "{\"b\":3,\"a\":[{\"n\":null,\"x\":1},", 29) == 0, "%.200s", got);
}
END_TEST

START_TEST(deep_data_is_refused_not_followed)
{
    char hex[400] = "", got[1024];
    for (int i = 0; i < 100; i++)
        strcat(hex, "02");
    strcat(hex, "00");
    decode(&(struct row){REC("L", FIELD("next", "[\"null\",\"L\"]")), NULL, hex, ""}, NULL, got,
           sizeof(got));
    ck_assert_msg(strstr(got, "must not be nested deeper than 64 levels"), "%s", got);
}
END_TEST

START_TEST(records_without_bytes_cannot_multiply)
{
    /* 2^40 empty records would fit into no bytes at all. */
    char schema[8192], got[1024];
    size_t n = (size_t)sprintf(schema, "%s", "{\"type\":\"record\",\"name\":\"R0\",\"fields\":[]}");
    for (int i = 1; i <= 40; i++) {
        char inner[8192];
        strcpy(inner, schema);
        n = (size_t)snprintf(
            schema, sizeof(schema),
            "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"a\",\"type\":%s},"
            "{\"name\":\"b\",\"type\":\"R%d\"}]}",
            i, inner, i - 1);
        ck_assert_uint_lt(n, sizeof(schema));
    }
    decode(&(struct row){schema, NULL, "", ""}, NULL, got, sizeof(got));
    ck_assert_msg(strstr(got, "more than 65536 values that take no bytes"), "%.200s", got);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_type_is_shown_as_json,
        what_confuses_terminals_and_readers_of_lines_is_escaped,
        logical_types_are_shown_in_human_form,
        avros_own_json_names_the_branches_of_unions,
        malformed_data_is_refused_with_the_reason,
        types_are_promoted_as_the_specification_says,
        records_are_resolved_by_name_alias_and_default,
        enums_are_resolved_by_symbol,
        unions_are_resolved_branch_by_branch,
        fields_in_another_order_are_passed_over_as_they_were_written,
        fields_in_another_order_are_counted_once,
        the_default_of_a_union_is_the_first_branch_that_it_fits,
        deep_data_is_refused_not_followed,
        records_without_bytes_cannot_multiply,
        NULL,
    };
    return unit_run("codec_decode", tests);
}
