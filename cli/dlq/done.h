/* SPDX-License-Identifier: Apache-2.0 */
/* Which offsets of a partition are dealt with: all below one, and scattered ones above it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"

struct done_range {
    int64_t from, to; /* from..to-1 */
};

struct done {
    int64_t next;              /* all below it */
    struct done_range *ranges; /* above it: sorted, apart from each other */
    size_t n, cap;
};

/* Kafka keeps so much beside an offset. */
enum { DONE_NOTE_MAX = 4000 };

/* From what the group has committed: offset (< 0: nothing) and note ("1:3-5,9": of the offsets
 * above it the third to fifth and the ninth; others' notes count as none). 0, -ENOMEM. */
int done_parse(struct done *done, int64_t offset, const char *note);
void done_free(struct done *done);
bool done_has(const struct done *done, int64_t offset);
/* from..to-1. 0, -ENOMEM. */
int done_add(struct done *done, int64_t from, int64_t to);
int done_copy(const struct done *done, struct done *ret_copy);
/* Appends the note. 0, -ENOMEM. */
int done_note(const struct done *done, struct mr_buf *out);
