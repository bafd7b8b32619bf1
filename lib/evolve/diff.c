/* SPDX-License-Identifier: Apache-2.0 */
/* Two schemas as lists of facts (place, what, value), and the facts that differ. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "millrace/sorted.h"

enum { MAX_NESTING = 64, MAX_VISITS = 16 /* of one named type, wherever it is used */ };

struct fact {
    const char *path, *what, *value;
    size_t order;
};

struct facts {
    struct evolve *e;
    struct fact *items;
    size_t n_items, cap;
    const struct mr_schema_node *open[MAX_NESTING];
    size_t depth;
    const char *path; /* of what append_prop adds */
    unsigned char *visits;
};

static void add(struct facts *f, const char *path, const char *what, const char *value)
{
    struct fact *items = mr_room(f->items, f->n_items, &f->cap, 128, sizeof(*items));

    if (!items) {
        f->e->r = -ENOMEM;
        return;
    }
    f->items = items;
    f->items[f->n_items] = (struct fact){path, what, value, f->n_items};
    f->n_items++;
}

static void append_prop(void *self, const char *name, const char *json)
{
    struct facts *f = self;
    static const char *const told[] = {"logicalType", "precision",
                                       "scale"}; /* as part of the type */

    for (size_t i = 0; i < MR_N_ELEMENTS(told); i++)
        if (strcmp(name, told[i]) == 0)
            return;
    add(f, f->path, evolve_text(f->e, "%s", name), evolve_text(f->e, "%s", json));
}

static void add_props(struct facts *f, const char *path, const struct json_t *props)
{
    f->path = path;
    if (props && mr_schema_props_each(props, append_prop, f) != 0)
        f->e->r = -ENOMEM;
}

static const char *words_of(struct facts *f, const struct mr_schema_node *node)
{
    const char *text = mr_avro_type_name(node->type);

    if (node->type == MR_AVRO_UNION) {
        text = "";
        for (size_t i = 0; i < node->n_branches; i++)
            text =
                evolve_text(f->e, "%s%s%s", text, i ? " | " : "", words_of(f, node->branches[i]));
        return text;
    }
    if (node->type == MR_AVRO_FIXED)
        text = evolve_text(f->e, "fixed(%zu)", node->fixed_size);
    if (node->fullname)
        text = evolve_text(f->e, "%s %s", text, node->fullname);
    if (node->logical == MR_LOGICAL_DECIMAL)
        return evolve_text(f->e, "decimal(%d, %d) in %s", (int)node->precision, (int)node->scale,
                           text);
    return node->logical ? evolve_text(f->e, "%s in %s", mr_avro_logical_name(node->logical), text)
                         : text;
}

static void add_aliases(struct facts *f, const char *path, const char *const *aliases, size_t n)
{
    const char *text = "";

    for (size_t i = 0; i < n; i++)
        text = evolve_text(f->e, "%s%s%s", text, i ? ", " : "", aliases[i]);
    if (n > 0)
        add(f, path, "aliases", text);
}

static void walk(struct facts *f, const char *path, const struct mr_schema_node *node);

static void walk_field(struct facts *f, const char *above, const struct mr_schema_field *field)
{
    const char *path = evolve_text(f->e, "%s%s%s", above, *above ? "." : "", field->name);

    add(f, path, "type", words_of(f, field->type));
    if (field->default_value)
        add(f, path, "default", evolve_text(f->e, "%.*s", MR_STR_ARG(field->default_text)));
    if (field->doc)
        add(f, path, "doc", field->doc);
    add_aliases(f, path, field->aliases, field->n_aliases);
    add_props(f, path, field->props);
    walk(f, path, field->type);
}

static void walk_named(struct facts *f, const char *path, const struct mr_schema_node *node)
{
    const char *symbols = "";

    for (size_t i = 0; i < f->depth; i++)
        if (f->open[i] == node)
            return;
    if (f->depth == MAX_NESTING || f->visits[node->index] == MAX_VISITS)
        return;
    f->visits[node->index]++;
    f->open[f->depth++] = node;
    if (node->doc)
        add(f, path, node->type == MR_AVRO_RECORD ? "record's doc" : "type's doc", node->doc);
    add_aliases(f, path, node->aliases, node->n_aliases);
    for (size_t i = 0; i < node->n_symbols; i++)
        symbols = evolve_text(f->e, "%s%s%s", symbols, i ? ", " : "", node->symbols[i]);
    if (node->type == MR_AVRO_ENUM)
        add(f, path, "symbols", symbols);
    if (node->default_symbol >= 0)
        add(f, path, "default symbol", node->symbols[node->default_symbol]);
    for (size_t i = 0; i < node->n_fields && f->e->r == 0; i++)
        walk_field(f, path, &node->fields[i]);
    f->depth--;
}

static void walk(struct facts *f, const char *path, const struct mr_schema_node *node)
{
    add_props(f, path, node->props);
    for (size_t i = 0; i < node->n_branches; i++)
        walk(f, path, node->branches[i]);
    if (node->items) {
        const char *below =
            evolve_text(f->e, "%s%s", path, node->type == MR_AVRO_ARRAY ? "[]" : "{}");
        add(f, below, "type", words_of(f, node->items));
        walk(f, below, node->items);
    }
    if (node->fullname)
        walk_named(f, path, node);
}

static int by_key(const void *a, const void *b)
{
    const struct fact *left = a, *right = b;
    int order = strcmp(left->path, right->path);

    if (order == 0)
        order = strcmp(left->what, right->what);
    return order != 0 ? order : left->order < right->order ? -1 : left->order > right->order;
}

static struct facts facts_of(struct evolve *e, const struct mr_version *version)
{
    struct facts f = {.e = e};

    if (version && version->schema) {
        MR_AUTO(free)
        unsigned char *visits = calloc(mr_schema_n_nodes(version->schema) + 1, 1);
        f.visits = visits;
        if (!visits) {
            e->r = -ENOMEM;
            return f;
        }
        add(&f, "", "type", words_of(&f, mr_schema_root(version->schema)));
        walk(&f, "", mr_schema_root(version->schema));
    }
    if (f.n_items > 0)
        qsort(f.items, f.n_items, sizeof(*f.items), by_key);
    return f;
}

static int compare_path(const void *path, const void *item)
{
    return strcmp(path, ((const struct fact *)item)->path);
}

/* The facts are sorted by path. */
static bool has_path(const struct facts *f, const char *path)
{
    size_t at = mr_lower_bound(path, f->items, f->n_items, sizeof(*f->items), compare_path);

    return at < f->n_items && strcmp(f->items[at].path, path) == 0;
}

static void tell(struct evolve *e, struct mr_differences *out, size_t *cap,
                 struct mr_difference item)
{
    if (e->r == 0 && out->n_items == *cap) {
        size_t more = *cap ? *cap * 2 : 64;
        struct mr_difference *items = mr_arena_array(e->report->arena, more, sizeof(*items));
        if (items && out->n_items > 0)
            memcpy(items, out->items, out->n_items * sizeof(*items));
        if (!items)
            e->r = -ENOMEM;
        out->items = items ? items : out->items;
        *cap = items ? more : *cap;
    }
    if (e->r == 0)
        out->items[out->n_items++] = item;
}

/* Merges the two sorted lists. Of a place that only one side has, its type is enough. */
static void compare(struct evolve *e, const char *topic, const struct facts *a,
                    const struct facts *b, struct mr_differences *out, size_t *cap)
{
    for (size_t i = 0, k = 0; e->r == 0 && (i < a->n_items || k < b->n_items);) {
        const struct fact *left = i < a->n_items ? &a->items[i] : NULL;
        const struct fact *right = k < b->n_items ? &b->items[k] : NULL;
        int order = !left ? 1 : !right ? -1 : strcmp(left->path, right->path);
        if (order == 0)
            order = strcmp(left->what, right->what);
        const struct fact *one = order <= 0 ? left : right;
        struct mr_difference item = {topic, one->path, one->what, order <= 0 ? left->value : NULL,
                                     order >= 0 ? right->value : NULL};
        item.whole = order != 0 && !has_path(order < 0 ? b : a, one->path);
        if ((order != 0 && (!item.whole || strcmp(one->what, "type") == 0)) ||
            (order == 0 && strcmp(left->value, right->value) != 0))
            tell(e, out, cap, item);
        i += order <= 0;
        k += order >= 0;
    }
}

static void diff_topic(struct evolve *e, const char *topic, const struct mr_version *before,
                       const struct mr_version *now, struct mr_differences *out, size_t *cap)
{
    if (before && now && mr_str_eq(before->text, now->text))
        return;
    struct facts a = facts_of(e, before), b = facts_of(e, now);
    compare(e, topic, &a, &b, out, cap);
    free(a.items);
    free(b.items);
}

int mr_evolve_diff(const struct mr_tree *before, const struct mr_tree *now,
                   struct mr_differences *ret)
{
    struct mr_report report = {0};
    struct evolve e = {.report = &report};
    size_t cap = 0;

    (void)evolve_text(&e, "%s", ""); /* makes the arena */
    for (size_t i = 0; i < before->n_versions && e.r == 0; i++) {
        const struct mr_version *version = &before->versions[i];
        if (mr_tree_newest(before, version->topic) == version)
            diff_topic(&e, version->topic, version, mr_tree_newest(now, version->topic), ret, &cap);
    }
    for (size_t i = 0; i < now->n_versions && e.r == 0; i++) {
        const struct mr_version *version = &now->versions[i];
        if (mr_tree_newest(now, version->topic) == version &&
            !mr_tree_newest(before, version->topic))
            diff_topic(&e, version->topic, NULL, version, ret, &cap);
    }
    ret->arena = report.arena;
    return e.r;
}

void mr_differences_done(struct mr_differences *differences)
{
    (void)mr_arena_free(differences->arena);
    *differences = (struct mr_differences){0};
}
