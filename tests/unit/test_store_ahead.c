/* SPDX-License-Identifier: Apache-2.0 */
/* lib/store: what one event of several writes, which PostgreSQL is sent ahead of its outcome. */
#include <errno.h>
#include <string.h>

#include "store_bench.h"
#include "support/unit.h"

START_TEST(what_an_event_came_to_is_told_by_whatever_waits_and_undone_with_it)
{
    static const char refused[] = "INSERT INTO t VALUES (-1)";
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    int64_t n;

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY CHECK (i > 0)) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    for (int i = 0; i < 4; i++) {
        struct mr_error error = MR_ERROR_INIT;
        mr_store_mark(store);
        run(store, "INSERT INTO t VALUES (1)");
        int r = mr_store_run(store, refused, MR_NO_VALUES, &error);
        if (r == 0 && i == 0)
            r = mr_store_keep(store, &error);
        if (r == 0 && i == 1)
            r = mr_store_settle(store, &error);
        if (r == 0 && i == 2)
            r = mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), "SELECT count(*) FROM t",
                             MR_NO_VALUES, &error);
        if (r == 0 && i == 3 && mr_store_changes(store) == 0)
            r = mr_store_run(store, "INSERT INTO t VALUES (2)", MR_NO_VALUES, &error);
        ck_assert_int_eq(r, MR_INVALID);
        ck_assert_ptr_nonnull(strstr(error.text, on_postgres() ? "t_i_check" : "i > 0"));
        ck_assert_int_eq(mr_store_undo(store, NULL), 0);
    }
    ck_assert_int_eq(run_marked(store, "INSERT INTO t VALUES (7)", MR_NO_VALUES, NULL), 0);
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT sum(i) FROM t"), 7);
}
END_TEST

START_TEST(what_was_written_is_counted_and_seen_by_the_same_event)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY, n INTEGER) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    mr_store_mark(store);
    run(store, "INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)");
    run(store, "UPDATE t SET n = 1 WHERE i > 1");
    ck_assert_int_eq(mr_store_changes(store), 2);
    run(store, "UPDATE t SET n = 2 WHERE i > 5");
    ck_assert_int_eq(mr_store_changes(store), 0);
    ck_assert_int_eq(number(store, "SELECT sum(n) FROM t"), 2);
    ck_assert_int_eq(mr_store_keep(store, NULL), 0);
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
}
END_TEST

/* More than the buffers of both sides hold, in both directions: neither may wait for the other. */
START_TEST(any_amount_may_be_written_by_one_event)
{
    enum { ROWS = 3000, LEN = 4000 };
    static char big[LEN];
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    const char *echo = on_postgres() ? "SELECT repeat('x', 100000)" : "SELECT zeroblob(100000)";

    memset(big, 'x', sizeof(big));
    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY, s TEXT) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    bool together = mr_store_together(store);
    ck_assert_int_eq(together, on_postgres());
    mr_store_mark(store);
    for (int64_t i = 0; i < ROWS; i++) {
        ck_assert_int_eq(mr_store_run(store, "INSERT INTO t VALUES (?1, ?2)",
                                      MR_VALUES(MR_INT(i), MR_TEXT(((struct mr_str){big, LEN}))),
                                      NULL),
                         0);
        if (i % 10 == 0)
            run(store, echo);
    }
    ck_assert_int_eq(mr_store_keep(store, NULL), 0);
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT sum(length(s)) FROM t"), ROWS * LEN);
}
END_TEST

START_TEST(events_that_share_their_fate_are_lost_together_and_done_again_apart)
{
    static const int64_t values[] = {1, 2, -3, 4};
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    struct mr_error error = MR_ERROR_INIT;
    int r = 0;

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY CHECK (i > 0)) STRICT");
    if (!on_postgres())
        return;
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    ck_assert(mr_store_together(store));
    for (size_t i = 0; r == 0 && i < MR_N_ELEMENTS(values); i++)
        r = run_marked(store, "INSERT INTO t VALUES (?1)", MR_VALUES(MR_INT(values[i])), &error);
    if (r == 0)
        r = mr_store_commit(store, &error);
    ck_assert_int_eq(r, -EAGAIN);
    mr_store_rollback(store);
    ck_assert(mr_store_apart(store));
    ck_assert(!mr_store_apart(store));
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 0);
    /* one that wrote cannot be undone alone either; one that only read can */
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    ck_assert(mr_store_together(store));
    mr_store_mark(store);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 0);
    ck_assert_int_eq(mr_store_undo(store, &error), 0);
    mr_store_mark(store);
    run(store, "INSERT INTO t VALUES (1)");
    ck_assert_int_eq(mr_store_undo(store, &error), -EAGAIN);
    mr_store_rollback(store);
    ck_assert(mr_store_apart(store));
    /* a transaction that is lost for another reason is not theirs */
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    ck_assert(mr_store_together(store));
    mr_store_mark(store);
    run(store, "INSERT INTO t VALUES (1)");
    run(store, "SELECT pg_terminate_backend(pg_backend_pid())");
    ck_assert_int_eq(mr_store_keep(store, &error), 0);
    ck_assert_int_eq(mr_store_commit(store, &error), -EAGAIN);
    ck_assert(!mr_store_apart(store));
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 0);
}
END_TEST

static int insert(struct mr_store *store, int64_t i, struct mr_error *error)
{
    static const uint8_t bytes[] = {0, 0xFF, 0};
    bool odd = i % 2 != 0;

    int r = run_marked(
        store,
        "INSERT INTO t (i, n, s, b) VALUES (?1, CASE WHEN ?2 > 9 THEN ?2 ELSE 0 END, ?3, ?4)",
        MR_VALUES(MR_INT(i), MR_INT(i), MR_OPT(odd, MR_TEXT_OF("")),
                  MR_OPT(!odd, MR_BLOB(((struct mr_bytes){bytes, sizeof(bytes)})))),
        error);
    return r == 0
               ? run_marked(store, "INSERT INTO u VALUES (?1, '?1) SELECT') ON CONFLICT DO NOTHING",
                            MR_VALUES(MR_INT(i / 2)), error)
               : r;
}

START_TEST(rows_of_many_events_go_out_as_one_statement_each_with_its_values)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY, n INTEGER, s TEXT, b BLOB) STRICT");
    run(store, "CREATE TABLE u (i INTEGER PRIMARY KEY, s TEXT) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    (void)mr_store_together(store);
    for (int64_t i = 0; i < 300; i++) {
        ck_assert_int_eq(insert(store, i, NULL), 0);
        if (i == 99)
            ck_assert_int_eq(number(store, "SELECT count(*) FROM t"), 100);
    }
    ck_assert_int_eq(mr_store_changes(store), 0); /* of the last one */
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    if (on_postgres())
        ck_assert_int_eq(number(store, "SELECT count(DISTINCT CAST(cmin AS text)) FROM t"),
                         15); /* 64 and 1 at a time, then what is left */
    ck_assert_int_eq(number(store, "SELECT sum(i * 1000 + n) FROM t"), 44850 * 1001 - 45);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM t WHERE (s IS NULL) = (i % 2 = 0)"
                                   " AND (b IS NULL) = (i % 2 = 1)"
                                   " AND coalesce(length(s), 0) + coalesce(length(b), 3) = 3"),
                     300);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM u WHERE s = '?1) SELECT'"), 150);
}
END_TEST

START_TEST(a_row_that_looks_at_those_before_it_sees_them)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY, n INTEGER) STRICT");
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    (void)mr_store_together(store);
    for (int64_t i = 0; i < 100; i++) {
        ck_assert_int_eq(run_marked(store, "INSERT INTO t VALUES (?1, (SELECT count(*) FROM t))",
                                    MR_VALUES(MR_INT(i)), NULL),
                         0);
        ck_assert_int_eq(run_marked(store,
                                    "INSERT INTO t VALUES (?1, 0)"
                                    " ON CONFLICT (i) DO UPDATE SET n = t.n + 100",
                                    MR_VALUES(MR_INT(i)), NULL),
                         0);
    }
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT sum(n) FROM t"), 4950 + 100 * 100);
}
END_TEST

START_TEST(what_was_gathered_goes_with_its_transaction)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();

    run(store, "CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
    for (int64_t i = 0; i < 3; i++) {
        ck_assert_int_eq(mr_store_begin(store, NULL), 0);
        (void)mr_store_together(store);
        for (int64_t n = 0; n < 10; n++) {
            ck_assert_int_eq(
                run_marked(store, "INSERT INTO t VALUES (?1)", MR_VALUES(MR_INT(n)), NULL), 0);
            ck_assert_int_eq(mr_store_changes(store), 1);
        }
        if (i < 2)
            mr_store_rollback(store);
    }
    ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    ck_assert_int_eq(number(store, "SELECT sum(i) FROM t"), 45);
}
END_TEST

/* Between two statements, or with an answer that is longer than what lies between both sides. */
static void stand_still(const char *last)
{
    static const char lock[] = "UPDATE t SET n = n + 1 WHERE i = 1";
    static char big[4000];
    const char *url = fresh_url();
    MR_AUTO(mr_store) struct mr_store *one = NULL;
    MR_AUTO(mr_store) struct mr_store *other = NULL;

    if (!on_postgres())
        return;
    memset(big, 'x', sizeof(big));
    ck_assert_int_eq(mr_store_open(url, NULL, &one, NULL), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &other, NULL), 0);
    run(one, "CREATE TABLE t (i INTEGER PRIMARY KEY, n INTEGER, s TEXT) STRICT");
    run(one, "INSERT INTO t VALUES (1, 0, '')");
    ck_assert_int_eq(mr_store_begin(one, NULL), 0);
    mr_store_mark(one);
    run(one, lock);
    for (int i = 0; i < 20; i++) { /* more than libpq keeps to itself */
        ck_assert_int_eq(mr_store_run(one, "UPDATE t SET s = ?1 WHERE i = 1",
                                      MR_VALUES(MR_TEXT(((struct mr_str){big, sizeof(big)}))),
                                      NULL),
                         0);
        if (i == 0) /* with the next one prepared, nothing reads what comes of it */
            run(one, last);
    }
    ck_assert_int_eq(mr_store_begin(other, NULL), 0);
    ck_assert_int_eq(run_marked(other, lock, MR_NO_VALUES, NULL), -EAGAIN); /* after 12 s */
    mr_store_rollback(other);
    ck_assert_int_eq(mr_store_begin(other, NULL), 0);
    ck_assert_int_eq(run_marked(other, lock, MR_NO_VALUES, NULL), 0);
    ck_assert_int_eq(mr_store_commit(other, NULL), 0);
    ck_assert_int_eq(mr_store_commit(one, NULL), -EAGAIN);
    ck_assert_int_eq(number(one, "SELECT n FROM t"), 1);
}

START_TEST(who_stands_still_among_its_statements_is_ended_by_who_waits_for_its_lock)
{
    stand_still("UPDATE t SET s = 'x' WHERE i = 1");
}
END_TEST

START_TEST(who_stands_still_before_an_answer_is_ended_by_who_waits_for_its_lock)
{
    stand_still("SELECT repeat('x', 20000000)");
}
END_TEST

int main(void)
{
    return unit_run("store_ahead",
                    (const TTest *[]){
                        what_an_event_came_to_is_told_by_whatever_waits_and_undone_with_it,
                        what_was_written_is_counted_and_seen_by_the_same_event,
                        any_amount_may_be_written_by_one_event,
                        events_that_share_their_fate_are_lost_together_and_done_again_apart,
                        rows_of_many_events_go_out_as_one_statement_each_with_its_values,
                        a_row_that_looks_at_those_before_it_sees_them,
                        what_was_gathered_goes_with_its_transaction,
                        who_stands_still_among_its_statements_is_ended_by_who_waits_for_its_lock,
                        who_stands_still_before_an_answer_is_ended_by_who_waits_for_its_lock,
                        NULL,
                    });
}
