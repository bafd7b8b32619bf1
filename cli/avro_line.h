/* SPDX-License-Identifier: Apache-2.0 */
/* A line of `avro decode --lines` or `avro encode --lines`, taken apart. */
#pragma once

#include "avro_lines.h"

enum { AVRO_LINE_SCHEMA, AVRO_LINE_READER, AVRO_LINE_DATUM, AVRO_LINE_N_MEMBERS };

/* Members of a line, each as its JSON text; data NULL: absent. */
struct avro_line {
    struct mr_str members[AVRO_LINE_N_MEMBERS];
};

/* ret_line: empty, and borrows the text. scratch: for names. 0, MR_INVALID, -ENOMEM. */
int avro_line_read(enum avro_lines_way way, struct mr_str text, struct mr_buf *scratch,
                   struct avro_line *ret_line, struct mr_error *error);
