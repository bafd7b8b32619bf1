/* SPDX-License-Identifier: Apache-2.0 */
/* Instants, dates and durations. Calendar arithmetic on days since 1970-01-01 (proleptic
 * Gregorian), after the well-known era decomposition into 400-year cycles. */
#include "millrace/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "millrace/compiler.h"

static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (int64_t)(m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned doe = (unsigned)(days - era * 146097); /* small numbers divide faster */
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = (int64_t)yoe + era * 400 + (*m <= 2);
}

/* Two digits at p, or a negative number. */
static inline int digits2(const char *p)
{
    unsigned tens = (unsigned char)p[0] - (unsigned)'0', ones = (unsigned char)p[1] - (unsigned)'0';

    return tens > 9 || ones > 9 ? -1000 : (int)(tens * 10 + ones);
}

static bool parse_date(const char *p, int64_t *ret_days)
{
    static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y = digits2(p) * 100 + digits2(p + 2), m = digits2(p + 5), d = digits2(p + 8);

    if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_days[m - 1] || p[4] != '-' || p[7] != '-')
        return false;
    if (m == 2 && d == 29 && (y % 4 != 0 || (y % 100 == 0 && y % 400 != 0)))
        return false;
    *ret_days = days_from_civil(y, (unsigned)m, (unsigned)d);
    return true;
}

/* "Z", "z" or "+hh:mm" up to the end; seconds east of UTC. */
static bool parse_zone(const char *p, size_t len, int *ret_east)
{
    if (len == 1 && (*p == 'Z' || *p == 'z')) {
        *ret_east = 0;
        return true;
    }
    if (len != 6 || (*p != '+' && *p != '-') || p[3] != ':')
        return false;
    int hours = digits2(p + 1), minutes = digits2(p + 4);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *ret_east = (hours * 3600 + minutes * 60) * (*p == '-' ? -1 : 1);
    return true;
}

int mr_time_parse(struct mr_str text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    const char *p = text.data, *end = text.data + text.len;
    int64_t days;
    int32_t nanos = 0;
    int east;

    if (text.len < 20 || !parse_date(p, &days) || (p[10] != 'T' && p[10] != 't'))
        return MR_INVALID;
    int hour = digits2(p + 11), minute = digits2(p + 14), second = digits2(p + 17);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
        p[13] != ':' || p[16] != ':')
        return MR_INVALID;
    p += 19;
    if (*p == '.') {
        int32_t scale = 100000000;
        const char *first = ++p;
        for (; p < end && *p >= '0' && *p <= '9'; p++, scale /= 10)
            nanos += (*p - '0') * scale; /* scale is 0 beyond nanoseconds: cut */
        if (p == first)
            return MR_INVALID;
    }
    if (!parse_zone(p, (size_t)(end - p), &east))
        return MR_INVALID;
    *ret_seconds = days * 86400 + hour * 3600 + minute * 60 + second - east;
    *ret_nanos = nanos;
    return 0;
}

int mr_time_parse_micros(struct mr_str text, int64_t *ret_micros)
{
    int64_t seconds;
    int32_t nanos;
    int r = mr_time_parse(text, &seconds, &nanos);

    if (r == 0)
        *ret_micros = seconds * 1000000 + nanos / 1000;
    return r;
}

int mr_date_parse(struct mr_str text, int32_t *ret_days)
{
    int64_t days;

    if (text.len != 10 || !parse_date(text.data, &days))
        return MR_INVALID;
    *ret_days = (int32_t)days;
    return 0;
}

/* A year beyond 0001 to 9999, as mr_date_format writes it, becomes the one of 2000 to 2399 that has
 * the same calendar; *ret_days tells how far away that is. */
static bool near_year(struct mr_str text, char out[MR_TIME_MAX], struct mr_str *ret_text,
                      int64_t *ret_days)
{
    enum { CYCLE = 400, CYCLE_DAYS = 146097, MOST_DIGITS = 10 };
    bool sign = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    int64_t year = 0;
    size_t i = sign;

    for (; i < text.len && i <= MOST_DIGITS && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        year = year * 10 + (text.data[i] - '0');
    size_t n_digits = i - sign, rest = text.len - i;
    if (sign && text.data[0] == '-')
        year = -year;
    bool beyond = sign ? year < 0 || (year > 9999 && text.data[1] != '0') : year == 0;
    if (n_digits < 4 || (n_digits > 4 && text.data[1] == '0') || !beyond || rest > MR_TIME_MAX - 5)
        return false;
    int64_t near = 2000 + (year % CYCLE + CYCLE) % CYCLE;
    (void)snprintf(out, 5, "%04d", (int)near);
    memcpy(out + 4, text.data + i, rest);
    *ret_text = (struct mr_str){out, 4 + rest};
    *ret_days = (year - near) / CYCLE * CYCLE_DAYS;
    return true;
}

int mr_time_parse_far(struct mr_str text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    char near[MR_TIME_MAX];
    struct mr_str near_text;
    int64_t days;

    if (!near_year(text, near, &near_text, &days))
        return mr_time_parse(text, ret_seconds, ret_nanos);
    int r = mr_time_parse(near_text, ret_seconds, ret_nanos);
    if (r == 0)
        *ret_seconds += days * 86400;
    return r;
}

int mr_date_parse_far(struct mr_str text, int32_t *ret_days)
{
    char near[MR_TIME_MAX];
    struct mr_str near_text;
    int64_t days;
    int32_t near_days;

    if (!near_year(text, near, &near_text, &days))
        return mr_date_parse(text, ret_days);
    int r = mr_date_parse(near_text, &near_days);
    if (r == 0 && __builtin_add_overflow(days, near_days, ret_days))
        r = MR_INVALID;
    return r;
}

static char *put2(char *out, unsigned value)
{
    *out++ = (char)('0' + value / 10);
    *out++ = (char)('0' + value % 10);
    return out;
}

size_t mr_date_format(int64_t days, char out[MR_TIME_MAX])
{
    int64_t y;
    unsigned m, d;
    char *p = out;

    civil_from_days(days, &y, &m, &d);
    if (y >= 0 && y <= 9999) {
        p = put2(p, (unsigned)y / 100);
        p = put2(p, (unsigned)y % 100);
    } else {
        p += snprintf(p, 24, "%+05lld", (long long)y);
    }
    *p++ = '-';
    p = put2(p, m);
    *p++ = '-';
    p = put2(p, d);
    *p = '\0';
    return (size_t)(p - out);
}

size_t mr_time_format(int64_t seconds, int32_t nanos, int n_digits, char out[MR_TIME_MAX])
{
    int64_t days = seconds / 86400;
    int64_t left = seconds % 86400;

    if (left < 0) {
        left += 86400;
        days--;
    }
    unsigned of_day = (unsigned)left;
    char *p = out + mr_date_format(days, out);
    *p++ = 'T';
    p = put2(p, of_day / 3600);
    *p++ = ':';
    p = put2(p, of_day / 60 % 60);
    *p++ = ':';
    p = put2(p, of_day % 60);
    if (n_digits > 0) {
        unsigned left_over = (unsigned)nanos;
        *p++ = '.';
        for (int i = 0; i < n_digits; i += 3, left_over = left_over % 1000000 * 1000) {
            unsigned three =
                left_over / 1000000; /* constants divide quickly, and this is a hot path */
            *p++ = (char)('0' + three / 100);
            p = put2(p, three % 100);
        }
    }
    *p++ = 'Z';
    *p = '\0';
    return (size_t)(p - out);
}

size_t mr_time_format_micros(int64_t micros, char out[MR_TIME_MAX])
{
    int64_t seconds = micros / 1000000;
    int64_t rest = micros % 1000000;

    if (rest < 0) {
        rest += 1000000;
        seconds--;
    }
    return mr_time_format(seconds, (int32_t)rest * 1000, 6, out);
}

static int64_t clock_micros(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t mr_time_now(void)
{
    return clock_micros(CLOCK_REALTIME);
}

int64_t mr_time_steady(void)
{
    return clock_micros(CLOCK_MONOTONIC);
}

int mr_duration_parse(struct mr_str text, const char *default_unit, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},       {"s", 1000},      {"m", 60000},      {"h", 3600000},
                 {"d", 86400000}, {"w", 604800000}, {"y", 31536000000}};
    int64_t value = 0;
    size_t i = 0;

    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text.data[i] - '0', &value))
            return MR_INVALID;
    if (i == 0)
        return MR_INVALID;
    struct mr_str unit = {text.data + i, text.len - i};
    if (unit.len == 0)
        unit = mr_str_from(default_unit);
    for (size_t u = 0; u < MR_N_ELEMENTS(units); u++)
        if (mr_str_is(unit, units[u].name))
            return __builtin_mul_overflow(value, units[u].ms, ret_ms) ? MR_INVALID : 0;
    return MR_INVALID;
}

struct mr_str mr_time_day(int64_t micros, char out[MR_TIME_MAX])
{
    const int64_t day = INT64_C(86400000000);
    int64_t days = micros / day;

    return (struct mr_str){out, mr_date_format(micros % day < 0 ? days - 1 : days, out)};
}
