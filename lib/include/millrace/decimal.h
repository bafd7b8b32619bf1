/* SPDX-License-Identifier: Apache-2.0 */
/* Exact decimal numbers, as money is kept: records carry them, stores bind them, JSON shows them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/compiler.h"
#include "millrace/status.h"
#include "millrace/str.h"

/* value = unscaled / 10^scale. Plain value. */
struct mr_decimal {
    mr_int128 unscaled;
    int32_t scale; /* 0 to 38 */
};

/* Shortest exact text: "24.99", "-0.5", "48". Returns its length; no NUL. Any thread. */
#define MR_DECIMAL_MAX 48
size_t mr_decimal_text(struct mr_decimal decimal, char out[MR_DECIMAL_MAX]);
/* Sign, digits, a point among them at most, no exponent: at most 38 digits in all. Outcomes: 0,
 * MR_INVALID. */
int mr_decimal_parse(struct mr_str text, struct mr_decimal *ret_decimal);
/* Exact sum and difference, at the greater of the two scales. Outcomes: 0, MR_INVALID: more than 38
 * digits. */
int mr_decimal_add(struct mr_decimal a, struct mr_decimal b, struct mr_decimal *ret_sum);
int mr_decimal_sub(struct mr_decimal a, struct mr_decimal b, struct mr_decimal *ret_difference);
