/* SPDX-License-Identifier: Apache-2.0 */
/* One SQL interface over the stores that a consumer may keep its read model in: SQLite for one
 * instance, PostgreSQL for several.
 *
 * SQL is written once for both, as SQLite reads it: ?1..?9 for values, ON CONFLICT for upserts, no
 * REAL. Money is exact text (MR_DECIMAL), instants are microseconds since 1970 (MR_INT).
 * docs/consumers.md. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/decimal.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/str.h"

struct mr_store; /* one connection; one thread */

struct mr_store_options {
    bool read_only; /* beside a running consumer; never creates, never migrates */
    bool beside;    /* to write a word beside a running consumer: not locked, never creates */
    bool rehearse;  /* --dry-run: one transaction that is never committed; a store that does not
                     * exist  yet is made in memory */
    bool database;  /* PostgreSQL alone: the database, whatever store is in it or not */
};

/* url: "sqlite:PATH", "PATH", "sqlite::memory:", or "postgresql://..." as libpq has it (its schema
 * by options=-csearch_path=NAME). Unless read_only, a SQLite store is locked against a
 * second process for as long as it is open (PATH.lock). Outcomes: 0; MR_INVALID: a URL this build
 * cannot serve, or a file that is no store; MR_AGAIN: another process has it; MR_ABSENT: read_only
 * and there is none; -errno. */
int mr_store_open(const char *url, const struct mr_store_options *options,
                  struct mr_store **ret_store, struct mr_error *reterr);
/* Rolls back what is open. NULL is fine. Returns NULL. */
struct mr_store *mr_store_free(struct mr_store *store);
MR_DEFINE_AUTO(mr_store, struct mr_store *, mr_store_free);

/* Places for stores, where many share a database: makes the schemas of the PostgreSQL database at
 * url that are not there, all or none; made[i]: by this call. Outcomes: 0; MR_INVALID: another kind
 * of store, which needs none; else as mr_store_open. */
int mr_store_create(const char *url, const char *const *schemas, size_t n, bool *made,
                    struct mr_error *reterr);

/* For main(), before anything else: passwords of URLs are painted over in the words of the command
 * line that ps shows; argv points to copies then, which live as long as the process. 0, -ENOMEM. */
int mr_store_hide_passwords(int argc, char **argv);

/* The URL without secrets, and whether several processes may share it (then each owns only the
 * partitions that it was assigned). Borrowed. */
const char *mr_store_name(const struct mr_store *store);
bool mr_store_is_shared(const struct mr_store *store);

/* ---- values ---- */
enum mr_value_type {
    MR_VALUE_STOP, /* ends a list */
    MR_VALUE_NULL,
    MR_VALUE_INT,
    MR_VALUE_TEXT,
    MR_VALUE_BLOB,
    MR_VALUE_DECIMAL, /* bound as its shortest exact text; never comes back from a column */
    MR_VALUE_REAL,    /* only ever comes back, from a column that a user made */
};

struct mr_value {
    enum mr_value_type type;
    union {
        int64_t integer;
        double real;
        struct mr_str text; /* borrowed */
        struct mr_bytes blob;
        struct mr_decimal decimal;
    } as;
};

static inline struct mr_value mr_value_int(int64_t x)
{
    return (struct mr_value){MR_VALUE_INT, {.integer = x}};
}
static inline struct mr_value mr_value_text(struct mr_str x)
{
    return (struct mr_value){MR_VALUE_TEXT, {.text = x}};
}
static inline struct mr_value mr_value_blob(struct mr_bytes x)
{
    return (struct mr_value){MR_VALUE_BLOB, {.blob = x}};
}
static inline struct mr_value mr_value_decimal(struct mr_decimal x)
{
    return (struct mr_value){MR_VALUE_DECIMAL, {.decimal = x}};
}

#define MR_INT(x) mr_value_int(x)
#define MR_BOOL(x) mr_value_int((x) ? 1 : 0)
#define MR_TEXT(x) mr_value_text(x)                 /* struct mr_str */
#define MR_TEXT_LIT(x) mr_value_text(MR_STR(x))     /* "literal" */
#define MR_TEXT_OF(x) mr_value_text(mr_str_from(x)) /* const char * */
#define MR_BLOB(x) mr_value_blob(x)                 /* struct mr_bytes */
#define MR_DECIMAL(x) mr_value_decimal(x)           /* struct mr_decimal */
#define MR_NULL ((struct mr_value){.type = MR_VALUE_NULL})
#define MR_OPT(has, value) ((has) ? (value) : MR_NULL) /* nullable fields: has_f, f */
#define MR_VALUES_END ((struct mr_value){.type = MR_VALUE_STOP})
/* A list for the functions below; at least one value. */
#define MR_VALUES(...) ((const struct mr_value[]){__VA_ARGS__, MR_VALUES_END})
#define MR_NO_VALUES ((const struct mr_value *)NULL)

/* Where the columns of one row go. Text and bytes are copied into the arena that was given. A NULL
 * column gives 0 and empty text with NULL data. */
struct mr_into {
    enum mr_value_type type;
    void *at;
};
static inline struct mr_into mr_into_int(int64_t *at)
{
    return (struct mr_into){MR_VALUE_INT, at};
}
static inline struct mr_into mr_into_text(struct mr_str *at)
{
    return (struct mr_into){MR_VALUE_TEXT, at};
}
static inline struct mr_into mr_into_blob(struct mr_bytes *at)
{
    return (struct mr_into){MR_VALUE_BLOB, at};
}
#define MR_INTO_INT(at) mr_into_int(at)
#define MR_INTO_TEXT(at) mr_into_text(at)
#define MR_INTO_BLOB(at) mr_into_blob(at)
#define MR_INTO_END ((struct mr_into){.type = MR_VALUE_STOP})
#define MR_INTO(...) ((const struct mr_into[]){__VA_ARGS__, MR_INTO_END})

/* ---- transactions ---- */
/* Outcomes: 0; MR_AGAIN from begin (another writer holds the store, or the server is away, for
 * longer than 5 s); -EAGAIN from all others: the transaction is lost (connection, deadlock, the
 * server's disk), nothing of it was kept - of a commit that is not sure, mr_ledger_where tells -
 * and it may be done again; -errno. Commit and rollback end the transaction whatever they return.
 */
int mr_store_begin(struct mr_store *store, struct mr_error *reterr);
int mr_store_commit(struct mr_store *store, struct mr_error *reterr);
void mr_store_rollback(struct mr_store *store);
/* At the begin of a transaction that changes rows which other instances change as well: they may do
 * so meanwhile; with alone, it waits for theirs to end, and new ones wait for it to end, so that it
 * cannot be lost to one of them. 0, -errno. */
int mr_store_turn(struct mr_store *store, bool alone, struct mr_error *reterr);
/* Until the next begin: the last transaction was lost because it and another one waited for each
 * other's rows (SQLSTATE 40...). It was nobody's fault: do it again, best alone. */
bool mr_store_collided(const struct mr_store *store);
/* One level: what one event does can be undone alone. The savepoint is laid when the first
 * statement that writes comes, so an event that only reads costs nothing.
 *
 * Between mark and keep or undo a backend may send statements ahead: what mr_store_run gives is
 * then not their outcome. What one of them came to is given by every call from the next one that
 * waits for the server on (a query, keep), until the event is undone; settle waits for no more than
 * that. Undo after keep has failed as well. */
void mr_store_mark(struct mr_store *store);
int mr_store_settle(struct mr_store *store, struct mr_error *reterr);
int mr_store_keep(struct mr_store *store, struct mr_error *reterr);
int mr_store_undo(struct mr_store *store, struct mr_error *reterr);
/* From here to the end of the transaction its events share their fate, if the backend gains by it
 * (true): keep waits for nothing, and when one has failed or has to be undone, the transaction is
 * lost with -EAGAIN and mr_store_apart is true, once: do it again without this. */
bool mr_store_together(struct mr_store *store);
bool mr_store_apart(struct mr_store *store);

/* ---- statements ---- */
/* Statements are prepared once per text and kept (docs/limits.md). values: MR_VALUES(...) or
 * MR_NO_VALUES; the list is borrowed for the call, what its texts point to until the statement is
 * done. Outcomes of all three: 0; MR_INVALID: a constraint of the
 * table or the type of a column refused the value (the text names it); MR_AGAIN as begin; -errno,
 * -EINVAL when the SQL is wrong. */
int mr_store_run(struct mr_store *store, const char *sql, const struct mr_value *values,
                 struct mr_error *reterr);
/* The first row. Also MR_ABSENT: there is none, nothing was written to `into`. */
int mr_store_row(struct mr_store *store, struct mr_arena *arena, const struct mr_into *into,
                 const char *sql, const struct mr_value *values, struct mr_error *reterr);
/* Rows that the last run inserted, changed or deleted; waits for it. */
int64_t mr_store_changes(struct mr_store *store);

struct mr_rows; /* a query under way; end it with mr_rows_done before the transaction ends */
int mr_store_query(struct mr_store *store, const char *sql, const struct mr_value *values,
                   struct mr_rows **ret_rows, struct mr_error *reterr);
/* Outcomes: 0 a row, MR_END, as run. */
int mr_rows_next(struct mr_rows *rows, struct mr_error *reterr);
size_t mr_rows_n_columns(const struct mr_rows *rows);
const char *mr_rows_column_name(const struct mr_rows *rows, size_t column);
/* Borrowed until the next call with these rows. */
struct mr_value mr_rows_value(const struct mr_rows *rows, size_t column);
/* As many columns as `into` has; texts and blobs copied, null is 0 or empty. 0, -ENOMEM. */
int mr_rows_take(struct mr_rows *rows, struct mr_arena *arena, const struct mr_into *into);
struct mr_rows *mr_rows_done(struct mr_rows *rows);
MR_DEFINE_AUTO(mr_rows, struct mr_rows *, mr_rows_done);

/* Calls fn for each table and view, by name; the engine's own (mr_...) as well. fn's first outcome
 * other than 0 ends it and is returned. */
int mr_store_each_relation(struct mr_store *store,
                           int (*fn)(void *self, const char *name, bool is_view), void *self,
                           struct mr_error *reterr);

/* ---- migrations ---- */
/* Forward only, numbered from 1 without a gap; a text that was applied is never edited: its digest
 * is kept and compared. A backend that comes later adds its own text. */
struct mr_migration {
    int32_t number;
    const char *sqlite;   /* one or more statements */
    const char *postgres; /* NULL: the same, in PostgreSQL's spelling. docs/consumers.md */
};

/* Brings `name`'s tables up to date in one transaction. Outcomes: 0; MR_INVALID: the store was made
 * by a newer build, or an applied text was edited; -errno. */
int mr_store_migrate(struct mr_store *store, const char *name,
                     const struct mr_migration *migrations, size_t n_migrations, int64_t now,
                     struct mr_error *reterr);
