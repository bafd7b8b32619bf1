/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the PostgreSQL backend. */
#pragma once

#include "backend.h"
#include "millrace/buf.h"

struct pg_conn; /* libpq's own names: PGconn, PGresult */
struct pg_result;

enum {
    POSTGRES_VALUES = 64, /* of one statement */
    POSTGRES_NAME = 24,
    POSTGRES_SENT = 1024,          /* statements sent before their results are read */
    POSTGRES_SENT_BYTES = 1 << 20, /* and bytes of their values */
    POSTGRES_GATHERED = 64,        /* rows of one INSERT */
    POSTGRES_GATHERINGS = 8,       /* INSERTs of which rows wait */
    POSTGRES_SIZES = 3             /* of an INSERT of several rows: postgres_gather.c */
};

/* Statements under way: sent, their results not yet read. postgres_pipe.c */
struct postgres_pipe {
    bool open;
    size_t n, bytes;
    const char *texts[POSTGRES_SENT]; /* borrowed from the statements */
};

/* INSERTs of which rows wait to be sent, in the order in which they came. postgres_gather.c */
struct postgres_gathered {
    size_t n, bytes;
    struct postgres_statement *statements[POSTGRES_GATHERINGS], *last; /* the newest row's */
};

struct postgres {
    struct mr_store store; /* first */
    struct pg_conn *conn;
    int64_t session;      /* counts connections: what was prepared on an older one is gone */
    int64_t n_statements; /* names of prepared statements */
    int64_t changes;      /* rows of the last statement that writes */
    bool read_only, beside, database;
    bool lost;    /* the transaction under way cannot be kept: -EAGAIN until rollback */
    bool blocked; /* somebody kept a lock for too long: looked after before the next transaction */
    struct postgres_pipe pipe;
    struct postgres_gathered gathered;
    int failed; /* of the transaction under way, until that is undone: every call gives it */
    struct mr_error failure;
};

static inline struct postgres *postgres_of(const struct mr_store *store)
{
    return (struct postgres *)(uintptr_t)store;
}

struct postgres_statement {
    struct mr_rows rows;
    char *sql;                /* spelled for PostgreSQL */
    char name[POSTGRES_NAME]; /* on the server */
    int64_t session;          /* of the connection that it was prepared on; 0: not yet */
    unsigned n_values;
    bool plain;                     /* ends or begins a transaction: not prepared */
    struct postgres_gather *gather; /* NULL: it is sent as it comes */
    struct pg_result *result;
    int row;             /* -1: before the first */
    struct mr_buf texts; /* copies of the values under way */
};

static inline struct postgres_statement *postgres_statement_of(const struct mr_rows *rows)
{
    return (struct postgres_statement *)(uintptr_t)rows;
}

/* Values as libpq takes them. */
struct postgres_bound {
    const char *values[POSTGRES_VALUES];
    int lengths[POSTGRES_VALUES], formats[POSTGRES_VALUES];
    size_t offsets[POSTGRES_VALUES]; /* in texts */
    int n;
};

/* ---- postgres_value.c ---- */
int mr_postgres_bind(struct postgres_statement *s, struct postgres_bound *b,
                     const struct mr_value *values, struct mr_error *reterr);
size_t mr_postgres_n_columns(const struct mr_rows *rows);
const char *mr_postgres_column_name(const struct mr_rows *rows, size_t column);
struct mr_value mr_postgres_column(const struct mr_rows *rows, size_t column);

/* ---- postgres.c ---- */
/* Text under a name on the server; waits for what was sent. */
int mr_postgres_prepare(struct postgres *pg, struct postgres_statement *s, const char *name,
                        const char *sql, struct mr_error *reterr);
int mr_postgres_prepared(struct postgres_statement *s, struct mr_error *reterr);

/* ---- postgres_gather.c ---- */
/* At preparing: whether rows of it may be sent together is seen by its text. 0 or -ENOMEM. */
int mr_postgres_gather_new(struct postgres_statement *s);
void mr_postgres_gather_done(struct postgres *pg, struct postgres_statement *s, bool deallocate);
/* Instead of mr_postgres_send, where s->gather; copies the values. */
int mr_postgres_gather(struct postgres *pg, struct postgres_statement *s,
                       const struct postgres_bound *b, struct mr_error *reterr);
/* All that was gathered is sent; last_alone: the newest row as a statement of its own, behind all
 * others. 0, or what the transaction came to. */
int mr_postgres_flush(struct postgres *pg, bool last_alone, struct mr_error *reterr);
/* It is forgotten: the transaction is. */
void mr_postgres_drop(struct postgres *pg);

/* ---- postgres_pipe.c ---- */
/* A statement as it goes out. */
struct postgres_put {
    const char *text, *name; /* text: borrowed until the pipe is settled */
    const char *const *values;
    const int *lengths, *formats;
    int n;
};
/* mr_postgres_send, without what was gathered before it. */
int mr_postgres_put(struct postgres *pg, const struct postgres_put *put, struct mr_error *reterr);
/* A prepared statement goes out; its outcome is known when the pipe is settled. Reads results
 * first when too many are under way. 0 or what a statement before it came to. */
int mr_postgres_send(struct postgres *pg, const struct postgres_statement *s,
                     const struct postgres_bound *b, struct mr_error *reterr);
/* Waits for all that was sent, *ret_last being the result of the last one; NULL: not wanted. 0, or
 * what the transaction came to. */
int mr_postgres_settle(struct postgres *pg, struct pg_result **ret_last, struct mr_error *reterr);
/* A statement failed with r: within a transaction it takes all that follows along, so that is
 * remembered. Gives the outcome that counts. */
int mr_postgres_remember(struct postgres *pg, int r, const struct mr_error *error);
/* What mr_postgres_remember has, or 0. */
int mr_postgres_failed(const struct postgres *pg, struct mr_error *reterr);

/* ---- postgres_spell.c ---- */
/* SQL of the common subset as PostgreSQL spells it; *ret_n_values: the highest ?N. 0 or -ENOMEM. */
int mr_postgres_spell(const char *sql, struct mr_buf *out, unsigned *ret_n_values);
/* The end of what begins at `at`: a word, a text in quotes, one sign. */
const char *mr_postgres_token_end(const char *at);
/* Where the list of values stands in INSERT INTO t [(...)] VALUES (...) [ON CONFLICT DO NOTHING];
 * false: it is another statement, or a value of it looks at tables. */
bool mr_postgres_find_row(const char *sql, size_t *ret_row, size_t *ret_end);

/* ---- postgres_url.c ---- */
/* Keywords and values for libpq, from the URL and what is safe by default; free each value and both
 * lists with mr_postgres_words_free. name: the URL without secrets. */
struct postgres_words {
    const char *keywords[64];
    char *values[64];
    size_t n;
};
int mr_postgres_words(const char *url, const struct mr_store_options *options,
                      struct postgres_words *ret, char **ret_name, struct mr_error *reterr);
void mr_postgres_words_free(struct postgres_words *words);

/* ---- postgres_open.c ---- */
int mr_postgres_open(const char *url, const struct mr_store_options *options,
                     struct mr_store **ret_store, struct mr_error *reterr);
void mr_postgres_close(struct mr_store *store);
/* Connects again if the connection is gone, with some seconds' patience. 0, MR_AGAIN, -errno. */
int mr_postgres_connected(struct postgres *pg, struct mr_error *reterr);

/* ---- postgres_fail.c ---- */
/* What the server said, as ours, with its text. -EAGAIN: the transaction is lost, nothing of it was
 * kept, and it may be tried again. */
int mr_postgres_fail(struct postgres *pg, const struct pg_result *result, const char *what,
                     struct mr_error *reterr);
/* A command without values or rows; nothing may be under way. */
int mr_postgres_exec(struct postgres *pg, const char *sql, struct mr_error *reterr);
