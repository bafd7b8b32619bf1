/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler sees of the engine: consumer.h. */
#include <stdarg.h>

#include "consume.h"

void *mr_tx_self(const struct mr_tx *tx)
{
    return tx->run->self;
}

const struct mr_event *mr_tx_event(const struct mr_tx *tx)
{
    return &tx->event;
}

bool mr_tx_late(const struct mr_tx *tx)
{
    return tx->event.late;
}

int64_t mr_tx_now(const struct mr_tx *tx)
{
    return tx->now;
}

struct mr_arena *mr_tx_arena(const struct mr_tx *tx)
{
    return tx->run->arena;
}

struct mr_error *mr_tx_error(const struct mr_tx *tx)
{
    return (struct mr_error *)(uintptr_t)&tx->error;
}

int mr_tx_invalid(struct mr_tx *tx, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int r = mr_error_vset(&tx->error, MR_INVALID, fmt, args);
    va_end(args);
    return r;
}

int mr_tx_again(struct mr_tx *tx, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int r = mr_error_vset(&tx->error, MR_AGAIN, fmt, args);
    va_end(args);
    return r;
}

int mr_tx_run(struct mr_tx *tx, const char *sql, const struct mr_value *values)
{
    return mr_store_run(tx->run->store, sql, values, &tx->error);
}

int mr_tx_row(struct mr_tx *tx, const struct mr_into *into, const char *sql,
              const struct mr_value *values)
{
    return mr_store_row(tx->run->store, tx->run->arena, into, sql, values, &tx->error);
}

int mr_tx_query(struct mr_tx *tx, struct mr_rows **ret_rows, const char *sql,
                const struct mr_value *values)
{
    return mr_store_query(tx->run->store, sql, values, ret_rows, &tx->error);
}

int64_t mr_sql_changes(const struct mr_tx *tx)
{
    return mr_store_changes(tx->run->store);
}
