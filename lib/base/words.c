/* SPDX-License-Identifier: Apache-2.0 */
/* A text's words for an index, by rules that depend on no locale. */
#include "millrace/words.h"

#include "millrace/compiler.h"

/* U+00C0 to U+017F without case and marks; the two signs among them part words. */
static const char *const latin[] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c",  "e",  "e", "e", "e", "i",  "i",  "i", "i", "d", "n",
    "o", "o", "o",  "o",  "o", "",  "o",  "u",  "u",  "u", "u", "y", "th", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "",  "o",  "u",  "u", "u", "u",  "y",  "th", "y", "a", "a", "a",  "a",  "a", "a", "c", "c",
    "c", "c", "c",  "c",  "c", "c", "d",  "d",  "d",  "d", "e", "e", "e",  "e",  "e", "e", "e", "e",
    "e", "e", "g",  "g",  "g", "g", "g",  "g",  "g",  "g", "h", "h", "h",  "h",  "i", "i", "i", "i",
    "i", "i", "i",  "i",  "i", "i", "ij", "ij", "j",  "j", "k", "k", "k",  "l",  "l", "l", "l", "l",
    "l", "l", "l",  "l",  "l", "n", "n",  "n",  "n",  "n", "n", "n", "n",  "n",  "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r",  "r",  "r",  "r", "s", "s", "s",  "s",  "s", "s", "s", "s",
    "t", "t", "t",  "t",  "t", "t", "u",  "u",  "u",  "u", "u", "u", "u",  "u",  "u", "u", "u", "u",
    "w", "w", "y",  "y",  "y", "z", "z",  "z",  "z",  "z", "z", "s",
};

enum { NO_CHARACTER = 0xffff };

/* The character at the front and its length; what is no UTF-8 is U+FFFF, and parts words. */
static uint32_t decode(struct mr_str s, size_t *ret_len)
{
    const unsigned char *p = (const unsigned char *)s.data;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? p[0] : p[0] & (0xffU >> (len + 1));

    *ret_len = 1;
    if (len > s.len || (p[0] >= 0x80 && p[0] < 0xc0))
        return NO_CHARACTER;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return NO_CHARACTER;
        c = c << 6 | (p[i] & 0x3f);
    }
    *ret_len = len;
    return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? c : NO_CHARACTER;
}

static size_t encode(uint32_t c, char out[4])
{
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = len; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(len == 1 ? c : (0xf00U >> len & 0xf0) | c);
    return len;
}

static uint32_t to_small(uint32_t c)
{
    if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    if (c == 0x3c2) /* the sigma at a word's end is a sigma */
        return 0x3c3;
    return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

/* What a character becomes in a word: at most four bytes; 0: it parts words. */
static size_t fold(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
        return (out[0] >= 'a' && out[0] <= 'z') || (c >= '0' && c <= '9');
    }
    if (c < 0xc0 || c == NO_CHARACTER || (c >= 0x2000 && c <= 0x206f) ||
        (c >= 0x3000 && c <= 0x303f))
        return 0;
    if (c - 0xc0 < MR_N_ELEMENTS(latin)) {
        size_t len = strlen(latin[c - 0xc0]);
        memcpy(out, latin[c - 0xc0], len);
        return len;
    }
    return encode(to_small(c), out);
}

bool mr_words_next(struct mr_words *words, struct mr_str *ret_word)
{
    struct mr_str *rest = &words->rest;
    size_t n = 0, len;
    bool full = false;

    for (; rest->len > 0; rest->data += len, rest->len -= len) {
        char folded[4];
        size_t m = fold(decode(*rest, &len), folded);
        if (m == 0 && n > 0)
            break;
        full = full || n + m > MR_WORD_MAX;
        if (full)
            continue;
        memcpy(words->word + n, folded, m);
        n += m;
    }
    *ret_word = (struct mr_str){words->word, n};
    return n > 0;
}
