/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times, instants and durations as text. */
#include "json_logical.h"

#include <stdio.h>

#include "millrace/compiler.h"

struct unit {
    int digits; /* of the fraction */
    int64_t per_second;
    bool local;
    const char *wanted;
};

static const char instant[] = "an RFC 3339 date-time with zone, such as 2024-02-29T12:34:56Z";
static const char wall_clock[] = "a date and time without zone, such as 2024-02-29T12:34:56.789";
static const char time_of_day[] = "a time of day, such as 12:34:56.789";

static const struct unit *unit_of(enum mr_avro_logical logical)
{
    static const struct unit units[] = {
        [MR_LOGICAL_DATE] = {0, 1, true, "a date, such as 2024-02-29"},
        [MR_LOGICAL_TIME_MILLIS] = {3, 1000, true, time_of_day},
        [MR_LOGICAL_TIME_MICROS] = {6, 1000000, true, time_of_day},
        [MR_LOGICAL_TIMESTAMP_MILLIS] = {3, 1000, false, instant},
        [MR_LOGICAL_TIMESTAMP_MICROS] = {6, 1000000, false, instant},
        [MR_LOGICAL_TIMESTAMP_NANOS] = {9, 1000000000, false, instant},
        [MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS] = {3, 1000, true, wall_clock},
        [MR_LOGICAL_LOCAL_TIMESTAMP_MICROS] = {6, 1000000, true, wall_clock},
        [MR_LOGICAL_LOCAL_TIMESTAMP_NANOS] = {9, 1000000000, true, wall_clock},
        [MR_LOGICAL_DURATION] = {0, 1, false, "an ISO 8601 duration, such as P1M2DT0.003S"},
    };

    return &units[logical];
}

int64_t logical_per_second(enum mr_avro_logical logical)
{
    return unit_of(logical)->per_second;
}

const char *logical_wanted(enum mr_avro_logical logical)
{
    return unit_of(logical)->wanted;
}

/* The only ways in which a value does not fit: see to_unit, duration_parse. */
const char *logical_bound(enum mr_avro_logical logical)
{
    if (logical == MR_LOGICAL_DURATION)
        return "of at most 4294967295 months, days and milliseconds, and of whole milliseconds";
    switch (unit_of(logical)->digits) {
    case 3:
        return "of at most 3 decimals";
    case 6:
        return "within -290308-12-21T19:59:05.224192 to +294247-01-10T04:00:54.775807";
    default:
        return "within 1677-09-21T00:12:43.145224192 to 2262-04-11T23:47:16.854775807";
    }
}

/* Seconds and nanoseconds to the type's unit; false when it cannot hold them. */
static bool to_unit(const struct unit *unit, int64_t seconds, int32_t nanos, int64_t *ret_value)
{
    /* Digits beyond microseconds are cut, those between the unit and microseconds must be zero. */
    if (unit->digits == 3 && nanos / 1000 % 1000 != 0)
        return false;
    mr_int128 value =
        (mr_int128)seconds * unit->per_second + nanos / (1000000000 / unit->per_second);
    *ret_value = (int64_t)value;
    return value == *ret_value;
}

typedef int time_parse(struct mr_str text, int64_t *ret_seconds, int32_t *ret_nanos);

/* The day is borrowed from the epoch, and the zone is UTC: one parser for all three. */
static int parse_completed(const struct unit *unit, const char *before, struct mr_str text,
                           const char *after, time_parse *parse, int64_t *ret_value)
{
    char full[64];
    int64_t seconds;
    int32_t nanos;
    size_t before_len = strlen(before), after_len = strlen(after);

    if (text.len > sizeof(full) - before_len - after_len)
        return MR_INVALID;
    memcpy(full, before, before_len);
    memcpy(full + before_len, text.data, text.len);
    memcpy(full + before_len + text.len, after, after_len);
    struct mr_str all = {full, before_len + text.len + after_len};
    if (parse(all, &seconds, &nanos) != 0)
        return MR_INVALID;
    return to_unit(unit, seconds, nanos, ret_value) ? 0 : MR_FULL;
}

int logical_parse(enum mr_avro_logical logical, struct mr_str text, bool far, int64_t *ret_value)
{
    const struct unit *unit = unit_of(logical);
    time_parse *parse = far ? mr_time_parse_far : mr_time_parse;
    int64_t seconds;
    int32_t nanos, days;
    int r;

    if (text.len == 0)
        return MR_INVALID;
    char last = text.data[text.len - 1];
    bool ends_in_digit = last >= '0' && last <= '9';
    if (logical == MR_LOGICAL_DATE) {
        if ((r = far ? mr_date_parse_far(text, &days) : mr_date_parse(text, &days)) == 0)
            *ret_value = days;
        return r;
    }
    if (logical == MR_LOGICAL_TIME_MILLIS || logical == MR_LOGICAL_TIME_MICROS)
        return ends_in_digit
                   ? parse_completed(unit, "1970-01-01T", text, "Z", mr_time_parse, ret_value)
                   : MR_INVALID;
    if (unit->local) {
        /* "...T12:34:56+01:00" ends in a digit too: completed with Z it is refused. */
        return ends_in_digit ? parse_completed(unit, "", text, "Z", parse, ret_value) : MR_INVALID;
    }
    if (parse(text, &seconds, &nanos) != 0)
        return MR_INVALID;
    return to_unit(unit, seconds, nanos, ret_value) ? 0 : MR_FULL;
}

size_t logical_text(enum mr_avro_logical logical, int64_t value, char out[MR_TIME_MAX])
{
    enum { DATE_PART = 11 /* "1970-01-01T" */, DAY = 86400 };
    const struct unit *unit = unit_of(logical);
    bool time = logical == MR_LOGICAL_TIME_MILLIS || logical == MR_LOGICAL_TIME_MICROS;

    if (logical == MR_LOGICAL_DATE)
        return mr_date_format(value, out);
    if (time && (value < 0 || value >= DAY * unit->per_second))
        return 0;
    int64_t seconds = value / unit->per_second, rest = value % unit->per_second;
    if (rest < 0) {
        rest += unit->per_second;
        seconds--;
    }
    int32_t nanos = (int32_t)(rest * (1000000000 / unit->per_second));
    size_t len = mr_time_format(seconds, nanos, unit->digits, out);
    if (unit->local)
        len--; /* the 'Z' */
    if (time) {
        len -= DATE_PART;
        memmove(out, out + DATE_PART, len);
    }
    return len;
}

/* One "12M" of a duration: the number (milliseconds when it is of seconds with a fraction) and its
 * letter. Outcomes: 0, MR_INVALID, MR_FULL (too large, or digits beyond milliseconds). */
static int duration_part(const char **p, const char *end, uint64_t *ret_value, char *ret_unit)
{
    uint64_t value = 0;
    const char *q = *p;
    bool full = false;

    for (; q < end && *q >= '0' && *q <= '9'; q++) {
        value = value * 10 + (unsigned)(*q - '0');
        full = full || value > UINT32_MAX;
        value = full ? 0 : value;
    }
    if (q == *p || q == end)
        return MR_INVALID;
    if (*q == '.') {
        uint64_t scale = 100;
        value *= 1000;
        for (q++; q < end && *q >= '0' && *q <= '9'; q++, scale /= 10) {
            full = full || (scale == 0 && *q != '0');
            value += (unsigned)(*q - '0') * scale;
        }
        if (q == end || *q != 'S' || q[-1] == '.')
            return MR_INVALID;
        *ret_unit = 'm'; /* milliseconds */
    } else {
        *ret_unit = *q;
    }
    *ret_value = value;
    *p = q + 1;
    return full ? MR_FULL : 0;
}

int duration_parse(struct mr_str text, uint8_t out[12])
{
    static const struct {
        char letter;
        bool time;
        uint8_t word;
        uint32_t factor;
    } units[] = {{'Y', false, 0, 12},  {'M', false, 0, 1},      {'W', false, 1, 7},
                 {'D', false, 1, 1},   {'H', true, 2, 3600000}, {'M', true, 2, 60000},
                 {'S', true, 2, 1000}, {'m', true, 2, 1}};
    const char *p = text.data, *end = p + text.len;
    uint64_t words[3] = {0, 0, 0};
    size_t next = 0; /* units come in this order, each at most once */
    bool time = false, full = false;

    if (text.len < 3 || *p++ != 'P')
        return MR_INVALID;
    while (p < end) {
        uint64_t value;
        char letter;
        if (*p == 'T' && !time) {
            time = true;
            p++;
        }
        int r = duration_part(&p, end, &value, &letter);
        if (r == MR_INVALID)
            return r;
        while (next < MR_N_ELEMENTS(units) &&
               (units[next].letter != letter || units[next].time != time))
            next++;
        if (next == MR_N_ELEMENTS(units))
            return MR_INVALID;
        uint64_t *word = &words[units[next].word];
        *word += value * units[next].factor;
        full = full || r == MR_FULL || *word > UINT32_MAX;
        *word = full ? 0 : *word;
        next = letter == 'S' ? MR_N_ELEMENTS(units) : next + 1;
    }
    for (size_t i = 0; i < 12 && !full; i++)
        out[i] = (uint8_t)(words[i / 4] >> i % 4 * 8);
    return full ? MR_FULL : 0;
}

size_t duration_text(const uint8_t in[12], char out[MR_TIME_MAX])
{
    uint32_t words[3] = {0, 0, 0};
    int n = 0;

    for (size_t i = 0; i < 12; i++)
        words[i / 4] |= (uint32_t)in[i] << i % 4 * 8;
    out[n++] = 'P';
    if (words[0] != 0)
        n += snprintf(out + n, MR_TIME_MAX - (size_t)n, "%uM", words[0]);
    if (words[1] != 0)
        n += snprintf(out + n, MR_TIME_MAX - (size_t)n, "%uD", words[1]);
    if (words[2] != 0 || n == 1)
        n += snprintf(out + n, MR_TIME_MAX - (size_t)n, "T%u.%03uS", words[2] / 1000,
                      words[2] % 1000);
    return (size_t)n;
}
