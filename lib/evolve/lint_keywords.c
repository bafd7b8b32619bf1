/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a schema that are not Avro's own: constraints, examples, logical types, and mistakes.
 */
#include <stdlib.h>
#include <string.h>

#include "lint.h"
#include "millrace/codec.h"

enum kind {
    KIND_NUMBER = 1,
    KIND_TEXT = 2,
    KIND_ARRAY = 4,
    KIND_ENUM = 8,
    KIND_DECIMAL = 16,
    KIND_ANY = 31
};

static const struct {
    const char *word;
    unsigned kinds; /* of types that it may stand on */
} keywords[] = {
    {"minimum", KIND_NUMBER},
    {"maximum", KIND_NUMBER},
    {"exclusiveMinimum", KIND_NUMBER},
    {"exclusiveMaximum", KIND_NUMBER},
    {"minLength", KIND_TEXT},
    {"maxLength", KIND_TEXT},
    {"pattern", KIND_TEXT},
    {"format", KIND_TEXT},
    {"minItems", KIND_ARRAY},
    {"maxItems", KIND_ARRAY},
    {"x-readers-only", KIND_ENUM},
    {"x-json-text", KIND_TEXT},
    {"x-min-scale", KIND_DECIMAL},
    {"logicalType", KIND_ANY},
    {"precision", KIND_ANY},
    {"scale", KIND_ANY},
    {"examples", KIND_ANY},
    {"x-lint-off", KIND_ANY},
};

static unsigned kind_of(const struct mr_schema_node *node)
{
    switch (node->type) {
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        return KIND_NUMBER;
    case MR_AVRO_STRING:
        return KIND_TEXT;
    case MR_AVRO_ARRAY:
        return KIND_ARRAY;
    case MR_AVRO_ENUM:
        return KIND_ENUM;
    case MR_AVRO_BYTES:
    case MR_AVRO_FIXED:
        return node->logical == MR_LOGICAL_DECIMAL ? KIND_NUMBER | KIND_DECIMAL : KIND_ANY + 1;
    case MR_AVRO_NULL:
    case MR_AVRO_BOOLEAN:
    case MR_AVRO_RECORD:
    case MR_AVRO_MAP:
    case MR_AVRO_UNION:
        break;
    }
    return KIND_ANY + 1; /* none that takes a constraint */
}

struct props {
    struct lint *l;
    const struct lint_at *at;
    const struct mr_schema_node *type; /* that the members are about */
};

static void unknown(const struct props *p, const char *name)
{
    const char *words[MR_N_ELEMENTS(keywords)];

    for (size_t i = 0; i < MR_N_ELEMENTS(keywords); i++)
        words[i] = keywords[i].word;
    const char *near = mr_nearest(name, words, MR_N_ELEMENTS(keywords));
    lint_say(p->l, RULE_KEYWORD_UNKNOWN, p->at,
             evolve_text(p->l->e, "nobody reads '%s'%s%s%s", name, near ? ": did you mean '" : "",
                         near ? near : "", near ? "'?" : ""),
             "mend its name, or begin it with x-");
}

/* Each item of "examples" is a value of the field. */
static void check_examples(const struct props *p, const char *json)
{
    struct mr_json_cursor cursor = {json, json + 1, json + strlen(json)};
    const struct lint_at *at = p->at;

    if (*json != '[') {
        lint_say(p->l, RULE_EXAMPLE_INVALID, at, "examples must be a list", NULL);
        return;
    }
    for (size_t i = 0; at->field && *cursor.at != ']'; i++) {
        struct mr_error error = MR_ERROR_INIT;
        const char *from = cursor.at;
        if (mr_json_skip(&cursor, NULL) != 0)
            return;
        int r = mr_schema_field_example(p->l->version->schema, at->record, at->index,
                                        (struct mr_str){from, (size_t)(cursor.at - from)}, &error);
        if (r == MR_INVALID)
            lint_say(p->l, RULE_EXAMPLE_INVALID, at,
                     evolve_text(p->l->e, "example %zu%s%s: %s", i + 1, *error.where ? " " : "",
                                 error.where, error.text),
                     NULL);
        else if (r < 0)
            p->l->e->r = r;
        cursor.at += *cursor.at == ',';
    }
}

/* Of texts and numbers, and lists of them, a default is written as an example is; of the others
 * (bytes, instants) it is a code. */
static bool default_is_plain(const struct mr_schema_node *type)
{
    if (type->type == MR_AVRO_ARRAY)
        return default_is_plain(evolve_plain(type->items));
    return kind_of(type) <= KIND_ANY && type->logical == MR_LOGICAL_NONE;
}

/* Readers take it for what older records lack, and then cannot write it themselves. */
static void check_default(const struct props *p)
{
    const struct lint_at *at = p->at;
    struct mr_str text = at->field ? at->field->default_text : (struct mr_str){0};
    struct mr_error error = MR_ERROR_INIT;

    if (text.len == 0 || mr_str_is(text, "null") || !default_is_plain(p->type))
        return;
    int r = mr_schema_field_example(p->l->version->schema, at->record, at->index, text, &error);
    if (r == MR_INVALID)
        lint_say(p->l, RULE_DEFAULT_BREAKS_CONSTRAINT, at,
                 evolve_text(p->l->e, "default%s%s: %s", *error.where ? " " : "", error.where,
                             error.text),
                 "give a default that the field may have");
    else if (r < 0)
        p->l->e->r = r;
}

static void check_rules_named(const struct props *p, const char *json)
{
    size_t n;
    const struct mr_rule *rules = mr_rules(&n);
    const char *ids[N_EVOLVE_RULES];

    for (size_t i = 0; i < n; i++)
        ids[i] = rules[i].id;
    for (const char *at = strchr(json, '"'); at; at = strchr(at, '"')) {
        size_t len = strcspn(++at, "\"");
        bool known = false;
        for (size_t i = 0; i < n; i++)
            known = known || (strlen(rules[i].id) == len && memcmp(rules[i].id, at, len) == 0);
        const char *word = known ? "" : evolve_text(p->l->e, "%.*s", (int)len, at);
        const char *near = known ? NULL : mr_nearest(word, ids, n);
        if (!known)
            lint_say(p->l, RULE_KEYWORD_UNKNOWN, p->at,
                     evolve_text(p->l->e, "x-lint-off names no rule: '%s'%s%s%s", word,
                                 near ? ": did you mean '" : "", near ? near : "",
                                 near ? "'?" : ""),
                     "--list-rules has them all");
        at += len + (at[len] == '"');
    }
}

static void check_min_scale(const struct props *p, const char *json)
{
    char *end;
    long shown = strtol(json, &end, 10);

    if (p->type->logical == MR_LOGICAL_DECIMAL &&
        (*end || end == json || shown < 0 || shown > p->type->scale))
        lint_say(p->l, RULE_CONSTRAINT_MALFORMED, p->at,
                 evolve_text(p->l->e, "x-min-scale must be within 0 to the scale, %d",
                             (int)p->type->scale),
                 NULL);
}

static void check_member(void *self, const char *name, const char *json)
{
    const struct props *p = self;
    size_t i = 0;

    while (i < MR_N_ELEMENTS(keywords) && strcmp(keywords[i].word, name) != 0)
        i++;
    if (i == MR_N_ELEMENTS(keywords)) {
        if (strncmp(name, "x-", 2) != 0)
            unknown(p, name);
        return;
    }
    unsigned kind = kind_of(p->type);
    if (keywords[i].kinds != KIND_ANY && !(kind & keywords[i].kinds))
        lint_say(p->l, RULE_CONSTRAINT_MALFORMED, p->at,
                 evolve_text(p->l->e, "'%s' cannot stand on %s: it is never checked", name,
                             mr_avro_type_name(p->type->type)),
                 NULL);
    if (strcmp(name, "logicalType") == 0 && p->type->logical == MR_LOGICAL_NONE)
        lint_say(p->l, RULE_CONSTRAINT_MALFORMED, p->at,
                 evolve_text(p->l->e,
                             "logicalType %s is not known, or does not suit %s: every reader "
                             "passes over it",
                             json, mr_avro_type_name(p->type->type)),
                 NULL);
    if (strcmp(name, "x-min-scale") == 0)
        check_min_scale(p, json);
    if (strcmp(name, "examples") == 0)
        check_examples(p, json);
    if (strcmp(name, "x-lint-off") == 0)
        check_rules_named(p, json);
}

static void malformed(struct lint *l, const struct lint_at *at, const struct mr_error *error)
{
    l->n_malformed++;
    lint_say(l, RULE_CONSTRAINT_MALFORMED, at,
             evolve_text(l->e, "%s%s%s", error->where, *error->where ? ": " : "", error->text),
             NULL);
}

/* The codec's own judgement of the keywords' values: what it cannot compile is wrong. */
static void check_values(struct lint *l, const struct lint_at *at,
                         const struct mr_schema_node *node, const struct json_t *field_props)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = 0;

    for (size_t i = 0; i < node->n_branches && r == 0; i++)
        r = mr_schema_keywords(node->branches[i], field_props, &error);
    if (r == 0)
        r = mr_schema_keywords(node, field_props, &error);
    if (r == MR_INVALID)
        malformed(l, at, &error);
    else if (r < 0)
        l->e->r = r;
}

void lint_whole(struct lint *l)
{
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    const struct lint_at at = {.path = "", .node = l->root};
    struct mr_error error = MR_ERROR_INIT;

    if (l->n_malformed > 0)
        return;
    int r = mr_json_encoder_new(l->version->schema, NULL, NULL, &encoder, &error);
    if (r == MR_INVALID)
        malformed(l, &at, &error);
    else if (r < 0)
        l->e->r = r;
}

void lint_keywords(struct lint *l, const struct lint_at *at)
{
    struct props p = {l, at, evolve_plain(at->node)};

    check_values(l, at, p.type, at->field ? at->field->props : NULL);
    if (at->field && at->field->props)
        (void)mr_schema_props_each(at->field->props, check_member, &p);
    if (p.type->props && (!p.type->fullname || !at->field))
        (void)mr_schema_props_each(p.type->props, check_member, &p);
    if (p.l->n_malformed == 0)
        check_default(&p);
    const struct mr_schema_node *item = p.type->items;
    if (item && item->props && !item->fullname) {
        p.type = item;
        check_values(l, at, item, NULL);
        (void)mr_schema_props_each(item->props, check_member, &p);
    }
}
