/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints, meanings and odd shapes of schemas, one change at a time; plain ones: test_evolve.c.
 */
#include "evolve_fixture.h"
#include "support/unit.h"

#define DECIMAL(p, s)                                                                              \
    TYPE("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":" #p ",\"scale\":" #s "}")
#define ENUM(name, symbols, rest)                                                                  \
    "{\"type\":\"enum\",\"name\":\"" name "\",\"symbols\":[" symbols "]" rest "}"
#define STRING(rest) FIELD("\"type\":\"string\"," rest)
#define INT(rest) FIELD("\"type\":\"int\"," rest)
#define LONG(logical) TYPE("{\"type\":\"long\",\"logicalType\":\"" logical "\"}")

static const char *const rows[][3] = {
    /* the inner one of two bounds counts; the field's stand over the type's */
    {INT("\"minimum\":1,\"exclusiveMinimum\":5"), INT("\"exclusiveMinimum\":5"), ""},
    {INT("\"exclusiveMinimum\":5,\"minimum\":1"), INT("\"minimum\":5"),
     "CONSTRAINT_LOOSENED data.f"},
    {INT("\"exclusiveMaximum\":5"), INT("\"exclusiveMaximum\":5,\"maximum\":3"),
     "CONSTRAINT_TIGHTENED_MAXIMUM data.f"},
    /* of whole numbers, below 5 is up to 4; of others it is not */
    {INT("\"exclusiveMaximum\":5"), INT("\"maximum\":4"), ""},
    {INT("\"minimum\":1"), INT("\"exclusiveMinimum\":0"), ""},
    {INT("\"minimum\":1"), INT("\"exclusiveMinimum\":1"), "CONSTRAINT_TIGHTENED_MINIMUM data.f"},
    {INT("\"exclusiveMinimum\":0"), INT("\"minimum\":0"), "CONSTRAINT_LOOSENED data.f"},
    {FIELD("\"type\":\"double\",\"exclusiveMaximum\":5"),
     FIELD("\"type\":\"double\",\"maximum\":4"), "CONSTRAINT_TIGHTENED_MAXIMUM data.f"},
    {FIELD("\"type\":\"long\",\"exclusiveMinimum\":9223372036854775807"),
     FIELD("\"type\":\"long\",\"minimum\":9223372036854775807"), "CONSTRAINT_LOOSENED data.f"},
    /* a length is never below 0 */
    {STRING("\"doc\":\"x\""), STRING("\"minLength\":0"), ""},
    {STRING("\"minLength\":0"), STRING("\"minLength\":1"),
     "CONSTRAINT_TIGHTENED_MIN_LENGTH data.f"},
    {STRING("\"minLength\":1"), STRING("\"minLength\":0"), "CONSTRAINT_LOOSENED data.f"},
    {FIELD("\"type\":{\"type\":\"array\",\"items\":\"int\",\"minItems\":0}"),
     FIELD("\"type\":{\"type\":\"array\",\"items\":\"int\"}"), ""},
    {TYPE("{\"type\":\"int\",\"maximum\":5}"), INT("\"maximum\":5"), ""},
    {TYPE("{\"type\":\"int\",\"maximum\":5}"),
     FIELD("\"type\":{\"type\":\"int\",\"maximum\":5},\"maximum\":9"),
     "CONSTRAINT_LOOSENED data.f"},
    {INT("\"minimum\":-1"), INT("\"minimum\":-1.0"), ""},
    {STRING("\"maxLength\":9"), STRING("\"maxLength\":10"), "CONSTRAINT_LOOSENED data.f"},
    {STRING("\"pattern\":\"^a$\""), STRING("\"pattern\":\"^b$\""),
     "CONSTRAINT_TIGHTENED_PATTERN data.f"},
    {STRING("\"pattern\":\"^a$\""), STRING("\"doc\":\"x\""), "CONSTRAINT_LOOSENED data.f"},
    {STRING("\"doc\":\"x\""), STRING("\"format\":\"uri\""), "CONSTRAINT_TIGHTENED_FORMAT data.f"},
    {STRING("\"format\":\"uri\""), STRING("\"doc\":\"x\""), "CONSTRAINT_LOOSENED data.f"},
    /* multiples */
    {INT("\"doc\":\"x\""), INT("\"multipleOf\":5"), "CONSTRAINT_TIGHTENED_MULTIPLE_OF data.f"},
    {INT("\"multipleOf\":5"), INT("\"multipleOf\":10"), "CONSTRAINT_TIGHTENED_MULTIPLE_OF data.f"},
    {INT("\"multipleOf\":10"), INT("\"multipleOf\":5"), "CONSTRAINT_LOOSENED data.f"},
    {INT("\"multipleOf\":5"), INT("\"multipleOf\":7"), "CONSTRAINT_TIGHTENED_MULTIPLE_OF data.f"},
    {FIELD("\"type\":\"double\",\"multipleOf\":0.3"),
     FIELD("\"type\":\"double\",\"multipleOf\":0.1"), "CONSTRAINT_LOOSENED data.f"},
    {INT("\"multipleOf\":5"), INT("\"multipleOf\":0"), "CONSTRAINT_TIGHTENED_MULTIPLE_OF data.f"},
    {INT("\"multipleOf\":5"), INT("\"multipleOf\":5"), ""},
    /* sets of values */
    {STRING("\"enum\":[\"a\",\"b\"]"), STRING("\"enum\":[\"b\"]"),
     "CONSTRAINT_TIGHTENED_ENUM data.f"},
    {STRING("\"enum\":[\"a\"]"), STRING("\"enum\":[\"b\", \"a\"]"), "CONSTRAINT_LOOSENED data.f"},
    {STRING("\"enum\":[\"a\",\"b\"]"), STRING("\"enum\":[\"b\",\"a\"]"), ""},
    {STRING("\"doc\":\"x\""), STRING("\"enum\":[\"a\"]"), "CONSTRAINT_TIGHTENED_ENUM data.f"},
    {STRING("\"enum\":[\"a\"]"), STRING("\"doc\":\"x\""), "CONSTRAINT_LOOSENED data.f"},
    {TYPE(ENUM("E", "\"A\",\"B\"", "")),
     FIELD("\"type\":" ENUM("E", "\"A\",\"B\"", "") ",\"x-readers-only\":[\"B\"]"),
     "CONSTRAINT_TIGHTENED_ENUM data.f"},
    {FIELD("\"type\":" ENUM("E", "\"A\",\"B\"", "") ",\"x-readers-only\":[\"A\",\"B\"]"),
     FIELD("\"type\":" ENUM("E", "\"A\",\"B\"", "") ",\"x-readers-only\":[\"B\"]"),
     "CONSTRAINT_LOOSENED data.f"},
    /* meanings */
    {DECIMAL(9, 2), DECIMAL(7, 2), "CONSTRAINT_TIGHTENED_PRECISION data.f"},
    {DECIMAL(7, 2), DECIMAL(9, 2), "CONSTRAINT_LOOSENED data.f"},
    {DECIMAL(9, 2), DECIMAL(9, 0), "LOGICAL_TYPE_CHANGED data.f"},
    {DECIMAL(9, 2), TYPE("\"bytes\""), "LOGICAL_TYPE_CHANGED data.f"},
    {DECIMAL(9, 2), TYPE("\"string\""), "LOGICAL_TYPE_CHANGED data.f"},
    {LONG("timestamp-micros"), TYPE("\"long\""), "LOGICAL_TYPE_CHANGED data.f"},
    {LONG("timestamp-micros"), LONG("local-timestamp-micros"), "LOGICAL_TYPE_CHANGED data.f"},
    {TYPE("{\"type\":\"int\",\"logicalType\":\"date\"}"), LONG("timestamp-millis"),
     "LOGICAL_TYPE_CHANGED data.f, TYPE_MISMATCH data.f"},
    {TYPE(ENUM("E", "\"A\",\"B\"", ",\"default\":\"A\"")),
     TYPE(ENUM("E", "\"A\",\"B\"", ",\"default\":\"B\"")), "DEFAULT_CHANGED data.f"},
    {TYPE(ENUM("E", "\"A\",\"B\"", ",\"default\":\"A\"")), TYPE(ENUM("E", "\"A\",\"B\"", "")),
     "DEFAULT_CHANGED data.f"},
    /* names and order */
    {TYPE(ENUM("x.E", "\"A\"", "")), TYPE(ENUM("y.E", "\"A\"", "")), ""},
    {TYPE(ENUM("E", "\"A\"", "")), TYPE(ENUM("F", "\"A\"", ",\"aliases\":[\"E\"]")),
     "NAME_MISMATCH data.f"}, /* readers on the old version do not know the alias */
    {TYPE("\"int\"") ",{\"name\":\"g\",\"type\":\"int\"}",
     "{\"name\":\"g\",\"type\":\"int\"}," TYPE("\"int\""), ""},
    {TYPE("[\"null\",\"int\",\"string\"]"), TYPE("[\"string\",\"null\",\"int\"]"), ""},
    /* within unions, arrays, maps, and where a type is used twice */
    {TYPE("[\"null\",\"int\"," ENUM("E", "\"A\",\"B\"", ",\"default\":\"A\"") "]"),
     TYPE("[" ENUM("E", "\"A\"", ",\"default\":\"A\"") ",\"null\",\"int\"]"),
     "CONSTRAINT_TIGHTENED_ENUM data.f"},
    {TYPE("{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":{\"type\":\"int\"}}}"),
     TYPE("{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":"
          "{\"type\":\"int\",\"minimum\":1}}}"),
     "CONSTRAINT_TIGHTENED_MINIMUM data.f{}[]"},
    {TYPE("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"n\",\"type\":"
          "\"int\"}]}") ","
                        "{\"name\":\"g\",\"type\":\"R\"}",
     TYPE("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"n\",\"type\":\"int\","
          "\"minimum\":1}]}") ",{\"name\":\"g\",\"type\":\"R\"}",
     "CONSTRAINT_TIGHTENED_MINIMUM data.f.n, CONSTRAINT_TIGHTENED_MINIMUM data.g.n"},
};

START_TEST(each_change_gives_its_rule_at_its_place)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        const char *found = changed(rows[i][0], rows[i][1]);
        ck_assert_msg(strcmp(found, rows[i][2]) == 0, "%s\n%s\nexpected: %s\nfound: %s", rows[i][0],
                      rows[i][1], rows[i][2], found);
    }
}
END_TEST

/* Thirty records, each with two fields of the next: a billion paths to the last one. */
static void diamonds(char *out, size_t cap, const char *last)
{
    size_t len = 0;

    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(out + len, cap - len,
                                "{\"name\":\"a%d\",\"type\":{\"type\":\"record\",\"name\":"
                                "\"R%d\",\"fields\":[",
                                i, i);
    len += (size_t)snprintf(out + len, cap - len, "{\"name\":\"f\",\"type\":%s}]}}", last);
    for (int i = 29; i > 0; i--)
        len +=
            (size_t)snprintf(out + len, cap - len, ",{\"name\":\"b%d\",\"type\":\"R%d\"}]}}", i, i);
}

START_TEST(types_that_are_used_in_very_many_places_are_compared_in_time)
{
    static char before_text[8192], now_text[8192];
    MR_AUTO(mr_report) struct mr_report report = {0};
    struct mr_differences all = {0};

    diamonds(before_text, sizeof(before_text), "\"int\"");
    diamonds(now_text, sizeof(now_text), "{\"type\":\"int\",\"minimum\":1}");
    MR_AUTO(mr_tree) struct mr_tree *before = tree_of("before", before_text);
    MR_AUTO(mr_tree) struct mr_tree *now = tree_of("now", now_text);
    ck_assert_int_eq(mr_evolve_check(before, now, NULL, &report), 0);
    ck_assert(report.n_items > 0 && report.n_items <= 16);
    ck_assert_int_eq(mr_evolve_diff(before, now, &all), 0);
    ck_assert(all.n_items > 0 && all.n_items <= 16);
    mr_differences_done(&all);
    mr_report_done(&report);
    ck_assert_int_eq(mr_evolve_lint(now, NULL, &report), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        each_change_gives_its_rule_at_its_place,
        types_that_are_used_in_very_many_places_are_compared_in_time,
        NULL,
    };
    return unit_run_framed("evolve_limits",
                           (struct unit_frame){.set_up = set_up, .tear_down = tear_down}, tests);
}
