/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: JSON -> Avro: records, unions, items, defaults and rules. */
#include "encode_rows.h"

#define R1                                                                                         \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","            \
    "\"minimum\":1},"                                                                              \
    "{\"name\":\"b\",\"type\":[\"null\",\"string\"],\"default\":null},"                            \
    "{\"name\":\"c\",\"type\":\"string\"},"                                                        \
    "{\"name\":\"d\",\"type\":{\"type\":\"array\",\"items\":\"int\"},\"default\":[7]}]}"

/* Java looks at the defaults of bytes, fixed and enums no closer than that they are texts. */
#define UNUSABLE                                                                                   \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\","            \
    "\"default\":7},{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":2},"      \
    "\"default\":\"a\"},{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":["  \
    "\"A\"]},\"default\":\"B\"}]}"

START_TEST(members_may_come_in_any_order)
{
    static const struct row rows[] = {
        {R1, "{\"a\":1,\"b\":\"x\",\"c\":\"y\",\"d\":[]}",
         "020202780279"
         "00"},
        {R1, "{\"d\":[],\"c\":\"y\",\"b\":\"x\",\"a\":1}",
         "020202780279"
         "00"},
        {R1, "{\"a\":1,\"c\":\"y\"}",
         "02000279"
         "020e00"},
        {R1, "{\"c\":\"y\",\"a\":1}",
         "02000279"
         "020e00"},
        {R1, "{\"a\":1,\"c\":\"y\",\"b\":\"z\"}",
         "0202027a0279"
         "020e00"},
        {R1, "{\"a\":1,\"c\":\"y\",\"d\":null}",
         "02000279"
         "020e00"},
        {R1, " { \"b\" : \"q\" , \"\\u0061\" : 7 , \"c\" : \"\\\"\" } ",
         "0e0202710222"
         "020e00"},
        {R1, "{\"a\":0,\"c\":\"\"}", "/a: must be at least 1 (was 0)"},
        {R1, "{\"a\":1}", "/c: is required and missing"},
        {R1, "{}", "/a: is required and missing"},
        {R1, "{\"a\":1,\"a\":2,\"c\":\"\"}", "/a: stands here twice"},
        {R1, "{\"c\":\"\",\"a\":2,\"c\":\"\"}", "/c: stands here twice"},
        {R1, "{\"a\":1,\"cc\":2}", "/cc: is unknown here; did you mean \"c\"?"},
        {R1, "{\"a\":1,\"total\":2}", "/total: is unknown here: R has no such member"},
        {R1, "{\"a\":1,\"c\":\"\",\"d\":[1,2.5]}", "/d/1: must be an integer (was 2.5)"},
        {UNUSABLE, "{\"f\":\"ab\",\"e\":\"A\"}", "0e616200"},
        {UNUSABLE, "{\"f\":\"ab\"}", "/e: is missing, and its default is no value of its type"},
        {R1, "{\"a\":1,}", ": expected a member's name, not '}'"},
        {R1, "{\"a\":1 \"c\":2}", ": expected ',' or '}', not '\"'"},
        {R1, "{\"a\" 1}", ": expected ':', not '1'"},
        {R1, "[]", ": must be an object, not an array"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(a_text_cut_anywhere_asks_for_more)
{
    static const char text[] = " {\"c\":\"\\u0041y\",\"b\":null,\"a\":12.0,\"d\":[ 1 , 2 ] }";
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        char cut[sizeof(text)];
        struct row row = {R1, cut, ""};
        char got[256];
        memcpy(cut, text, n);
        cut[n] = '\0';
        encode(&row, NULL, got, sizeof(got));
        ck_assert_msg(strcmp(got, "end") == 0, "%s: %s", cut, got);
    }
}
END_TEST

START_TEST(unknown_members_are_dropped_and_counted_when_asked)
{
    static const char json[] = "{\"a\":1,\"x\":{\"y\":[1,2,{}]},\"c\":\"\",\"z\":null} rest";
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    MR_AUTO(mr_buf) struct mr_buf buf = {0};
    struct mr_json_cursor cursor = {json, json, json + sizeof(json) - 1};
    size_t dropped;

    ck_assert_int_eq(mr_schema_parse(R1, strlen(R1), NULL, &schema, NULL), 0);
    ck_assert_int_eq(mr_json_encoder_new(schema, NULL,
                                         &(struct mr_json_options){.unknown = MR_UNKNOWN_DROP},
                                         &encoder, NULL),
                     0);
    ck_assert_int_eq(mr_json_encode(encoder, &cursor, &buf, &dropped, NULL), 0);
    ck_assert_uint_eq(dropped, 2);
    ck_assert_str_eq(cursor.at, " rest");
}
END_TEST

START_TEST(a_union_takes_the_branch_that_fits_best)
{
    static const char many[] =
        "[\"null\",\"bytes\",\"double\",\"long\",\"string\",{\"type\":\"map\",\"values\":\"int\"},"
        "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]},"
        "{\"type\":\"record\",\"name\":\"B\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}]";
    static const struct row rows[] = {
        {many, "null", "00"},
        {many, "5", "060a"},
        {many, "5.5", "040000000000001640"},
        {many, "\"x\"", "080278"},
        {many, "{\"a\":1}", "0c02"},
        {many, "{\"a\":\"x\"}", "0e0278"},
        {many, "{\"b\":1}", "0a0202620200"},
        {many, "{\"b\":\"x\"}", "/b: must be an integer, not a string"},
        {many, "true", ": must be of a type that the union has, not a boolean"},
        {"[\"null\",\"int\"]", "3", "0206"},
        {"[\"int\",\"null\"]", "null", "02"},
        {"[\"int\",\"null\"]", "3000000000",
         ": must be within -2147483648 to 2147483647 (was 3000000000)"},
        {"[\"int\",\"long\"]", "3000000000", "0280f882ad16"},
        {"[\"string\",{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}]", "\"X\"", "000258"},
    };
    CHECK_ROWS(rows);
    static const struct row tagged[] = {
        {many, "{\"long\":5}", "060a"},
        {many, "{\"A\":{\"a\":1}}", "0c02"},
        {many, "null", "00"},
        {many, "{\"float\":5}", ": \"float\" is no branch of this union"},
        {many, "5", ": must be an object that names the branch of the union, not a number"},
        {"[\"null\",\"string\"]", "{\"string\":\"a\"}", "020261"},
    };
    check_rows(tagged, MR_N_ELEMENTS(tagged), &(struct mr_json_options){.avro_json = true});
}
END_TEST

START_TEST(unions_within_unions_do_not_multiply)
{
    /* Each level fits A and B alike until the innermost value: tried in full, 2^60 readings. */
    static const char schema[] =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"u\",\"type\":[\"int\","
        "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"r\",\"type\":\"R\"}]},"
        "{\"type\":\"record\",\"name\":\"B\",\"fields\":[{\"name\":\"r\",\"type\":\"R\"}]}]}]}";
    char json[2048], got[1024];
    size_t n = 0;
    for (int i = 0; i < 30; i++)
        n += (size_t)sprintf(json + n, "{\"u\":{\"r\":");
    n += (size_t)sprintf(json + n, "{\"u\":true}");
    for (int i = 0; i < 30; i++)
        n += (size_t)sprintf(json + n, "}}");
    encode(&(struct row){schema, json, ""}, NULL, got, sizeof(got));
    ck_assert_msg(strstr(got, "fits too many branches") != NULL, "%s", got);
}
END_TEST

START_TEST(maps_and_arrays_are_one_block)
{
    static const struct row rows[] = {
        {"{\"type\":\"map\",\"values\":\"long\"}", "{}", "00"},
        {"{\"type\":\"map\",\"values\":\"long\"}", "{\"a\":1,\"b\":2}", "0402610202620400"},
        {"{\"type\":\"map\",\"values\":\"long\"}", "{\"a\":1,\"a\":2}", "/a: stands here twice"},
        {"{\"type\":\"map\",\"values\":\"long\"}", "{\"a/b\":true}",
         "/a~1b: must be an integer, not a boolean"},
        {"{\"type\":\"map\",\"values\":{\"type\":\"string\",\"x-json-text\":true}}",
         "{\"a\":null,\"b\":[1, null],\"c\": null}", "020262105b312c6e756c6c5d00"},
        {"{\"type\":\"array\",\"items\":\"null\"}", "[null,null]", "0400"},
        {"{\"type\":\"array\",\"items\":\"int\",\"minItems\":1}", "[]",
         ": must have at least 1 item (had 0)"},
        {"{\"type\":\"array\",\"items\":\"int\",\"maxItems\":1}", "[1,2]",
         ": must have at most 1 item (had 2)"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(an_array_of_many_items_has_its_count_in_front)
{
    char json[1024] = "[0", got[1024];
    for (int i = 0; i < 199; i++)
        strcat(json, ",0");
    strcat(json, "]");
    encode(&(struct row){"{\"type\":\"array\",\"items\":\"int\"}", json, ""}, NULL, got,
           sizeof(got));
    ck_assert_uint_eq(strlen(got), 2 * (2 + 200 + 1));
    ck_assert_int_eq(strncmp(got, "9003", 4), 0);
}
END_TEST

START_TEST(a_map_with_many_keys_finds_the_one_that_comes_twice)
{
    char json[2048] = "{", got[1024];
    for (int i = 0; i < 150; i++)
        sprintf(json + strlen(json), "\"k%d\":1,", i);
    strcat(json, "\"k77\":1}");
    encode(&(struct row){"{\"type\":\"map\",\"values\":\"int\"}", json, ""}, NULL, got,
           sizeof(got));
    ck_assert_str_eq(got, "/k77: stands here twice");
}
END_TEST

START_TEST(keywords_of_json_schema_are_enforced)
{
#define STRING(k) "{\"type\":\"string\"," k "}"
#define MONEY(k)                                                                                   \
    "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":9," k "}"
    static const struct row rows[] = {
        {STRING("\"minLength\":1"), "\"\"", ": must not be empty"},
        {STRING("\"minLength\":3"), "\"\xc3\xa4\xc3\xb6\"",
         ": must have at least 3 characters (had 2)"},
        {STRING("\"maxLength\":2"), "\"\xc3\xa4\xc3\xb6\"", "08c3a4c3b6"},
        {STRING("\"maxLength\":2"), "\"abc\"", ": must have at most 2 characters (had 3)"},
        {STRING("\"pattern\":\"^[0-9]+\\\\.[0-9]+$\""), "\"1.0\"", "06312e30"},
        {STRING("\"pattern\":\"^\\\\d$\""), "\"1\\n\"",
         ": must match the pattern ^\\d$ (was \"1\n\")"},
        {STRING("\"pattern\":\"(\""), "\"\"",
         ": keyword \"pattern\": missing closing parenthesis at character 1 of ("},
        {STRING("\"pattern\":\"^(a+)+$\""), "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
         ": takes more steps to match against the pattern ^(a+)+$ than are allowed"},
        {STRING("\"format\":\"email\""), "\"a@b.example\"", "1661406220"},
        {STRING("\"format\":\"email\""), "\"a@\"", ": must be email (was \"a@\")"},
        {STRING("\"format\":\"date-or-date-time\""), "\"2024-02-30\"",
         ": must be date-or-date-time (was \"2024-02-30\")"},
        {STRING("\"format\":\"uri\""), "\"no uri\"", ": must be uri (was \"no uri\")"},
        {STRING("\"format\":\"hostname\""), "\"a\"", "0261"},
        {"{\"type\":\"long\",\"exclusiveMinimum\":0}", "0", ": must be more than 0 (was 0)"},
        {"{\"type\":\"long\",\"maximum\":1.5}", "2", ": must be at most 1.5 (was 2)"},
        {"{\"type\":\"double\",\"minimum\":-90,\"maximum\":90}", "90.5",
         ": must be at most 90 (was 90.5)"},
        {"{\"type\":\"double\",\"minimum\":-90,\"maximum\":90}", "\"NaN\"",
         ": must be at least -90 (was nan)"},
        {MONEY("\"minimum\":0"), "-0.01", ": must be at least 0 (was -0.01)"},
        {"{\"type\":\"long\",\"minimum\":5,\"exclusiveMinimum\":2}", "3",
         ": must be at least 5 (was 3)"},
        {"{\"type\":\"long\",\"minimum\":2,\"exclusiveMinimum\":2}", "2",
         ": must be more than 2 (was 2)"},
        {"{\"type\":\"double\",\"maximum\":5,\"exclusiveMaximum\":7.5}", "6",
         ": must be at most 5 (was 6)"},
        {"{\"type\":\"double\",\"maximum\":5,\"exclusiveMaximum\":5}", "5",
         ": must be less than 5 (was 5)"},
        {MONEY("\"exclusiveMinimum\":0"), "0", ": must be more than 0 (was 0)"},
        {MONEY("\"exclusiveMinimum\":0"), "0.000000001", "0201"},
        {"{\"type\":\"long\",\"minimum\":\"a\"}", "2", ": keyword \"minimum\" must be a number"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"unknown\"],"
         "\"x-readers-only\":[\"unknown\"]}",
         "\"unknown\"", ": \"unknown\" is for readers only: it must not be published"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "\"B\"",
         ": must be a symbol of E (was \"B\")"},
    };
    char got[512];
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        encode(&rows[i], NULL, got, sizeof(got));
        if (strchr(rows[i].wanted, ' '))
            ck_assert_msg(strcmp(got, rows[i].wanted) == 0, "%s: %s", rows[i].json, got);
        else
            ck_assert_msg(strncmp(got, rows[i].wanted, 4) == 0, "%s: %s", rows[i].json, got);
    }
    static const struct row off = {"{\"type\":\"long\",\"minimum\":1}", "0", "00"};
    check_rows(&off, 1, &(struct mr_json_options){.no_constraints = true});
}
END_TEST

START_TEST(nesting_has_a_limit)
{
    static const char schema[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"r\","
                                 "\"type\":[\"null\",\"R\"]}]}";
    char json[4096] = "", got[1024];
    for (int i = 0; i < 65; i++)
        strcat(json, "{\"r\":");
    strcat(json, "null");
    for (int i = 0; i < 65; i++)
        strcat(json, "}");
    encode(&(struct row){schema, json, ""}, NULL, got, sizeof(got));
    ck_assert_msg(strstr(got, "must not be nested deeper than 64 levels") != NULL, "%s", got);
    encode(&(struct row){schema, json + 5, ""}, NULL, got, sizeof(got));
    ck_assert_uint_eq(strlen(got), 2 * 64);
}
END_TEST

START_TEST(defaults_of_every_type_are_written)
{
    static const struct row rows[] = {
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":["
         "{\"name\":\"n\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":["
         "{\"name\":\"x\",\"type\":\"int\",\"default\":1},{\"name\":\"y\",\"type\":\"bytes\","
         "\"default\":\"\\u00ff\"}]},"
         "\"default\":{\"x\":2}},"
         "{\"name\":\"u\",\"type\":[\"int\",\"string\"],\"default\":\"a\"},"
         "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"N\"},\"default\":{\"k\":{}}},"
         "{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"},"
         "\"default\":5},"
         "{\"name\":\"z\",\"type\":\"null\",\"default\":null}]}",
         "{}",
         "0402ff"
         "020261"
         "02026b0202ff00"
         "0a"},
    };
    CHECK_ROWS(rows);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        members_may_come_in_any_order,
        a_text_cut_anywhere_asks_for_more,
        unknown_members_are_dropped_and_counted_when_asked,
        a_union_takes_the_branch_that_fits_best,
        unions_within_unions_do_not_multiply,
        maps_and_arrays_are_one_block,
        an_array_of_many_items_has_its_count_in_front,
        a_map_with_many_keys_finds_the_one_that_comes_twice,
        keywords_of_json_schema_are_enforced,
        nesting_has_a_limit,
        defaults_of_every_type_are_written,
        NULL,
    };
    return unit_run("codec_encode", tests);
}
