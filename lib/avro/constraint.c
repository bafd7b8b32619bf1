/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords from the schema's JSON into struct constraint. */
#include "constraint.h"

#include <float.h>
#include <jansson.h>
#include <math.h>

#define INT128_MAX ((mr_int128)(~(mr_uint128)0 >> 1))
#define INT128_MIN (-INT128_MAX - 1)

static const char *const keywords[] = {
    "minimum",  "maximum",  "exclusiveMinimum", "exclusiveMaximum", "minLength",     "maxLength",
    "minItems", "maxItems", "pattern",          "format",           "x-readers-only"};

bool constraint_any(const struct json_t *props)
{
    for (size_t i = 0; props && i < MR_N_ELEMENTS(keywords); i++)
        if (json_object_get(props, keywords[i]))
            return true;
    return false;
}

static int wrong(const char *keyword, const char *rule, struct mr_error *reterr)
{
    return mr_error_set(reterr, MR_INVALID, "keyword \"%s\" %s", keyword, rule);
}

/* A bound as text, exactly as it reads back. */
static size_t bound_text(const json_t *value, char out[JSON_NUMBER_MAX])
{
    return json_is_integer(value) ? json_put_long(json_integer_value(value), out)
                                  : json_put_double(json_real_value(value), out);
}

/* The whole bound nearest to number * 10^scale inside the allowed side. */
static bool whole_bound(const struct json_number *number, int32_t scale, bool lower, bool exclusive,
                        mr_int128 *ret_bound)
{
    struct json_number cut = *number;
    mr_int128 bound;
    bool fraction = number->n_digits > 0 && number->exp10 + scale < 0;

    if (fraction) { /* truncated towards zero */
        int64_t drop = -(number->exp10 + scale);
        for (; drop > 0 && cut.n_digits > 0; drop--, cut.n_digits--)
            cut.mantissa /= 10;
        cut.exp10 = -scale;
    }
    if (decimal_small(&cut, scale, 38, &bound) != DECIMAL_FITS)
        return false;
    if (fraction ? number->negative != lower : exclusive)
        bound += lower ? 1 : -1;
    *ret_bound = bound;
    return true;
}

struct bound {
    bool lower, exclusive;
    mr_int128 whole; /* inclusive, times 10^scale; of float and double only where it fits */
    double real;
    const char *words;
};

/* Both bounds of one side hold ("minimum" and "exclusiveMinimum"): the one that says more is kept.
 */
static void keep_bound(struct constraint *rules, const struct bound *bound, bool real)
{
    const char *words = bound->lower ? rules->least_words : rules->most_words;
    double before = bound->lower ? rules->double_least : rules->double_most;
    mr_int128 whole = bound->lower ? rules->least : rules->most;
    bool same = real ? bound->real == before : bound->whole == whole;
    bool above = real ? bound->real > before : bound->whole > whole;

    if (words && (same ? !bound->exclusive : above != bound->lower))
        return;
    if (bound->lower) {
        rules->least = bound->whole;
        rules->least_words = bound->words;
        rules->double_least = bound->real;
        rules->double_over = bound->exclusive;
    } else {
        rules->most = bound->whole;
        rules->most_words = bound->words;
        rules->double_most = bound->real;
        rules->double_under = bound->exclusive;
    }
}

static int read_bound(struct constraint *rules, const struct mr_schema_node *node,
                      const json_t *props, const char *keyword, bool lower, bool exclusive,
                      struct mr_arena *arena, struct mr_error *reterr)
{
    const json_t *value = json_object_get(props, keyword);
    struct bound bound = {.lower = lower, .exclusive = exclusive};
    char text[JSON_NUMBER_MAX];
    struct json_number number;
    int32_t scale = node->logical == MR_LOGICAL_DECIMAL ? node->scale : 0;
    bool real = node->type == MR_AVRO_FLOAT || node->type == MR_AVRO_DOUBLE;

    if (!value)
        return 0;
    if (!json_is_number(value))
        return wrong(keyword, "must be a number", reterr);
    size_t len = bound_text(value, text);
    if (len > 2 && memcmp(text + len - 2, ".0", 2) == 0)
        len -= 2;
    if (json_number_from((struct mr_str){text, len}, &number) != 0)
        return wrong(keyword, "must be a finite number", reterr);
    if (!whole_bound(&number, scale, lower, exclusive, &bound.whole) && !real)
        return wrong(keyword, "is beyond what the type can hold", reterr);
    bound.real = json_number_value(value);
    bound.words = mr_arena_printf(arena, "%s %.*s",
                                  lower       ? exclusive ? "more than" : "at least"
                                  : exclusive ? "less than"
                                              : "at most",
                                  (int)len, text);
    if (!bound.words)
        return -ENOMEM;
    keep_bound(rules, &bound, real);
    return 0;
}

static int read_size(const json_t *props, const char *keyword, size_t *size,
                     struct mr_error *reterr)
{
    const json_t *value = json_object_get(props, keyword);

    if (!value)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return wrong(keyword, "must be a whole number that is not negative", reterr);
    *size = (size_t)json_integer_value(value);
    return 0;
}

static int read_text_rules(struct constraint *rules, const json_t *props, struct mr_error *reterr)
{
    const json_t *pattern = json_object_get(props, "pattern");
    const json_t *format = json_object_get(props, "format");
    int r = read_size(props, "minLength", &rules->min_length, reterr);

    if (r == 0)
        r = read_size(props, "maxLength", &rules->max_length, reterr);
    if (r != 0)
        return r;
    if (format && !json_is_string(format))
        return wrong("format", "must be a string", reterr);
    /* A format that is not ours says something to other readers: not an error, after JSON Schema.
     */
    for (enum constraint_format f = FORMAT_UUID; format && f <= FORMAT_URI; f++)
        if (strcmp(json_string_value(format), constraint_format_name(f)) == 0)
            rules->format = f;
    if (!pattern)
        return 0;
    if (!json_is_string(pattern))
        return wrong("pattern", "must be a string", reterr);
    rules->pattern = pattern_free(rules->pattern); /* the field's replaces the type's */
    return pattern_new(json_string_value(pattern), &rules->pattern, reterr);
}

static int read_readers_only(struct constraint *rules, const struct mr_schema_node *node,
                             const json_t *props, struct mr_arena *arena, struct mr_error *reterr)
{
    const json_t *list = json_object_get(props, "x-readers-only");
    const json_t *item;
    size_t i;

    if (!list)
        return 0;
    if (!json_is_array(list))
        return wrong("x-readers-only", "must be a list of symbols", reterr);
    bool *marks = mr_arena_array(arena, node->n_symbols, sizeof(*marks));
    if (!marks)
        return -ENOMEM;
    json_array_foreach(list, i, item)
    {
        size_t s = 0;
        while (s < node->n_symbols &&
               (!json_is_string(item) || strcmp(node->symbols[s], json_string_value(item)) != 0))
            s++;
        if (s == node->n_symbols)
            return wrong("x-readers-only", "must name symbols of the enum", reterr);
        marks[s] = true;
    }
    rules->readers_only = marks;
    return 0;
}

static int read_number_rules(struct constraint *rules, const struct mr_schema_node *node,
                             const json_t *props, struct mr_arena *arena, struct mr_error *reterr)
{
    int r = read_bound(rules, node, props, "minimum", true, false, arena, reterr);

    if (r == 0)
        r = read_bound(rules, node, props, "exclusiveMinimum", true, true, arena, reterr);
    if (r == 0)
        r = read_bound(rules, node, props, "maximum", false, false, arena, reterr);
    if (r == 0)
        r = read_bound(rules, node, props, "exclusiveMaximum", false, true, arena, reterr);
    return r;
}

/* Keywords that say nothing about this type are passed over, as JSON Schema has it. */
static int read_props(struct constraint *rules, const struct mr_schema_node *node,
                      const json_t *props, struct mr_arena *arena, struct mr_error *reterr)
{
    switch (node->type) {
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        return read_number_rules(rules, node, props, arena, reterr);
    case MR_AVRO_BYTES:
    case MR_AVRO_FIXED:
        return node->logical == MR_LOGICAL_DECIMAL
                   ? read_number_rules(rules, node, props, arena, reterr)
                   : 0;
    case MR_AVRO_STRING:
        return read_text_rules(rules, props, reterr);
    case MR_AVRO_ENUM:
        return read_readers_only(rules, node, props, arena, reterr);
    case MR_AVRO_ARRAY: {
        int r = read_size(props, "minItems", &rules->min_items, reterr);
        return r != 0 ? r : read_size(props, "maxItems", &rules->max_items, reterr);
    }
    case MR_AVRO_NULL:
    case MR_AVRO_BOOLEAN:
    case MR_AVRO_RECORD:
    case MR_AVRO_MAP:
    case MR_AVRO_UNION:
        break;
    }
    return 0;
}

int constraint_new(const struct mr_schema_node *node, const struct json_t *field_props,
                   struct mr_arena *arena, struct constraint **ret, struct mr_error *reterr)
{
    int r = 0;

    *ret = NULL;
    if (!constraint_any(node->props) && !constraint_any(field_props))
        return 0;
    struct constraint *rules = mr_arena_alloc(arena, sizeof(*rules));
    if (!rules)
        return -ENOMEM;
    *rules = (struct constraint){.least = INT128_MIN,
                                 .most = INT128_MAX,
                                 .double_least = -HUGE_VAL,
                                 .double_most = HUGE_VAL,
                                 .max_length = SIZE_MAX,
                                 .max_items = SIZE_MAX};
    if (node->props)
        r = read_props(rules, node, node->props, arena, reterr);
    if (r == 0 && field_props)
        r = read_props(rules, node, field_props, arena, reterr);
    if (r != 0)
        constraint_done(rules);
    else
        *ret = rules;
    return r;
}

void constraint_done(struct constraint *rules)
{
    if (rules)
        rules->pattern = pattern_free(rules->pattern);
}

int mr_schema_keywords(const struct mr_schema_node *node, const struct json_t *field_props,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct constraint *rules = NULL;
    int r = mr_arena_new(0, &arena);

    if (r == 0)
        r = constraint_new(node, field_props, arena, &rules, reterr);
    if (r != 0 || !rules)
        return r;
    bool real = node->type == MR_AVRO_FLOAT || node->type == MR_AVRO_DOUBLE;
    bool over = real ? rules->double_least > rules->double_most : rules->least > rules->most;
    if (over)
        r = mr_error_set(reterr, MR_INVALID, "no number is both %s and %s", rules->least_words,
                         rules->most_words);
    else if (rules->min_length > rules->max_length)
        r = wrong("minLength", "is above \"maxLength\"", reterr);
    else if (rules->min_items > rules->max_items)
        r = wrong("minItems", "is above \"maxItems\"", reterr);
    constraint_done(rules);
    return r;
}
