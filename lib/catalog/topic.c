/* SPDX-License-Identifier: Apache-2.0 */
/* `services:` and the topics below them, each with the settings that hold for it; one dead-letter
 * topic for each service. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* A topic with where it stands, until all are sorted. */
struct made {
    struct mr_topic topic;
    const yaml_node_t *node;
    size_t order;
};

struct maker {
    struct load *load;
    struct made *made;
    size_t n_made;
    const char **service_words;
    const char **platform_words;
};

/* One service while its topics are read. */
struct context {
    const struct row_service *row;
    const yaml_node_t *node;
    const char *name;
    const struct mr_platform *platform; /* NULL after a mistake */
    const struct row_defaults *platform_row;
};

static const char *identifier_rule(const char *text)
{
    bool fits =
        (text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z') || text[0] == '_';

    for (const char *p = text; *p && fits; p++)
        fits = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
               *p == '_';
    return fits ? NULL : "must be letters, digits and '_', no digit first";
}

/* "domain.action.v1" into its parts; false after a note. */
static bool parse_name(struct load *load, const yaml_node_t *node, const char *name,
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

static bool listed(const char *name, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void no_service(struct maker *maker, const yaml_node_t *node, const char *name)
{
    size_t n_services = maker->load->file->n_services;

    load_note(maker->load, node, "there is no service '%.100s'%s", name,
              load_hint(maker->load, name, maker->service_words, n_services));
    maker->load->incomplete = true;
}

static void add_consumers(struct maker *maker, const yaml_node_t *list, char *const *names,
                          size_t n_names, const char **consumers, size_t *n_consumers)
{
    struct load *load = maker->load;

    for (size_t i = 0; i < n_names; i++) {
        const yaml_node_t *at = load_item(load, list, i);
        if (!listed(names[i], maker->service_words, load->file->n_services))
            no_service(maker, at, names[i]);
        else if (listed(names[i], consumers, *n_consumers))
            load_note(load, at, "consumer '%s' stands here twice", names[i]);
        else
            consumers[(*n_consumers)++] = load_text(load, names[i]);
    }
}

static int by_word(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void read_consumers(struct maker *maker, const yaml_node_t *node,
                           const struct row_topic *row, struct mr_topic *topic)
{
    struct load *load = maker->load;
    size_t most = (size_t)row->n_consumers + row->n_optional;
    const char **consumers = load_array(load, most, sizeof(*consumers));
    bool *optional = load_array(load, most, sizeof(*optional));
    size_t n_consumers = 0;

    if (!consumers || !optional)
        return;
    add_consumers(maker, load_at(load, node, "consumers"), row->consumers, row->n_consumers,
                  consumers, &n_consumers);
    add_consumers(maker, load_at(load, node, "optional"), row->optional, row->n_optional, consumers,
                  &n_consumers);
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

static struct mr_topic *add_topic(struct maker *maker, const struct context *context,
                                  const yaml_node_t *node, const char *suffix)
{
    struct made *made = &maker->made[maker->n_made];
    struct load *load = maker->load;

    *made = (struct made){.node = node, .order = maker->n_made};
    made->topic =
        (struct mr_topic){.service = context->name,
                          .platform = context->platform,
                          .name = load_printf(load, "%.*s.%.*s", MR_CATALOG_MAX_NAME, context->name,
                                              MR_CATALOG_MAX_TOPIC, suffix),
                          .replication = -1,
                          .cleanup = row_cleanup_words[ROW_CLEANUP_DELETE]};
    if (made->topic.name && strlen(made->topic.name) > MR_CATALOG_MAX_TOPIC)
        load_note(load, node, "topic '%.100s...' is longer than Kafka's %d characters",
                  made->topic.name, MR_CATALOG_MAX_TOPIC);
    maker->n_made++;
    return &made->topic;
}

static void read_topic(struct maker *maker, const struct context *context, const yaml_node_t *node,
                       const struct row_topic *row)
{
    struct load *load = maker->load;
    const struct row_defaults *layers[] = {load->file->defaults, context->platform_row,
                                           context->row->defaults};
    struct mr_topic parsed = {0};

    if (!parse_name(load, load_at(load, node, "topic"), row->name, &parsed)) {
        load->incomplete = true;
        return;
    }
    struct mr_topic *topic = add_topic(maker, context, node, row->name);
    topic->domain = parsed.domain;
    topic->action = parsed.action;
    topic->major = parsed.major;
    topic->event = load_text(load, row->event);
    topic->key = load_text(load, row->key);
    topic->time = load_text(load, row->time);
    topic->schema_path = load_printf(load, "%s/%s.avsc", context->name, row->name);
    for (size_t i = 0; i < MR_N_ELEMENTS(layers); i++)
        load_merge_settings(topic, layers[i] ? layers[i]->topics : NULL);
    load_merge_settings(topic, &row->settings);
    load_check_settings(load, node, &row->settings);
    const char *words[] = {row->event, row->key, row->time};
    static const char *const keys[] = {"event", "key", "time"};
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++) {
        const char *rule = words[i] ? identifier_rule(words[i]) : NULL;
        if (rule)
            load_note(load, load_at(load, node, keys[i]), "%s '%.100s' %s", keys[i], words[i],
                      rule);
    }
    read_types(load, node, row, topic);
    read_consumers(maker, node, row, topic);
    if (context->platform && load->r == 0)
        check_needs(load, node, topic);
}

static void add_dead_letter(struct maker *maker, const struct context *context)
{
    const struct row_defaults *layers[] = {maker->load->file->defaults, context->platform_row,
                                           context->row->defaults};
    struct mr_topic *topic = add_topic(maker, context, context->node, "dlq");

    topic->dead_letter = true;
    topic->compatibility = MR_COMPAT_NONE;
    for (size_t i = 0; i < MR_N_ELEMENTS(layers); i++)
        load_merge_settings(topic, layers[i] ? layers[i]->dead_letters : NULL);
}

static void read_service(struct maker *maker, size_t index)
{
    struct load *load = maker->load;
    const struct row_service *row = &load->file->services[index];
    const yaml_node_t *node = load_item(load, load_at(load, load_root(load), "services"), index);
    struct context context = {.row = row, .node = node, .name = load_text(load, row->name)};

    (void)load_name(load, load_at(load, node, "service"), "service", row->name);
    if (listed(row->name, maker->service_words, index))
        load_note(load, load_at(load, node, "service"), "service '%.100s' is defined twice",
                  row->name);
    for (size_t i = 0; i < load->n_platforms; i++)
        if (strcmp(load->platforms[i].name, row->platform) == 0) {
            context.platform = &load->platforms[i];
            context.platform_row = load->file->platforms[i].defaults;
        }
    if (!context.platform)
        load_note(load, load_at(load, node, "platform"), "there is no platform '%.100s'%s",
                  row->platform,
                  load_hint(load, row->platform, maker->platform_words, load->n_platforms));
    load_check_defaults(load, load_at(load, node, "defaults"), row->defaults, false);
    const yaml_node_t *topics = load_at(load, node, "topics");
    for (size_t i = 0; load->r == 0 && i < row->n_topics; i++)
        read_topic(maker, &context, load_item(load, topics, i), &row->topics[i]);
    if (load->r == 0)
        add_dead_letter(maker, &context);
}

static int by_name(const void *left, const void *right)
{
    const struct made *a = left, *b = right;
    int names = strcmp(a->topic.name, b->topic.name);

    return names != 0 ? names : a->order < b->order ? -1 : a->order > b->order;
}

static void take_sorted(struct maker *maker)
{
    struct load *load = maker->load;

    qsort(maker->made, maker->n_made, sizeof(*maker->made), by_name);
    load->topics = load_array(load, maker->n_made, sizeof(*load->topics));
    load->topic_nodes =
        mr_arena_array(load->scratch, maker->n_made + 1, sizeof(*load->topic_nodes));
    if (!load->topics || !load->topic_nodes) {
        load->r = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < maker->n_made; i++) {
        load->topics[i] = maker->made[i].topic;
        load->topic_nodes[i] = maker->made[i].node;
        if (i > 0 && strcmp(load->topics[i].name, load->topics[i - 1].name) == 0 &&
            !load->topics[i].dead_letter)
            load_note(load, load_at(load, load->topic_nodes[i], "topic"),
                      "topic '%s' is defined twice, first in line %zu", load->topics[i].name,
                      load->topic_nodes[i - 1]->start_mark.line + 1);
    }
    load->n_topics = maker->n_made;
}

void load_topics(struct load *load)
{
    const struct row_file *file = load->file;
    struct maker maker = {.load = load};
    size_t n_topics = file->n_services;

    for (size_t i = 0; i < file->n_services; i++)
        n_topics += file->services[i].n_topics;
    maker.made = mr_arena_array(load->scratch, n_topics + 1, sizeof(*maker.made));
    maker.service_words = mr_arena_array(load->scratch, file->n_services + 1, sizeof(const char *));
    maker.platform_words =
        mr_arena_array(load->scratch, load->n_platforms + 1, sizeof(const char *));
    if (!maker.made || !maker.service_words || !maker.platform_words) {
        load->r = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < file->n_services; i++)
        maker.service_words[i] = file->services[i].name;
    for (size_t i = 0; i < load->n_platforms; i++)
        maker.platform_words[i] = load->platforms[i].name;
    load_check_defaults(load, load_at(load, load_root(load), "defaults"), file->defaults, true);
    for (size_t i = 0; load->r == 0 && i < file->n_services; i++)
        read_service(&maker, i);
    if (load->r == 0)
        take_sorted(&maker);
}
