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

int mr_decimal_parse(struct mr_str text, struct mr_decimal *ret_decimal)
{
    enum { DIGITS_MOST = 38 };
    size_t at = text.len > 0 && text.data[0] == '-', n = 0, decimals = 0;
    bool negative = at > 0, point = false, any = false;
    mr_int128 value = 0;

    for (; at < text.len; at++) {
        char c = text.data[at];
        if (c == '.' && !point && any && at + 1 < text.len) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return MR_INVALID;
        any = true;
        n += n > 0 || c != '0';
        decimals += point;
        if (n > DIGITS_MOST || decimals > DIGITS_MOST)
            return MR_INVALID;
        value = value * 10 + (c - '0');
    }
    *ret_decimal = (struct mr_decimal){negative ? -value : value, (int32_t)decimals};
    return any ? 0 : MR_INVALID;
}

/* 10^38 is the first number of 39 digits. */
static bool fits(mr_int128 x)
{
    mr_int128 end = 1;

    for (int i = 0; i < 38; i++)
        end *= 10;
    return -end < x && x < end;
}

static bool scale_up(struct mr_decimal *x, int32_t scale)
{
    for (; x->scale < scale; x->scale++)
        if (__builtin_mul_overflow(x->unscaled, (mr_int128)10, &x->unscaled))
            return false;
    return true;
}

int mr_decimal_add(struct mr_decimal a, struct mr_decimal b, struct mr_decimal *ret_sum)
{
    mr_int128 sum;

    if (!scale_up(&a, b.scale) || !scale_up(&b, a.scale) ||
        __builtin_add_overflow(a.unscaled, b.unscaled, &sum) || !fits(sum))
        return MR_INVALID;
    *ret_sum = (struct mr_decimal){sum, a.scale};
    return 0;
}

int mr_decimal_sub(struct mr_decimal a, struct mr_decimal b, struct mr_decimal *ret_difference)
{
    b.unscaled = -b.unscaled;
    return mr_decimal_add(a, b, ret_difference);
}
