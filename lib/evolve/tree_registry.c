/* SPDX-License-Identifier: Apache-2.0 */
/* A state of the schemas from a registry: every version of every subject that stands for a topic.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/registry.h"
#include "tree.h"

struct fetch {
    struct tree_build *build;
    struct mr_registry *registry;
    const char *url;
    struct mr_topic_level *levels;
    size_t n_levels;
};

static int add_version(struct fetch *fetch, const char *subject, const char *topic, int32_t number,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    char file[1024], label[64];
    int r = mr_registry_version(fetch->registry, subject, number, NULL, &schema, reterr);

    if (r == MR_INVALID)
        return 0; /* JSON Schema and Protobuf are not ours to judge */
    if (r != 0)
        return r;
    (void)snprintf(file, sizeof(file), "%s/subjects/%s/versions/%d", fetch->url, subject,
                   (int)number);
    (void)snprintf(label, sizeof(label), "version %d", (int)number);
    const struct mr_version version = {.topic = topic,
                                       .file = file,
                                       .label = label,
                                       .number = number,
                                       .schema = schema,
                                       .text = mr_schema_text(schema)};
    return tree_add(fetch->build, &version, reterr);
}

static int add_level(struct fetch *fetch, const char *subject, const char *topic,
                     struct mr_error *reterr)
{
    struct mr_arena *arena = fetch->build->tree->arena;
    struct mr_topic_level *level = &fetch->levels[fetch->n_levels];
    int r = mr_registry_level(fetch->registry, subject, &level->level, reterr);

    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    level->topic = mr_arena_dup(arena, topic, strlen(topic));
    fetch->n_levels++;
    return level->topic ? 0 : -ENOMEM;
}

/* "<topic>-value"; others are no topics of ours. */
static int add_subject(struct fetch *fetch, const char *subject, struct mr_error *reterr)
{
    static const char ending[] = "-value";
    MR_AUTO(free) int32_t *versions = NULL;
    MR_AUTO(free) char *topic = strdup(subject);
    size_t n = 0, len = strlen(subject), tail = sizeof(ending) - 1;

    if (!topic)
        return -ENOMEM;
    if (len <= tail || strcmp(subject + len - tail, ending) != 0)
        return 0;
    topic[len - tail] = '\0';
    int r = mr_registry_versions(fetch->registry, subject, &versions, &n, reterr);
    if (r == MR_ABSENT)
        return 0; /* deleted meanwhile */
    for (size_t i = 0; i < n && r == 0; i++)
        r = add_version(fetch, subject, topic, versions[i], reterr);
    return r == 0 ? add_level(fetch, subject, topic, reterr) : r;
}

static int add_subjects(struct fetch *fetch, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf lines = {0};
    int r = mr_registry_subjects(fetch->registry, &lines, reterr);
    size_t n = 0;

    if (r != 0 || !mr_buf_cstr(&lines))
        return r != 0 ? r : -ENOMEM;
    for (size_t i = 0; i < lines.len; i++)
        n += lines.data[i] == '\n';
    fetch->levels = mr_arena_array(fetch->build->tree->arena, n + 1, sizeof(*fetch->levels));
    if (!fetch->levels)
        return -ENOMEM;
    char *rest = (char *)lines.data;
    for (char *subject; r == 0 && (subject = strsep(&rest, "\n"));)
        if (*subject)
            r = add_subject(fetch, subject, reterr);
    fetch->build->tree->levels = fetch->levels;
    fetch->build->tree->n_levels = fetch->n_levels;
    return r;
}

int mr_tree_registry(struct mr_registry *registry, const char *url, struct mr_tree **ret_tree,
                     struct mr_error *reterr)
{
    struct tree_build build = {0};
    struct fetch fetch = {.build = &build, .registry = registry, .url = url};
    int r = tree_new("the registry", &build);

    if (r == 0)
        r = add_subjects(&fetch, reterr);
    MR_AUTO(mr_tree) struct mr_tree *tree = build.tree ? tree_take(&build) : NULL;
    if (r == 0)
        *ret_tree = MR_MOVE(tree);
    return r;
}

/* The subject itself, or the one of the topic of that name. */
static int find_version(struct mr_registry *registry, char subject[600], int32_t *number,
                        struct mr_schema **ret_schema, struct mr_error *reterr)
{
    MR_AUTO(free) int32_t *versions = NULL;
    size_t n = 0, len = strlen(subject);
    int r = mr_registry_versions(registry, subject, &versions, &n, reterr);

    if (r == MR_ABSENT && len < 500) {
        (void)snprintf(subject + len, 600 - len, "-value");
        r = mr_registry_versions(registry, subject, &versions, &n, NULL);
    }
    if (r != 0 || n == 0)
        return r != 0 ? r : MR_ABSENT;
    *number = *number ? *number : versions[n - 1];
    return mr_registry_version(registry, subject, *number, NULL, ret_schema, reterr);
}

int mr_tree_registry_version(struct mr_registry *registry, const char *subject, int32_t number,
                             struct mr_tree **ret_tree, struct mr_error *reterr)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    struct tree_build build = {0};
    char name[600], label[700];

    (void)snprintf(name, sizeof(name), "%.500s", subject);
    int r = find_version(registry, name, &number, &schema, reterr);
    if (r != 0)
        return r;
    (void)snprintf(label, sizeof(label), "%s@%d", name, (int)number);
    const struct mr_version version = {.topic = "",
                                       .file = label,
                                       .label = label,
                                       .number = number,
                                       .schema = schema,
                                       .text = mr_schema_text(schema)};
    r = tree_new(label, &build);
    if (r == 0)
        r = tree_add(&build, &version, reterr);
    MR_AUTO(mr_tree) struct mr_tree *tree = build.tree ? tree_take(&build) : NULL;
    if (r == 0)
        *ret_tree = MR_MOVE(tree);
    return r;
}
