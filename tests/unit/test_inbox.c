/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: every id is known for as long as its window says, whatever happens meanwhile. */
#include <errno.h>
#include <string.h>

#include "millrace/ledger.h"
#include "support/store_under_test.h"
#include "support/unit.h"

enum { RUN = 128, HOUR_S = 3600 };
#define HOUR (INT64_C(1000000) * HOUR_S)
#define BEGIN (INT64_C(1700000000) * 1000000)

/* Runs of 128 ids. */
static const struct mr_inbox_options small = {.run_bits = 1, .memory = 1 << 20};

struct box {
    struct mr_store *store;
    struct mr_inbox *inbox;
    int64_t now, window;
    uint32_t n; /* ids that were handled */
};

static struct mr_uuid id_of(uint32_t i)
{
    struct mr_uuid id;

    mr_uuid_v5(&mr_uuid_space, &i, sizeof(i), &id);
    return id;
}

static int64_t number(struct mr_store *store, const char *sql)
{
    int64_t n = -1;

    ck_assert_int_eq(mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, NULL),
                     0);
    return n;
}

static void run(struct mr_store *store, const char *sql)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(mr_store_run(store, sql, MR_NO_VALUES, &error) == 0, "%s", error.text);
}

static void open_inbox(struct box *box, const struct mr_inbox_options *options)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(mr_inbox_new(box->store, box->now, options, &box->inbox, &error) == 0, "%s",
                  error.text);
    mr_inbox_set_window(box->inbox, box->window);
}

static struct box box_new(const struct mr_inbox_options *options, int64_t window)
{
    struct box box = {.store = open_fresh(), .now = BEGIN, .window = window};

    ck_assert_int_eq(mr_ledger_open(box.store, "stock", 1, NULL), 0);
    open_inbox(&box, options);
    return box;
}

static void box_free(struct box *box)
{
    (void)mr_inbox_free(box->inbox);
    (void)mr_store_free(box->store);
}

static void restart(struct box *box, const struct mr_inbox_options *options)
{
    (void)mr_inbox_free(box->inbox);
    open_inbox(box, options);
}

static bool seen(struct mr_inbox *inbox, uint32_t i)
{
    struct mr_uuid id = id_of(i);
    int r = mr_inbox_seen(inbox, &id, NULL);

    ck_assert(r == 0 || r == MR_ABSENT);
    return r == 0;
}

static void add_ids(struct mr_store *store, struct mr_inbox *inbox, uint32_t from, uint32_t n,
                    int64_t now, bool commit)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    for (uint32_t i = from; i < from + n; i++) {
        struct mr_uuid id = id_of(i);
        ck_assert_int_eq(mr_inbox_seen(inbox, &id, NULL), MR_ABSENT);
        ck_assert_int_eq(mr_inbox_add(inbox, &id), 0);
        ck_assert_int_eq(mr_inbox_seen(inbox, &id, NULL), 0);
    }
    ck_assert_msg(mr_inbox_write(inbox, now, &error) == 0, "%s", error.text);
    if (commit)
        ck_assert_int_eq(mr_store_commit(store, NULL), 0);
    else
        mr_store_rollback(store);
    mr_inbox_settle(inbox, commit);
}

static void handle(struct box *box, uint32_t n)
{
    add_ids(box->store, box->inbox, box->n, n, box->now, true);
    box->n += n;
}

static void all_are_known_and_no_other(struct box *box, uint32_t from)
{
    for (uint32_t i = from; i < box->n; i++)
        ck_assert_msg(seen(box->inbox, i), "%u of %u", i, box->n);
    for (uint32_t i = 1000000; i < 1000000 + 5000; i++)
        ck_assert(!seen(box->inbox, i));
}

/* ---- a store for one process ---- */

START_TEST(every_id_is_known_while_runs_are_written_and_merged_and_after_a_restart)
{
    struct box box = box_new(&small, INT64_MAX);

    if (on_postgres()) {
        box_free(&box);
        return;
    }
    for (uint32_t i = 0; i < 800; i++) {
        handle(&box, 10 + i % 20);
        add_ids(box.store, box.inbox, 2000000 + i * 10, 10, box.now, false);
        if (i % 100 == 0)
            all_are_known_and_no_other(&box, 0);
    }
    all_are_known_and_no_other(&box, 0);
    for (uint32_t i = 0; i < 8000; i++)
        ck_assert(!seen(box.inbox, 2000000 + i)); /* of what was rolled back */
    ck_assert_uint_ge(mr_inbox_count(box.inbox), box.n);
    ck_assert_int_le(number(box.store, "SELECT count(*) FROM mr_inbox"), 5 * RUN);
    ck_assert_int_ge(number(box.store, "SELECT max(bits) FROM mr_inbox_run"), 1 + 2 * 3);
    ck_assert_int_le(number(box.store, "SELECT count(*) FROM mr_inbox_run"), 40);
    restart(&box, &small);
    all_are_known_and_no_other(&box, 0);
    box_free(&box);
}
END_TEST

START_TEST(a_crash_at_any_moment_of_that_loses_no_id)
{
    struct box box = box_new(&small, INT64_MAX);

    for (uint32_t i = 0; !on_postgres() && i < 250; i++) {
        handle(&box, 1 + i % 40);
        add_ids(box.store, box.inbox, 2000000 + i * 10, 10, box.now, false);
        restart(&box, &small);
        if (i % 25 == 0)
            all_are_known_and_no_other(&box, 0);
    }
    if (!on_postgres())
        all_are_known_and_no_other(&box, 0);
    box_free(&box);
}
END_TEST

START_TEST(ids_are_forgotten_when_their_window_is_over_and_not_before_a_slice_at_a_time)
{
    struct box box = box_new(&small, 24 * HOUR);
    int64_t pages = 0, most = 0;

    if (on_postgres()) {
        box_free(&box);
        return;
    }
    for (uint32_t i = 0; i < 200; i++) { /* 40 days; a run an hour or so */
        for (int k = 0; k < 8; k++)
            handle(&box, 16);
        box.now += HOUR * 24 / 5;
        for (uint32_t k = box.n > 6 * RUN ? box.n - 6 * RUN : 0; k < box.n; k++)
            ck_assert(seen(box.inbox, k)); /* a day is 5 runs, and the one in memory */
        int64_t n = number(box.store, "SELECT count(*) FROM mr_inbox_page");
        most = n > most ? n : most;
        if (i % 60 == 30)
            restart(&box, &small);
    }
    pages = number(box.store, "SELECT count(*) FROM mr_inbox_page");
    ck_assert_int_le(pages, 2 * 20);
    ck_assert_int_le(most, 2 * 20);
    for (uint32_t k = 0; k < box.n - 16 * RUN; k++)
        ck_assert(!seen(box.inbox, k));
    box_free(&box);
}
END_TEST

START_TEST(no_transaction_does_more_than_its_slice)
{
    const struct mr_inbox_options wide = {.run_bits = 6, .memory = 1 << 20};
    struct box box = box_new(&wide, INT64_MAX);
    int64_t before = 0, run_pages = 64;

    for (uint32_t i = 0; !on_postgres() && i < 600; i++) {
        handle(&box, 30);
        int64_t n = number(box.store, "SELECT count(*) FROM mr_inbox_page");
        ck_assert_int_le(n - before, (256 + 6 * 30) / 64 + 1 + 8); /* written, and merged */
        before = n;
    }
    box.now += 100 * HOUR;
    mr_inbox_set_window(box.inbox, HOUR);
    for (uint32_t i = 0; !on_postgres() && i < 300; i++) {
        handle(&box, 1);
        int64_t n = number(box.store, "SELECT count(*) FROM mr_inbox_page");
        ck_assert_int_le(before - n, 256 / 64 + 2);
        before = n;
    }
    ck_assert_int_le(before, run_pages);
    box_free(&box);
}
END_TEST

START_TEST(with_little_memory_filters_are_coarser_and_no_id_is_lost)
{
    const struct mr_inbox_options tight = {.run_bits = 3, .memory = 20000};
    struct box box = box_new(&tight, INT64_MAX);

    for (uint32_t i = 0; !on_postgres() && i < 100; i++)
        handle(&box, 200);
    if (!on_postgres())
        all_are_known_and_no_other(&box, 0);
    box_free(&box);
}
END_TEST

START_TEST(a_store_of_an_older_build_is_taken_over)
{
    struct box box = box_new(&small, INT64_MAX);

    if (on_postgres()) {
        box_free(&box);
        return;
    }
    for (box.n = 0; box.n < 3000; box.n++) {
        struct mr_uuid id = id_of(box.n);
        ck_assert_int_eq(
            mr_store_run(box.store, "INSERT INTO mr_inbox VALUES (?1, ?2)",
                         MR_VALUES(MR_INT(box.n + 7), MR_BLOB(((struct mr_bytes){id.bytes, 16}))),
                         NULL),
            0);
    }
    restart(&box, &small);
    all_are_known_and_no_other(&box, 0);
    ck_assert_int_le(number(box.store, "SELECT count(*) FROM mr_inbox"), 3 * RUN);
    handle(&box, 100);
    restart(&box, &small);
    all_are_known_and_no_other(&box, 0);
    box_free(&box);
}
END_TEST

START_TEST(a_row_that_an_operator_deleted_makes_its_event_new_and_no_other)
{
    struct box box = box_new(&small, INT64_MAX);

    if (on_postgres()) {
        box_free(&box);
        return;
    }
    handle(&box, 100);
    run(box.store, "DELETE FROM mr_inbox WHERE seq IN (11, 12, 51)");
    restart(&box, &small);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < box.n; i++)
            ck_assert_int_eq(seen(box.inbox, i), !(i == 10 || i == 11 || i == 50));
        for (int k = 0; k < 10; k++)
            handle(&box, 100); /* into a run */
    }
    box_free(&box);
}
END_TEST

/* ---- a store for several ---- */

START_TEST(an_id_that_another_instance_wrote_is_told_once_and_known_then)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    struct mr_inbox *one = NULL, *other = NULL;
    struct mr_uuid id = id_of(5), unknown = id_of(99);

    if (!on_postgres())
        return;
    ck_assert_int_eq(mr_ledger_open(store, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_inbox_new(store, BEGIN, NULL, &one, NULL), 0);
    ck_assert_int_eq(mr_inbox_new(store, BEGIN, NULL, &other, NULL), 0);
    add_ids(store, one, 0, 10, BEGIN, true);
    ck_assert_int_eq(mr_inbox_seen(other, &id, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    ck_assert_int_eq(mr_inbox_add(other, &unknown), 0);
    ck_assert_int_eq(mr_inbox_add(other, &id), 0);
    ck_assert_int_eq(mr_inbox_write(other, BEGIN, NULL), -EAGAIN);
    mr_store_rollback(store);
    mr_inbox_settle(other, false);
    ck_assert_int_eq(mr_inbox_seen(other, &id, NULL), 0);
    ck_assert_int_eq(mr_inbox_seen(other, &unknown, NULL), MR_ABSENT);
    id = id_of(6);
    ck_assert_int_eq(mr_inbox_confirm(other, &unknown, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_inbox_confirm(other, &id, NULL), 0);
    ck_assert_int_eq(mr_inbox_seen(other, &id, NULL), 0);
    (void)mr_inbox_free(one);
    (void)mr_inbox_free(other);
}
END_TEST

START_TEST(rows_of_a_shared_store_leave_when_their_window_is_over)
{
    struct box box = box_new(NULL, 24 * HOUR);

    if (!on_postgres()) {
        box_free(&box);
        return;
    }
    for (int day = 0; day < 6; day++, box.now += 24 * HOUR)
        for (int i = 0; i < 5; i++)
            handle(&box, 1000);
    /* the last day's, the day before that, and what came since rows were looked at */
    ck_assert_int_ge(number(box.store, "SELECT count(*) FROM mr_inbox"), 2 * 5000);
    ck_assert_int_le(number(box.store, "SELECT count(*) FROM mr_inbox"), 3 * 5000);
    box.window = INT64_MAX;
    restart(&box, NULL);
    box.now += 1000 * HOUR;
    handle(&box, 5000);
    ck_assert_int_ge(number(box.store, "SELECT count(*) FROM mr_inbox"), 3 * 5000);
    box_free(&box);
}
END_TEST

int main(void)
{
    return unit_run(
        "inbox", (const TTest *[]){
                     every_id_is_known_while_runs_are_written_and_merged_and_after_a_restart,
                     a_crash_at_any_moment_of_that_loses_no_id,
                     ids_are_forgotten_when_their_window_is_over_and_not_before_a_slice_at_a_time,
                     no_transaction_does_more_than_its_slice,
                     with_little_memory_filters_are_coarser_and_no_id_is_lost,
                     a_store_of_an_older_build_is_taken_over,
                     a_row_that_an_operator_deleted_makes_its_event_new_and_no_other,
                     an_id_that_another_instance_wrote_is_told_once_and_known_then,
                     rows_of_a_shared_store_leave_when_their_window_is_over,
                     NULL,
                 });
}
