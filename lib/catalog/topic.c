/* SPDX-License-Identifier: Apache-2.0 */
/* `services:` and the topics below them, each with the settings that hold for it; one dead-letter
 * topic for each service. */
#include "topic.h"

#include <stdlib.h>
#include <string.h>

/* A topic with where it stands, until all are sorted. */
struct made {
    struct mr_topic topic;
    const yaml_node_t *node;
    const struct row_topic *row; /* NULL: dead letters */
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

    if (!topic_parse_name(load, load_at(load, node, "topic"), row->name, &parsed)) {
        load->incomplete = true;
        return;
    }
    struct mr_topic *topic = add_topic(maker, context, node, row->name);
    maker->made[maker->n_made - 1].row = row;
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
    topic_read_row(load, maker->service_words, node, row, topic);
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
    if (topic_listed(row->name, maker->service_words, index))
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
    load->topic_rows = mr_arena_array(load->scratch, maker->n_made + 1, sizeof(*load->topic_rows));
    if (!load->topics || !load->topic_nodes || !load->topic_rows) {
        load->r = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < maker->n_made; i++) {
        load->topics[i] = maker->made[i].topic;
        load->topic_nodes[i] = maker->made[i].node;
        load->topic_rows[i] = maker->made[i].row;
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
