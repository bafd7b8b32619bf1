/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile schemas: each limit of docs/limits.md, and what would multiply without one. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/schema.h"
#include "support/unit.h"

/* check writes a file at each assertion: one for all. */
static void repeat(struct mr_buf *buf, const char *text, size_t n)
{
    size_t before = buf->len;

    for (size_t i = 0; i < n; i++)
        (void)mr_buf_append(buf, text, strlen(text));
    ck_assert_uint_eq(buf->len, before + n * strlen(text));
}

static struct mr_error wrong(struct mr_buf *text)
{
    struct mr_error error;

    schema_wrong_with(NULL, mr_buf_cstr(text), &error);
    return error;
}

START_TEST(a_text_of_more_than_a_mebibyte_is_refused)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    repeat(&text, " ", MR_SCHEMA_MAX_BYTES - 5);
    repeat(&text, "\"int\"", 1);
    mr_schema_unref(schema_ok(mr_buf_cstr(&text)));
    repeat(&text, " ", 1);
    ck_assert_ptr_nonnull(strstr(wrong(&text).text, "1048577 bytes"));
}
END_TEST

static struct mr_error nest(const char *open, const char *middle, const char *close, size_t depth)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct mr_error error;

    repeat(&text, open, depth);
    repeat(&text, middle, 1);
    repeat(&text, close, depth);
    error = wrong(&text);
    return error;
}

START_TEST(nesting_ends_somewhere)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    repeat(&text, "{\"type\":\"array\",\"items\":", MR_SCHEMA_MAX_DEPTH - 1);
    repeat(&text, "\"int\"", 1);
    repeat(&text, "}", MR_SCHEMA_MAX_DEPTH - 1);
    mr_schema_unref(schema_ok(mr_buf_cstr(&text)));
    struct mr_error error =
        nest("{\"type\":\"array\",\"items\":", "\"int\"", "}", MR_SCHEMA_MAX_DEPTH);
    ck_assert_ptr_nonnull(strstr(error.text, "more than 64 types within types"));
    error = nest("[", "", "]", 100000);
    ck_assert_ptr_nonnull(strstr(error.text, "more than 256 levels of brackets"));
    ck_assert_uint_eq(error.column, 257);
    error = nest("{\"a\":", "1", "}", 100000);
    ck_assert_ptr_nonnull(strstr(error.text, "more than 256 levels of brackets"));
}
END_TEST

/* A union of records, each of which holds the next by its name. */
static void chain(struct mr_buf *text, size_t n)
{
    repeat(text, "[", 1);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(mr_buf_printf(text,
                                       "{\"type\":\"record\",\"name\":\"R%zu\",\"fields\":["
                                       "{\"name\":\"f\",\"type\":\"R%zu\"}]},",
                                       i, i + 1),
                         0);
    ck_assert_int_eq(mr_buf_printf(text, "{\"type\":\"fixed\",\"name\":\"R%zu\",\"size\":1}", n),
                     0);
    repeat(text, "]", 1);
}

START_TEST(names_used_before_their_definition_nest_as_what_they_name)
{
    MR_AUTO(mr_buf) struct mr_buf good = {0};
    MR_AUTO(mr_buf) struct mr_buf bad = {0};
    MR_AUTO(mr_buf) struct mr_buf form = {0};

    chain(&good, MR_SCHEMA_MAX_DEPTH - 2);
    MR_AUTO(mr_schema) struct mr_schema *schema = schema_ok(mr_buf_cstr(&good));
    ck_assert_int_eq(mr_schema_canonical(schema, &form), 0);
    ck_assert_int_eq(mr_schema_stored_text(schema, true, &form, NULL), 0);
    chain(&bad, MR_SCHEMA_MAX_DEPTH - 1);
    ck_assert_ptr_nonnull(strstr(wrong(&bad).text, "more than 64 types within types, when"));
}
END_TEST

START_TEST(types_and_values_are_counted)
{
    MR_AUTO(mr_buf) struct mr_buf types = {0};
    MR_AUTO(mr_buf) struct mr_buf values = {0};

    repeat(&types, "[", 1);
    repeat(&types, "\"int\",", MR_SCHEMA_MAX_NODES + 1);
    repeat(&types, "\"int\"]", 1);
    ck_assert_ptr_nonnull(strstr(wrong(&types).text, "more than 100000 types"));
    repeat(&values, "{\"type\":\"int\",\"x\":[1", 1);
    repeat(&values, ",1", MR_SCHEMA_MAX_JSON_VALUES);
    repeat(&values, "]}", 1);
    ck_assert_ptr_nonnull(strstr(wrong(&values).text, "more than 300000 JSON values"));
    values.len = 0;
    repeat(&values, "{\"type\":\"int\",\"x\":", 1);
    repeat(&values, "7", 1001);
    repeat(&values, "}", 1);
    ck_assert_ptr_nonnull(strstr(wrong(&values).text, "more than 1000 characters"));
}
END_TEST

/* Ten records that each hold any of the ten: without a bound 10^20 ways to look at one value. */
START_TEST(defaults_that_multiply_are_given_up)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    repeat(&text,
           "{\"type\":\"record\",\"name\":\"Top\",\"fields\":[{\"name\":\"f\",\"type\":[\"null\"",
           1);
    for (int i = 0; i < 10; i++) {
        mr_buf_printf(
            &text,
            ",{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"x\",\"type\":[\"R0\"",
            i);
        for (int j = 1; j < 10; j++)
            mr_buf_printf(&text, ",\"R%d\"", j);
        repeat(&text, ",\"int\"]}]}", 1);
    }
    repeat(&text, "],\"default\":", 1);
    repeat(&text, "{\"x\":", 20);
    repeat(&text, "\"none\"", 1);
    repeat(&text, "}", 20);
    repeat(&text, "}]}", 1);
    ck_assert_ptr_nonnull(strstr(wrong(&text).text, "too many steps"));
}
END_TEST

/* A list on one side, on the other as many types as the list has nodes: all pairs, one in the
 * other. */
static struct mr_schema *unrolled(size_t n)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    repeat(
        &text,
        "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"c0\",\"type\":"
        "{\"type\":\"record\",\"name\":\"n0.L\",\"fields\":[{\"name\":\"n\",\"type\":\"null\"}]}}",
        1);
    for (size_t i = 1; i < n; i++)
        mr_buf_printf(
            &text,
            ",{\"name\":\"c%zu\",\"type\":{\"type\":\"record\",\"name\":\"n%zu.L\",\"fields\":["
            "{\"name\":\"n\",\"type\":[\"null\",\"n%zu.L\"]}]}}",
            i, i, i - 1);
    mr_buf_printf(&text, ",{\"name\":\"list\",\"type\":\"n%zu.L\"}]}", n - 1);
    return schema_ok(mr_buf_cstr(&text));
}

START_TEST(comparing_ends_where_pairs_nest_too_deep)
{
    MR_AUTO(mr_schema)
    struct mr_schema *reader =
        schema_ok("{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"list\",\"type\":{"
                  "\"type\":\"record\","
                  "\"name\":\"L\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\",\"L\"]}]}}]}");
    MR_AUTO(mr_schema) struct mr_schema *good = unrolled(600);
    MR_AUTO(mr_schema) struct mr_schema *bad = unrolled(700);
    struct mr_findings findings = {0};

    ck_assert_int_eq(mr_schema_compatible(reader, good, &findings), 0);
    ck_assert_uint_eq(findings.n_items, 0);
    ck_assert_int_eq(mr_schema_compatible(reader, bad, &findings), MR_FULL);
    mr_findings_done(&findings);
}
END_TEST

/* Every branch against every branch. */
static struct mr_schema *wide(char letter, size_t n)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    for (size_t i = 0; i < n; i++)
        mr_buf_printf(&text, "%s{\"type\":\"fixed\",\"name\":\"%c%zu\",\"size\":1}", i ? "," : "[",
                      letter, i);
    repeat(&text, "]", 1);
    return schema_ok(mr_buf_cstr(&text));
}

START_TEST(comparing_ends_where_pairs_are_too_many)
{
    MR_AUTO(mr_schema) struct mr_schema *reader = wide('r', 720);
    MR_AUTO(mr_schema) struct mr_schema *writer = wide('w', 720);
    struct mr_findings findings = {0};

    ck_assert_int_eq(mr_schema_compatible(reader, writer, &findings), MR_FULL);
    mr_findings_done(&findings);
}
END_TEST

/* Each record holds the next twice: 2^40 places, one fault. */
START_TEST(findings_that_multiply_are_cut_and_marked)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    MR_AUTO(mr_buf) struct mr_buf other = {0};
    struct mr_findings findings = {0};

    for (int i = 0; i < 40; i++)
        mr_buf_printf(
            &text,
            "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"a\",\"type\":", i);
    repeat(&other, mr_buf_cstr(&text), 1);
    repeat(&text, "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}", 1);
    repeat(&other, "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", 1);
    for (int i = 40; i-- > 0;) {
        char name[8];
        (void)snprintf(name, sizeof(name), i == 39 ? "F" : "R%d", i + 1);
        mr_buf_printf(&text, "},{\"name\":\"b\",\"type\":\"%s\"}]}", name);
        mr_buf_printf(&other, "},{\"name\":\"b\",\"type\":\"%s\"}]}", name);
    }
    MR_AUTO(mr_schema) struct mr_schema *reader = schema_ok(mr_buf_cstr(&text));
    MR_AUTO(mr_schema) struct mr_schema *writer = schema_ok(mr_buf_cstr(&other));
    ck_assert_int_eq(mr_schema_compatible(reader, writer, &findings), 0);
    ck_assert_uint_eq(findings.n_items, MR_COMPAT_MAX_FINDINGS);
    ck_assert(findings.truncated);
    ck_assert_int_eq(findings.items[9999].type, MR_FIXED_SIZE_MISMATCH);
    mr_findings_done(&findings);
}
END_TEST

/* Names that fill the whole mebibyte, and members that all have to be found. */
START_TEST(a_record_of_many_fields_is_read_and_compared_quickly)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct mr_findings findings = {0};
    struct timespec from, to;

    repeat(&text, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[", 1);
    for (size_t i = 0; text.len < MR_SCHEMA_MAX_BYTES - 100; i++)
        mr_buf_printf(&text, "%s{\"name\":\"f%zu\",\"type\":\"long\",\"default\":%zu}",
                      i ? "," : "", i, i);
    repeat(&text, "]}", 1);
    const char *schema_text = mr_buf_cstr(&text);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    MR_AUTO(mr_schema) struct mr_schema *schema = schema_ok(schema_text);
    ck_assert_int_eq(mr_schema_compatible(schema, schema, &findings), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    ck_assert_uint_eq(findings.n_items, 0);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    ck_assert_msg(seconds < 2.0, "%.2f s, and with anything quadratic it is minutes", seconds);
}
END_TEST

int main(void)
{
    return unit_run("schema_limits", (const TTest *[]){
                                         a_text_of_more_than_a_mebibyte_is_refused,
                                         nesting_ends_somewhere,
                                         names_used_before_their_definition_nest_as_what_they_name,
                                         types_and_values_are_counted,
                                         defaults_that_multiply_are_given_up,
                                         comparing_ends_where_pairs_nest_too_deep,
                                         comparing_ends_where_pairs_are_too_many,
                                         findings_that_multiply_are_cut_and_marked,
                                         a_record_of_many_fields_is_read_and_compared_quickly,
                                         NULL,
                                     });
}
