/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas for the stores of many consumers in one PostgreSQL database. */
#include <stdio.h>
#include <string.h>

#include "millrace/store.h"

enum { MOST_NAME = 63 }; /* PostgreSQL would cut it, and take two for one */

static int make(struct mr_store *store, const char *schema, bool *ret_made, struct mr_error *reterr)
{
    char sql[MOST_NAME + 64];
    int64_t there = 0;

    if (strlen(schema) > MOST_NAME || strchr(schema, '"'))
        return mr_error_set(reterr, MR_INVALID, "'%.100s' is no name of a schema", schema);
    int r = mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&there)),
                         "SELECT count(*) FROM pg_namespace WHERE nspname = ?1",
                         MR_VALUES(MR_TEXT_OF(schema)), reterr);
    *ret_made = r == 0 && there == 0;
    if (!*ret_made)
        return r;
    (void)snprintf(sql, sizeof(sql), "CREATE SCHEMA \"%s\"", schema);
    return mr_store_run(store, sql, MR_NO_VALUES, reterr);
}

int mr_store_create(const char *url, const char *const *schemas, size_t n, bool *made,
                    struct mr_error *reterr)
{
    MR_AUTO(mr_store) struct mr_store *store = NULL;

    int r = mr_store_open(url, &(struct mr_store_options){.database = true}, &store, reterr);
    if (r == 0)
        r = mr_store_begin(store, reterr);
    if (r == 0) /* two of us at once: the second finds what the first made */
        r = mr_store_run(store, "SELECT pg_advisory_xact_lock(hashtext('millrace-store-create'))",
                         MR_NO_VALUES, reterr);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = make(store, schemas[i], &made[i], reterr);
    return r == 0 ? mr_store_commit(store, reterr) : r;
}
