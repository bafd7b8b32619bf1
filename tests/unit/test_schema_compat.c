/* SPDX-License-Identifier: Apache-2.0 */
/* Compatibility: each rule of Java Avro's SchemaCompatibility by a small pair, and the levels. */
#include <stdio.h>
#include <string.h>

#include "support/schema.h"
#include "support/unit.h"

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define ENUM(symbols) "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]}"
#define FIXED(name, size) "{\"type\":\"fixed\",\"name\":\"" name "\",\"size\":" size "}"

/* expected: "TYPE LOCATION MESSAGE\n" for each, "" when compatible. */
static void check(const char *reader_text, const char *writer_text, const char *expected)
{
    MR_AUTO(mr_schema) struct mr_schema *reader = schema_ok(reader_text);
    MR_AUTO(mr_schema) struct mr_schema *writer = schema_ok(writer_text);
    MR_AUTO(mr_buf) struct mr_buf is = {0};
    struct mr_findings findings = {0};

    ck_assert_int_eq(mr_schema_compatible(reader, writer, &findings), 0);
    for (size_t i = 0; i < findings.n_items; i++)
        mr_buf_printf(&is, "%s %s %s\n", mr_finding_name(findings.items[i].type),
                      findings.items[i].location, findings.items[i].message);
    ck_assert_str_eq(mr_buf_cstr(&is), expected);
    mr_findings_done(&findings);
}

START_TEST(numbers_promote_and_text_and_bytes_go_both_ways)
{
    static const char *const types[] = {"int",    "long",  "float",   "double",
                                        "string", "bytes", "boolean", "null"};
    static const char rows[8][9] = {/* reader by writer, in that order */
                                    "+-------", "++------", "+++-----", "++++----",
                                    "----++--", "----++--", "------+-", "-------+"};

    for (size_t r = 0; r < 8; r++) {
        for (size_t w = 0; w < 8; w++) {
            char reader[16], writer[16];
            (void)snprintf(reader, sizeof(reader), "\"%s\"", types[r]);
            (void)snprintf(writer, sizeof(writer), "\"%s\"", types[w]);
            MR_AUTO(mr_schema) struct mr_schema *a = schema_ok(reader);
            MR_AUTO(mr_schema) struct mr_schema *b = schema_ok(writer);
            struct mr_findings findings = {0};
            ck_assert_int_eq(mr_schema_compatible(a, b, &findings), 0);
            ck_assert_msg((findings.n_items == 0) == (rows[r][w] == '+'), "%s reads %s", reader,
                          writer);
            mr_findings_done(&findings);
        }
    }
}
END_TEST

START_TEST(names_match_without_namespace_or_by_a_full_alias)
{
    check(FIXED("a.F", "1"), FIXED("b.F", "1"), "");
    check(FIXED("a.F", "2"), FIXED("b.G", "1"),
          "NAME_MISMATCH /name expected: b.G\nFIXED_SIZE_MISMATCH /size expected: 1, found: 2\n");
    check("{\"type\":\"fixed\",\"name\":\"a.F\",\"size\":1,\"aliases\":[\"b.G\"]}",
          FIXED("b.G", "1"), "");
    check("{\"type\":\"fixed\",\"name\":\"a.F\",\"size\":1,\"aliases\":[\"G\"]}", FIXED("a.G", "1"),
          "");
    check("{\"type\":\"fixed\",\"name\":\"a.F\",\"size\":1,\"aliases\":[\"G\"]}", FIXED("b.G", "1"),
          "NAME_MISMATCH /name expected: b.G\n");
    check("{\"type\":\"fixed\",\"name\":\"a.F\",\"size\":1,\"aliases\":[\".G\"]}", FIXED("G", "1"),
          "NAME_MISMATCH /name expected: G\n");
}
END_TEST

START_TEST(a_field_needs_a_match_by_name_or_alias_or_a_default)
{
    check(RECORD("R", FIELD("a", "\"int\"")), RECORD("R", FIELD("b", "\"int\"")),
          "READER_FIELD_MISSING_DEFAULT_VALUE /fields/0 a\n");
    check(RECORD("R", "{\"name\":\"a\",\"type\":\"int\",\"aliases\":[\"b\"]}"),
          RECORD("R", FIELD("b", "\"int\"")), "");
    check(RECORD("R", "{\"name\":\"a\",\"type\":\"int\",\"default\":0}"), RECORD("R", ""), "");
    check(
        RECORD(
            "R",
            FIELD("a", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}")),
        RECORD("R", ""),
        "TYPE_MISMATCH /fields/0/type reader type: ENUM not compatible with writer type: RECORD\n");
    check(
        RECORD("R", "{\"name\":\"a\",\"type\":\"int\",\"aliases\":[\"b\"]}," FIELD("c", "\"int\"")),
        RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
        "AMBIGUOUS_READER_FIELD /fields/0 reader field a matches several fields of the writer R by "
        "name and aliases\n");
}
END_TEST

START_TEST(missing_symbols_are_listed_sorted_unless_there_is_a_default)
{
    check(ENUM("\"A\""), ENUM("\"C\",\"A\",\"B\""), "MISSING_ENUM_SYMBOLS /symbols [B, C]\n");
    check("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}", ENUM("\"B\""),
          "");
}
END_TEST

START_TEST(unions_tell_which_branch_of_the_writer_cannot_be_read)
{
    check("[\"null\",\"long\"]", "[\"null\",\"int\"]", "");
    check("[\"null\",\"int\"]", "[\"null\",\"long\",\"string\"]",
          "MISSING_UNION_BRANCH /1 reader union lacking writer type: LONG\n"
          "MISSING_UNION_BRANCH /2 reader union lacking writer type: STRING\n");
    check("\"int\"", "[\"int\",\"long\"]",
          "TYPE_MISMATCH /1 reader type: INT not compatible with writer type: LONG\n");
    check("[\"null\",\"int\"]", "\"string\"",
          "MISSING_UNION_BRANCH / reader union lacking writer type: STRING\n");
    check("\"int\"", "[]", "");
}
END_TEST

START_TEST(a_pair_met_again_repeats_what_it_gave_and_where)
{
    check(RECORD("R", FIELD("a", FIXED("F", "1")) "," FIELD("b", "\"F\"")),
          RECORD("R", FIELD("a", FIXED("F", "2")) "," FIELD("b", "\"F\"")),
          "FIXED_SIZE_MISMATCH /fields/0/type/size expected: 2, found: 1\n"
          "FIXED_SIZE_MISMATCH /fields/0/type/size expected: 2, found: 1\n");
    check(
        RECORD("R", FIELD("a", "[\"null\",\"R\"]") "," FIELD("v", "\"int\"")),
        RECORD("R", FIELD("a", "[\"null\",\"R\"]") "," FIELD("v", "\"string\"")),
        "TYPE_MISMATCH /fields/1/type reader type: INT not compatible with writer type: STRING\n");
}
END_TEST

START_TEST(a_finding_knows_its_types_and_its_field)
{
    MR_AUTO(mr_schema)
    struct mr_schema *reader =
        schema_ok(RECORD("R", FIELD("list", "{\"type\":\"array\",\"items\":\"int\"}")));
    MR_AUTO(mr_schema)
    struct mr_schema *writer =
        schema_ok(RECORD("R", FIELD("list", "{\"type\":\"array\",\"items\":\"string\"}")));
    struct mr_findings findings = {0};

    ck_assert_int_eq(mr_schema_compatible(reader, writer, &findings), 0);
    ck_assert_uint_eq(findings.n_items, 1);
    ck_assert_str_eq(findings.items[0].location, "/fields/0/type/items");
    ck_assert_str_eq(findings.items[0].reader_field, "list");
    ck_assert_uint_eq(findings.items[0].reader->column, 85);
    ck_assert_int_eq(findings.items[0].writer->type, MR_AVRO_STRING);
    mr_findings_done(&findings);
}
END_TEST

/* Versions that gain a field with default (b), one without (c), and lose it again. */
START_TEST(levels_say_which_versions_are_compared_and_which_way_round)
{
    static const struct {
        enum mr_compat_level level;
        size_t failed; /* index among the previous ones; 9: none */
        size_t n_findings;
    } rows[] = {
        {MR_COMPAT_NONE, 9, 0},
        {MR_COMPAT_BACKWARD, 9, 0},
        {MR_COMPAT_BACKWARD_TRANSITIVE, 0, 1},
        {MR_COMPAT_FORWARD, 9, 0},
        {MR_COMPAT_FORWARD_TRANSITIVE, 9, 0},
        {MR_COMPAT_FULL, 9, 0},
        {MR_COMPAT_FULL_TRANSITIVE, 0, 1},
    };
    MR_AUTO(mr_schema) struct mr_schema *v1 = schema_ok(RECORD("R", FIELD("a", "\"int\"")));
    MR_AUTO(mr_schema)
    struct mr_schema *v2 = schema_ok(
        RECORD("R", FIELD("a", "\"int\"") ",{\"name\":\"b\",\"type\":\"int\",\"default\":1}"));
    MR_AUTO(mr_schema)
    struct mr_schema *v3 = schema_ok(RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")));
    const struct mr_schema *const previous[] = {v1, v2};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_findings findings = {0};
        enum mr_compat_level level;
        size_t failed;
        const char *name = mr_compat_level_name(rows[i].level);
        ck_assert_int_eq(mr_compat_level_parse(mr_str_from(name), &level), 0);
        ck_assert_int_eq(level, rows[i].level);
        ck_assert_int_eq(mr_schema_check_level(level, v3, previous, 2, &failed, &findings), 0);
        ck_assert_msg(failed == (rows[i].failed == 9 ? SIZE_MAX : rows[i].failed), "%s: %zu", name,
                      failed);
        ck_assert_uint_eq(findings.n_items, rows[i].n_findings);
        mr_findings_done(&findings);
    }
}
END_TEST

START_TEST(full_tells_first_what_old_readers_lose)
{
    MR_AUTO(mr_schema) struct mr_schema *old = schema_ok(RECORD("R", FIELD("a", "\"string\"")));
    MR_AUTO(mr_schema) struct mr_schema *new = schema_ok(RECORD("R", FIELD("a", "\"int\"")));
    const struct mr_schema *const previous[] = {old};
    struct mr_findings findings = {0};
    enum mr_compat_level level;
    size_t failed;

    ck_assert_int_eq(mr_schema_check_level(MR_COMPAT_FULL, new, previous, 1, &failed, &findings),
                     0);
    ck_assert_uint_eq(findings.n_items, 2);
    ck_assert(findings.items[0].forward && !findings.items[1].forward);
    ck_assert_int_eq(findings.items[0].reader->type, MR_AVRO_STRING);
    mr_findings_done(&findings);
    ck_assert_int_eq(mr_schema_check_level(MR_COMPAT_FULL, new, NULL, 0, &failed, &findings), 0);
    ck_assert_uint_eq(failed, SIZE_MAX);
    ck_assert_int_eq(mr_compat_level_parse(MR_STR("backward"), &level), MR_INVALID);
}
END_TEST

int main(void)
{
    return unit_run("schema_compat",
                    (const TTest *[]){
                        numbers_promote_and_text_and_bytes_go_both_ways,
                        names_match_without_namespace_or_by_a_full_alias,
                        a_field_needs_a_match_by_name_or_alias_or_a_default,
                        missing_symbols_are_listed_sorted_unless_there_is_a_default,
                        unions_tell_which_branch_of_the_writer_cannot_be_read,
                        a_pair_met_again_repeats_what_it_gave_and_where,
                        a_finding_knows_its_types_and_its_field,
                        levels_say_which_versions_are_compared_and_which_way_round,
                        full_tells_first_what_old_readers_lose,
                        NULL,
                    });
}
