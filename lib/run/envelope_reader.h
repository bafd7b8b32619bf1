/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of one document: where it stands, and what is read without a grammar. The walk is in
 * envelope_read.c, members that no slot names are in envelope_rest.c. Private to these. */
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "envelope.h"
#include "millrace/compiler.h"

struct envelope_reader {
    const struct envelope_walk *walk;
    struct envelope *out;
    struct mr_json_cursor cursor;
    uint64_t told;
    int switch_to; /* set with MR_ABSENT: begin again with this envelope */
    struct mr_error *reterr;
};

MR_COLD int reader_refuse(struct envelope_reader *reader, const char *at, const char *pointer,
                          const char *rule);

/* The next byte that is not white space, or -1 at the end. */
static inline int reader_peek(struct mr_json_cursor *cursor)
{
    const char *p = cursor->at;

    while (p < cursor->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    cursor->at = p;
    return p < cursor->end ? (unsigned char)*p : -1;
}

static inline int reader_expect(struct envelope_reader *reader, char wanted, const char *rule)
{
    int c = reader_peek(&reader->cursor);

    if (MR_LIKELY(c == wanted)) {
        reader->cursor.at++;
        return 0;
    }
    return c < 0 ? MR_END : reader_refuse(reader, reader->cursor.at, "", rule);
}

static inline int reader_pass(struct envelope_reader *reader)
{
    return mr_json_skip(&reader->cursor, reader->reterr);
}

/* A string at the cursor. Nearly all are plain ASCII without escapes: these are found here, sixteen
 * bytes at a time; every other one is the codec's. */
static inline int reader_string(struct envelope_reader *reader, struct mr_str *ret_text)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  space = _mm_set1_epi8(0x20);
    const char *from = reader->cursor.at + 1, *p = from, *end = reader->cursor.end;

    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* signed: bytes from 0x80 on are below the space as well */
        int other = _mm_movemask_epi8(
            _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, slash)));
        int stop = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote));
        if ((other | stop) == 0)
            continue;
        int at = __builtin_ctz((unsigned)(other | stop));
        if ((stop >> at & 1) == 0)
            break;
        *ret_text = (struct mr_str){from, (size_t)(p + at - from)};
        reader->cursor.at = p + at + 1;
        return 0;
    }
#endif
    return mr_json_string(&reader->cursor, &reader->out->scratch, ret_text, reader->reterr);
}

/* ---- envelope_rest.c: members that the envelope does not know; the cursor is at the value ---- */
/* Joins the metadata; null does not. Outcomes of all three as envelope_read. */
int reader_metadata(struct envelope_reader *reader, struct mr_str name);
/* Extensions of CloudEvents that become headers of their own are taken; the cursor stays. */
int reader_extension(struct envelope_reader *reader, struct mr_str name);
/* Dropped or refused, as the walk says. */
int reader_unknown(struct envelope_reader *reader, const struct envelope_object *object,
                   struct mr_str name, const char *at);
