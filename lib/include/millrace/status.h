/* SPDX-License-Identifier: Apache-2.0 */
/* The one return-code rule: 0 done; negative = -errno, fatal, passed up untouched; positive = an
 * expected outcome that the caller deals with by name. docs/style.md section 3. */
#pragma once

enum mr_status {
    MR_IDLE = 1, /* nothing now, perhaps later */
    MR_END,      /* nothing more, ever */
    MR_INVALID,  /* the datum is wrong and will stay so; the error text says where and why */
    MR_AGAIN,    /* a passing fault: the same call may succeed later */
    MR_FULL,     /* no room; take something out first */
    MR_ABSENT,   /* what was asked for does not exist */
};

/* A constant word for a status or a negative errno, for logs. Never NULL. */
const char *mr_status_name(int r);
