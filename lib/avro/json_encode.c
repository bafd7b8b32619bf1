/* SPDX-License-Identifier: Apache-2.0 */
/* JSON -> Avro, one pass: numbers, words, and the way to everything else. */
#include "json_encode.h"

#include <inttypes.h>

static const char *kind_words(int c)
{
    switch (c) {
    case '"':
        return "a string";
    case '{':
        return "an object";
    case '[':
        return "an array";
    case 't':
    case 'f':
        return "a boolean";
    case 'n':
        return "null";
    default:
        return (c >= '0' && c <= '9') || c == '-' ? "a number" : NULL;
    }
}

int encode_wrong_kind(struct encode *e, const char *wanted)
{
    int c = json_peek(&e->in);
    const char *words = kind_words(c);

    if (c < 0)
        return MR_END;
    if (!words)
        return json_expected(&e->in, "a JSON value", e->reterr);
    return json_error(&e->in, e->in.at, e->reterr, "must be %s, not %s", wanted, words);
}

int encode_enter(struct encode *e)
{
    if (MR_UNLIKELY(e->depth == MR_CODEC_MAX_DEPTH))
        return json_error(&e->in, e->in.at, e->reterr,
                          "values must not be nested deeper than %d levels", MR_CODEC_MAX_DEPTH);
    e->depth++;
    return 0;
}

int encode_at(struct encode *e, const char *at, int r)
{
    if (r == MR_INVALID && e->reterr)
        e->reterr->offset = (size_t)(at - e->in.begin);
    return r;
}

/* Most integers: up to eighteen digits with a delimiter behind them. */
static inline bool short_integer(struct encode *e, int64_t *ret_value)
{
    const char *p = e->in.at, *end = e->in.end;
    bool negative = *p == '-';
    const char *first = p += negative;
    int64_t value = 0;

    if (end - p > 18)
        end = p + 18;
    for (; p < end && (unsigned)(*p - '0') < 10; p++)
        value = value * 10 + (*p - '0');
    if (p == end || p == first || (*first == '0' && p - first > 1) || *p == '.' || *p == 'e' ||
        *p == 'E')
        return false;
    if ((unsigned)(*p - '0') < 10)
        return false;
    *ret_value = negative ? -value : value;
    e->in.at = p;
    return true;
}

static int long_integer(struct encode *e, int64_t *ret_value)
{
    struct json_number number;
    const char *at = e->in.at;
    int c = (unsigned char)*at;

    if (c != '-' && (c < '0' || c > '9'))
        return encode_wrong_kind(e, "an integer");
    int r = json_number_scan(&e->in, &number, e->reterr);
    if (r != 0)
        return r;
    int shown = number.text.len > 40 ? 40 : (int)number.text.len;
    switch (json_number_long(&number, ret_value)) {
    case NUMBER_WHOLE:
        return 0;
    case NUMBER_FRACTION:
        return json_error(&e->in, at, e->reterr, "must be an integer (was %.*s)", shown, at);
    case NUMBER_RANGE:
        break;
    }
    return json_error(&e->in, at, e->reterr, "must be within %" PRId64 " to %" PRId64 " (was %.*s)",
                      INT64_MIN, INT64_MAX, shown, at);
}

int encode_put_long(struct encode *e, const struct shape *shape, int64_t value, const char *at)
{
    int r;

    if (shape->op == SHAPE_INT && MR_UNLIKELY(value != (int32_t)value))
        return json_error(&e->in, at, e->reterr,
                          "must be within %" PRId32 " to %" PRId32 " (was %" PRId64 ")", INT32_MIN,
                          INT32_MAX, value);
    if (shape->rules && (r = constraint_long(shape->rules, value, e->reterr)) != 0)
        return encode_at(e, at, r);
    return encode_long(e, value);
}

static int encode_integer(struct encode *e, const struct shape *shape)
{
    const char *at = e->in.at;
    int64_t value;
    int r = short_integer(e, &value) ? 0 : long_integer(e, &value);

    return MR_UNLIKELY(r != 0) ? r : encode_put_long(e, shape, value, at);
}

static int encode_boolean(struct encode *e, int c)
{
    if (c != 't' && c != 'f')
        return encode_wrong_kind(e, "true or false");
    int r = json_word(&e->in, c == 't' ? "true" : "false", e->reterr);
    return r != 0 ? r : mr_buf_byte(e->out, c == 't');
}

static int encode_null(struct encode *e, int c)
{
    if (c != 'n')
        return encode_wrong_kind(e, "null");
    return json_word(&e->in, "null", e->reterr);
}

int encode_value(struct encode *e, const struct shape *shape)
{
    int c = json_peek(&e->in);

    if (MR_UNLIKELY(c < 0))
        return MR_END;
    switch (shape->op) {
    case SHAPE_NULL:
        return encode_null(e, c);
    case SHAPE_BOOLEAN:
        return encode_boolean(e, c);
    case SHAPE_INT:
    case SHAPE_LONG:
        return encode_integer(e, shape);
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        return encode_float(e, shape);
    case SHAPE_STRING:
    case SHAPE_BYTES:
    case SHAPE_FIXED:
    case SHAPE_ENUM:
    case SHAPE_UUID:
    case SHAPE_UUID_FIXED:
    case SHAPE_TIME:
    case SHAPE_DURATION:
        return encode_text(e, shape);
    case SHAPE_DECIMAL:
    case SHAPE_BIG_DECIMAL:
        return encode_decimal(e, shape);
    case SHAPE_RECORD:
        return encode_record(e, shape);
    case SHAPE_ARRAY:
        return encode_array(e, shape);
    case SHAPE_MAP:
        return encode_map(e, shape);
    case SHAPE_UNION:
        return encode_union(e, shape);
    case SHAPE_NULLABLE:
        break;
    }
    return encode_nullable(e, shape);
}
