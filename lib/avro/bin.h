/* SPDX-License-Identifier: Apache-2.0 */
/* Avro's binary primitives: checked reads at a cursor, appends to a buffer.
 * Source: Apache Avro 1.12, "Binary Encoding". */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/status.h"

/* What is left of a datum. Reads never pass `end`. */
struct bin {
    const uint8_t *begin, *at, *end;
};

static inline size_t bin_left(const struct bin *bin)
{
    return (size_t)(bin->end - bin->at);
}

static inline int64_t zigzag_decode(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline uint64_t zigzag_encode(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

/* Errors of the datum: MR_INVALID with the offset of what was being read. A macro, so that the
 * compiler sees that nothing goes on behind it. */
#define bin_error(...) (bin_report(__VA_ARGS__), MR_INVALID)
MR_COLD MR_PRINTF(3, 4) void bin_report(const struct bin *bin, struct mr_error *reterr,
                                        const char *fmt, ...);
MR_COLD void bin_report_short(const struct bin *bin, struct mr_error *reterr);
MR_COLD void bin_report_int(const struct bin *bin, int64_t value, struct mr_error *reterr);
MR_COLD void bin_report_length(const struct bin *bin, int64_t len, struct mr_error *reterr);

static inline int bin_short(const struct bin *bin, struct mr_error *reterr)
{
    bin_report_short(bin, reterr);
    return MR_INVALID;
}

/* Varints of two and more bytes; non-minimal and over-long forms are refused. */
int bin_long_slow(struct bin *bin, int64_t *ret_value, struct mr_error *reterr);

static inline int bin_long(struct bin *bin, int64_t *ret_value, struct mr_error *reterr)
{
    if (MR_LIKELY(bin->at < bin->end && *bin->at < 0x80)) {
        *ret_value = zigzag_decode(*bin->at++);
        return 0;
    }
    return bin_long_slow(bin, ret_value, reterr);
}

static inline int bin_int(struct bin *bin, int32_t *ret_value, struct mr_error *reterr)
{
    int64_t value;
    int r = bin_long(bin, &value, reterr);

    if (MR_UNLIKELY(r != 0))
        return r;
    if (MR_UNLIKELY(value != (int32_t)value)) {
        bin_report_int(bin, value, reterr);
        return MR_INVALID;
    }
    *ret_value = (int32_t)value;
    return 0;
}

static inline int bin_boolean(struct bin *bin, bool *ret_value, struct mr_error *reterr)
{
    if (MR_UNLIKELY(bin->at == bin->end))
        return bin_short(bin, reterr);
    if (MR_UNLIKELY(*bin->at > 1))
        return bin_error(bin, reterr, "a boolean must be byte 0 or 1 (was %u)", *bin->at);
    *ret_value = *bin->at++;
    return 0;
}

static inline int bin_fixed(struct bin *bin, size_t size, const uint8_t **ret_data,
                            struct mr_error *reterr)
{
    if (MR_UNLIKELY(bin_left(bin) < size))
        return bin_short(bin, reterr);
    *ret_data = bin->at;
    bin->at += size;
    return 0;
}

static inline int bin_bytes(struct bin *bin, struct mr_bytes *ret_bytes, struct mr_error *reterr)
{
    int64_t len;
    int r = bin_long(bin, &len, reterr);

    if (MR_UNLIKELY(r != 0))
        return r;
    if (MR_UNLIKELY((uint64_t)len > bin_left(bin))) {
        bin_report_length(bin, len, reterr);
        return MR_INVALID;
    }
    *ret_bytes = (struct mr_bytes){bin->at, (size_t)len};
    bin->at += len;
    return 0;
}

/* Little-endian IEEE 754, which is what every supported machine stores. */
static inline int bin_float(struct bin *bin, float *ret_value, struct mr_error *reterr)
{
    const uint8_t *data;
    int r = bin_fixed(bin, sizeof(*ret_value), &data, reterr);

    if (MR_LIKELY(r == 0))
        memcpy(ret_value, data, sizeof(*ret_value));
    return r;
}

static inline int bin_double(struct bin *bin, double *ret_value, struct mr_error *reterr)
{
    const uint8_t *data;
    int r = bin_fixed(bin, sizeof(*ret_value), &data, reterr);

    if (MR_LIKELY(r == 0))
        memcpy(ret_value, data, sizeof(*ret_value));
    return r;
}

enum { BIN_LONG_MAX = 10 };

/* Writes a varint at `out` (room for BIN_LONG_MAX) and returns one past its end. */
static inline uint8_t *bin_put_long(uint8_t *out, int64_t value)
{
    uint64_t v = zigzag_encode(value);

    while (v >= 0x80) {
        *out++ = (uint8_t)v | 0x80;
        v >>= 7;
    }
    *out++ = (uint8_t)v;
    return out;
}

static inline int bin_append_long(struct mr_buf *out, int64_t value)
{
    int r = mr_buf_reserve(out, BIN_LONG_MAX);

    if (MR_LIKELY(r == 0))
        out->len = (size_t)(bin_put_long(out->data + out->len, value) - out->data);
    return r;
}

/* Length and content: bytes and strings. */
static inline int bin_append_bytes(struct mr_buf *out, const void *data, size_t len)
{
    int r = mr_buf_reserve(out, len + BIN_LONG_MAX);

    if (MR_UNLIKELY(r != 0))
        return r;
    uint8_t *p = bin_put_long(out->data + out->len, (int64_t)len);
    if (len > 0)
        memcpy(p, data, len);
    out->len = (size_t)(p - out->data) + len;
    return 0;
}
