/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of an initialiser in C. */
#include <string.h>

#include "gen.h"

/* Octal escapes end after three digits, so that no digit that follows joins them. */
static int put_char(struct mr_buf *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        return mr_buf_printf(out, "\\%c", c);
    if (c < 0x20 || c >= 0x7f || c == '?')
        return mr_buf_printf(out, "\\%03o", c);
    return mr_buf_byte(out, c);
}

int gen_literal(struct mr_buf *out, const char *text, size_t len)
{
    int r = mr_buf_byte(out, '"');

    for (size_t i = 0; i < len && r == 0; i++) {
        if (text[i] != '\n')
            r = put_char(out, (unsigned char)text[i]);
        else
            r = mr_buf_printf(out, i + 1 < len ? "\\n\"\n    \"" : "\\n");
    }
    return r == 0 ? mr_buf_byte(out, '"') : r;
}

int gen_named(struct mr_buf *out, const char *key, const char *text)
{
    int r = text ? mr_buf_printf(out, ".%s = ", key) : 0;

    if (r == 0 && text)
        r = gen_literal(out, text, strlen(text));
    return r == 0 && text ? mr_buf_printf(out, ", ") : r;
}

int gen_words(struct mr_buf *out, const char *key, const char *const *words, size_t n_words)
{
    int r = n_words ? mr_buf_printf(out, ".%s = (const char *const[]){", key) : 0;

    for (size_t i = 0; i < n_words && r == 0; i++) {
        r = gen_literal(out, words[i], strlen(words[i]));
        if (r == 0 && i + 1 < n_words)
            r = mr_buf_printf(out, ", ");
    }
    return r == 0 && n_words ? mr_buf_printf(out, "}, .n_%s = %zu, ", key, n_words) : r;
}

const char *gen_yes_no(bool yes)
{
    return yes ? "true" : "false";
}
