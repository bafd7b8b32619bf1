/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in text: exact to integers and decimals, rounded once to float or double, and back in
 * the fewest digits that read the same. */
#pragma once

#include "millrace/codec.h"

/* A number as it stands in the text: value = (-1)^negative * significant digits * 10^exp10. */
struct json_number {
    struct mr_str text;
    const char *digits; /* first significant digit; a '.' may stand between digits */
    size_t n_digits;    /* without leading and trailing zeros; 0: the number is zero */
    int64_t exp10;      /* of the last significant digit; beyond +-10^9 it is only that far */
    int64_t scale;      /* decimals as written: 2 for 1.50, 3 for 15e-3, -2 for 1e2 */
    uint64_t mantissa;  /* the digits, when there are at most 19 */
    bool negative;
    bool integer_text; /* neither fraction nor exponent */
};

/* The cursor stands at '-' or a digit. A number that touches the end of the text is complete.
 * Outcomes: 0, MR_INVALID, MR_END ("-" or "1e" at the end). */
int json_number_scan(struct mr_json_cursor *cursor, struct json_number *ret_number,
                     struct mr_error *reterr);
/* All of text must be one JSON number. Outcomes: 0, MR_INVALID (no error text). */
int json_number_from(struct mr_str text, struct json_number *ret_number);

enum number_whole { NUMBER_WHOLE, NUMBER_FRACTION, NUMBER_RANGE };
enum number_whole json_number_long(const struct json_number *number, int64_t *ret_value);

/* Rounded to nearest. False when the text is outside the type's range (too large, or not zero but
 * below the smallest value that the type can hold). */
bool json_number_double(const struct json_number *number, double *ret_value);
bool json_number_float(const struct json_number *number, float *ret_value);

enum { JSON_NUMBER_MAX = 32 };
/* The shortest text that reads back to the same finite value; its length. "5.0", "24.99", "1e+300".
 */
size_t json_put_double(double value, char out[JSON_NUMBER_MAX]);
size_t json_put_float(float value, char out[JSON_NUMBER_MAX]);
size_t json_put_long(int64_t value, char out[JSON_NUMBER_MAX]);
