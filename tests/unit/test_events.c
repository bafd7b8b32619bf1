/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's verbs: words to topics, fields in words, examples; JSON and YAML; looks into
 * JSON. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "choose.h"
#include "describe.h"
#include "doc.h"
#include "json_view.h"
#include "millrace/error.h"
#include "support/unit.h"
#include "term.h"

static struct mr_buf out;

static struct mr_str text_of(void)
{
    return (struct mr_str){(const char *)out.data, out.len};
}

/* Number of topics that the words choose, or the negative status. */
static int count(char *const *words, size_t n_words, bool events, struct mr_error *error)
{
    MR_AUTO(choose) struct choose choose = {0};
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    size_t n = 0;

    *error = MR_ERROR_INIT;
    ck_assert_int_eq(choose_open(&choose, error), 0);
    int r = choose_topics(&choose, words, n_words, events, &topics, &n, error);
    return r != 0 ? -r : (int)n;
}
#define A(text) ((char[]){text})

START_TEST(words_choose_topics_by_any_name_or_glob)
{
    struct mr_error error;

    ck_assert_int_ge(count(NULL, 0, true, &error), 82); /* the contracts' */
    ck_assert_int_gt(count(NULL, 0, false, &error), 82);
    ck_assert_int_eq(count((char *[]){A("OrderCreatedEvent")}, 1, true, &error), 1);
    ck_assert_int_eq(count((char *[]){A("order.created"), A("OrderCreatedEvent")}, 2, true, &error),
                     1);
    ck_assert_int_ge(count((char *[]){A("order-management")}, 1, true, &error), 5);
    ck_assert_int_ge(count((char *[]){A("order-management.*")}, 1, true, &error), 5);
    ck_assert_int_eq(count((char *[]){A("nothing-like*")}, 1, true, &error), 0);
    ck_assert_int_eq(count((char *[]){A("OrderCreatedEvnt")}, 1, true, &error), -MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "did you mean 'OrderCreatedEvent'"));
}
END_TEST

START_TEST(one_event_is_meant_or_the_choice_is_told)
{
    MR_AUTO(choose) struct choose choose = {0};
    struct mr_error error = MR_ERROR_INIT;
    const struct mr_topic *topic;

    ck_assert_int_eq(choose_open(&choose, &error), 0);
    ck_assert_int_eq(choose_event(&choose, "order.created", &topic, &error), 0);
    ck_assert_str_eq(topic->name, "order-management.order.created.v1");
    ck_assert_int_eq(choose_event(&choose, "order-management", &topic, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, " events: give one of order-management.order"));
    choose.platform = "ticketwave";
    ck_assert_int_eq(choose_event(&choose, "order.created", &topic, &error), MR_INVALID);
}
END_TEST

START_TEST(every_event_has_fields_and_an_example)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    int n = 0;

    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        if (topic->dead_letter)
            continue;
        out.len = 0;
        int r = describe_example(topic, &out);
        ck_assert_msg(r == 0 || r == MR_ABSENT, "%s", topic->name);
        ck_assert(r == MR_ABSENT || out.data[0] == '{');
        n += r == 0; /* events of no contract are not simulated */
    }
    ck_assert_int_ge(n, 82);
}
END_TEST

static int find_quantity(void *self, const struct described_field *field)
{
    if (strcmp(field->path, "data.items[].quantity") == 0) {
        ck_assert_str_eq(field->type, "long");
        ck_assert_str_eq(field->rules, "at least 1");
        ck_assert(field->required);
        ck_assert_ptr_null(field->default_json);
        ++*(int *)self;
    } else if (strcmp(field->path, "causation_id") == 0) {
        ck_assert(!field->required);
        ck_assert_str_eq(field->default_json, "null");
        ++*(int *)self;
    } else if (strcmp(field->path, "event_version") == 0) {
        ck_assert_str_eq(field->rules, "matches ^[0-9]+\\.[0-9]+(\\.[0-9]+)?$");
        ++*(int *)self;
    }
    return 0;
}

START_TEST(fields_are_told_with_path_type_and_rules)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    const struct mr_topic *topic =
        mr_catalog_topic(mr_catalog_builtin(), MR_STR("order-management.order.created.v1"));
    int seen = 0;

    ck_assert_int_eq(mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &schema, NULL),
                     0);
    ck_assert_int_eq(describe_fields(mr_schema_root(schema), "", find_quantity, &seen), 0);
    ck_assert_int_eq(seen, 3);
}
END_TEST

static void write_document(struct doc *doc)
{
    doc_list(doc, NULL);
    for (int i = 0; i < 2; i++) {
        doc_object(doc, NULL);
        doc_text(doc, "a", "x\"y");
        doc_list(doc, "none");
        doc_end(doc);
        doc_list(doc, "some");
        doc_long(doc, NULL, 1);
        doc_object(doc, NULL);
        doc_bool(doc, "b", true);
        doc_text(doc, "n", NULL);
        doc_end(doc);
        doc_end(doc);
        doc_end(doc);
    }
    doc_end(doc);
    ck_assert_int_eq(doc->r, 0);
}

START_TEST(one_writer_gives_json_and_yaml)
{
    static const char json[] =
        "[\n  {\n    \"a\": \"x\\\"y\",\n    \"none\": [],\n    \"some\": [\n"
        "      1,\n      {\n        \"b\": true,\n        \"n\": null\n      }\n    ]\n  },";
    static const char yaml[] =
        "- a: \"x\\\"y\"\n  none: []\n  some:\n    - 1\n    - b: true\n      n: null\n"
        "- a: \"x\\\"y\"\n";

    out.len = 0;
    write_document(&(struct doc){.out = &out});
    ck_assert_msg(strncmp(mr_buf_cstr(&out), json, strlen(json)) == 0, "%s", mr_buf_cstr(&out));
    out.len = 0;
    write_document(&(struct doc){.out = &out, .yaml = true});
    ck_assert_msg(strncmp(mr_buf_cstr(&out), yaml, strlen(yaml)) == 0, "%s", mr_buf_cstr(&out));
}
END_TEST

START_TEST(a_table_is_aligned_for_people_and_tabbed_for_programs)
{
    static const char *const headings[] = {"A", "LONGER"};
    struct term_table table = {.headings = headings, .n_columns = 2};

    for (int terminal = 0; terminal < 2; terminal++) {
        out.len = 0;
        term_cell(&table, "%s", "ü-1");
        term_cell(&table, "%d", 2);
        ck_assert_int_eq(term_table_print(&table, terminal == 1, term_style(false), &out), 0);
        ck_assert_str_eq(mr_buf_cstr(&out), terminal ? "A    LONGER\nü-1  2\n" : "ü-1\t2\n");
    }
}
END_TEST

static bool is_wanted(void *self, struct mr_str value)
{
    MR_AUTO(mr_buf) struct mr_buf scratch = {0};

    return mr_str_is(json_scalar(value, &scratch), self);
}

static bool has(const char *json, const char *path, const char *wanted)
{
    char copy[64];

    (void)snprintf(copy, sizeof(copy), "%s", wanted);
    return json_at(mr_str_from(json), path, is_wanted, copy);
}

START_TEST(a_path_finds_its_values_in_objects_and_lists)
{
    static const char json[] =
        "{ \"data\" : {\"a\\\"b\":1,\"items\":[{\"sku\":\"x\",\"n\":[1,2]},{\"sku\":\"y\"}],"
        "\"t\":\"\\u00fc\\ud83d\\ude00\\n\",\"e\":{},\"z\":null},\"last\":-1.5e3}";

    ck_assert(has(json, "last", "-1.5e3"));
    ck_assert(has(json, "data.items.sku", "y"));
    ck_assert(has(json, "data.items.1.sku", "y"));
    ck_assert(!has(json, "data.items.0.sku", "y"));
    ck_assert(has(json, "data.items.n.1", "2"));
    ck_assert(has(json, "data.t", "ü😀\n"));
    ck_assert(has(json, "data.z", "null"));
    ck_assert(has(json, "data.e", "{}"));
    ck_assert(!has(json, "data.none", ""));
    ck_assert(!has(json, "last.deeper", ""));
}
END_TEST

START_TEST(text_that_ends_early_is_never_read_beyond_its_end)
{
    static const char json[] = "{\"a\":{\"b\":[1,\"x\\\"\"]},\"c\":\"d\"}";

    for (size_t len = 0; len < sizeof(json); len++) {
        MR_AUTO(free) char *copy = malloc(len + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, json, len);
        char wanted[] = "d";
        bool found = json_at((struct mr_str){copy, len}, "c", is_wanted, wanted);
        ck_assert(found == (len >= sizeof(json) - 2));
    }
}
END_TEST

START_TEST(pretty_text_says_the_same)
{
    out.len = 0;
    ck_assert_int_eq(describe_pretty(MR_STR("{\"a\":[1,{}],\"b\":\"x, y\"}"), 0, &out), 0);
    ck_assert(mr_str_is(text_of(), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x, y\"\n}"));
}
END_TEST

int main(void)
{
    int status = unit_run("events", (const TTest *[]){
                                        words_choose_topics_by_any_name_or_glob,
                                        one_event_is_meant_or_the_choice_is_told,
                                        every_event_has_fields_and_an_example,
                                        fields_are_told_with_path_type_and_rules,
                                        one_writer_gives_json_and_yaml,
                                        a_table_is_aligned_for_people_and_tabbed_for_programs,
                                        a_path_finds_its_values_in_objects_and_lists,
                                        text_that_ends_early_is_never_read_beyond_its_end,
                                        pretty_text_says_the_same,
                                        NULL,
                                    });
    mr_buf_done(&out);
    return status;
}
