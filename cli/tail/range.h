/* SPDX-License-Identifier: Apache-2.0 */
/* The text of -o: from where, and up to where, a tail reads. */
#pragma once

#include <stdint.h>

#include "millrace/error.h"

enum range_kind {
    RANGE_OFFSET, /* value */
    RANGE_BACK,   /* value records before the end */
    RANGE_TIME,   /* value ms since the epoch */
    RANGE_BEGINNING,
    RANGE_END,    /* the end as it is when the tail starts */
    RANGE_STORED, /* what the group has committed */
    RANGE_NEVER,  /* as a stop: follow */
};

struct range_place {
    enum range_kind kind;
    int64_t value;
};

struct range {
    struct range_place from, to;
};

/* FROM[:TO]: beginning, end, stored, N, -N, @TIME; TO: end, N, TIME. TIME is RFC 3339 (UTC without
 * a zone), a date, milliseconds since the epoch, or "-48h" before now_ms. Outcomes: 0, MR_INVALID.
 */
int range_parse(const char *text, int64_t now_ms, struct range *ret_range, struct mr_error *reterr);
