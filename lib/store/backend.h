/* SPDX-License-Identifier: Apache-2.0 */
/* What a database must offer to stand behind store.h. Private to lib/store. */
#pragma once

#include "millrace/store.h"

/* One prepared statement, possibly under way. A backend embeds it first in its own struct. */
struct mr_rows {
    struct mr_store *store;
    const char *text;  /* owned copy of the SQL */
    const char *given; /* the pointer it was asked for with: literals are found by it at once */
    bool writes;       /* it may change the database: the savepoint comes first */
    bool reads;        /* and when it went well, there is nothing to undo */
    bool busy;         /* between query and done */
    bool stray;        /* not in the cache (its twin was busy): dropped by done */
};

struct mr_backend {
    const char *scheme;          /* "sqlite" */
    bool shared;                 /* several processes may use one store */
    const char *relations;       /* SELECT name, is_view for all tables and views, by name */
    const char *lock_migrations; /* a SELECT that waits for other instances, or NULL */
    const char *turn;            /* a SELECT before what changes rows that others change as well, */
    const char *turn_alone;      /* and one that keeps these out; NULL: there are no others */
    int (*open)(const char *path, const struct mr_store_options *options,
                struct mr_store **ret_store, struct mr_error *reterr);
    void (*close)(struct mr_store *store); /* frees it */
    /* "BEGIN", "COMMIT", "SAVEPOINT x": statements without values or rows. */
    int (*prepare)(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                   struct mr_error *reterr);
    void (*finalize)(struct mr_rows *rows);
    int (*bind)(struct mr_rows *rows, const struct mr_value *values, struct mr_error *reterr);
    int (*step)(struct mr_rows *rows, struct mr_error *reterr); /* 0 a row, MR_END, else */
    /* Instead of bind and step, when no rows are wanted and the outcome may come later: with the
     * next statement that is waited for, or with settle. NULL, both: not offered. */
    int (*send)(struct mr_rows *rows, const struct mr_value *values, struct mr_error *reterr);
    int (*settle)(struct mr_store *store, struct mr_error *reterr);
    void (*reset)(struct mr_rows *rows);
    size_t (*n_columns)(const struct mr_rows *rows);
    const char *(*column_name)(const struct mr_rows *rows, size_t column);
    struct mr_value (*column)(const struct mr_rows *rows, size_t column);
    int64_t (*changes)(struct mr_store *store);
    bool (*in_transaction)(struct mr_store *store); /* as the database sees it */
    /* Before a commit: whether what is written can be found again. NULL: it can. */
    int (*check)(struct mr_store *store, struct mr_error *reterr);
    /* Several statements in one text, for migrations. */
    int (*script)(struct mr_store *store, const char *sql, struct mr_error *reterr);
};

enum { MR_STORE_STATEMENTS = 256 }; /* prepared and kept; a power of two. docs/limits.md */

/* First member of a backend's connection. */
struct mr_store {
    const struct mr_backend *backend;
    char *name;
    int64_t instance; /* of this connection's process: a shared store tells its rows apart by it */
    bool rehearse;
    bool closing;
    bool in_transaction;
    bool marked;    /* between mark and keep or undo */
    bool savepoint; /* and something was written since */
    bool together;  /* no savepoints: the events of this transaction share their fate */
    bool wrote;     /* then: something was written since the mark */
    bool apart;     /* lost for that: next time each for itself */
    bool collided;  /* lost because another one wanted the same rows */
    struct mr_rows *cache[MR_STORE_STATEMENTS];
};

/* ---- statement.c ---- */
int mr_store_statement(struct mr_store *store, const char *sql, struct mr_rows **ret_rows,
                       struct mr_error *reterr);
/* ---- store.c ---- */
/* Before a statement that an event writes with: the savepoint. */
int mr_store_touch(struct mr_store *store, const struct mr_rows *rows, struct mr_error *reterr);
/* Within a transaction, to its end: one of several instances at a time. 0, -errno. */
int mr_store_lock(struct mr_store *store, struct mr_error *reterr);

extern const struct mr_backend mr_backend_sqlite, mr_backend_postgres;
