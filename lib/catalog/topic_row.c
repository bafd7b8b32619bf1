/* SPDX-License-Identifier: Apache-2.0 */
/* What one topic of topics.yaml says for itself: name, words, types, consumers. */
#include "topic.h"

#include <stdlib.h>
#include <string.h>

static const char *identifier_rule(const char *text)
{
    bool fits =
        (text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z') || text[0] == '_';

    for (const char *p = text; *p && fits; p++)
        fits = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
               *p == '_';
    return fits ? NULL : "must be letters, digits and '_', no digit first";
}

bool topic_parse_name(struct load *load, const yaml_node_t *node, const char *name,
                      struct mr_topic *topic)
{
    const char *dot = strchr(name, '.');
    const char *second = dot ? strchr(dot + 1, '.') : NULL;
    const char *version = second ? second + 1 : "";
    char *end = NULL;
    long major = version[0] == 'v' && version[1] >= '1' && version[1] <= '9'
                     ? strtol(version + 1, &end, 10)
                     : 0;

    if (!end || *end != '\0' || major > INT16_MAX) {
        load_note(load, node,
                  "topic '%.100s' must be domain.action.v<major>, like order.created.v1", name);
        return false;
    }
    const char *domain = mr_arena_dup(load->arena, name, (size_t)(dot - name));
    const char *action = mr_arena_dup(load->arena, dot + 1, (size_t)(second - dot - 1));
    if (!domain || !action) {
        load->r = -ENOMEM;
        return false;
    }
    topic->domain = domain;
    topic->action = action;
    topic->major = (int32_t)major;
    bool good = load_name(load, node, "domain", domain);
    return load_name(load, node, "action", action) && good; /* both may be told of */
}

bool topic_listed(const char *name, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void no_service(struct load *load, const char *const *services, const yaml_node_t *node,
                       const char *name)
{
    size_t n_services = load->file->n_services;

    load_note(load, node, "there is no service '%.100s'%s", name,
              load_hint(load, name, services, n_services));
    load->incomplete = true;
}

static void add_consumers(struct load *load, const char *const *services, const yaml_node_t *list,
                          char *const *names, size_t n_names, const char **consumers,
                          size_t *n_consumers)
{
    for (size_t i = 0; load->r == 0 && i < n_names; i++) {
        const yaml_node_t *at = load_item(load, list, i);
        if (!topic_listed(names[i], services, load->file->n_services))
            no_service(load, services, at, names[i]);
        else if (topic_listed(names[i], consumers, *n_consumers))
            load_note(load, at, "consumer '%s' stands here twice", names[i]);
        else
            consumers[(*n_consumers)++] = load_text(load, names[i]);
    }
}

static int by_word(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void read_consumers(struct load *load, const char *const *services, const yaml_node_t *node,
                           const struct row_topic *row, struct mr_topic *topic)
{
    size_t most = (size_t)row->n_consumers + row->n_optional;
    const char **consumers = load_array(load, most, sizeof(*consumers));
    bool *optional = load_array(load, most, sizeof(*optional));
    size_t n_consumers = 0;

    if (!consumers || !optional)
        return;
    add_consumers(load, services, load_at(load, node, "consumers"), row->consumers,
                  row->n_consumers, consumers, &n_consumers);
    add_consumers(load, services, load_at(load, node, "optional"), row->optional, row->n_optional,
                  consumers, &n_consumers);
    if (load->r != 0)
        return;
    qsort(consumers, n_consumers, sizeof(*consumers), by_word);
    for (size_t i = 0; i < n_consumers; i++)
        for (size_t j = 0; j < row->n_optional; j++)
            optional[i] = optional[i] || strcmp(consumers[i], row->optional[j]) == 0;
    topic->consumers = consumers;
    topic->consumer_optional = optional;
    topic->n_consumers = n_consumers;
}

/* Types default to the event's own name. */
static void read_types(struct load *load, const yaml_node_t *node, const struct row_topic *row,
                       struct mr_topic *topic)
{
    char *const own[] = {row->event};

    for (size_t i = 0; i < row->n_types; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(row->types[i], row->types[j]) == 0)
                load_note(load, load_item(load, load_at(load, node, "types"), i),
                          "type '%.100s' stands here twice", row->types[i]);
    topic->types =
        row->n_types ? load_texts(load, row->types, row->n_types) : load_texts(load, own, 1);
    topic->n_types = row->n_types ? row->n_types : 1;
}

/* A form of JSON that makes a field from the topic's key or time alone needs the topic to have it.
 */
static void check_needs(struct load *load, const yaml_node_t *node, const struct mr_topic *topic)
{
    static const struct {
        enum mr_envelope_field field;
        enum mr_envelope_default_kind kind;
        const char *key;
    } needs[] = {{MR_ENVELOPE_CORRELATION_ID, MR_DEFAULT_KEY, "key"},
                 {MR_ENVELOPE_TIMESTAMP, MR_DEFAULT_TIME, "time"}};

    for (size_t i = 0; i < MR_N_ELEMENTS(needs); i++) {
        const char *has = needs[i].kind == MR_DEFAULT_KEY ? topic->key : topic->time;
        for (size_t j = 0; j < topic->platform->n_envelopes && !has; j++) {
            const struct mr_envelope_source *source =
                &topic->platform->envelopes[j]->fields[needs[i].field];
            if (source->n_pointers == 0 && source->n_defaults == 1 && source->defaults &&
                source->defaults[0].kind == needs[i].kind)
                load_note(load, node,
                          "key '%s' is missing in topic '%s': envelope '%s' makes %s from it",
                          needs[i].key, topic->name, topic->platform->envelopes[j]->name,
                          mr_envelope_field_name(needs[i].field));
        }
    }
}

static void check_words(struct load *load, const yaml_node_t *node, const struct row_topic *row)
{
    const char *words[] = {row->event, row->key, row->time};
    static const char *const keys[] = {"event", "key", "time"};
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++) {
        const char *rule = words[i] ? identifier_rule(words[i]) : NULL;
        if (rule)
            load_note(load, load_at(load, node, keys[i]), "%s '%.100s' %s", keys[i], words[i],
                      rule);
    }
}

void topic_read_row(struct load *load, const char *const *services, const yaml_node_t *node,
                    const struct row_topic *row, struct mr_topic *topic)
{
    check_words(load, node, row);
    read_types(load, node, row, topic);
    read_consumers(load, services, node, row, topic);
    if (topic->platform && load->r == 0)
        check_needs(load, node, topic);
}
