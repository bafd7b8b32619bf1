/* SPDX-License-Identifier: Apache-2.0 */
/* Constraint keywords of two versions: what one lets through and the other does not. Writers check
 * before they publish, readers of other houses may check what they read. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

/* Bounds as ordered numbers; exclusive ones lie half a step further in. */
enum limit {
    LOWEST,
    HIGHEST,
    MIN_LENGTH,
    MAX_LENGTH,
    MIN_ITEMS,
    MAX_ITEMS,
    N_LIMITS,
};

static const struct {
    const char *word;
    enum limit limit;
    bool exclusive;
} keywords[] = {
    {"minimum", LOWEST, false},         {"maximum", HIGHEST, false},
    {"exclusiveMinimum", LOWEST, true}, {"exclusiveMaximum", HIGHEST, true},
    {"minLength", MIN_LENGTH, false},   {"maxLength", MAX_LENGTH, false},
    {"minItems", MIN_ITEMS, false},     {"maxItems", MAX_ITEMS, false},
};

static const enum evolve_rule rules[N_LIMITS] = {
    RULE_CONSTRAINT_TIGHTENED_MINIMUM,    RULE_CONSTRAINT_TIGHTENED_MAXIMUM,
    RULE_CONSTRAINT_TIGHTENED_MIN_LENGTH, RULE_CONSTRAINT_TIGHTENED_MAX_LENGTH,
    RULE_CONSTRAINT_TIGHTENED_MIN_ITEMS,  RULE_CONSTRAINT_TIGHTENED_MAX_ITEMS,
};

/* -1: the number a is less than b, both JSON texts. Integers are compared as such. */
static int compare(const char *a, const char *b)
{
    char *end_a, *end_b;
    errno = 0;
    long long i = strtoll(a, &end_a, 10), k = strtoll(b, &end_b, 10);

    if (errno == 0 && *end_a == '\0' && *end_b == '\0')
        return i < k ? -1 : i > k;
    double x = strtod(a, NULL), y = strtod(b, NULL);
    return x < y ? -1 : x > y;
}

struct bound {
    const char *word, *text; /* as written; NULL: unbounded */
    const char *value;       /* what is compared */
    bool exclusive;
};

struct limits {
    struct evolve *e;
    bool whole;                            /* the values are: below 11 is up to 10 */
    struct bound bounds[N_LIMITS], *found; /* where read_keyword puts them */
    const char *pattern, *format, *readers_only, *values, *multiple; /* JSON text; NULL: none */
};

/* Of an inclusive and an exclusive bound on one place the inner one counts. */
static void set_bound(struct bound *bound, const struct bound *next, bool lower)
{
    int order = bound->text ? compare(next->value, bound->value) : 0;

    if (bound->text && (lower ? -order : order) > 0)
        return;
    if (bound->text && order == 0 && bound->exclusive)
        return;
    *bound = *next;
}

/* Of whole numbers an exclusive bound is the inclusive one next to it. */
static struct bound make_bound(const struct limits *l, size_t keyword, const char *json)
{
    const char *text = evolve_text(l->e, "%s", json);
    struct bound bound = {keywords[keyword].word, text, text, keywords[keyword].exclusive};
    bool lower = keywords[keyword].limit % 2 == 0;
    char *end;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (!bound.exclusive || !l->whole || errno != 0 || end == text || *end != '\0' ||
        number == (lower ? LLONG_MAX : LLONG_MIN))
        return bound;
    bound.value = evolve_text(l->e, "%lld", lower ? number + 1 : number - 1);
    bound.exclusive = false;
    return bound;
}

static void read_keyword(void *self, const char *name, const char *json)
{
    struct limits *l = self;

    const struct {
        const char *word;
        const char **place;
    } texts[] = {{"pattern", &l->pattern},
                 {"format", &l->format},
                 {"x-readers-only", &l->readers_only},
                 {"enum", &l->values},
                 {"multipleOf", &l->multiple}};

    for (size_t i = 0; i < MR_N_ELEMENTS(keywords); i++) {
        if (strcmp(name, keywords[i].word) != 0)
            continue;
        const struct bound bound = make_bound(l, i, json);
        set_bound(&l->found[keywords[i].limit], &bound, keywords[i].limit % 2 == 0);
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++)
        if (strcmp(name, texts[i].word) == 0)
            *texts[i].place = evolve_text(l->e, "%s", json);
}

/* The field's keywords stand over the type's, as for the codec. */
static struct limits read_limits(struct evolve *e, const struct mr_schema_field *field,
                                 const struct mr_schema_node *node)
{
    struct bound above[N_LIMITS] = {{0}};
    struct limits l = {.e = e, .whole = node->type == MR_AVRO_INT || node->type == MR_AVRO_LONG};

    l.found = l.bounds;
    if (node->props && mr_schema_props_each(node->props, read_keyword, &l) != 0)
        e->r = -ENOMEM;
    l.found = above;
    if (field && field->props && mr_schema_props_each(field->props, read_keyword, &l) != 0)
        e->r = -ENOMEM;
    for (size_t i = 0; i < N_LIMITS; i++)
        if (above[i].text)
            l.bounds[i] = above[i];
    for (size_t i = MIN_LENGTH; i <= MIN_ITEMS; i += MIN_ITEMS - MIN_LENGTH)
        if (l.bounds[i].text && compare(l.bounds[i].value, "0") <= 0)
            l.bounds[i] = (struct bound){0}; /* nothing is shorter anyway */
    l.found = NULL;
    return l;
}

/* 1: now lets less through; -1: more; 0: the same. */
static int tightened(const struct bound *before, const struct bound *now, bool lower)
{
    if (!before->text || !now->text)
        return (now->text != NULL) - (before->text != NULL);
    int order = compare(now->value, before->value);

    if (order == 0)
        return now->exclusive - before->exclusive;
    return lower ? order : -order;
}

struct change {
    const struct evolve_pair *pair;
    const char *path;
};

static void tell(struct evolve *e, const struct change *c, enum evolve_rule rule,
                 const char *message)
{
    struct mr_evolution *item = evolve_add_pair(e, rule, c->pair, c->path);

    item->message = message;
    if (rule == RULE_CONSTRAINT_LOOSENED) {
        item->breaks = evolve_text(e, "readers still on '%s' that check what they read: %s",
                                   c->pair->before->label, evolve_consumers(e, c->pair->topic));
        item->order = "consumers that check first, then producers";
        item->fix = "let readers that check take the new values first";
        return;
    }
    item->breaks =
        evolve_text(e,
                    "writers that publish such values are refused once they are on '%s'; "
                    "readers on it that check refuse records of '%s'",
                    c->pair->now->label, c->pair->before->label);
    item->order =
        "sources of such values first, then the topic's retention, then readers that check";
    item->fix = "keep the old constraint, and let the producer's own checks refuse new values; or "
                "publish a new major version";
}

static void check_bound(struct evolve *e, const struct change *c, enum limit limit,
                        const struct bound *before, const struct bound *now)
{
    int order = tightened(before, now, limit % 2 == 0);

    if (order == 0)
        return;
    const char *word = before->word ? before->word : now->word;
    bool other = now->word && strcmp(now->word, word) != 0; /* minimum, exclusiveMinimum */
    tell(e, c, order > 0 ? rules[limit] : RULE_CONSTRAINT_LOOSENED,
         evolve_text(e, "%s was %s and is %s%s%s", word, before->text ? before->text : "not set",
                     other ? now->word : "", other ? " " : "", now->text ? now->text : "not set"));
}

static void check_text(struct evolve *e, const struct change *c, enum evolve_rule rule,
                       const char *word, const char *before, const char *now)
{
    if (before == now || (before && now && strcmp(before, now) == 0))
        return;
    tell(e, c, now ? rule : RULE_CONSTRAINT_LOOSENED,
         evolve_text(e, "%s was %s and is %s", word, before ? before : "not set",
                     now ? now : "not set"));
}

/* Of sets of values one may lose some and win others. */
static void check_set(struct evolve *e, const struct change *c, enum evolve_rule rule,
                      const char *word, unsigned changed, const char *before, const char *now)
{
    if (changed)
        tell(e, c, changed & EVOLVE_LESS ? rule : RULE_CONSTRAINT_LOOSENED,
             evolve_text(e, "%s was %s and is %s", word, before ? before : "not set",
                         now ? now : "not set"));
}

static void check_precision(struct evolve *e, const struct change *c,
                            const struct mr_schema_node *before, const struct mr_schema_node *now)
{
    if (before->logical == MR_LOGICAL_DECIMAL && now->logical == MR_LOGICAL_DECIMAL &&
        before->precision != now->precision && before->scale == now->scale)
        tell(e, c,
             now->precision < before->precision ? RULE_CONSTRAINT_TIGHTENED_PRECISION
                                                : RULE_CONSTRAINT_LOOSENED,
             evolve_text(e, "decimal's precision was %d and is %d", (int)before->precision,
                         (int)now->precision));
}

/* Symbols are gone although the enum's default excuses it: what is published so is refused. */
static void check_symbols(struct evolve *e, const struct change *c,
                          const struct mr_schema_node *before, const struct mr_schema_node *now)
{
    const char *gone = "";

    if (before->type != MR_AVRO_ENUM || now->type != MR_AVRO_ENUM)
        return;
    for (size_t i = 0; i < before->n_symbols; i++)
        if (mr_schema_symbol_find(now, mr_str_from(before->symbols[i])) < 0)
            gone = evolve_text(e, "%s%s%s", gone, *gone ? ", " : "", before->symbols[i]);
    bool told = c->pair->backward && now->default_symbol < 0; /* as MISSING_ENUM_SYMBOLS */
    if (*gone && !told)
        tell(e, c, RULE_CONSTRAINT_TIGHTENED_ENUM,
             evolve_text(e, "symbols are gone: %s; readers see %s in their place", gone,
                         now->default_symbol >= 0 ? now->symbols[now->default_symbol] : "nothing"));
}

void evolve_limits(struct evolve *e, const struct evolve_pair *pair, const char *path,
                   const struct mr_schema_field *before_field, const struct mr_schema_node *before,
                   const struct mr_schema_field *now_field, const struct mr_schema_node *now)
{
    const struct change c = {pair, path};
    struct limits old = read_limits(e, before_field, before), new = read_limits(e, now_field, now);

    for (enum limit limit = 0; limit < N_LIMITS; limit++)
        check_bound(e, &c, limit, &old.bounds[limit], &new.bounds[limit]);
    check_text(e, &c, RULE_CONSTRAINT_TIGHTENED_PATTERN, "pattern", old.pattern, new.pattern);
    check_text(e, &c, RULE_CONSTRAINT_TIGHTENED_FORMAT, "format", old.format, new.format);
    check_set(e, &c, RULE_CONSTRAINT_TIGHTENED_ENUM, "x-readers-only",
              evolve_list_change(old.readers_only, new.readers_only, true), old.readers_only,
              new.readers_only);
    check_set(e, &c, RULE_CONSTRAINT_TIGHTENED_ENUM, "enum",
              evolve_list_change(old.values, new.values, false), old.values, new.values);
    check_set(e, &c, RULE_CONSTRAINT_TIGHTENED_MULTIPLE_OF, "multipleOf",
              evolve_multiple_change(old.multiple, new.multiple), old.multiple, new.multiple);
    check_precision(e, &c, before, now);
    check_symbols(e, &c, before, now);
}
