/* SPDX-License-Identifier: Apache-2.0 */
/* How often a Kafka producer that came to its end may be made anew: brokers that crash cost one,
 * brokers that never agree with a producer end the process. */
#pragma once

#include <stdint.h>

enum {
    RENEWALS = 10, /* within RENEWALS_MINUTES, at most */
    RENEWALS_MINUTES = 10,
    RENEWALS_WAIT_MS = 100, /* before the second; doubled with each */
};

struct renewals {
    int64_t at[RENEWALS]; /* µs, a ring */
    uint64_t n;           /* of all times */
};

/* µs: when the next may be, now at the earliest; INT64_MAX: there were too many. */
int64_t renewals_next(const struct renewals *renewals, int64_t now);
void renewals_add(struct renewals *renewals, int64_t now);
