/* SPDX-License-Identifier: Apache-2.0 */
/* Files of one entry a line: users, tokens, roles. "#" begins a comment, blanks are left out. */
#pragma once

#include "millrace/error.h"
#include "millrace/str.h"

enum { LINES_MAX_BYTES = 4 << 20 };

/* Where reading stands. */
struct lines {
    const char *name; /* of the file, for errors */
    struct mr_str rest;
    struct mr_str line; /* the present one, without blanks at its end */
    unsigned number;
};

/* The next line that holds something; false at the end. */
bool lines_next(struct lines *lines);
/* MR_INVALID with "name:line:column: ..."; at points into the line, NULL: its beginning. */
int lines_fail(const struct lines *lines, const char *at, struct mr_error *reterr, const char *fmt,
               ...) MR_PRINTF(4, 5);
