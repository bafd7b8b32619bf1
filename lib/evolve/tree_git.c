/* SPDX-License-Identifier: Apache-2.0 */
/* A state of the schemas from git: a commit's two trees are read from the object store into a
 * folder of their own, and taken from there as any folder is. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git.h"

struct place {
    char folder[GIT_PATH]; /* what was made; "": nothing yet */
    const char *below;     /* before each path there */
    struct mr_error *reterr;
};

static int make_folders(const char *root, const char *path)
{
    char folder[GIT_PATH];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        int len = snprintf(folder, sizeof(folder), "%s/%.*s", root, (int)(slash - path), path);
        if (len >= (int)sizeof(folder))
            return -ENAMETOOLONG;
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static int write_file(const char *root, const char *path, struct mr_str text)
{
    char name[GIT_PATH];
    int r = make_folders(root, path);

    if (r != 0 || snprintf(name, sizeof(name), "%s/%s", root, path) >= (int)sizeof(name))
        return r != 0 ? r : -ENAMETOOLONG;
    FILE *file = fopen(name, "wbe");
    if (!file)
        return -errno;
    bool whole = fwrite(text.data, 1, text.len, file) == text.len;
    return fclose(file) == 0 && whole ? 0 : -EIO;
}

static int put(void *self, const struct git_blob *blob, struct mr_str text)
{
    const struct place *place = self;
    char path[GIT_PATH];

    bool fits = snprintf(path, sizeof(path), "%s%s", place->below, blob->path) < GIT_PATH;
    int r = fits ? write_file(place->folder, path, text) : -ENAMETOOLONG;
    return r == 0 ? 0
                  : mr_error_set(place->reterr, r, "cannot write to '%s': %s", place->folder,
                                 strerror(-r));
}

static int make_place(struct place *place, struct mr_error *reterr)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(place->folder, sizeof(place->folder), "%s/millrace-XXXXXX",
                   tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(place->folder))
        return 0;
    int r = mr_error_set(reterr, -errno, "cannot make '%s': %s", place->folder, strerror(errno));
    place->folder[0] = '\0';
    return r;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

/* The files of the commit that schemas are made of; those of `folder` of it, when that is given
 * (from the repository's top): a project there, or a folder of schemas. */
static int list(const struct git *git, const char *folder, struct mr_arena *arena,
                struct place *place, struct git_blob **ret_blobs, size_t *ret_n,
                struct mr_error *reterr)
{
    char tree[GIT_PATH];

    place->below = "";
    if (!folder)
        return git_list(git,
                        (const char *const[]){"ls-tree", "-r", "-z", git->commit, "schemas/avro",
                                              "topics.yaml", NULL},
                        arena, ret_blobs, ret_n, reterr);
    (void)snprintf(tree, sizeof(tree), "%s:%s", git->commit, folder);
    int r = git_list(git,
                     (const char *const[]){"ls-tree", "-r", "-z", "--full-tree", tree,
                                           "schemas/avro", "topics.yaml", NULL},
                     arena, ret_blobs, ret_n, reterr);
    if (r != 0 || *ret_n > 0)
        return r;
    place->below = "schemas/avro/";
    return git_list(git, (const char *const[]){"ls-tree", "-r", "-z", "--full-tree", tree, NULL},
                    arena, ret_blobs, ret_n, reterr);
}

static int load(const struct git *git, const char *folder, const char *label,
                struct mr_tree **ret_tree, struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct place place = {.reterr = reterr};
    struct git_blob *blobs;
    size_t n = 0;
    int r = mr_arena_new(0, &arena);

    if (r == 0)
        r = list(git, folder, arena, &place, &blobs, &n, reterr);
    if (r == 0 && n == 0)
        r = mr_error_set(reterr, MR_ABSENT, "%s has no schemas/avro/", label);
    if (r == 0)
        r = make_place(&place, reterr);
    if (r == 0)
        r = git_read(git, blobs, n, put, &place, reterr);
    if (r == 0)
        r = mr_tree_folder(place.folder, label, "", ret_tree, reterr);
    if (place.folder[0])
        (void)nftw(place.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return r;
}

int mr_tree_git(const char *folder, const char *ref, bool merge_base, struct mr_tree **ret_tree,
                struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    struct git git;
    char label[256];
    int r = git_open(&git, folder, ref, merge_base, reterr);

    if (r != 0)
        return r;
    (void)snprintf(label, sizeof(label), "%.200s%s", ref, merge_base ? " (merge base)" : "");
    r = load(&git, NULL, label, &tree, reterr);
    if (r != 0)
        return r;
    tree->commit = mr_arena_dup(tree->arena, git.commit, strlen(git.commit));
    if (!tree->commit)
        return -ENOMEM;
    *ret_tree = MR_MOVE(tree);
    return 0;
}

int mr_tree_git_path(const char *folder, const char *word, struct mr_tree **ret_tree,
                     bool *ret_file, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    const char *colon = strchr(word, ':');
    char ref[512], object[GIT_PATH];
    struct git git;

    if (!colon || colon == word || (size_t)(colon - word) >= sizeof(ref))
        return mr_error_set(reterr, MR_INVALID, "'%.80s' is no REF:PATH", word);
    (void)snprintf(ref, sizeof(ref), "%.*s", (int)(colon - word), word);
    int r = git_open(&git, folder, ref, false, reterr);
    if (r != 0)
        return r;
    (void)snprintf(object, sizeof(object), "%s:%s", git.commit, colon + 1);
    r = GIT_ASK(&git, &out, &errors, reterr, "cat-file", "-t", object);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, r, "'%s' has no '%s'", ref, colon + 1);
    *ret_file = r == 0 && strcmp((const char *)out.data, "blob") == 0;
    if (r == 0 && !*ret_file)
        return load(&git, colon + 1, word, ret_tree, reterr);
    errors.len = 0;
    if (r == 0)
        r = GIT_ASK(&git, &text, &errors, reterr, "cat-file", "blob", object);
    return r == 0 ? mr_tree_text(word, (struct mr_str){(const char *)text.data, text.len}, ret_tree,
                                 reterr)
                  : r;
}
