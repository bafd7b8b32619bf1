/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals to text: digits, then the point. */
#include "json_decimal.h"

/* A scale below 0, as Java's BigDecimal has it: zeros behind the digits. */
static size_t put_zeros(bool negative, const char *digits, size_t n, size_t zeros, char *out)
{
    char *p = out;

    if (n == 0)
        zeros = 0;
    if (n + zeros > DECIMAL_MAX_DIGITS)
        return 0;
    if (negative)
        *p++ = '-';
    if (n == 0)
        *p++ = '0';
    memcpy(p, digits, n);
    memset(p + n, '0', zeros);
    return (size_t)(p - out) + n + zeros;
}

/* Puts the point into digits[0..n) and drops trailing zeros of the fraction beyond `keep`. */
static size_t put_point(bool negative, const char *digits, size_t n, int32_t places, int32_t kept,
                        char *out)
{
    char *p = out;

    if (places < 0)
        return put_zeros(negative, digits, n, (size_t) - (int64_t)places, out);
    size_t scale = (size_t)places, keep = (size_t)kept, whole = n > scale ? n - scale : 0;

    if (negative)
        *p++ = '-';
    if (whole == 0)
        *p++ = '0';
    memcpy(p, digits, whole);
    p += whole;
    if (scale == 0)
        return (size_t)(p - out);
    *p++ = '.';
    if (n < scale) {
        memset(p, '0', scale - n);
        p += scale - n;
    }
    memcpy(p, digits + whole, n - whole);
    p += n - whole;
    for (size_t drop = scale; drop > keep && p[-1] == '0'; drop--)
        p--;
    if (p[-1] == '.')
        p--;
    return (size_t)(p - out);
}

size_t decimal_text_int128(mr_int128 value, int32_t scale, int32_t keep, char out[DECIMAL_TEXT_MAX])
{
    char digits[40], *end = digits + sizeof(digits), *p = end;
    mr_uint128 left = value < 0 ? -(mr_uint128)value : (mr_uint128)value;

    if (scale > DECIMAL_MAX_DIGITS)
        return 0;
    if (MR_LIKELY(left > 0 && left <= INT64_MAX))
        return put_point(value < 0, digits, json_put_long((int64_t)left, digits), scale, keep, out);
    for (; left > 0; left /= 10)
        *--p = (char)('0' + (unsigned)(left % 10));
    return put_point(value < 0, p, (size_t)(end - p), scale, keep, out);
}

/* big / 10^9, giving the remainder. */
static uint32_t big_divide(struct decimal_big *big)
{
    uint64_t rest = 0;

    for (size_t i = big->n; i-- > 0;) {
        rest = rest << 32 | big->limbs[i];
        big->limbs[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    while (big->n > 0 && big->limbs[big->n - 1] == 0)
        big->n--;
    return (uint32_t)rest;
}

static void big_from_bytes(struct mr_bytes bytes, bool negative, struct decimal_big *ret_big)
{
    unsigned carry = 1;

    *ret_big = (struct decimal_big){.n = (bytes.len + 3) / 4};
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[bytes.len - 1 - i];
        if (negative) {
            carry += (uint8_t)~byte;
            byte = (uint8_t)carry;
            carry >>= 8;
        }
        ret_big->limbs[i / 4] |= (uint32_t)byte << i % 4 * 8;
    }
    if (negative && carry != 0) /* -2^(8*len) needs one more byte */
        ret_big->limbs[bytes.len / 4] |= 1u << bytes.len % 4 * 8;
    while (ret_big->n > 0 && ret_big->limbs[ret_big->n - 1] == 0)
        ret_big->n--;
}

size_t decimal_text(struct mr_bytes bytes, int32_t scale, int32_t keep, char out[DECIMAL_TEXT_MAX])
{
    char digits[DECIMAL_LIMBS * 10], *end = digits + sizeof(digits), *p = end;
    mr_int128 small;
    struct decimal_big big;

    if (decimal_to_int128(bytes, &small))
        return decimal_text_int128(small, scale, keep, out);
    if (bytes.len == 0 || scale > DECIMAL_MAX_DIGITS)
        return 0;
    bool negative = bytes.data[0] & 0x80;
    while (bytes.len > DECIMAL_MAX_BYTES && bytes.data[0] == (negative ? 0xff : 0)) {
        bytes.data++;
        bytes.len--;
    }
    if (bytes.len > DECIMAL_MAX_BYTES)
        return 0;
    big_from_bytes(bytes, negative, &big);
    while (big.n > 0) {
        uint32_t part = big_divide(&big);
        for (int i = 0; i < 9; i++, part /= 10)
            *--p = (char)('0' + part % 10);
    }
    while (p < end && *p == '0')
        p++;
    if (end - p > DECIMAL_MAX_DIGITS)
        return 0;
    return put_point(negative, p, (size_t)(end - p), scale, keep, out);
}
