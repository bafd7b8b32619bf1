/* SPDX-License-Identifier: Apache-2.0 */
/* Exact sums of money in SQL, by the names of SQLite's own decimal extension, which its shell has:
 * decimal_add, decimal_sub, decimal_cmp, decimal_sum. NULL in gives NULL out; decimal_sum passes it
 * over, and of nothing it is 0. */
#include <string.h>

#include "sqlite_internal.h"

static bool read_decimal(sqlite3_context *context, sqlite3_value *value, struct mr_decimal *ret_x)
{
    const char *text = (const char *)sqlite3_value_text(value);

    if (!text) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    struct mr_str s = {text, (size_t)sqlite3_value_bytes(value)};
    if (mr_decimal_parse(s, ret_x) == 0)
        return true;
    sqlite3_result_error(context, "not a decimal number of at most 38 digits", -1);
    return false;
}

static void say_too_long(sqlite3_context *context)
{
    sqlite3_result_error(context, "a decimal result of more than 38 digits", -1);
}

static void give(sqlite3_context *context, struct mr_decimal x)
{
    char text[MR_DECIMAL_MAX];
    size_t len = mr_decimal_text(x, text);

    sqlite3_result_text(context, text, (int)len, SQLITE_TRANSIENT);
}

/* Two numbers in; user data: the operation. */
enum operation { ADD, SUB, CMP };
static const enum operation operations[] = {ADD, SUB, CMP};

static void of_two(sqlite3_context *context, MR_UNUSED int n, sqlite3_value **values)
{
    enum operation what = *(const enum operation *)sqlite3_user_data(context);
    struct mr_decimal a, b, x;

    if (sqlite3_value_type(values[0]) == SQLITE_NULL ||
        sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    if (!read_decimal(context, values[0], &a) || !read_decimal(context, values[1], &b))
        return;
    if ((what == ADD ? mr_decimal_add(a, b, &x) : mr_decimal_sub(a, b, &x)) != 0)
        say_too_long(context);
    else if (what == CMP)
        sqlite3_result_int(context, x.unscaled > 0 ? 1 : x.unscaled < 0 ? -1 : 0);
    else
        give(context, x);
}

static void sum_step(sqlite3_context *context, MR_UNUSED int n, sqlite3_value **values)
{
    /* zeroed at first: 0 of scale 0 */
    struct sum {
        _Alignas(8) unsigned char decimal[sizeof(struct mr_decimal)]; /* SQLite aligns by 8 */
    } *sum = sqlite3_aggregate_context(context, sizeof(*sum));
    struct mr_decimal x, total;

    if (!sum) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || !read_decimal(context, values[0], &x))
        return;
    memcpy(&total, sum->decimal, sizeof(total));
    if (mr_decimal_add(total, x, &total) != 0)
        say_too_long(context);
    else
        memcpy(sum->decimal, &total, sizeof(total));
}

static void sum_final(sqlite3_context *context)
{
    const void *sum = sqlite3_aggregate_context(context, 0);
    struct mr_decimal total = {0};

    if (sum)
        memcpy(&total, sum, sizeof(total));
    give(context, total);
}

int mr_sqlite_decimals(sqlite3 *db)
{
    static const char *const names[] = {"decimal_add", "decimal_sub", "decimal_cmp"};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = SQLITE_OK;

    for (size_t i = 0; i < MR_N_ELEMENTS(names) && code == SQLITE_OK; i++)
        code = sqlite3_create_function(db, names[i], 2, flags, (void *)(uintptr_t)&operations[i],
                                       of_two, NULL, NULL);
    if (code == SQLITE_OK)
        code =
            sqlite3_create_function(db, "decimal_sum", 1, flags, NULL, NULL, sum_step, sum_final);
    return code;
}
