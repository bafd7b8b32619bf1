/* SPDX-License-Identifier: Apache-2.0 */
/* One change at a time, and the findings it gives. Git, registries and the forms of the output:
 * tests/schema/. */
#include <stdio.h>
#include <string.h>

#include "evolve_fixture.h"
#include "support/unit.h"

/* before, now, findings */
static const char *const rows[][3] = {
    {TYPE("\"int\""), TYPE("\"int\""), ""},
    {TYPE("\"int\""), FIELD("\"type\":\"int\",\"doc\":\"x\""), ""},
    {TYPE("\"int\""), TYPE("\"string\""), "TYPE_MISMATCH data.f"},
    {TYPE("\"int\""), TYPE("\"long\""), "TYPE_MISMATCH data.f"},
    {TYPE("\"int\""), "", "READER_FIELD_MISSING_DEFAULT_VALUE data.f"},
    {"", TYPE("\"int\""), "READER_FIELD_MISSING_DEFAULT_VALUE data.f"},
    {"", FIELD("\"type\":\"int\",\"default\":1"), ""},
    {FIELD("\"type\":\"int\",\"default\":1"), "", "FIELD_REMOVED_UNREAD data.f"},
    {FIELD("\"type\":\"int\",\"default\":1"), FIELD("\"type\":\"int\",\"default\":2"),
     "DEFAULT_CHANGED data.f"},
    {TYPE("[\"null\",\"int\"]"), TYPE("[\"null\",\"string\"]"), "MISSING_UNION_BRANCH data.f"},
    {TYPE("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}"),
     TYPE("{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}"), "FIXED_SIZE_MISMATCH data.f"},
    {TYPE("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}"),
     TYPE("{\"type\":\"fixed\",\"name\":\"G\",\"size\":2}"), "NAME_MISMATCH data.f"},
    {TYPE("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}"),
     TYPE("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}"), "MISSING_ENUM_SYMBOLS data.f"},
    {TYPE("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"],\"default\":\"A\"}"),
     TYPE("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}"),
     "CONSTRAINT_TIGHTENED_ENUM data.f"},
    {TYPE("{\"type\":\"array\",\"items\":\"int\"}"),
     TYPE("{\"type\":\"array\",\"items\":\"string\"}"), "TYPE_MISMATCH data.f[]"},
    {TYPE("{\"type\":\"map\",\"values\":\"int\"}"),
     TYPE("{\"type\":\"map\",\"values\":\"string\"}"), "TYPE_MISMATCH data.f{}"},
    {TYPE("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}"),
     TYPE("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}"),
     "LOGICAL_TYPE_CHANGED data.f"},
    {TYPE("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}"),
     TYPE("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,\"scale\":3}"),
     "LOGICAL_TYPE_CHANGED data.f"},
    {FIELD("\"type\":\"int\",\"minimum\":1"), FIELD("\"type\":\"int\",\"minimum\":2"),
     "CONSTRAINT_TIGHTENED_MINIMUM data.f"},
    {FIELD("\"type\":\"int\",\"minimum\":1"), FIELD("\"type\":\"int\",\"exclusiveMinimum\":1"),
     "CONSTRAINT_TIGHTENED_MINIMUM data.f"},
    {TYPE("\"int\""), FIELD("\"type\":\"int\",\"maximum\":9"),
     "CONSTRAINT_TIGHTENED_MAXIMUM data.f"},
    {FIELD("\"type\":\"int\",\"maximum\":9007199254740993"),
     FIELD("\"type\":\"int\",\"maximum\":9007199254740992"), "CONSTRAINT_TIGHTENED_MAXIMUM data.f"},
    {FIELD("\"type\":\"double\",\"maximum\":1.5"), FIELD("\"type\":\"double\",\"maximum\":1.25"),
     "CONSTRAINT_TIGHTENED_MAXIMUM data.f"},
    {FIELD("\"type\":\"int\",\"maximum\":9"), TYPE("\"int\""), "CONSTRAINT_LOOSENED data.f"},
    {FIELD("\"type\":\"string\",\"minLength\":1"), FIELD("\"type\":\"string\",\"minLength\":2"),
     "CONSTRAINT_TIGHTENED_MIN_LENGTH data.f"},
    {FIELD("\"type\":\"string\",\"maxLength\":9"), FIELD("\"type\":\"string\",\"maxLength\":8"),
     "CONSTRAINT_TIGHTENED_MAX_LENGTH data.f"},
    {TYPE("\"string\""), FIELD("\"type\":\"string\",\"pattern\":\"^a$\""),
     "CONSTRAINT_TIGHTENED_PATTERN data.f"},
    {FIELD("\"type\":\"string\",\"format\":\"uri\""),
     FIELD("\"type\":\"string\",\"format\":\"email\""), "CONSTRAINT_TIGHTENED_FORMAT data.f"},
    {TYPE("{\"type\":\"array\",\"items\":\"int\",\"maxItems\":3}"),
     TYPE("{\"type\":\"array\",\"items\":\"int\",\"maxItems\":2,\"minItems\":1}"),
     "CONSTRAINT_TIGHTENED_MAX_ITEMS data.f, CONSTRAINT_TIGHTENED_MIN_ITEMS data.f"},
    {TYPE("\"int\""), "!{\"type\":\"record\"}", "SCHEMA_INVALID "},
    /* a field may be renamed where both sides keep an alias; recursion ends */
    {FIELD("\"type\":\"int\",\"aliases\":[\"g\"]"),
     "{\"name\":\"g\",\"type\":\"int\",\"aliases\":[\"f\"]}", ""},
    {TYPE("[\"null\",\"Data\"]") ",{\"name\":\"n\",\"type\":\"int\",\"minimum\":0}",
     TYPE("[\"null\",\"Data\"]") ",{\"name\":\"n\",\"type\":\"int\",\"minimum\":1}",
     "CONSTRAINT_TIGHTENED_MINIMUM data.n"},
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

START_TEST(a_fault_on_both_sides_is_one_finding_that_names_both)
{
    MR_AUTO(mr_tree) struct mr_tree *before = tree_of("before", TYPE("\"int\""));
    MR_AUTO(mr_tree) struct mr_tree *now = tree_of("now", TYPE("\"string\""));
    MR_AUTO(mr_report) struct mr_report report = {0};

    ck_assert_int_eq(mr_evolve_check(before, now, NULL, &report), 0);
    ck_assert_uint_eq(report.n_items, 1);
    ck_assert_ptr_nonnull(strstr(report.items[0].breaks, "readers already on 'now'"));
    ck_assert_ptr_nonnull(strstr(report.items[0].breaks, "readers still on 'before'"));
    ck_assert_uint_eq(report.items[0].line, 4);
    ck_assert_uint_eq(report.items[0].column, 1);
}
END_TEST

static enum mr_severity severity_with(const char *rules_text)
{
    MR_AUTO(mr_tree) struct mr_tree *before = tree_of("before", TYPE("\"int\""));
    MR_AUTO(mr_tree) struct mr_tree *now = tree_of("now", TYPE("\"string\""));
    MR_AUTO(mr_report) struct mr_report report = {0};
    MR_AUTO(mr_rules_file) struct mr_rules_file *rules = NULL;
    struct mr_error error = MR_ERROR_INIT;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/rules.conf", root);
    FILE *file = fopen(path, "w");
    ck_assert(file && fputs(rules_text, file) >= 0 && fclose(file) == 0);
    ck_assert_msg(mr_rules_file_read(path, &rules, &error) == 0, "%s", error.text);
    const struct mr_evolve_options options = {.rules = rules};
    ck_assert_int_eq(mr_evolve_check(before, now, &options, &report), 0);
    return report.n_items ? report.items[0].severity : MR_SEVERITY_OFF;
}

START_TEST(a_rules_file_changes_severities_by_rule_and_topic)
{
    ck_assert_int_eq(severity_with("# nothing\n\n"), MR_SEVERITY_ERROR);
    ck_assert_int_eq(severity_with("TYPE_MISMATCH = warning"), MR_SEVERITY_WARNING);
    ck_assert_int_eq(severity_with("TYPE_MISMATCH=off shop.*  # for now\n"), MR_SEVERITY_OFF);
    ck_assert_int_eq(severity_with("TYPE_MISMATCH = off other.*\n"), MR_SEVERITY_ERROR);
    ck_assert_int_eq(severity_with("* = note\nTYPE_MISMATCH = error\n"), MR_SEVERITY_ERROR);
}
END_TEST

START_TEST(a_wrong_rules_file_is_told_by_line_with_the_nearest_word)
{
    static const char *const wrong[][2] = {
        {"\nTYPE_MISMATHC = off\n", "did you mean 'TYPE_MISMATCH'?"},
        {"\nTYPE_MISMATCH = of\n", "'of' is no severity"},
        {"\nTYPE_MISMATCH off\n", "must be RULE = "},
        {"\nTYPE_MISMATCH = off a b\n", "must be RULE = "},
    };
    MR_AUTO(mr_rules_file) struct mr_rules_file *rules = NULL;
    char path[256], place[300];

    (void)snprintf(path, sizeof(path), "%s/rules.conf", root);
    (void)snprintf(place, sizeof(place), "%s:2", path);
    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++) {
        struct mr_error error = MR_ERROR_INIT;
        FILE *file = fopen(path, "w");
        ck_assert(file && fputs(wrong[i][0], file) >= 0 && fclose(file) == 0);
        ck_assert_int_eq(mr_rules_file_read(path, &rules, &error), MR_INVALID);
        ck_assert_str_eq(error.where, place);
        ck_assert_msg(strstr(error.text, wrong[i][1]) != NULL, "%s", error.text);
    }
}
END_TEST

START_TEST(rules_have_ids_of_their_own_and_a_summary)
{
    size_t n;
    const struct mr_rule *rules = mr_rules(&n);

    for (size_t i = 0; i < n; i++) {
        ck_assert(rules[i].summary[0] != '\0');
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(rules[i].id, rules[k].id);
    }
    for (int type = MR_NAME_MISMATCH; type <= MR_AMBIGUOUS_READER_FIELD; type++)
        ck_assert_str_eq(rules[type].id, mr_finding_name((enum mr_finding_type)type));
}
END_TEST

START_TEST(a_folder_without_schemas_is_told)
{
    struct mr_tree *tree = NULL;
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_tree_folder(root, NULL, NULL, &tree, &error), MR_ABSENT);
    ck_assert_ptr_nonnull(strstr(error.text, "no schema in"));
    ck_assert_int_eq(mr_tree_folder("/nowhere/at/all", NULL, NULL, &tree, &error), MR_ABSENT);
    ck_assert_int_eq(mr_tree_git(root, "--help", false, &tree, &error), MR_INVALID);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        each_change_gives_its_rule_at_its_place,
        a_fault_on_both_sides_is_one_finding_that_names_both,
        a_rules_file_changes_severities_by_rule_and_topic,
        a_wrong_rules_file_is_told_by_line_with_the_nearest_word,
        rules_have_ids_of_their_own_and_a_summary,
        a_folder_without_schemas_is_told,
        NULL,
    };
    return unit_run_framed("evolve", (struct unit_frame){.set_up = set_up, .tear_down = tear_down},
                           tests);
}
