/* SPDX-License-Identifier: Apache-2.0 */
/* Human forms of the logical types of time. Source: Apache Avro 1.12, "Logical Types"; RFC 3339;
 * ISO 8601 for durations. */
#pragma once

#include "millrace/codec.h"
#include "millrace/time.h"

/* Units of a logical type within a second; 1 for date. */
int64_t logical_per_second(enum mr_avro_logical logical);
/* What a text of this type looks like, for error messages: "an RFC 3339 date-time ...". */
const char *logical_wanted(enum mr_avro_logical logical);
/* What values it can hold: "at most 3 decimals". */
const char *logical_bound(enum mr_avro_logical logical);

/* Text to the base type's integer, for date, time-*, timestamp-* and local-timestamp-*. Digits
 * beyond microseconds are cut (beyond nanoseconds for -nanos); digits that -millis cannot hold are
 * refused. Outcomes: 0, MR_INVALID, MR_FULL (well written, but the type cannot hold it). */
int logical_parse(enum mr_avro_logical logical, struct mr_str text, bool far, int64_t *ret_value);
/* The length, or 0 when the value has no text (a time outside the day). */
size_t logical_text(enum mr_avro_logical logical, int64_t value, char out[MR_TIME_MAX]);

/* "P1M2DT0.003S" <-> months, days, milliseconds as three little-endian words. Outcomes:
 * 0, MR_INVALID, MR_FULL (too large, or digits beyond milliseconds). */
int duration_parse(struct mr_str text, uint8_t out[12]);
size_t duration_text(const uint8_t in[12], char out[MR_TIME_MAX]);
