/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 validity, nearest word and glob. */
#include "millrace/str.h"

#include <stdint.h>

#include "millrace/compiler.h"

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

const char *mr_nearest(const char *word, const char *const *words, size_t n_words)
{
    size_t len = strnlen(word, NEAREST_MAX + 1);
    const char *best = NULL;
    size_t best_distance = len / 3 + 1;

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
    return best;
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
