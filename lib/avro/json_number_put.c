/* SPDX-License-Identifier: Apache-2.0 */
/* Writing numbers. Most doubles in events are short decimals: the smallest k for which
 * m / 10^k is the value, m being exact, gives the shortest text at once, since that quotient is
 * correctly rounded and is what a reader computes. The rest asks the C library for 15, 16 and 17
 * digits in turn (6 to 9 for float; subnormals from 1). */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "json_number.h"

static size_t put_digits(uint64_t value, char *out)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char text[20], *p = text + sizeof(text);

    while (value >= 100) {
        p -= 2;
        memcpy(p, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        p -= 2;
        memcpy(p, pairs + value * 2, 2);
    } else {
        *--p = (char)('0' + value);
    }
    size_t len = (size_t)(text + sizeof(text) - p);
    memcpy(out, p, len);
    return len;
}

size_t json_put_long(int64_t value, char out[JSON_NUMBER_MAX])
{
    if (value >= 0)
        return put_digits((uint64_t)value, out);
    out[0] = '-';
    return 1 + put_digits(0 - (uint64_t)value, out + 1);
}

/* m / 10^k as text, at least one digit on each side of the point. */
static size_t put_scaled(bool negative, uint64_t m, unsigned k, char *out)
{
    char digits[24];
    size_t n = put_digits(m, digits);
    char *p = out;

    if (negative)
        *p++ = '-';
    if (k == 0) {
        memcpy(p, digits, n);
        memcpy(p + n, ".0", 2);
        return (size_t)(p - out) + n + 2;
    }
    if (n <= k) { /* 0.00ddd */
        *p++ = '0';
        *p++ = '.';
        memset(p, '0', k - n);
        p += k - n;
        memcpy(p, digits, n);
        return (size_t)(p - out) + n;
    }
    memcpy(p, digits, n - k);
    p += n - k;
    *p++ = '.';
    memcpy(p, digits + n - k, k);
    return (size_t)(p - out) + k;
}

/* printf writes JSON's numbers, but a locale may put a comma, and "16777216" wants its ".0". */
static size_t put_library(double value, int digits, char out[JSON_NUMBER_MAX])
{
    size_t n = (size_t)snprintf(out, JSON_NUMBER_MAX - 2, "%.*g", digits, value);
    bool whole = true;

    for (size_t i = 0; i < n; i++) {
        if (out[i] == ',')
            out[i] = '.';
        whole &= out[i] != '.' && out[i] != 'e';
    }
    if (whole) {
        memcpy(out + n, ".0", 2);
        n += 2;
    }
    return n;
}

size_t json_put_double(double value, char out[JSON_NUMBER_MAX])
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    double size = fabs(value);
    struct json_number number;
    double again;
    size_t len = 0;

    for (unsigned k = 0; k < 16 && size >= 1e-6; k++) {
        double m = size * powers[k];
        if (m >= 9e15)
            break;
        uint64_t whole = (uint64_t)(m + 0.5);
        if ((double)whole / powers[k] == size)
            return put_scaled(signbit(value) != 0, whole, k, out);
    }
    if (value == 0)
        return put_scaled(signbit(value) != 0, 0, 0, out);
    for (int digits = size < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        len = put_library(value, digits, out);
        if (json_number_from((struct mr_str){out, len}, &number) == 0 &&
            json_number_double(&number, &again) && again == value)
            break;
    }
    return len;
}

size_t json_put_float(float value, char out[JSON_NUMBER_MAX])
{
    static const float powers[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    float size = fabsf(value);
    struct json_number number;
    float again;
    size_t len = 0;

    for (unsigned k = 0; k < 8 && size >= 1e-4f; k++) {
        double m = (double)size * (double)powers[k];
        if (m >= 16e6)
            break;
        uint64_t whole = (uint64_t)(m + 0.5);
        if ((float)whole / powers[k] == size)
            return put_scaled(signbit(value) != 0, whole, k, out);
    }
    if (value == 0)
        return put_scaled(signbit(value) != 0, 0, 0, out);
    for (int digits = size < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        len = put_library((double)value, digits, out);
        if (json_number_from((struct mr_str){out, len}, &number) == 0 &&
            json_number_float(&number, &again) && again == value)
            break;
    }
    return len;
}
