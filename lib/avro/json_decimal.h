/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals between text, two's complement bytes and 128-bit integers: exact, never through a
 * double. Source: Apache Avro 1.12, "Decimal", "Big Decimal". */
#pragma once

#include "json_number.h"
#include "millrace/record.h"

enum {
    DECIMAL_MAX_DIGITS = 1024, /* docs/limits.md */
    DECIMAL_MAX_BYTES = 426,   /* of DECIMAL_MAX_DIGITS nines */
};

/* A whole number of any supported size, as big-endian two's complement, right-aligned. */
struct decimal_bytes {
    uint8_t data[DECIMAL_MAX_BYTES + 6];
    size_t len; /* the last len bytes of data; minimal */
};

static inline const uint8_t *decimal_begin(const struct decimal_bytes *bytes)
{
    return bytes->data + sizeof(bytes->data) - bytes->len;
}

/* Digits beyond 128 bits. */
enum { DECIMAL_LIMBS = DECIMAL_MAX_BYTES / 4 + 2 };
struct decimal_big {
    uint32_t limbs[DECIMAL_LIMBS]; /* least significant first */
    size_t n;
};

enum decimal_fit {
    DECIMAL_FITS,
    DECIMAL_FRACTION, /* more decimals than the scale */
    DECIMAL_DIGITS,   /* more digits than the precision, or than DECIMAL_MAX_DIGITS */
};

/* number * 10^scale, which must be whole and of at most `precision` digits. */
enum decimal_fit decimal_from_number(const struct json_number *number, int32_t scale,
                                     int32_t precision, struct decimal_bytes *ret_bytes);
/* The same within 128 bits: precision is at most 38. */
enum decimal_fit decimal_small(const struct json_number *number, int32_t scale, int32_t precision,
                               mr_int128 *ret_unscaled);
void decimal_from_int128(mr_int128 value, struct decimal_bytes *ret_bytes);
/* False when the value does not fit 128 bits or has no bytes. */
bool decimal_to_int128(struct mr_bytes bytes, mr_int128 *ret_value);
mr_int128 decimal_power(unsigned exponent); /* 10^exponent, at most 38 */

enum { DECIMAL_TEXT_MAX = DECIMAL_MAX_DIGITS + 32 };
/* Two's complement / 10^scale as text with exactly `scale` decimals, of which trailing zeros beyond
 * `keep` are left out. 0: more than DECIMAL_MAX_DIGITS digits, or no bytes. */
size_t decimal_text(struct mr_bytes bytes, int32_t scale, int32_t keep, char out[DECIMAL_TEXT_MAX]);
size_t decimal_text_int128(mr_int128 value, int32_t scale, int32_t keep,
                           char out[DECIMAL_TEXT_MAX]);
