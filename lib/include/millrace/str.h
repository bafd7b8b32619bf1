/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed text and bytes: pointer and length, never NUL-terminated unless a comment says so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mr_str {
    const char *data; /* UTF-8; may be NULL when len is 0 */
    size_t len;
};

struct mr_bytes {
    const uint8_t *data;
    size_t len;
};

#define MR_STR(literal) ((struct mr_str){(literal), sizeof(literal) - 1})
/* Bytes of a byte order mark at the begin of a text, as Windows writes it: 3 or 0. */
static inline size_t mr_str_bom(struct mr_str s)
{
    return s.len >= 3 && memcmp(s.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* For "%.*s". */
#define MR_STR_ARG(s) (int)(s).len, (s).len ? (s).data : ""

static inline struct mr_str mr_str_from(const char *text)
{
    return (struct mr_str){text, text ? strlen(text) : 0};
}

static inline bool mr_str_eq(struct mr_str a, struct mr_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* By bytes; of two that begin alike the longer comes later. */
static inline int mr_str_compare(struct mr_str a, struct mr_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool mr_str_is(struct mr_str a, const char *text)
{
    return mr_str_eq(a, mr_str_from(text));
}

/* The same without blanks (space, tab to carriage return) at both ends. */
struct mr_str mr_str_trim(struct mr_str s);

/* The part before the next `end`, or all that is left; *rest goes on behind it. */
struct mr_str mr_str_part(struct mr_str *rest, char end);

/* Whether data[0..len) is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). On false
 * *ret_bad (may be NULL) is the offset of the first wrong byte. */
bool mr_utf8_valid(const char *data, size_t len, size_t *ret_bad);

/* The beginning of well-formed UTF-8 text that fits `most` bytes and cuts no character. */
struct mr_str mr_utf8_cut(struct mr_str text, size_t most);

/* Text that was cut, or came from elsewhere: what is no UTF-8 becomes '?'. In place. */
void mr_utf8_mend(char *text, size_t len);

/* The same up to the NUL, and controls too: one line, and no terminal's master. */
void mr_str_one_line(char *text);

/* The nearest of `words` to `word` by edit distance, at most a third of its length away; else the
 * only one that begins with it; else NULL. For "unknown key 'topcs': did you mean 'topics'?". */
const char *mr_nearest(const char *word, const char *const *words, size_t n_words);

/* Shell-style glob with * and ? over the whole of text. */
bool mr_glob(const char *pattern, const char *text);
