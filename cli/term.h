/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: colour and aligned tables on a terminal only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "millrace/buf.h"

/* May colour be used on this descriptor? A terminal, NO_COLOR not set, TERM not dumb. */
bool term_colour(int fd);

struct term_style {
    const char *bold, *dim, *red, *green, *yellow, *cyan, *plain;
};
/* All "" without colour. */
const struct term_style *term_style(bool colour);

enum { TERM_MAX_COLUMNS = 32 };

/* Rows of cells. On a terminal: aligned, with a heading; else tab-separated without one, for cut
 * and awk. Cells are written into `cells` by term_cell, n_columns to a row. */
struct term_table {
    const char *const *headings;
    size_t n_columns;
    struct mr_buf cells; /* each ends with NUL */
    size_t n_cells;
    int r;
};
void term_cell(struct term_table *table, const char *fmt, ...) MR_PRINTF(2, 3);
/* Appends the table and empties it. 0 or -errno. */
int term_table_print(struct term_table *table, bool terminal, const struct term_style *style,
                     struct mr_buf *out);
