/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a store that no backend has to repeat: URLs and transactions. statement.c has the
 * statements. */
#include "millrace/store.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* What may be the scheme of a URL; a path with a colon in it begins with a folder, "./a:b". */
static bool is_word(const char *url, size_t len)
{
    size_t i = 0;

    while (i < len && isalnum((unsigned char)url[i]))
        i++;
    return i > 0 && i == len;
}

static int choose_backend(const char *url, const struct mr_backend **ret_backend,
                          const char **ret_path, struct mr_error *reterr)
{
    const char *colon = strchr(url, ':');
    size_t len = colon ? (size_t)(colon - url) : 0;

    if (*url == '\0')
        return mr_error_set(reterr, MR_INVALID,
                            "the store's URL is empty: give sqlite:PATH or postgresql://...");
    *ret_backend = &mr_backend_sqlite;
    *ret_path = url;
    if (len == 6 && memcmp(url, "sqlite", 6) == 0) {
        *ret_path = colon + 1;
        return **ret_path
                   ? 0
                   : mr_error_set(reterr, MR_INVALID, "'%s' names no file: give sqlite:PATH", url);
    }
    if (!colon || (strncmp(colon, "://", 3) != 0 && !is_word(url, len)))
        return 0;
    *ret_backend = &mr_backend_postgres;
    if (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0)
        return 0;
    return mr_error_set(reterr, MR_INVALID,
                        "no store of kind '%.*s': give sqlite:PATH or postgresql://...", (int)len,
                        url);
}

int mr_store_open(const char *url, const struct mr_store_options *options,
                  struct mr_store **ret_store, struct mr_error *reterr)
{
    static const struct mr_store_options none;
    const struct mr_backend *backend = NULL; /* for compilers that cannot see that r == 0 sets it */
    const char *path = NULL;

    int r = choose_backend(url, &backend, &path, reterr);
    return r != 0 ? r : backend->open(path, options ? options : &none, ret_store, reterr);
}

struct mr_store *mr_store_free(struct mr_store *store)
{
    if (!store)
        return NULL;
    if (store->in_transaction) {
        store->rehearse = false;
        mr_store_rollback(store);
    }
    store->closing = true;
    for (size_t i = 0; i < MR_STORE_STATEMENTS; i++)
        if (store->cache[i])
            store->backend->finalize(store->cache[i]);
    free(store->name);
    store->backend->close(store);
    return NULL;
}

const char *mr_store_name(const struct mr_store *store)
{
    return store->name;
}

bool mr_store_is_shared(const struct mr_store *store)
{
    return store->backend->shared;
}

/* ---- transactions ---- */

static int plain(struct mr_store *store, const char *sql, struct mr_error *reterr)
{
    struct mr_rows *rows;

    int r = mr_store_statement(store, sql, &rows, reterr);
    if (r != 0)
        return r;
    r = store->backend->step(rows, reterr);
    (void)mr_rows_done(rows);
    return r == MR_END ? 0 : r;
}

/* Its outcome may come later. */
static int ahead(struct mr_store *store, const char *sql, struct mr_error *reterr)
{
    struct mr_rows *rows;

    if (!store->backend->send)
        return plain(store, sql, reterr);
    int r = mr_store_statement(store, sql, &rows, reterr);
    if (r != 0)
        return r;
    r = store->backend->send(rows, MR_NO_VALUES, reterr);
    (void)mr_rows_done(rows);
    return r;
}

int mr_store_begin(struct mr_store *store, struct mr_error *reterr)
{
    if (store->in_transaction && store->rehearse)
        return 0;             /* its only one */
    mr_store_rollback(store); /* one that could not be ended for want of memory */
    store->together = store->apart = store->collided = false;
    int r = plain(store, "BEGIN IMMEDIATE", reterr);
    if (r == 0)
        store->in_transaction = true;
    return r;
}

int mr_store_commit(struct mr_store *store, struct mr_error *reterr)
{
    if (store->rehearse)
        return 0;
    int r = store->backend->check ? store->backend->check(store, reterr) : 0;
    if (r == 0)
        r = plain(store, "COMMIT", reterr);
    if (r != 0)
        mr_store_rollback(store);
    else
        store->in_transaction = false;
    return r;
}

void mr_store_rollback(struct mr_store *store)
{
    if (!store->in_transaction)
        return;
    (void)plain(store, "ROLLBACK", NULL); /* fails when the database has rolled back by itself */
    store->in_transaction = store->backend->in_transaction(store);
    store->marked = store->savepoint = store->together = false;
}

int mr_store_turn(struct mr_store *store, bool alone, struct mr_error *reterr)
{
    const char *sql = alone ? store->backend->turn_alone : store->backend->turn;

    return sql && !store->rehearse ? ahead(store, sql, reterr) : 0;
}

bool mr_store_collided(const struct mr_store *store)
{
    return store->collided;
}

/* ---- one event of several ---- */

bool mr_store_together(struct mr_store *store)
{
    store->together = store->backend->send && store->in_transaction && !store->rehearse;
    return store->together;
}

bool mr_store_apart(struct mr_store *store)
{
    bool apart = store->apart;

    store->apart = false;
    return apart;
}

int mr_store_settle(struct mr_store *store, struct mr_error *reterr)
{
    return store->backend->settle ? store->backend->settle(store, reterr) : 0;
}

void mr_store_mark(struct mr_store *store)
{
    store->marked = true;
    store->savepoint = store->wrote = false;
}

int mr_store_touch(struct mr_store *store, const struct mr_rows *rows, struct mr_error *reterr)
{
    store->wrote |= !rows->reads;
    if (store->together || store->savepoint)
        return 0;
    int r = ahead(store, "SAVEPOINT mr_event", reterr);
    if (r == 0)
        store->savepoint = true;
    return r;
}

int mr_store_keep(struct mr_store *store, struct mr_error *reterr)
{
    int r = store->savepoint ? ahead(store, "RELEASE mr_event", reterr) : 0;

    if (r == 0 && store->savepoint)
        r = mr_store_settle(store, reterr);
    if (r == 0) /* else there is something to undo */
        store->marked = store->savepoint = false;
    return r;
}

static int undo_alone(struct mr_store *store, struct mr_error *reterr)
{
    int r = plain(store, "ROLLBACK TO mr_event", reterr);

    return r != 0 ? r : ahead(store, "RELEASE mr_event", reterr);
}

int mr_store_undo(struct mr_store *store, struct mr_error *reterr)
{
    bool laid = store->savepoint;

    store->marked = store->savepoint = false;
    if (laid)
        return undo_alone(store, reterr);
    if (!store->together || !store->wrote)
        return 0;
    store->apart = true;
    return mr_error_set(reterr, -EAGAIN, "store: one of several events has to be undone");
}
