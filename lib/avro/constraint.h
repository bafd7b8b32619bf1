/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-Schema keywords on Avro types, compiled once and checked before anything is written.
 * Source: JSON Schema draft-07 (minimum, maximum, exclusive*, minLength, maxLength, pattern,
 * format, minItems, maxItems); our own x-readers-only. docs/codec.md lists them. */
#pragma once

#include "json_decimal.h"
#include "millrace/schema.h"

enum constraint_format {
    FORMAT_NONE,
    FORMAT_UUID,
    FORMAT_DATE,
    FORMAT_DATE_TIME,
    FORMAT_DATE_OR_DATE_TIME,
    FORMAT_EMAIL,
    FORMAT_URI,
};

struct pattern; /* a compiled regular expression */

struct constraint {
    /* Bounds are inclusive whole numbers in units of the type (10^-scale for decimals): what is
     * exclusive or fractional in the schema has been moved to the next unit. */
    mr_int128 least, most;
    double double_least, double_most;
    bool double_over, double_under;       /* exclusive */
    const char *least_words, *most_words; /* "at least 1", "less than 90" */
    size_t min_length, max_length;        /* in code points */
    size_t min_items, max_items;
    enum constraint_format format;
    struct pattern *pattern;
    const bool *readers_only; /* enum: per symbol; NULL when there are none */
};

/* Reads the keywords that apply to `node` from its own props and from those of the field it is the
 * type of (NULL: none). *ret is NULL when there are no keywords. Memory is the arena's, except the
 * pattern, which constraint_done releases. Outcomes: 0, MR_INVALID (a keyword's value is wrong;
 * reterr says which), -ENOMEM. */
int constraint_new(const struct mr_schema_node *node, const struct json_t *field_props,
                   struct mr_arena *arena, struct constraint **ret, struct mr_error *reterr);
void constraint_done(struct constraint *rules);
/* Whether props holds any keyword. */
bool constraint_any(const struct json_t *props);

/* Each: 0 or MR_INVALID with "must be at least 1 (was 0)". -ENOMEM from strings. */
MR_COLD int constraint_long_error(const struct constraint *rules, int64_t value,
                                  struct mr_error *reterr);
int constraint_decimal(const struct constraint *rules, mr_int128 value, int32_t scale,
                       struct mr_error *reterr);
int constraint_double(const struct constraint *rules, double value, struct mr_error *reterr);
int constraint_string(const struct constraint *rules, struct mr_str text, struct mr_error *reterr);
int constraint_items(const struct constraint *rules, size_t n, struct mr_error *reterr);

static inline int constraint_long(const struct constraint *rules, int64_t value,
                                  struct mr_error *reterr)
{
    if (MR_LIKELY(value >= rules->least && value <= rules->most))
        return 0;
    return constraint_long_error(rules, value, reterr);
}

/* Patterns: PCRE2 with its JIT, UTF, ECMA-262 flavour, match limits (docs/limits.md). */
int pattern_new(const char *text, struct pattern **ret_pattern, struct mr_error *reterr);
struct pattern *pattern_free(struct pattern *pattern);
/* 0 match; MR_ABSENT no match; MR_FULL beyond the match limits; -ENOMEM. */
int pattern_match(const struct pattern *pattern, struct mr_str text);
const char *pattern_text(const struct pattern *pattern);

const char *constraint_format_name(enum constraint_format format);
bool constraint_format_holds(enum constraint_format format, struct mr_str text);
