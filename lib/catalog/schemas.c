/* SPDX-License-Identifier: Apache-2.0 */
/* Every topic has its schema file and every schema file its topic. The texts are read here; what is
 * in them is lib/avro's and the generator's to judge. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { MOST_FILES = 10000 };

static const char *scratch_text(struct load *load, const char *text)
{
    const char *copy = mr_arena_dup(load->scratch, text, strlen(text));

    if (!copy)
        load->r = -ENOMEM;
    return copy;
}

static int by_word(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int load_list(struct load *load, const char *path, const char ***ret_names, size_t *ret_n)
{
    const char **names = mr_arena_array(load->scratch, MOST_FILES, sizeof(*names));
    size_t n = 0;

    if (!names)
        return load->r = -ENOMEM;
    DIR *dir = opendir(path);
    if (!dir)
        return -errno;
    const struct dirent *entry;
    while (load->r == 0 && n < MOST_FILES && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            names[n++] = scratch_text(load, entry->d_name);
    (void)closedir(dir);
    if (load->r == 0)
        qsort(names, n, sizeof(*names), by_word);
    *ret_names = names;
    *ret_n = load->r == 0 ? n : 0;
    return load->r;
}

static const char *join(struct load *load, const char *folder, const char *name)
{
    const char *path = mr_arena_printf(load->scratch, "%s/%s", folder, name);

    if (!path)
        load->r = -ENOMEM;
    return path;
}

static void missing(struct load *load, const struct mr_topic *topic, const yaml_node_t *node)
{
    const char *folder = join(load, load->schema_dir, topic->service);
    const char *file = strchr(topic->schema_path, '/') + 1;
    const char **names = NULL;
    size_t n_names = 0;

    if (folder)
        (void)load_list(load, folder, &names, &n_names);
    if (load->r == 0)
        load_note(load, node, "topic '%s' has no schema: %s/%s is missing%s", topic->name,
                  load->schema_dir, topic->schema_path, load_hint(load, file, names, n_names));
}

static void read_schema(struct load *load, struct mr_topic *topic, const yaml_node_t *node)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_SCHEMA_MAX_BYTES};
    const char *path = join(load, load->schema_dir, topic->schema_path);
    int r = path ? mr_buf_read_file(&text, path) : -ENOMEM;

    if (r == -ENOENT || r == -ENOTDIR) {
        missing(load, topic, node);
    } else if (r == -ENOMEM) {
        load->r = -ENOMEM;
    } else if (r != 0) {
        load_note_at(load, path, 1, 1, "cannot be read: %s", load_unread(r));
    } else {
        topic->schema_text = mr_arena_dup(load->arena, (const char *)text.data, text.len);
        topic->schema_len = text.len;
        if (!topic->schema_text)
            load->r = -ENOMEM;
    }
}

static bool has_topic(const struct load *load, const char *service, const char *file)
{
    for (size_t i = 0; i < load->n_topics; i++) {
        const char *path = load->topics[i].schema_path;
        size_t len = strlen(service);
        if (path && strncmp(path, service, len) == 0 && path[len] == '/' &&
            strcmp(path + len + 1, file) == 0)
            return true;
    }
    return false;
}

static void find_orphans(struct load *load, const char *service)
{
    const char *folder = join(load, load->schema_dir, service);
    const char **files = NULL;
    size_t n_files = 0;

    if (!folder || load_list(load, folder, &files, &n_files) != 0)
        return; /* not a folder: a README may stand beside them */
    for (size_t i = 0; load->r == 0 && i < n_files; i++) {
        const char *suffix = strrchr(files[i], '.');
        if (suffix && strcmp(suffix, ".avsc") == 0 && !has_topic(load, service, files[i]))
            load_note_at(load, join(load, folder, files[i]), 1, 1,
                         "no topic of %s has this schema: add one, or remove the file", load->path);
    }
}

void load_schemas(struct load *load)
{
    const char **services = NULL;
    size_t n_services = 0;
    int r = load_list(load, load->schema_dir, &services, &n_services);

    if (r != 0) {
        if (load->r == 0)
            load_note_at(load, load->schema_dir, 1, 1, "the schemas cannot be read: %s",
                         strerror(-r));
        return;
    }
    for (size_t i = 0; load->r == 0 && i < load->n_topics; i++)
        if (!load->topics[i].dead_letter)
            read_schema(load, &load->topics[i], load_at(load, load->topic_nodes[i], "topic"));
    for (size_t i = 0; load->r == 0 && !load->incomplete && i < n_services; i++)
        find_orphans(load, services[i]);
}
