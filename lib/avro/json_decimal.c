/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals of up to 38 digits live in one 128-bit integer; larger ones go through limbs of 32 bits
 * with schoolbook arithmetic, which DECIMAL_MAX_DIGITS keeps cheap. */
#include "json_decimal.h"

#include <endian.h>

mr_int128 decimal_power(unsigned exponent)
{
    mr_int128 power = 1;

    for (; exponent >= 18; exponent -= 18)
        power *= 1000000000000000000;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

/* How many digits number * 10^scale has; 0 is left to the caller. */
static enum decimal_fit fit(const struct json_number *number, int32_t scale, int32_t precision)
{
    if (number->exp10 + scale < 0)
        return DECIMAL_FRACTION;
    if ((int64_t)number->n_digits + number->exp10 + scale > precision)
        return DECIMAL_DIGITS;
    return DECIMAL_FITS;
}

static const int64_t powers[] = {1,
                                 10,
                                 100,
                                 1000,
                                 10000,
                                 100000,
                                 1000000,
                                 10000000,
                                 100000000,
                                 1000000000,
                                 10000000000,
                                 100000000000,
                                 1000000000000,
                                 10000000000000,
                                 100000000000000,
                                 1000000000000000,
                                 10000000000000000,
                                 100000000000000000,
                                 1000000000000000000};

enum decimal_fit decimal_small(const struct json_number *number, int32_t scale, int32_t precision,
                               mr_int128 *ret_unscaled)
{
    mr_int128 value = 0;

    *ret_unscaled = 0;
    if (number->n_digits == 0)
        return DECIMAL_FITS;
    enum decimal_fit f = fit(number, scale, precision);
    if (f != DECIMAL_FITS)
        return f;
    if ((int64_t)number->n_digits + number->exp10 + scale <= 18) { /* within 64 bits all the way */
        int64_t small = (int64_t)number->mantissa * powers[number->exp10 + scale];
        *ret_unscaled = number->negative ? -small : small;
        return DECIMAL_FITS;
    }
    if (number->n_digits <= 19) {
        value = number->mantissa;
    } else {
        const char *p = number->digits;
        for (size_t i = 0; i < number->n_digits; p++)
            if (*p != '.') {
                value = value * 10 + (*p - '0');
                i++;
            }
    }
    value *= decimal_power((unsigned)(number->exp10 + scale));
    *ret_unscaled = number->negative ? -value : value;
    return DECIMAL_FITS;
}

/* Bytes that two's complement takes: one bit more than the digits. */
static size_t long_size(int64_t value)
{
    uint64_t digits = (uint64_t)(value < 0 ? ~value : value);

    return digits == 0 ? 1 : (size_t)(64 - __builtin_clzll(digits)) / 8 + 1;
}

void decimal_from_int128(mr_int128 value, struct decimal_bytes *ret_bytes)
{
    uint8_t *end = ret_bytes->data + sizeof(ret_bytes->data), *p = end;

    if (MR_LIKELY(value == (int64_t)value)) {
        uint64_t word = htobe64((uint64_t)value);
        memcpy(end - sizeof(word), &word, sizeof(word));
        ret_bytes->len = long_size((int64_t)value);
        return;
    }

    for (;;) {
        uint8_t byte = (uint8_t)value;
        *--p = byte;
        value >>= 8;
        if ((value == 0 && byte < 0x80) || (value == -1 && byte >= 0x80))
            break;
    }
    ret_bytes->len = (size_t)(end - p);
}

bool decimal_to_int128(struct mr_bytes bytes, mr_int128 *ret_value)
{
    if (bytes.len == 0)
        return false;
    uint8_t sign = bytes.data[0] & 0x80 ? 0xff : 0;
    while (bytes.len > sizeof(*ret_value) && bytes.data[0] == sign) {
        bytes.data++;
        bytes.len--;
    }
    if (bytes.len > sizeof(*ret_value) || ((bytes.data[0] ^ sign) & 0x80) != 0)
        return false;
    mr_uint128 value = sign ? ~(mr_uint128)0 : 0;
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    *ret_value = (mr_int128)value;
    return true;
}

/* big = big * factor + add */
static void big_scale(struct decimal_big *big, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;

    for (size_t i = 0; i < big->n; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        big->limbs[big->n++] = (uint32_t)carry;
}

static void big_to_bytes(const struct decimal_big *big, bool negative,
                         struct decimal_bytes *ret_bytes)
{
    uint8_t *end = ret_bytes->data + sizeof(ret_bytes->data), *p = end;
    unsigned carry = 1;

    for (size_t i = 0; i < big->n * 4; i++) {
        uint8_t byte = (uint8_t)(big->limbs[i / 4] >> i % 4 * 8);
        if (negative) { /* two's complement: invert and add one */
            carry += (uint8_t)~byte;
            byte = (uint8_t)carry;
            carry >>= 8;
        }
        *--p = byte;
    }
    uint8_t sign = negative ? 0xff : 0;
    if (p == end || ((*p ^ sign) & 0x80) != 0)
        *--p = sign;
    while (end - p > 1 && *p == sign && ((p[1] ^ sign) & 0x80) == 0)
        p++;
    ret_bytes->len = (size_t)(end - p);
}

enum decimal_fit decimal_from_number(const struct json_number *number, int32_t scale,
                                     int32_t precision, struct decimal_bytes *ret_bytes)
{
    struct decimal_big big = {.n = 0};

    if (precision <= 38) {
        mr_int128 value;
        enum decimal_fit small = decimal_small(number, scale, precision, &value);
        if (small == DECIMAL_FITS)
            decimal_from_int128(value, ret_bytes);
        return small;
    }
    if (precision > DECIMAL_MAX_DIGITS)
        precision = DECIMAL_MAX_DIGITS;
    if (number->n_digits > 0) {
        enum decimal_fit f = fit(number, scale, precision);
        if (f != DECIMAL_FITS)
            return f;
        const char *p = number->digits;
        for (size_t i = 0; i < number->n_digits; p++)
            if (*p != '.') {
                big_scale(&big, 10, (uint32_t)(*p - '0'));
                i++;
            }
        for (int64_t zeros = number->exp10 + scale; zeros > 0; zeros--)
            big_scale(&big, 10, 0);
    }
    big_to_bytes(&big, number->negative && big.n > 0, ret_bytes);
    return DECIMAL_FITS;
}
