/* SPDX-License-Identifier: Apache-2.0 */
/* Major versions of one event: which older ones its consumers take too, which others its producer
 * writes beside it, and the mapping files on the way. What is in those is lib/upcast's to judge. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Hops of a way, before they are as many as they will be. */
struct path {
    struct mr_topic_hop hops[MR_CATALOG_MAX_HOPS];
    size_t n;
};

static const char *mapping_path(struct load *load, const struct mr_topic *from,
                                const struct mr_topic *to)
{
    const char *path = mr_arena_printf(load->scratch, "%s/%s.%s.v%d.from-v%d.yaml", to->service,
                                       to->domain, to->action, (int)to->major, (int)from->major);

    if (!path)
        load->r = -ENOMEM;
    return path;
}

/* The hop by the file from `from` to `to`, turned round when it is taken backwards. False: there
 * is no such file, or it was noted. */
static bool read_hop(struct load *load, const struct mr_topic *from, const struct mr_topic *to,
                     bool reverse, struct path *path)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_CATALOG_MAX_MAPPING};
    const char *name = reverse ? mapping_path(load, to, from) : mapping_path(load, from, to);
    const char *file =
        name ? mr_arena_printf(load->scratch, "%s/%s", load->schema_dir, name) : NULL;
    int r = file ? mr_buf_read_file(&text, file) : -ENOMEM;

    if (r == -ENOENT || r == -ENOTDIR)
        return false;
    if (r != 0 || path->n == MR_CATALOG_MAX_HOPS) {
        if (r == -ENOMEM)
            load->r = r;
        else
            load_note_at(load, file, 1, 1, "cannot be read: %s",
                         r == 0 ? "too many files on the way" : strerror(-r));
        return false;
    }
    struct mr_topic_hop *hop = &path->hops[path->n++];
    *hop = (struct mr_topic_hop){.from = from, .to = to, .reverse = reverse, .len = text.len};
    hop->path = load_text(load, name);
    hop->text = mr_arena_dup(load->arena, (const char *)text.data, text.len);
    if (!hop->text)
        load->r = -ENOMEM;
    return true;
}

static bool same_event(const struct mr_topic *a, const struct mr_topic *b)
{
    return a->domain && b->domain && strcmp(a->service, b->service) == 0 &&
           strcmp(a->domain, b->domain) == 0 && strcmp(a->action, b->action) == 0;
}

static const struct mr_topic *major_of(const struct load *load, const struct mr_topic *topic,
                                       int32_t major)
{
    for (size_t i = 0; i < load->n_topics; i++)
        if (load->topics[i].major == major && same_event(&load->topics[i], topic))
            return &load->topics[i];
    return NULL;
}

/* The major after `at` on the way to `to`. */
static const struct mr_topic *next_major(const struct load *load, const struct mr_topic *at,
                                         const struct mr_topic *to)
{
    const struct mr_topic *best = to;
    bool up = to->major > at->major;

    for (size_t i = 0; i < load->n_topics; i++) {
        const struct mr_topic *topic = &load->topics[i];
        if (same_event(topic, at) && (up ? topic->major > at->major && topic->major < best->major
                                         : topic->major < at->major && topic->major > best->major))
            best = topic;
    }
    return best;
}

/* A file of its own before one that is turned round; straight on before step by step. */
static bool hop_to(struct load *load, const struct mr_topic *at, const struct mr_topic *to,
                   struct path *path)
{
    return read_hop(load, at, to, false, path) ||
           (load->r == 0 && to->major < at->major && read_hop(load, at, to, true, path));
}

static bool find_way(struct load *load, const yaml_node_t *node, const struct mr_topic *from,
                     const struct mr_topic *to, struct mr_topic_way *way)
{
    struct path path = {.n = 0};

    for (const struct mr_topic *at = from; at != to && load->r == 0;) {
        const struct mr_topic *next = next_major(load, at, to);
        if (hop_to(load, at, to, &path)) {
            at = to;
        } else if (next != to && hop_to(load, at, next, &path)) {
            at = next;
        } else {
            const char *file = load->r == 0 ? mapping_path(load, at, next) : NULL;
            if (file)
                load_note(load, node, "there is no mapping from '%s' to '%s': %s/%s is missing",
                          at->name, next->name, load->schema_dir, file);
            return false;
        }
    }
    struct mr_topic_hop *hops = load_array(load, path.n, sizeof(*hops));
    if (hops)
        memcpy(hops, path.hops, path.n * sizeof(*hops));
    *way = (struct mr_topic_way){from, to, hops, path.n};
    return hops != NULL;
}

/* "v1" of a topic; NULL after a note. */
static const struct mr_topic *read_major(struct load *load, const yaml_node_t *node,
                                         const struct mr_topic *topic, const char *key,
                                         const char *word)
{
    char *end = NULL;
    long major =
        word[0] == 'v' && word[1] >= '1' && word[1] <= '9' ? strtol(word + 1, &end, 10) : 0;
    const struct mr_topic *other = NULL;

    if (!end || *end || major > INT16_MAX)
        load_note(load, node, "'%s' takes major versions such as v1, not '%.100s'", key, word);
    else if (!(other = major_of(load, topic, (int32_t)major)))
        load_note(load, node, "'%s' names v%ld, but topics.yaml has no topic %s.%s.%s.v%ld", key,
                  major, topic->service, topic->domain, topic->action, major);
    else if (other == topic)
        load_note(load, node, "'%s' names the topic itself", key);
    else if (strcmp(key, "upcast") == 0 && other->major > topic->major)
        load_note(load, node, "'upcast' names v%ld, which is younger than v%d", major,
                  (int)topic->major);
    else
        return other;
    return NULL;
}

static void read_ways(struct load *load, size_t index, const char *key, char *const *words,
                      size_t n_words, const struct mr_topic_way **ret_ways, size_t *ret_n)
{
    const struct mr_topic *topic = &load->topics[index];
    const yaml_node_t *list = load_at(load, load->topic_nodes[index], key);
    struct mr_topic_way *ways = load_array(load, n_words, sizeof(*ways));
    bool up = strcmp(key, "upcast") == 0;
    size_t n = 0;

    for (size_t i = 0; ways && i < n_words && load->r == 0; i++) {
        const yaml_node_t *node = load_item(load, list, i);
        const struct mr_topic *other = read_major(load, node, topic, key, words[i]);
        for (size_t k = 0; other && k < n; k++)
            if ((up ? ways[k].from : ways[k].to) == other) {
                load_note(load, node, "'%s' stands here twice", words[i]);
                other = NULL;
            }
        if (other && find_way(load, node, up ? other : topic, up ? topic : other, &ways[n]))
            n++;
    }
    *ret_ways = ways;
    *ret_n = n;
}

/* ---- files that nobody takes ---- */

static bool ways_take(const struct mr_topic_way *ways, size_t n_ways, const char *service,
                      const char *file)
{
    size_t len = strlen(service);

    for (size_t i = 0; i < n_ways; i++)
        for (size_t k = 0; k < ways[i].n_hops; k++) {
            const char *path = ways[i].hops[k].path;
            if (strncmp(path, service, len) == 0 && path[len] == '/' &&
                strcmp(path + len + 1, file) == 0)
                return true;
        }
    return false;
}

static bool is_taken(const struct load *load, const char *service, const char *file)
{
    for (size_t i = 0; i < load->n_topics; i++)
        if (ways_take(load->topics[i].upcasts, load->topics[i].n_upcasts, service, file) ||
            ways_take(load->topics[i].also, load->topics[i].n_also, service, file))
            return true;
    return false;
}

static void find_orphans(struct load *load, const char *service)
{
    const char *folder = mr_arena_printf(load->scratch, "%s/%s", load->schema_dir, service);
    const char **files = NULL;
    size_t n_files = 0;

    if (!folder || load_list(load, folder, &files, &n_files) != 0)
        return;
    for (size_t i = 0; load->r == 0 && i < n_files; i++) {
        const char *suffix = strrchr(files[i], '.');
        if (suffix && strcmp(suffix, ".yaml") == 0 && !is_taken(load, service, files[i]))
            load_note_at(load, mr_arena_printf(load->scratch, "%s/%s", folder, files[i]), 1, 1,
                         "no topic of %s takes this mapping: name it under 'upcast' or 'also', or "
                         "remove the file",
                         load->path);
    }
}

void load_majors(struct load *load)
{
    size_t before = load->n_findings;

    for (size_t i = 0; i < load->n_topics && load->r == 0; i++) {
        const struct row_topic *row = load->topic_rows[i];
        struct mr_topic *topic = &load->topics[i];
        if (row && row->n_upcast > 0)
            read_ways(load, i, "upcast", row->upcast, row->n_upcast, &topic->upcasts,
                      &topic->n_upcasts);
        if (row && row->n_also > 0)
            read_ways(load, i, "also", row->also, row->n_also, &topic->also, &topic->n_also);
    }
    for (size_t i = 0; i < load->file->n_services && load->r == 0; i++)
        if (!load->incomplete && load->n_findings == before)
            find_orphans(load, load->file->services[i].name);
}
