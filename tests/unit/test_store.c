/* SPDX-License-Identifier: Apache-2.0 */
/* lib/store: SQL, transactions, migrations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "millrace/store.h"
#include "store_bench.h"
#include "support/unit.h"

/* A path in a folder that nobody else has; removed by remove_store. */
static void make_path(char path[64])
{
    char folder[] = "/tmp/mr-store-XXXXXX";

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, 64, "%s/s.db", folder);
}

static void remove_store(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[80];

    for (size_t i = 0; i < MR_N_ELEMENTS(suffixes); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    (void)snprintf(name, sizeof(name), "%s", path);
    *strrchr(name, '/') = '\0';
    (void)rmdir(name);
}

START_TEST(values_come_back_as_they_went_in)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_bytes bytes = {(const uint8_t *)"\0\1\377", 3}, blob;
    struct mr_decimal money = {.unscaled = 24990000000, .scale = 9};
    struct mr_str text, none, price;
    int64_t x;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    run(store, "CREATE TABLE t (i INTEGER, s TEXT, b BLOB, n TEXT, m TEXT) STRICT");
    ck_assert_int_eq(mr_store_run(store, "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)",
                                  MR_VALUES(MR_INT(INT64_MIN), MR_TEXT_LIT("a'\"b"), MR_BLOB(bytes),
                                            MR_NULL, MR_DECIMAL(money)),
                                  NULL),
                     0);
    ck_assert_int_eq(mr_store_changes(store), 1);
    ck_assert_int_eq(mr_store_row(store, arena,
                                  MR_INTO(MR_INTO_INT(&x), MR_INTO_TEXT(&text), MR_INTO_BLOB(&blob),
                                          MR_INTO_TEXT(&none), MR_INTO_TEXT(&price)),
                                  "SELECT i, s, b, n, m FROM t", MR_NO_VALUES, NULL),
                     0);
    ck_assert(x == INT64_MIN);
    ck_assert(mr_str_is(text, "a'\"b"));
    ck_assert(blob.len == 3 && memcmp(blob.data, bytes.data, 3) == 0);
    ck_assert(none.data == NULL && none.len == 0);
    ck_assert(mr_str_is(price, "24.99"));
}
END_TEST

START_TEST(money_is_written_exactly_and_shortest)
{
    static const struct {
        mr_int128 unscaled;
        int32_t scale;
        const char *text;
    } rows[] = {
        {24990000000, 9, "24.99"}, {0, 9, "0"}, {-500000000, 9, "-0.5"}, {1, 9, "0.000000001"},
        {48000000000, 9, "48"},    {7, 0, "7"}, {-12300, 2, "-123"},     {100, 0, "100"},
        {1050, 3, "1.05"},
    };
    char out[MR_DECIMAL_MAX];

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_decimal d = {.unscaled = rows[i].unscaled, .scale = rows[i].scale};
        struct mr_str text = {out, mr_decimal_text(d, out)};
        ck_assert_msg(mr_str_is(text, rows[i].text), "%.*s is not %s", MR_STR_ARG(text),
                      rows[i].text);
    }
    mr_int128 most = -1;
    for (int i = 0; i < 38; i++)
        most = most * 10 - (i > 0 ? 9 : 8);
    struct mr_decimal d = {.unscaled = most, .scale = 38};
    ck_assert_uint_le(mr_decimal_text(d, out), MR_DECIMAL_MAX);
}
END_TEST

START_TEST(no_row_is_absent_and_a_refused_value_is_invalid)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    struct mr_error error = MR_ERROR_INIT;
    int64_t x = 7;

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0)) STRICT");
    ck_assert_int_eq(
        mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&x)), "SELECT i FROM t", MR_NO_VALUES, NULL),
        MR_ABSENT);
    ck_assert_int_eq(x, 7);
    ck_assert_int_eq(mr_store_run(store, "INSERT INTO t VALUES (?1, ?2)",
                                  MR_VALUES(MR_INT(1), MR_INT(-1)), &error),
                     MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, on_postgres() ? "t_n_check" : "n >= 0"));
    ck_assert_int_eq(mr_store_run(store, "INSERT INTO t VALUES (?1, ?2)",
                                  MR_VALUES(MR_INT(1), MR_TEXT_LIT("x")), &error),
                     MR_INVALID);
    ck_assert_int_eq(mr_store_run(store, "INSRT", MR_NO_VALUES, &error), -EINVAL);
    ck_assert_int_eq(
        mr_store_run(store, "INSERT INTO t VALUES (?1, ?2)", MR_VALUES(MR_INT(1)), &error),
        -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.text, "1 values given, 2 wanted"));
}
END_TEST

START_TEST(values_that_postgresql_cannot_hold_are_invalid)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    static const struct mr_str texts[] = {{"a\0b", 3}, {"\xff\xfe", 2}};
    struct mr_error error = MR_ERROR_INIT;

    if (!on_postgres())
        return;
    run(store, "CREATE TABLE t (s TEXT) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++) {
        ck_assert_int_eq(
            run_marked(store, "INSERT INTO t VALUES (?1)", MR_VALUES(MR_TEXT(texts[i])), &error),
            MR_INVALID);
        ck_assert_int_eq(mr_store_undo(store, NULL), 0);
    }
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
}
END_TEST

START_TEST(a_lost_transaction_is_told_and_the_next_one_works)
{
    static const char *const losses[] = {
        "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''40P01''; END'", /* deadlock */
        "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''40001''; END'", /* serialization failure */
        "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''55P03''; END'", /* a lock that another holds */
        "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''57014''; END'", /* cancelled */
        "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'", /* disk full */
        "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''25006''; END'", /* read-only by now */
        "SELECT pg_terminate_backend(pg_backend_pid())",
    };
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    if (!on_postgres())
        return;
    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    for (size_t i = 0; i < MR_N_ELEMENTS(losses); i++) {
        struct mr_error error = MR_ERROR_INIT;
        ck_assert_int_eq(mr_store_begin(store, NULL), 0);
        run(store, "INSERT INTO t VALUES (1)");
        ck_assert_int_eq(run_marked(store, losses[i], MR_NO_VALUES, &error), -EAGAIN);
        ck_assert_str_ne(error.text, "");
        ck_assert_int_lt(mr_store_undo(store, NULL), 0);
        ck_assert_int_eq(mr_store_commit(store, &error), -EAGAIN);
        ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 0);
    }
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    run(store, "INSERT INTO t VALUES (1)");
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 1);
}
END_TEST

START_TEST(undoing_one_event_leaves_the_others)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    for (int64_t i = 1; i <= 3; i++) {
        mr_store_mark(store);
        ck_assert_int_eq(
            mr_store_run(store, "INSERT INTO t VALUES (?1)", MR_VALUES(MR_INT(i)), NULL), 0);
        ck_assert_int_eq(
            mr_store_run(store, "INSERT INTO t VALUES (?1)", MR_VALUES(MR_INT(i + 10)), NULL), 0);
        ck_assert_int_eq(i == 2 ? mr_store_undo(store, NULL) : mr_store_keep(store, NULL), 0);
    }
    mr_store_mark(store); /* an event that only reads lays no savepoint: both ends are no-ops */
    ck_assert_int_eq(number(store, "SELECT sum(i) FROM t"), 1 + 11 + 3 + 13);
    ck_assert_int_eq(mr_store_undo(store, NULL), 0);
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 4);
}
END_TEST

START_TEST(a_rollback_takes_the_whole_batch_back)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    run(store, "INSERT INTO t VALUES (1)");
    mr_store_rollback(store);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 0);
}
END_TEST

START_TEST(a_rehearsal_leaves_no_trace)
{
    char path[64];
    MR_AUTO(mr_store) struct mr_store *store = NULL;
    struct mr_store_options rehearse = {.rehearse = true};

    make_path(path);
    ck_assert_int_eq(mr_store_open(path, &rehearse, &store, NULL), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    store = mr_store_free(store);

    ck_assert_int_eq(mr_store_open(path, NULL, &store, NULL), 0);
    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    store = mr_store_free(store);

    ck_assert_int_eq(mr_store_open(path, &rehearse, &store, NULL), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(mr_store_begin(store, NULL), 0);
        run(store, i == 0 ? "INSERT INTO t VALUES (1)" : "UPDATE t SET i = i + 1");
        ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    }
    ck_assert_int_eq(number(store, "SELECT i FROM t"), 3);
    store = mr_store_free(store);

    ck_assert_int_eq(mr_store_open(path, NULL, &store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 0);
    store = mr_store_free(store);
    remove_store(path);
}
END_TEST

START_TEST(the_same_statement_may_run_within_itself)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    static const char sql[] = "SELECT i FROM t ORDER BY i";
    int64_t sum = 0;

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    run(store, "INSERT INTO t VALUES (1), (2), (3)");
    MR_AUTO(mr_rows) struct mr_rows *outer = NULL;
    ck_assert_int_eq(mr_store_query(store, sql, MR_NO_VALUES, &outer, NULL), 0);
    ck_assert_str_eq(mr_rows_column_name(outer, 0), "i");
    while (mr_rows_next(outer, NULL) == 0) {
        MR_AUTO(mr_rows) struct mr_rows *inner = NULL;
        ck_assert_int_eq(mr_store_query(store, sql, MR_NO_VALUES, &inner, NULL), 0);
        while (mr_rows_next(inner, NULL) == 0)
            sum += mr_rows_value(outer, 0).as.integer * mr_rows_value(inner, 0).as.integer;
    }
    ck_assert_int_eq(sum, 36);
}
END_TEST

START_TEST(one_address_with_two_texts_is_two_statements)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    char sql[32];

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT %d", i);
        ck_assert_int_eq(number(store, sql), i);
    }
}
END_TEST

START_TEST(urls_say_what_this_build_can_serve)
{
    static const struct {
        const char *url, *text;
    } rows[] = {
        {"postgres://u:secret@127.0.0.1:1/db", "cannot open store postgresql://u@127.0.0.1:1/db"},
        {"postgresql://u@/db?host=/nonexistent&password=secret", "/nonexistent"},
        {"postgresql://u:secret@[h/db", "is not one"},
        {"postgresql://u@h/db?no=such&password=secret", "is not one"},
        {"mysql://h/db", "no store of kind 'mysql'"},
        {"sqllite:orders.db", "no store of kind 'sqllite'"},
        {"postgresql:u@h/db", "no store of kind 'postgresql': give"},
        {"sqlite:", "names no file"},
        {"", "is empty"},
        {"/nonexistent-folder/s.db", "/nonexistent-folder/s.db"},
    };
    struct mr_store *store = NULL;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        ck_assert_int_ne(mr_store_open(rows[i].url, NULL, &store, &error), 0);
        ck_assert_msg(strstr(error.text, rows[i].text) != NULL, "%s: %s", rows[i].url, error.text);
        ck_assert_ptr_null(strstr(error.text, "secret"));
    }
}
END_TEST

START_TEST(a_file_that_was_removed_takes_no_more_commits)
{
    char folder[] = "/tmp/mr-store-XXXXXX", path[64], lock[80], url[80];
    struct mr_error error = MR_ERROR_INIT;
    struct mr_store *store = NULL;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    ck_assert_msg(mr_store_open(url, NULL, &store, &error) == 0, "%s", error.text);
    ck_assert_int_eq(mr_store_begin(store, &error), 0);
    ck_assert_int_eq(mr_store_commit(store, &error), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mr_store_begin(store, &error), 0);
    ck_assert_int_lt(mr_store_commit(store, &error), 0);
    ck_assert_msg(strstr(error.text, "was removed or replaced") != NULL, "%s", error.text);
    (void)mr_store_free(store);
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    (void)unlink(lock);
    static const char *const beside[] = {"-wal", "-shm"};
    for (size_t i = 0; i < MR_N_ELEMENTS(beside); i++) {
        (void)snprintf(lock, sizeof(lock), "%s%s", path, beside[i]);
        (void)unlink(lock);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_schema_that_is_not_there_is_told_as_that)
{
    const char *base = getenv("MILLRACE_TEST_POSTGRES");
    const struct mr_store_options rehearse = {.rehearse = true};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_store *store = NULL;
    char url[1024];

    if (!base)
        return;
    (void)snprintf(url, sizeof(url), "%s&options=-csearch_path%%3Dno_such_schema", base);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(mr_store_open(url, i ? &rehearse : NULL, &store, &error), MR_INVALID);
        ck_assert_msg(strstr(error.text, "`millrace store create` makes it") != NULL, "%s",
                      error.text);
    }
}
END_TEST

START_TEST(a_password_on_the_command_line_is_painted_over)
{
    char words[][80] = {"program",
                        "--store",
                        "postgresql://u:s:ecret@h:5/db?password=secret&x=1",
                        "--store=postgres://u@h/db?sslmode=require&password=secret",
                        "sqlite:s.db",
                        "postgres"};
    static const char *const shown[] = {"program",
                                        "--store",
                                        "postgresql://u:xxxxxxx@h:5/db?password=xxxxxx&x=1",
                                        "--store=postgres://u@h/db?sslmode=require&password=xxxxxx",
                                        "sqlite:s.db",
                                        "postgres"};
    char *argv[MR_N_ELEMENTS(words)], before[MR_N_ELEMENTS(words)][80];

    memcpy(before, words, sizeof(words));
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++)
        argv[i] = words[i];
    ck_assert_int_eq(mr_store_hide_passwords((int)MR_N_ELEMENTS(words), argv), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++) {
        ck_assert_str_eq(words[i], shown[i]);
        ck_assert_str_eq(argv[i], before[i]);
        if (argv[i] != words[i])
            free(argv[i]);
    }
}
END_TEST

START_TEST(a_second_process_cannot_have_the_store_but_may_read_it)
{
    char path[64], number_text[24];
    MR_AUTO(mr_store) struct mr_store *store = NULL;
    struct mr_store_options read_only = {.read_only = true};

    make_path(path);
    ck_assert_int_eq(mr_store_open(path, &read_only, &store, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_store_open(path, NULL, &store, NULL), 0);
    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    run(store, "INSERT INTO t VALUES (1)");
    (void)snprintf(number_text, sizeof(number_text), "process %ld", (long)getpid());
    pid_t child = fork();
    if (child == 0) {
        struct mr_store *other = NULL;
        struct mr_error error = MR_ERROR_INIT;
        bool refused = mr_store_open(path, NULL, &other, &error) == MR_AGAIN &&
                       strstr(error.text, number_text) != NULL;
        bool read = mr_store_open(path, &read_only, &other, NULL) == 0 &&
                    number(other, "SELECT count(*) FROM t") == 0 &&
                    mr_store_run(other, "DELETE FROM t", MR_NO_VALUES, NULL) != 0;
        (void)mr_store_free(other);
        _exit(refused ? (read ? 0 : 2) : 1);
    }
    int status = -1;
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_int_eq(status, 0);
    store = mr_store_free(store);
    ck_assert_int_eq(mr_store_open(path, NULL, &store, NULL), 0);
    store = mr_store_free(store);
    remove_store(path);
}
END_TEST

START_TEST(a_file_that_is_no_store_is_refused)
{
    char path[64];
    struct mr_store *store = NULL;
    struct mr_error error = MR_ERROR_INIT;

    make_path(path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < 100; i++)
        (void)fputs("this is a letter, not a database\n", f);
    (void)fclose(f);
    ck_assert_int_eq(mr_store_open(path, NULL, &store, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "no SQLite file"));
    remove_store(path);
}
END_TEST

START_TEST(migrations_run_once_in_order_and_are_never_edited)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    struct mr_migration m[] = {
        {1, "CREATE TABLE t (i INTEGER) STRICT; INSERT INTO t VALUES (1)"},
        {2, "UPDATE t SET i = i * 10"},
        {3, "UPDATE nowhere SET i = 1"},
    };
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_store_migrate(store, "x", m, 1, 5, NULL), 0);
    ck_assert_int_eq(mr_store_migrate(store, "x", m, 2, 6, NULL), 0);
    ck_assert_int_eq(mr_store_migrate(store, "x", m, 2, 7, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT i FROM t"), 10);
    ck_assert_int_ne(mr_store_migrate(store, "x", m, 3, 7, &error), 0);
    ck_assert_int_eq(number(store, "SELECT max(number) FROM mr_migration"), 2);
    ck_assert_int_eq(mr_store_migrate(store, "x", m, 1, 7, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "newer build"));
    m[1].sqlite = "UPDATE t SET i = i * 100";
    ck_assert_int_eq(mr_store_migrate(store, "x", m, 2, 7, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "migration 2 of x was edited"));
    ck_assert_int_eq(number(store, "SELECT i FROM t"), 10);
}
END_TEST

int main(void)
{
    return unit_run("store", (const TTest *[]){
                                 values_come_back_as_they_went_in,
                                 money_is_written_exactly_and_shortest,
                                 no_row_is_absent_and_a_refused_value_is_invalid,
                                 values_that_postgresql_cannot_hold_are_invalid,
                                 a_lost_transaction_is_told_and_the_next_one_works,
                                 undoing_one_event_leaves_the_others,
                                 a_rollback_takes_the_whole_batch_back,
                                 a_rehearsal_leaves_no_trace,
                                 the_same_statement_may_run_within_itself,
                                 one_address_with_two_texts_is_two_statements,
                                 urls_say_what_this_build_can_serve,
                                 a_file_that_was_removed_takes_no_more_commits,
                                 a_schema_that_is_not_there_is_told_as_that,
                                 a_password_on_the_command_line_is_painted_over,
                                 a_second_process_cannot_have_the_store_but_may_read_it,
                                 a_file_that_is_no_store_is_refused,
                                 migrations_run_once_in_order_and_are_never_edited,
                                 NULL,
                             });
}
