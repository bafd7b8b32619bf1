/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a store on stdout. */
#include "store_print.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "store.h"
#include "term.h"

enum { FLUSH = 1 << 16, ON_TERMINAL = 1000 };

static int flush(struct mr_buf *out, bool now)
{
    if (out->len < FLUSH && !now)
        return 0;
    bool whole = mr_buf_write(out, stdout);
    out->len = 0;
    return whole ? 0 : -EIO;
}

int store_row_json(const struct mr_rows *rows, bool raw, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < mr_rows_n_columns(rows); i++) {
        const char *name = mr_rows_column_name(rows, i);
        r = mr_buf_byte(out, i == 0 ? '{' : ',');
        if (r == 0)
            r = mr_buf_json_string(out, name, strlen(name));
        if (r == 0)
            r = mr_buf_byte(out, ':');
        if (r == 0)
            r = store_value_json(name, mr_rows_value(rows, i), raw, out);
    }
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

static int put_object(const struct mr_rows *rows, bool raw, struct mr_buf *out)
{
    int r = store_row_json(rows, raw, out);

    return r == 0 ? mr_buf_byte(out, '\n') : r;
}

static int put_line(const struct mr_rows *rows, bool raw, struct mr_buf *out)
{
    size_t n = mr_rows_n_columns(rows);
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = store_value_text(mr_rows_column_name(rows, i), mr_rows_value(rows, i), raw, out);
        if (r == 0)
            r = mr_buf_byte(out, i + 1 < n ? '\t' : '\n');
    }
    return r;
}

static int stream(struct mr_rows *rows, const struct store_print *how, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int64_t n = 0;
    int r = 0;

    while (r == 0 && (how->limit == 0 || n < how->limit) && (r = mr_rows_next(rows, reterr)) == 0) {
        r = how->json ? put_object(rows, how->raw, &out) : put_line(rows, how->raw, &out);
        if (r == 0)
            r = flush(&out, false);
        n++;
    }
    return r == 0 || r == MR_END ? flush(&out, true) : r;
}

static int as_table(struct mr_rows *rows, const struct store_print *how, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf cell = {0};
    const char *headings[TERM_MAX_COLUMNS];
    struct term_table table = {.headings = headings};
    int64_t limit = how->limit ? how->limit : ON_TERMINAL, n = 0;
    int r = 0;

    for (; table.n_columns < mr_rows_n_columns(rows) && table.n_columns < TERM_MAX_COLUMNS;
         table.n_columns++)
        headings[table.n_columns] = mr_rows_column_name(rows, table.n_columns);
    for (; r == 0 && n < limit && (r = mr_rows_next(rows, reterr)) == 0; n++) {
        for (size_t i = 0; r == 0 && i < table.n_columns; i++) {
            cell.len = 0;
            r = store_value_text(headings[i], mr_rows_value(rows, i), how->raw, &cell);
            term_cell(&table, "%s", mr_buf_cstr(&cell));
        }
    }
    bool more = r == 0 && how->limit == 0 && mr_rows_next(rows, reterr) == 0;
    if (r == MR_END)
        r = 0;
    int printed = term_table_print(&table, true, term_style(term_colour(STDOUT_FILENO)), &out);
    if (r == 0)
        r = printed;
    if (r == 0)
        r = flush(&out, true);
    if (more)
        (void)fprintf(stderr, "millrace %s: there are more rows: --limit N\n", how->verb);
    return r;
}

int store_print(struct mr_rows *rows, const struct store_print *how, struct mr_error *reterr)
{
    return isatty(STDOUT_FILENO) && !how->json ? as_table(rows, how, reterr)
                                               : stream(rows, how, reterr);
}
