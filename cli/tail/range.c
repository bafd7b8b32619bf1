/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of -o to places. */
#include "range.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"
#include "millrace/time.h"

static bool parse_number(struct mr_str text, int64_t *ret_value)
{
    char copy[24], *end;

    if (text.len == 0 || text.len >= sizeof(copy) || text.data[0] < '0' || text.data[0] > '9')
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *ret_value = strtoll(copy, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool parse_time(struct mr_str text, int64_t now_ms, int64_t *ret_ms)
{
    static const char *const endings[] = {"", "Z", ":00Z", "T00:00:00Z"};
    char copy[80];
    int64_t micros;

    if (parse_number(text, ret_ms))
        return true;
    if (text.len > 1 && text.data[0] == '-') {
        const struct mr_str span = {text.data + 1, text.len - 1};
        if (mr_duration_parse(span, "ms", &micros) != 0)
            return false;
        *ret_ms = now_ms - micros;
        return true;
    }
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        int n = snprintf(copy, sizeof(copy), "%.*s%s", MR_STR_ARG(text), endings[i]);
        if (n < 0 || (size_t)n >= sizeof(copy))
            return false;
        if (mr_time_parse_micros((struct mr_str){copy, (size_t)n}, &micros) == 0) {
            *ret_ms = micros / 1000;
            return true;
        }
    }
    return false;
}

static bool parse_from(struct mr_str text, int64_t now_ms, struct range_place *ret)
{
    static const struct {
        const char *word;
        enum range_kind kind;
    } words[] = {{"beginning", RANGE_BEGINNING}, {"end", RANGE_END}, {"stored", RANGE_STORED}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (mr_str_is(text, words[i].word)) {
            *ret = (struct range_place){words[i].kind, 0};
            return true;
        }
    }
    if (text.len > 0 && text.data[0] == '@') {
        ret->kind = RANGE_TIME;
        return parse_time((struct mr_str){text.data + 1, text.len - 1}, now_ms, &ret->value);
    }
    bool back = text.len > 0 && text.data[0] == '-';
    ret->kind = back ? RANGE_BACK : RANGE_OFFSET;
    return parse_number((struct mr_str){text.data + back, text.len - back}, &ret->value);
}

/* After a time comes a time, after an offset an offset. */
static bool parse_to(struct mr_str text, int64_t now_ms, const struct range_place *from,
                     struct range_place *ret)
{
    bool at = text.len > 0 && text.data[0] == '@';
    const struct mr_str bare = {text.data + at, text.len - at};

    if (mr_str_is(text, "end")) {
        *ret = (struct range_place){RANGE_END, 0};
        return true;
    }
    if (at || from->kind == RANGE_TIME) {
        ret->kind = RANGE_TIME;
        return parse_time(bare, now_ms, &ret->value);
    }
    ret->kind = RANGE_OFFSET;
    return parse_number(text, &ret->value);
}

/* Two places of one kind can be compared here; others only where the topic is known. */
static int check_order(const struct range *range, const char *text, struct mr_error *reterr)
{
    if (range->from.kind != range->to.kind || range->from.value <= range->to.value ||
        (range->from.kind != RANGE_OFFSET && range->from.kind != RANGE_TIME))
        return 0;
    return mr_error_set(reterr, MR_INVALID, "-o ends before it begins (was '%s')", text);
}

int range_parse(const char *text, int64_t now_ms, struct range *ret_range, struct mr_error *reterr)
{
    struct range range = {.to = {RANGE_NEVER, 0}};

    if (parse_from(mr_str_from(text), now_ms, &range.from)) {
        *ret_range = range;
        return 0;
    }
    /* times have colons too: the first at which both sides make sense */
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        const struct mr_str from = {text, (size_t)(colon - text)};
        if (parse_from(from, now_ms, &range.from) &&
            parse_to(mr_str_from(colon + 1), now_ms, &range.from, &range.to)) {
            *ret_range = range;
            return check_order(&range, text, reterr);
        }
    }
    return mr_error_set(
        reterr, MR_INVALID,
        "-o must be beginning, end, stored, N, -N or @TIME, and may go on with :end, :N "
        "or :TIME; TIME is such as 2024-01-15T10:00:00Z, 2024-01-15, 1705312800000 or "
        "-48h (was '%s')",
        text);
}
