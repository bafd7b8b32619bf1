/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of texts, UTF-8 validity, nearest word and glob. */
#include "millrace/str.h"

#include <stdint.h>

#include "millrace/compiler.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct mr_str mr_str_trim(struct mr_str s)
{
    while (s.len > 0 && is_blank(s.data[0]))
        s = (struct mr_str){s.data + 1, s.len - 1};
    while (s.len > 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

struct mr_str mr_str_part(struct mr_str *rest, char end)
{
    const char *at = rest->len > 0 ? memchr(rest->data, end, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->data) : rest->len;
    size_t used = len + (at != NULL);
    struct mr_str part = {rest->data, len};

    *rest = (struct mr_str){used > 0 ? rest->data + used : rest->data, rest->len - used};
    return part;
}

/* Length of the well-formed sequence at p, or 0. RFC 3629, table of well-formed sequences. */
static size_t sequence(const uint8_t *p, size_t left)
{
    uint8_t lo = 0x80, hi = 0xBF;
    size_t n;

    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        n = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        n = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        n = 4;
    else
        return 0;
    if (p[0] == 0xE0)
        lo = 0xA0;
    if (p[0] == 0xED)
        hi = 0x9F;
    if (p[0] == 0xF0)
        lo = 0x90;
    if (p[0] == 0xF4)
        hi = 0x8F;
    if (left < n || p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

bool mr_utf8_valid(const char *data, size_t len, size_t *ret_bad)
{
    const uint8_t *p = (const uint8_t *)data;
    size_t i = 0;

    while (i < len) {
        uint64_t word;
        while (len - i >= 8 && (memcpy(&word, p + i, 8), (word & 0x8080808080808080u) == 0))
            i += 8;
        if (i >= len)
            break;
        size_t n = p[i] < 0x80 ? 1 : sequence(p + i, len - i);
        if (n == 0) {
            if (ret_bad)
                *ret_bad = i;
            return false;
        }
        i += n;
    }
    return true;
}

void mr_utf8_mend(char *text, size_t len)
{
    for (size_t bad; !mr_utf8_valid(text, len, &bad);)
        text[bad] = '?';
}

void mr_str_one_line(char *text)
{
    mr_utf8_mend(text, strlen(text));
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        bool c1 = *p == 0xc2 && p[1] < 0xa0; /* U+0080 to U+009F, which terminals obey too */
        if (*p < 0x20 || *p == 0x7f || c1)
            *p = '?';
        if (c1)
            p[1] = '?';
    }
}

struct mr_str mr_utf8_cut(struct mr_str text, size_t most)
{
    if (text.len <= most)
        return text;
    for (text.len = most; text.len > 0 && ((unsigned char)text.data[text.len] & 0xc0) == 0x80;)
        text.len--;
    return text;
}

enum { NEAREST_MAX = 64 };

static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t row[NEAREST_MAX + 1];

    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[nb];
}

/* The only one that goes on where the word ends. */
static const char *only_longer(const char *word, size_t len, const char *const *words,
                               size_t n_words)
{
    const char *found = NULL;

    for (size_t i = 0; len > 1 && i < n_words; i++) {
        if (strncmp(word, words[i], len) != 0)
            continue;
        if (found)
            return NULL;
        found = words[i];
    }
    return found;
}

const char *mr_nearest(const char *word, const char *const *words, size_t n_words)
{
    size_t len = strnlen(word, NEAREST_MAX + 1);
    const char *best = NULL;
    size_t best_distance = len / 3 + (len > 1); /* another letter is no likeness */

    if (len > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < n_words; i++) {
        size_t other = strnlen(words[i], NEAREST_MAX + 1);
        if (other > NEAREST_MAX)
            continue;
        size_t distance = edit_distance(word, len, words[i], other);
        if (distance < best_distance || (distance == best_distance && !best)) {
            best = words[i];
            best_distance = distance;
        }
    }
    return best ? best : only_longer(word, len, words, n_words);
}

bool mr_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
