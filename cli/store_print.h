/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a store on stdout: a table on a terminal, else columns by tabs, or JSON by the line. */
#pragma once

#include "millrace/buf.h"
#include "millrace/store.h"

struct store_print {
    const char *verb; /* for the word that there is more */
    bool json, raw;
    int64_t limit; /* 0: all, on a terminal 1000 */
};
/* Outcomes as mr_rows_next; -EIO. */
int store_print(struct mr_rows *rows, const struct store_print *how, struct mr_error *reterr);
/* One row as a JSON object, appended, without newline. */
int store_row_json(const struct mr_rows *rows, bool raw, struct mr_buf *out);
