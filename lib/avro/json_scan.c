/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, words and white space of JSON. */
#include "json_scan.h"

#include <stdarg.h>
#include <stdio.h>

void json_report(const struct mr_json_cursor *cursor, const char *at, struct mr_error *reterr,
                 const char *fmt, ...)
{
    va_list args;

    if (!reterr)
        return;
    va_start(args, fmt);
    (void)mr_error_vset(reterr, MR_INVALID, fmt, args);
    va_end(args);
    reterr->offset = (size_t)(at - cursor->begin);
}

int json_expected(const struct mr_json_cursor *cursor, const char *what, struct mr_error *reterr)
{
    if (cursor->at == cursor->end)
        return MR_END;
    unsigned char c = (unsigned char)*cursor->at;
    if (c > 0x20 && c < 0x7f)
        return json_error(cursor, cursor->at, reterr, "expected %s, not '%c'", what, c);
    return json_error(cursor, cursor->at, reterr, "expected %s, not byte 0x%02x", what, c);
}

void mr_json_space(struct mr_json_cursor *cursor)
{
    (void)json_peek(cursor);
}

/* A line that was cut off mostly ends in a string. */
static MR_COLD int control_character(struct mr_json_cursor *cursor, const char *at,
                                     struct mr_error *reterr)
{
    if (*at == '\n' || *at == '\r')
        return json_error(cursor, at, reterr,
                          "a string must end within its line: a line break in it is \\n");
    return json_error(cursor, at, reterr,
                      "a string must not hold the control character 0x%02x unescaped",
                      (unsigned char)*at);
}

int json_string_raw(struct mr_json_cursor *cursor, struct json_raw *ret_raw,
                    struct mr_error *reterr)
{
    const char *begin = cursor->at + 1, *p = begin, *end = cursor->end;
    bool non_ascii = false, escaped = false;
    size_t bad;

    for (;;) {
        p = json_plain_run(p, end, &non_ascii);
        if (MR_UNLIKELY(p == end))
            return MR_END;
        if (MR_LIKELY(*p == '"'))
            break;
        if (*p != '\\')
            return control_character(cursor, p, reterr);
        escaped = true;
        if (end - p < 2)
            return MR_END;
        p += 2;
    }
    struct mr_str text = {begin, (size_t)(p - begin)};
    if (MR_UNLIKELY(non_ascii) && !mr_utf8_valid(text.data, text.len, &bad))
        return json_error(cursor, begin + bad, reterr, "a string must be well-formed UTF-8");
    *ret_raw = (struct json_raw){text, escaped};
    cursor->at = p + 1;
    return 0;
}

/* Four hex digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int c = p[i];
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* \uXXXX with p after the 'u'; joins surrogate pairs. *ret_next is one past what was read. */
static int unescape_unicode(const struct mr_json_cursor *cursor, const char *p, const char *end,
                            uint32_t *ret_c, const char **ret_next, struct mr_error *reterr)
{
    int32_t high = hex4(p, end);

    if (high < 0)
        return json_error(cursor, p - 2, reterr, "\\u must be followed by four hex digits");
    *ret_next = p + 4;
    *ret_c = (uint32_t)high;
    if (high < 0xd800 || high > 0xdfff)
        return 0;
    int32_t low = end - p >= 10 && p[4] == '\\' && p[5] == 'u' ? hex4(p + 6, end) : -1;
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return json_error(cursor, p - 2, reterr,
                          "a surrogate must be one half of a pair (was \\u%04x)", (unsigned)high);
    *ret_next = p + 10;
    *ret_c = 0x10000 + (((uint32_t)high & 0x3ff) << 10 | ((uint32_t)low & 0x3ff));
    return 0;
}

int json_unescape(const struct mr_json_cursor *cursor, const struct json_raw *raw,
                  enum json_nul nul, char *out, size_t *ret_len, struct mr_error *reterr)
{
    static const char shorts[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *p = raw->text.data, *end = p + raw->text.len;
    char *to = out;

    while (p < end) {
        if (*p != '\\') {
            *to++ = *p++;
            continue;
        }
        unsigned char c = (unsigned char)p[1]; /* a backslash is never the last byte */
        if (c < sizeof(shorts) && shorts[c]) {
            *to++ = shorts[c];
            p += 2;
            continue;
        }
        uint32_t point = 0;
        if (c != 'u')
            return json_error(cursor, p, reterr, "unknown escape in a string");
        int r = unescape_unicode(cursor, p + 2, end, &point, &p, reterr);
        if (r != 0)
            return r;
        if (point == 0 && nul == JSON_NUL_REFUSE)
            return json_error(cursor, p - 6, reterr,
                              "a string must not hold the character NUL (\\u0000)");
        to = put_utf8(to, point);
    }
    *ret_len = (size_t)(to - out);
    return 0;
}

int mr_json_string(struct mr_json_cursor *cursor, struct mr_buf *scratch, struct mr_str *ret_text,
                   struct mr_error *reterr)
{
    struct mr_json_cursor in = *cursor;
    struct json_raw raw;

    if (json_peek(&in) != '"')
        return json_expected(&in, "a string", reterr);
    int r = json_string_raw(&in, &raw, reterr);
    if (r != 0)
        return r;
    if (raw.escaped) {
        size_t len;
        if ((r = mr_buf_reserve(scratch, raw.text.len)) != 0)
            return r;
        char *to = (char *)scratch->data + scratch->len;
        if ((r = json_unescape(&in, &raw, JSON_NUL_REFUSE, to, &len, reterr)) != 0)
            return r;
        scratch->len += len;
        raw.text = (struct mr_str){to, len};
    }
    *ret_text = raw.text;
    *cursor = in;
    return 0;
}

int json_word(struct mr_json_cursor *cursor, const char *word, struct mr_error *reterr)
{
    size_t len = strlen(word), left = (size_t)(cursor->end - cursor->at);

    if (memcmp(cursor->at, word, len < left ? len : left) != 0)
        return json_error(cursor, cursor->at, reterr, "expected a JSON value");
    if (left < len)
        return MR_END;
    cursor->at += len;
    return 0;
}
