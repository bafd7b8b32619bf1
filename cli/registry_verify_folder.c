/* SPDX-License-Identifier: Apache-2.0 */
/* A registry beside the folder that it is filled from. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "registry_verify.h"

static bool chosen(const struct verify *verify, const char *subject)
{
    return !verify->glob || fnmatch(verify->glob, subject, 0) == 0;
}

static void compare_schema(struct verify *verify, const struct mr_image *image,
                           const struct mr_version *version, const char *subject,
                           const struct mr_image_latest *latest)
{
    if (mr_schema_text_same(latest->text, version->text))
        return;
    int32_t held = mr_image_holds(image, subject, version->text);
    struct mr_evolution item = {
        .file = version->file,
        .topic = version->topic,
        .before = verify_text(verify, "version %d of %s", (int)latest->version, verify->from),
        .now = verify->to,
    };
    if (held > 0) {
        item.message = verify_text(verify, "the file is version %d of '%s', and the newest is %d",
                                   (int)held, subject, (int)latest->version);
        item.fix =
            "take the newest version into the folder, or register the file as a change of it";
    } else {
        item.message = verify_text(verify, "the file is no version of '%s', whose newest is %d",
                                   subject, (int)latest->version);
        item.fix =
            "millrace schema check --against registry tells what it changes, millrace schema "
            "register registers it";
    }
    verify_add(verify, VERIFY_SCHEMA, item);
}

static void compare_settings(struct verify *verify, const struct mr_tree *tree,
                             const struct mr_topic *topic, const char *subject,
                             const struct mr_image_latest *latest)
{
    const char *level = mr_compat_level_name(topic->compatibility);

    if (!latest->level || strcmp(latest->level, level) != 0)
        verify_add(
            verify, VERIFY_LEVEL,
            (struct mr_evolution){
                .file = tree->topics_file,
                .topic = topic->name,
                .message = verify_text(verify, "'%s' is at level %s, and topics.yaml says %s",
                                       subject, latest->level ? latest->level : "(none)", level),
                .fix = "millrace schema register sets it",
            });
    if (latest->mode && strcmp(latest->mode, "READWRITE") != 0)
        verify_add(verify, VERIFY_MODE,
                   (struct mr_evolution){
                       .file = tree->topics_file,
                       .topic = topic->name,
                       .severity = MR_SEVERITY_WARNING,
                       .message = verify_text(verify,
                                              "'%s' is in mode %s: nothing can be registered from "
                                              "the folder",
                                              subject, latest->mode),
                       .fix = "set its mode to READWRITE, unless this is on purpose",
                   });
}

static const struct mr_topic *topic_of(const struct mr_tree *tree, const char *name)
{
    for (size_t i = 0; tree->catalog && i < tree->catalog->n_topics; i++)
        if (strcmp(tree->catalog->topics[i].name, name) == 0)
            return &tree->catalog->topics[i];
    return NULL;
}

static void compare_topic(struct verify *verify, const struct mr_image *image,
                          const struct mr_tree *tree, const struct mr_version *version)
{
    const struct mr_topic *topic = topic_of(tree, version->topic);
    struct mr_image_latest latest;
    char subject[512];

    (void)snprintf(subject, sizeof(subject), "%s-value", version->topic);
    if (!chosen(verify, subject))
        return;
    verify->report.n_compared++;
    if (!mr_image_find(image, subject, &latest)) {
        verify_add(
            verify, VERIFY_SUBJECT_MISSING,
            (struct mr_evolution){
                .file = version->file,
                .topic = version->topic,
                .message = verify_text(verify, "%s has no subject '%s'", verify->from, subject),
                .fix = "millrace schema register",
            });
        return;
    }
    compare_schema(verify, image, version, subject, &latest);
    if (topic)
        compare_settings(verify, tree, topic, subject, &latest);
}

/* Values of topics that the folder does not know: another team's, or a topic that is gone. */
static void tell_extra(struct verify *verify, const struct mr_image *image,
                       const struct mr_tree *tree)
{
    static const char tail[] = "-value";
    struct mr_image_latest latest;

    for (size_t i = 0; i < mr_image_n_places(image); i++) {
        if (!mr_image_latest(image, i, &latest) || !chosen(verify, latest.subject))
            continue;
        size_t len = strlen(latest.subject);
        if (len < sizeof(tail) || strcmp(latest.subject + len + 1 - sizeof(tail), tail) != 0)
            continue;
        const char *topic =
            verify_text(verify, "%.*s", (int)(len + 1 - sizeof(tail)), latest.subject);
        if (mr_tree_newest(tree, topic))
            continue;
        verify_add(verify, VERIFY_SUBJECT_EXTRA,
                   (struct mr_evolution){
                       .file = verify_text(verify, "%s/subjects/%s", verify->from, latest.subject),
                       .topic = topic,
                       .severity = MR_SEVERITY_NOTE,
                       .message = verify_text(verify, "'%s' has no file in %s", latest.subject,
                                              verify->to),
                   });
    }
}

int verify_folder(struct verify *verify, const struct mr_image *image, const char *folder,
                  struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    int r = mr_tree_folder(folder, NULL, NULL, &tree, reterr);

    if (r != 0)
        return r;
    if (tree->mistakes)
        return mr_error_set(reterr, MR_INVALID, "topics.yaml has mistakes: %.900s", tree->mistakes);
    for (size_t i = 0; i < tree->n_versions; i++) {
        struct mr_version version = tree->versions[i];
        if (!version.schema)
            return mr_error_set(reterr, MR_INVALID, "%s: %s", version.file, version.error.text);
        version.file =
            verify_text(verify, "%s", version.file); /* the tree goes before the report */
        version.topic = verify_text(verify, "%s", version.topic);
        compare_topic(verify, image, tree, &version);
    }
    tell_extra(verify, image, tree);
    /* texts of the tree that findings borrow */
    for (size_t i = 0; i < verify->report.n_items; i++) {
        struct mr_evolution *item = &verify->report.items[i];
        item->file = verify_text(verify, "%s", item->file);
        item->topic = verify_text(verify, "%s", item->topic);
    }
    return verify->r;
}
