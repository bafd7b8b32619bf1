/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite behind store.h: statements and values. sqlite_open.c opens and locks the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite_internal.h"

struct statement {
    struct mr_rows rows;
    sqlite3_stmt *stmt;
};

static sqlite3_stmt *stmt_of(const struct mr_rows *rows)
{
    return ((const struct statement *)(const void *)rows)->stmt;
}

/* SQLite's primary result code -> ours. What is not listed is a fault of the database: -EIO. */
static const struct {
    int code;
    int r;
    const char *advice;
} codes[] = {
    {SQLITE_CONSTRAINT, MR_INVALID, ""},
    {SQLITE_MISMATCH, MR_INVALID, ""},
    {SQLITE_TOOBIG, MR_INVALID, ""},
    {SQLITE_BUSY, MR_AGAIN, ": another process is writing to it"},
    {SQLITE_LOCKED, MR_AGAIN, ""},
    {SQLITE_NOMEM, -ENOMEM, ""},
    {SQLITE_FULL, -ENOSPC, ": make room on the disk and start again, nothing is lost"},
    {SQLITE_READONLY, -EROFS, ": let this user write the file and its folder"},
    {SQLITE_CANTOPEN, -EACCES, ": let this user write the file and its folder"},
    {SQLITE_NOTADB, MR_INVALID, ": it is no SQLite file"},
    {SQLITE_CORRUPT, -EBADMSG,
     ": restore it from a backup, or remove it and consume from the start"},
    {SQLITE_ERROR, -EINVAL, ""},
    {SQLITE_RANGE, -EINVAL, ""},
    {SQLITE_MISUSE, -EINVAL, ""},
};

int mr_sqlite_fail(sqlite3 *db, int code, const char *what, struct mr_error *reterr)
{
    const char *path = sqlite3_db_filename(db, "main");

    for (size_t i = 0; i < MR_N_ELEMENTS(codes); i++) {
        if (codes[i].code != (code & 0xff))
            continue;
        if (codes[i].r > 0 || !path) /* what one event does: the path is nothing to it */
            path = "";
        return mr_error_set(reterr, codes[i].r, "store%s%s: %s%s%s%s", *path ? " " : "", path,
                            sqlite3_errmsg(db), codes[i].advice, what ? " in: " : "",
                            what ? what : "");
    }
    return mr_error_set(reterr, -EIO, "store %s: %s", path ? path : "", sqlite3_errmsg(db));
}

static int prepare(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                   struct mr_error *reterr)
{
    sqlite3 *db = mr_sqlite_db(store);
    const char *tail = NULL;

    struct statement *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    int code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, &tail);
    if (code != SQLITE_OK || !s->stmt || *tail != '\0') {
        int r = code != SQLITE_OK
                    ? mr_sqlite_fail(db, code, sql, reterr)
                    : mr_error_set(reterr, -EINVAL, "store: not one statement: %s", sql);
        (void)sqlite3_finalize(s->stmt);
        free(s);
        return r;
    }
    s->rows.writes = !sqlite3_stmt_readonly(s->stmt);
    *ret_rows = &s->rows;
    return 0;
}

static void finalize(struct mr_rows *rows)
{
    (void)sqlite3_finalize(stmt_of(rows)); /* repeats an error that was returned already */
    free((void *)(uintptr_t)rows->text);
    free(rows);
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct mr_value *value)
{
    char text[MR_DECIMAL_MAX];

    switch (value->type) {
    case MR_VALUE_INT:
        return sqlite3_bind_int64(stmt, at, value->as.integer);
    case MR_VALUE_TEXT:
        return sqlite3_bind_text64(stmt, at, value->as.text.len ? value->as.text.data : "",
                                   value->as.text.len, SQLITE_STATIC, SQLITE_UTF8);
    case MR_VALUE_BLOB:
        return sqlite3_bind_blob64(stmt, at,
                                   value->as.blob.len ? (const void *)value->as.blob.data : "",
                                   value->as.blob.len, SQLITE_STATIC);
    case MR_VALUE_DECIMAL:
        return sqlite3_bind_text64(stmt, at, text, mr_decimal_text(value->as.decimal, text),
                                   SQLITE_TRANSIENT, SQLITE_UTF8);
    case MR_VALUE_REAL:
        return sqlite3_bind_double(stmt, at, value->as.real);
    case MR_VALUE_NULL:
    case MR_VALUE_STOP:
        break;
    }
    return sqlite3_bind_null(stmt, at);
}

static int bind(struct mr_rows *rows, const struct mr_value *values, struct mr_error *reterr)
{
    sqlite3_stmt *stmt = stmt_of(rows);
    int n = 0;

    for (; values && values[n].type != MR_VALUE_STOP; n++) {
        int code = bind_one(stmt, n + 1, &values[n]);
        if (code != SQLITE_OK)
            return mr_sqlite_fail(mr_sqlite_db(rows->store), code, rows->text, reterr);
    }
    int want = sqlite3_bind_parameter_count(stmt);
    return n == want ? 0
                     : mr_error_set(reterr, -EINVAL, "store: %d values given, %d wanted: %s", n,
                                    want, rows->text);
}

static int step(struct mr_rows *rows, struct mr_error *reterr)
{
    int code = sqlite3_step(stmt_of(rows));

    if (MR_LIKELY(code == SQLITE_DONE))
        return MR_END;
    if (code == SQLITE_ROW)
        return 0;
    return mr_sqlite_fail(mr_sqlite_db(rows->store), code, NULL, reterr);
}

/* Values are borrowed for one call only, so they are forgotten with it. */
static void reset(struct mr_rows *rows)
{
    (void)sqlite3_reset(stmt_of(rows)); /* repeats step's error */
}

static size_t n_columns(const struct mr_rows *rows)
{
    return (size_t)sqlite3_column_count(stmt_of(rows));
}

static const char *column_name(const struct mr_rows *rows, size_t column)
{
    return sqlite3_column_name(stmt_of(rows), (int)column);
}

static struct mr_value column_value(const struct mr_rows *rows, size_t column)
{
    sqlite3_stmt *stmt = stmt_of(rows);
    int at = (int)column;
    struct mr_str text;

    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER:
        return mr_value_int(sqlite3_column_int64(stmt, at));
    case SQLITE_FLOAT:
        return (struct mr_value){MR_VALUE_REAL, {.real = sqlite3_column_double(stmt, at)}};
    case SQLITE_TEXT:
        text.data = (const char *)sqlite3_column_text(stmt, at);
        text.len = (size_t)sqlite3_column_bytes(stmt, at);
        return mr_value_text(text);
    case SQLITE_BLOB:
        text.data = sqlite3_column_blob(stmt, at);
        text.len = (size_t)sqlite3_column_bytes(stmt, at);
        return mr_value_blob((struct mr_bytes){(const uint8_t *)text.data, text.len});
    default:
        return MR_NULL;
    }
}

static int64_t changes(struct mr_store *store)
{
    return sqlite3_changes64(mr_sqlite_db(store));
}

static bool in_transaction(struct mr_store *store)
{
    return sqlite3_get_autocommit(mr_sqlite_db(store)) == 0;
}

static int script(struct mr_store *store, const char *sql, struct mr_error *reterr)
{
    sqlite3 *db = mr_sqlite_db(store);

    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : mr_sqlite_fail(db, code, NULL, reterr);
}

/* A file that is gone takes commits as ever, for nobody: another process may make it anew. */
static int check(struct mr_store *store, struct mr_error *reterr)
{
    int moved = 0;

    (void)sqlite3_file_control(mr_sqlite_db(store), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (!moved)
        return 0;
    return mr_error_set(reterr, -ESTALE,
                        "the file of store %s was removed or replaced while it was in use: put it "
                        "back, or start again, which reads the topics from their beginning",
                        store->name);
}

const struct mr_backend mr_backend_sqlite = {
    .scheme = "sqlite",
    .shared = false,
    .relations = "SELECT name, type = 'view' FROM sqlite_master WHERE type IN ('table', 'view')"
                 " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    .open = mr_sqlite_open,
    .close = mr_sqlite_close,
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
    .check = check,
    .script = script,
};
