/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints that are sets of values: which of two lets more through. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "millrace/codec.h"

/* The next item of a JSON list; len 0: there is none. */
static struct mr_str next_item(struct mr_json_cursor *cursor)
{
    cursor->at += cursor->at < cursor->end && (*cursor->at == ',' || *cursor->at == '[');
    const char *from = cursor->at;

    if (cursor->at >= cursor->end || *cursor->at == ']' || mr_json_skip(cursor, NULL) != 0)
        return (struct mr_str){0};
    return (struct mr_str){from, (size_t)(cursor->at - from)};
}

static bool holds(const char *list, struct mr_str item)
{
    struct mr_json_cursor cursor = {list, list, list + strlen(list)};

    for (struct mr_str other; (other = next_item(&cursor)).len > 0;)
        if (mr_str_eq(other, item))
            return true;
    return false;
}

/* Has `list` an item that `other` has not? */
static bool has_more(const char *list, const char *other)
{
    struct mr_json_cursor cursor = {list, list, list + strlen(list)};

    for (struct mr_str item; (item = next_item(&cursor)).len > 0;)
        if (!holds(other, item))
            return true;
    return false;
}

unsigned evolve_list_change(const char *before, const char *now, bool forbidden)
{
    unsigned more = forbidden ? EVOLVE_LESS : EVOLVE_MORE, less = EVOLVE_LESS | EVOLVE_MORE;

    less &= ~more;
    if ((before && *before != '[') || (now && *now != '['))
        return before && now && strcmp(before, now) == 0 ? 0 : EVOLVE_LESS;
    if (!forbidden && !(before && now)) /* no list of what may be: all may */
        return before ? EVOLVE_MORE : now ? EVOLVE_LESS : 0;
    before = before ? before : "[]";
    now = now ? now : "[]";
    return (has_more(now, before) ? more : 0) | (has_more(before, now) ? less : 0);
}

unsigned evolve_multiple_change(const char *before, const char *now)
{
    if (!before || !now || strcmp(before, now) == 0)
        return before && !now ? EVOLVE_MORE : now && !before ? EVOLVE_LESS : 0;
    double was = fabs(strtod(before, NULL)), is = fabs(strtod(now, NULL));
    double times = was / is;

    if (was == is || !(is > 0))
        return was == is ? 0 : EVOLVE_LESS;
    bool whole = fabs(times - round(times)) <= 1e-9 * times; /* 0.1 has no exact double */
    return whole ? EVOLVE_MORE : EVOLVE_LESS;
}
