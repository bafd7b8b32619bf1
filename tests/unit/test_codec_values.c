/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: JSON -> Avro: numbers, texts and times. */
#include "encode_rows.h"

START_TEST(integers_are_exact_however_they_are_written)
{
    static const struct row rows[] = {
        {"\"int\"", "5", "0a"},
        {"\"int\"", " -1 ", "01"},
        {"\"int\"", "2.0", "04"},
        {"\"int\"", "2e1", "28"},
        {"\"int\"", "200e-1", "28"},
        {"\"int\"", "0e999999999999", "00"},
        {"\"int\"", "2147483648", ": must be within -2147483648 to 2147483647 (was 2147483648)"},
        {"\"int\"", "1.5", ": must be an integer (was 1.5)"},
        {"\"int\"", "\"1\"", ": must be an integer, not a string"},
        {"\"int\"", "01", ": a number must not begin with a zero"},
        {"\"long\"", "9223372036854775807", "feffffffffffffffff01"},
        {"\"long\"", "-9223372036854775808", "ffffffffffffffffff01"},
        {"\"long\"", "9007199254740993", "8280808080808020"},
        {"\"long\"", "9223372036854775808",
         ": must be within -9223372036854775808 to 9223372036854775807 (was 9223372036854775808)"},
        {"\"long\"", "1e99999999999999999999",
         ": must be within -9223372036854775808 to 9223372036854775807 (was "
         "1e99999999999999999999)"},
        {"\"long\"", "", "end"},
        {"\"long\"", "-", "end"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(floats_are_rounded_once_to_their_own_type)
{
    static const struct row rows[] = {
        {"\"double\"", "0.1", "9a9999999999b93f"},
        {"\"double\"", "5e-324", "0100000000000000"},
        {"\"double\"", "1.7976931348623157e308", "ffffffffffffef7f"},
        {"\"double\"", "1e309", ": is beyond what a double can hold (was 1e309)"},
        {"\"double\"", "1e-400", ": is beyond what a double can hold (was 1e-400)"},
        {"\"double\"", "\"NaN\"", "000000000000f87f"},
        {"\"double\"", "\"-Infinity\"", "000000000000f0ff"},
        /* between two floats; the nearest double lies exactly in the middle and would round down */
        {"\"float\"", "1.00000005960464477540", "0100803f"},
        {"\"float\"", "16777217", "0000804b"},
        {"\"float\"", "3.5e38", ": is beyond what a float can hold (was 3.5e38)"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(decimals_never_pass_through_a_double)
{
    static const char money[] =
        "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":9}";
    static const char big[] =
        "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":60,\"scale\":0}";
    static const char fixed[] = "{\"type\":\"fixed\",\"name\":\"F\",\"size\":4,"
                                "\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}";
    static const struct row rows[] = {
        {money, "24.99", "0a05d1852380"},
        {money, "\"24.99\"", "0a05d1852380"},
        {money, "24.990000000000000000000", "0a05d1852380"},
        {money, "0.1e-10", ": must have at most 9 decimals"},
        {money, "1e29", ": must have at most 38 digits, 9 of them decimals"},
        {money, "\"1e999999999999\"", ": must have at most 38 digits, 9 of them decimals"},
        {money, "\"abc\"", ": must be a decimal number (was \"abc\")"},
        {money, "true", ": must be a decimal number or its text, not a boolean"},
        {big, "-1e50", "2abb96e8f9d5a3e4a1b1a4c24b0000000000000000"},
        {fixed, "-1.5", "ffffff6a"},
        {"{\"type\":\"bytes\",\"logicalType\":\"big-decimal\"}", "-12.345", "0806cfc706"},
    };
    char got[256];
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        encode(&rows[i], NULL, got, sizeof(got));
        if (rows[i].schema == big) /* -10^50: two's complement, minimal */
            ck_assert_msg(strlen(got) == 2 + 2 * 21, "%s", got);
        else if (strstr(rows[i].schema, "big-decimal"))
            ck_assert_str_eq(got, "0804cfc706");
        else
            ck_assert_msg(strcmp(got, rows[i].wanted) == 0, "%s: %s", rows[i].json, got);
    }
}
END_TEST

START_TEST(strings_are_unescaped_and_must_be_unicode)
{
    static const struct row rows[] = {
        {"\"string\"", "\"abc\"", "06616263"},
        {"\"string\"", "\"\\u0041\\ud83d\\ude00\\n\\/\"", "0e41f09f98800a2f"},
        {"\"string\"", "\"\\ud83d\"", ": a surrogate must be one half of a pair (was \\ud83d)"},
        {"\"string\"", "\"\\ude00\\ud83d\"",
         ": a surrogate must be one half of a pair (was \\ude00)"},
        {"\"string\"", "\"\\u0000\"", ": a string must not hold the character NUL (\\u0000)"},
        {"\"string\"", "\"\xff\"", ": a string must be well-formed UTF-8"},
        {"\"string\"", "\"\xc0\x80\"", ": a string must be well-formed UTF-8"},
        {"\"string\"", "\"a\nb\"",
         ": a string must end within its line: a line break in it is \\n"},
        {"\"string\"", "\"a\tb\"", ": a string must not hold the control character 0x09 unescaped"},
        {"\"string\"", "\"\\x\"", ": unknown escape in a string"},
        {"\"string\"", "\"\\u12g4\"", ": \\u must be followed by four hex digits"},
        {"\"string\"", "\"abc", "end"},
        {"\"string\"", "\"abc\\", "end"},
        {"\"bytes\"", "\"\\u0000\xc3\xbf\"", "0400ff"},
        {"\"bytes\"", "\"\xc4\x80\"", ": bytes are written as the characters U+0000 to U+00FF"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "\"a\"", ": must have 2 bytes (had 1)"},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}",
         "\"550E8400-E29B-41D4-A716-446655440000\"",
         "4835353065383430302d653239622d343164342d613731362d343436363535343430303030"},
        {"{\"type\":\"string\",\"x-json-text\":true}", "{ \"a\" : [ 1 , \"b c\" ] }",
         "1e7b2261223a5b312c22622063225d7d"},
        {"{\"type\":\"string\",\"x-json-text\":true}", "\"as it is\"", "106173206974206973"},
        {"{\"type\":\"string\",\"x-json-text\":true}", "[1,]", ": expected a JSON value, not ']'"},
    };
    CHECK_ROWS(rows);
    static const struct row nul = {"\"string\"", "\"\\u0000\"", "0200"};
    check_rows(&nul, 1, &(struct mr_json_options){.allow_nul = true});
}
END_TEST

START_TEST(times_are_read_in_human_form)
{
#define LONG(l) "{\"type\":\"long\",\"logicalType\":\"" l "\"}"
#define INT(l) "{\"type\":\"int\",\"logicalType\":\"" l "\"}"
    static const struct row rows[] = {
        {INT("date"), "\"1970-01-02\"", "02"},
        {INT("date"), "\"2023-02-29\"",
         ": must be a date, such as 2024-02-29 (was \"2023-02-29\")"},
        {INT("time-millis"), "\"00:00:00.001\"", "02"},
        {INT("time-millis"), "\"00:00:00.0011\"",
         ": must be of at most 3 decimals (was \"00:00:00.0011\")"},
        {LONG("time-micros"), "\"00:00:00.0000019\"", "02"},
        {LONG("timestamp-millis"), "\"1970-01-01T01:00:00.001+01:00\"", "02"},
        {LONG("timestamp-micros"), "\"1970-01-01T00:00:00.0000019Z\"", "02"},
        {LONG("timestamp-nanos"), "\"1970-01-01T00:00:00.0000000019Z\"", "02"},
        {LONG("timestamp-micros"), "\"1970-01-01T00:00:00\"",
         ": must be an RFC 3339 date-time with zone, such as 2024-02-29T12:34:56Z "
         "(was \"1970-01-01T00:00:00\")"},
        {LONG("timestamp-micros"), "17",
         ": must be an RFC 3339 date-time with zone, such as 2024-02-29T12:34:56Z, not a number"},
        {LONG("local-timestamp-millis"), "\"1970-01-01T00:00:00.001\"", "02"},
        {LONG("local-timestamp-millis"), "\"1970-01-01T00:00:00.001Z\"",
         ": must be a date and time without zone, such as 2024-02-29T12:34:56.789 "
         "(was \"1970-01-01T00:00:00.001Z\")"},
        {"{\"type\":\"fixed\",\"size\":12,\"name\":\"D\",\"logicalType\":\"duration\"}",
         "\"P1M2DT0.003S\"", "010000000200000003000000"},
        {"{\"type\":\"fixed\",\"size\":12,\"name\":\"D\",\"logicalType\":\"duration\"}",
         "\"P1Y1M1W1DT1H1M1.5S\"",
         "0d00000008000000"
         "bcde3700"},
        {"{\"type\":\"fixed\",\"size\":12,\"name\":\"D\",\"logicalType\":\"duration\"}",
         "\"P1D1M\"", ": must be an ISO 8601 duration, such as P1M2DT0.003S (was \"P1D1M\")"},
        {"{\"type\":\"fixed\",\"size\":12,\"name\":\"D\",\"logicalType\":\"duration\"}",
         "\"P4294967296M\"",
         ": must be of at most 4294967295 months, days and milliseconds, and of whole milliseconds "
         "(was \"P4294967296M\")"},
        {"{\"type\":\"fixed\",\"size\":12,\"name\":\"D\",\"logicalType\":\"duration\"}",
         "\"PT99999999999999999999M0.0005S\"",
         ": must be of at most 4294967295 months, days and milliseconds, and of whole milliseconds "
         "(was \"PT99999999999999999999M0.0005S\")"},
        {"{\"type\":\"fixed\",\"size\":12,\"name\":\"D\",\"logicalType\":\"duration\"}",
         "\"P4294967296MT\"",
         ": must be an ISO 8601 duration, such as P1M2DT0.003S (was \"P4294967296MT\")"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
         "\"2024-02-29T12:34:56.7891Z\"",
         ": must be of at most 3 decimals (was \"2024-02-29T12:34:56.7891Z\")"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}",
         "\"2262-04-11T23:47:16.854775808Z\"",
         ": must be within 1677-09-21T00:12:43.145224192 to 2262-04-11T23:47:16.854775807 "
         "(was \"2262-04-11T23:47:16.854775808Z\")"},
    };
    CHECK_ROWS(rows);
    static const struct row raw = {LONG("timestamp-micros"), "1", "02"};
    check_rows(&raw, 1, &(struct mr_json_options){.raw_logical = true});
}
END_TEST

int main(void)
{
    return unit_run("codec_values", (const TTest *[]){
                                        integers_are_exact_however_they_are_written,
                                        floats_are_rounded_once_to_their_own_type,
                                        decimals_never_pass_through_a_double,
                                        strings_are_unescaped_and_must_be_unicode,
                                        times_are_read_in_human_form,
                                        NULL,
                                    });
}
