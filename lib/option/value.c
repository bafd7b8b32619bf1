/* SPDX-License-Identifier: Apache-2.0 */
/* One option's text into its member. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/time.h"
#include "option_internal.h"

static int store_flag(bool *member, const char *text, struct mr_error *reterr)
{
    static const char *const yes[] = {"1", "true", "yes", "on"};
    static const char *const no[] = {"0", "false", "no", "off", ""};

    for (size_t i = 0; i < MR_N_ELEMENTS(yes); i++) {
        if (strcmp(text, yes[i]) == 0) {
            *member = true;
            return 0;
        }
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(no); i++) {
        if (strcmp(text, no[i]) == 0) {
            *member = false;
            return 0;
        }
    }
    return mr_error_set(reterr, MR_INVALID, "must be yes or no (was '%s')", text);
}

/* Decimal integer with an optional binary unit: k, M, G and KiB, MiB, GiB all mean powers of 1024.
 * Outcomes: 0, MR_INVALID, MR_FULL (an integer of more than 64 bits). */
static int parse_number(const char *text, bool units, int64_t *ret_value)
{
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *text == ' ')
        return MR_INVALID;
    if (errno == ERANGE)
        return *end ? MR_INVALID : MR_FULL;
    if (units && *end) {
        static const char letters[] = "kmgt";
        const char *unit = strchr(letters, *end | 0x20);
        if (!unit || (end[1] && strcmp(end + 1, "iB") != 0 && strcmp(end + 1, "B") != 0))
            return MR_INVALID;
        for (const char *p = letters; p <= unit; p++)
            if (__builtin_mul_overflow(value, 1024, &value))
                return MR_INVALID;
    } else if (*end) {
        return MR_INVALID;
    }
    *ret_value = value;
    return 0;
}

static int store_number(const struct mr_option *row, int64_t *member, const char *text,
                        struct mr_error *reterr)
{
    int64_t value;
    int r;

    if (row->type == MR_OPTION_DURATION) /* 3 days that were taken for 3 ms would be too costly */
        r = mr_duration_parse(mr_str_from(text), strcmp(text, "0") == 0 ? "ms" : "", &value);
    else
        r = parse_number(text, row->type == MR_OPTION_SIZE, &value);
    bool limited = row->max > row->min;
    if (r == MR_FULL || (r == 0 && limited && (value < row->min || value > row->max)))
        return mr_error_set(reterr, MR_INVALID, "must be from %" PRId64 " to %" PRId64 " (was %s)",
                            limited ? row->min : INT64_MIN, limited ? row->max : INT64_MAX, text);
    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "must be a %s (was '%s')",
                            row->type == MR_OPTION_DURATION
                                ? "duration with its unit, such as 500ms, 30s or 5m"
                            : row->type == MR_OPTION_SIZE ? "size such as 65536, 64k or 16MiB"
                                                          : "whole number",
                            text);
    *member = value;
    return 0;
}

static int store_choice(const struct mr_option *row, const char **member, const char *text,
                        struct mr_error *reterr)
{
    size_t n = 0;
    char listed[256] = "";

    for (; row->choices[n]; n++) {
        if (strcmp(row->choices[n], text) == 0) {
            *member = row->choices[n];
            return 0;
        }
        size_t len = strlen(listed);
        (void)snprintf(listed + len, sizeof(listed) - len, "%s%s", n ? ", " : "", row->choices[n]);
    }
    return mr_error_set(reterr, MR_INVALID, "must be one of %s (was '%s')", listed, text);
}

static int store_list(struct mr_option_list *list, struct mr_arena *arena, const char *text,
                      bool restart)
{
    size_t n = restart ? 0 : list->n_items;
    const char **items = mr_arena_array(arena, n + 1, sizeof(*items));

    if (!items)
        return -ENOMEM;
    if (n > 0)
        memcpy(items, list->items, n * sizeof(*items));
    items[n] = text;
    *list = (struct mr_option_list){items, n + 1};
    return 0;
}

int option_store(const struct mr_option *row, void *member, struct mr_arena *arena,
                 const char *text, bool restart, struct mr_error *reterr)
{
    switch (row->type) {
    case MR_OPTION_FLAG:
        return store_flag(member, text, reterr);
    case MR_OPTION_STR:
        *(const char **)member = text;
        return 0;
    case MR_OPTION_INT:
    case MR_OPTION_SIZE:
    case MR_OPTION_DURATION:
        return store_number(row, member, text, reterr);
    case MR_OPTION_CHOICE:
        return store_choice(row, member, text, reterr);
    case MR_OPTION_LIST:
        return store_list(member, arena, text, restart);
    }
    return -EINVAL;
}
