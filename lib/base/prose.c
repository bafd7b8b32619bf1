/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts and instants for people. */
#include "millrace/prose.h"

#include <string.h>

#include "millrace/time.h"

const char *mr_prose_money(struct mr_arena *arena, struct mr_decimal amount)
{
    static const char *const lacks[] = {".00", "0", ""};
    char text[MR_DECIMAL_MAX];
    int len = (int)mr_decimal_text(amount, text);
    const char *point = memchr(text, '.', (size_t)len);
    int decimals = point ? len - (int)(point - text) - 1 : 0;

    return mr_arena_printf(arena, "%.*s%s", len, text, lacks[decimals < 2 ? decimals : 2]);
}

const char *mr_prose_moment(struct mr_arena *arena, int64_t micros)
{
    char text[MR_TIME_MAX];

    (void)mr_time_format_micros(micros, text);
    size_t day = strcspn(text, "T");
    return mr_arena_printf(arena, "%.*s %.5s UTC", (int)day, text, text + day + 1);
}
