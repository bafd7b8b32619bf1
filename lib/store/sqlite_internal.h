/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the SQLite backend. */
#pragma once

#include <sqlite3.h>

#include "backend.h"

/* The connection behind a store of this backend. */
sqlite3 *mr_sqlite_db(const struct mr_store *store);
/* SQLite's result code as ours, with its text. `what`: the SQL, or NULL. */
int mr_sqlite_fail(sqlite3 *db, int code, const char *what, struct mr_error *reterr);

int mr_sqlite_open(const char *path, const struct mr_store_options *options,
                   struct mr_store **ret_store, struct mr_error *reterr);
void mr_sqlite_close(struct mr_store *store);
/* decimal_add, decimal_sub, decimal_cmp, decimal_sum. An outcome of SQLite. */
int mr_sqlite_decimals(sqlite3 *db);
