/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the command line to schema texts. */
#include "schema_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "millrace/schema.h"

static const char ending[] = ".avsc";

void schema_files_done(struct schema_files *files)
{
    for (size_t i = 0; i < files->n_items; i++)
        mr_buf_done(&files->items[i].read);
    free(files->items);
}

static bool is_schema(const char *path)
{
    size_t len = strlen(path), tail = sizeof(ending) - 1;

    return len > tail && strcmp(path + len - tail, ending) == 0;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The newest file of a topic wins: a word may name what another covers. */
static int add(struct schema_files *files, const struct schema_file *file)
{
    for (size_t i = 0; i < files->n_items; i++) {
        if (files->items[i].topic != file->topic)
            continue;
        mr_buf_done(&files->items[i].read);
        files->items[i] = *file;
        return 0;
    }
    struct schema_file *items = realloc(files->items, (files->n_items + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    files->items = items;
    items[files->n_items++] = *file;
    return 0;
}

/* ".../<service>/<name>.avsc": the topic's name, or MR_INVALID. */
static int topic_of(const struct choose *choose, const char *path,
                    const struct mr_topic **ret_topic, struct mr_error *reterr)
{
    char name[512];
    const char *slash = strrchr(path, '/');
    const char *service = slash;

    while (service && service > path && service[-1] != '/')
        service--;
    if (!service || service == slash)
        return mr_error_set(reterr, MR_INVALID,
                            "'%s': the path must end with SERVICE/NAME.avsc, "
                            "which is the topic's name",
                            path);
    (void)snprintf(name, sizeof(name), "%.*s.%.*s", (int)(slash - service), service,
                   (int)(strlen(slash + 1) - (sizeof(ending) - 1)), slash + 1);
    *ret_topic = mr_catalog_topic(choose->catalog, mr_str_from(name));
    if (*ret_topic)
        return 0;
    const char *near = mr_catalog_nearest_topic(choose->catalog, name);
    return mr_error_set(reterr, MR_INVALID,
                        "'%s': topic '%s' is not in topics.yaml, so its level is "
                        "not known%s%s%s",
                        path, name, near ? ": did you mean '" : "", near ? near : "",
                        near ? "'?" : "");
}

static int add_path(const struct choose *choose, const char *path, struct schema_files *files,
                    struct mr_error *reterr)
{
    struct schema_file file = {.read = {.max = MR_SCHEMA_MAX_BYTES}};
    int r = topic_of(choose, path, &file.topic, reterr);

    if (r != 0)
        return r;
    r = mr_buf_read_file(&file.read, path);
    if (r != 0)
        r = mr_error_set(reterr, r, "cannot read '%s': %s", path, strerror(-r));
    file.text = (struct mr_str){(const char *)file.read.data, file.read.len};
    if (r == 0)
        r = add(files, &file);
    if (r != 0)
        mr_buf_done(&file.read);
    return r;
}

/* Found in a folder, not named: a pipe there would be waited for. */
static int add_found(const struct choose *choose, const char *path, struct schema_files *files,
                     struct mr_error *reterr)
{
    struct stat status;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return mr_error_set(reterr, MR_INVALID, "'%s' is not a file: remove it", path);
    return add_path(choose, path, files, reterr);
}

/* Two levels: FOLDER/SERVICE/NAME.avsc, or the SERVICE folder itself. */
static int add_folder(const struct choose *choose, const char *folder, int depth,
                      struct schema_files *files, struct mr_error *reterr)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    int r =
        n < 0 ? mr_error_set(reterr, -errno, "cannot read '%s': %s", folder, strerror(errno)) : 0;

    for (int i = 0; i < n; i++) {
        char path[4096];
        int len = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        bool usable = r == 0 && entries[i]->d_name[0] != '.' && len < (int)sizeof(path);
        if (usable && is_schema(path))
            r = add_found(choose, path, files, reterr);
        else if (usable && depth == 0 && is_folder(path))
            r = add_folder(choose, path, depth + 1, files, reterr);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return r;
}

static int add_chosen(const struct choose *choose, char *const *words, size_t n_words,
                      struct schema_files *files, struct mr_error *reterr)
{
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    size_t n = 0;
    int r = choose_topics(choose, words, n_words, true, &topics, &n, reterr);

    for (size_t i = 0; i < n && r == 0; i++) {
        const struct schema_file file = {.topic = topics[i],
                                         .text = {topics[i]->schema_text, topics[i]->schema_len}};
        r = add(files, &file);
    }
    return r;
}

static int by_topic(const void *a, const void *b)
{
    const struct schema_file *left = a, *right = b;

    return strcmp(left->topic->name, right->topic->name);
}

int schema_files_open(const struct choose *choose, char *const *words, size_t n_words,
                      struct schema_files *ret_files, struct mr_error *reterr)
{
    MR_AUTO(schema_files) struct schema_files files = {0};
    int r = n_words == 0 ? add_chosen(choose, words, 0, &files, reterr) : 0;

    for (size_t i = 0; i < n_words && r == 0; i++) {
        if (is_folder(words[i]))
            r = add_folder(choose, words[i], 0, &files, reterr);
        else if (is_schema(words[i]))
            r = add_path(choose, words[i], &files, reterr);
        else
            r = add_chosen(choose, words + i, 1, &files, reterr);
    }
    if (r == 0 && files.n_items == 0)
        r = mr_error_set(reterr, MR_INVALID, "there is no schema to register");
    if (r != 0)
        return r;
    qsort(files.items, files.n_items, sizeof(*files.items), by_topic);
    *ret_files = files;
    files = (struct schema_files){0};
    return 0;
}
