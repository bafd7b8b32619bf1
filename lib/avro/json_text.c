/* SPDX-License-Identifier: Apache-2.0 */
/* JSON strings to Avro: text, bytes, enums, ids, times. */
#include "json_encode.h"
#include "json_logical.h"
#include "millrace/uuid.h"

enum { MAX_SHOWN = 64 }; /* of a text that is not right */

int encode_string_at(struct encode *e, struct mr_str *ret_text)
{
    struct json_raw raw;
    size_t len;
    int r = json_string_raw(&e->in, &raw, e->reterr);

    if (r != 0)
        return r;
    *ret_text = raw.text;
    if (MR_LIKELY(!raw.escaped))
        return 0;
    if ((r = mr_buf_reserve(e->out, raw.text.len + 2 * BIN_LONG_MAX)) != 0)
        return r;
    char *to = (char *)e->out->data + e->out->len + BIN_LONG_MAX;
    if ((r = json_unescape(&e->in, &raw, e->nul, to, &len, e->reterr)) != 0)
        return r;
    *ret_text = (struct mr_str){to, len};
    return 0;
}

int encode_put_text(struct encode *e, struct mr_str text)
{
    struct mr_buf *out = e->out;
    int r = mr_buf_reserve(out, text.len + BIN_LONG_MAX);

    if (MR_UNLIKELY(r != 0))
        return r;
    uint8_t *p = bin_put_long(out->data + out->len, (int64_t)text.len);
    if (text.len > 0) /* an empty text may have no data */
        memmove(p, text.data, text.len);
    out->len = (size_t)(p - out->data) + text.len;
    return 0;
}

/* Any JSON value as text: a string is itself, others are their JSON without white space. */
static int encode_json_text(struct encode *e, const struct shape *shape)
{
    size_t start = e->out->len;
    const char *at = e->in.at;
    struct mr_str text;
    int r;

    if (*at == '"') {
        r = encode_string_at(e, &text);
    } else {
        if ((r = mr_buf_reserve(e->out, BIN_LONG_MAX)) != 0)
            return r;
        e->out->len += BIN_LONG_MAX;
        r = json_skip(&e->in, e->depth, e->out, e->reterr);
        text = (struct mr_str){(char *)e->out->data + start + BIN_LONG_MAX,
                               e->out->len - start - BIN_LONG_MAX};
        e->out->len = start;
    }
    if (r == 0 && shape->rules)
        r = encode_at(e, at, constraint_string(shape->rules, text, e->reterr));
    return r != 0 ? r : encode_put_text(e, text);
}

MR_COLD static int not_text_of(struct encode *e, const char *wanted, struct mr_str text,
                               const char *at)
{
    struct mr_str shown = mr_utf8_cut(text, MAX_SHOWN);

    return json_error(&e->in, at, e->reterr, "must be %s (was \"%.*s%s\")", wanted, (int)shown.len,
                      shown.len ? shown.data : "", shown.len < text.len ? "..." : "");
}

static int put_uuid(struct encode *e, const struct shape *shape, struct mr_str text, const char *at)
{
    struct mr_uuid uuid;

    if (mr_uuid_parse(text, &uuid) != 0)
        return not_text_of(e, "a UUID, such as 123e4567-e89b-12d3-a456-426614174000", text, at);
    if (shape->op == SHAPE_UUID_FIXED)
        return mr_buf_append(e->out, uuid.bytes, sizeof(uuid.bytes));
    char lower[MR_UUID_TEXT];
    mr_uuid_format(&uuid, lower);
    text = (struct mr_str){lower, sizeof(lower)};
    int r = shape->rules ? constraint_string(shape->rules, text, e->reterr) : 0;
    return r != 0 ? encode_at(e, at, r) : encode_put_text(e, text);
}

int encode_put_symbol(struct encode *e, const struct shape *shape, size_t symbol, const char *at)
{
    if (symbol >= shape->node->n_symbols)
        return json_error(&e->in, at, e->reterr, "must be a symbol of %s (was number %zu)",
                          shape->node->name, symbol);
    if (shape->rules && shape->rules->readers_only && shape->rules->readers_only[symbol])
        return json_error(&e->in, at, e->reterr,
                          "\"%s\" is for readers only: it must not be published",
                          shape->node->symbols[symbol]);
    return encode_long(e, (int64_t)symbol);
}

static int put_symbol(struct encode *e, const struct shape *shape, struct mr_str text,
                      const char *at)
{
    size_t index = (uintptr_t)mr_str_map_get(shape->names, text);

    if (index == 0)
        return json_error(&e->in, at, e->reterr, "must be a symbol of %s (was \"%.*s\")",
                          shape->node->name, (int)mr_utf8_cut(text, MAX_SHOWN).len, text.data);
    return encode_put_symbol(e, shape, index - 1, at);
}

static int put_time(struct encode *e, const struct shape *shape, struct mr_str text, const char *at)
{
    enum mr_avro_logical logical = shape->node->logical;
    int64_t value;
    int r = logical_parse(logical, text, e->far, &value);

    if (r != 0)
        return not_text_of(e, r == MR_FULL ? logical_bound(logical) : logical_wanted(logical), text,
                           at);
    return encode_long(e, value);
}

static int put_duration(struct encode *e, const struct shape *shape, struct mr_str text,
                        const char *at)
{
    enum mr_avro_logical logical = shape->node->logical;
    uint8_t bytes[12];
    int r = duration_parse(text, bytes);

    if (r != 0)
        return not_text_of(e, r == MR_FULL ? logical_bound(logical) : logical_wanted(logical), text,
                           at);
    return mr_buf_append(e->out, bytes, sizeof(bytes));
}

/* Code points 0-255, one a byte, in UTF-8: written in place behind the length. */
static int put_bytes(struct encode *e, const struct shape *shape, struct mr_str text,
                     const char *at)
{
    struct mr_buf *out = e->out;
    size_t n = 0, size = shape->node->fixed_size;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0xc4)
            return json_error(&e->in, at, e->reterr,
                              "bytes are written as the characters U+0000 to U+00FF");
        n += (c & 0xc0) != 0x80;
    }
    if (shape->op == SHAPE_FIXED && n != size)
        return json_error(&e->in, at, e->reterr, "must have %zu bytes (had %zu)", size, n);
    int r = mr_buf_reserve(out, text.len + BIN_LONG_MAX);
    if (r != 0)
        return r;
    uint8_t *to = out->data + out->len;
    if (shape->op == SHAPE_BYTES)
        to = bin_put_long(to, (int64_t)n);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0xc2)
            c = (unsigned char)(c << 6 | ((unsigned char)text.data[++i] & 0x3f));
        *to++ = c;
    }
    out->len = (size_t)(to - out->data);
    return 0;
}

static int put_string(struct encode *e, const struct shape *shape, struct mr_str text,
                      const char *at)
{
    int r = shape->rules ? constraint_string(shape->rules, text, e->reterr) : 0;

    return MR_UNLIKELY(r != 0) ? encode_at(e, at, r) : encode_put_text(e, text);
}

typedef int put_function(struct encode *e, const struct shape *shape, struct mr_str text,
                         const char *at);

static put_function *const put_functions[] = {
    [SHAPE_STRING] = put_string, [SHAPE_BYTES] = put_bytes,       [SHAPE_FIXED] = put_bytes,
    [SHAPE_ENUM] = put_symbol,   [SHAPE_UUID] = put_uuid,         [SHAPE_UUID_FIXED] = put_uuid,
    [SHAPE_TIME] = put_time,     [SHAPE_DURATION] = put_duration,
};

int encode_put_string(struct encode *e, const struct shape *shape, struct mr_str text,
                      const char *at)
{
    return put_functions[shape->op](e, shape, text, at);
}

MR_COLD static int not_a_string(struct encode *e, const struct shape *shape)
{
    if (shape->op == SHAPE_TIME || shape->op == SHAPE_DURATION)
        return encode_wrong_kind(e, logical_wanted(shape->node->logical));
    return encode_wrong_kind(e,
                             shape->op == SHAPE_ENUM ? "a string that names a symbol" : "a string");
}

int encode_text(struct encode *e, const struct shape *shape)
{
    const char *at = e->in.at;
    enum json_nul nul = e->nul;
    struct mr_str text;

    if (MR_UNLIKELY(shape->json_text))
        return encode_json_text(e, shape);
    if (MR_UNLIKELY(*at != '"'))
        return not_a_string(e, shape);
    if (shape->op == SHAPE_BYTES || shape->op == SHAPE_FIXED)
        e->nul = JSON_NUL_ALLOW;
    int r = encode_string_at(e, &text);
    e->nul = nul;
    return MR_UNLIKELY(r != 0) ? r : put_functions[shape->op](e, shape, text, at);
}
