/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one INSERT, of many events, as one statement: the server takes a third of the time for
 * them. They wait until something else than such an INSERT is asked, or wants to know of them; then
 * they go out in the order in which their statements came. Between INSERTs of given values nothing
 * can see the difference, and where one of them fails, the events of the transaction are done again
 * one by one anyway: so it is for those that share their fate alone. */
#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_internal.h"

enum { MOST = POSTGRES_GATHERED };

/* The same with more rows, each with its own plan on the server. */
static const int sizes[POSTGRES_SIZES] = {MOST, MOST / 4, MOST / 16};

struct postgres_gather {
    size_t row, end; /* of "(...)", in the statement's text */
    struct {
        char name[POSTGRES_NAME + 12];
        int64_t session;
    } many[POSTGRES_SIZES];
    int n_rows;
    struct mr_buf bytes; /* the values of all rows */
    /* of MOST rows: */
    const char **values;
    size_t *offsets; /* in bytes; SIZE_MAX: null */
    int *lengths, *formats;
};

static struct postgres_gather *gather_free(struct postgres_gather *gather)
{
    if (gather) {
        mr_buf_done(&gather->bytes);
        free(gather->values);
        free(gather->offsets);
        free(gather->lengths);
        free(gather->formats);
        free(gather);
    }
    return NULL;
}

int mr_postgres_gather_new(struct postgres_statement *s)
{
    size_t row, end;

    if (s->n_values == 0 || s->n_values > POSTGRES_VALUES ||
        !mr_postgres_find_row(s->sql, &row, &end))
        return 0;
    struct postgres_gather *gather = calloc(1, sizeof(*gather));
    if (!gather)
        return -ENOMEM;
    *gather = (struct postgres_gather){.row = row, .end = end};
    for (size_t i = 0; i < POSTGRES_SIZES; i++)
        (void)snprintf(gather->many[i].name, sizeof(gather->many[i].name), "%s_%d", s->name,
                       sizes[i]);
    s->gather = gather;
    return 0;
}

void mr_postgres_gather_done(struct postgres *pg, struct postgres_statement *s, bool deallocate)
{
    char sql[POSTGRES_NAME + 32];

    for (size_t i = 0; s->gather && deallocate && i < POSTGRES_SIZES; i++)
        if (s->gather->many[i].session == pg->session) {
            (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->gather->many[i].name);
            PQclear(PQexec(pg->conn, sql));
        }
    s->gather = gather_free(s->gather);
}

/* ---- sending ---- */

/* Its values are numbered on from row to row. */
static int put_row(const struct postgres_statement *s, unsigned first, struct mr_buf *out)
{
    int r = 0;

    for (const char *at = s->sql + s->gather->row, *end; r == 0 && at < s->sql + s->gather->end;
         at = end) {
        char *after = NULL;
        end = mr_postgres_token_end(at);
        if (*at == '$' && isdigit((unsigned char)at[1])) {
            r = mr_buf_printf(out, "$%lu", strtoul(at + 1, &after, 10) + first);
            end = after;
        } else {
            r = mr_buf_append(out, at, (size_t)(end - at));
        }
    }
    return r;
}

static int prepare_many(struct postgres *pg, struct postgres_statement *s, size_t size,
                        struct mr_error *reterr)
{
    struct postgres_gather *gather = s->gather;
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    if (gather->many[size].session == pg->session)
        return 0;
    int r = mr_buf_append(&text, s->sql, gather->row);
    for (int i = 0; r == 0 && i < sizes[size]; i++) {
        r = i > 0 ? mr_buf_byte(&text, ',') : 0;
        if (r == 0)
            r = put_row(s, (unsigned)i * s->n_values, &text);
    }
    if (r == 0)
        r = mr_buf_append(&text, s->sql + gather->end, strlen(s->sql + gather->end));
    if (r != 0 || !mr_buf_cstr(&text))
        return -ENOMEM;
    r = mr_postgres_prepare(pg, s, gather->many[size].name, mr_buf_cstr(&text), reterr);
    if (r == 0)
        gather->many[size].session = pg->session;
    return r;
}

/* Rows from `at` to before `end`, as many at a time as there are. */
static int put_rows(struct postgres *pg, struct postgres_statement *s, int at, int end,
                    struct mr_error *reterr)
{
    struct postgres_gather *gather = s->gather;
    int values = (int)s->n_values, r = 0;

    for (int rows; r == 0 && at < end; at += rows) {
        size_t size = 0;
        while (size < POSTGRES_SIZES && end - at < sizes[size])
            size++;
        bool single = size == POSTGRES_SIZES;
        rows = single ? 1 : sizes[size];
        r = single ? mr_postgres_prepared(s, reterr) : prepare_many(pg, s, size, reterr);
        if (r == 0)
            r = mr_postgres_put(
                pg,
                &(struct postgres_put){.text = s->rows.text,
                                       .name = single ? s->name : gather->many[size].name,
                                       .values = gather->values + at * values,
                                       .lengths = gather->lengths + at * values,
                                       .formats = gather->formats + at * values,
                                       .n = rows * values},
                reterr);
    }
    return r;
}

/* `held`: rows at the end that wait. */
static int flush_one(struct postgres *pg, struct postgres_statement *s, int held,
                     struct mr_error *reterr)
{
    struct postgres_gather *gather = s->gather;
    size_t n = (size_t)gather->n_rows * s->n_values;

    for (size_t i = 0; i < n; i++)
        gather->values[i] = gather->offsets[i] == SIZE_MAX
                                ? NULL
                                : (const char *)gather->bytes.data + gather->offsets[i];
    return put_rows(pg, s, 0, gather->n_rows - held, reterr);
}

static void empty(struct postgres *pg, struct postgres_gather *gather)
{
    pg->gathered.bytes -= gather->bytes.len;
    gather->bytes.len = 0;
    gather->n_rows = 0;
}

/* Of the first n statements; the rows of the others, which came later, go on waiting. */
static int flush_first(struct postgres *pg, size_t n, bool last_alone, struct mr_error *reterr)
{
    struct postgres_gathered *gathered = &pg->gathered;
    struct postgres_statement *last = gathered->last;
    struct mr_error error = MR_ERROR_INIT;
    size_t all = gathered->n;
    int r = 0, rows = last_alone && n > 0 ? last->gather->n_rows : 0;

    gathered->n = 0; /* what sends them comes here again */
    for (size_t i = 0; r == 0 && i < n; i++)
        r = flush_one(pg, gathered->statements[i], rows > 0 && gathered->statements[i] == last,
                      &error);
    if (r == 0 && rows > 0)
        r = put_rows(pg, last, rows - 1, rows, &error);
    if (r != 0)
        (void)mr_postgres_remember(pg, r, &error);
    for (size_t i = 0; i < n; i++)
        empty(pg, gathered->statements[i]->gather);
    gathered->n = n < all ? all : 0;
    return mr_postgres_failed(pg, reterr);
}

int mr_postgres_flush(struct postgres *pg, bool last_alone, struct mr_error *reterr)
{
    return flush_first(pg, pg->gathered.n, last_alone, reterr);
}

void mr_postgres_drop(struct postgres *pg)
{
    for (size_t i = 0; i < pg->gathered.n; i++)
        empty(pg, pg->gathered.statements[i]->gather);
    pg->gathered.n = 0;
}

/* ---- gathering ---- */

/* With the first row: most statements never have one. */
static int make_room(struct postgres_gather *gather, size_t n)
{
    if (!gather->values)
        gather->values = calloc(n, sizeof(*gather->values));
    if (!gather->offsets)
        gather->offsets = calloc(n, sizeof(*gather->offsets));
    if (!gather->lengths)
        gather->lengths = calloc(n, sizeof(*gather->lengths));
    if (!gather->formats)
        gather->formats = calloc(n, sizeof(*gather->formats));
    return gather->values && gather->offsets && gather->lengths && gather->formats ? 0 : -ENOMEM;
}

static int keep_row(struct postgres *pg, struct postgres_statement *s,
                    const struct postgres_bound *b)
{
    struct postgres_gather *gather = s->gather;
    size_t at = (size_t)gather->n_rows * s->n_values, before = gather->bytes.len;
    int r = make_room(gather, (size_t)s->n_values * MOST);

    for (int i = 0; r == 0 && i < b->n; i++) {
        size_t len = b->formats[i]  ? (size_t)b->lengths[i]
                     : b->values[i] ? strlen(b->values[i]) + 1
                                    : 0;
        gather->offsets[at + (size_t)i] = b->values[i] ? gather->bytes.len : SIZE_MAX;
        gather->lengths[at + (size_t)i] = b->formats[i] ? b->lengths[i] : 0;
        gather->formats[at + (size_t)i] = b->formats[i];
        r = len > 0 ? mr_buf_append(&gather->bytes, b->values[i], len) : 0;
    }
    if (r != 0) {
        gather->bytes.len = before;
        return r;
    }
    gather->n_rows++;
    pg->gathered.bytes += gather->bytes.len - before;
    pg->gathered.last = s;
    return 0;
}

/* Where its rows wait; they are the last when none do. */
static size_t place_of(const struct postgres_gathered *gathered, const struct postgres_statement *s)
{
    size_t i = 0;

    while (i < gathered->n && gathered->statements[i] != s)
        i++;
    return i;
}

int mr_postgres_gather(struct postgres *pg, struct postgres_statement *s,
                       const struct postgres_bound *b, struct mr_error *reterr)
{
    struct postgres_gathered *gathered = &pg->gathered;
    size_t place = place_of(gathered, s);
    int r = mr_postgres_failed(pg, reterr);

    if (r == 0 && (place == POSTGRES_GATHERINGS || gathered->bytes >= POSTGRES_SENT_BYTES)) {
        r = mr_postgres_flush(pg, false, reterr);
        place = 0;
    }
    if (r == 0 && s->gather->n_rows == MOST)
        r = flush_first(pg, place + 1, false, reterr);
    if (r != 0)
        return r;
    place = place_of(gathered, s);
    if (place == gathered->n)
        gathered->statements[gathered->n++] = s;
    return keep_row(pg, s, b);
}
