/* SPDX-License-Identifier: Apache-2.0 */
/* Reading numbers. A double of at most 15 digits and a small power of ten is one exact product or
 * quotient (Clinger 1990); everything else goes to the C library, in the "C" locale. */
#include "json_number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "json_scan.h"

enum { EXPONENT_LIMIT = 1000000000, MANTISSA_DIGITS = 19 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Passes over digits, gathering the mantissa; leading zeros do not count. */
static const char *scan_digits(const char *p, const char *end, struct json_number *number)
{
    for (; p < end && is_digit(*p); p++) {
        if (number->n_digits == 0 && *p == '0')
            continue;
        if (number->n_digits++ == 0)
            number->digits = p;
        if (number->n_digits <= MANTISSA_DIGITS)
            number->mantissa = number->mantissa * 10 + (unsigned)(*p - '0');
    }
    return p;
}

/* Trailing zeros move into the exponent, so that 2.0 and 20e-1 and 2 are the same. */
static void strip_zeros(struct json_number *number, const char *last)
{
    size_t stripped = 0;

    for (const char *p = last; number->n_digits > 1 && (*p == '0' || *p == '.'); p--) {
        if (*p == '.')
            continue;
        if (number->n_digits-- <= MANTISSA_DIGITS)
            number->mantissa /= 10;
        stripped++;
    }
    number->exp10 += (int64_t)stripped;
}

static int scan_exponent(struct mr_json_cursor *cursor, const char **p, struct json_number *number,
                         struct mr_error *reterr)
{
    const char *q = *p + 1, *end = cursor->end;
    bool negative = q < end && *q == '-';
    int64_t exponent = 0;

    if (q < end && (*q == '-' || *q == '+'))
        q++;
    if (q == end)
        return MR_END;
    if (!is_digit(*q))
        return json_error(cursor, q, reterr, "an exponent must have digits");
    for (; q < end && is_digit(*q); q++)
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (*q - '0');
    number->exp10 += negative ? -exponent : exponent;
    *p = q;
    return 0;
}

/* ".5" and "e3" after the integer part. */
static int scan_rest(struct mr_json_cursor *cursor, const char **p, struct json_number *number,
                     struct mr_error *reterr)
{
    const char *end = cursor->end, *last = *p - 1;

    number->integer_text = false;
    if (**p == '.') {
        const char *fraction = *p + 1;
        *p = scan_digits(fraction, end, number);
        if (*p == fraction)
            return *p == end ? MR_END
                             : json_error(cursor, *p, reterr,
                                          "a decimal point must be followed by digits");
        last = *p - 1;
        number->exp10 -= *p - fraction;
    }
    if (*p < end && (**p == 'e' || **p == 'E')) {
        int r = scan_exponent(cursor, p, number, reterr);
        if (r != 0)
            return r;
    }
    number->scale = -number->exp10;
    if (number->n_digits > 0)
        strip_zeros(number, last);
    return 0;
}

int json_number_scan(struct mr_json_cursor *cursor, struct json_number *ret_number,
                     struct mr_error *reterr)
{
    const char *begin = cursor->at, *p = begin, *end = cursor->end;
    struct json_number number = {.integer_text = true};

    if (*p == '-') {
        number.negative = true;
        p++;
    }
    if (p == end)
        return MR_END;
    if (!is_digit(*p))
        return json_error(cursor, p, reterr, "a number must have a digit here");
    const char *first = p;
    p = scan_digits(p, end, &number);
    if (*first == '0' && p - first > 1)
        return json_error(cursor, first, reterr, "a number must not begin with a zero");
    if (p < end && (*p == '.' || *p == 'e' || *p == 'E')) {
        int r = scan_rest(cursor, &p, &number, reterr);
        if (r != 0)
            return r;
    } else if (number.n_digits > MANTISSA_DIGITS) {
        strip_zeros(&number, p - 1);
    }
    number.text = (struct mr_str){begin, (size_t)(p - begin)};
    *ret_number = number;
    cursor->at = p;
    return 0;
}

int json_number_from(struct mr_str text, struct json_number *ret_number)
{
    struct mr_json_cursor cursor = {text.data, text.data, text.data + text.len};

    if (text.len == 0 || json_number_scan(&cursor, ret_number, NULL) != 0 ||
        cursor.at != cursor.end)
        return MR_INVALID;
    return 0;
}

enum number_whole json_number_long(const struct json_number *number, int64_t *ret_value)
{
    uint64_t value = number->mantissa;
    int64_t exp10 = number->exp10;

    if (number->n_digits == 0) {
        *ret_value = 0;
        return NUMBER_WHOLE;
    }
    if (exp10 < 0)
        return NUMBER_FRACTION;
    if (number->n_digits > MANTISSA_DIGITS || exp10 > MANTISSA_DIGITS - (int64_t)number->n_digits)
        return NUMBER_RANGE;
    for (; exp10 > 0; exp10--)
        value *= 10;
    if (value > (uint64_t)INT64_MAX + number->negative)
        return NUMBER_RANGE;
    *ret_value = number->negative ? (int64_t)(0 - value) : (int64_t)value;
    return NUMBER_WHOLE;
}

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Made once for all of the process; NULL when there was no memory for it. */
static locale_t library_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_locale);
    return c_locale;
}

/* The C library wants a NUL behind the text: a copy, with digits beyond any that can matter in the
 * rounding replaced by one that keeps the sum above a tie. */
static void library_text(const struct json_number *number, char *out, size_t size)
{
    enum { DIGITS_THAT_MATTER = 800 };
    char *p = out;
    size_t n = number->n_digits < DIGITS_THAT_MATTER ? number->n_digits : DIGITS_THAT_MATTER;
    size_t cut = number->n_digits - n;
    const char *from = number->digits;

    if (number->negative)
        *p++ = '-';
    for (size_t i = 0; i < n; from++)
        if (*from != '.') {
            *p++ = *from;
            i++;
        }
    if (cut > 0)
        *p++ = '1'; /* trailing zeros were stripped: what is cut is not zero */
    (void)snprintf(p, size - (size_t)(p - out), "e%lld",
                   (long long)(number->exp10 + (int64_t)cut - (cut > 0)));
}

/* One operation on two exact numbers rounds right. So it does for a float, when both are exact as
 * floats: a double has more than twice the bits of one and two, so that the second rounding changes
 * nothing. False: more digits or a larger exponent than that, and not zero. */
static inline bool exact(const struct json_number *number, size_t max_digits, int64_t max_exp10,
                         double *ret_value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value = 0;

    if (number->n_digits <= max_digits && number->exp10 >= -max_exp10 &&
        number->exp10 <= max_exp10) {
        value = (double)number->mantissa;
        value = number->exp10 < 0 ? value / powers[-number->exp10] : value * powers[number->exp10];
    } else if (number->n_digits > 0) {
        return false;
    }
    *ret_value = number->negative ? -value : value;
    return true;
}

enum { LIBRARY_TEXT = 848 };

bool json_number_double(const struct json_number *number, double *ret_value)
{
    char text[LIBRARY_TEXT];

    if (exact(number, 15, 22, ret_value))
        return true;
    locale_t locale = library_locale();
    library_text(number, text, sizeof(text));
    *ret_value = locale ? strtod_l(text, NULL, locale) : strtod(text, NULL);
    return isfinite(*ret_value) && *ret_value != 0;
}

bool json_number_float(const struct json_number *number, float *ret_value)
{
    char text[LIBRARY_TEXT];
    double value;

    if (exact(number, 7, 10, &value)) {
        *ret_value = (float)value;
        return true;
    }
    locale_t locale = library_locale();
    library_text(number, text, sizeof(text));
    *ret_value = locale ? strtof_l(text, NULL, locale) : strtof(text, NULL);
    return isfinite(*ret_value) && *ret_value != 0;
}
