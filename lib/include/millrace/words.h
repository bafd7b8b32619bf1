/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a text as an index keeps them: small letters, Latin ones without their marks, so
 * that "Perú" is found by "peru". */
#pragma once

#include <stdbool.h>

#include "millrace/str.h"

enum { MR_WORD_MAX = 64 }; /* bytes; longer words are cut at a character. docs/limits.md */

struct mr_words {
    struct mr_str rest; /* UTF-8 still to be read; the caller sets it, all else is ours */
    char word[MR_WORD_MAX + 4];
};

/* The next word, or false at the end. A word is a run of letters and digits of any script; what is
 * neither, in ASCII, Latin-1, General Punctuation (U+2000 to U+206F) and CJK punctuation (U+3000 to
 * U+303F), parts words. Latin letters to U+017F lose case and marks (ß is ss, æ is ae), Greek and
 * Cyrillic ones their case. *ret_word is borrowed until the next call. Any thread. */
bool mr_words_next(struct mr_words *words, struct mr_str *ret_word);
