/* SPDX-License-Identifier: Apache-2.0 */
/* lib/upcast: mappings compiled, refused, followed, turned round. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "millrace/upcast.h"
#include "support/schema.h"
#include "support/unit.h"
#include "support/upcast.h"

/* ---- one mapping at a time ---- */

struct kit {
    struct mr_schema *from, *to;
    struct mr_upcaster *upcaster;
    struct mr_upcast *upcast;
    struct mr_json_encoder *encoder;
    struct mr_json_decoder *decoder;
    struct mr_arena *arena;
    struct mr_buf report, avro, out, json;
    struct mr_error error;
};

static void open_kit(struct kit *kit, const char *from, const char *to)
{
    *kit = (struct kit){.from = schema_ok(from), .to = schema_ok(to), .error = MR_ERROR_INIT};
    ck_assert_int_eq(mr_arena_new(0, &kit->arena), 0);
    ck_assert_int_eq(mr_json_encoder_new(kit->from, NULL, NULL, &kit->encoder, NULL), 0);
    ck_assert_int_eq(mr_json_decoder_new(kit->to, NULL, NULL, &kit->decoder, NULL), 0);
}

static void close_kit(struct kit *kit)
{
    (void)mr_upcast_free(kit->upcast);
    (void)mr_upcaster_free(kit->upcaster);
    (void)mr_json_encoder_unref(kit->encoder);
    (void)mr_json_decoder_unref(kit->decoder);
    (void)mr_arena_free(kit->arena);
    (void)mr_schema_unref(kit->from);
    (void)mr_schema_unref(kit->to);
    mr_buf_done(&kit->report);
    mr_buf_done(&kit->avro);
    mr_buf_done(&kit->out);
    mr_buf_done(&kit->json);
}

static void compile(struct kit *kit, const char *mapping)
{
    const struct mr_upcaster *hop;
    int r = mr_upcaster_new(kit->from, kit->to, "2.0", "m.yaml", mr_str_from(mapping),
                            &kit->upcaster, &kit->report);

    ck_assert_msg(r == 0, "%d: %.*s", r, (int)kit->report.len, (char *)kit->report.data);
    hop = kit->upcaster;
    ck_assert_int_eq(mr_upcast_new(kit->from, &hop, 1, &kit->upcast, &kit->error), 0);
}

static int run(struct kit *kit, const char *json)
{
    struct mr_json_cursor cursor = {json, json, json + strlen(json)};

    kit->avro.len = kit->out.len = kit->json.len = 0;
    kit->error = MR_ERROR_INIT;
    int r = mr_json_encode(kit->encoder, &cursor, &kit->avro, NULL, &kit->error);
    ck_assert_msg(r == 0, "%s: %s: %s", json, kit->error.where, kit->error.text);
    mr_arena_reset(kit->arena);
    return mr_upcast_run(kit->upcast, kit->avro.data, kit->avro.len, kit->arena, &kit->out,
                         &kit->error);
}

static void gives(struct kit *kit, const char *json, const char *want)
{
    int r = run(kit, json);

    ck_assert_msg(r == 0, "%s: %d %s: %s", json, r, kit->error.where, kit->error.text);
    ck_assert_int_eq(
        mr_json_decode(kit->decoder, kit->out.data, kit->out.len, &kit->json, &kit->error), 0);
    ck_assert_str_eq(mr_buf_cstr(&kit->json), want);
}

static void fails(struct kit *kit, const char *json, const char *where, const char *text)
{
    ck_assert_int_eq(run(kit, json), MR_INVALID);
    ck_assert_str_eq(kit->error.where, where);
    ck_assert_msg(strstr(kit->error.text, text) != NULL, "'%s' not in '%s'", text, kit->error.text);
    ck_assert_uint_eq(kit->out.len, 0);
}

static void refuses(const char *from, const char *to, const char *mapping, const char *report)
{
    struct kit kit;

    open_kit(&kit, from, to);
    ck_assert_int_eq(mr_upcaster_new(kit.from, kit.to, "2.0", "m.yaml", mr_str_from(mapping),
                                     &kit.upcaster, &kit.report),
                     MR_INVALID);
    ck_assert_str_eq(mr_buf_cstr(&kit.report), report);
    close_kit(&kit);
}

/* One field a of `old` to one field b of `new`. */
static void one(const char *old, const char *new, const char *how, const char *a, const char *b)
{
    MR_AUTO(mr_buf) struct mr_buf from = {0};
    MR_AUTO(mr_buf) struct mr_buf to = {0};
    MR_AUTO(mr_buf) struct mr_buf mapping = {0};
    MR_AUTO(mr_buf) struct mr_buf in = {0};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct kit kit;

    (void)mr_buf_printf(&from, R("R", F("a", "%s")), old);
    (void)mr_buf_printf(&to, R("R", F("b", "%s")), new);
    (void)mr_buf_printf(&mapping, "fields:\n  b: {from: a%s}\n", how);
    (void)mr_buf_printf(&in, "{\"a\":%s}", a);
    (void)mr_buf_printf(&out, "{\"b\":%s}", b);
    open_kit(&kit, mr_buf_cstr(&from), mr_buf_cstr(&to));
    compile(&kit, mr_buf_cstr(&mapping));
    if (b[0] == '!')
        fails(&kit, mr_buf_cstr(&in), "/b", b + 1);
    else
        gives(&kit, mr_buf_cstr(&in), mr_buf_cstr(&out));
    close_kit(&kit);
}

static void not_one(const char *old, const char *new, const char *how, const char *why)
{
    MR_AUTO(mr_buf) struct mr_buf from = {0};
    MR_AUTO(mr_buf) struct mr_buf to = {0};
    MR_AUTO(mr_buf) struct mr_buf mapping = {0};
    struct kit kit;

    (void)mr_buf_printf(&from, R("R", F("a", "%s")), old);
    (void)mr_buf_printf(&to, R("R", F("b", "%s")), new);
    (void)mr_buf_printf(&mapping, "fields:\n  b: {from: a%s}\n", how);
    open_kit(&kit, mr_buf_cstr(&from), mr_buf_cstr(&to));
    int r = mr_upcaster_new(kit.from, kit.to, "2.0", "m.yaml", mr_str_from(mr_buf_cstr(&mapping)),
                            &kit.upcaster, &kit.report);
    ck_assert_int_eq(r, MR_INVALID);
    ck_assert_msg(strstr(mr_buf_cstr(&kit.report), why) != NULL, "'%s' not in '%s'", why,
                  mr_buf_cstr(&kit.report));
    close_kit(&kit);
}

/* ---- moving ---- */

START_TEST(an_event_of_the_old_version_becomes_one_of_the_new)
{
    struct kit kit;

    open_kit(&kit, order_v1, order_v2);
    compile(&kit, order_mapping);
    gives(&kit,
          "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o-1\",\"customer_name\":\"Ada King "
          "Lovelace\",\"cents\":2499,\"state\":\"OPEN\",\"note\":null,\"legacy\":7,\"tags\":{\"k\":"
          "1},\"items\":[{\"sku\":\"s1\",\"n\":2,\"old\":true},{\"sku\":\"s2\",\"n\":1,\"old\":"
          "false}]}}",
          "{\"event_version\":\"2.0\",\"data\":{\"customer\":{\"first\":\"Ada\",\"last\":\"King "
          "Lovelace\"},\"order_id\":\"o-1\",\"total\":\"24.990000000\",\"open\":true,\"note\":"
          "\"none\",\"tags\":{\"k\":1},\"channel\":\"WEB\",\"lines\":[{\"product\":\"s1\",\"n\":2,"
          "\"order\":\"o-1\"},{\"product\":\"s2\",\"n\":1,\"order\":\"o-1\"}]}}");
    fails(&kit,
          "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o\",\"customer_name\":\"A\",\"cents\":-1,"
          "\"state\":\"SHUT\",\"note\":\"n\",\"legacy\":7,\"tags\":{},\"items\":[]}}",
          "/data/total", "must be at least 0 (was -0.01)");
    close_kit(&kit);
}
END_TEST

START_TEST(every_mistake_is_told_with_its_place_and_the_nearest_word)
{
    refuses(R("R", F("alpha", "\"string\"") "," F("beta", "\"int\"") "," F("gone", "\"int\"")),
            R("R", F("gamma", "\"string\"") "," F("delta", "\"int\"") "," F("omega", "\"long\"")),
            "fields:\n"
            "  gamma: alpa\n"
            "  dleta: {from: beta}\n"
            "  omega: {from: beta, compute: numbr}\n"
            "  omega.x: {from: beta}\n"
            "drop: [nothing]\n"
            "feilds: {}\n",
            "m.yaml:7:1: unknown key 'feilds'; did you mean 'fields'?\n");
    refuses(R("R", F("alpha", "\"string\"") "," F("beta", "\"int\"") "," F("gone", "\"int\"")),
            R("R", F("gamma", "\"string\"") "," F("delta", "\"int\"") "," F("omega", "\"long\"")),
            "fields:\n"
            "  gamma: alpa\n"
            "  dleta: {from: beta}\n"
            "  omega: {from: beta, compute: numbr}\n"
            "  omega.x: {from: beta}\n"
            "drop: [alpha, nothing]\n",
            "m.yaml:2:10: the old version has no 'alpa'; did you mean 'alpha'?\n"
            "m.yaml:1:1: 'delta' of the new version is not covered: the old one has no such field; "
            "give it 'from' or 'value'; did you mean 'beta'?\n"
            "m.yaml:4:32: there is no function 'numbr'; did you mean 'number'?\n"
            "m.yaml:3:3: the new version has no 'dleta'; did you mean 'delta'?\n"
            "m.yaml:5:3: 'omega.x' is covered already, by 'omega' in line 4\n"
            "m.yaml:6:15: the old version has no 'nothing' to drop\n"
            "m.yaml:1:1: 'beta' of the old version is neither used nor dropped: name it under "
            "'drop' if nobody needs it\n"
            "m.yaml:1:1: 'gone' of the old version is neither used nor dropped: name it under "
            "'drop' if nobody needs it\n");
}
END_TEST

START_TEST(what_is_dropped_must_not_be_used)
{
    refuses(R("R", F("a", R("A", F("x", "\"int\"") "," F("y", "\"int\"")))),
            R("R", F("b", "\"int\"")), "fields: {b: a.x}\ndrop: [a]\n",
            "m.yaml:2:8: 'a' is dropped here, and 'a.x' is used above\n");
    refuses(R("R", F("a", "\"int\"") "," F("c", "\"int\"")), R("R", F("a", "\"int\"")),
            "drop: [c, c]\n", "m.yaml:1:11: 'c' is dropped already\n");
}
END_TEST

START_TEST(null_needs_a_place_to_go)
{
    refuses(R("R", F("a", OPT("\"int\""))), R("R", F("b", "\"int\"")), "fields: {b: a}\n",
            "m.yaml:1:10: 'b' cannot be null, and 'a' of the old version can: give 'otherwise'\n");
    refuses(
        R("R", F("o", OPT(R("O", F("a", "\"int\""))))), R("R", F("b", "\"int\"")),
        "fields: {b: o.a}\n",
        "m.yaml:1:10: 'b' cannot be null, and 'o.a' of the old version can: give 'otherwise'\n");
    refuses(R("R", F("a", OPT("\"string\""))), R("R", F("b", "\"string\"")),
            "fields: {b: {from: a, compute: lower}}\n",
            "m.yaml:1:10: nothing may come of this, and 'b' cannot be null: give 'otherwise'\n");
    one(OPT("\"int\""), OPT("\"long\""), "", "null", "null");
    one(OPT("\"int\""), OPT("\"long\""), "", "5", "5");
    one(OPT("\"int\""), "\"long\"", ", otherwise: 7", "null", "7");
    one(OPT("\"int\""), OPT("\"long\""), ", otherwise: 7", "null", "7");
    one("\"int\"", OPT("\"long\""), "", "5", "5");
    one("[\"null\",\"int\",\"string\"]", "[\"string\",\"long\",\"null\"]", "", "5", "5");
    one("[\"null\",\"int\",\"string\"]", "[\"string\",\"long\",\"null\"]", "", "null", "null");
    one("[\"null\",\"int\",\"string\"]", "[\"string\",\"long\"]", ", otherwise: x", "null",
        "\"x\"");
}
END_TEST

START_TEST(records_become_optional_and_lists_of_lists_are_walked)
{
    struct kit kit;

    open_kit(&kit, R("R", F("o", OPT(R("O", F("a", "\"int\""))))),
             R("R", F("p", OPT(R("P", F("z", "\"long\""))))));
    compile(&kit, "fields: {p: o, p.z: o.a}\n");
    gives(&kit, "{\"o\":null}", "{\"p\":null}");
    gives(&kit, "{\"o\":{\"a\":3}}", "{\"p\":{\"z\":3}}");
    close_kit(&kit);
    open_kit(
        &kit,
        R("R", F("rows", LIST(R("Row", F("k", "\"string\"") "," F(
                                           "cells", LIST(R("Cell", F("v", "\"int\"")))))))),
        R("R", F("lines", LIST(R("Line", F("cols", LIST(R("Col", F("v", "\"long\"") "," F(
                                                                     "row", "\"string\"")))))))));
    compile(&kit, "fields:\n  lines: rows\n  lines[].cols: 'rows[].cells'\n"
                  "  lines[].cols[].row: 'rows[].k'\n");
    gives(&kit,
          "{\"rows\":[{\"k\":\"x\",\"cells\":[{\"v\":1},{\"v\":2}]},{\"k\":\"y\",\"cells\":[]}]}",
          "{\"lines\":[{\"cols\":[{\"v\":1,\"row\":\"x\"},{\"v\":2,\"row\":\"x\"}]},{\"cols\":[]}]"
          "}");
    close_kit(&kit);
    refuses(R("R", F("rows", LIST(R("Row", F("k", "\"string\""))))), R("R", F("k", "\"string\"")),
            "fields: {k: 'rows[].k'}\n",
            "m.yaml:1:10: 'rows[].k' is one of many: it can be used within an array that comes "
            "from 'rows' only\n");
}
END_TEST

START_TEST(a_text_may_become_a_record_of_the_same_name)
{
    struct kit kit;

    open_kit(&kit, R("R", F("name", "\"string\"")),
             R("R", F("name", R("N", F("full", "\"string\"") "," F("short", "\"string\"")))));
    compile(&kit, "fields: {name.full: name, name.short: {from: name, compute: split, by: ' ', "
                  "part: last}}\n");
    gives(&kit, "{\"name\":\"a b c\"}", "{\"name\":{\"full\":\"a b c\",\"short\":\"c\"}}");
    close_kit(&kit);
}
END_TEST

START_TEST(a_record_that_holds_itself_is_copied_whole)
{
    static const char tree[] = R("T", F("v", "\"int\"") "," F("kids", LIST("\"T\"")));
    struct kit kit;

    open_kit(&kit, tree, tree);
    compile(&kit, "fields: {}\n");
    gives(&kit, "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[{\"v\":3,\"kids\":[]}]}]}",
          "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[{\"v\":3,\"kids\":[]}]}]}");
    close_kit(&kit);
}
END_TEST

/* ---- copies and functions ---- */

START_TEST(copies_lose_nothing_or_are_refused)
{
    static const char *const small = "{\"type\":\"bytes\",\"logicalType\":\"decimal\","
                                     "\"precision\":6,\"scale\":2}";
    static const char *const millis = "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}";

    one("\"int\"", "\"double\"", "", "5", "5.0");
    one("\"float\"", "\"double\"", "", "0.5", "0.5");
    one("\"long\"", DECIMAL, "", "-9007199254740993", "\"-9007199254740993.000000000\"");
    one(small, DECIMAL, "", "\"24.99\"", "\"24.990000000\"");
    one(millis, MICROS, "", "\"2024-02-29T12:00:00.123Z\"", "\"2024-02-29T12:00:00.123000Z\"");
    one(E("E", "\"A\",\"B\""), E("E", "\"B\",\"C\",\"A\""), "", "\"A\"", "\"A\"");
    one(E("E", "\"A\",\"B\""), "\"string\"", "", "\"B\"", "\"B\"");
    one("{\"type\":\"string\",\"logicalType\":\"uuid\"}", "\"string\"", "",
        "\"550e8400-e29b-41d4-a716-446655440000\"", "\"550e8400-e29b-41d4-a716-446655440000\"");
    not_one("\"long\"", "\"int\"", "", "a long may be too large for an int");
    not_one("\"long\"", "\"double\"", "", "whole numbers may lose digits");
    not_one("\"double\"", "\"float\"", "", "cannot come from");
    not_one(DECIMAL, small, "", "fewer decimals");
    not_one("\"string\"", "\"int\"", "", "compute: parse");
    not_one("\"string\"", "{\"type\":\"string\",\"logicalType\":\"uuid\"}", "", "compute: parse");
    not_one("\"long\"", MICROS, "", "compute: instant and unit");
    not_one(E("E", "\"A\",\"B\""), E("E", "\"A\""), "", "lacks symbols");
    not_one(R("A", F("x", "\"int\"")), LIST("\"int\""), "", "cannot come from");
}
END_TEST

START_TEST(numbers_are_computed_exactly)
{
    one("\"long\"", DECIMAL, ", compute: decimal-from-minor, digits: 2", "9223372036854775807",
        "\"92233720368547758.070000000\"");
    one(DECIMAL, "\"long\"", ", compute: minor-from-decimal, digits: 2", "\"-24.99\"", "-2499");
    one(DECIMAL, "\"long\"", ", compute: minor-from-decimal, digits: 2", "\"0.001\"",
        "!minor-from-decimal of a: has more than 0 decimals");
    one(DECIMAL, "\"long\"", ", compute: minor-from-decimal, digits: 2, round: half-even",
        "\"0.025\"", "2");
    one(DECIMAL, "\"long\"", ", compute: minor-from-decimal, digits: 2, round: half-even",
        "\"0.035\"", "4");
    one(DECIMAL, "\"long\"", ", compute: minor-from-decimal, digits: 2, round: half-up",
        "\"-0.025\"", "-3");
    one(DECIMAL, "\"int\"", ", compute: number, round: down", "\"-2.9\"", "-2");
    one(DECIMAL, "\"int\"", ", compute: number, round: half-even", "\"2.500000001\"", "3");
    one("\"long\"", "\"int\"", ", compute: number", "2147483648", "!does not fit an int");
    one("\"string\"", DECIMAL, ", compute: number, times: 0.001", "\"1234.5\"", "\"1.234500000\"");
    one("\"string\"", DECIMAL, ", compute: number", "\"1e5\"", "!is no number");
    one("\"long\"", DECIMAL, ", compute: number, times: 10000000000000000000000000000000000000",
        "1000", "!digits");
    not_one("\"double\"", DECIMAL, ", compute: number", "takes an int, a long, a decimal");
    not_one("\"long\"", DECIMAL, ", compute: decimal-from-minor", "needs 'digits'");
    not_one("\"long\"", DECIMAL, ", compute: decimal-from-minor, digits: 19", "0 to 18");
    not_one("\"long\"", DECIMAL, ", compute: decimal-from-minor, digits: 2, by: x",
            "does not take 'by'");
    not_one("\"long\"", DECIMAL, ", digits: 2", "'digits' goes with 'compute' only");
}
END_TEST

START_TEST(texts_are_taken_apart_and_put_together)
{
    struct kit kit;

    one("\"string\"", "\"string\"", ", compute: upper", "\"az\\u00e9\"", "\"AZ\xc3\xa9\"");
    one("\"string\"", "\"string\"", ", compute: lower", "\"AZ[\"", "\"az[\"");
    one("\"string\"", "\"string\"", ", compute: trim", "\" \\ta b\\n\"", "\"a b\"");
    one("\"string\"", "\"string\"", ", compute: split, by: '::', part: 2, otherwise: no",
        "\"a::b::c\"", "\"b\"");
    one("\"string\"", "\"string\"", ", compute: split, by: '::', part: 3, otherwise: no",
        "\"a::b\"", "\"no\"");
    one("\"string\"", OPT("\"string\""), ", compute: split, by: '::', part: rest", "\"a\"", "null");
    one("\"string\"", OPT("\"string\""), ", compute: split, by: ',', part: rest", "\"a,b,c\"",
        "\"b,c\"");
    one("\"string\"", "\"string\"", ", compute: split, by: ',', part: last", "\"a,b,\"", "\"\"");
    not_one("\"string\"", "\"string\"", ", compute: split, by: ',', part: 2", "give 'otherwise'");
    not_one("\"string\"", "\"string\"", ", compute: split, by: '', part: 1", "must not be empty");
    one(DECIMAL, "\"string\"", ", compute: text", "\"24.9900\"", "\"24.99\"");
    one("\"boolean\"", "\"string\"", ", compute: text", "true", "\"true\"");
    one(MICROS, "\"string\"", ", compute: text", "\"2024-02-29T12:00:00Z\"",
        "\"2024-02-29T12:00:00.000000Z\"");
    one("\"string\"", "\"boolean\"", ", compute: parse", "\"yes\"", "!must be true or false");
    one("\"string\"", E("E", "\"A\""), ", compute: parse", "\"B\"", "!is no symbol of E");
    one("\"string\"", "{\"type\":\"int\",\"logicalType\":\"date\"}", ", compute: parse",
        "\"2024-02-29\"", "\"2024-02-29\"");
    one("\"string\"", "{\"type\":\"string\",\"logicalType\":\"uuid\"}", ", compute: parse",
        "\"550E8400-E29B-41D4-A716-446655440000\"", "\"550e8400-e29b-41d4-a716-446655440000\"");
    one("\"string\"", "{\"type\":\"string\",\"logicalType\":\"uuid\"}", ", compute: parse", "\"x\"",
        "!UUID");
    open_kit(
        &kit, R("R", F("a", OPT("\"string\"")) "," F("b", OPT("\"string\""))),
        R("R", F("c", OPT("\"string\"")) "," F("d", LIST("\"string\"")) "," F("e", "\"boolean\"")));
    compile(&kit, "fields:\n  c: {from: [a, b], compute: join, by: '-'}\n"
                  "  d: {from: [a, b], compute: list}\n  e: {from: a, compute: present}\n");
    gives(&kit, "{\"a\":\"x\",\"b\":\"y\"}", "{\"c\":\"x-y\",\"d\":[\"x\",\"y\"],\"e\":true}");
    gives(&kit, "{\"a\":null,\"b\":\"y\"}", "{\"c\":\"y\",\"d\":[\"y\"],\"e\":false}");
    gives(&kit, "{\"a\":null,\"b\":null}", "{\"c\":null,\"d\":[],\"e\":false}");
    close_kit(&kit);
}
END_TEST

START_TEST(cases_cover_each_symbol)
{
    one("\"string\"", "\"int\"", ", compute: map, cases: {a: 1, b: 2}, others: 0", "\"b\"", "2");
    one("\"string\"", "\"int\"", ", compute: map, cases: {a: 1, b: 2}, others: 0", "\"c\"", "0");
    one("\"string\"", "\"int\"", ", compute: map, cases: {a: 1}", "\"c\"", "!no case");
    one("\"int\"", E("E", "\"A\",\"B\""), ", compute: map, cases: {1: A, 2: B}", "2", "\"B\"");
    one("\"boolean\"", OPT("\"string\""), ", compute: map, cases: {true: 'yes', false: null}",
        "false", "null");
    not_one(E("E", "\"A\",\"B\""), "\"int\"", ", compute: map, cases: {A: 1}",
            "a case for each symbol");
    not_one(E("E", "\"AB\",\"CD\""), "\"int\"", ", compute: map, cases: {AX: 1, CD: 2}",
            "no symbol 'AX'");
    not_one("\"string\"", "\"int\"", ", compute: map, cases: {a: x}", "must be an integer");
    not_one("\"string\"", "\"int\"", ", compute: map, cases: {a: 1, a: 2}", "stands here twice");
}
END_TEST

START_TEST(times_keep_their_meaning)
{
    one("\"long\"", MICROS, ", compute: instant, unit: s", "1709208000",
        "\"2024-02-29T12:00:00.000000Z\"");
    one("\"long\"", MICROS, ", compute: instant, unit: ns", "-1",
        "\"1969-12-31T23:59:59.999999Z\"");
    one("\"long\"", MICROS, ", compute: instant, unit: s", "9223372036854775807",
        "!beyond what the new time can hold");
    one(MICROS, "\"long\"", ", compute: epoch, unit: ms", "\"2024-02-29T12:00:00.1239Z\"",
        "1709208000123");
    one(MICROS, "{\"type\":\"int\",\"logicalType\":\"date\"}", ", compute: date",
        "\"1969-12-31T23:59:59Z\"", "\"1969-12-31\"");
    one(MICROS, "{\"type\":\"int\",\"logicalType\":\"date\"}", ", compute: date, zone: '+02:00'",
        "\"2024-02-29T22:30:00Z\"", "\"2024-03-01\"");
    one("\"string\"", MICROS, ", compute: instant-from-local, zone: '+02:00'",
        "\"2024-03-01T00:30:00\"", "\"2024-02-29T22:30:00.000000Z\"");
    one("\"string\"", MICROS, ", compute: instant-from-local, zone: Z", "\"2024-03-01\"",
        "\"2024-03-01T00:00:00.000000Z\"");
    one("\"string\"", MICROS, ", compute: instant-from-local, zone: Z",
        "\"2024-03-01T00:00:00+01:00\"", "!must be a local time");
    one("{\"type\":\"int\",\"logicalType\":\"date\"}", MICROS, ", compute: instant",
        "\"2024-02-29\"", "\"2024-02-29T00:00:00.000000Z\"");
    not_one("\"long\"", MICROS, ", compute: instant", "needs unit");
    not_one("\"string\"", MICROS, ", compute: instant-from-local", "needs the zone once");
    not_one("\"string\"", MICROS, ", compute: instant-from-local, zone: Berlin", "like +01:00");
}
END_TEST

START_TEST(constants_are_held_to_the_type_and_its_rules)
{
    static const char from[] = R("R", F("a", "\"int\""));

    refuses(from, R("R", F("a", "\"int\"") "," F("b", "\"int\"")), "fields: {b: {value: x}}\n",
            "m.yaml:1:21: the constant must be an integer, not a string\n");
    refuses(from, R("R", F("a", "\"int\"") ",{\"name\":\"b\",\"type\":\"int\",\"maximum\":5}"),
            "fields: {b: {value: 6}}\n", "m.yaml:1:21: the constant must be at most 5 (was 6)\n");
    refuses(from, R("R", F("a", "\"int\"") "," F("b", "\"int\"")), "fields: {b: {}}\n",
            "m.yaml:1:10: 'b' must have either 'from' or 'value'\n");
    refuses(from, R("R", F("a", "\"int\"") "," F("b", "\"int\"")),
            "fields: {b: &x {value: 1}, c: *x}\n",
            "m.yaml:1:13: aliases (*name) are not taken here\n");
    refuses(from, from, "fields: [\n",
            "m.yaml:2:1: not YAML: did not find expected node content\n");
    refuses(from, from, "", "m.yaml:1:1: the file is empty: it needs 'fields'\n");
    struct kit kit;
    open_kit(&kit, from,
             R("R", F("a", "\"int\"") "," F("b", "\"string\"") "," F("c", LIST("\"int\"")) "," F(
                        "d", OPT("\"string\""))));
    compile(&kit, "fields: {b: {value: 2.0}, c: {value: [1, 2]}, d: {value: null}}\n");
    gives(&kit, "{\"a\":1}", "{\"a\":1,\"b\":\"2.0\",\"c\":[1,2],\"d\":null}");
    close_kit(&kit);
}
END_TEST

START_TEST(constraints_that_are_stricter_now_are_noted)
{
    struct kit kit;

    open_kit(&kit,
             R("R", "{\"name\":\"a\",\"type\":\"string\",\"maxLength\":9,\"pattern\":\"x\"},"
                    "{\"name\":\"n\",\"type\":\"int\",\"minimum\":1},"
                    "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"int\"}}"),
             R("R", "{\"name\":\"b\",\"type\":\"string\",\"maxLength\":5,\"minLength\":1,"
                    "\"pattern\":\"x\"},{\"name\":\"n\",\"type\":\"long\",\"minimum\":0},"
                    "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"int\"},"
                    "\"minItems\":1}"));
    compile(&kit, "fields:\n  b: a\n");
    struct mr_str notes = mr_upcaster_notes(kit.upcaster);
    ck_assert(mr_buf_append_str(&kit.report, notes) == 0);
    ck_assert_str_eq(
        mr_buf_cstr(&kit.report),
        "m.yaml:2:3: note: 'b' must have minLength 1 now, and had none: what breaks it "
        "is refused\n"
        "m.yaml:2:3: note: 'b' must have maxLength 5 now, and had 9: what breaks it is "
        "refused\n"
        "m.yaml:1:1: note: 'l' must have minItems 1 now, and had none: what breaks it "
        "is refused\n");
    close_kit(&kit);
}
END_TEST

/* ---- hops, writers, the way back ---- */

START_TEST(several_hops_are_taken_and_older_writers_resolved)
{
    MR_AUTO(mr_schema)
    struct mr_schema *older = schema_ok(R("R", F("a", "\"int\"")));
    MR_AUTO(mr_schema)
    struct mr_schema *v1 = schema_ok(
        R("R", F("a", "\"long\"") ",{\"name\":\"k\",\"type\":\"string\",\"default\":\"d\"}"));
    MR_AUTO(mr_schema)
    struct mr_schema *v2 = schema_ok(R("R", F("b", "\"long\"") "," F("k", "\"string\"")));
    MR_AUTO(mr_schema)
    struct mr_schema *v3 = schema_ok(R("R", F("c", DECIMAL) "," F("k", "\"string\"")));
    MR_AUTO(mr_upcaster) struct mr_upcaster *one_two = NULL;
    MR_AUTO(mr_upcaster) struct mr_upcaster *two_three = NULL;
    MR_AUTO(mr_upcast) struct mr_upcast *upcast = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    static const uint8_t seven[] = {14};

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(
        mr_upcaster_new(v1, v2, "2.0", "m", mr_str_from("fields: {b: a}"), &one_two, &json), 0);
    ck_assert_int_eq(
        mr_upcaster_new(v2, v3, "3.0", "m", mr_str_from("fields: {c: b}"), &two_three, &json), 0);
    const struct mr_upcaster *hops[] = {one_two, two_three}, *wrong[] = {two_three, one_two};
    ck_assert_int_eq(mr_upcast_new(older, wrong, 2, &upcast, NULL), MR_INVALID);
    ck_assert_int_eq(mr_upcast_new(older, hops, 0, &upcast, NULL), MR_INVALID);
    ck_assert_int_eq(mr_upcast_new(older, hops, 2, &upcast, NULL), 0);
    ck_assert_int_eq(mr_upcast_run(upcast, seven, 1, arena, &out, NULL), 0);
    ck_assert_int_eq(mr_json_decoder_new(v3, NULL, NULL, &decoder, NULL), 0);
    ck_assert_int_eq(mr_json_decode(decoder, out.data, out.len, &json, NULL), 0);
    ck_assert_str_eq(mr_buf_cstr(&json), "{\"c\":\"7.000000000\",\"k\":\"d\"}");
}
END_TEST

static void reversed(const char *from, const char *to, const char *mapping, const char *json,
                     const char *want)
{
    struct kit kit;

    open_kit(&kit, to, from); /* the way back */
    int r = mr_upcaster_new_reverse(kit.from, kit.to, "1.0", "m.yaml", mr_str_from(mapping),
                                    &kit.upcaster, &kit.report);
    if (!json) {
        ck_assert_int_eq(r, MR_INVALID);
        ck_assert_str_eq(mr_buf_cstr(&kit.report), want);
    } else {
        ck_assert_msg(r == 0, "%s", mr_buf_cstr(&kit.report));
        const struct mr_upcaster *hop = kit.upcaster;
        ck_assert_int_eq(mr_upcast_new(kit.from, &hop, 1, &kit.upcast, &kit.error), 0);
        gives(&kit, json, want);
    }
    close_kit(&kit);
}

START_TEST(a_mapping_is_turned_round_where_nothing_was_lost)
{
    reversed(
        R("R",
          F("event_version", "\"string\"") "," F("a", "\"long\"") "," F(
              "s",
              E("E", "\"A\",\"B\"")) "," F("gone",
                                           OPT("\"int\"")) "," F("items",
                                                                 LIST(R("I", F("x", "\"int\""))))),
        R("R",
          F("event_version", "\"string\"") "," F("d", R("D", F("b", DECIMAL))) "," F(
              "t", "\"boolean\"") "," F("new", "\"int\"") "," F("lines",
                                                                LIST(R("L", F("y", "\"int\""))))),
        "fields:\n  d.b: {from: a, compute: decimal-from-minor, digits: 2}\n"
        "  t: {from: s, compute: map, cases: {A: true, B: false}}\n  new: {value: 5}\n"
        "  lines: items\n  lines[].y: 'items[].x'\ndrop: [gone]\n",
        "{\"event_version\":\"2.7\",\"d\":{\"b\":\"24.99\"},\"t\":false,\"new\":9,\"lines\":[{"
        "\"y\":1}]}",
        "{\"event_version\":\"1.0\",\"a\":2499,\"s\":\"B\",\"gone\":null,\"items\":[{\"x\":1}]"
        "}");
    reversed(
        R("R", F("a", "\"string\"")), R("R", F("b", "\"string\"")),
        "fields: {b: {from: a, compute: lower}}\n", NULL,
        "m.yaml:1:10: 'b' cannot be turned round: nothing undoes its function; write a mapping "
        "for the way back\n");
    reversed(R("R", F("a", "\"int\"")), R("R", F("b", "\"long\"")), "fields: {b: a}\n", NULL,
             "m.yaml:1:10: 'a' cannot come from 'b' as it is: a long may be too large for an int: "
             "give compute: number\n");
    reversed(
        R("R", F("a", "\"int\"") "," F("c", "\"int\"")), R("R", F("a", "\"int\"")), "drop: [c]\n",
        NULL,
        "m.yaml:1:8: what was dropped here cannot be null on the way back: write a mapping for "
        "it\n");
}
END_TEST

/* ---- bounds ---- */

START_TEST(what_an_array_repeats_is_bounded)
{
    struct kit kit;
    MR_AUTO(mr_buf) struct mr_buf json = {0};

    open_kit(&kit, R("R", F("a", LIST("\"int\"")) "," F("s", "\"string\"")),
             R("R", F("b", LIST(R("B", F("all", LIST("\"int\"")) "," F("s", "\"string\""))))));
    compile(&kit, "fields: {b: a, 'b[].all': a, 'b[].s': s}\n");
    (void)mr_buf_printf(&json, "{\"s\":\"x\",\"a\":[0");
    for (int i = 0; i < 20000; i++)
        (void)mr_buf_printf(&json, ",0");
    (void)mr_buf_printf(&json, "]}");
    ck_assert_int_eq(run(&kit, mr_buf_cstr(&json)), MR_INVALID);
    ck_assert_msg(strstr(kit.error.text, "256 times") != NULL, "%s", kit.error.text);
    close_kit(&kit);
}
END_TEST

START_TEST(each_cut_and_damaged_byte_is_refused_or_means_something)
{
    static const char json[] =
        "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o-1\",\"customer_name\":\"A K L\",\"cents\":"
        "2499,\"state\":\"OPEN\",\"note\":null,\"legacy\":7,\"tags\":{\"k\":1},\"items\":[{\"sku\":"
        "\"s1\",\"n\":2,\"old\":true}]}}";
    struct kit kit;

    open_kit(&kit, order_v1, order_v2);
    compile(&kit, order_mapping);
    ck_assert_int_eq(run(&kit, json), 0);
    for (size_t len = 0; len < kit.avro.len; len++)
        if (mr_upcast_run(kit.upcast, kit.avro.data, len, kit.arena, &kit.out, NULL) != MR_INVALID)
            ck_abort_msg("cut at %zu", len);
    for (size_t i = 0; i < kit.avro.len * 256; i++) {
        uint8_t *byte = &kit.avro.data[i / 256], before = *byte;
        *byte = (uint8_t)i;
        kit.out.len = kit.json.len = 0;
        mr_arena_reset(kit.arena);
        int r = mr_upcast_run(kit.upcast, kit.avro.data, kit.avro.len, kit.arena, &kit.out, NULL);
        if (r == 0)
            r = mr_json_decode(kit.decoder, kit.out.data, kit.out.len, &kit.json, NULL);
        if (r != 0 && r != MR_INVALID)
            ck_abort_msg("byte %zu: %d", i / 256, r);
        *byte = before;
    }
    close_kit(&kit);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_event_of_the_old_version_becomes_one_of_the_new,
        every_mistake_is_told_with_its_place_and_the_nearest_word,
        what_is_dropped_must_not_be_used,
        null_needs_a_place_to_go,
        records_become_optional_and_lists_of_lists_are_walked,
        a_text_may_become_a_record_of_the_same_name,
        a_record_that_holds_itself_is_copied_whole,
        copies_lose_nothing_or_are_refused,
        numbers_are_computed_exactly,
        texts_are_taken_apart_and_put_together,
        cases_cover_each_symbol,
        times_keep_their_meaning,
        constants_are_held_to_the_type_and_its_rules,
        constraints_that_are_stricter_now_are_noted,
        several_hops_are_taken_and_older_writers_resolved,
        a_mapping_is_turned_round_where_nothing_was_lost,
        what_an_array_repeats_is_bounded,
        each_cut_and_damaged_byte_is_refused_or_means_something,
        NULL,
    };

    return unit_run("upcast", tests);
}
