/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text, token by token, straight from the bytes. Source: RFC 8259.
 *
 * All scanners answer 0, MR_INVALID, or MR_END when the text stops inside the token. They move the
 * cursor only on 0. */
#pragma once

#include "millrace/codec.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What stands between the quotes of a string, still escaped; its UTF-8 has been checked. */
struct json_raw {
    struct mr_str text;
    bool escaped;
};

enum json_nul { JSON_NUL_REFUSE, JSON_NUL_ALLOW };

/* MR_INVALID with the offset of `at`. A macro, so that the compiler sees that nothing goes on. */
#define json_error(...) (json_report(__VA_ARGS__), MR_INVALID)
MR_COLD MR_PRINTF(4, 5) void json_report(const struct mr_json_cursor *cursor, const char *at,
                                         struct mr_error *reterr, const char *fmt, ...);
/* "expected X" at the cursor, or MR_END when there is nothing. */
MR_COLD int json_expected(const struct mr_json_cursor *cursor, const char *what,
                          struct mr_error *reterr);

/* Cursor at the opening quote. */
int json_string_raw(struct mr_json_cursor *cursor, struct json_raw *ret_raw,
                    struct mr_error *reterr);
/* Writes at most raw.text.len bytes to out and gives their number. Outcomes: 0, MR_INVALID (bad
 * escape, lone surrogate, escaped NUL unless allowed). */
int json_unescape(const struct mr_json_cursor *cursor, const struct json_raw *raw,
                  enum json_nul nul, char *out, size_t *ret_len, struct mr_error *reterr);
/* Passes over one of true, false, null. */
int json_word(struct mr_json_cursor *cursor, const char *word, struct mr_error *reterr);
/* As mr_json_skip, and appends the value without white space to `compact` when that is not NULL.
 * `depth` levels are already open. */
int json_skip(struct mr_json_cursor *cursor, unsigned depth, struct mr_buf *compact,
              struct mr_error *reterr);

static inline bool json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Passes over white space; the next byte, or -1 at the end. */
static inline int json_peek(struct mr_json_cursor *cursor)
{
    const char *p = cursor->at;

    while (p < cursor->end && json_is_space(*p))
        p++;
    cursor->at = p;
    return p < cursor->end ? (unsigned char)*p : -1;
}

/* The first byte from p on that ends a run of plain string content: a quote, a backslash or a
 * control character; `end` when there is none. *non_ascii becomes true when bytes >= 0x80 were
 * passed over. */
static inline const char *json_plain_run(const char *p, const char *end, bool *non_ascii)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        unsigned high = (unsigned)_mm_movemask_epi8(v), at = (unsigned)_mm_movemask_epi8(stop);
        if (at != 0) {
            unsigned n = (unsigned)__builtin_ctz(at);
            *non_ascii |= (high & ((1u << n) - 1)) != 0;
            return p + n;
        }
        *non_ascii |= high != 0;
    }
#endif
    for (; p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20; p++)
        *non_ascii |= (unsigned char)*p >= 0x80;
    return p;
}
