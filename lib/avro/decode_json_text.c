/* SPDX-License-Identifier: Apache-2.0 */
/* Avro scalars as JSON text, logical types in their human form. */
#include <math.h>

#include "decode_json.h"
#include "json_decimal.h"
#include "json_logical.h"
#include "json_scan.h" /* emmintrin.h */
#include "millrace/uuid.h"

/* Whether text is ASCII that needs no escapes. */
static bool is_plain(struct mr_bytes text)
{
    const uint8_t *p = text.data, *end = p + text.len;
    bool plain = true;

#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f), one = _mm_set1_epi8(1);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        if (_mm_movemask_epi8(_mm_or_si128(stop, _mm_adds_epu8(v, one))) != 0)
            return false;
    }
#endif
    for (; p < end; p++)
        plain &= *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\';
    return plain;
}

int to_json_put_string(struct mr_buf *out, struct mr_bytes text)
{
    if (text.len > 0 && MR_UNLIKELY(!is_plain(text)))
        return mr_buf_json_string(out, (const char *)text.data, text.len);
    int r = mr_buf_reserve(out, text.len + 2);
    if (MR_UNLIKELY(r != 0))
        return r;
    uint8_t *to = out->data + out->len;
    *to++ = '"';
    if (text.len > 0)
        memcpy(to, text.data, text.len);
    to[text.len] = '"';
    out->len += text.len + 2;
    return 0;
}

int to_json_text(struct to_json *j, const struct plan *plan)
{
    struct mr_bytes text;
    int r = decode_text(&j->bin, &text, j->reterr);

    (void)plan; /* uuid on string is its own human form */
    return r != 0 ? r : to_json_put_string(j->out, text);
}

/* Quotes around what is known to need no escapes. */
static int put_quoted(struct to_json *j, const char *text, size_t len)
{
    struct mr_buf *out = j->out;
    int r = mr_buf_reserve(out, len + 2);

    if (r != 0)
        return r;
    out->data[out->len++] = '"';
    memcpy(out->data + out->len, text, len);
    out->len += len;
    out->data[out->len++] = '"';
    return 0;
}

/* Each byte as the code point of its value. Controls, those above ASCII too, are escaped: some
 * readers of lines take U+0085 for the end of one. */
static int put_code_points(struct to_json *j, struct mr_bytes bytes)
{
    static const char hex[] = "0123456789abcdef";
    enum { LONGEST = 6 };
    struct mr_buf *out = j->out;
    int r = mr_buf_reserve(out, LONGEST * bytes.len + 2);

    if (r != 0)
        return r;
    uint8_t *to = out->data + out->len;
    *to++ = '"';
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            memcpy(to, "\\u00", 4);
            to[4] = (uint8_t)hex[c >> 4];
            to[5] = (uint8_t)hex[c & 15];
            to += LONGEST;
        } else if (c >= 0x80) {
            *to++ = (uint8_t)(0xc0 | c >> 6);
            *to++ = (uint8_t)(0x80 | (c & 0x3f));
        } else {
            if (c == '"' || c == '\\')
                *to++ = '\\';
            *to++ = c;
        }
    }
    *to++ = '"';
    out->len = (size_t)(to - out->data);
    return 0;
}

static int put_decimal(struct to_json *j, struct mr_bytes bytes, int32_t scale, int32_t keep)
{
    char text[DECIMAL_TEXT_MAX];
    size_t len = decimal_text(bytes, scale, keep, text);

    if (len == 0)
        return bin_error(&j->bin, j->reterr, "a decimal must have 1 to %d digits",
                         DECIMAL_MAX_DIGITS);
    return put_quoted(j, text, len);
}

/* Scale and digits stand within the bytes. */
static int put_big_decimal(struct to_json *j, struct mr_bytes bytes)
{
    struct bin bin = {bytes.data, bytes.data, bytes.data + bytes.len};
    struct mr_bytes unscaled;
    int32_t scale;
    int r = bin_bytes(&bin, &unscaled, j->reterr);

    if (r == 0)
        r = bin_int(&bin, &scale, j->reterr);
    if (r != 0)
        return r;
    if (bin_left(&bin) > 0)
        return bin_error(&j->bin, j->reterr, "a big-decimal must be digits and a scale");
    return put_decimal(j, unscaled, scale, scale);
}

static int put_uuid(struct to_json *j, const uint8_t *data)
{
    struct mr_uuid uuid;
    char text[MR_UUID_TEXT];

    memcpy(uuid.bytes, data, sizeof(uuid.bytes));
    mr_uuid_format(&uuid, text);
    return put_quoted(j, text, sizeof(text));
}

static int put_duration(struct to_json *j, const uint8_t *data)
{
    char text[MR_TIME_MAX];

    return put_quoted(j, text, duration_text(data, text));
}

int to_json_bytes(struct to_json *j, const struct plan *plan)
{
    struct mr_bytes bytes;
    int r;

    if (plan->op == PLAN_FIXED) {
        bytes.len = plan->writer->fixed_size;
        r = bin_fixed(&j->bin, bytes.len, &bytes.data, j->reterr);
    } else if (plan->op == PLAN_STRING_TO_BYTES) {
        r = decode_text(&j->bin, &bytes, j->reterr);
    } else {
        r = bin_bytes(&j->bin, &bytes, j->reterr);
    }
    if (r != 0)
        return r;
    if (plan->form == SHAPE_DECIMAL)
        return put_decimal(j, bytes, plan->reader->scale, plan->keep_scale);
    if (plan->form == SHAPE_BIG_DECIMAL)
        return put_big_decimal(j, bytes);
    if (plan->form == SHAPE_UUID_FIXED)
        return put_uuid(j, bytes.data);
    if (plan->form == SHAPE_DURATION)
        return put_duration(j, bytes.data);
    return put_code_points(j, bytes);
}

static int put_long(struct to_json *j, const struct plan *plan, int64_t value)
{
    struct mr_buf *out = j->out;
    char text[MR_TIME_MAX];

    if (plan->form == SHAPE_TIME) {
        size_t len = logical_text(plan->reader->logical, value, text);
        if (len == 0)
            return bin_error(&j->bin, j->reterr, "a %s must lie within a day",
                             mr_avro_logical_name(plan->reader->logical));
        return put_quoted(j, text, len);
    }
    int r = mr_buf_reserve(out, JSON_NUMBER_MAX);
    if (MR_LIKELY(r == 0))
        out->len += json_put_long(value, (char *)out->data + out->len);
    return r;
}

static int put_double(struct to_json *j, double value, bool narrow)
{
    struct mr_buf *out = j->out;
    int r = mr_buf_reserve(out, JSON_NUMBER_MAX);

    if (r != 0)
        return r;
    if (!isfinite(value))
        return isnan(value) ? put_quoted(j, "NaN", 3)
               : value < 0  ? put_quoted(j, "-Infinity", 9)
                            : put_quoted(j, "Infinity", 8);
    char *to = (char *)out->data + out->len;
    out->len += narrow ? json_put_float((float)value, to) : json_put_double(value, to);
    return 0;
}

static int put_integer(struct to_json *j, const struct plan *plan)
{
    int64_t value;
    int32_t narrow;
    int r;

    if (plan->writer->type == MR_AVRO_LONG) {
        r = bin_long(&j->bin, &value, j->reterr);
    } else {
        r = bin_int(&j->bin, &narrow, j->reterr);
        value = narrow;
    }
    if (r != 0)
        return r;
    if (plan->reader->type == MR_AVRO_FLOAT)
        return put_double(j, (double)(float)value, true);
    if (plan->reader->type == MR_AVRO_DOUBLE)
        return put_double(j, (double)value, false);
    return put_long(j, plan, value);
}

int to_json_number(struct to_json *j, const struct plan *plan)
{
    double value;
    float narrow;
    int r;

    if (plan->writer->type == MR_AVRO_DOUBLE) {
        r = bin_double(&j->bin, &value, j->reterr);
    } else if (plan->writer->type == MR_AVRO_FLOAT) {
        r = bin_float(&j->bin, &narrow, j->reterr);
        value = (double)narrow;
    } else {
        return put_integer(j, plan);
    }
    return r != 0 ? r : put_double(j, value, plan->reader->type == MR_AVRO_FLOAT);
}
