/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in the fields that both versions have, where Avro's own rules do not look: meaning,
 * defaults, constraints, and fields that are gone without breaking anything by themselves. */
#include <string.h>

#include "inside.h"

enum { MAX_NESTING = 64 };

struct walk {
    struct evolve *e;
    const struct evolve_pair *pair;
    const struct mr_schema_node *open[MAX_NESTING]; /* records on the way: recursive ones end */
    size_t depth;
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
    }
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
}

static void check_logical(struct walk *w, const char *path, const struct mr_schema_node *before,
                          const struct mr_schema_node *now)
{
    bool scale = before->logical == MR_LOGICAL_DECIMAL && now->logical == MR_LOGICAL_DECIMAL &&
                 before->scale != now->scale;

    if (before->type != now->type || (before->logical == now->logical && !scale))
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

static void walk_record(struct walk *w, const char *path, const struct mr_schema_node *before,
                        const struct mr_schema_node *now)
{
    for (size_t i = 0; i < w->depth; i++)
        if (w->open[i] == before)
            return;
    if (w->depth == MAX_NESTING)
        return;
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

static void walk_types(struct walk *w, const char *path, const struct mr_schema_field *before_field,
                       const struct mr_schema_node *before, const struct mr_schema_field *now_field,
                       const struct mr_schema_node *now)
{
    before = evolve_plain(before);
    now = evolve_plain(now);
    check_logical(w, path, before, now);
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
    struct walk w = {.e = e, .pair = pair};

    walk_types(&w, "", NULL, mr_schema_root(pair->before->schema), NULL,
               mr_schema_root(pair->now->schema));
}
