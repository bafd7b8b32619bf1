/* SPDX-License-Identifier: Apache-2.0 */
/* The words of JSON (RFC 8259), escapes resolved, numbers as they are written. */
#include "json_tree_scan.h"

#include <errno.h>
#include <string.h>

static int comment(struct mr_jscan *s)
{
    const char *from = s->at;

    if (!s->limits->like_java)
        return MR_JSCAN_FAIL(s, from, "JSON has no comments");
    if (s->end - from >= 2 && from[1] == '/') {
        const char *nl = memchr(from, '\n', (size_t)(s->end - from));
        s->at = nl ? nl : s->end;
        return 0;
    }
    if (s->end - from >= 2 && from[1] == '*') {
        const char *close = memmem(from + 2, (size_t)(s->end - from - 2), "*/", 2);
        if (!close)
            return MR_JSCAN_FAIL(s, from, "the comment that begins here does not end");
        s->at = close + 2;
        return 0;
    }
    return MR_JSCAN_FAIL(s, from, "expected a JSON value");
}

int mr_jscan_space(struct mr_jscan *s)
{
    for (; s->at < s->end; s->at++) {
        char c = *s->at;
        if (c == '/') {
            int r = comment(s);
            if (r != 0)
                return r;
            s->at--;
        } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
            break;
        }
    }
    return 0;
}

static int hex4(const char *p, const char *end, unsigned *ret)
{
    unsigned v = 0;

    if (end - p < 4)
        return MR_INVALID;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if (c >= '0' && c <= '9')
            v = v * 16 + (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v * 16 + (unsigned)((c | 0x20) - 'a') + 10;
        else
            return MR_INVALID;
    }
    *ret = v;
    return 0;
}

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* s->at is on the u of \u. */
static int unicode_escape(struct mr_jscan *s, char **out)
{
    const char *from = s->at - 1;
    unsigned c, low;

    if (hex4(s->at + 1, s->end, &c) != 0)
        return MR_JSCAN_FAIL(s, from, "\\u needs four hexadecimal digits");
    s->at += 5;
    if (c >= 0xD800 && c <= 0xDFFF) {
        if (c > 0xDBFF || s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u' ||
            hex4(s->at + 2, s->end, &low) != 0 || low < 0xDC00 || low > 0xDFFF)
            return MR_JSCAN_FAIL(s, from, "half of a surrogate pair is not a character");
        s->at += 6;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    *out += put_utf8(*out, c);
    return 0;
}

static int escape(struct mr_jscan *s, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    s->at++;
    if (s->at < s->end && *s->at == 'u')
        return unicode_escape(s, out);
    const char *p = s->at < s->end && *s->at ? strchr(from, *s->at) : NULL;
    if (!p)
        return MR_JSCAN_FAIL(s, s->at - 1, "JSON has no such escape");
    *(*out)++ = to[p - from];
    s->at++;
    return 0;
}

/* The closing quote of the string that begins at from, or NULL. */
static const char *closing_quote(const char *from, const char *end)
{
    for (const char *p = from + 1; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"')
            return p;
    }
    return NULL;
}

int mr_jscan_string(struct mr_jscan *s, struct mr_str *ret_text)
{
    const char *from = s->at;
    const char *close = closing_quote(from, s->end);
    size_t bad;

    if (!close)
        return MR_JSCAN_FAIL(s, from, "the string that begins here does not end");
    char *copy = mr_arena_alloc(s->arena, (size_t)(close - from)); /* no escape grows */
    if (!copy)
        return -ENOMEM;
    char *out = copy;
    for (s->at++; s->at < close;) {
        if ((unsigned char)*s->at < 0x20)
            return MR_JSCAN_FAIL(s, s->at,
                                 "control character 0x%02x in a string: write it as an escape",
                                 (unsigned)*s->at);
        if (*s->at != '\\') {
            *out++ = *s->at++;
            continue;
        }
        int r = escape(s, &out);
        if (r != 0)
            return r;
    }
    s->at = close + 1;
    *ret_text = (struct mr_str){copy, (size_t)(out - copy)};
    if (!mr_utf8_valid(copy, ret_text->len, &bad))
        return MR_JSCAN_FAIL(s, from, "the string is not UTF-8");
    return 0;
}

static size_t digits(struct mr_jscan *s)
{
    const char *from = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return (size_t)(s->at - from);
}

int mr_jscan_number(struct mr_jscan *s, struct mr_jnode *node)
{
    const char *from = s->at;

    if (*s->at == '-')
        s->at++;
    const char *first = s->at;
    size_t n = digits(s);
    if (n == 0 || (n > 1 && *first == '0'))
        return MR_JSCAN_FAIL(s, from,
                             n ? "a number must not begin with 0" : "expected a JSON value");
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (digits(s) == 0)
            return MR_JSCAN_FAIL(s, from, "a number needs digits after its point");
    }
    if (s->at < s->end && (*s->at | 0x20) == 'e') {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        if (digits(s) == 0)
            return MR_JSCAN_FAIL(s, from, "a number needs digits in its exponent");
    }
    if (s->at - from > MR_J_MAX_NUMBER)
        return MR_JSCAN_FAIL(s, from, "a number of more than %d characters", MR_J_MAX_NUMBER);
    node->kind = MR_J_NUMBER;
    node->text = (struct mr_str){from, (size_t)(s->at - from)};
    return 0;
}

int mr_jscan_word(struct mr_jscan *s, struct mr_jnode *node)
{
    static const struct {
        const char *text;
        enum mr_jkind kind;
    } words[] = {{"null", MR_J_NULL}, {"false", MR_J_FALSE}, {"true", MR_J_TRUE}};
    const char *p = s->at;

    while (p < s->end && ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
        p++;
    struct mr_str found = {s->at, (size_t)(p - s->at)};
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++) {
        if (mr_str_is(found, words[i].text)) {
            node->kind = words[i].kind;
            s->at = p;
            return 0;
        }
    }
    if (found.len == 0)
        return MR_JSCAN_FAIL(s, s->at, "expected a JSON value");
    if (found.len > 40)
        found.len = 40;
    return MR_JSCAN_FAIL(s, s->at, "'%.*s' is not JSON: text stands in double quotes",
                         MR_STR_ARG(found));
}
