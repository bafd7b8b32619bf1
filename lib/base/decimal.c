/* SPDX-License-Identifier: Apache-2.0 */
/* Money as text: exact, without an exponent, without zeros that say nothing. */
#include "millrace/decimal.h"

#include <stdbool.h>

size_t mr_decimal_text(struct mr_decimal decimal, char out[MR_DECIMAL_MAX])
{
    bool negative = decimal.unscaled < 0;
    mr_uint128 x = negative ? -(mr_uint128)decimal.unscaled : (mr_uint128)decimal.unscaled;
    int32_t scale = decimal.scale;
    char digits[MR_DECIMAL_MAX];
    size_t n = 0, len = 0;

    for (; scale > 0 && x % 10 == 0; scale--)
        x /= 10;
    for (; x > 0 || n <= (size_t)scale; x /= 10)
        digits[n++] = (char)('0' + (int)(x % 10));
    if (negative)
        out[len++] = '-';
    while (n > 0) {
        if (n == (size_t)scale)
            out[len++] = '.';
        out[len++] = digits[--n];
    }
    return len;
}
