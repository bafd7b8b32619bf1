/* SPDX-License-Identifier: Apache-2.0 */
/* JSON numbers that are not integers to Avro: float, double, decimals. */
#include <math.h>

#include "json_decimal.h"
#include "json_encode.h"

int encode_put_double(struct encode *e, const struct shape *shape, double value, const char *at)
{
    int r = shape->rules ? encode_at(e, at, constraint_double(shape->rules, value, e->reterr)) : 0;

    if (r != 0)
        return r;
    float narrow = (float)value;
    return shape->op == SHAPE_FLOAT ? mr_buf_append(e->out, &narrow, sizeof(narrow))
                                    : mr_buf_append(e->out, &value, sizeof(value));
}

/* "NaN", "Infinity", "-Infinity" */
static int encode_not_finite(struct encode *e, const struct shape *shape)
{
    const char *at = e->in.at;
    struct mr_str text;
    int r = encode_string_at(e, &text);

    if (r != 0)
        return r;
    if (mr_str_is(text, "NaN"))
        return encode_put_double(e, shape, (double)NAN, at);
    if (mr_str_is(text, "Infinity") || mr_str_is(text, "-Infinity"))
        return encode_put_double(e, shape, *text.data == '-' ? -HUGE_VAL : HUGE_VAL, at);
    return json_error(
        &e->in, at, e->reterr,
        "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\", not another string");
}

int encode_float(struct encode *e, const struct shape *shape)
{
    const char *at = e->in.at;
    struct json_number number;
    double value = 0;
    float narrow = 0;

    if (*at == '"')
        return encode_not_finite(e, shape);
    if (*at != '-' && (*at < '0' || *at > '9'))
        return encode_wrong_kind(e, "a number");
    int r = json_number_scan(&e->in, &number, e->reterr);
    if (r != 0)
        return r;
    bool fits = shape->op == SHAPE_FLOAT ? json_number_float(&number, &narrow)
                                         : json_number_double(&number, &value);
    if (!fits)
        return json_error(&e->in, at, e->reterr, "is beyond what a %s can hold (was %.*s)",
                          shape->op == SHAPE_FLOAT ? "float" : "double",
                          number.text.len > 40 ? 40 : (int)number.text.len, at);
    return encode_put_double(e, shape, shape->op == SHAPE_FLOAT ? (double)narrow : value, at);
}

/* A number, or a string that is one. */
static int number_at(struct encode *e, struct json_number *ret_number)
{
    const char *at = e->in.at;
    struct mr_str text;
    int r;

    if (*at == '-' || (*at >= '0' && *at <= '9'))
        return json_number_scan(&e->in, ret_number, e->reterr);
    if (*at != '"')
        return encode_wrong_kind(e, "a decimal number or its text");
    if ((r = encode_string_at(e, &text)) != 0)
        return r;
    if (json_number_from(text, ret_number) != 0)
        return json_error(&e->in, at, e->reterr, "must be a decimal number (was \"%.*s\")",
                          text.len > 40 ? 40 : (int)text.len, text.len ? text.data : "");
    return 0;
}

static int decimal_error(struct encode *e, const struct shape *shape, enum decimal_fit fit,
                         const char *at)
{
    if (fit == DECIMAL_FRACTION)
        return json_error(&e->in, at, e->reterr, "must have at most %d decimals",
                          shape->node->scale);
    int32_t digits = shape->node->precision;
    return json_error(&e->in, at, e->reterr, "must have at most %d digits, %d of them decimals",
                      digits < DECIMAL_MAX_DIGITS ? digits : DECIMAL_MAX_DIGITS,
                      shape->node->scale);
}

/* Scale and digits of the text travel with the value. Source: Avro 1.12, "Big Decimal". */
static int encode_big_decimal(struct encode *e, const struct json_number *number, const char *at)
{
    struct decimal_bytes bytes;
    uint8_t inner[sizeof(bytes.data) + 2 * BIN_LONG_MAX], *p = inner;
    int64_t scale = number->scale > 0 ? number->scale : 0;

    if (scale > DECIMAL_MAX_DIGITS ||
        decimal_from_number(number, (int32_t)scale, DECIMAL_MAX_DIGITS, &bytes) != DECIMAL_FITS)
        return json_error(&e->in, at, e->reterr, "must have at most %d digits", DECIMAL_MAX_DIGITS);
    p = bin_put_long(p, (int64_t)bytes.len);
    memcpy(p, decimal_begin(&bytes), bytes.len);
    p = bin_put_long(p + bytes.len, scale);
    return bin_append_bytes(e->out, inner, (size_t)(p - inner));
}

static int put_decimal_bytes(struct encode *e, const struct mr_schema_node *node,
                             const struct decimal_bytes *bytes)
{
    const uint8_t *begin = decimal_begin(bytes);

    if (node->type == MR_AVRO_BYTES)
        return bin_append_bytes(e->out, begin, bytes->len);
    /* Sign-extended; the parser holds the precision to what the size can take. */
    int r = mr_buf_reserve(e->out, node->fixed_size);
    if (r != 0)
        return r;
    memset(e->out->data + e->out->len, *begin & 0x80 ? 0xff : 0, node->fixed_size);
    memcpy(e->out->data + e->out->len + node->fixed_size - bytes->len, begin, bytes->len);
    e->out->len += node->fixed_size;
    return 0;
}

static int check_decimal(struct encode *e, const struct shape *shape, mr_int128 value,
                         const char *at)
{
    return shape->rules
               ? encode_at(e, at,
                           constraint_decimal(shape->rules, value, shape->node->scale, e->reterr))
               : 0;
}

int encode_put_decimal(struct encode *e, const struct shape *shape, mr_int128 value, const char *at)
{
    struct decimal_bytes bytes;
    int r = check_decimal(e, shape, value, at);

    if (MR_UNLIKELY(r != 0))
        return r;
    decimal_from_int128(value, &bytes);
    return put_decimal_bytes(e, shape->node, &bytes);
}

/* More than 38 digits: a bound can only be on this side of 10^38. */
static int encode_large_decimal(struct encode *e, const struct shape *shape,
                                const struct json_number *number, const char *at)
{
    struct decimal_bytes bytes;
    mr_int128 value = number->negative ? -decimal_power(38) : decimal_power(38);
    enum decimal_fit fit =
        decimal_from_number(number, shape->node->scale, shape->node->precision, &bytes);

    if (fit != DECIMAL_FITS)
        return decimal_error(e, shape, fit, at);
    (void)decimal_to_int128((struct mr_bytes){decimal_begin(&bytes), bytes.len}, &value);
    int r = check_decimal(e, shape, value, at);
    return r != 0 ? r : put_decimal_bytes(e, shape->node, &bytes);
}

int encode_decimal(struct encode *e, const struct shape *shape)
{
    const struct mr_schema_node *node = shape->node;
    const char *at = e->in.at;
    struct json_number number;
    mr_int128 value;
    int r = number_at(e, &number);

    if (r != 0)
        return r;
    if (shape->op == SHAPE_BIG_DECIMAL)
        return encode_big_decimal(e, &number, at);
    if (node->precision > 38)
        return encode_large_decimal(e, shape, &number, at);
    enum decimal_fit fit = decimal_small(&number, node->scale, node->precision, &value);
    return fit != DECIMAL_FITS ? decimal_error(e, shape, fit, at)
                               : encode_put_decimal(e, shape, value, at);
}
