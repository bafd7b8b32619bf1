/* SPDX-License-Identifier: Apache-2.0 */
/* A state of the schemas, built version by version. */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tree_new(const char *label, struct tree_build *ret_build)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    int r = mr_arena_new(0, &arena);
    struct mr_tree *tree = r == 0 ? mr_arena_alloc(arena, sizeof(*tree)) : NULL;

    if (!tree)
        return -ENOMEM;
    tree->label = mr_arena_dup(arena, label, strlen(label));
    if (!tree->label)
        return -ENOMEM;
    tree->arena = MR_MOVE(arena);
    *ret_build = (struct tree_build){.tree = tree};
    return 0;
}

static int make_room(struct tree_build *build, struct mr_error *reterr)
{
    struct mr_tree *tree = build->tree;

    if (tree->n_versions == MR_EVOLVE_MAX_SCHEMAS)
        return mr_error_set(reterr, MR_FULL, "%s has more than %d schemas", tree->label,
                            MR_EVOLVE_MAX_SCHEMAS);
    if (tree->n_versions < build->cap)
        return 0;
    size_t cap = build->cap ? build->cap * 2 : 128;
    struct mr_version *versions = mr_arena_array(tree->arena, cap, sizeof(*versions));
    if (!versions)
        return -ENOMEM;
    if (tree->n_versions > 0)
        memcpy(versions, tree->versions, tree->n_versions * sizeof(*versions));
    tree->versions = versions;
    build->cap = cap;
    return 0;
}

int tree_add(struct tree_build *build, const struct mr_version *version, struct mr_error *reterr)
{
    struct mr_arena *arena = build->tree->arena;
    struct mr_version copy = *version;
    int r = make_room(build, reterr);

    if (r != 0)
        return r;
    copy.topic = mr_arena_dup(arena, version->topic, strlen(version->topic));
    copy.file = mr_arena_dup(arena, version->file, strlen(version->file));
    copy.label = mr_arena_dup(arena, version->label, strlen(version->label));
    copy.note = version->note ? mr_arena_dup(arena, version->note, strlen(version->note)) : NULL;
    if (!copy.topic || !copy.file || !copy.label || (version->note && !copy.note))
        return -ENOMEM;
    copy.error = MR_ERROR_INIT;
    if (copy.schema)
        copy.schema = mr_schema_ref(copy.schema);
    else
        r = mr_schema_parse(version->text.data ? version->text.data : "", version->text.len, NULL,
                            &copy.schema, &copy.error);
    if (r < 0)
        return r;
    copy.text = (struct mr_str){
        mr_arena_dup(arena, version->text.data ? version->text.data : "", version->text.len),
        version->text.len};
    build->tree->versions[build->tree->n_versions++] = copy;
    return copy.text.data ? 0 : -ENOMEM;
}

const char *tree_topic(struct tree_build *build, const char *path)
{
    static const char ending[] = ".avsc";
    size_t len = strlen(path), tail = sizeof(ending) - 1;
    const char *slash = strchr(path, '/');

    if (!slash || slash == path || strchr(slash + 1, '/') || len <= tail ||
        strcmp(path + len - tail, ending) != 0 || slash[1] == '.')
        return NULL;
    char *topic = mr_arena_dup(build->tree->arena, path, len - tail);
    if (topic)
        topic[slash - path] = '.';
    return topic;
}

static int by_topic(const void *a, const void *b)
{
    const struct mr_version *left = a, *right = b;
    int order = strcmp(left->topic, right->topic);

    return order != 0 ? order : left->number < right->number ? -1 : left->number > right->number;
}

void tree_sort(struct mr_tree *tree)
{
    if (tree->n_versions > 0)
        qsort(tree->versions, tree->n_versions, sizeof(*tree->versions), by_topic);
}

struct mr_tree *tree_take(struct tree_build *build)
{
    struct mr_tree *tree = build->tree;

    build->tree = NULL;
    tree_sort(tree);
    return tree;
}

struct mr_tree *mr_tree_free(struct mr_tree *tree)
{
    if (!tree)
        return NULL;
    for (size_t i = 0; i < tree->n_versions; i++)
        (void)mr_schema_unref(tree->versions[i].schema);
    (void)mr_catalog_free(tree->loaded);
    return mr_arena_free(tree->arena), NULL;
}

const struct mr_version *mr_tree_newest(const struct mr_tree *tree, const char *topic)
{
    size_t low = 0, high = tree->n_versions; /* the first that comes after the topic */

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(tree->versions[middle].topic, topic) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(tree->versions[low - 1].topic, topic) == 0 ? &tree->versions[low - 1]
                                                                        : NULL;
}
