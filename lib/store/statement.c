/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: prepared once and kept, run, and their rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* ---- the cache: direct-mapped by the address of the text, verified by its content ---- */

static size_t place_of(const char *sql)
{
    uint64_t x = (uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(x >> 40) & (MR_STORE_STATEMENTS - 1);
}

/* A text whose own place is taken by another looks into the next three. */
static struct mr_rows **slot_of(struct mr_store *store, const char *sql)
{
    size_t first = place_of(sql);
    struct mr_rows **free_slot = NULL;

    for (size_t i = 0; i < 4; i++) {
        struct mr_rows **slot = &store->cache[(first + i) & (MR_STORE_STATEMENTS - 1)];
        if (!*slot) {
            free_slot = free_slot ? free_slot : slot;
            continue;
        }
        if ((*slot)->given == sql && strcmp((*slot)->text, sql) == 0)
            return slot;
    }
    return free_slot ? free_slot : &store->cache[first];
}

static int prepare(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                   struct mr_error *reterr)
{
    struct mr_rows *rows;

    int r = store->backend->prepare(store, sql, &rows, reterr);
    if (r != 0)
        return r;
    rows->store = store;
    rows->given = sql;
    rows->text = strdup(sql);
    if (!rows->text) {
        store->backend->finalize(rows);
        return -ENOMEM;
    }
    *ret_rows = rows;
    return 0;
}

int mr_store_statement(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                       struct mr_error *reterr)
{
    struct mr_rows **slot = slot_of(store, sql);
    struct mr_rows *rows = *slot;
    bool same = rows && rows->given == sql && strcmp(rows->text, sql) == 0;

    if (same && !rows->busy) {
        *ret_rows = rows;
        return 0;
    }
    int r = prepare(store, sql, &rows, reterr);
    if (r != 0)
        return r;
    if (*slot && (*slot)->busy) {
        rows->stray = true;
    } else {
        if (*slot)
            store->backend->finalize(*slot);
        *slot = rows;
    }
    *ret_rows = rows;
    return 0;
}

struct mr_rows *mr_rows_done(struct mr_rows *rows)
{
    if (!rows)
        return NULL;
    const struct mr_backend *backend = rows->store->backend;
    rows->busy = false;
    backend->reset(rows);
    if (rows->stray)
        backend->finalize(rows);
    return NULL;
}

/* ---- statements ---- */

static int begin(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                 struct mr_error *reterr)
{
    int r = mr_store_statement(store, sql, ret_rows, reterr);

    return r == 0 && store->marked && (*ret_rows)->writes ? mr_store_touch(store, *ret_rows, reterr)
                                                          : r;
}

int mr_store_query(struct mr_store *store, const char *sql, const struct mr_value *values,
                   struct mr_rows **ret_rows, struct mr_error *reterr)
{
    struct mr_rows *rows = NULL;

    int r = begin(store, sql, &rows, reterr);
    if (!rows)
        return r;
    if (r == 0)
        r = store->backend->bind(rows, values, reterr);
    rows->busy = true;
    if (r != 0)
        (void)mr_rows_done(rows);
    else
        *ret_rows = rows;
    return r;
}

/* Nobody waits for what one event writes: it is kept or undone as a whole. */
static int send(struct mr_store *store, const char *sql, const struct mr_value *values,
                struct mr_error *reterr)
{
    struct mr_rows *rows = NULL;

    int r = begin(store, sql, &rows, reterr);
    if (r == 0)
        r = store->backend->send(rows, values, reterr);
    (void)mr_rows_done(rows);
    return r;
}

int mr_store_run(struct mr_store *store, const char *sql, const struct mr_value *values,
                 struct mr_error *reterr)
{
    struct mr_rows *rows;

    if (store->marked && store->backend->send)
        return send(store, sql, values, reterr);
    int r = mr_store_query(store, sql, values, &rows, reterr);
    if (r != 0)
        return r;
    do
        r = store->backend->step(rows, reterr);
    while (r == 0);
    (void)mr_rows_done(rows);
    return r == MR_END ? 0 : r;
}

static int take_column(struct mr_arena *arena, const struct mr_into *into, struct mr_value value)
{
    struct mr_str text = {0};

    if (into->type == MR_VALUE_INT) {
        *(int64_t *)into->at = value.type == MR_VALUE_INT ? value.as.integer : 0;
        return 0;
    }
    if (value.type == MR_VALUE_TEXT || value.type == MR_VALUE_BLOB) {
        text.len = value.as.text.len; /* text and blob share their layout */
        text.data = mr_arena_dup(arena, value.as.text.data, text.len);
        if (!text.data)
            return -ENOMEM;
    }
    if (into->type == MR_VALUE_TEXT)
        *(struct mr_str *)into->at = text;
    else
        *(struct mr_bytes *)into->at = (struct mr_bytes){(const uint8_t *)text.data, text.len};
    return 0;
}

int mr_rows_take(struct mr_rows *rows, struct mr_arena *arena, const struct mr_into *into)
{
    int r = 0;

    for (size_t i = 0; r == 0 && into[i].type != MR_VALUE_STOP; i++)
        r = take_column(arena, &into[i], mr_rows_value(rows, i));
    return r;
}

int mr_store_row(struct mr_store *store, struct mr_arena *arena, const struct mr_into *into,
                 const char *sql, const struct mr_value *values, struct mr_error *reterr)
{
    struct mr_rows *rows;

    int r = mr_store_query(store, sql, values, &rows, reterr);
    if (r != 0)
        return r;
    r = mr_rows_next(rows, reterr);
    if (r == 0)
        r = mr_rows_take(rows, arena, into);
    (void)mr_rows_done(rows);
    return r == MR_END ? MR_ABSENT : r;
}

int64_t mr_store_changes(struct mr_store *store)
{
    return store->backend->changes(store);
}

int mr_rows_next(struct mr_rows *rows, struct mr_error *reterr)
{
    return rows->store->backend->step(rows, reterr);
}

size_t mr_rows_n_columns(const struct mr_rows *rows)
{
    return rows->store->backend->n_columns(rows);
}

const char *mr_rows_column_name(const struct mr_rows *rows, size_t column)
{
    return rows->store->backend->column_name(rows, column);
}

struct mr_value mr_rows_value(const struct mr_rows *rows, size_t column)
{
    return rows->store->backend->column(rows, column);
}

int mr_store_each_relation(struct mr_store *store,
                           int (*fn)(void *self, const char *name, bool is_view), void *self,
                           struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    char name[128];

    int r = mr_store_query(store, store->backend->relations, MR_NO_VALUES, &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        struct mr_str text = mr_rows_value(rows, 0).as.text;
        if (text.len >= sizeof(name))
            continue;
        memcpy(name, text.data, text.len);
        name[text.len] = '\0';
        r = fn(self, name, mr_rows_value(rows, 1).as.integer != 0);
    }
    return r == MR_END ? 0 : r;
}
