/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the new version's schema and finds for every field where it comes from: what the mapping
 * says, else the field of the same path. All mistakes are told, not just the first. */
#include "compile.h"
#include "notes.h"

#include <errno.h>
#include <string.h>

static const struct spot TOP = {1, 1};

static struct mapping_entry *find_entry(struct compile *c, const char *path)
{
    for (size_t i = 0; i < c->mapping->n_entries; i++)
        if (strcmp(c->mapping->entries[i].to, path) == 0)
            return &c->mapping->entries[i];
    return NULL;
}

/* Whether the mapping speaks of something within path. */
static bool speaks_below(const struct compile *c, const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < c->mapping->n_entries; i++) {
        const char *to = c->mapping->entries[i].to;
        if (strncmp(to, path, len) == 0 && to[len] && strchr(".[{", to[len]))
            return true;
    }
    return false;
}

/* ---- one value ---- */

static void remember_path(struct compile *c, const char *path)
{
    if (c->n_paths == c->cap_paths) {
        size_t cap = c->cap_paths ? c->cap_paths * 2 : 64;
        const char **paths = mr_arena_array(c->scratch, cap, sizeof(*paths));
        if (!paths) {
            c->mistakes->r = -ENOMEM;
            return;
        }
        for (size_t i = 0; i < c->n_paths; i++)
            paths[i] = c->paths[i];
        c->paths = paths;
        c->cap_paths = cap;
    }
    c->paths[c->n_paths++] = path;
}

static const char *path_below(struct compile *c, const char *path, const char *name)
{
    const char *below =
        *path ? mr_arena_printf(c->scratch, "%s%s%s", path, strchr("[{", name[0]) ? "" : ".", name)
              : name;

    if (!below)
        c->mistakes->r = -ENOMEM;
    return below ? below : "";
}

/* A source of make, which may be null although the new field may not. */
static void set_source(struct compile *c, struct make *make, const char *path, int place,
                       const struct mapping_entry *entry)
{
    struct spot at = entry ? entry->at : TOP;

    make->has_source = compile_source(c, place, at, &make->source);
    make->from =
        mr_arena_dup(c->arena, c->places.items[place].path, strlen(c->places.items[place].path));
    if (places_absent(&c->places, place) && !make->null && !make->otherwise)
        mistake(c->mistakes, at,
                "'%.200s' cannot be null, and '%.200s' of the old version can: give 'otherwise'",
                path, c->places.items[place].path);
}

static void compile_record(struct compile *c, struct make *make, const char *path, int source)
{
    size_t n = make->type->n_fields;
    const struct make **fields = compile_memory(c, n, sizeof(*fields));

    make->kind = MAKE_RECORD;
    make->fields = fields;
    bool known = source == PLACE_NONE || c->places.items[source].known;
    if (source != PLACE_NONE)
        c->places.items[source].known = true;
    c->records[c->n_records++] = make->type;
    for (size_t i = 0; fields && i < n && c->mistakes->r == 0; i++) {
        const struct mr_schema_field *field = &make->type->fields[i];
        int child =
            source == PLACE_NONE ? PLACE_NONE : places_child(&c->places, source, field->name);
        c->holder = make->type;
        c->held = i;
        fields[i] = compile_value(c, path_below(c, path, field->name), field->type, child);
    }
    c->n_records--;
    if (source != PLACE_NONE)
        c->places.items[source].known = known;
}

static void compile_items(struct compile *c, struct make *make, const char *path, int source)
{
    int item = places_item(&c->places, source);
    bool map = make->type->type == MR_AVRO_MAP;

    make->kind = MAKE_ITEMS;
    if (c->n_frames == MAKE_MAX_FRAMES || item == PLACE_NONE) {
        mistake(c->mistakes, TOP, "'%.200s': arrays within arrays, deeper than %d", path,
                MAKE_MAX_FRAMES);
        return;
    }
    c->frames[c->n_frames++] = item;
    c->holder = NULL;
    make->item = compile_value(c, path_below(c, path, map ? "{}" : "[]"), make->type->items, item);
    c->n_frames--;
}

static const char *copy_trouble(const struct place *place, const struct make *make)
{
    const struct mr_schema_node *from = place->type;
    const char *why = NULL;

    if (from->type != MR_AVRO_UNION)
        return convert_trouble(from, make->node);
    for (size_t i = 0; i < from->n_branches && !why; i++)
        if (from->branches[i]->type != MR_AVRO_NULL)
            why = convert_trouble(from->branches[i], make->node);
    return why;
}

static void compile_copy(struct compile *c, struct make *make, const char *path, int source,
                         const struct mapping_entry *entry)
{
    const char *why = copy_trouble(&c->places.items[source], make);

    make->kind = MAKE_COPY;
    places_use(&c->places, source);
    if (why)
        mistake(c->mistakes, entry ? entry->at : TOP,
                "'%.200s' cannot come from '%.200s' as it is: %s", path,
                c->places.items[source].path, why);
}

static bool stands_around(const struct compile *c, const struct mr_schema_node *record)
{
    for (size_t i = 0; i < c->n_records; i++)
        if (c->records[i] == record)
            return true;
    return c->n_records == MR_N_ELEMENTS(c->records);
}

static void not_covered(struct compile *c, const char *path)
{
    mistake(c->mistakes, TOP,
            "'%.200s' of the new version is not covered: the old one has no such field; give it "
            "'from' or 'value'%s",
            path, mistake_hint(c->mistakes, c->scratch, path, c->places.paths, c->places.n));
}

/* The new field's constraints beside those that the value had. */
static void add_notes(struct compile *c, const struct make *make, const char *path, int source,
                      const struct mapping_entry *entry)
{
    const struct place *place = &c->places.items[source];
    const struct place *parent = place->parent >= 0 ? &c->places.items[place->parent] : NULL;
    struct noted old = {.type = place->type}, new = {.type = make->type};

    if (parent && parent->type->type == MR_AVRO_RECORD)
        old.props = parent->type->fields[place->field].props;
    if (c->holder && c->holder->fields[c->held].type == make->node)
        new.props = c->holder->fields[c->held].props;
    int r = notes_copy(c->notes, c->mistakes->path, entry ? entry->at : TOP, path, &old, &new,
                       c->scratch);
    if (r != 0)
        c->mistakes->r = r;
}

/* As the types have it: records field by field, arrays and maps item by item, the rest copied. */
static void compile_by_type(struct compile *c, struct make *make, const char *path, int source,
                            const struct mapping_entry *entry)
{
    const struct mr_schema_node *from = source == PLACE_NONE ? NULL : c->places.items[source].type;
    bool leaf = from && c->places.items[source].leaf;

    if (from && !entry && make->type->type == MR_AVRO_RECORD && from->type != MR_AVRO_RECORD &&
        speaks_below(c, path))
        from = NULL; /* the name stayed, what it means did not */
    if (!from && make->type->type == MR_AVRO_RECORD && speaks_below(c, path) &&
        !stands_around(c, make->type)) {
        compile_record(c, make, path, PLACE_NONE);
    } else if (!from) {
        not_covered(c, path);
    } else {
        set_source(c, make, path, source, entry);
        if (make->type->type != MR_AVRO_RECORD)
            add_notes(c, make, path, source, entry);
        bool same = from->type == make->type->type && !leaf;
        if (same && make->type->type == MR_AVRO_RECORD && !stands_around(c, make->type))
            compile_record(c, make, path, source);
        else if (same && make->type->items)
            compile_items(c, make, path, source);
        else
            compile_copy(c, make, path, source, entry);
    }
}

static void compile_entry(struct compile *c, struct mapping_entry *entry, struct make *make,
                          const char *path)
{
    int place;

    entry->used = true;
    if (entry->otherwise)
        make->otherwise = compile_constant(c, entry->otherwise, make->node);
    if (entry->value) {
        make->kind = MAKE_CONSTANT;
        make->constant = compile_constant(c, entry->value, make->node);
    } else if (entry->compute) {
        if (entry->n_from > 0)
            make->from = mr_arena_dup(c->arena, entry->from[0].path, strlen(entry->from[0].path));
        compile_call(c, entry, make);
    } else if (entry->n_from > 1) {
        mistake(c->mistakes, entry->at, "several sources need a function: give 'compute'");
    } else if (entry->n_from == 1 && compile_from(c, &entry->from[0], &place)) {
        for (size_t i = 0; i < N_PARAMS; i++)
            if (entry->params[i].given)
                mistake(c->mistakes, entry->params[i].at, "'%s' goes with 'compute' only",
                        param_names[i]);
        compile_by_type(c, make, path, place, entry);
    }
}

/* An event of a new major says so. */
static bool is_version(const struct compile *c, const char *path, const struct make *make)
{
    return c->version && strcmp(path, "event_version") == 0 && is_plain(make->type, MR_AVRO_STRING);
}

static void compile_version(struct compile *c, struct make *make, int source)
{
    struct mr_datum *datum = compile_memory(c, 1, sizeof(*datum));
    const char *text = mr_arena_dup(c->arena, c->version, strlen(c->version));

    make->kind = MAKE_CONSTANT;
    make->constant = datum;
    if (!datum || !text) {
        c->mistakes->r = -ENOMEM;
        return;
    }
    *datum = (struct mr_datum){.node = make->type};
    set_text(datum, text, strlen(text));
    if (source != PLACE_NONE)
        places_use(&c->places, source);
}

struct make *compile_value(struct compile *c, const char *path, const struct mr_schema_node *node,
                           int source)
{
    struct make *make = compile_memory(c, 1, sizeof(*make));
    struct mapping_entry *entry = find_entry(c, path);

    if (!make)
        return NULL;
    if (*path)
        remember_path(c, path);
    make->node = node;
    make->type = without_null(node, &make->null);
    if (entry)
        compile_entry(c, entry, make, path);
    else if (is_version(c, path, make))
        compile_version(c, make, source);
    else
        compile_by_type(c, make, path, source, NULL);
    return make;
}
