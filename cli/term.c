/* SPDX-License-Identifier: Apache-2.0 */
/* Colour and tables. */
#include "term.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool term_colour(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

const struct term_style *term_style(bool colour)
{
    static const struct term_style styles[] = {
        {"", "", "", "", "", "", ""},
        {"\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m", "\033[36m", "\033[0m"},
    };

    return &styles[colour];
}

void term_cell(struct term_table *table, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (table->r == 0)
        table->r = mr_buf_append(&table->cells, text, strlen(text) + 1);
    table->n_cells++;
}

/* Columns that a text takes: characters, not bytes. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static int print_row(const struct term_table *table, const char **cell, const size_t *widths,
                     struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < table->n_columns; i++, *cell += strlen(*cell) + 1) {
        bool last = i + 1 == table->n_columns;
        r = mr_buf_printf(out, "%s%s", *cell, last ? "\n" : widths ? "" : "\t");
        if (r == 0 && widths && !last)
            r = mr_buf_printf(out, "%*s", (int)(widths[i] - width_of(*cell) + 2), "");
    }
    return r;
}

static int print_headings(const struct term_table *table, const size_t *widths,
                          const struct term_style *style, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "%s", style->bold);

    for (size_t i = 0; r == 0 && i < table->n_columns; i++) {
        bool last = i + 1 == table->n_columns;
        r = mr_buf_printf(out, "%-*s%s", last ? 0 : (int)widths[i] + 2, table->headings[i],
                          last ? style->plain : "");
    }
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

int term_table_print(struct term_table *table, bool terminal, const struct term_style *style,
                     struct mr_buf *out)
{
    size_t widths[TERM_MAX_COLUMNS] = {0}, n_rows = table->n_cells / table->n_columns;
    const char *cell = (const char *)table->cells.data;
    int r = table->r;

    for (size_t i = 0; i < table->n_columns; i++)
        widths[i] = width_of(table->headings[i]);
    for (size_t i = 0; r == 0 && i < table->n_cells; i++, cell += strlen(cell) + 1) {
        size_t width = width_of(cell), *widest = &widths[i % table->n_columns];
        *widest = width > *widest ? width : *widest;
    }
    if (r == 0 && terminal)
        r = print_headings(table, widths, style, out);
    cell = (const char *)table->cells.data;
    for (size_t i = 0; r == 0 && i < n_rows; i++)
        r = print_row(table, &cell, terminal ? widths : NULL, out);
    mr_buf_done(&table->cells);
    table->n_cells = 0;
    return r;
}
