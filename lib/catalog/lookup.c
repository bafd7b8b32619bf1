/* SPDX-License-Identifier: Apache-2.0 */
/* Finding things in a catalogue, built in or loaded. */
#include <stdio.h>
#include <string.h>

#include "millrace/catalog.h"
#include "millrace/sorted.h"

const char *mr_envelope_field_name(enum mr_envelope_field field)
{
    static const char *const names[MR_ENVELOPE_N_FIELDS] = {
        "event_id",       "event_type",   "event_version",  "timestamp",
        "correlation_id", "causation_id", "source_service", "user_id",
        "session_id",     "metadata",     "data",
    };

    return (size_t)field < MR_N_ELEMENTS(names) ? names[field] : "?";
}

static int compare(struct mr_str word, const char *name)
{
    size_t len = strlen(name);
    size_t both = word.len < len ? word.len : len;
    int order = both ? memcmp(word.data, name, both) : 0;

    return order != 0 ? order : word.len < len ? -1 : word.len > len;
}

/* Every array of a catalogue is sorted by a name that is reached from its item. */
struct wanted {
    struct mr_str word;
    const char *(*name_of)(const void *item);
};

static int compare_item(const void *key, const void *item)
{
    const struct wanted *wanted = key;

    return compare(wanted->word, wanted->name_of(item));
}

static size_t lower_bound(const void *items, size_t n_items, size_t size,
                          const char *(*name_of)(const void *item), struct mr_str word)
{
    return mr_lower_bound(&(struct wanted){word, name_of}, items, n_items, size, compare_item);
}

static const void *find(const void *items, size_t n_items, size_t size,
                        const char *(*name_of)(const void *item), struct mr_str word)
{
    size_t i = lower_bound(items, n_items, size, name_of, word);
    const void *item = i < n_items ? (const char *)items + i * size : NULL;

    return item && compare(word, name_of(item)) == 0 ? item : NULL;
}

static const char *topic_name(const void *item)
{
    return ((const struct mr_topic *)item)->name;
}

static const char *group_name(const void *item)
{
    return ((const struct mr_consumer_group *)item)->name;
}

static const char *service_name(const void *item)
{
    return ((const struct mr_service *)item)->name;
}

static const char *alias_word(const void *item)
{
    return ((const struct mr_alias *)item)->word;
}

const struct mr_topic *mr_catalog_topic(const struct mr_catalog *catalog, struct mr_str name)
{
    return find(catalog->topics, catalog->n_topics, sizeof(*catalog->topics), topic_name, name);
}

const struct mr_consumer_group *mr_catalog_group(const struct mr_catalog *catalog,
                                                 struct mr_str name)
{
    return find(catalog->groups, catalog->n_groups, sizeof(*catalog->groups), group_name, name);
}

const struct mr_service *mr_catalog_service(const struct mr_catalog *catalog, struct mr_str name)
{
    return find(catalog->services, catalog->n_services, sizeof(*catalog->services), service_name,
                name);
}

const struct mr_platform *mr_catalog_platform(const struct mr_catalog *catalog, struct mr_str name)
{
    for (size_t i = 0; i < catalog->n_platforms; i++)
        if (mr_str_is(name, catalog->platforms[i].name))
            return &catalog->platforms[i];
    return NULL;
}

static bool same_event(const struct mr_topic *a, const struct mr_topic *b)
{
    return a->domain && b->domain && strcmp(a->service, b->service) == 0 &&
           strcmp(a->domain, b->domain) == 0 && strcmp(a->action, b->action) == 0;
}

const struct mr_topic *mr_catalog_event(const struct mr_catalog *catalog, const char *service,
                                        struct mr_str type)
{
    const struct mr_topic *best = NULL;
    size_t i = lower_bound(catalog->aliases, catalog->n_aliases, sizeof(*catalog->aliases),
                           alias_word, type);

    for (; i < catalog->n_aliases && compare(type, catalog->aliases[i].word) == 0; i++) {
        const struct mr_topic *topic = catalog->aliases[i].topic;
        if (topic->dead_letter || (service && strcmp(service, topic->service) != 0))
            continue;
        if (best && !same_event(best, topic))
            return NULL;
        if (!best || topic->major > best->major)
            best = topic;
    }
    return best;
}

const struct mr_topic *mr_catalog_major(const struct mr_catalog *catalog,
                                        const struct mr_topic *topic, int32_t major)
{
    for (size_t i = 0; i < catalog->n_topics; i++)
        if (catalog->topics[i].major == major && same_event(&catalog->topics[i], topic))
            return &catalog->topics[i];
    return NULL;
}

const char *mr_topic_version(const struct mr_topic *topic, char out[MR_TOPIC_VERSION])
{
    (void)snprintf(out, MR_TOPIC_VERSION, "%d.0%s", (int)topic->major,
                   topic->platform->version_parts == 3 ? ".0" : "");
    return out;
}

/* mr_nearest() over names that do not stand in one array: keeps the nearer of two. */
static const char *nearer(const char *word, const char *best, const char *next)
{
    const char *const both[] = {best, next};

    return best ? mr_nearest(word, both, 2) : mr_nearest(word, &next, 1);
}

const char *mr_catalog_nearest_topic(const struct mr_catalog *catalog, const char *name)
{
    const char *best = NULL;

    for (size_t i = 0; i < catalog->n_topics; i++)
        best = nearer(name, best, catalog->topics[i].name);
    return best;
}

const char *mr_catalog_nearest_event(const struct mr_catalog *catalog, const char *service,
                                     const char *type)
{
    const char *best = NULL;

    for (size_t i = 0; i < catalog->n_aliases; i++) {
        const struct mr_alias *alias = &catalog->aliases[i];
        if (!alias->topic->dead_letter && (!service || strcmp(service, alias->topic->service) == 0))
            best = nearer(type, best, alias->word);
    }
    return best;
}

const char *mr_catalog_nearest_service(const struct mr_catalog *catalog, const char *name)
{
    const char *best = NULL;

    for (size_t i = 0; i < catalog->n_services; i++)
        best = nearer(name, best, catalog->services[i].name);
    return best;
}
