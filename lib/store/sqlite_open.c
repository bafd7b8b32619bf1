/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, tuning and locking a SQLite file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/lockfile.h"
#include "sqlite_internal.h"

enum { BUSY_TIMEOUT_MS = 5000 };

/* WAL lets readers look on while we write; FULL makes every commit durable. The log is folded back
 * only every 64 MiB: half of the cost of a busy store is the kernel writing its pages twice. */
static const char tuning[] = "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA wal_autocheckpoint = 16384;"
                             "PRAGMA journal_size_limit = 67108864;"
                             "PRAGMA temp_store = MEMORY;"
                             "PRAGMA cache_size = -65536;"
                             "PRAGMA foreign_keys = ON;"
                             "PRAGMA trusted_schema = OFF";

struct connection {
    struct mr_store store;
    sqlite3 *db;
    int lock_fd; /* -1: none */
};

static struct connection *connection_of(const struct mr_store *store)
{
    return (struct connection *)(uintptr_t)store;
}

sqlite3 *mr_sqlite_db(const struct mr_store *store)
{
    return connection_of(store)->db;
}

/* Once per process, before SQLite starts. The journal of savepoints stays in memory: it is emptied
 * with every event. */
static void configure(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int lock(struct connection *c, const char *path, struct mr_error *reterr)
{
    char holder[MR_LOCK_HOLDER];
    int r = mr_lock_beside(path, &c->lock_fd, holder, reterr);

    return r == MR_AGAIN ? mr_error_set(reterr, r,
                                        "store %s is in use by process %s: SQLite serves one "
                                        "instance per consumer group",
                                        path, holder)
                         : r;
}

static int exec(struct connection *c, const char *sql, struct mr_error *reterr)
{
    int code = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : mr_sqlite_fail(c->db, code, NULL, reterr);
}

static int open_file(struct connection *c, const char *path, int flags, struct mr_error *reterr)
{
    int code = sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK) {
        (void)sqlite3_extended_result_codes(c->db, 1);
        (void)sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
        return mr_sqlite_decimals(c->db) == SQLITE_OK ? 0 : -ENOMEM;
    }
    if (!c->db)
        return -ENOMEM;
    int error = sqlite3_system_errno(c->db);
    return mr_error_set(reterr, error ? -error : -EIO, "cannot open store %s: %s", path,
                        error ? strerror(error) : sqlite3_errmsg(c->db));
}

static int open_read_only(struct connection *c, const char *path, struct mr_error *reterr)
{
    if (access(path, F_OK) != 0)
        return mr_error_set(reterr, MR_ABSENT, "there is no store %s", path);
    int r = open_file(c, path, SQLITE_OPEN_READONLY, reterr);
    return r != 0 ? r
                  : exec(c, "PRAGMA query_only = ON; SELECT count(*) FROM sqlite_master", reterr);
}

static int open_beside(struct connection *c, const char *path, struct mr_error *reterr)
{
    if (access(path, F_OK) != 0)
        return mr_error_set(reterr, MR_ABSENT, "there is no store %s", path);
    int r = open_file(c, path, SQLITE_OPEN_READWRITE, reterr);
    return r != 0 ? r : exec(c, "PRAGMA synchronous = FULL", reterr);
}

static int open_for_work(struct connection *c, const char *path,
                         const struct mr_store_options *options, struct mr_error *reterr)
{
    bool memory = strcmp(path, ":memory:") == 0;

    if (options->rehearse && !memory && access(path, F_OK) != 0) {
        path = ":memory:";
        memory = true;
    }
    int r = memory ? 0 : lock(c, path, reterr);
    if (r == 0)
        r = open_file(c, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, reterr);
    return r != 0 ? r : exec(c, tuning, reterr);
}

int mr_sqlite_open(const char *path, const struct mr_store_options *options,
                   struct mr_store **ret_store, struct mr_error *reterr)
{
    configure();
    struct connection *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->store.backend = &mr_backend_sqlite;
    c->store.rehearse = options->rehearse;
    c->lock_fd = -1;
    int r = asprintf(&c->store.name, "sqlite:%s", path) < 0 ? -ENOMEM : 0;
    if (r == 0)
        r = options->database    ? mr_error_set(reterr, MR_INVALID,
                                                "%s is a file, made by its consumer: give "
                                                   "postgresql://...",
                                                c->store.name)
            : options->read_only ? open_read_only(c, path, reterr)
            : options->beside    ? open_beside(c, path, reterr)
                                 : open_for_work(c, path, options, reterr);
    if (r != 0) {
        (void)mr_store_free(&c->store);
        return r;
    }
    *ret_store = &c->store;
    return 0;
}

void mr_sqlite_close(struct mr_store *store)
{
    struct connection *c = connection_of(store);

    (void)sqlite3_close(c->db); /* all statements are finalized: it cannot fail */
    if (c->lock_fd >= 0)
        (void)close(c->lock_fd);
    free(c);
}
