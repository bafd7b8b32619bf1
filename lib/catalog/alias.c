/* SPDX-License-Identifier: Apache-2.0 */
/* All names of all events, sorted: how a producer finds the topic of what it reads. Within a
 * service a name must mean one event, and in C every topic one symbol. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

static int by_word(const void *left, const void *right)
{
    const struct mr_alias *a = left, *b = right;
    int words = strcmp(a->word, b->word);

    return words != 0 ? words : strcmp(a->topic->name, b->topic->name);
}

static bool same_event(const struct mr_topic *a, const struct mr_topic *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->domain, b->domain) == 0 &&
           strcmp(a->action, b->action) == 0;
}

/* Aliases i and i+k with one word: those of one service must be majors of one event. */
static void check_clash(struct load *load, const struct mr_alias *alias,
                        const struct mr_alias *other)
{
    const struct mr_topic *topic = alias->topic;

    if (strcmp(topic->service, other->topic->service) != 0 || same_event(topic, other->topic))
        return;
    const yaml_node_t *node = load->topic_nodes[topic - load->topics];
    const yaml_node_t *at =
        load_at(load, node, strcmp(alias->word, topic->event) == 0 ? "event" : "types");
    load_note(load, at,
              "'%.100s' is also a name of topic '%s': a service's events need names of their own",
              alias->word, other->topic->name);
}

static void add_words(struct mr_alias *aliases, size_t *n, const struct mr_topic *topic)
{
    size_t first = *n;

    aliases[(*n)++] = (struct mr_alias){topic->name, topic};
    if (topic->dead_letter)
        return;
    aliases[(*n)++] = (struct mr_alias){topic->event, topic};
    for (size_t i = 0; i < topic->n_types; i++) {
        bool known = false;
        for (size_t j = first; j < *n && !known; j++)
            known = strcmp(aliases[j].word, topic->types[i]) == 0;
        if (!known)
            aliases[(*n)++] = (struct mr_alias){topic->types[i], topic};
    }
}

struct symbol {
    const char *id;
    size_t topic;
};

static int by_id(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;
    int ids = strcmp(a->id, b->id);

    return ids != 0 ? ids : a->topic < b->topic ? -1 : a->topic > b->topic;
}

static void check_symbols(struct load *load)
{
    struct symbol *symbols = mr_arena_array(load->scratch, load->n_topics + 1, sizeof(*symbols));

    for (size_t i = 0; symbols && i < load->n_topics; i++) {
        char *id = mr_arena_dup(load->scratch, load->topics[i].name, strlen(load->topics[i].name));
        for (char *p = id; p && *p; p++)
            if (*p == '.' || *p == '-')
                *p = '_';
        if (!id)
            load->r = -ENOMEM;
        symbols[i] = (struct symbol){id, i};
    }
    if (!symbols)
        load->r = -ENOMEM;
    if (load->r != 0)
        return;
    qsort(symbols, load->n_topics, sizeof(*symbols), by_id);
    for (size_t i = 1; i < load->n_topics; i++) {
        const char *name = load->topics[symbols[i].topic].name;
        const char *other = load->topics[symbols[i - 1].topic].name;
        if (strcmp(symbols[i].id, symbols[i - 1].id) == 0 && strcmp(name, other) != 0)
            load_note(load, load->topic_nodes[symbols[i].topic],
                      "topic '%s' and topic '%s' would both be topic_%s in C: rename one", name,
                      other, symbols[i].id);
    }
}

void load_aliases(struct load *load, struct mr_catalog *catalog)
{
    size_t n_most = 0, n = 0;

    for (size_t i = 0; i < load->n_topics; i++)
        n_most += load->topics[i].n_types + 2;
    struct mr_alias *aliases = load_array(load, n_most, sizeof(*aliases));
    for (size_t i = 0; aliases && i < load->n_topics; i++)
        add_words(aliases, &n, &load->topics[i]);
    if (load->r != 0)
        return;
    qsort(aliases, n, sizeof(*aliases), by_word);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j > 0 && strcmp(aliases[j - 1].word, aliases[i].word) == 0; j--)
            if (!aliases[i].topic->dead_letter && !aliases[j - 1].topic->dead_letter)
                check_clash(load, &aliases[i], &aliases[j - 1]);
    catalog->aliases = aliases;
    catalog->n_aliases = n;
    check_symbols(load);
}
