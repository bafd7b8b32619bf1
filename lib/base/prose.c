/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts, lists and instants for people. */
#include "millrace/prose.h"

#include <string.h>

const char *mr_prose_money(struct mr_arena *arena, struct mr_decimal amount)
{
    static const char *const lacks[] = {".00", "0", ""};
    char text[MR_DECIMAL_MAX];
    int len = (int)mr_decimal_text(amount, text);
    const char *point = memchr(text, '.', (size_t)len);
    int decimals = point ? len - (int)(point - text) - 1 : 0;

    return mr_arena_printf(arena, "%.*s%s", len, text, lacks[decimals < 2 ? decimals : 2]);
}

const char *mr_prose_list(struct mr_arena *arena, const struct mr_str *items, size_t n_items)
{
    size_t len = 0;

    for (size_t i = 0; i < n_items; i++)
        len += items[i].len + 2;
    char *text = mr_arena_alloc(arena, len + 1), *at = text;
    for (size_t i = 0; text && i < n_items; i++) {
        memcpy(at, ", ", i ? 2 : 0);
        at += i ? 2 : 0;
        if (items[i].len > 0)
            memcpy(at, items[i].data, items[i].len);
        at += items[i].len;
    }
    if (text)
        *at = '\0';
    return text;
}

const char *mr_prose_moment(int64_t micros, char text[MR_TIME_MAX])
{
    (void)mr_time_format_micros(micros, text);
    char *day = text + strcspn(text, "T"); /* an hour, a minute and more follow it */

    *day = ' ';
    memcpy(day + sizeof(" 10:30") - 1, " UTC", sizeof(" UTC"));
    return text;
}
