/* SPDX-License-Identifier: Apache-2.0 */
/* Services and consumer groups, made from the sorted topics. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { ORDER_WAIT_MS = 500 }; /* where topics.yaml gives no other */

static bool consumes(const struct mr_topic *topic, const char *name)
{
    for (size_t i = 0; i < topic->n_consumers; i++)
        if (strcmp(topic->consumers[i], name) == 0)
            return true;
    return false;
}

static bool publishes(const struct mr_topic *topic, const char *name)
{
    return !topic->dead_letter && strcmp(topic->service, name) == 0;
}

/* Topics for which `fits` holds, in their order. */
static const struct mr_topic *const *
pick(struct load *load, const char *name,
     bool (*fits)(const struct mr_topic *topic, const char *name), size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < load->n_topics; i++)
        n += fits(&load->topics[i], name);
    const struct mr_topic **topics = load_array(load, n, sizeof(const void *));
    n = 0;
    for (size_t i = 0; topics && i < load->n_topics; i++)
        if (fits(&load->topics[i], name))
            topics[n++] = &load->topics[i];
    *ret_n = n;
    return topics;
}

/* Partitions of one number hold the same flows only where topics have equally many. */
static void check_order(struct load *load, const yaml_node_t *node,
                        const struct mr_consumer_group *group)
{
    const struct mr_topic *first = group->n_topics ? group->topics[0] : NULL;

    for (size_t i = 1; group->order.by_time && i < group->n_topics; i++)
        if (group->topics[i]->partitions != first->partitions) {
            load_note(load, load_at(load, node, "service"),
                      "consumer group '%s' is ordered by time, which needs topics of equally many "
                      "partitions: '%s' has %" PRId32 ", '%s' has %" PRId32,
                      group->name, first->name, first->partitions, group->topics[i]->name,
                      group->topics[i]->partitions);
            return;
        }
}

static void read_group(struct load *load, const yaml_node_t *node, const struct row_service *row,
                       const struct mr_service *service, struct mr_consumer_group *group)
{
    const struct row_defaults *layers[] = {load->file->defaults, NULL, row->defaults};

    for (size_t i = 0; i < load->n_platforms; i++)
        if (&load->platforms[i] == service->platform)
            layers[1] = load->file->platforms[i].defaults;
    group->order.wait_ms = ORDER_WAIT_MS;
    for (size_t i = 0; i < MR_N_ELEMENTS(layers); i++) {
        load_merge_retry(&group->retry, layers[i] ? layers[i]->retry : NULL);
        load_merge_order(&group->order, layers[i] ? layers[i]->order : NULL);
    }
    if (group->retry.max_ms < group->retry.initial_ms)
        load_note(
            load, load_at(load, node, "service"),
            "consumer group '%s' would wait %lldms at first but %lldms at most: raise 'max' or "
            "lower 'initial' in 'retry'",
            service->name, (long long)group->retry.initial_ms, (long long)group->retry.max_ms);
    group->name = service->name;
    group->platform = service->platform;
    group->dead_letter_topic = service->dead_letter ? service->dead_letter->name : NULL;
    check_order(load, node, group);
    load_filters(load, node, row, group);
}

static void check_idle(struct load *load, const yaml_node_t *node, const struct row_service *row)
{
    if (row->filter)
        load_note(load, load_at(load, node, "filter"),
                  "service '%s' has a filter, but no topic names it as a consumer", row->name);
    if (row->defaults && row->defaults->order)
        load_note(load, load_at(load, load_at(load, node, "defaults"), "order"),
                  "service '%s' has an order, but no topic names it as a consumer", row->name);
    if (row->defaults && row->defaults->retry)
        load_note(load, load_at(load, load_at(load, node, "defaults"), "retry"),
                  "service '%s' has retry rules, but no topic names it as a consumer", row->name);
}

static void read_service(struct load *load, size_t index, struct mr_service *service,
                         struct mr_consumer_group *groups, size_t *n_groups)
{
    const struct row_service *row = &load->file->services[index];
    const yaml_node_t *node = load_item(load, load_at(load, load_root(load), "services"), index);

    service->name = load_text(load, row->name);
    for (size_t i = 0; i < load->n_platforms; i++)
        if (strcmp(load->platforms[i].name, row->platform) == 0)
            service->platform = &load->platforms[i];
    for (size_t i = 0; i < load->n_topics; i++)
        if (load->topics[i].dead_letter && strcmp(load->topics[i].service, row->name) == 0)
            service->dead_letter = &load->topics[i];
    service->topics = pick(load, row->name, publishes, &service->n_topics);
    size_t n_consumed;
    const struct mr_topic *const *consumed = pick(load, row->name, consumes, &n_consumed);
    if (load->r != 0)
        return;
    if (n_consumed == 0) {
        if (!load->incomplete)
            check_idle(load, node, row);
        return;
    }
    struct mr_consumer_group *group = &groups[(*n_groups)++];
    group->topics = consumed;
    group->n_topics = n_consumed;
    read_group(load, node, row, service, group);
}

static int by_service(const void *left, const void *right)
{
    return strcmp(((const struct mr_service *)left)->name,
                  ((const struct mr_service *)right)->name);
}

static int by_group(const void *left, const void *right)
{
    return strcmp(((const struct mr_consumer_group *)left)->name,
                  ((const struct mr_consumer_group *)right)->name);
}

void load_services(struct load *load, struct mr_catalog *catalog)
{
    size_t n_services = load->file->n_services, n_groups = 0;
    struct mr_service *services = load_array(load, n_services, sizeof(*services));
    struct mr_consumer_group *groups = load_array(load, n_services, sizeof(*groups));

    for (size_t i = 0; services && groups && load->r == 0 && i < n_services; i++)
        read_service(load, i, &services[i], groups, &n_groups);
    if (load->r != 0)
        return;
    qsort(services, n_services, sizeof(*services), by_service);
    qsort(groups, n_groups, sizeof(*groups), by_group);
    for (size_t i = 0; i < n_groups; i++)
        for (size_t j = 0; j < n_services; j++)
            if (strcmp(services[j].name, groups[i].name) == 0)
                services[j].group = &groups[i];
    catalog->platforms = load->platforms;
    catalog->n_platforms = load->n_platforms;
    catalog->topics = load->topics;
    catalog->n_topics = load->n_topics;
    catalog->services = services;
    catalog->n_services = n_services;
    catalog->groups = groups;
    catalog->n_groups = n_groups;
}
