/* SPDX-License-Identifier: Apache-2.0 */
/* `envelopes:`: each platform's form of JSON, checked to give every field that an event must have.
 */
#include <string.h>

#include "load.h"

static const char *const default_words[] = {
    [MR_DEFAULT_TEXT] = "",
    [MR_DEFAULT_SERVICE] = "$service",
    [MR_DEFAULT_TYPE] = "$type",
    [MR_DEFAULT_VERSION] = "$version",
    [MR_DEFAULT_KEY] = "$key",
    [MR_DEFAULT_TIME] = "$time",
    [MR_DEFAULT_EVENT_ID] = "$event_id",
    [MR_DEFAULT_CONTENT] = "$content",
};

/* What a field may be given. null: the schema allows null or has a default. */
struct field_rule {
    bool null, uuid;
    const char *const *defaults; /* the $words that make sense, NULL-terminated */
    bool literal;
};

static const char *const for_id[] = {"$content", NULL};
static const char *const for_type[] = {"$type", NULL};
static const char *const for_version[] = {"$version", NULL};
static const char *const for_time[] = {"$time", NULL};
static const char *const for_flow[] = {"$key", "$event_id", NULL};
static const char *const for_service[] = {"$service", NULL};
static const char *const for_none[] = {NULL};

static const struct field_rule field_rules[MR_ENVELOPE_N_FIELDS] = {
    [MR_ENVELOPE_EVENT_ID] = {.uuid = true, .defaults = for_id},
    [MR_ENVELOPE_EVENT_TYPE] = {.defaults = for_type},
    [MR_ENVELOPE_EVENT_VERSION] = {.defaults = for_version, .literal = true},
    [MR_ENVELOPE_TIMESTAMP] = {.defaults = for_time},
    [MR_ENVELOPE_CORRELATION_ID] = {.uuid = true, .defaults = for_flow},
    [MR_ENVELOPE_CAUSATION_ID] = {.null = true, .uuid = true, .defaults = for_none},
    [MR_ENVELOPE_SOURCE_SERVICE] = {.defaults = for_service, .literal = true},
    [MR_ENVELOPE_USER_ID] = {.null = true, .uuid = true, .defaults = for_none, .literal = true},
    [MR_ENVELOPE_SESSION_ID] = {.null = true, .uuid = true, .defaults = for_none},
    [MR_ENVELOPE_METADATA] = {.null = true, .defaults = for_none},
    [MR_ENVELOPE_DATA] = {.defaults = for_none},
};

static size_t count(const char *const *words)
{
    size_t n = 0;

    while (words[n])
        n++;
    return n;
}

static void read_default(struct load *load, const yaml_node_t *node, enum mr_envelope_field field,
                         const char *text, struct mr_envelope_default *value)
{
    const struct field_rule *rule = &field_rules[field];

    for (size_t i = 0; i < count(rule->defaults); i++)
        if (strcmp(rule->defaults[i], text) == 0)
            for (size_t kind = MR_DEFAULT_SERVICE; kind < MR_N_ELEMENTS(default_words); kind++)
                if (strcmp(default_words[kind], text) == 0) {
                    value->kind = (enum mr_envelope_default_kind)kind;
                    return;
                }
    if (text[0] == '$' || !rule->literal)
        load_note(load, node, "'%s' cannot default to '%.100s'%s", mr_envelope_field_name(field),
                  text, load_hint(load, text, rule->defaults, count(rule->defaults)));
    value->text = load_text(load, text);
}

static void read_pointers(struct load *load, const yaml_node_t *node, enum mr_envelope_field field,
                          const struct row_source *row)
{
    for (size_t i = 0; i < row->n_from; i++) {
        const yaml_node_t *at = load_item(load, node, i);
        if (!load_pointer(load, at, row->from[i]))
            continue;
        if (row->from[i][0] == '\0' && field != MR_ENVELOPE_DATA)
            load_note(load, at, "only 'data' can be the whole document");
        if (row->from[i][0] == '\0' && row->n_from > 1)
            load_note(load, at, "the whole document leaves nothing to choose: give one pointer");
    }
}

static void read_source(struct load *load, const yaml_node_t *node, enum mr_envelope_field field,
                        const struct row_source *row, struct mr_envelope_source *source)
{
    const yaml_node_t *defaults_at = load_at(load, node, "default");
    struct mr_envelope_default *defaults = load_array(load, row->n_defaults, sizeof(*defaults));

    read_pointers(load, load_at(load, node, "from"), field, row);
    for (size_t i = 0; defaults && i < row->n_defaults; i++)
        read_default(load, load_item(load, defaults_at, i), field, row->defaults[i], &defaults[i]);
    source->pointers = load_texts(load, row->from, row->n_from);
    source->n_pointers = row->n_from;
    source->defaults = defaults;
    source->n_defaults = row->n_defaults;
    source->required = row->required && *row->required;
    source->uuid = row->uuid && *row->uuid;
    if (source->required && row->n_from == 0)
        load_note(load, load_at(load, node, "required"),
                  "'required' needs 'from': the JSON cannot have what stands nowhere");
    if (source->uuid && !field_rules[field].uuid)
        load_note(load, load_at(load, node, "uuid"), "'%s' is never a UUID",
                  mr_envelope_field_name(field));
}

static void read_fields(struct load *load, const yaml_node_t *node, const struct row_envelope *row,
                        struct mr_envelope_map *map)
{
    for (enum mr_envelope_field field = 0; field < MR_ENVELOPE_N_FIELDS; field++) {
        const char *name = mr_envelope_field_name(field);
        struct mr_envelope_source *source = &map->fields[field];
        if (row->fields->field[field])
            read_source(load, load_at(load, node, name), field, row->fields->field[field], source);
        if (source->n_pointers == 0 && source->n_defaults == 0 && !field_rules[field].null)
            load_note(load, node,
                      "'%s' is missing in envelope '%s': every event has one; give 'from' or "
                      "'default'",
                      name, row->name);
    }
    const struct mr_envelope_source *data = &map->fields[MR_ENVELOPE_DATA];
    map->flat = data->n_pointers == 1 && data->pointers && data->pointers[0] &&
                data->pointers[0][0] == '\0';
}

/* Who has this pointer already, as a word for the error; NULL: nobody. */
static const char *taken(const struct mr_envelope_map *map, const char *pointer,
                         enum mr_envelope_field up_to, size_t n_members)
{
    for (enum mr_envelope_field field = 0; field < up_to; field++)
        for (size_t i = 0; i < map->fields[field].n_pointers; i++)
            if (strcmp(map->fields[field].pointers[i], pointer) == 0)
                return mr_envelope_field_name(field);
    for (size_t i = 0; i < n_members; i++)
        if (strcmp(map->members[i].pointer, pointer) == 0)
            return "members";
    return NULL;
}

static void read_members(struct load *load, const yaml_node_t *node, const struct row_envelope *row,
                         struct mr_envelope_map *map)
{
    const yaml_node_t *list = load_at(load, node, "members");
    struct mr_envelope_member *members = load_array(load, row->n_members, sizeof(*members));

    map->members = members;
    for (size_t i = 0; members && load->r == 0 && i < row->n_members; i++) {
        const yaml_node_t *at = load_at(load, load_item(load, list, i), "at");
        const struct row_member *from = &row->members[i];
        members[i] = (struct mr_envelope_member){.pointer = load_text(load, from->at),
                                                 .value = load_text(load, from->is),
                                                 .metadata = load_text(load, from->metadata),
                                                 .refuse = load_text(load, from->refuse),
                                                 .required = from->required && *from->required};
        if (!load_pointer(load, at, from->at))
            continue;
        const char *who = taken(map, from->at, MR_ENVELOPE_N_FIELDS, i);
        if (who)
            load_note(load, at, "'%.100s' is already taken by '%s'", from->at, who);
        if (from->at[0] == '\0')
            load_note(load, at, "the whole document is no member");
        if (from->refuse && (from->is || from->metadata || members[i].required))
            load_note(load, at, "a member to 'refuse' cannot have 'is', 'metadata' or 'required'");
    }
    map->n_members = row->n_members;
    if (map->flat && (row->n_members > 0 || map->extensions))
        load_note(load, node, "in envelope '%s' the document is the data: it has no other members",
                  row->name);
}

static void check_overlap(struct load *load, const yaml_node_t *fields_at,
                          const struct mr_envelope_map *map)
{
    for (enum mr_envelope_field field = 0; field < MR_ENVELOPE_N_FIELDS; field++) {
        const char *name = mr_envelope_field_name(field);
        const yaml_node_t *from = load_at(load, load_at(load, fields_at, name), "from");
        for (size_t i = 0; i < map->fields[field].n_pointers; i++) {
            const char *who = taken(map, map->fields[field].pointers[i], field, 0);
            if (who)
                load_note(load, load_item(load, from, i), "'%.100s' is already taken by '%s'",
                          map->fields[field].pointers[i], who);
        }
    }
}

static void read_envelope(struct load *load, const yaml_node_t *node,
                          const struct row_envelope *row, struct mr_envelope_map *map)
{
    const yaml_node_t *fields_at = load_at(load, node, "fields");

    (void)load_name(load, load_at(load, node, "envelope"), "envelope", row->name);
    map->name = load_text(load, row->name);
    map->when = load_text(load, row->when);
    map->extensions = row->extensions && *row->extensions;
    if (row->when && load_pointer(load, load_at(load, node, "when"), row->when) && !row->when[0])
        load_note(load, load_at(load, node, "when"), "every document has a whole: name a member");
    read_fields(load, fields_at, row, map);
    if (load->r == 0)
        read_members(load, node, row, map);
    if (load->r == 0)
        check_overlap(load, fields_at, map);
}

void load_envelopes(struct load *load)
{
    const struct row_file *file = load->file;
    const yaml_node_t *list = load_at(load, load_root(load), "envelopes");

    load->envelopes = load_array(load, file->n_envelopes, sizeof(*load->envelopes));
    for (size_t i = 0; load->r == 0 && i < file->n_envelopes; i++) {
        const yaml_node_t *node = load_item(load, list, i);
        for (size_t j = 0; j < i; j++)
            if (strcmp(load->envelopes[j].name, file->envelopes[i].name) == 0)
                load_note(load, load_at(load, node, "envelope"), "envelope '%s' is defined twice",
                          load->envelopes[j].name);
        read_envelope(load, node, &file->envelopes[i], &load->envelopes[i]);
        load->n_envelopes = i + 1;
    }
}
