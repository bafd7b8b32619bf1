/* SPDX-License-Identifier: Apache-2.0 */
/* A state of the schemas from a folder: a project, or schemas/avro/ by itself. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

enum { PATH_CAP = 4096 };

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int add_file(struct tree_build *build, const char *path, const char *shown,
                    const char *topic, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_SCHEMA_MAX_BYTES + 1};
    struct stat status;

    if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode)) /* nobody may ever write to it */
        return mr_error_set(reterr, MR_INVALID, "cannot read '%s': it is a pipe, not a file", path);
    int r = mr_buf_read_file(&text, path);
    if (r != 0)
        return mr_error_set(reterr, r, "cannot read '%s': %s", path, strerror(-r));
    const struct mr_version version = {.topic = topic,
                                       .file = shown,
                                       .label = build->tree->label,
                                       .text = {(const char *)text.data, text.len}};
    return tree_add(build, &version, reterr);
}

/* below: "" or "<service>". */
static int add_below(struct tree_build *build, const char *root, const char *shown,
                     const char *below, struct mr_error *reterr)
{
    char path[PATH_CAP], file[PATH_CAP], name[512];
    struct dirent **entries;

    (void)snprintf(path, sizeof(path), "%s%s%s", root, *below ? "/" : "", below);
    int n = scandir(path, &entries, NULL, alphasort);
    int r = n < 0 ? mr_error_set(reterr, -errno, "cannot read '%s': %s", path, strerror(errno)) : 0;
    for (int i = 0; i < n; i++) {
        const char *entry = entries[i]->d_name;
        int len = snprintf(name, sizeof(name), "%s%s%s", below, *below ? "/" : "", entry);
        int full = snprintf(path, sizeof(path), "%s/%s", root, name);
        int told = snprintf(file, sizeof(file), "%s%s%s", shown, *shown ? "/" : "", name);
        bool fits = len < (int)sizeof(name) && full < PATH_CAP && told < PATH_CAP;
        const char *topic = *below && r == 0 ? tree_topic(build, name) : NULL;
        if (r == 0 && entry[0] != '.' && fits && topic)
            r = add_file(build, path, file, topic, reterr);
        else if (r == 0 && entry[0] != '.' && fits && !*below && is_folder(path))
            r = add_below(build, root, shown, entry, reterr);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return r;
}

/* "PATH:1:2: ..." with the path as it is shown. */
static const char *mistakes(struct tree_build *build, struct mr_buf *report, const char *path,
                            const char *shown)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    size_t len = strlen(path);
    int r = 0;

    for (const char *line = mr_buf_cstr(report); r == 0 && line && *line;) {
        size_t n = strcspn(line, "\n");
        bool ours = strncmp(line, path, len) == 0 && line[len] == ':';
        r = mr_buf_printf(&out, "%s%.*s\n", ours ? shown : "", (int)(n - (ours ? len : 0)),
                          line + (ours ? len : 0));
        line += n + (line[n] == '\n');
    }
    return r == 0 ? mr_arena_dup(build->tree->arena, (const char *)out.data, out.len) : NULL;
}

static int read_topics(struct tree_build *build, const char *schemas, const char *topics,
                       const char *shown, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_CATALOG_MAX_BYTES};
    struct mr_tree *tree = build->tree;
    int r = mr_catalog_load(topics, schemas, &tree->loaded, &report);

    if (r < 0)
        return mr_error_set(reterr, r, "cannot read '%s': %s", topics, strerror(-r));
    tree->catalog = tree->loaded;
    tree->topics_file = mr_arena_dup(tree->arena, shown, strlen(shown));
    tree->mistakes = r > 0 ? mistakes(build, &report, topics, shown) : NULL;
    if (!tree->topics_file || (r > 0 && !tree->mistakes))
        return -ENOMEM;
    if (mr_buf_read_file(&text, topics) == 0) /* else mistakes has it */
        tree->topics_text =
            (struct mr_str){mr_arena_dup(tree->arena, (const char *)text.data, text.len), text.len};
    return text.len == 0 || tree->topics_text.data ? 0 : -ENOMEM;
}

int tree_read(struct tree_build *build, const char *schemas, const char *shown_schemas,
              const char *topics, const char *shown_topics, struct mr_error *reterr)
{
    int r = is_folder(schemas)
                ? add_below(build, schemas, shown_schemas, "", reterr)
                : mr_error_set(reterr, MR_ABSENT, "there is no folder '%s'", schemas);

    if (r == 0 && build->tree->n_versions == 0)
        r = mr_error_set(reterr, MR_ABSENT, "no schema in '%s': they are SERVICE/NAME.avsc there",
                         schemas);
    return r == 0 && topics ? read_topics(build, schemas, topics, shown_topics, reterr) : r;
}

/* Where the two are, below a project or around a folder of schemas. */
static void paths(const char *folder, char schemas[PATH_CAP], char topics[PATH_CAP])
{
    static const char place[] = "schemas/avro";
    const char *root = strcmp(folder, ".") == 0 ? "" : folder;
    const char *slash = *root && root[strlen(root) - 1] != '/' ? "/" : "";

    (void)snprintf(schemas, PATH_CAP, "%s%s%s", root, slash, place);
    (void)snprintf(topics, PATH_CAP, "%s%stopics.yaml", root, slash);
    if (is_folder(schemas))
        return;
    size_t len = strlen(folder), tail = sizeof(place) - 1;
    while (len > 1 && folder[len - 1] == '/')
        len--;
    (void)snprintf(schemas, PATH_CAP, "%.*s", (int)len, folder);
    topics[0] = '\0';
    if (len >= tail && strncmp(folder + len - tail, place, tail) == 0)
        (void)snprintf(topics, PATH_CAP, "%.*stopics.yaml", (int)(len - tail), folder);
}

/* A state that has no topics.yaml tells where it would be. */
static int missing_topics(struct mr_tree *tree, const char *shown)
{
    if (!tree->topics_file && *shown)
        tree->topics_file = mr_arena_dup(tree->arena, shown, strlen(shown));
    return tree->topics_file || !*shown ? 0 : -ENOMEM;
}

int mr_tree_folder(const char *folder, const char *label, const char *shown,
                   struct mr_tree **ret_tree, struct mr_error *reterr)
{
    char schemas[PATH_CAP], topics[PATH_CAP], shown_schemas[PATH_CAP], shown_topics[PATH_CAP];
    struct tree_build build = {0};

    paths(folder, schemas, topics);
    paths(folder, shown_schemas, shown_topics);
    if (shown) {
        (void)snprintf(shown_schemas, PATH_CAP, "%sschemas/avro", shown);
        (void)snprintf(shown_topics, PATH_CAP, "%stopics.yaml", shown);
    }
    int r = tree_new(label ? label : "here", &build);
    if (r == 0)
        r = tree_read(&build, schemas, shown_schemas,
                      *topics && access(topics, F_OK) == 0 ? topics : NULL, shown_topics, reterr);
    MR_AUTO(mr_tree) struct mr_tree *tree = build.tree ? tree_take(&build) : NULL;
    if (r == 0)
        r = missing_topics(tree, *topics ? shown_topics : "");
    if (r == 0)
        *ret_tree = MR_MOVE(tree);
    return r;
}

int mr_tree_text(const char *name, struct mr_str text, struct mr_tree **ret_tree,
                 struct mr_error *reterr)
{
    struct tree_build build = {0};
    const struct mr_version version = {.topic = "", .file = name, .label = name, .text = text};
    int r = tree_new(name, &build);

    if (r == 0)
        r = tree_add(&build, &version, reterr);
    MR_AUTO(mr_tree) struct mr_tree *tree = build.tree ? tree_take(&build) : NULL;
    if (r == 0 && !tree->versions[0].schema) {
        const struct mr_error *error = &tree->versions[0].error;
        r = mr_error_set(reterr, MR_INVALID, "%s%s%s", error->where, *error->where ? ": " : "",
                         error->text);
        reterr->line = error->line;
        (void)snprintf(reterr->where, sizeof(reterr->where), "%s:%u:%u", name, error->line,
                       error->column);
    }
    if (r == 0)
        *ret_tree = MR_MOVE(tree);
    return r;
}

int mr_tree_file(const char *path, struct mr_tree **ret_tree, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_SCHEMA_MAX_BYTES + 1};
    int r = mr_buf_read_file(&text, path);

    if (r != 0)
        return mr_error_set(reterr, r, "cannot read '%s': %s", path, strerror(-r));
    return mr_tree_text(path, (struct mr_str){(const char *)text.data, text.len}, ret_tree, reterr);
}
