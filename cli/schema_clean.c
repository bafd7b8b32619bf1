/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of findings come from files and names that anybody may have written: what would break a
 * form, or steer a terminal, is made visible first. */
#include <errno.h>
#include <string.h>

#include "schema_report.h"

static const char stands_in[] = "\xef\xbf\xbd"; /* U+FFFD */

/* A control character at text: its length (C1 ones have two bytes), else 0. */
static size_t control(const unsigned char *text, size_t len, bool newline)
{
    if (text[0] < 0x20)
        return text[0] != '\n' || newline;
    if (text[0] == 0x7f)
        return 1;
    return len > 1 && text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

/* U+FFFE and U+FFFF are no characters to XML. */
static bool is_none(const unsigned char *text, size_t len)
{
    return len > 2 && text[0] == 0xef && text[1] == 0xbf && text[2] >= 0xbe;
}

static int put(struct mr_buf *out, const char *text, size_t len, bool controls, bool newline)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < len;) {
        const unsigned char *at = (const unsigned char *)text + i;
        size_t n = controls ? control(at, len - i, newline) : 0;
        if (n > 0) {
            r = mr_buf_printf(out, "\\x%02X", at[n - 1]);
        } else if (is_none(at, len - i)) {
            r = mr_buf_append(out, stands_in, 3);
            n = 3;
        } else {
            r = mr_buf_byte(out, *at);
            n = 1;
        }
        i += n;
    }
    return r;
}

/* *text as it may stand in a form: itself, or a copy in the arena. */
static int clean(struct mr_arena *arena, const char **text, bool controls, bool newline)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    size_t len = *text ? strlen(*text) : 0, bad = 0;
    const char *at = *text;
    int r = 0;

    while (r == 0 && len > 0) {
        bool whole = mr_utf8_valid(at, len, &bad);
        r = put(&out, at, whole ? len : bad, controls, newline);
        if (r == 0 && !whole)
            r = mr_buf_append(&out, stands_in, 3);
        size_t used = whole ? len : bad + 1;
        at += used;
        len -= used;
    }
    if (r != 0 || out.len == 0 || strcmp(*text, mr_buf_cstr(&out) ? (char *)out.data : "") == 0)
        return r;
    *text = mr_arena_dup(arena, (const char *)out.data, out.len);
    return *text ? 0 : -ENOMEM;
}

int report_clean(struct mr_arena *arena, bool controls, struct mr_report *report)
{
    struct mr_evolution *items = mr_arena_array(arena, report->n_items + 1, sizeof(*items));
    int r = items ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < report->n_items; i++) {
        items[i] = report->items[i];
        const char **names[] = {&items[i].file, &items[i].topic, &items[i].path};
        const char **texts[] = {&items[i].before, &items[i].now,   &items[i].message,
                                &items[i].breaks, &items[i].order, &items[i].fix};
        for (size_t k = 0; r == 0 && k < MR_N_ELEMENTS(names); k++)
            r = clean(arena, names[k], controls, true);
        for (size_t k = 0; r == 0 && k < MR_N_ELEMENTS(texts); k++)
            r = clean(arena, texts[k], controls, false);
    }
    report->items = items;
    return r;
}
