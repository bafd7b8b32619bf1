/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the PostgreSQL backend. */
#pragma once

#include "backend.h"
#include "millrace/buf.h"

struct pg_conn; /* libpq's own names: PGconn, PGresult */
struct pg_result;

struct postgres {
    struct mr_store store; /* first */
    struct pg_conn *conn;
    int64_t session;      /* counts connections: what was prepared on an older one is gone */
    int64_t n_statements; /* names of prepared statements */
    int64_t changes;      /* rows of the last statement that writes */
    bool read_only, beside;
    bool lost; /* the transaction under way cannot be kept: -EAGAIN until rollback */
};

static inline struct postgres *postgres_of(const struct mr_store *store)
{
    return (struct postgres *)(uintptr_t)store;
}

/* ---- postgres_spell.c ---- */
/* SQL of the common subset as PostgreSQL spells it; *ret_n_values: the highest ?N. 0 or -ENOMEM. */
int mr_postgres_spell(const char *sql, struct mr_buf *out, unsigned *ret_n_values);

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
/* A command without values or rows. */
int mr_postgres_exec(struct postgres *pg, const char *sql, struct mr_error *reterr);
