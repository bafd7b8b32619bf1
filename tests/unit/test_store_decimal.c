/* SPDX-License-Identifier: Apache-2.0 */
/* Exact sums of money in SQL: decimal_add, decimal_sub, decimal_cmp, decimal_sum, on both stores.
 */
#include <string.h>

#include "millrace/ledger.h"
#include "support/store_under_test.h"
#include "support/unit.h"

/* The answer's one value; NULL as "null", a failure as "invalid". */
static const char *ask(struct mr_store *store, const char *sql)
{
    static char text[128];
    struct mr_error error = MR_ERROR_INIT;
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = mr_store_query(store, sql, MR_NO_VALUES, &rows, &error);
    if (r == 0)
        r = mr_rows_next(rows, &error);
    if (r != 0)
        return "failed";
    struct mr_value v = mr_rows_value(rows, 0);
    if (v.type == MR_VALUE_NULL)
        return "null";
    if (v.type == MR_VALUE_INT)
        (void)snprintf(text, sizeof(text), "%lld", (long long)v.as.integer);
    else
        (void)snprintf(text, sizeof(text), "%.*s", MR_STR_ARG(v.as.text));
    return text;
}

static struct mr_store *open_with_amounts(void)
{
    struct mr_store *store = open_fresh();
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(mr_ledger_open(store, "shop", 1, &error) == 0, "%s", error.text);
    ck_assert_msg(mr_ledger_open(store, "shop", 2, &error) == 0, "%s", error.text);
    const struct mr_migration tables = {
        1,
        "CREATE TABLE t (k INTEGER NOT NULL, amount TEXT) STRICT;"
        "INSERT INTO t VALUES (1, '0.1'), (1, '0.2'), (2, '24.99'), (2, NULL), (2, '0.01'),"
        " (3, '99999999999999999999999999999.999999999'), (3, '-0.000000001'), (4, NULL);"
        "CREATE VIEW total AS SELECT k, decimal_sum(amount) AS amount FROM t GROUP BY k",
        NULL};
    ck_assert_msg(mr_store_migrate(store, "shop", &tables, 1, 1, &error) == 0, "%s", error.text);
    return store;
}

START_TEST(sums_are_exact_where_a_double_is_not)
{
    MR_AUTO(mr_store) struct mr_store *store = open_with_amounts();

    ck_assert_str_eq(ask(store, "SELECT amount FROM total WHERE k = 1"), "0.3");
    ck_assert_str_eq(ask(store, "SELECT amount FROM total WHERE k = 2"), "25");
    ck_assert_str_eq(ask(store, "SELECT amount FROM total WHERE k = 3"),
                     "99999999999999999999999999999.999999998");
}
END_TEST

START_TEST(nothing_sums_up_to_zero)
{
    MR_AUTO(mr_store) struct mr_store *store = open_with_amounts();

    ck_assert_str_eq(ask(store, "SELECT amount FROM total WHERE k = 4"), "0");
    ck_assert_str_eq(ask(store, "SELECT decimal_sum(amount) FROM t WHERE k = 5"), "0");
}
END_TEST

START_TEST(two_amounts_are_added_subtracted_and_compared)
{
    static const char *const rows[][2] = {
        {"SELECT decimal_add('0.1', '0.2')", "0.3"},
        {"SELECT decimal_sub('100', '0.000000001')", "99.999999999"},
        {"SELECT decimal_sub('0.50', '0.5')", "0"},
        {"SELECT decimal_sub('1', '2.5')", "-1.5"},
        {"SELECT decimal_cmp('2', '10')", "-1"},
        {"SELECT decimal_cmp('10', '2')", "1"},
        {"SELECT decimal_cmp('10', '10.000')", "0"},
        {"SELECT decimal_add('1000', '-0')", "1000"},
        {"SELECT decimal_sub(NULL, '1')", "null"},
    };
    MR_AUTO(mr_store) struct mr_store *store = open_with_amounts();

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        ck_assert_msg(strcmp(ask(store, rows[i][0]), rows[i][1]) == 0, "%s: %s", rows[i][0],
                      ask(store, rows[i][0]));
}
END_TEST

START_TEST(what_is_no_amount_and_what_is_too_long_is_an_error)
{
    MR_AUTO(mr_store) struct mr_store *store = open_with_amounts();

    ck_assert_str_eq(ask(store, "SELECT decimal_add('1', 'x')"), "failed");
    if (on_postgres())
        return; /* numeric has no bound of ours */
    ck_assert_str_eq(ask(store, "SELECT decimal_add('99999999999999999999999999999999999999',"
                                " '1')"),
                     "failed");
    ck_assert_str_eq(ask(store, "SELECT decimal_add('99999999999999999999999999999999999999',"
                                " '0.1')"),
                     "failed");
}
END_TEST

int main(void)
{
    return unit_run("store_decimal", (const TTest *[]){
                                         sums_are_exact_where_a_double_is_not,
                                         nothing_sums_up_to_zero,
                                         two_amounts_are_added_subtracted_and_compared,
                                         what_is_no_amount_and_what_is_too_long_is_an_error,
                                         NULL,
                                     });
}
