/* SPDX-License-Identifier: Apache-2.0 */
/* Forward-only migrations, remembered with the digest of their text. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "backend.h"
#include "millrace/hash.h"

static const char ledger[] = "CREATE TABLE IF NOT EXISTS mr_migration ("
                             " name TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,"
                             " applied_at INTEGER NOT NULL, PRIMARY KEY (name, number))"
                             " STRICT, WITHOUT ROWID";

enum { DIGEST_TEXT = 64 };

static struct mr_str digest(const char *sql, char out[DIGEST_TEXT])
{
    uint8_t raw[DIGEST_TEXT / 2];

    mr_sha256(sql, strlen(sql), raw);
    return (struct mr_str){out, mr_hex_encode(raw, sizeof(raw), out)};
}

int mr_store_lock(struct mr_store *store, struct mr_error *reterr)
{
    return store->backend->lock_migrations
               ? mr_store_run(store, store->backend->lock_migrations, MR_NO_VALUES, reterr)
               : 0;
}

static const char *text_of(const struct mr_store *store, const struct mr_migration *m)
{
    return store->backend == &mr_backend_postgres && m->postgres ? m->postgres : m->sqlite;
}

static int apply(struct mr_store *store, const char *name, const struct mr_migration *m,
                 int64_t now, struct mr_error *reterr)
{
    char text[DIGEST_TEXT];

    int r = store->backend->script(store, text_of(store, m), reterr);
    if (r != 0)
        return r;
    return mr_store_run(store, "INSERT INTO mr_migration VALUES (?1, ?2, ?3, ?4)",
                        MR_VALUES(MR_TEXT_OF(name), MR_INT(m->number),
                                  MR_TEXT(digest(text_of(store, m), text)), MR_INT(now)),
                        reterr);
}

/* Outcomes: 0 it is there and the same, MR_ABSENT, MR_INVALID edited since, -errno. */
static int check(struct mr_store *store, struct mr_arena *arena, const char *name,
                 const struct mr_migration *m, struct mr_error *reterr)
{
    char text[DIGEST_TEXT];
    struct mr_str was;

    int r = mr_store_row(store, arena, MR_INTO(MR_INTO_TEXT(&was)),
                         "SELECT digest FROM mr_migration WHERE name = ?1 AND number = ?2",
                         MR_VALUES(MR_TEXT_OF(name), MR_INT(m->number)), reterr);
    if (r != 0 || mr_str_eq(was, digest(text_of(store, m), text)))
        return r;
    return mr_error_set(
        reterr, MR_INVALID,
        "store %s: migration %d of %s was edited after it was applied: add a new one "
        "instead",
        mr_store_name(store), m->number, name);
}

static int check_newest(struct mr_store *store, struct mr_arena *arena, const char *name,
                        size_t n_known, struct mr_error *reterr)
{
    int64_t newest = 0;

    int r = mr_store_row(store, arena, MR_INTO(MR_INTO_INT(&newest)),
                         "SELECT max(number) FROM mr_migration WHERE name = ?1",
                         MR_VALUES(MR_TEXT_OF(name)), reterr);
    if (r != 0 || newest <= (int64_t)n_known)
        return r;
    return mr_error_set(reterr, MR_INVALID,
                        "store %s was made by a newer build (%s is at %" PRId64
                        ", this one knows %zu)",
                        mr_store_name(store), name, newest, n_known);
}

static int migrate(struct mr_store *store, struct mr_arena *arena, const char *name,
                   const struct mr_migration *migrations, size_t n, int64_t now,
                   struct mr_error *reterr)
{
    int r = mr_store_lock(store, reterr);

    if (r == 0)
        r = store->backend->script(store, ledger, reterr);
    if (r == 0)
        r = check_newest(store, arena, name, n, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        if (migrations[i].number != (int32_t)i + 1)
            return mr_error_set(reterr, -EINVAL, "migrations of %s are not numbered 1, 2, 3", name);
        r = check(store, arena, name, &migrations[i], reterr);
        if (r == MR_ABSENT)
            r = apply(store, name, &migrations[i], now, reterr);
    }
    return r;
}

int mr_store_migrate(struct mr_store *store, const char *name,
                     const struct mr_migration *migrations, size_t n_migrations, int64_t now,
                     struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;

    int r = mr_arena_new(0, &arena);
    if (r == 0)
        r = mr_store_begin(store, reterr);
    if (r != 0)
        return r;
    r = migrate(store, arena, name, migrations, n_migrations, now, reterr);
    if (r == 0)
        return mr_store_commit(store, reterr);
    mr_store_rollback(store);
    return r;
}
