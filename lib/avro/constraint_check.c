/* SPDX-License-Identifier: Apache-2.0 */
/* Values against their constraints. */
#include <stdio.h>

#include "constraint.h"
#include "json_logical.h"
#include "millrace/uuid.h"

/* The part of a refused text that an error repeats, cut between characters; for "%.*s". */
static int excerpt(struct mr_str text)
{
    enum { EXCERPT = 64 };

    return (int)mr_utf8_cut(text, EXCERPT).len;
}

static int out_of_bounds(const struct constraint *rules, bool low, const char *was, size_t len,
                         struct mr_error *reterr)
{
    return mr_error_set(reterr, MR_INVALID, "must be %s (was %.*s)",
                        low ? rules->least_words : rules->most_words,
                        excerpt((struct mr_str){was, len}), was);
}

int constraint_long_error(const struct constraint *rules, int64_t value, struct mr_error *reterr)
{
    char was[JSON_NUMBER_MAX];

    return out_of_bounds(rules, value < rules->least, was, json_put_long(value, was), reterr);
}

int constraint_decimal(const struct constraint *rules, mr_int128 value, int32_t scale,
                       struct mr_error *reterr)
{
    char was[DECIMAL_TEXT_MAX];

    if (MR_LIKELY(value >= rules->least && value <= rules->most))
        return 0;
    size_t len = decimal_text_int128(value, scale, 0, was);
    return out_of_bounds(rules, value < rules->least, was, len, reterr);
}

int constraint_double(const struct constraint *rules, double value, struct mr_error *reterr)
{
    char was[JSON_NUMBER_MAX];
    /* Written so that NaN is within no bound. */
    bool low = rules->least_words &&
               !(rules->double_over ? value > rules->double_least : value >= rules->double_least);
    bool high = rules->most_words &&
                !(rules->double_under ? value < rules->double_most : value <= rules->double_most);

    if (MR_LIKELY(!low && !high))
        return 0;
    size_t len = value - value == 0 ? json_put_double(value, was)
                                    : (size_t)snprintf(was, sizeof(was), "%f", value);
    if (len > 2 && memcmp(was + len - 2, ".0", 2) == 0)
        len -= 2;
    return out_of_bounds(rules, low, was, len, reterr);
}

/* Continuation bytes do not begin a code point. */
static size_t code_points(struct mr_str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

static int length_error(struct mr_str text, const struct constraint *rules, struct mr_error *reterr)
{
    size_t n = code_points(text);

    if (n < rules->min_length)
        return rules->min_length == 1 && n == 0
                   ? mr_error_set(reterr, MR_INVALID, "must not be empty")
                   : mr_error_set(reterr, MR_INVALID, "must have at least %zu characters (had %zu)",
                                  rules->min_length, n);
    if (n > rules->max_length)
        return mr_error_set(reterr, MR_INVALID, "must have at most %zu characters (had %zu)",
                            rules->max_length, n);
    return 0;
}

int constraint_string(const struct constraint *rules, struct mr_str text, struct mr_error *reterr)
{
    /* len >= code points >= len / 4: most lengths need no count. */
    if (MR_UNLIKELY(text.len / 4 < rules->min_length || text.len > rules->max_length) &&
        !(text.len > 0 && rules->min_length == 1 && text.len <= rules->max_length)) {
        int r = length_error(text, rules, reterr);
        if (r != 0)
            return r;
    }
    if (rules->format != FORMAT_NONE && !constraint_format_holds(rules->format, text))
        return mr_error_set(reterr, MR_INVALID, "must be %s (was \"%.*s\")",
                            constraint_format_name(rules->format), excerpt(text),
                            text.len ? text.data : "");
    if (!rules->pattern)
        return 0;
    int r = pattern_match(rules->pattern, text);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, MR_INVALID, "must match the pattern %s (was \"%.*s\")",
                            pattern_text(rules->pattern), excerpt(text), text.len ? text.data : "");
    if (r == MR_FULL)
        return mr_error_set(reterr, MR_INVALID,
                            "takes more steps to match against the pattern %s than are allowed",
                            pattern_text(rules->pattern));
    return r;
}

int constraint_items(const struct constraint *rules, size_t n, struct mr_error *reterr)
{
    if (n < rules->min_items)
        return mr_error_set(reterr, MR_INVALID, "must have at least %zu item%s (had %zu)",
                            rules->min_items, rules->min_items == 1 ? "" : "s", n);
    if (n > rules->max_items)
        return mr_error_set(reterr, MR_INVALID, "must have at most %zu item%s (had %zu)",
                            rules->max_items, rules->max_items == 1 ? "" : "s", n);
    return 0;
}

const char *constraint_format_name(enum constraint_format format)
{
    static const char *const names[] = {
        [FORMAT_NONE] = "",
        [FORMAT_UUID] = "uuid",
        [FORMAT_DATE] = "date",
        [FORMAT_DATE_TIME] = "date-time",
        [FORMAT_DATE_OR_DATE_TIME] = "date-or-date-time",
        [FORMAT_EMAIL] = "email",
        [FORMAT_URI] = "uri",
    };

    return names[format];
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Dot-separated labels of letters, digits and inner hyphens (RFC 1123). */
static bool is_domain(struct mr_str text)
{
    size_t label = 0;

    if (text.len == 0 || text.len > 253)
        return false;
    for (size_t i = 0; i <= text.len; i++) {
        char c = i < text.len ? text.data[i] : '.';
        if (c == '.') {
            if (label == 0 || label > 63 || text.data[i - 1] == '-')
                return false;
            label = 0;
        } else if (is_alnum(c) || (c == '-' && label > 0)) {
            label++;
        } else {
            return false;
        }
    }
    return true;
}

/* local@domain with an unquoted local part (RFC 5321; letters beyond ASCII as RFC 6531). */
static bool is_email(struct mr_str text)
{
    const char *at = text.len ? memchr(text.data, '@', text.len) : NULL;
    size_t local = at ? (size_t)(at - text.data) : 0;

    if (local == 0 || local > 64 || text.data[0] == '.' || text.data[local - 1] == '.')
        return false;
    for (size_t i = 0; i < local; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '.' && text.data[i + 1] == '.')
            return false;
        if (c < 0x80 && c != '.' && !is_alnum((char)c) &&
            (c == 0 || !strchr("!#$%&'*+-/=?^_`{|}~", c)))
            return false;
    }
    return is_domain((struct mr_str){at + 1, text.len - local - 1});
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* scheme ":" and characters that RFC 3986 allows, with well-formed percent-encoding. */
static bool is_uri(struct mr_str text)
{
    size_t i = 0;

    if (text.len == 0 || is_alnum(text.data[0]) == false || text.data[0] <= '9')
        return false;
    while (i < text.len && (is_alnum(text.data[i]) || strchr("+-.", text.data[i])) && text.data[i])
        i++;
    if (i == text.len || text.data[i] != ':')
        return false;
    for (i++; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            if (text.len - i < 3 || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2]))
                return false;
            i += 2;
        } else if (c == 0 || (!is_alnum(c) && !strchr("-._~:/?#[]@!$&'()*+,;=", c))) {
            return false;
        }
    }
    return true;
}

bool constraint_format_holds(enum constraint_format format, struct mr_str text)
{
    struct mr_uuid uuid;
    int64_t seconds;
    int32_t nanos, days;

    switch (format) {
    case FORMAT_UUID:
        return mr_uuid_parse(text, &uuid) == 0;
    case FORMAT_DATE:
        return mr_date_parse(text, &days) == 0;
    case FORMAT_DATE_TIME:
        return mr_time_parse(text, &seconds, &nanos) == 0;
    case FORMAT_DATE_OR_DATE_TIME:
        return mr_date_parse(text, &days) == 0 || mr_time_parse(text, &seconds, &nanos) == 0;
    case FORMAT_EMAIL:
        return is_email(text);
    case FORMAT_URI:
        return is_uri(text);
    case FORMAT_NONE:
        break;
    }
    return true;
}
