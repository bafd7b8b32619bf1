/* SPDX-License-Identifier: Apache-2.0 */
/* Topics and their fields, as sagas name them; and the emissions that fill such fields. */
#include <string.h>

#include "saga.h"

enum { MOST_WORDS = 200 };

/* ---- kinds ---- */

enum mr_saga_kind saga_kind(const struct mr_schema_node *node)
{
    static const struct {
        enum mr_avro_type type;
        enum mr_avro_logical logical;
        enum mr_saga_kind kind;
    } rows[] = {
        {MR_AVRO_STRING, MR_LOGICAL_NONE, MR_SAGA_TEXT},
        {MR_AVRO_STRING, MR_LOGICAL_UUID, MR_SAGA_UUID},
        {MR_AVRO_INT, MR_LOGICAL_NONE, MR_SAGA_INT},
        {MR_AVRO_LONG, MR_LOGICAL_NONE, MR_SAGA_INT},
        {MR_AVRO_LONG, MR_LOGICAL_TIMESTAMP_MICROS, MR_SAGA_TIME},
        {MR_AVRO_BYTES, MR_LOGICAL_DECIMAL, MR_SAGA_DECIMAL},
        {MR_AVRO_BOOLEAN, MR_LOGICAL_NONE, MR_SAGA_BOOL},
        {MR_AVRO_DOUBLE, MR_LOGICAL_NONE, MR_SAGA_REAL},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        if (node->type == rows[i].type && node->logical == rows[i].logical)
            return rows[i].kind;
    return MR_SAGA_OTHER;
}

const char *saga_kind_name(enum mr_saga_kind kind)
{
    static const char *const names[] = {
        [MR_SAGA_OTHER] = "another kind of value",
        [MR_SAGA_TEXT] = "a text",
        [MR_SAGA_UUID] = "a UUID",
        [MR_SAGA_INT] = "a whole number",
        [MR_SAGA_TIME] = "an instant",
        [MR_SAGA_DECIMAL] = "a decimal",
        [MR_SAGA_BOOL] = "true or false",
        [MR_SAGA_REAL] = "a floating-point number",
        [MR_SAGA_OPTION] = "an option",
    };

    return names[kind];
}

/* ---- fields ---- */

size_t saga_leaves(struct saga_load *s, const struct mr_topic *topic,
                   const struct mr_schema_leaf **ret_leaves)
{
    size_t n = 0;
    int r = s->fields->leaves(s->fields->self, topic, ret_leaves, &n);

    if (r != 0 && s->load.r == 0)
        s->load.r = r < 0 ? r : -E2BIG;
    return r == 0 ? n : 0;
}

static void add_read(struct saga_load *s, const yaml_node_t *node, const struct mr_topic *topic,
                     const char *path)
{
    if (s->n_reads == s->cap_reads) {
        size_t cap = s->cap_reads ? s->cap_reads * 2 : 64;
        struct mr_saga_read *reads = load_array(&s->load, cap, sizeof(*reads));
        if (!reads)
            return;
        for (size_t i = 0; i < s->n_reads; i++)
            reads[i] = s->reads[i];
        s->reads = reads;
        s->cap_reads = cap;
    }
    s->reads[s->n_reads++] = (struct mr_saga_read){s->saga, topic, load_text(&s->load, path),
                                                   (long)node->start_mark.line + 1};
}

const struct mr_schema_leaf *saga_field(struct saga_load *s, const yaml_node_t *node,
                                        const struct mr_topic *topic, const char *below,
                                        const char *path)
{
    const struct mr_schema_leaf *leaves = NULL;
    const char *words[MOST_WORDS];
    size_t n = saga_leaves(s, topic, &leaves), n_words = 0, skip = strlen(below);

    for (size_t i = 0; i < n; i++) {
        if (strncmp(leaves[i].path, below, skip) != 0)
            continue;
        if (strcmp(leaves[i].path + skip, path) == 0) {
            if (skip == 0)
                add_read(s, node, topic, path);
            return &leaves[i];
        }
        if (n_words < MOST_WORDS)
            words[n_words++] = leaves[i].path + skip;
    }
    if (s->load.r == 0)
        load_note(&s->load, node, "%s has no field '%.100s'%s", topic->name, path,
                  load_hint(&s->load, path, words, n_words));
    return NULL;
}

/* ---- topics ---- */

/* Among topics; the hint comes from what is there. */
static const struct mr_topic *among(struct saga_load *s, const yaml_node_t *node, const char *name,
                                    const struct mr_topic *const *topics, size_t n_topics,
                                    const char *service, const char *does)
{
    const char *words[MOST_WORDS];
    size_t n_words = 0;

    for (size_t i = 0; i < n_topics; i++) {
        if (strcmp(topics[i]->name, name) == 0)
            return topics[i];
        if (n_words < MOST_WORDS)
            words[n_words++] = topics[i]->name;
    }
    bool known = mr_catalog_topic(s->catalog, mr_str_from(name)) != NULL;
    load_note(&s->load, node,
              known ? "%s does not %s '%.100s'%s" : "there is no topic for %s to %s: '%.100s'%s",
              service, does, name, load_hint(&s->load, name, words, n_words));
    return NULL;
}

const struct mr_topic *saga_consumed(struct saga_load *s, const yaml_node_t *node, const char *name)
{
    const struct mr_consumer_group *group = s->service ? s->service->group : NULL;

    return group ? among(s, node, name, group->topics, group->n_topics, group->name, "consume")
                 : NULL;
}

/* ---- emissions ---- */

static const struct mr_topic *published(struct saga_load *s, const yaml_node_t *node,
                                        const char *name)
{
    const struct mr_topic *topic = mr_catalog_topic(s->catalog, mr_str_from(name));
    const char *near = topic ? NULL : mr_catalog_nearest_topic(s->catalog, name);

    if (topic && !topic->dead_letter)
        return topic;
    load_note(&s->load, node, "there is no event topic '%.100s'%s%s%s", name,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

static bool is_set(const struct mr_saga_emission *emission, const char *path)
{
    for (size_t i = 0; i < emission->n_fields; i++)
        if (strcmp(emission->fields[i].name, path) == 0)
            return true;
    return false;
}

/* Another field of the same list is filled, so this one has to be. */
static bool beside_set(const struct mr_saga_emission *emission, const char *path)
{
    const char *list = strstr(path, "[]");

    for (size_t i = 0; list && i < emission->n_fields; i++)
        if (strncmp(emission->fields[i].name, path, (size_t)(list + 2 - path)) == 0)
            return true;
    return false;
}

static void check_whole(struct saga_load *s, const yaml_node_t *node,
                        const struct mr_saga_emission *emission)
{
    const struct mr_schema_leaf *leaves = NULL;
    size_t n = saga_leaves(s, emission->topic, &leaves);

    for (size_t i = 0; i < n; i++) {
        if (strncmp(leaves[i].path, "data.", 5) != 0)
            continue;
        const char *path = leaves[i].path + 5;
        if (is_set(emission, path))
            continue;
        if (leaves[i].optional && !beside_set(emission, path))
            continue;
        load_note(&s->load, node, "emission '%s' leaves out '%s' of %s", emission->name, path,
                  emission->topic->name);
    }
}

static void read_fields(struct saga_load *s, const yaml_node_t *node,
                        struct mr_saga_emission *emission)
{
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    size_t n = (size_t)(node->data.mapping.pairs.top - pair);
    struct mr_saga_pair *fields = load_array(&s->load, n, sizeof(*fields));

    for (size_t i = 0; fields && i < n; i++) {
        const yaml_node_t *name = yaml_document_get_node(s->load.document, pair[i].key);
        const yaml_node_t *text = yaml_document_get_node(s->load.document, pair[i].value);
        fields[i].name = load_text(&s->load, (const char *)name->data.scalar.value);
        fields[i].text = load_text(&s->load, (const char *)text->data.scalar.value);
        if (emission->topic && fields[i].name)
            (void)saga_field(s, name, emission->topic, "data.", fields[i].name);
    }
    emission->fields = fields;
    emission->n_fields = fields ? n : 0;
}

void saga_read_emissions(struct saga_load *s)
{
    const yaml_node_t *list = load_at(&s->load, load_root(&s->load), "emissions");
    size_t n = s->rows->n_emissions;

    s->emissions = load_array(&s->load, n, sizeof(*s->emissions));
    s->places = load_array(&s->load, n, sizeof(*s->places));
    for (size_t i = 0; s->emissions && s->places && i < n && s->load.r == 0; i++) {
        const struct row_emission *row = &s->rows->emissions[i];
        const yaml_node_t *node = load_item(&s->load, list, i);
        struct mr_saga_emission *emission = &s->emissions[i];
        s->places[i].node = node;
        emission->name = load_text(&s->load, row->name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->rows->emissions[k].name, row->name) == 0)
                load_note(&s->load, load_at(&s->load, node, "emission"),
                          "emission '%.100s' stands here twice", row->name);
        emission->topic = published(s, load_at(&s->load, node, "event"), row->event);
        size_t before = s->load.n_findings;
        read_fields(s, load_at(&s->load, node, "fields"), emission);
        if (emission->topic && s->load.n_findings == before)
            check_whole(s, load_at(&s->load, node, "fields"), emission);
        s->n_emissions = i + 1;
    }
}
