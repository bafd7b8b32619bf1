/* SPDX-License-Identifier: Apache-2.0 */
/* The schema parser: what it takes, what it refuses, and how it says where. */
#include <stdio.h>
#include <string.h>

#include "millrace/schema.h"
#include "support/schema.h"
#include "support/unit.h"

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
    struct mr_schema *schema = schema_ok(
        "{\"type\": \"record\", \"name\": \"a.B\", \"aliases\": [\"C\", \"d.E\"], \"doc\": "
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
    refused("\xef\xbb\xbf\"int\"", 1, 1, "", "begins with a byte order mark");
    refused("{\"type\": \"recrod\"}", 1, 10, "/type", "did you mean \"record\"?");
    refused(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\n {\"name\":\"a\",\"type\":\"strng\"}]}",
        2, 21, "/fields/0/type", "did you mean \"string\"?");
    refused(
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"OPEN\",\"SHUT\"],\"default\":\"OPE\"}", 1,
        63, "/default", "did you mean \"OPEN\"?");
    refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","
            "\"default\":\"x\"}]}",
            1, 74, "/fields/0/default", "Invalid default for field a: \"x\" not a \"int\"");
    refused("[\"null\",\n\"null\"]", 2, 1, "/1", "null twice");
    refused("{\"type\": \"string\", \"type\": \"int\"}", 1, 20, "", "twice");
    refused("{\"type\": \"string\"} x", 1, 20, "", "after the end");
}
END_TEST

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"n.R\",\"fields\":[" fields "]}"

START_TEST(names_resolve_by_namespace_and_may_come_before_their_definition)
{
    MR_AUTO(mr_schema)
    struct mr_schema *schema = schema_ok(
        RECORD("{\"name\":\"a\",\"type\":\"E\"},"
               "{\"name\":\"b\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}},"
               "{\"name\":\"c\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":\"\","
               "\"size\":1}},"
               "{\"name\":\"d\",\"type\":\"F\"}"));
    const struct mr_schema_node *root = mr_schema_root(schema);

    ck_assert_str_eq(root->fields[0].type->fullname, "n.E");
    ck_assert_ptr_eq(root->fields[0].type, root->fields[1].type);
    ck_assert_str_eq(root->fields[2].type->fullname, "F");
    ck_assert_ptr_eq(root->fields[2].type, root->fields[3].type);
    schema_wrong(RECORD("{\"name\":\"a\",\"type\":\"n.r\"}"), "did you mean \"n.R\"?");
    schema_wrong(
        RECORD("{\"name\":\"a\",\"type\":{\"type\":\"fixed\",\"name\":\"q.F\",\"size\":1}},"
               "{\"name\":\"b\",\"type\":\"F\"}"),
        "did you mean \"q.F\"?");
}
END_TEST

START_TEST(names_are_letters_digits_and_underscores_of_any_script)
{
    static const char *const good[] = {"_", "a1", "Straße", "日本", "x٣"};
    static const char *const bad[] = {"", "1a", "a-b", "a b", "a$", "٣x", "a😀", "a.b c"};
    struct mr_schema_options lenient = {.lenient_names = true};
    char text[200];

    for (size_t i = 0; i < MR_N_ELEMENTS(good); i++) {
        (void)snprintf(text, sizeof(text),
                       "{\"type\":\"enum\",\"name\":\"%s\",\"symbols\":[\"%s\"]}", good[i],
                       good[i]);
        mr_schema_unref(schema_ok(text));
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(bad); i++) {
        struct mr_schema *schema = NULL;
        (void)snprintf(text, sizeof(text), "{\"type\":\"fixed\",\"name\":\"%s\",\"size\":1}",
                       bad[i]);
        schema_wrong(text, "name");
        ck_assert_int_eq(mr_schema_parse(text, strlen(text), &lenient, &schema, NULL), 0);
        mr_schema_unref(schema);
    }
    schema_wrong("{\"type\":\"fixed\",\"name\":\"my-ns.F\",\"size\":1}", "part of a namespace");
    schema_wrong("{\"type\":\"fixed\",\"name\":\"int\",\"size\":1}", "primitive type int");
    schema_wrong("{\"type\":\"fixed\",\"name\":\"a\\u0000b\",\"size\":1}", "NUL");
}
END_TEST

START_TEST(what_is_defined_twice_must_say_the_same)
{
    static const char e[] = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]%s}";
    static const struct {
        const char *more;
        bool same;
    } rows[] = {{"", true},
                {",\"doc\":\"why\"", true},
                {",\"aliases\":[\"F\"]", true},
                {",\"x\":1", false}};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        char second[200], text[500];
        (void)snprintf(second, sizeof(second), e, rows[i].more);
        (void)snprintf(
            text, sizeof(text),
            RECORD(
                "{\"name\":\"a\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}},"
                "{\"name\":\"b\",\"type\":%s}"),
            second);
        if (!rows[i].same) {
            schema_wrong(text, "n.E is defined again, otherwise than at line 1, column 60");
            continue;
        }
        MR_AUTO(mr_schema) struct mr_schema *schema = schema_ok(text);
        ck_assert_ptr_eq(mr_schema_root(schema)->fields[0].type,
                         mr_schema_root(schema)->fields[1].type);
    }
    schema_wrong(
        RECORD("{\"name\":\"a\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}}"),
        "within itself");
    schema_wrong(RECORD("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}"),
                 "the field \"a\" twice");
    schema_wrong("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}",
                 "\"A\" is here twice");
    schema_wrong("[\"int\",[\"null\"]]", "must not contain a union");
    schema_wrong("[{\"type\":\"map\",\"values\":\"int\"},{\"type\":\"map\",\"values\":\"long\"}]",
                 "map twice");
}
END_TEST

START_TEST(defaults_must_fit_their_type_of_a_union_any_branch)
{
    static const char record[] =
        "{\"type\":\"record\",\"name\":\"S\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"},"
        "{\"name\":\"y\",\"type\":\"int\",\"default\":1}]}";
    static const struct {
        const char *type, *good, *bad;
    } rows[] = {
        {"\"null\"", "null", "0"},
        {"\"boolean\"", "true", "1"},
        {"\"int\"", "2147483647", "2147483648"},
        {"\"int\"", "-2147483648", "1.0"},
        {"\"long\"", "-9223372036854775808", "9223372036854775808"},
        {"\"float\"", "1e40", "true"},
        {"\"double\"", "123456789012345678901234567890", "null"},
        {"\"double\"", "\" NaN \"", "\"nan\""},
        {"\"float\"", "\"-Infinity\"", "\"much\""},
        {"\"string\"", "\"\"", "5"},
        {"\"bytes\"", "\"\\u00ff\"", "[]"},
        {"{\"type\":\"array\",\"items\":\"int\"}", "[1,2]", "[1,\"2\"]"},
        {"{\"type\":\"map\",\"values\":\"int\"}", "{\"a\":1}", "{\"a\":null}"},
        {"[\"null\",\"int\"]", "5", "\"5\""},
        {record, "{\"x\":1}", "{\"y\":1}"},
        {"{\"type\":\"record\",\"name\":\"S\",\"fields\":[{\"name\":\"x\",\"type\":\"float\","
         "\"default\":\"1.5\"}]}",
         "{}", "{\"x\":\"1.5\"}"},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        mr_schema_unref(schema_field(rows[i].type, rows[i].good));
        schema_field_wrong(rows[i].type, rows[i].bad);
    }
    schema_field_wrong("[\"null\",\"R\"]", "{}"); /* leads back to itself without end */
}
END_TEST

START_TEST(a_default_keeps_every_digit_and_a_number_in_a_string_becomes_one)
{
    MR_AUTO(mr_schema)
    struct mr_schema *exact = schema_field("\"double\"", "0.10000000000000000000001");
    MR_AUTO(mr_schema) struct mr_schema *text = schema_field("\"double\"", "\"1.50\"");
    MR_AUTO(mr_schema) struct mr_schema *nan = schema_field("\"float\"", "\"NaN\"");

    ck_assert(
        mr_str_is(mr_schema_root(exact)->fields[0].default_text, "0.10000000000000000000001"));
    ck_assert(mr_str_is(mr_schema_root(text)->fields[0].default_text, "1.5"));
    ck_assert(mr_str_is(mr_schema_root(nan)->fields[0].default_text, "\"NaN\""));
}
END_TEST

START_TEST(a_logical_type_that_does_not_fit_is_ignored_and_kept)
{
    static const struct {
        const char *schema;
        enum mr_avro_logical logical;
    } rows[] = {
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         MR_LOGICAL_DECIMAL},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":2,\"scale\":3}",
         MR_LOGICAL_NONE},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":2.0}", MR_LOGICAL_NONE},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\"}", MR_LOGICAL_NONE},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":3,\"logicalType\":\"decimal\",\"precision\":"
         "6}",
         MR_LOGICAL_DECIMAL},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":3,\"logicalType\":\"decimal\",\"precision\":"
         "7}",
         MR_LOGICAL_NONE},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}", MR_LOGICAL_UUID},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":16,\"logicalType\":\"uuid\"}",
         MR_LOGICAL_UUID},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":15,\"logicalType\":\"uuid\"}",
         MR_LOGICAL_NONE},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":12,\"logicalType\":\"duration\"}",
         MR_LOGICAL_DURATION},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}", MR_LOGICAL_TIMESTAMP_NANOS},
        {"{\"type\":\"int\",\"logicalType\":\"timestamp-micros\"}", MR_LOGICAL_NONE},
        {"{\"type\":\"int\",\"logicalType\":\"age\"}", MR_LOGICAL_NONE},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        MR_AUTO(mr_schema) struct mr_schema *schema = schema_ok(rows[i].schema);
        ck_assert_msg(mr_schema_root(schema)->logical == rows[i].logical, "%s", rows[i].schema);
        ck_assert_ptr_nonnull(mr_schema_root(schema)->props);
    }
}
END_TEST

START_TEST(records_that_no_datum_can_fill_are_known)
{
    MR_AUTO(mr_schema)
    struct mr_schema *schema =
        schema_ok(RECORD("{\"name\":\"a\",\"type\":{\"type\":\"record\",\"name\":\"S\",\"fields\":["
                         "{\"name\":\"b\",\"type\":\"S\"}]}},"
                         "{\"name\":\"c\",\"type\":{\"type\":\"record\",\"name\":\"T\",\"fields\":["
                         "{\"name\":\"d\",\"type\":[\"null\",\"R\"]}]}}"));
    const struct mr_schema_node *root = mr_schema_root(schema);

    ck_assert(root->endless);
    ck_assert(root->fields[0].type->endless);
    ck_assert(!root->fields[1].type->endless);
}
END_TEST

START_TEST(references_are_known_names_and_their_faults_are_told_as_theirs)
{
    static const char *const texts[] = {
        "{\"type\":\"enum\",\"name\":\"n.E\",\"symbols\":[\"A\"]}",
        "{\"type\":\"record\",\"name\":\"n.S\",\"fields\":[{\"name\":\"e\",\"type\":\"E\"}]}"};
    static const char *const bad[] = {"\"int\"", "{\"type\":\n\"enum\"}"};
    struct mr_schema_options options = {.references = texts, .n_references = 2};
    const char *text = RECORD("{\"name\":\"s\",\"type\":\"S\"},{\"name\":\"e\",\"type\":\"E\"}");
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    struct mr_error error;

    ck_assert_int_eq(mr_schema_parse(text, strlen(text), &options, &schema, NULL), 0);
    const struct mr_schema_node *root = mr_schema_root(schema);
    ck_assert_ptr_eq(root->fields[0].type->fields[0].type, root->fields[1].type);
    ck_assert_int_eq(mr_schema_stored_text(schema, false, &out, NULL), 0);
    ck_assert_str_eq(mr_buf_cstr(&out),
                     "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":["
                     "{\"name\":\"s\",\"type\":\"S\"},{\"name\":\"e\",\"type\":\"E\"}]}");
    options.references = bad;
    schema_wrong_with(&options, "\"int\"", &error);
    ck_assert_msg(strncmp(error.text, "in reference 2: an enum needs", 29) == 0, "%s", error.text);
}
END_TEST

START_TEST(what_java_reads_beyond_json_is_read_only_on_request)
{
    static const char text[] = "/* why */ {\"type\": \"int\", // here\n \"x\": 1, \"x\": 2}";
    struct mr_schema_options options = {.like_java = true};
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    schema_wrong(text, "JSON has no comments");
    ck_assert_int_eq(mr_schema_parse(text, sizeof(text) - 1, &options, &schema, NULL), 0);
    ck_assert_int_eq(mr_schema_stored_text(schema, false, &out, NULL), 0);
    ck_assert_str_eq(mr_buf_cstr(&out), "{\"type\":\"int\",\"x\":2}");
}
END_TEST

START_TEST(a_name_that_begins_with_a_dot_is_of_no_namespace_in_registries)
{
    static const char text[] =
        "{\"type\":\"record\",\"name\":\".A\",\"namespace\":\"n\",\"fields\":[{\"name\":\"f\","
        "\"type\":{\"type\":\"record\",\"name\":\"n.A\",\"fields\":[{\"name\":\"g\",\"type\":"
        "[\"null\",\".A\"]}]}}]}";
    static const char other[] = "{\"type\":\"fixed\",\"name\":\".n.A\",\"size\":1}";
    struct mr_schema_options options = {.like_java = true};
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_schema) struct mr_schema *dotted = NULL;

    schema_wrong(text, "neither a primitive type nor a name defined here");
    ck_assert_int_eq(mr_schema_parse(text, sizeof(text) - 1, &options, &schema, NULL), 0);
    const struct mr_schema_node *root = mr_schema_root(schema);
    ck_assert_str_eq(root->fullname, "A");
    ck_assert_ptr_eq(root->fields[0].type->fields[0].type->branches[1], root);
    ck_assert_int_eq(mr_schema_parse(other, sizeof(other) - 1, &options, &dotted, NULL), 0);
    ck_assert_str_eq(mr_schema_root(dotted)->fullname, ".n.A");
}
END_TEST

int main(void)
{
    return unit_run("schema", (const TTest *[]){
                                  a_name_that_begins_with_a_dot_is_of_no_namespace_in_registries,
                                  a_record_keeps_what_was_written,
                                  mistakes_are_told_with_place_rule_and_nearest_word,
                                  names_resolve_by_namespace_and_may_come_before_their_definition,
                                  names_are_letters_digits_and_underscores_of_any_script,
                                  what_is_defined_twice_must_say_the_same,
                                  defaults_must_fit_their_type_of_a_union_any_branch,
                                  a_default_keeps_every_digit_and_a_number_in_a_string_becomes_one,
                                  a_logical_type_that_does_not_fit_is_ignored_and_kept,
                                  records_that_no_datum_can_fill_are_known,
                                  references_are_known_names_and_their_faults_are_told_as_theirs,
                                  what_java_reads_beyond_json_is_read_only_on_request,
                                  NULL,
                              });
}
