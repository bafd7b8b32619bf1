/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL behind store.h: statements, prepared once, run at once or sent ahead. */
#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_internal.h"

static bool begins_with(const char *sql, const char *word)
{
    return strncmp(sql, word, strlen(word)) == 0;
}

static bool ends_or_begins(const char *sql)
{
    static const char *const list[] = {"BEGIN", "COMMIT", "ROLLBACK"};

    for (size_t i = 0; i < MR_N_ELEMENTS(list); i++)
        if (begins_with(sql, list[i]))
            return true;
    return false;
}

static int prepare(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                   MR_UNUSED struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(store);
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    struct postgres_statement *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    int r = mr_postgres_spell(sql, &text, &s->n_values);
    s->sql = r == 0 && mr_buf_cstr(&text) ? strdup(mr_buf_cstr(&text)) : NULL;
    if (!s->sql) {
        free(s);
        return -ENOMEM;
    }
    (void)snprintf(s->name, sizeof(s->name), "s%" PRId64, ++pg->n_statements);
    s->plain = ends_or_begins(sql);
    /* A statement that fails takes its transaction along, whatever it does: so it is saved. */
    s->rows.writes = !s->plain && !begins_with(sql, "SAVEPOINT ") && !begins_with(sql, "RELEASE ");
    s->rows.reads = begins_with(sql, "SELECT");
    if (mr_postgres_gather_new(s) != 0) {
        free(s->sql);
        free(s);
        return -ENOMEM;
    }
    *ret_rows = &s->rows;
    return 0;
}

static void finalize(struct mr_rows *rows)
{
    struct postgres_statement *s = postgres_statement_of(rows);
    struct postgres *pg = postgres_of(rows->store);
    char sql[POSTGRES_NAME + 16];

    PQclear(s->result);
    (void)mr_postgres_settle(pg, NULL, NULL); /* its text is borrowed there; the outcome stays */
    bool alive =
        !pg->store.closing && !pg->lost && PQtransactionStatus(pg->conn) != PQTRANS_INERROR;
    mr_postgres_gather_done(pg, s, alive);
    if (alive && s->session == pg->session) {
        (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name);
        PQclear(PQexec(pg->conn, sql));
    }
    mr_buf_done(&s->texts);
    free(s->sql);
    free((void *)(uintptr_t)rows->text);
    free(rows);
}

/* ---- running ---- */

static int fail(struct postgres_statement *s, PGresult *result, struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);
    struct mr_error error = MR_ERROR_INIT;

    int r = mr_postgres_fail(pg, result, s->rows.text, &error);
    PQclear(result);
    if (reterr)
        *reterr = error;
    return mr_postgres_remember(pg, r, &error);
}

static int take_result(struct postgres_statement *s, PGresult *result, struct mr_error *reterr)
{
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return fail(s, result, reterr);
    if (!begins_with(PQcmdStatus(result), "SELECT"))
        postgres_of(s->rows.store)->changes = strtoll(PQcmdTuples(result), NULL, 10);
    s->result = result;
    s->row = -1;
    return 0;
}

/* Outside a transaction a lost connection is made anew: nothing hangs on it. */
static int ready(struct postgres *pg, struct mr_error *reterr)
{
    int r = pg->store.in_transaction ? mr_postgres_failed(pg, reterr) : 0;

    if (r == 0 && pg->lost && pg->store.in_transaction)
        r = mr_error_set(reterr, -EAGAIN, "store: the transaction is lost");
    if (r != 0 || pg->store.in_transaction)
        return r;
    r = mr_postgres_connected(pg, reterr);
    return r == MR_AGAIN ? -EAGAIN : r;
}

int mr_postgres_prepare(struct postgres *pg, struct postgres_statement *s, const char *name,
                        const char *sql, struct mr_error *reterr)
{
    int r = mr_postgres_settle(pg, NULL, reterr);

    if (r != 0)
        return r;
    PGresult *result = PQprepare(pg->conn, name, sql, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return fail(s, result, reterr);
    PQclear(result);
    return 0;
}

int mr_postgres_prepared(struct postgres_statement *s, struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);
    int r = s->session == pg->session ? 0 : mr_postgres_prepare(pg, s, s->name, s->sql, reterr);

    if (r == 0)
        s->session = pg->session;
    return r;
}

/* Behind what was sent ahead, if anything was: one wait for all of it. */
static int execute(struct postgres_statement *s, const struct postgres_bound *b,
                   struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);

    int r = mr_postgres_prepared(s, reterr);
    if (r == 0)
        r = mr_postgres_flush(pg, false, reterr);
    if (r == 0 && pg->pipe.open) {
        r = mr_postgres_send(pg, s, b, reterr);
        s->row = -1;
        return r == 0 ? mr_postgres_settle(pg, &s->result, reterr) : r;
    }
    if (r != 0)
        return r;
    return take_result(
        s, PQexecPrepared(pg->conn, s->name, b->n, b->values, b->lengths, b->formats, 0), reterr);
}

static int bind(struct mr_rows *rows, const struct mr_value *values, struct mr_error *reterr)
{
    struct postgres_statement *s = postgres_statement_of(rows);
    struct postgres *pg = postgres_of(rows->store);
    struct postgres_bound b;

    int r = mr_postgres_bind(s, &b, values, reterr);
    if (r == 0)
        r = ready(pg, reterr);
    if (r == 0)
        r = execute(s, &b, reterr);
    if (r != -EAGAIN || pg->store.in_transaction || PQstatus(pg->conn) == CONNECTION_OK)
        return r;
    r = ready(pg, reterr); /* the server was restarted since: once more */
    return r == 0 ? execute(s, &b, reterr) : r;
}

static int send(struct mr_rows *rows, const struct mr_value *values, struct mr_error *reterr)
{
    struct postgres_statement *s = postgres_statement_of(rows);
    struct postgres *pg = postgres_of(rows->store);
    struct postgres_bound b;

    int r = mr_postgres_bind(s, &b, values, reterr);
    if (r == 0)
        r = ready(pg, reterr);
    if (r == 0 && s->gather && pg->store.together)
        return mr_postgres_gather(pg, s, &b, reterr);
    if (r == 0)
        r = mr_postgres_prepared(s, reterr);
    return r == 0 ? mr_postgres_send(pg, s, &b, reterr) : r;
}

static int settle(struct mr_store *store, struct mr_error *reterr)
{
    return mr_postgres_settle(postgres_of(store), NULL, reterr);
}

/* What failed is no more once it is undone. */
static int undo_plain(struct postgres *pg, const char *sql, struct mr_error *reterr)
{
    mr_postgres_drop(pg);
    (void)mr_postgres_settle(pg, NULL, NULL);
    if (pg->lost && strcmp(sql, "ROLLBACK") != 0)
        return mr_error_set(reterr, -EAGAIN, "store: the transaction is lost");
    int r = mr_postgres_exec(pg, sql, reterr);
    if (r == 0)
        pg->failed = 0;
    return r;
}

static int begin_plain(struct postgres *pg, struct mr_error *reterr)
{
    int r = mr_postgres_connected(pg, reterr);

    pg->failed = 0;
    if (r == 0)
        r = mr_postgres_exec(pg, "BEGIN", reterr);
    return r == -EAGAIN ? MR_AGAIN : r;
}

static int commit_plain(struct postgres *pg, struct mr_error *reterr)
{
    int r = mr_postgres_settle(pg, NULL, reterr);

    if (r == 0 && pg->lost)
        r = mr_error_set(reterr, -EAGAIN, "store: the transaction is lost");
    return r == 0 ? mr_postgres_exec(pg, "COMMIT", reterr) : r;
}

static int step_plain(const struct postgres_statement *s, struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);

    int r = begins_with(s->sql, "BEGIN")      ? begin_plain(pg, reterr)
            : begins_with(s->sql, "ROLLBACK") ? undo_plain(pg, s->sql, reterr)
                                              : commit_plain(pg, reterr);
    return r == 0 ? MR_END : r;
}

static int step(struct mr_rows *rows, struct mr_error *reterr)
{
    struct postgres_statement *s = postgres_statement_of(rows);

    if (s->plain)
        return step_plain(s, reterr);
    return ++s->row < PQntuples(s->result) ? 0 : MR_END;
}

static void reset(struct mr_rows *rows)
{
    struct postgres_statement *s = postgres_statement_of(rows);

    PQclear(s->result);
    s->result = NULL;
}

/* A failure stays, and is told by the next call. */
static int64_t changes(struct mr_store *store)
{
    (void)mr_postgres_flush(postgres_of(store), true, NULL);
    return mr_postgres_settle(postgres_of(store), NULL, NULL) == 0 ? postgres_of(store)->changes
                                                                   : 0;
}

/* After a rollback: a transaction that could not be rolled back goes with its connection. */
static bool in_transaction(struct mr_store *store)
{
    struct postgres *pg = postgres_of(store);

    pg->lost = PQtransactionStatus(pg->conn) != PQTRANS_IDLE;
    pg->failed = 0;
    return false;
}

static int script(struct mr_store *store, const char *sql, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    unsigned n_values;

    int r = mr_postgres_spell(sql, &text, &n_values);
    if (r != 0 || !mr_buf_cstr(&text))
        return -ENOMEM;
    return mr_postgres_exec(postgres_of(store), mr_buf_cstr(&text), reterr);
}

const struct mr_backend mr_backend_postgres = {
    .scheme = "postgresql",
    .shared = true,
    .relations = "SELECT relname::text COLLATE \"C\", relkind = 'v' FROM pg_class"
                 " WHERE relnamespace = current_schema()::regnamespace"
                 " AND relkind IN ('r', 'v', 'p', 'm') ORDER BY 1",
    .lock_migrations = "SELECT pg_advisory_xact_lock(hashtext('millrace'),"
                       " hashtext(current_schema()))",
    .turn = "SELECT pg_advisory_xact_lock_shared(hashtext('millrace-turn'),"
            " hashtext(current_schema()))",
    .turn_alone = "SELECT pg_advisory_xact_lock(hashtext('millrace-turn'),"
                  " hashtext(current_schema()))",
    .open = mr_postgres_open,
    .close = mr_postgres_close,
    .prepare = prepare,
    .finalize = finalize,
    .bind = bind,
    .send = send,
    .settle = settle,
    .step = step,
    .reset = reset,
    .n_columns = mr_postgres_n_columns,
    .column_name = mr_postgres_column_name,
    .column = mr_postgres_column,
    .changes = changes,
    .in_transaction = in_transaction,
    .script = script,
};
