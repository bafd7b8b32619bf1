/* SPDX-License-Identifier: Apache-2.0 */
/* lib/upcast: what is copied, and what functions make of it. */
#include "upcast_bench.h"

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

int main(void)
{
    return unit_run("upcast_functions", (const TTest *[]){
                                            copies_lose_nothing_or_are_refused,
                                            numbers_are_computed_exactly,
                                            texts_are_taken_apart_and_put_together,
                                            cases_cover_each_symbol,
                                            times_keep_their_meaning,
                                            constants_are_held_to_the_type_and_its_rules,
                                            constraints_that_are_stricter_now_are_noted,
                                            NULL,
                                        });
}
