/* SPDX-License-Identifier: Apache-2.0 */
/* The schema parser: what it takes, what it refuses, and how it says where. */
#include <string.h>

#include "millrace/schema.h"
#include "support/unit.h"

static struct mr_schema *parse(const char *text)
{
    struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(text, strlen(text), NULL, &schema, &error);

    ck_assert_msg(r == 0, "%s: %s: %s", text, error.where, error.text);
    return schema;
}

static void refused(const char *text, unsigned line, unsigned column, const char *where,
                    const char *rule)
{
    struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(text, strlen(text), NULL, &schema, &error);

    ck_assert_msg(r == MR_INVALID, "accepted: %s", text);
    ck_assert_str_eq(error.where, where);
    ck_assert_msg(strstr(error.text, rule) != NULL, "'%s' is not in: %s", rule, error.text);
    ck_assert_msg(error.line == line && error.column == column, "%s: at %u:%u", text, error.line,
                  error.column);
}

START_TEST(a_record_keeps_what_was_written)
{
    MR_AUTO(mr_schema)
    struct mr_schema *schema =
        parse("{\"type\": \"record\", \"name\": \"a.B\", \"aliases\": [\"C\", \"d.E\"], \"doc\": "
              "\"why\",\n"
              " \"x-prop\": 1, \"fields\": [\n"
              "  {\"name\": \"amount\", \"minimum\": 0, \"default\": 12345678901234567890,\n"
              "   \"type\": \"double\", \"order\": \"ignore\", \"aliases\": [\"sum\"]},\n"
              "  {\"name\": \"next\", \"type\": [\"null\", \"B\"], \"default\": null}]}");
    const struct mr_schema_node *root = mr_schema_root(schema);

    ck_assert_str_eq(root->fullname, "a.B");
    ck_assert_str_eq(root->name, "B");
    ck_assert_str_eq(root->space, "a");
    ck_assert_str_eq(root->aliases[0], "a.C");
    ck_assert_str_eq(root->aliases[1], "d.E");
    ck_assert_ptr_nonnull(root->props);
    ck_assert_uint_eq(root->n_fields, 2);
    const struct mr_schema_field *amount = mr_schema_field_find(root, MR_STR("amount"));
    ck_assert_uint_eq(amount->line, 3);
    ck_assert_uint_eq(amount->column, 3);
    ck_assert(mr_str_is(amount->default_text, "12345678901234567890"));
    ck_assert_str_eq(amount->order, "ignore");
    ck_assert_ptr_nonnull(amount->props);
    ck_assert_ptr_eq(root->fields[1].type->branches[1], root);
    ck_assert_ptr_null(mr_schema_field_find(root, MR_STR("nothing")));
    ck_assert(!root->endless);
}
END_TEST

START_TEST(mistakes_are_told_with_place_rule_and_nearest_word)
{
    refused("{\"type\": \"recrod\"}", 1, 10, "/type", "did you mean \"record\"?");
    refused(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\n {\"name\":\"a\",\"type\":\"strng\"}]}",
        2, 21, "/fields/0/type", "did you mean \"string\"?");
    refused(
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"OPEN\",\"SHUT\"],\"default\":\"OPE\"}", 1,
        63, "/default", "did you mean \"OPEN\"?");
    refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","
            "\"default\":\"x\"}]}",
            1, 74, "/fields/0/default",
            "the default \"x\" of field \"a\" does not fit its type, int");
    refused("[\"null\",\n\"null\"]", 2, 1, "/1", "null twice");
    refused("{\"type\": \"string\", \"type\": \"int\"}", 1, 20, "", "twice");
    refused("{\"type\": \"string\"} x", 1, 20, "", "after the end");
}
END_TEST

int main(void)
{
    return unit_run("schema", (const TTest *[]){
                                  a_record_keeps_what_was_written,
                                  mistakes_are_told_with_place_rule_and_nearest_word,
                                  NULL,
                              });
}
