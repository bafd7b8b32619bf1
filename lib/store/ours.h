/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that wait, and which of them are ours: in a shared store who has a partition (mr_offset) has
 * what comes of it, in a store of one process that is all. Private to lib/store. */
#pragma once

#include "backend.h"

/* A statement of both kinds of store; ?1 is our instance, which an own store does not ask for. */
struct ours {
    const char *shared, *own;
};

/* The first rows `t` of a table by `order`, of those that `which` is true of. `of` ties a row to
 * its partition `p`. A shared store takes the first `few` of each of our partitions, then the first
 * of these: with an index of partition and order, what waits for other instances is not looked at,
 * however much it is. Several at a look, for it asks each partition. */
#define OURS_FIRST(columns, table, of, which, order, few, limit)                                   \
    {                                                                                              \
        "SELECT " columns " FROM mr_offset AS p CROSS JOIN LATERAL (SELECT t.* FROM " table        \
        " AS t WHERE " of " AND " which " ORDER BY " order " LIMIT " few                           \
        ") AS t WHERE p.owner = ?1 ORDER BY " order " LIMIT " limit,                               \
            "SELECT " columns " FROM " table " AS t WHERE " which " ORDER BY " order               \
            " LIMIT " limit                                                                        \
    }
/* All rows `t` that `which` is true of, in no order. `lock` is a shared store's alone. */
#define OURS_ALL(columns, table, of, which, lock)                                                  \
    {                                                                                              \
        "SELECT " columns " FROM " table " AS t JOIN mr_offset AS p ON " of                        \
        " WHERE p.owner = ?1 AND " which lock,                                                     \
            "SELECT " columns " FROM " table " AS t WHERE " which                                  \
    }

/* Row `t` is of partition `p`, for all rows of it. That there is any is asked first, once, by the
 * index of `of` and `order`, the only one that begins or goes on with `order`: statistics that know
 * no partition but others' have the planner read the whole table for each of ours. */
#define OURS_ANY(table, of, order)                                                                 \
    of " AND (SELECT 1 FROM " table " AS t WHERE " of " ORDER BY " order " LIMIT 1) = 1"

/* The partition's row is locked: nobody takes it while what is due is under way. */
#define OURS_KEPT " FOR NO KEY UPDATE OF p"

/* values: MR_VALUES(MR_INT(store->instance), ...). As mr_store_row and mr_store_query. */
int ours_row(struct mr_store *store, struct mr_arena *arena, const struct mr_into *into,
             const struct ours *sql, const struct mr_value *values, struct mr_error *reterr);
int ours_query(struct mr_store *store, const struct ours *sql, const struct mr_value *values,
               struct mr_rows **ret_rows, struct mr_error *reterr);
/* A row that is one moment; INT64_MAX: there is none. 0, as mr_store_row. */
int ours_when(struct mr_store *store, const struct ours *sql, const struct mr_value *values,
              int64_t *ret_when, struct mr_error *reterr);
