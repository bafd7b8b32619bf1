/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text that is no JSON ends, so that the next document is read for itself. It ends with its
 * line when its brackets are closed there. When they are not, it was cut off, or is a broken one of
 * several lines: then it goes on over lines that are indented deeper than it, or begin as no
 * document can ('}', ']', '"', ','), until the brackets are closed. */
#include "input.h"

struct skip {
    size_t at;     /* looked at, from the document's begin */
    size_t line;   /* begin of the line there */
    size_t indent; /* of the document */
    size_t column;
    int64_t depth;
    bool later; /* lines behind the first */
    bool blank; /* only blanks so far in the line */
    bool in_string, escaped;
};

static bool goes_on(const struct skip *s, char first)
{
    return s->column > s->indent || first == '}' || first == ']' || first == '"' || first == ',';
}

/* Whether the text ends with this line. A string that is open at its end says that the line was cut
 * off, if it is the first; in a later one somebody forgot a quote. */
static bool end_line(struct skip *s)
{
    bool ends = s->depth <= 0 || (s->in_string && !s->later);

    s->in_string = s->escaped = false;
    s->later = s->blank = true;
    s->line = s->at + 1;
    s->column = 0;
    return ends;
}

static void take(struct skip *s, char c)
{
    if (s->escaped)
        s->escaped = false;
    else if (s->in_string && c == '\\')
        s->escaped = true;
    else if (c == '"')
        s->in_string = !s->in_string;
    else if (!s->in_string && (c == '{' || c == '['))
        s->depth++;
    else if (!s->in_string && (c == '}' || c == ']'))
        s->depth--;
}

/* The text's length, or 0: it goes on. */
static size_t scan(struct skip *s, const char *text, size_t len)
{
    for (; s->at < len; s->at++) {
        char c = text[s->at];
        if (c == '\n') {
            if (end_line(s))
                return s->line;
        } else if (s->blank && (c == ' ' || c == '\t' || c == '\r')) {
            s->column++;
        } else {
            if (s->blank && !goes_on(s, c))
                return s->line;
            s->blank = false;
            take(s, c);
        }
    }
    return 0;
}

/* Keeps the head of a text that is too long and lets go what has been looked at. The newline before
 * a line stays: an end at a line's begin is never at 0. */
static int keep_head(struct input *in, struct skip *s)
{
    size_t gone = s->blank ? s->line - 1 : s->at;

    if (in->head.len == 0) {
        int r = mr_buf_append(&in->head, in->data + in->begin, INPUT_HEAD);
        if (r != 0)
            return r;
    }
    in->begin += gone;
    s->at -= gone;
    s->line = s->blank;
    return 0;
}

int input_skip(struct input *in, const char **ret_text, size_t *ret_len, bool *ret_cut,
               struct mr_error *reterr)
{
    struct skip s = {.indent = in->indent};
    size_t taken;
    int r;

    in->head.len = 0;
    while ((taken = scan(&s, in->data + in->begin, in->end - in->begin)) == 0 && !in->eof) {
        if (in->end - in->begin > INPUT_MAX_DOCUMENT && (r = keep_head(in, &s)) != 0)
            return r;
        if ((r = input_fill(in, reterr)) != 0)
            return r;
    }
    if (taken == 0)
        taken = in->end - in->begin;
    *ret_cut = in->head.len > 0 || taken > INPUT_MAX_DOCUMENT;
    *ret_text = in->head.len > 0 ? (const char *)in->head.data : in->data + in->begin;
    *ret_len = *ret_cut ? INPUT_HEAD : taken;
    in->begin += taken;
    in->indent = 0;
    return 0;
}
