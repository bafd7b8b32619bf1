/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to PostgreSQL, again if need be, and what each session is told first. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/time.h"
#include "millrace/uuid.h"
#include "postgres_internal.h"

enum { PATIENCE_MS = 5000, FIRST_WAIT_MS = 50, MOST_WAIT_MS = 1000 };

/* A process that stands still in mid-transaction holds locks that its heir waits for: the server
 * ends it, or end_silent below. Locks of others are waited for a little longer than that. */
static const char settings[] = "SET idle_in_transaction_session_timeout = '10s';"
                               "SET lock_timeout = '12s';"
                               "SET standard_conforming_strings = on;"
                               "SET bytea_output = hex;"
                               "SET extra_float_digits = 1;"
                               "SET DateStyle = ISO;"
                               "SET default_transaction_isolation = 'read committed'";

/* Running consumers share the store; a rehearsal, which keeps its locks to the end, wants it for
 * itself. */
static const char share[] = "SELECT pg_try_advisory_lock_shared(hashtext('millrace-in-use'),"
                            " coalesce(hashtext(current_schema()), 0))";
static const char own[] = "SELECT pg_try_advisory_lock(hashtext('millrace-in-use'),"
                          " coalesce(hashtext(current_schema()), 0))";

/* Who stands still between two statements that were sent ahead, or while its answer is on its way,
 * is not idle in the server's eyes. To ours it is: it serves this very store, and it said nothing
 * for 10 s. */
static const char end_silent[] =
    "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a JOIN pg_locks AS l"
    " ON l.pid = a.pid WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
    " AND l.locktype = 'advisory' AND l.objsubid = 2"
    " AND l.classid = CAST(hashtext('millrace-in-use')::bigint & 4294967295 AS oid)"
    " AND l.objid = CAST(hashtext(current_schema())::bigint & 4294967295 AS oid)"
    " AND a.state = 'active' AND a.wait_event IN ('ClientRead', 'ClientWrite')"
    " AND a.query_start < now() - interval '10 s'";

static void keep_quiet(MR_UNUSED void *self, MR_UNUSED const char *text)
{
}

static int lock(struct postgres *pg, const char *sql, struct mr_error *reterr)
{
    PGresult *result = PQexec(pg->conn, sql);
    int r = 0;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        r = mr_postgres_fail(pg, result, sql, reterr);
    else if (*PQgetvalue(result, 0, 0) != 't')
        r = mr_error_set(reterr, MR_AGAIN, "store %s is in use by %s", pg->store.name,
                         sql == own ? "a consumer: rehearse on a store of its own"
                                    : "a --dry-run: start when it has ended");
    PQclear(result);
    return r;
}

static int prepare_session(struct postgres *pg, struct mr_error *reterr)
{
    (void)PQsetNoticeProcessor(pg->conn, keep_quiet, NULL);
    pg->session++;
    pg->lost = pg->pipe.open = false;
    int r = mr_postgres_exec(pg, settings, reterr);
    if (r == 0 && pg->read_only)
        return mr_postgres_exec(pg, "SET default_transaction_read_only = on", reterr);
    if (r != 0 || pg->beside || pg->database)
        return r;
    return lock(pg, pg->store.rehearse ? own : share, reterr);
}

/* libpq's text names host, port and user, and never the password. */
static int say_unreachable(struct postgres *pg, int r, struct mr_error *reterr)
{
    const char *text = PQerrorMessage(pg->conn);

    return mr_error_set(reterr, r, "cannot open store %s: %.*s", pg->store.name,
                        (int)strcspn(text, "\n"), text);
}

static void nap(int64_t ms)
{
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&ts, NULL); /* a signal may cut it short: somebody wants to stop */
}

static int connect_again(struct postgres *pg, struct mr_error *reterr)
{
    int64_t deadline = mr_time_steady() + INT64_C(1000) * PATIENCE_MS;
    for (int64_t wait = FIRST_WAIT_MS;; wait = wait * 2 < MOST_WAIT_MS ? wait * 2 : MOST_WAIT_MS) {
        PQreset(pg->conn);
        int r = -EAGAIN;
        if (PQstatus(pg->conn) != CONNECTION_OK)
            (void)say_unreachable(pg, MR_AGAIN, reterr);
        else
            r = prepare_session(pg, reterr);
        if (r != -EAGAIN && r != MR_AGAIN)
            return r;
        if (mr_time_steady() + 1000 * wait > deadline)
            return MR_AGAIN;
        nap(wait);
    }
}

/* Who may not end it, or finds nobody, waits for the lock once more. */
int mr_postgres_connected(struct postgres *pg, struct mr_error *reterr)
{
    int r = 0;

    if (PQstatus(pg->conn) == CONNECTION_OK && PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        pg->lost = false;
    else
        r = connect_again(pg, reterr);
    if (r == 0 && pg->blocked)
        (void)mr_postgres_exec(pg, end_silent, NULL);
    pg->blocked = false;
    return r;
}

static int connect_first(struct postgres *pg, struct postgres_words *words, struct mr_error *reterr)
{
    const char *keywords[MR_N_ELEMENTS(words->keywords) + 1] = {0};
    const char *values[MR_N_ELEMENTS(words->values) + 1] = {0};

    for (size_t i = 0; i < words->n; i++) {
        keywords[i] = words->keywords[i];
        values[i] = words->values[i];
    }
    pg->conn = PQconnectdbParams(keywords, values, 0);
    if (!pg->conn)
        return -ENOMEM;
    if (PQstatus(pg->conn) != CONNECTION_OK)
        return say_unreachable(pg, -ECONNREFUSED, reterr);
    if (PQserverVersion(pg->conn) < 120000)
        return mr_error_set(reterr, MR_INVALID, "store %s: PostgreSQL %d is too old: 12 or newer",
                            pg->store.name, PQserverVersion(pg->conn) / 10000);
    int r = prepare_session(pg, reterr);
    return r == -EAGAIN ? MR_AGAIN : r;
}

/* A read-only look at a store that no consumer has made yet is told so. */
static int check_there(struct postgres *pg, struct mr_error *reterr)
{
    int64_t n = 0;

    int r = mr_store_row(&pg->store, NULL, MR_INTO(MR_INTO_INT(&n)),
                         "SELECT count(*) FROM pg_class WHERE relname = 'mr_migration'"
                         " AND relnamespace = current_schema()::regnamespace",
                         MR_NO_VALUES, reterr);
    if (r != 0 || n > 0)
        return r;
    return mr_error_set(reterr, MR_ABSENT, "there is no store %s", pg->store.name);
}

static int check_schema(struct postgres *pg, struct mr_error *reterr)
{
    int64_t none = 0;

    int r = mr_store_row(&pg->store, NULL, MR_INTO(MR_INTO_INT(&none)),
                         "SELECT current_schema() IS NULL", MR_NO_VALUES, reterr);
    if (r != 0 || !none)
        return r;
    return mr_error_set(reterr, MR_INVALID,
                        "store %s: the schema of its search_path does not exist: `millrace "
                        "store create` makes it",
                        pg->store.name);
}

/* 63 bits: two processes are never one. */
static int name_instance(struct postgres *pg)
{
    struct mr_uuid id;

    int r = mr_uuid_v4(&id);
    memcpy(&pg->store.instance, id.bytes + 8, sizeof(pg->store.instance));
    pg->store.instance &= INT64_MAX;
    return r;
}

static int open_words(struct postgres *pg, const char *url, const struct mr_store_options *options,
                      struct mr_error *reterr)
{
    struct postgres_words words;

    int r = mr_postgres_words(url, options, &words, &pg->store.name, reterr);
    if (r == 0)
        r = name_instance(pg);
    if (r == 0)
        r = connect_first(pg, &words, reterr);
    mr_postgres_words_free(&words);
    if (r == 0 && !pg->database)
        r = check_schema(pg, reterr);
    return r == 0 && (pg->read_only || pg->beside) ? check_there(pg, reterr) : r;
}

int mr_postgres_open(const char *url, const struct mr_store_options *options,
                     struct mr_store **ret_store, struct mr_error *reterr)
{
    struct postgres *pg = calloc(1, sizeof(*pg));

    if (!pg)
        return -ENOMEM;
    pg->store.backend = &mr_backend_postgres;
    pg->store.rehearse = options->rehearse;
    pg->read_only = options->read_only;
    pg->beside = options->beside;
    pg->database = options->database;
    int r = open_words(pg, url, options, reterr);
    if (r != 0) {
        (void)mr_store_free(&pg->store);
        return r;
    }
    *ret_store = &pg->store;
    return 0;
}

void mr_postgres_close(struct mr_store *store)
{
    struct postgres *pg = postgres_of(store);

    PQfinish(pg->conn);
    free(pg);
}
