/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: a server that reads the log of another comes to the same. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record_json.h"
#include "registry_bench.h"

/* Keeps what a topic would: bytes. */
struct journal {
    struct store store;
    struct line {
        struct mr_buf key, value;
    } * lines;
    size_t n;
};

static int journal_append(struct store *store, const struct record *records, size_t n,
                          struct mr_error *reterr)
{
    struct journal *journal = (struct journal *)store;
    bool tombstone;

    (void)reterr;
    journal->lines = realloc(journal->lines, (journal->n + n) * sizeof(*journal->lines));
    for (size_t i = 0; i < n; i++) {
        struct line *line = &journal->lines[journal->n++];
        *line = (struct line){0};
        ck_assert_int_eq(record_write_key(&records[i], &line->key), 0);
        ck_assert_int_eq(record_write_value(&records[i], &line->value, &tombstone), 0);
        ck_assert_int_eq(tombstone, line->value.len == 0);
    }
    return 0;
}

static int journal_replay(struct store *store, const struct store_sink *sink,
                          struct mr_error *reterr)
{
    struct journal *journal = (struct journal *)store;
    int r = 0;

    for (size_t i = 0; i < journal->n && r == 0; i++) {
        MR_AUTO(entry) struct entry entry = {0};
        const struct line *line = &journal->lines[i];
        ck_assert_int_eq(entry_read((struct mr_str){(char *)line->key.data, line->key.len},
                                    (struct mr_str){(char *)line->value.data, line->value.len},
                                    &entry, reterr),
                         0);
        r = sink->apply(sink->opaque, &entry.record);
    }
    return r;
}

static void journal_free(struct store *store)
{
    (void)store; /* outlives the core */
}

static const struct store_ops journal_ops = {
    .name = "journal", .append = journal_append, .replay = journal_replay, .free = journal_free};

static void journal_forget(struct journal *journal)
{
    for (size_t i = 0; i < journal->n; i++) {
        mr_buf_done(&journal->lines[i].key);
        mr_buf_done(&journal->lines[i].value);
    }
    free(journal->lines);
}

START_TEST(what_others_spelled_otherwise_is_registered_elsewhere_under_its_id)
{
    struct journal journal = {.store = {&journal_ops}, .n = 1};
    struct core *core;

    journal.lines = calloc(1, sizeof(*journal.lines));
    ck_assert_ptr_nonnull(journal.lines);
    ck_assert_int_eq(mr_buf_printf(&journal.lines[0].key, "%s",
                                   "{\"keytype\":\"SCHEMA\",\"subject\":\"a\",\"version\":1}"),
                     0);
    ck_assert_int_eq(mr_buf_printf(&journal.lines[0].value, "%s",
                                   "{\"subject\":\"a\",\"version\":1,\"id\":7,"
                                   "\"schema\":\"{\\\"type\\\": \\\"string\\\"}\"}"),
                     0);
    ck_assert_int_eq(core_new_take(&journal.store, MR_COMPAT_NONE, false, &core, NULL), 0);
    expect(core, "POST", "/subjects/b/versions", string_schema, 200, "{\"id\":7}");
    expect(core, "GET", "/subjects/b/versions/1/schema", NULL, 200, "{\"type\": \"string\"}");
    (void)core_free(core);
    journal_forget(&journal);
}
END_TEST

START_TEST(a_replayed_log_gives_the_same_registry)
{
    struct journal journal = {.store = {&journal_ops}};
    static const char *const questions[] = {
        "/schemas?subjectPrefix=:*:&deleted=true",
        "/subjects?deleted=true",
        "/contexts",
        "/config",
        "/config/s",
        "/mode",
        "/mode/m",
        "/schemas/ids/1/versions?deleted=true",
        "/schemas/ids/3",
        "/subjects/e/versions/1/referencedby",
        "/schemas/ids/1?fetchMaxId=true",
    };
    struct core *first, *second;

    ck_assert_int_eq(core_new_take(&journal.store, MR_COMPAT_NONE, false, &first, NULL), 0);
    expect(first, "PUT", "/config", "{\"compatibility\":\"BACKWARD\",\"normalize\":true}", 200,
           NULL);
    expect(first, "POST", "/subjects/s/versions", RECORD(A), 200, NULL);
    expect(first, "POST", "/subjects/s/versions", RECORD(A "," B_DEFAULT), 200, NULL);
    expect(first, "POST", "/subjects/t/versions", RECORD(A), 200, NULL);
    expect(first, "POST", "/subjects/:.c:s/versions", RECORD(A), 200, NULL);
    expect(first, "PUT", "/config/s", "{\"compatibility\":\"NONE\"}", 200, NULL);
    expect(first, "POST", "/subjects/s/versions", string_schema, 200, "{\"id\":3}");
    expect(first, "PUT", "/mode/m", "{\"mode\":\"READONLY\"}", 200, NULL);
    expect(first, "DELETE", "/subjects/s/versions/1", NULL, 200, NULL);
    expect(first, "DELETE", "/subjects/t", NULL, 200, NULL);
    expect(first, "DELETE", "/subjects/t?permanent=true", NULL, 200, NULL);
    expect(first, "DELETE", "/config", NULL, 200, NULL);
    ck_assert_int_eq(core_new_take(&journal.store, MR_COMPAT_NONE, false, &second, NULL), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(questions); i++) {
        struct reply one = call(first, "GET", questions[i], NULL);
        struct reply two = call(second, "GET", questions[i], NULL);
        ck_assert_uint_eq(one.status, two.status);
        ck_assert_str_eq((char *)one.body.data, (char *)two.body.data);
        reply_done(&one);
        reply_done(&two);
    }
    (void)core_free(first);
    (void)core_free(second);
    journal_forget(&journal);
}
END_TEST

int main(void)
{
    return unit_run("registry_replay",
                    (const TTest *[]){
                        what_others_spelled_otherwise_is_registered_elsewhere_under_its_id,
                        a_replayed_log_gives_the_same_registry,
                        NULL,
                    });
}
