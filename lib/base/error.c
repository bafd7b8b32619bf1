/* SPDX-License-Identifier: Apache-2.0 */
/* Error texts and status words. */
#include "millrace/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "millrace/status.h"
#include "millrace/str.h"

const char *mr_status_name(int r)
{
    static const char *const names[] = {"done",  "idle", "end",   "invalid",
                                        "again", "full", "absent"};

    if (r < 0)
        return strerrordesc_np(-r) ? strerrordesc_np(-r) : "unknown error";
    return (size_t)r < MR_N_ELEMENTS(names) ? names[r] : "unknown status";
}

/* A cut in the middle of a UTF-8 sequence takes its beginning away as well. */
static void cut_at_character(char *text, size_t cap)
{
    size_t len = strlen(text);
    size_t bad;

    if (len == cap - 1 && !mr_utf8_valid(text, len, &bad) && len - bad < 4)
        text[bad] = '\0';
}

int mr_error_vset(struct mr_error *reterr, int r, const char *fmt, va_list args)
{
    char text[sizeof(reterr->text)]; /* what is said now may quote what was said before */

    if (!reterr)
        return r;
    (void)vsnprintf(text, sizeof(text), fmt, args);
    cut_at_character(text, sizeof(text));
    memcpy(reterr->text, text, strlen(text) + 1);
    return r;
}

int mr_error_set(struct mr_error *reterr, int r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    r = mr_error_vset(reterr, r, fmt, args);
    va_end(args);
    return r;
}

int mr_error_inside(struct mr_error *reterr, int r, const char *fmt, ...)
{
    enum { WHAT = 360, WHERE = 200 }; /* bytes at most: most of the text is the rule's */
    char what[WHAT + 1];
    va_list args;

    if (!reterr)
        return r;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    cut_at_character(what, sizeof(what));
    (void)mr_error_set(reterr, r, "%s: %.*s%s%s", what, (int)WHERE, reterr->where,
                       *reterr->where ? ": " : "", reterr->text);
    mr_str_one_line(reterr->text);
    reterr->where[0] = '\0';
    return r;
}

void mr_error_at(struct mr_error *reterr, const char *segment, size_t len)
{
    char escaped[sizeof(reterr->where)];
    size_t n = 0;

    if (!reterr)
        return;
    escaped[n++] = '/';
    for (size_t i = 0; i < len && n + 3 < sizeof(escaped); i++) {
        if (segment[i] == '~' || segment[i] == '/') {
            escaped[n++] = '~';
            escaped[n++] = segment[i] == '~' ? '0' : '1';
        } else {
            escaped[n++] = segment[i];
        }
    }
    size_t old = strlen(reterr->where);
    if (old + n >= sizeof(reterr->where))
        old = sizeof(reterr->where) - 1 - n; /* the deepest part of an over-long path is lost */
    memmove(reterr->where + n, reterr->where, old);
    memcpy(reterr->where, escaped, n);
    reterr->where[n + old] = '\0';
    cut_at_character(reterr->where, sizeof(reterr->where));
}

void mr_error_at_index(struct mr_error *reterr, size_t index)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%zu", index);

    mr_error_at(reterr, text, (size_t)len);
}

void mr_error_locate(struct mr_error *reterr, const char *text, size_t len)
{
    if (!reterr || reterr->offset == MR_NO_OFFSET || reterr->offset > len)
        return;
    unsigned line = 1;
    const char *start = text;
    for (const char *p = text; p < text + reterr->offset; p++) {
        if (*p == '\n') {
            line++;
            start = p + 1;
        }
    }
    reterr->line = line;
    reterr->column = (unsigned)(text + reterr->offset - start) + 1;
}
