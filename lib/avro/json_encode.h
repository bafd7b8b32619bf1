/* SPDX-License-Identifier: Apache-2.0 */
/* JSON -> Avro: the state of one call, shared by the files json_*.c that follow shapes. */
#pragma once

#include "bin.h"
#include "json_scan.h"
#include "shape.h"

/* Where a member's Avro bytes lie in the output, from the record's first byte; of a map: its key.
 */
struct slot {
    uint32_t from, to;
    enum { SLOT_MISSING, SLOT_DEFAULT, SLOT_READ } state;
};

struct encode {
    struct mr_json_cursor in;
    struct mr_buf *out;
    const struct shapes *shapes;
    struct mr_error *reterr;
    size_t dropped;
    size_t retries;    /* bytes that may still be read again to find a union's branch */
    size_t zero_items; /* array items so far that took no bytes: readers bound them */
    unsigned depth;
    bool drop;   /* unknown members */
    bool tagged; /* Avro's own JSON */
    bool far;    /* years beyond 0001 to 9999 */
    enum json_nul nul;
    struct slot *slots; /* a stack: each open record has one slot a field */
    size_t n_slots, cap_slots;
    struct slot first_slots[96];
};

/* One value at the cursor, white space before it included. Outcomes: 0, MR_INVALID, MR_END, -errno.
 */
int encode_value(struct encode *e, const struct shape *shape);
int encode_record(struct encode *e, const struct shape *shape);
int encode_map(struct encode *e, const struct shape *shape);
int encode_array(struct encode *e, const struct shape *shape);
int encode_union(struct encode *e, const struct shape *shape);
int encode_nullable(struct encode *e, const struct shape *shape);
/* Values whose JSON is a string: text, bytes, enums, logical types. */
int encode_text(struct encode *e, const struct shape *shape);
int encode_decimal(struct encode *e, const struct shape *shape);
int encode_float(struct encode *e, const struct shape *shape);

/* The same for values that are no JSON: shared with struct -> Avro. `at` is the place for errors.
 */
int encode_put_string(struct encode *e, const struct shape *shape, struct mr_str text,
                      const char *at);
int encode_put_long(struct encode *e, const struct shape *shape, int64_t value, const char *at);
int encode_put_double(struct encode *e, const struct shape *shape, double value, const char *at);
int encode_put_decimal(struct encode *e, const struct shape *shape, mr_int128 value,
                       const char *at);
int encode_put_symbol(struct encode *e, const struct shape *shape, size_t symbol, const char *at);
int encode_check_items(struct encode *e, const struct shape *shape, size_t n, const char *at);
void encode_init(struct encode *e, const struct shapes *shapes, struct mr_json_cursor in,
                 struct mr_buf *out, struct mr_error *reterr);
void encode_done(struct encode *e);
/* The same for values that are not JSON text: an error has no offset. encode_end_values gives r, of
 * writing what begins at out->len `before`, or MR_INVALID when that is too large; then it is cut
 * off. */
void encode_init_values(struct encode *e, const struct shapes *shapes, struct mr_buf *out,
                        struct mr_error *reterr);
int encode_end_values(struct encode *e, size_t before, int r);

/* r, and for MR_INVALID the place `at`. */
int encode_at(struct encode *e, const char *at, int r);
/* "must be WANTED, not a string", at the cursor. */
MR_COLD int encode_wrong_kind(struct encode *e, const char *wanted);
/* A string at the cursor, unescaped: borrowed from the text, or, where it had escapes, from out's
 * spare room BIN_LONG_MAX bytes behind its end, with as many bytes to spare behind it. */
int encode_string_at(struct encode *e, struct mr_str *ret_text);
/* Appends length and bytes; text may lie in out's spare room as above. */
int encode_put_text(struct encode *e, struct mr_str text);
int encode_enter(struct encode *e);
int encode_slots(struct encode *e, size_t n);
/* Makes room for a count of items in front of what was written since `start`, where one byte was
 * left for it, and closes the block. */
int encode_close_block(struct encode *e, size_t start, size_t n_items);

static inline int encode_long(struct encode *e, int64_t value)
{
    return bin_append_long(e->out, value);
}

/* Most values are short plain strings: looked at and copied in one go, sixteen bytes at a time,
 * with the length in the one byte before. False: nothing was done, and the long way must be taken.
 */
static inline bool encode_short_string(struct encode *e, const struct shape *shape)
{
#ifdef __SSE2__
    enum { BLOCK = 16, BLOCKS = 4, SHORT = 63 };
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);
    const char *p = e->in.at + 1;
    struct mr_buf *out = e->out;

    if (MR_UNLIKELY(out->cap - out->len < BLOCK * BLOCKS + 1))
        return false;
    uint8_t *to = out->data + out->len + 1;
    for (unsigned i = 0; i < BLOCKS && e->in.end - p >= (i + 1) * BLOCK; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i * BLOCK));
        _mm_storeu_si128((__m128i *)(void *)(to + i * BLOCK), v);
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        unsigned high = (unsigned)_mm_movemask_epi8(v), at = (unsigned)_mm_movemask_epi8(stop);
        if (at == 0 && high == 0)
            continue;
        unsigned n = at != 0 ? (unsigned)__builtin_ctz(at) : 0;
        size_t len = i * BLOCK + n;
        if (at == 0 || (high & ((1u << n) - 1)) != 0 || p[len] != '"' || len > SHORT ||
            len < shape->plain_least || len > shape->plain_most)
            return false;
        to[-1] = (uint8_t)(len * 2);
        out->len += len + 1;
        e->in.at = p + len + 1;
        return true;
    }
#else
    (void)e;
    (void)shape;
#endif
    return false;
}

/* As encode_value, with the cursor mostly at the value already. */
static inline int encode_next(struct encode *e, const struct shape *shape)
{
    if (MR_LIKELY(e->in.at < e->in.end) && *e->in.at == '"' && shape->plain_least != SIZE_MAX &&
        MR_LIKELY(encode_short_string(e, shape)))
        return 0;
    return encode_value(e, shape);
}
