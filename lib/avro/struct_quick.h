/* SPDX-License-Identifier: Apache-2.0 */
/* The common cases of the common operations, without a call. */
#pragma once

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "struct_read.h"

enum { BLOCK = 16 };

/* A short string of plain ASCII, and money of up to eight bytes. Each wants one block to be
 * readable behind the value, and gives the place behind it; NULL: nothing was done, and the long
 * way must be taken. */
static inline const uint8_t *quick_string(const uint8_t *p, const uint8_t *end, struct mr_str *out)
{
    if (MR_UNLIKELY(end - p <= BLOCK) || (*p & 0x81) != 0)
        return NULL;
    size_t len = *p++ / 2;
    if (MR_UNLIKELY((size_t)(end - p) < len + BLOCK))
        return NULL;
#ifdef __SSE2__
    for (size_t i = 0; i < len; i += BLOCK) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        unsigned high = (unsigned)_mm_movemask_epi8(v);
        if (len - i < BLOCK)
            high &= (1u << (len - i)) - 1;
        if (MR_UNLIKELY(high != 0))
            return NULL;
    }
#else
    if (!decode_is_text((struct mr_bytes){p, len}))
        return NULL;
#endif
    *out = (struct mr_str){(const char *)p, len};
    return p + len;
}

static inline const uint8_t *quick_decimal(const uint8_t *p, const uint8_t *end,
                                           const struct struct_op *op, struct mr_decimal *out)
{
    uint64_t word;

    if (MR_UNLIKELY(end - p <= BLOCK) || *p == 0 || *p > 2 * sizeof(word) || (*p & 1) != 0)
        return NULL;
    size_t len = *p++ / 2;
    memcpy(&word, p, sizeof(word));
    *out = (struct mr_decimal){(int64_t)be64toh(word) >> (64 - 8 * len), (int32_t)op->n};
    return p + len;
}
