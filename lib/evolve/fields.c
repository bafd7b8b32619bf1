/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in the fields that both versions have, where Avro's own rules do not look: meaning,
 * defaults, constraints, and fields that are gone without breaking anything by themselves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

enum { MAX_NESTING = 64, MAX_VISITS = 16 /* of one named type, wherever it is used */ };

struct walk {
    struct evolve *e;
    const struct evolve_pair *pair;
    const struct mr_schema_node *open[MAX_NESTING]; /* records on the way: recursive ones end */
    size_t depth;
    unsigned char *visits; /* of before's nodes */
};

static void walk_types(struct walk *w, const char *path, const struct mr_schema_field *before_field,
                       const struct mr_schema_node *before, const struct mr_schema_field *now_field,
                       const struct mr_schema_node *now);

/* The field of `now` that readers take for this one of `before`: by name, or by its aliases. */
static const struct mr_schema_field *same_field(const struct mr_schema_node *now, const char *name)
{
    const struct mr_schema_field *field = mr_schema_field_find(now, mr_str_from(name));

    for (size_t i = 0; !field && i < now->n_fields; i++)
        for (size_t k = 0; k < now->fields[i].n_aliases; k++)
            if (strcmp(now->fields[i].aliases[k], name) == 0)
                return &now->fields[i];
    return field;
}

static const char *join(struct walk *w, const char *path, const char *name)
{
    return evolve_text(w->e, "%s%s%s", path, *path ? "." : "", name);
}

static void removed(struct walk *w, const char *path, const struct mr_schema_node *record,
                    const struct mr_schema_field *field)
{
    const char *known, *unknown, *at = join(w, path, field->name);

    if (w->pair->forward && !field->default_value)
        return; /* told as READER_FIELD_MISSING_DEFAULT_VALUE */
    bool read =
        evolve_readers(w->e, w->pair->topic, record->fullname, field->name, &known, &unknown);
    struct mr_evolution *item = evolve_add_pair(
        w->e, read ? RULE_FIELD_REMOVED_READ : RULE_FIELD_REMOVED_UNREAD, w->pair, at);
    item->message = evolve_text(w->e, "'%s' is gone; %s%s%s%s", field->name, read ? "read by " : "",
                                read ? known : "no known consumer reads it",
                                *unknown ? "; not known of " : "", unknown);
    if (read) {
        item->breaks =
            evolve_text(w->e, "nobody stops: from now on %s find its default, silently", known);
        item->order = "these consumers first, without the field; then the producers";
        item->fix = "keep the field until those consumers do without it";
        return;
    }
    item->breaks = "nobody that is known of: whoever reads it finds its default from now on";
    item->order = "consumers that read it first, if there are any; then the producers";
    item->fix = "nothing, unless others read it: `--readers` tells of consumers of other houses";
}

static void check_default(struct walk *w, const char *path, const struct mr_schema_field *before,
                          const struct mr_schema_field *now)
{
    if (!before->default_value || !now->default_value ||
        mr_str_eq(before->default_text, now->default_text))
        return;
    struct mr_evolution *item = evolve_add_pair(w->e, RULE_DEFAULT_CHANGED, w->pair, path);
    item->message = evolve_text(w->e, "default was %.*s and is %.*s",
                                MR_STR_ARG(before->default_text), MR_STR_ARG(now->default_text));
    item->breaks = "nobody stops: readers of the two versions see different values in records that "
                   "do not have the field";
    item->order = "all readers at once, where their values must agree";
    item->fix = "keep the default; another meaning is another field";
}

/* Whether one side reads what the other writes as another number or text: int as long, string as
 * bytes. */
static bool same_bytes(const struct mr_schema_node *before, const struct mr_schema_node *now)
{
    const struct mr_schema_node *sides[2] = {before, now};
    unsigned n_numbers = 0, n_texts = 0;

    for (size_t i = 0; i < 2; i++) {
        enum mr_avro_type type = sides[i]->type;
        n_numbers += type == MR_AVRO_INT || type == MR_AVRO_LONG || type == MR_AVRO_FLOAT ||
                     type == MR_AVRO_DOUBLE;
        n_texts += type == MR_AVRO_BYTES || type == MR_AVRO_STRING;
    }
    return before->type == now->type || n_numbers == 2 || n_texts == 2;
}

static void check_logical(struct walk *w, const char *path, const struct mr_schema_node *before,
                          const struct mr_schema_node *now)
{
    bool scale = before->logical == MR_LOGICAL_DECIMAL && now->logical == MR_LOGICAL_DECIMAL &&
                 before->scale != now->scale;

    if (!same_bytes(before, now) || (before->logical == now->logical && !scale))
        return;
    struct mr_evolution *item = evolve_add_pair(w->e, RULE_LOGICAL_TYPE_CHANGED, w->pair, path);
    if (scale)
        item->message = evolve_text(w->e,
                                    "decimal's scale was %d and is %d: the same digits are another "
                                    "amount",
                                    (int)before->scale, (int)now->scale);
    else
        item->message =
            evolve_text(w->e, "logical type was %s and is %s",
                        before->logical ? mr_avro_logical_name(before->logical) : "none",
                        now->logical ? mr_avro_logical_name(now->logical) : "none");
    item->breaks = evolve_text(w->e, "every reader of the other version, silently: %s",
                               evolve_consumers(w->e, w->pair->topic));
    item->order = "none: records of both versions are in the topic";
    item->fix =
        "keep it; put the new one into a new optional field, or publish a new major version";
}

/* What an enum's readers see in place of a symbol that they do not know. */
static void check_symbol(struct walk *w, const char *path, const struct mr_schema_node *before,
                         const struct mr_schema_node *now)
{
    const char *was, *is;

    if (before->type != MR_AVRO_ENUM || now->type != MR_AVRO_ENUM || before->default_symbol < 0)
        return;
    was = before->symbols[before->default_symbol];
    is = now->default_symbol < 0 ? NULL : now->symbols[now->default_symbol];
    if (is && strcmp(was, is) == 0)
        return;
    struct mr_evolution *item = evolve_add_pair(w->e, RULE_DEFAULT_CHANGED, w->pair, path);
    item->message = is ? evolve_text(w->e, "the enum's default was %s and is %s", was, is)
                       : evolve_text(w->e, "the enum's default, %s, is gone", was);
    item->breaks = is ? "nobody stops: readers of the two versions see different symbols in place "
                        "of one that they do not know"
                      : "readers of the new version at a symbol that comes later: it can no longer "
                        "grow";
    item->order = is ? "all readers at once, where their values must agree"
                     : "later symbols: every consumer before the first producer";
    item->fix = "keep the enum's default";
}

static void walk_record(struct walk *w, const char *path, const struct mr_schema_node *before,
                        const struct mr_schema_node *now)
{
    for (size_t i = 0; i < w->depth; i++)
        if (w->open[i] == before)
            return;
    if (w->depth == MAX_NESTING || w->visits[before->index] == MAX_VISITS)
        return;
    w->visits[before->index]++;
    w->open[w->depth++] = before;
    for (size_t i = 0; i < before->n_fields && w->e->r == 0; i++) {
        const struct mr_schema_field *old = &before->fields[i];
        const struct mr_schema_field *new = same_field(now, old->name);
        if (!new) {
            removed(w, path, before, old);
            continue;
        }
        const char *at = join(w, path, new->name);
        check_default(w, at, old, new);
        walk_types(w, at, old, old->type, new, new->type);
    }
    w->depth--;
}

/* The branch that readers take for it: of the same type, and name where types have one. */
static const struct mr_schema_node *same_branch(const struct mr_schema_node *node,
                                                const struct mr_schema_node *branch)
{
    if (node->type != MR_AVRO_UNION)
        return node->type == branch->type ? node : NULL;
    for (size_t i = 0; i < node->n_branches; i++)
        if (node->branches[i]->type == branch->type &&
            (!branch->name || strcmp(branch->name, node->branches[i]->name) == 0))
            return node->branches[i];
    return NULL;
}

static void walk_union(struct walk *w, const char *path, const struct mr_schema_node *before,
                       const struct mr_schema_node *now)
{
    size_t n = before->type == MR_AVRO_UNION ? before->n_branches : 1;

    for (size_t i = 0; i < n && w->e->r == 0; i++) {
        const struct mr_schema_node *old = n > 1 ? before->branches[i] : before;
        if (old->type == MR_AVRO_UNION) /* of one branch */
            old = old->n_branches ? old->branches[0] : now;
        const struct mr_schema_node *new = same_branch(now, old);
        if (new &&new->type != MR_AVRO_UNION)
            walk_types(w, path, NULL, old, NULL, new);
    }
}

static void walk_types(struct walk *w, const char *path, const struct mr_schema_field *before_field,
                       const struct mr_schema_node *before, const struct mr_schema_field *now_field,
                       const struct mr_schema_node *now)
{
    before = evolve_plain(before);
    now = evolve_plain(now);
    check_logical(w, path, before, now);
    check_symbol(w, path, before, now);
    if (before->type == MR_AVRO_UNION || now->type == MR_AVRO_UNION)
        walk_union(w, path, before, now);
    evolve_limits(w->e, w->pair, path, before_field, before, now_field, now);
    if (before->type != now->type)
        return;
    if (before->type == MR_AVRO_RECORD)
        walk_record(w, path, before, now);
    else if (before->type == MR_AVRO_ARRAY || before->type == MR_AVRO_MAP)
        walk_types(w, evolve_text(w->e, "%s%s", path, before->type == MR_AVRO_ARRAY ? "[]" : "{}"),
                   NULL, before->items, NULL, now->items);
}

void evolve_fields(struct evolve *e, const struct evolve_pair *pair)
{
    MR_AUTO(free) unsigned char *visits = calloc(mr_schema_n_nodes(pair->before->schema) + 1, 1);
    struct walk w = {.e = e, .pair = pair, .visits = visits};

    if (!visits) {
        e->r = -ENOMEM;
        return;
    }
    walk_types(&w, "", NULL, mr_schema_root(pair->before->schema), NULL,
               mr_schema_root(pair->now->schema));
}
