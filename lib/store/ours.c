/* SPDX-License-Identifier: Apache-2.0 */
/* Statements about what is ours of the rows that wait. */
#include "ours.h"

static const char *text_of(const struct mr_store *store, const struct ours *sql)
{
    return mr_store_is_shared(store) ? sql->shared : sql->own;
}

/* The instance alone is no value of a statement that does not ask for it. */
static const struct mr_value *values_of(const struct mr_store *store, const struct mr_value *values)
{
    bool alone = values[1].type == MR_VALUE_STOP;

    return alone && !mr_store_is_shared(store) ? MR_NO_VALUES : values;
}

int ours_row(struct mr_store *store, struct mr_arena *arena, const struct mr_into *into,
             const struct ours *sql, const struct mr_value *values, struct mr_error *reterr)
{
    return mr_store_row(store, arena, into, text_of(store, sql), values_of(store, values), reterr);
}

int ours_query(struct mr_store *store, const struct ours *sql, const struct mr_value *values,
               struct mr_rows **ret_rows, struct mr_error *reterr)
{
    return mr_store_query(store, text_of(store, sql), values_of(store, values), ret_rows, reterr);
}

int ours_when(struct mr_store *store, const struct ours *sql, const struct mr_value *values,
              int64_t *ret_when, struct mr_error *reterr)
{
    int64_t when;

    int r = ours_row(store, NULL, MR_INTO(MR_INTO_INT(&when)), sql, values, reterr);
    *ret_when = r == 0 ? when : INT64_MAX;
    return r == MR_ABSENT ? 0 : r;
}
