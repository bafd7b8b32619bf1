/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of one schema by itself. Each can be switched off by "x-lint-off": ["RULE", ...] on the
 * field or type that it is about, and on the outermost record for the whole file. */
#include "lint.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME = 256 };

/* ---- x-lint-off ---- */

struct search {
    const char *id;
    bool found;
};

static void find_id(void *self, const char *name, const char *json)
{
    struct search *search = self;
    char quoted[MAX_NAME];

    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", search->id);
    if (strcmp(name, "x-lint-off") == 0 && strstr(json, quoted))
        search->found = true;
}

static bool is_off(const struct json_t *props, const char *id)
{
    struct search search = {.id = id};

    if (props)
        (void)mr_schema_props_each(props, find_id, &search);
    return search.found;
}

struct mr_evolution *lint_say(struct lint *l, enum evolve_rule rule, const struct lint_at *at,
                              const char *message, const char *fix)
{
    size_t n;
    const char *id = mr_rules(&n)[rule].id;

    if (is_off(l->root->props, id) || (at->node && is_off(at->node->props, id)) ||
        (at->field && is_off(at->field->props, id)))
        return &l->e->nowhere;
    struct mr_evolution *item = evolve_add(l->e, rule);
    item->file = l->version->file;
    item->topic = l->version->topic;
    item->path = at->path;
    item->line = at->field ? at->field->line : at->node->line;
    item->column = at->field ? at->field->column : at->node->column;
    item->message = message;
    item->fix = fix;
    return item;
}

/* ---- the walk ---- */

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t\n\r")] == '\0';
}

static bool is_pascal(const char *name)
{
    return isupper((unsigned char)*name) && !strchr(name, '_');
}

/* snake_case, camelCase or PascalCase; not a mixture. */
static bool is_plain_name(const char *name)
{
    bool upper = false, under = strchr(name, '_') != NULL;

    for (const char *p = name; *p; p++) {
        upper = upper || isupper((unsigned char)*p);
        if (*p == '_' && (p == name || p[1] == '_' || p[1] == '\0'))
            return false;
    }
    return !(upper && under);
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), tail = strlen(end);

    return len >= tail && strcasecmp(name + len - tail, end) == 0;
}

static bool is_money(const char *name)
{
    return ends_with(name, "price") || ends_with(name, "amount") || strcasecmp(name, "rate") == 0;
}

static bool is_number(const struct mr_schema_node *node)
{
    return node->type == MR_AVRO_INT || node->type == MR_AVRO_LONG || node->type == MR_AVRO_FLOAT ||
           node->type == MR_AVRO_DOUBLE || node->type == MR_AVRO_STRING ||
           node->type == MR_AVRO_BYTES;
}

static void lint_union(struct lint *l, const struct lint_at *at)
{
    const struct mr_schema_node *node = at->node;
    size_t n_records = 0;
    bool null = false;

    for (size_t i = 0; i < node->n_branches; i++) {
        n_records += node->branches[i]->type == MR_AVRO_RECORD;
        null = null || node->branches[i]->type == MR_AVRO_NULL;
    }
    if (n_records > 1)
        lint_say(l, RULE_UNION_OF_RECORDS, at,
                 evolve_text(l->e, "a union of %zu records", n_records),
                 "one record with optional fields, or one topic for each");
    bool first = node->n_branches > 0 && node->branches[0]->type == MR_AVRO_NULL;
    if (null && at->field && (!first || !mr_str_is(at->field->default_text, "null")))
        lint_say(l, RULE_OPTIONAL_WITHOUT_NULL_DEFAULT, at,
                 "may be null, but null is not its first branch and its default",
                 "\"type\": [\"null\", ...], \"default\": null");
}

static void lint_named(struct lint *l, const struct lint_at *at)
{
    const struct mr_schema_node *node = at->node;

    if (is_blank(node->doc) && node->type != MR_AVRO_FIXED)
        lint_say(l, RULE_DOC_MISSING, at,
                 evolve_text(l->e, "%s '%s' has no doc", mr_avro_type_name(node->type), node->name),
                 "\"doc\": what it is, in a sentence");
    if (!is_pascal(node->name))
        lint_say(l, RULE_NAME_STYLE, at,
                 evolve_text(l->e, "type '%s' is not PascalCase", node->name),
                 "a new name; the old one in \"aliases\", if it has been published");
    if (node->type == MR_AVRO_ENUM && node->default_symbol < 0)
        lint_say(l, RULE_ENUM_WITHOUT_DEFAULT, at,
                 evolve_text(l->e, "enum '%s' cannot grow: old readers stop at a new symbol",
                             node->name),
                 "a first symbol such as \"unknown\", and \"default\": \"unknown\"");
}

static void walk(struct lint *l, const struct lint_at *at);

static void walk_field(struct lint *l, const struct lint_at *at,
                       const struct mr_schema_field *field, size_t index)
{
    struct lint_at here = {.field = field, .node = field->type, .record = at->node, .index = index};
    const struct mr_schema_node *plain = evolve_plain(field->type);

    here.path = evolve_text(l->e, "%s%s%s", at->path, *at->path ? "." : "", field->name);
    if (is_blank(field->doc))
        lint_say(l, RULE_DOC_MISSING, &here,
                 evolve_text(l->e, "field '%s' has no doc", field->name),
                 "\"doc\": what it is, in a sentence");
    if (!is_plain_name(field->name))
        lint_say(
            l, RULE_NAME_STYLE, &here,
            evolve_text(l->e, "field '%s' is not snake_case, camelCase or PascalCase", field->name),
            "a new name; the old one in \"aliases\", if it has been published");
    if (is_money(field->name) && is_number(plain) && plain->logical != MR_LOGICAL_DECIMAL)
        lint_say(l, RULE_MONEY_NOT_DECIMAL, &here,
                 evolve_text(l->e, "'%s' is an amount of money in a %s", field->name,
                             mr_avro_type_name(plain->type)),
                 "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 38, "
                 "\"scale\": 9}; or "
                 "\"x-lint-off\": [\"MONEY_NOT_DECIMAL\"], if it is none");
    lint_keywords(l, &here);
    walk(l, &here);
}

static void walk_record(struct lint *l, const struct lint_at *at)
{
    for (size_t i = 0; i < at->node->n_fields && l->e->r == 0; i++)
        walk_field(l, at, &at->node->fields[i], i);
}

static void walk(struct lint *l, const struct lint_at *at)
{
    const struct mr_schema_node *node = at->node;
    struct lint_at below = {.path = at->path};

    if (node->type == MR_AVRO_UNION)
        lint_union(l, at);
    for (size_t i = 0; i < node->n_branches; i++) {
        below.node = node->branches[i];
        walk(l, &below);
    }
    if (node->items) {
        below.path = evolve_text(l->e, "%s%s", at->path, node->type == MR_AVRO_ARRAY ? "[]" : "{}");
        below.node = node->items;
        walk(l, &below);
    }
    if (!node->fullname || l->seen[node->index])
        return;
    l->seen[node->index] = true;
    lint_named(l, at);
    if (!at->field)
        lint_keywords(l, at);
    if (node->type == MR_AVRO_RECORD)
        walk_record(l, at);
}

/* ---- the file as a whole ---- */

static void lint_space(struct lint *l, const struct lint_at *at)
{
    char space[MAX_NAME];
    const char *service = l->version->topic, *domain = strchr(service, '.') + 1;

    (void)snprintf(space, sizeof(space), "millrace.%.*s.%.*s", (int)(domain - 1 - service), service,
                   (int)strcspn(domain, "."), domain);
    for (char *p = space; *p; p++)
        *p = *p == '-' ? '_' : *p;
    if (strcmp(l->root->space ? l->root->space : "", space) != 0)
        lint_say(l, RULE_NAME_STYLE, at,
                 evolve_text(l->e,
                             "namespace is '%s', and must be '%s', as the "
                             "path has it",
                             l->root->space, space),
                 NULL);
}

static void lint_file(struct lint *l)
{
    MR_AUTO(mr_buf) struct mr_buf pretty = {0};
    const struct lint_at at = {.path = "", .node = l->root};

    if (l->root->type == MR_AVRO_RECORD) {
        lint_space(l, &at);
        lint_envelope(l);
    }
    if (mr_schema_layout(l->version->text, &pretty, NULL) == 0 &&
        !mr_str_eq((struct mr_str){(const char *)pretty.data, pretty.len}, l->version->text))
        lint_say(l, RULE_LAYOUT, &at, "is not in the common layout",
                 "`millrace schema fmt` writes it");
    walk(l, &at);
    lint_whole(l);
}

int mr_evolve_lint(const struct mr_tree *tree, const struct mr_evolve_options *options,
                   struct mr_report *report)
{
    struct evolve e = {
        .report = report, .options = options, .before = tree, .now = tree, .cap = report->n_items};
    const char *common = lint_common_envelope(&e, tree);

    for (size_t i = 0; i < tree->n_versions && e.r == 0; i++) {
        const struct mr_version *version = &tree->versions[i];
        if (!version->schema) {
            (void)evolve_add_broken(&e, version);
            continue;
        }
        MR_AUTO(free) bool *seen = calloc(mr_schema_n_nodes(version->schema) + 1, sizeof(*seen));
        struct lint l = {.e = &e,
                         .version = version,
                         .root = mr_schema_root(version->schema),
                         .seen = seen,
                         .envelope = common};
        report->n_compared++;
        if (!seen)
            return -ENOMEM;
        lint_file(&l);
    }
    return evolve_finish(&e);
}
