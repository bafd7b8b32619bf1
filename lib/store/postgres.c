/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL behind store.h: statements and values. Values and columns travel as text, whose types
 * the server knows from the tables; bytes travel as they are, so 16 of them are a uuid as well. */
#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_internal.h"

/* pg_type.h, which never changes */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700
};
enum { MOST_VALUES = 64, NAME = 24 };

struct statement {
    struct mr_rows rows;
    char *sql;       /* spelled for PostgreSQL */
    char name[NAME]; /* on the server */
    int64_t session; /* of the connection that it was prepared on; 0: not yet */
    unsigned n_values;
    bool plain; /* ends or begins a transaction: not prepared */
    PGresult *result;
    int row;             /* -1: before the first */
    struct mr_buf texts; /* copies of the values under way */
};

static struct statement *statement_of(const struct mr_rows *rows)
{
    return (struct statement *)(uintptr_t)rows;
}

static bool begins_with(const char *sql, const char *word)
{
    return strncmp(sql, word, strlen(word)) == 0;
}

static bool ends_or_begins(const char *sql)
{
    static const char *const list[] = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT ", "RELEASE "};

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

    struct statement *s = calloc(1, sizeof(*s));
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
    s->rows.writes = !s->plain;
    *ret_rows = &s->rows;
    return 0;
}

static void finalize(struct mr_rows *rows)
{
    struct statement *s = statement_of(rows);
    struct postgres *pg = postgres_of(rows->store);
    char sql[NAME + 16];

    PQclear(s->result);
    if (!pg->store.closing && s->session == pg->session && !pg->lost &&
        PQtransactionStatus(pg->conn) != PQTRANS_INERROR) {
        (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name);
        PQclear(PQexec(pg->conn, sql));
    }
    mr_buf_done(&s->texts);
    free(s->sql);
    free((void *)(uintptr_t)rows->text);
    free(rows);
}

/* ---- values ---- */

struct bound {
    const char *values[MOST_VALUES];
    int lengths[MOST_VALUES], formats[MOST_VALUES];
    size_t offsets[MOST_VALUES]; /* in texts */
    int n;
};

static int put_text(struct statement *s, struct mr_str text, struct mr_error *reterr)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len))
        return mr_error_set(reterr, MR_INVALID,
                            "store: PostgreSQL's text cannot hold a zero byte, in: %s",
                            s->rows.text);
    int r = text.len > 0 ? mr_buf_append(&s->texts, text.data, text.len) : 0;
    return r == 0 ? mr_buf_byte(&s->texts, '\0') : r;
}

static int put_decimal(struct statement *s, struct mr_decimal decimal, struct mr_error *reterr)
{
    char text[MR_DECIMAL_MAX];

    return put_text(s, (struct mr_str){text, mr_decimal_text(decimal, text)}, reterr);
}

/* Not by printf: it is half of the cost of a row. */
static int put_int(struct statement *s, int64_t x)
{
    char text[24], *at = text + sizeof(text);
    uint64_t left = x < 0 ? -(uint64_t)x : (uint64_t)x;

    *--at = '\0';
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (x < 0)
        *--at = '-';
    return mr_buf_append(&s->texts, at, (size_t)(text + sizeof(text) - at));
}

static int bind_one(struct statement *s, struct bound *b, const struct mr_value *value,
                    struct mr_error *reterr)
{
    int at = b->n++;

    b->formats[at] = 0;
    b->values[at] = "";
    b->offsets[at] = s->texts.len;
    switch (value->type) {
    case MR_VALUE_INT:
        return put_int(s, value->as.integer);
    case MR_VALUE_REAL:
        return mr_buf_printf(&s->texts, "%.17g%c", value->as.real, '\0');
    case MR_VALUE_TEXT:
        return put_text(s, value->as.text, reterr);
    case MR_VALUE_DECIMAL:
        return put_decimal(s, value->as.decimal, reterr);
    case MR_VALUE_BLOB:
        b->formats[at] = 1;
        b->lengths[at] = (int)value->as.blob.len;
        if (value->as.blob.len > 0)
            b->values[at] = (const char *)value->as.blob.data;
        return 0;
    case MR_VALUE_NULL:
    case MR_VALUE_STOP:
        break;
    }
    b->values[at] = NULL;
    return 0;
}

static int bind_all(struct statement *s, struct bound *b, const struct mr_value *values,
                    struct mr_error *reterr)
{
    int r = 0;

    b->n = 0;
    s->texts.len = 0;
    while (r == 0 && values && values[b->n].type != MR_VALUE_STOP && b->n < MOST_VALUES)
        r = bind_one(s, b, &values[b->n], reterr);
    if (r == 0 && (unsigned)b->n != s->n_values)
        r = mr_error_set(reterr, -EINVAL, "store: %d values given, %u wanted: %s", b->n,
                         s->n_values, s->rows.text);
    for (int i = 0; i < b->n; i++) /* texts has grown, and moved, until now */
        if (b->formats[i] == 0 && b->values[i])
            b->values[i] = (const char *)s->texts.data + b->offsets[i];
    return r;
}

/* ---- running ---- */

static int take_result(struct statement *s, PGresult *result, struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        int r = mr_postgres_fail(pg, result, s->rows.text, reterr);
        PQclear(result);
        return r;
    }
    if (!begins_with(PQcmdStatus(result), "SELECT"))
        pg->changes = strtoll(PQcmdTuples(result), NULL, 10);
    s->result = result;
    s->row = -1;
    return 0;
}

/* Outside a transaction a lost connection is made anew: nothing hangs on it. */
static int ready(struct postgres *pg, struct mr_error *reterr)
{
    if (pg->lost && pg->store.in_transaction)
        return mr_error_set(reterr, -EAGAIN, "store: the transaction is lost");
    if (pg->store.in_transaction)
        return 0;
    int r = mr_postgres_connected(pg, reterr);
    return r == MR_AGAIN ? -EAGAIN : r;
}

static int execute(struct statement *s, const struct bound *b, struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);

    if (s->session != pg->session) {
        PGresult *prepared = PQprepare(pg->conn, s->name, s->sql, 0, NULL);
        int r = PQresultStatus(prepared) == PGRES_COMMAND_OK
                    ? 0
                    : mr_postgres_fail(pg, prepared, s->rows.text, reterr);
        PQclear(prepared);
        if (r != 0)
            return r;
        s->session = pg->session;
    }
    return take_result(
        s, PQexecPrepared(pg->conn, s->name, b->n, b->values, b->lengths, b->formats, 0), reterr);
}

static int bind(struct mr_rows *rows, const struct mr_value *values, struct mr_error *reterr)
{
    struct statement *s = statement_of(rows);
    struct postgres *pg = postgres_of(rows->store);
    struct bound b;

    int r = bind_all(s, &b, values, reterr);
    if (r == 0)
        r = ready(pg, reterr);
    if (r == 0)
        r = execute(s, &b, reterr);
    if (r != -EAGAIN || pg->store.in_transaction || PQstatus(pg->conn) == CONNECTION_OK)
        return r;
    r = ready(pg, reterr); /* the server was restarted since: once more */
    return r == 0 ? execute(s, &b, reterr) : r;
}

static int step_plain(struct statement *s, struct mr_error *reterr)
{
    struct postgres *pg = postgres_of(s->rows.store);
    bool begins = begins_with(s->sql, "BEGIN");

    int r = begins ? mr_postgres_connected(pg, reterr) : 0;
    if (r == 0 && pg->lost && strcmp(s->sql, "ROLLBACK") != 0)
        r = mr_error_set(reterr, -EAGAIN, "store: the transaction is lost");
    if (r == 0)
        r = mr_postgres_exec(pg, begins ? "BEGIN" : s->sql, reterr);
    return r == 0 ? MR_END : begins && r == -EAGAIN ? MR_AGAIN : r;
}

static int step(struct mr_rows *rows, struct mr_error *reterr)
{
    struct statement *s = statement_of(rows);

    if (s->plain)
        return step_plain(s, reterr);
    return ++s->row < PQntuples(s->result) ? 0 : MR_END;
}

static void reset(struct mr_rows *rows)
{
    struct statement *s = statement_of(rows);

    PQclear(s->result);
    s->result = NULL;
}

/* ---- columns ---- */

static size_t n_columns(const struct mr_rows *rows)
{
    return (size_t)PQnfields(statement_of(rows)->result);
}

static const char *column_name(const struct mr_rows *rows, size_t column)
{
    return PQfname(statement_of(rows)->result, (int)column);
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "\x00ff", over itself: bytes are fewer than digits. Once decoded the x is gone. */
static struct mr_bytes decode(char *text, size_t len)
{
    size_t n = len < 2 ? 0 : (len - 2) / 2;
    uint8_t *bytes = (uint8_t *)text + 2;

    if (len >= 2 && text[1] == 'x') {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(nibble((char)bytes[2 * i]) << 4 | nibble((char)bytes[2 * i + 1]));
        text[1] = '\0';
    }
    return (struct mr_bytes){bytes, n};
}

/* sum() of whole numbers is one. */
static bool is_whole(const char *text)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");

    return digits > 0 && digits < 19 && text[(*text == '-') + digits] == '\0';
}

static struct mr_value column_value(const struct mr_rows *rows, size_t column)
{
    const PGresult *result = statement_of(rows)->result;
    int row = statement_of(rows)->row, at = (int)column;

    if (PQgetisnull(result, row, at))
        return MR_NULL;
    char *text = PQgetvalue(result, row, at);
    size_t len = (size_t)PQgetlength(result, row, at);
    switch (PQftype(result, at)) {
    case OID_INT8:
    case OID_INT4:
    case OID_INT2:
        return mr_value_int(strtoll(text, NULL, 10));
    case OID_BOOL:
        return mr_value_int(*text == 't');
    case OID_BYTEA:
        return mr_value_blob(decode(text, len));
    case OID_FLOAT4:
    case OID_FLOAT8:
        return (struct mr_value){MR_VALUE_REAL, {.real = strtod(text, NULL)}};
    case OID_NUMERIC:
        if (is_whole(text))
            return mr_value_int(strtoll(text, NULL, 10));
        return mr_value_text((struct mr_str){text, len});
    default:
        return mr_value_text((struct mr_str){text, len});
    }
}

static int64_t changes(struct mr_store *store)
{
    return postgres_of(store)->changes;
}

/* After a rollback: a transaction that could not be rolled back goes with its connection. */
static bool in_transaction(struct mr_store *store)
{
    struct postgres *pg = postgres_of(store);

    pg->lost = PQtransactionStatus(pg->conn) != PQTRANS_IDLE;
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
    .open = mr_postgres_open,
    .close = mr_postgres_close,
    .prepare = prepare,
    .finalize = finalize,
    .bind = bind,
    .step = step,
    .reset = reset,
    .n_columns = n_columns,
    .column_name = column_name,
    .column = column_value,
    .changes = changes,
    .in_transaction = in_transaction,
    .script = script,
};
