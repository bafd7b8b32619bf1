/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over valid JSON text; truncated text ends a walk, and nothing reads beyond it. */
#include "json_view.h"

#include <string.h>

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* From the opening quote to behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end)
{
    size_t depth = 0;

    while (at < end) {
        char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at;
            depth--;
            at++;
        } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            return at;
        } else {
            at++;
            continue; /* a scalar goes on */
        }
        if (depth == 0)
            return at;
    }
    return end;
}

bool json_walk_start(struct json_walk *walk, struct mr_str value)
{
    const char *end = value.data + value.len;
    const char *at = value.len ? skip_space(value.data, end) : end;

    if (at == end || (*at != '{' && *at != '['))
        return false;
    *walk = (struct json_walk){at + 1, end, *at == '{'};
    return true;
}

bool json_walk_next(struct json_walk *walk, struct mr_str *ret_key, struct mr_str *ret_value)
{
    const char *at = skip_space(walk->at, walk->end), *end = walk->end;

    if (at < end && *at == ',')
        at = skip_space(at + 1, end);
    if (at == end || *at == '}' || *at == ']')
        return false;
    *ret_key = (struct mr_str){at, 0};
    if (walk->object) {
        const char *close = skip_string(at, end);
        *ret_key = (struct mr_str){at + 1, close - at > 1 ? (size_t)(close - at - 2) : 0};
        at = skip_space(close, end);
        at = at < end && *at == ':' ? skip_space(at + 1, end) : end;
    }
    const char *stop = skip_value(at, end);
    *ret_value = (struct mr_str){at, (size_t)(stop - at)};
    walk->at = stop;
    return stop > at;
}

bool json_member(struct mr_str object, struct mr_str name, struct mr_str *ret_value)
{
    struct json_walk walk;
    struct mr_str key, value;

    if (!json_walk_start(&walk, object) || !walk.object)
        return false;
    while (json_walk_next(&walk, &key, &value)) {
        if (mr_str_eq(key, name)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool is_index(const char *segment, size_t len, size_t *ret_index)
{
    size_t index = 0;

    for (size_t i = 0; i < len; i++) {
        if (segment[i] < '0' || segment[i] > '9' || i > 8)
            return false;
        index = index * 10 + (size_t)(segment[i] - '0');
    }
    *ret_index = index;
    return len > 0;
}

bool json_at(struct mr_str value, const char *path, bool (*fn)(void *self, struct mr_str value),
             void *self)
{
    size_t len = strcspn(path, "."), index = 0;
    const char *rest = path + len + (path[len] == '.');
    struct json_walk walk;
    struct mr_str key, item;

    if (len == 0)
        return fn(self, value);
    if (!json_walk_start(&walk, value))
        return false;
    if (walk.object)
        return json_member(value, (struct mr_str){path, len}, &item) &&
               json_at(item, rest, fn, self);
    bool one = is_index(path, len, &index);
    for (size_t i = 0; json_walk_next(&walk, &key, &item); i++) {
        if (!one ? json_at(item, path, fn, self) : i == index && json_at(item, rest, fn, self))
            return true;
    }
    return false;
}

static unsigned hex4(const char *at)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++) {
        char c = at[i];
        value = value * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void put_utf8(struct mr_buf *out, unsigned c)
{
    uint8_t bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        bytes[i] = (uint8_t)(0x80 | (c & 0x3f));
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (uint8_t)(first[n] | c);
    (void)mr_buf_append(out, bytes, n);
}

/* at is behind a backslash; gives what follows the escape. */
static const char *unescape(const char *at, const char *end, struct mr_buf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *known = strchr(from, *at);

    if (*at == 'u' && end - at >= 5) {
        unsigned c = hex4(at + 1);
        at += 5;
        if (c >= 0xd800 && c < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
            c = 0x10000 + ((c - 0xd800) << 10) + ((hex4(at + 2) - 0xdc00) & 0x3ff);
            at += 6;
        }
        put_utf8(out, c);
        return at;
    }
    (void)mr_buf_byte(out, (uint8_t)(known ? to[known - from] : *at));
    return at + 1;
}

struct mr_str json_scalar(struct mr_str value, struct mr_buf *scratch)
{
    if (value.len < 2 || value.data[0] != '"')
        return value;
    const char *at = value.data + 1, *end = value.data + value.len - 1;
    if (!memchr(at, '\\', (size_t)(end - at)))
        return (struct mr_str){at, (size_t)(end - at)};
    scratch->len = 0;
    if (mr_buf_reserve(scratch, value.len) != 0)
        return (struct mr_str){at, (size_t)(end - at)};
    while (at < end) {
        if (*at != '\\') {
            (void)mr_buf_byte(scratch, (uint8_t)*at++);
        } else if (++at < end) {
            at = unescape(at, end, scratch);
        }
    }
    return (struct mr_str){(const char *)scratch->data, scratch->len};
}
