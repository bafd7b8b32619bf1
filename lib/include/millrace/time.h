/* SPDX-License-Identifier: Apache-2.0 */
/* Instants and dates: RFC 3339 text <-> microseconds since 1970-01-01T00:00:00Z. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/status.h"
#include "millrace/str.h"

/* RFC 3339 date-time: zone required ('Z', 'z' or +hh:mm), 't' or 'T', seconds 00-59 (:60 refused),
 * years 0001-9999, digits beyond nanoseconds cut. *ret_nanos gets nanoseconds within the second.
 * Outcomes: 0, MR_INVALID. No allocation, any thread. */
int mr_time_parse(struct mr_str text, int64_t *ret_seconds, int32_t *ret_nanos);

/* The same, in microseconds; digits beyond microseconds are cut. */
int mr_time_parse_micros(struct mr_str text, int64_t *ret_micros);

/* yyyy-mm-dd -> days since 1970-01-01. Outcomes: 0, MR_INVALID. */
int mr_date_parse(struct mr_str text, int32_t *ret_days);

/* The same, and years beyond 0001 to 9999 in the one form that mr_time_format and mr_date_format
 * write: "+12024-02-29", "-0001-02-28", "0000-02-29". Not RFC 3339: for what Avro can hold. */
int mr_time_parse_far(struct mr_str text, int64_t *ret_seconds, int32_t *ret_nanos);
int mr_date_parse_far(struct mr_str text, int32_t *ret_days);

/* "2024-02-29T12:34:56.789000Z": `digits` fraction digits (0, 3, 6 or 9) of nanos. Writes at most
 * MR_TIME_MAX bytes with the NUL and returns the length; years outside 0000-9999 are written with
 * sign (ISO 8601 expanded). */
#define MR_TIME_MAX 48
size_t mr_time_format(int64_t seconds, int32_t nanos, int digits, char out[MR_TIME_MAX]);
size_t mr_time_format_micros(int64_t micros, char out[MR_TIME_MAX]);
size_t mr_date_format(int64_t days, char out[MR_TIME_MAX]);
/* The UTC day of an instant, "2024-02-29", in out. */
struct mr_str mr_time_day(int64_t micros, char out[MR_TIME_MAX]);

/* Microseconds since the epoch (CLOCK_REALTIME) and on a clock that never jumps. */
int64_t mr_time_now(void);
int64_t mr_time_steady(void);

/* "1500ms", "30s", "5m", "2h", "14d", "7y" (365 days), or a bare number with the unit given as
 * default ("ms", "s"...), to milliseconds. Outcomes: 0, MR_INVALID. */
int mr_duration_parse(struct mr_str text, const char *default_unit, int64_t *ret_ms);
