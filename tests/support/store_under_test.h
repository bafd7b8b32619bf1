/* SPDX-License-Identifier: Apache-2.0 */
/* The store that a case works on: SQLite in memory, or with MILLRACE_TEST_POSTGRES=URL a schema of
 * its own in that database. The integration suite runs the store's, the engine's and the consumers'
 * cases a second time that way. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "millrace/store.h"

static inline bool on_postgres(void)
{
    return getenv("MILLRACE_TEST_POSTGRES") != NULL;
}

/* A fresh schema; its URL. */
static inline const char *fresh_url(void)
{
    static char url[1024];
    static int n;
    const char *base = getenv("MILLRACE_TEST_POSTGRES");
    struct mr_error error = MR_ERROR_INIT;
    struct mr_store *store = NULL;
    char sql[96];

    if (!base)
        return "sqlite::memory:";
    (void)snprintf(sql, sizeof(sql), "CREATE SCHEMA unit_%ld_%d", (long)getpid(), ++n);
    ck_assert_msg(mr_store_open(base, NULL, &store, &error) == 0, "%s", error.text);
    ck_assert_msg(mr_store_run(store, sql, MR_NO_VALUES, &error) == 0, "%s", error.text);
    (void)mr_store_free(store);
    (void)snprintf(url, sizeof(url), "%s&options=-csearch_path%%3Dunit_%ld_%d", base,
                   (long)getpid(), n);
    return url;
}

static inline struct mr_store *open_fresh(void)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_store *store = NULL;

    ck_assert_msg(mr_store_open(fresh_url(), NULL, &store, &error) == 0, "%s", error.text);
    return store;
}
