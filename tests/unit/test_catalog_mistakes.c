/* SPDX-License-Identifier: Apache-2.0 */
/* lib/catalog: each mistake in topics.yaml is named with its place, and none does harm. */
#include <errno.h>

#include "catalog_fixture.h"
#include "catalog_mutations.h"
#include "support/failing_malloc.h"
#include "support/unit.h"

static void replace(const char *find, const char *put, char out[sizeof(good) + 4096])
{
    const char *at = strstr(good, find);

    ck_assert_msg(at != NULL, "no '%s' in the good file", find);
    ck_assert_msg(strlen(put) < 4096, "too long");
    (void)snprintf(out, sizeof(good) + 4096, "%.*s%s%s", (int)(at - good), good, put,
                   at + strlen(find));
}

START_TEST(each_mistake_is_named_with_its_line_column_and_rule)
{
    struct folder folder;
    char text[sizeof(good) + 4096], report[4096];

    open_folder(&folder);
    for (size_t i = 0; i < MR_N_ELEMENTS(mutations); i++) {
        struct mr_catalog *catalog = NULL;
        replace(mutations[i].find, mutations[i].put, text);
        load(&folder, text, strlen(text), MR_INVALID, &catalog, report);
        ck_assert_ptr_null(catalog);
        ck_assert_msg(strcmp(report, mutations[i].want) == 0, "%s\n->\n%s\ngives\n%s\nnot\n%s",
                      mutations[i].find, mutations[i].put, report, mutations[i].want);
    }
    close_folder(&folder);
}
END_TEST

START_TEST(all_mistakes_are_reported_in_the_order_of_the_file)
{
    struct mr_catalog *catalog = NULL;
    struct folder folder;
    static const char text[] = "services: 3\ndefaults: {topic: 1}\nplatforms: []\nplatfroms: x\n";
    char report[4096];

    open_folder(&folder);
    load(&folder, text, sizeof(text) - 1, MR_INVALID, &catalog, report);
    ck_assert_str_eq(
        report,
        "topics.yaml:1:1: key 'envelopes' is missing in 'topics.yaml'\n"
        "topics.yaml:1:11: 'services' takes a list: [one, two], or lines with '- '\n"
        "topics.yaml:2:12: unknown key 'topic' in 'defaults'; did you mean 'topics'?\n"
        "topics.yaml:3:12: list 'platforms' is empty; leave the key out instead\n"
        "topics.yaml:4:1: unknown key 'platfroms' in 'topics.yaml'; did you mean 'platforms'?\n");
    close_folder(&folder);
}
END_TEST

START_TEST(what_is_no_yaml_is_refused_with_its_place)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } rows[] = {
        {"", 0, "topics.yaml:1:1: the file is empty\n"},
        {"# only words\n", 13, "topics.yaml:1:1: the file is empty\n"},
        {"a: [1\nb: 2\n", 11, "topics.yaml:2:2: not YAML: did not find expected ',' or ']'\n"},
        {"a: b\n\tc: d\n", 11,
         "topics.yaml:2:1: not YAML: found a tab character that violates indentation\n"},
        {"a: \xff\n", 5, "topics.yaml:1:4: not YAML: invalid leading UTF-8 octet\n"},
        {"- 1\n", 4, "topics.yaml:1:1: 'topics.yaml' takes keys with values\n"},
    };
    struct folder folder;
    char report[4096];

    open_folder(&folder);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_catalog *catalog = NULL;
        load(&folder, rows[i].text, rows[i].len, MR_INVALID, &catalog, report);
        ck_assert_str_eq(report, rows[i].want);
    }
    close_folder(&folder);
}
END_TEST

START_TEST(schema_files_and_topics_answer_to_each_other)
{
    struct folder folder;
    struct mr_catalog *catalog = NULL;
    char path[160], other[160], report[4096];

    open_folder(&folder);
    in_schemas(&folder, schema_files[0], path);
    in_schemas(&folder, "orders/order.create.v1.avsc", other);
    ck_assert_int_eq(rename(path, other), 0);
    load(&folder, good, sizeof(good) - 1, MR_INVALID, &catalog, report);
    ck_assert_ptr_null(strstr(report, "gates"));
    ck_assert_ptr_nonnull(
        strstr(report, "topics.yaml:37:16: topic 'orders.order.created.v1' has no schema: "));
    ck_assert_ptr_nonnull(strstr(report, "did you mean 'order.create.v1.avsc'?\n"));
    ck_assert_ptr_nonnull(
        strstr(report, "schemas/avro/orders/order.create.v1.avsc:1:1: no topic of "));
    ck_assert_int_eq(rename(other, path), 0);
    close_folder(&folder);
}
END_TEST

START_TEST(a_missing_file_is_absent_and_a_missing_folder_one_mistake)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    struct mr_catalog *catalog = NULL;
    struct folder folder;

    ck_assert_int_eq(mr_catalog_load("/nowhere/topics.yaml", NULL, &catalog, &report), MR_ABSENT);
    ck_assert_str_eq(mr_buf_cstr(&report),
                     "/nowhere/topics.yaml:1:1: cannot be read: No such file or directory\n");
    report.len = 0;
    ck_assert_int_eq(mr_catalog_load("/", NULL, &catalog, &report), MR_ABSENT);
    ck_assert_str_eq(mr_buf_cstr(&report), "/:1:1: cannot be read: Is a directory\n");
    report.len = 0;
    open_folder(&folder);
    write_text(folder.yaml, good, sizeof(good) - 1);
    ck_assert_int_eq(mr_catalog_load(folder.yaml, "/nowhere/avro", &catalog, &report), MR_INVALID);
    ck_assert_str_eq(mr_buf_cstr(&report),
                     "/nowhere/avro:1:1: the schemas cannot be read: No such file or directory\n");
    ck_assert_ptr_null(catalog);
    close_folder(&folder);
}
END_TEST

START_TEST(a_hostile_file_is_refused_without_harm)
{
    struct folder folder;
    struct mr_catalog *catalog = NULL;
    char report[4096];
    static const char bomb[] = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ndefaults: *c\n";
    static const char self[] = "defaults: &d\n  topics: *d\n";
    MR_AUTO(mr_buf) struct mr_buf big = {0};

    open_folder(&folder);
    load(&folder, bomb, sizeof(bomb) - 1, MR_INVALID, &catalog, report);
    load(&folder, self, sizeof(self) - 1, MR_INVALID, &catalog, report);
    ck_assert_ptr_nonnull(
        strstr(report, "'topics' repeats this by an alias (*name): write it out"));
    for (int i = 0; i < 30000; i++)
        ck_assert_int_eq(mr_buf_printf(&big, "k%d: {}\n", i), 0);
    load(&folder, (const char *)big.data, big.len, MR_INVALID, &catalog, report);
    ck_assert_str_eq(report, "topics.yaml:1:1: 'topics.yaml' has more than 1000 keys\n");
    for (int i = 0; i < 20000; i++)
        ck_assert_int_eq(mr_buf_append(&big, "[", 1), 0);
    load(&folder, (const char *)big.data, big.len, MR_INVALID, &catalog, report);
    big.len = 0;
    for (int i = 0; i < MR_CATALOG_MAX_BYTES / 8 + 1; i++)
        ck_assert_int_eq(mr_buf_append(&big, "# words\n", 8), 0);
    load(&folder, (const char *)big.data, big.len, MR_INVALID, &catalog, report);
    ck_assert_str_eq(report, "topics.yaml:1:1: cannot be read: it is larger than 1 MiB\n");
    close_folder(&folder);
}
END_TEST

START_TEST(a_report_stops_at_its_limit_and_counts_the_rest)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0}, report = {0};
    struct mr_catalog *catalog = NULL;
    struct folder folder;

    open_folder(&folder);
    ck_assert_int_eq(mr_buf_printf(&text, "services:\n"), 0);
    for (int i = 0; i < 600; i++)
        ck_assert_int_eq(mr_buf_printf(&text, "  - {servic: x}\n"), 0);
    write_text(folder.yaml, (const char *)text.data, text.len);
    ck_assert_int_eq(mr_catalog_load(folder.yaml, NULL, &catalog, &report), MR_INVALID);
    const char *all = mr_buf_cstr(&report);
    size_t n_lines = 0;
    for (const char *p = all; (p = strchr(p, '\n')); p++)
        n_lines++;
    ck_assert_uint_eq(n_lines, MR_CATALOG_MAX_FINDINGS + 1);
    ck_assert_ptr_nonnull(strstr(all, ": and 803 more\n"));
    close_folder(&folder);
}
END_TEST

#if FAILING_MALLOC
/* Once memory has run out it stays out: the worst case for what must still be released. The later
 * allocations are much alike: every third will do. */
static void sweep(const struct folder *folder, const char *text, size_t len, int want)
{
    int r = -ENOMEM;

    write_text(folder->yaml, text, len);
    for (long n = 0; r == -ENOMEM; n += n < 500 ? 1 : 3) {
        struct mr_catalog *catalog = NULL;
        struct mr_buf report = {0};
        long held = failing_held;
        failing_in = n;
        r = mr_catalog_load(folder->yaml, NULL, &catalog, &report);
        failing_in = -1;
        bool given = catalog != NULL;
        (void)mr_catalog_free(catalog);
        mr_buf_done(&report);
        held = failing_held - held;
        ck_assert_msg(r == -ENOMEM || r == want, "allocation %ld: %d", n, r);
        ck_assert_int_eq(r == 0, given);
        ck_assert_msg(held == 0, "allocation %ld: %ld are still held", n, held);
    }
}

START_TEST(running_out_of_memory_anywhere_is_said_and_leaves_nothing_behind)
{
    struct folder folder;
    char text[sizeof(good) + 4096];

    open_folder(&folder);
    sweep(&folder, good, sizeof(good) - 1, 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(mutations); i += 60) {
        replace(mutations[i].find, mutations[i].put, text);
        sweep(&folder, text, strlen(text), MR_INVALID);
    }
    sweep(&folder, "a: [1", 5, MR_INVALID);
    close_folder(&folder);
}
END_TEST
#endif

int main(void)
{
    return unit_run(
        "catalog_mistakes", (const TTest *[]) {
            each_mistake_is_named_with_its_line_column_and_rule,
                all_mistakes_are_reported_in_the_order_of_the_file,
                what_is_no_yaml_is_refused_with_its_place,
                schema_files_and_topics_answer_to_each_other,
                a_missing_file_is_absent_and_a_missing_folder_one_mistake,
                a_hostile_file_is_refused_without_harm,
                a_report_stops_at_its_limit_and_counts_the_rest,
#if FAILING_MALLOC
                running_out_of_memory_anywhere_is_said_and_leaves_nothing_behind,
#endif
                NULL,
        });
}
