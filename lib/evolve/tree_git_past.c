/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a commit were before it: the older versions that transitive levels are about.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "git.h"

enum { SHORT = 10 /* digits of a commit that are shown */ };

static const char root[] = "schemas/avro/";

struct commit {
    const char *label, *note;
};

struct past {
    struct tree_build build;
    struct git git;
    const char *topic;
    const struct mr_tree *now;
    struct mr_arena *arena;
    struct git_blob *blobs; /* newest first */
    const struct commit **commits;
    const char **topics;
    size_t n_blobs, n_read, n_newest;
    struct commit *commit; /* of the rows that are read */
    struct mr_error *reterr;
};

/* Whether older versions of this topic are wanted. */
static bool is_wanted(const struct past *p, const char *topic)
{
    if (p->topic)
        return strcmp(p->topic, topic) == 0;
    const struct mr_version *here = p->now ? mr_tree_newest(p->now, topic) : NULL;
    const struct mr_version *there = mr_tree_newest(p->build.tree, topic);

    return !p->now || (here && (!there || !mr_str_eq(here->text, there->text)));
}

static bool is_known(const struct past *p, const char *path, const char *oid)
{
    for (size_t i = 0; i < p->n_blobs; i++)
        if (strcmp(p->blobs[i].oid, oid) == 0 && strcmp(p->blobs[i].path, path) == 0)
            return true;
    return false;
}

/* ":<mode> <mode> <oid> <oid> <letter>" and the path; what was taken away has no bytes. */
static int add_row(struct past *p, const char *row, const char *path)
{
    struct git_blob *blob = &p->blobs[p->n_blobs];
    char mode[8], letter[8];

    if (sscanf(row, ":%*s %7s %*s %64s %7s", mode, blob->oid, letter) != 3)
        return mr_error_set(p->reterr, -EIO, "git log answers '%.100s'", row);
    const char *topic = strncmp(path, root, sizeof(root) - 1) == 0
                            ? tree_topic(&p->build, path + sizeof(root) - 1)
                            : NULL;
    if (strncmp(mode, "100", 3) != 0 || !topic || !is_wanted(p, topic) ||
        (!p->topic && is_known(p, path, blob->oid)))
        return 0;
    if (p->n_blobs == MR_EVOLVE_MAX_SCHEMAS)
        return mr_error_set(p->reterr, MR_FULL, "more than %d versions in git's history",
                            MR_EVOLVE_MAX_SCHEMAS);
    blob->path = mr_arena_dup(p->arena, path, strlen(path));
    p->commits[p->n_blobs] = p->commit;
    p->topics[p->n_blobs] = topic;
    p->n_blobs++;
    return blob->path ? 0 : -ENOMEM;
}

/* "<hash> <day> <subject>" */
static int add_commit(struct past *p, const char *text)
{
    size_t hash = strcspn(text, " "), day = hash + strcspn(text + hash + (text[hash] != 0), " ");

    p->commit = mr_arena_alloc(p->arena, sizeof(*p->commit));
    if (!p->commit)
        return -ENOMEM;
    day += text[hash] != '\0';
    p->commit->label = mr_arena_printf(p->arena, "%.*s of%.*s", (int)(hash < SHORT ? hash : SHORT),
                                       text, (int)(day - hash), text + hash);
    p->commit->note = mr_arena_dup(p->arena, text + day + (text[day] != 0),
                                   strlen(text + day + (text[day] != 0)));
    return p->commit->label && p->commit->note ? 0 : -ENOMEM;
}

/* "\1<hash> <day> <subject>", then rows, each followed by its path; all end with NUL. */
static int add_rows(struct past *p, const struct mr_buf *out)
{
    const char *at = (const char *)out->data, *end = at + out->len;
    int r = 0;

    while (r == 0 && at < end) {
        const char *next = at + strlen(at) + 1;
        at += *at == '\n';
        if (*at == '\1')
            r = add_commit(p, at + 1);
        else if (*at == ':' && next < end && p->commit) {
            r = add_row(p, at, next);
            next += strlen(next) + 1;
        }
        at = next;
    }
    return r;
}

/* Where git's walk ends, the commit itself still tells whether it has a parent: a clone that is
 * shallow elsewhere may well have all of this history. */
static int is_cut(struct past *p)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf oldest = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    int r = GIT_ASK(&p->git, &out, &errors, p->reterr, "rev-list", "--first-parent",
                    "--max-parents=0", p->git.commit);

    if (r == 0)
        r = GIT_ASK(&p->git, &oldest, &errors, p->reterr, "cat-file", "commit",
                    (const char *)out.data);
    if (r == 0) {
        const char *text = (const char *)oldest.data, *parent = strstr(text, "\nparent ");
        const char *message = strstr(text, "\n\n");
        p->build.tree->cut = parent && (!message || parent < message);
    }
    return r < 0 ? r : 0;
}

static int look(struct past *p)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    size_t n = MR_EVOLVE_MAX_SCHEMAS + 1;
    int r = is_cut(p);

    p->blobs = mr_arena_array(p->arena, n, sizeof(*p->blobs));
    p->commits = mr_arena_array(p->arena, n, sizeof(*p->commits));
    p->topics = mr_arena_array(p->arena, n, sizeof(*p->topics));
    if (r != 0 || !p->blobs || !p->commits || !p->topics)
        return r != 0 ? r : -ENOMEM;
    r = GIT_ASK(&p->git, &out, &errors, p->reterr, "log", "--first-parent", "-m", "--no-renames",
                "--raw", "-z", "--no-abbrev", "--relative", "--format=%x01%h %cs %s", p->git.commit,
                "--", "schemas/avro");
    if (r > 0)
        return mr_error_set(p->reterr, -EIO, "git log: %s", (const char *)errors.data);
    return r == 0 ? add_rows(p, &out) : r;
}

/* The text that the tree has already is the newest of its topic; asked about one topic, each time
 * that it had a text counts, and the newest is told with its commit. */
static int add_version(void *self, const struct git_blob *blob, struct mr_str text)
{
    struct past *p = self;
    size_t index = p->n_read++;
    const struct mr_version version = {.topic = p->topics[index],
                                       .file = blob->path,
                                       .label = p->commits[index]->label,
                                       .note = p->commits[index]->note,
                                       .number = -(int32_t)index - 1,
                                       .text = text};

    for (size_t i = 0; i < p->n_newest && !(p->topic && index > 0); i++) {
        struct mr_version *newest = &p->build.tree->versions[i];
        if (strcmp(newest->topic, version.topic) != 0 || !mr_str_eq(newest->text, text))
            continue;
        if (p->topic) {
            newest->label =
                mr_arena_dup(p->build.tree->arena, version.label, strlen(version.label));
            newest->note = mr_arena_dup(p->build.tree->arena, version.note, strlen(version.note));
        }
        return newest->label ? 0 : -ENOMEM;
    }
    return tree_add(&p->build, &version, p->reterr);
}

int mr_tree_git_past(const char *folder, struct mr_tree *tree, const char *topic,
                     const struct mr_tree *now, struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct past p = {.build = {tree, tree->n_versions},
                     .topic = topic,
                     .now = now,
                     .n_newest = tree->n_versions,
                     .reterr = reterr};
    int r = mr_arena_new(0, &arena);

    p.arena = arena;
    git_project(&p.git, folder);
    (void)snprintf(p.git.commit, sizeof(p.git.commit), "%s", tree->commit ? tree->commit : "HEAD");
    if (r == 0)
        r = look(&p);
    if (r == 0 && p.n_blobs > 0)
        r = git_read(&p.git, p.blobs, p.n_blobs, add_version, &p, reterr);
    tree_sort(tree);
    return r;
}
