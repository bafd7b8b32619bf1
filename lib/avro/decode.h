/* SPDX-License-Identifier: Apache-2.0 */
/* What reading by plan has in common, whether JSON or structs come of it. */
#pragma once

#include "plan.h"

/* Limits that hold over one datum. */
struct decode_guard {
    unsigned depth;
    size_t zero_left; /* values without bytes that may still come */
};

static inline struct decode_guard decode_guard(size_t len)
{
    return (struct decode_guard){0, MR_CODEC_MAX_ZERO_BYTE_ITEMS + len};
}

/* How reading one datum begins: *ret_bin is all of it. Outcomes: 0, MR_INVALID (too large). */
static inline int decode_begin(const uint8_t *avro, size_t len, struct bin *ret_bin,
                               struct mr_error *reterr)
{
    static const uint8_t nothing[1];

    if (MR_UNLIKELY(len > MR_CODEC_MAX_BYTES))
        return mr_error_set(reterr, MR_INVALID, "a datum must not be larger than %d MiB",
                            MR_CODEC_MAX_BYTES >> 20);
    avro = len > 0 ? avro : nothing;
    *ret_bin = (struct bin){avro, avro, avro + len};
    return 0;
}

/* How it ends, r being what reading gave. */
static inline int decode_end(const struct bin *bin, int r, struct mr_error *reterr)
{
    if (r == 0 && MR_UNLIKELY(bin->at != bin->end))
        return bin_error(bin, reterr, "%zu byte%s left over behind the datum", bin_left(bin),
                         bin_left(bin) == 1 ? "" : "s");
    return r;
}

/* Bytes that values of our own may take for a datum of len bytes. */
static inline size_t decode_memory(size_t len)
{
    return len * MR_CODEC_MAX_MEMORY_TIMES + (1 << 16);
}

MR_COLD void decode_report_text(const struct bin *bin, struct mr_bytes text,
                                struct mr_error *reterr);

static inline int decode_enter(struct decode_guard *guard, const struct bin *bin,
                               struct mr_error *reterr)
{
    if (MR_UNLIKELY(guard->depth == MR_CODEC_MAX_DEPTH))
        return bin_error(bin, reterr, "values must not be nested deeper than %d levels",
                         MR_CODEC_MAX_DEPTH);
    guard->depth++;
    return 0;
}

static inline int decode_zeros(struct decode_guard *guard, size_t n, const struct bin *bin,
                               struct mr_error *reterr)
{
    if (MR_UNLIKELY(n > guard->zero_left))
        return bin_error(bin, reterr, "more than %d values that take no bytes",
                         MR_CODEC_MAX_ZERO_BYTE_ITEMS);
    guard->zero_left -= n;
    return 0;
}

/* One block of an array or map. */
struct decode_block {
    size_t n;           /* items; 0: the end */
    const uint8_t *end; /* where it must end, when the writer said so; else NULL */
};

/* min_size: of an item, a map's key not included (`map` adds it). */
int decode_block(struct bin *bin, struct decode_guard *guard, size_t min_size, bool map,
                 struct decode_block *ret_block, struct mr_error *reterr);
int decode_block_end(const struct bin *bin, const struct decode_block *block,
                     struct mr_error *reterr);

/* The branch's plan. */
int decode_branch(struct bin *bin, const struct plan *plan, const struct plan **ret_branch,
                  struct mr_error *reterr);
/* The reader's symbol. */
int decode_symbol(struct bin *bin, const struct plan *plan, size_t *ret_symbol,
                  struct mr_error *reterr);
/* Passes over a value, checking lengths but not texts. plan->reader is NULL: no step is a default,
 * no part is unreadable. */
int decode_skip(struct bin *bin, const struct plan *plan, struct decode_guard *guard,
                struct mr_error *reterr);
#define decode_error(bin, plan, reterr) bin_error(bin, reterr, "%s", (plan)->why)

/* Whether text is well-formed UTF-8; most is ASCII, looked at eight bytes at a time. */
static inline bool decode_is_text(struct mr_bytes text)
{
    const uint64_t high = 0x8080808080808080;
    const uint8_t *p = text.data;
    uint64_t word, all = 0;

    if (text.len < sizeof(word)) {
        for (size_t i = 0; i < text.len; i++)
            all |= p[i];
        all <<= 56; /* only bit 7 of the sum matters */
    } else {
        for (size_t i = 0; i + sizeof(word) < text.len; i += sizeof(word)) {
            memcpy(&word, p + i, sizeof(word));
            all |= word;
        }
        memcpy(&word, p + text.len - sizeof(word), sizeof(word));
        all |= word;
    }
    return MR_LIKELY((all & high) == 0) || mr_utf8_valid((const char *)p, text.len, NULL);
}

static inline int decode_text(struct bin *bin, struct mr_bytes *ret_text, struct mr_error *reterr)
{
    int r = bin_bytes(bin, ret_text, reterr);

    if (MR_LIKELY(r == 0) && MR_UNLIKELY(!decode_is_text(*ret_text))) {
        decode_report_text(bin, *ret_text, reterr);
        return MR_INVALID;
    }
    return r;
}
