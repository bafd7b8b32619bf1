/* SPDX-License-Identifier: Apache-2.0 */
/* The bookings platform: hours of work, a double in its events, are kept in minutes. For those of
 * its consumers that read them. */
#pragma once

#include <math.h>
#include <stdint.h>

/* 0 to 1e9 hours: docs/limits.md. What is less, or no number, is 0. */
static inline int64_t bookings_minutes(double hours)
{
    return llround(fmin(fmax(hours, 0), 1e9) * 60);
}
