/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of the store's tests that have to go well. */
#pragma once

#include "support/store_under_test.h"

static inline int64_t number(struct mr_store *store, const char *sql)
{
    int64_t n = -1;

    ck_assert_int_eq(mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, NULL),
                     0);
    return n;
}

static inline void run(struct mr_store *store, const char *sql)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(mr_store_run(store, sql, MR_NO_VALUES, &error) == 0, "%s", error.text);
}

/* As one event of several: what the statement came to, whenever that is known. */
static inline int run_marked(struct mr_store *store, const char *sql, const struct mr_value *values,
                             struct mr_error *reterr)
{
    mr_store_mark(store);
    int r = mr_store_run(store, sql, values, reterr);
    return r != 0 ? r : mr_store_keep(store, reterr);
}
