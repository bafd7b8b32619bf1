/* SPDX-License-Identifier: Apache-2.0 */
/* A state of the schemas from git: a commit's two trees are read from the object store into a
 * folder of their own, and taken from there as any folder is. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

enum { PATH_CAP = 4096, OID = 64 };

/* One file of the commit: "schemas/avro/a/b.avsc" or "topics.yaml", from the folder asked about. */
struct blob {
    const char *path;
    char oid[OID + 1];
};

struct git {
    const char *folder;
    struct mr_arena *arena;
    struct blob *blobs;
    size_t n_blobs;
    char commit[OID + 1];
    char place[PATH_CAP]; /* what was made; "": nothing yet */
};

/* One question with a short answer, without its newline. 0; MR_ABSENT: git says no. */
static int ask(const struct git *git, const char *const *args, struct mr_buf *out,
               struct mr_buf *errors, struct mr_error *reterr)
{
    int status;
    int r = evolve_git(git->folder, args, (struct mr_str){0}, out, errors, &status, reterr);

    while (out->len > 0 && out->data[out->len - 1] == '\n')
        out->len--;
    if (r == 0 && (!mr_buf_cstr(out) || !mr_buf_cstr(errors)))
        r = -ENOMEM;
    return r == 0 && status != 0 ? MR_ABSENT : r;
}
#define ASK(git, out, errors, reterr, ...)                                                         \
    ask((git), (const char *const[]){__VA_ARGS__, NULL}, (out), (errors), (reterr))

static int is_repository(const struct git *git, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    int r = ASK(git, &out, &errors, reterr, "rev-parse", "--git-dir");

    if (r != MR_ABSENT)
        return r;
    errors.len = strcspn((const char *)errors.data, "\n"); /* its first line */
    return mr_error_set(reterr, -EIO, "git cannot use '%s': %s", git->folder, mr_buf_cstr(&errors));
}

/* The commit that ref names, by itself or as a branch of origin: CI often has only the latter. */
static int resolve(struct git *git, const char *ref, struct mr_error *reterr)
{
    static const char *const before[] = {"", "refs/remotes/origin/"};

    for (size_t i = 0; i < MR_N_ELEMENTS(before); i++) {
        MR_AUTO(mr_buf) struct mr_buf out = {0};
        MR_AUTO(mr_buf) struct mr_buf errors = {0};
        char name[1024];
        (void)snprintf(name, sizeof(name), "%s%s^{commit}", before[i], ref);
        int r = ASK(git, &out, &errors, reterr, "rev-parse", "--verify", "--quiet", name);
        if (r == 0 && out.len <= OID) {
            memcpy(git->commit, out.data, out.len);
            return 0;
        }
        if (r < 0)
            return r;
    }
    return mr_error_set(reterr, MR_ABSENT,
                        "there is no commit '%s' here: in a shallow clone, `git fetch --depth 1 "
                        "origin %s` brings it",
                        ref, ref);
}

static int find_merge_base(struct git *git, const char *ref, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    int r = ASK(git, &out, &errors, reterr, "merge-base", "HEAD", git->commit);

    if (r == 0 && out.len <= OID)
        memcpy(git->commit, out.data, out.len + 1);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, r,
                            "HEAD and '%s' have no common commit here: fetch more of the "
                            "history, or leave --merge-base out",
                            ref);
    return r;
}

/* "100644 blob <oid>\t<path>\0" of ls-tree; links and submodules are no schemas. */
static int list(struct git *git, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    int r = ASK(git, &out, &errors, reterr, "ls-tree", "-r", "-z", git->commit, "schemas/avro",
                "topics.yaml");

    if (r != 0)
        return r > 0 ? mr_error_set(reterr, -EIO, "git ls-tree: %s", (const char *)errors.data) : r;
    git->blobs = mr_arena_array(git->arena, MR_EVOLVE_MAX_SCHEMAS + 1, sizeof(*git->blobs));
    if (!git->blobs)
        return -ENOMEM;
    for (const char *row = (const char *)out.data; row < (const char *)out.data + out.len;
         row += strlen(row) + 1) {
        char mode[8], type[8];
        struct blob *blob = &git->blobs[git->n_blobs];
        const char *tab = strchr(row, '\t');
        if (!tab || sscanf(row, "%7s %7s %64s", mode, type, blob->oid) != 3)
            return mr_error_set(reterr, -EIO, "git ls-tree answers '%.100s'", row);
        if (strncmp(mode, "100", 3) != 0)
            continue;
        if (git->n_blobs++ == MR_EVOLVE_MAX_SCHEMAS)
            return mr_error_set(reterr, MR_FULL, "more than %d schemas", MR_EVOLVE_MAX_SCHEMAS);
        blob->path = mr_arena_dup(git->arena, tab + 1, strlen(tab + 1));
        if (!blob->path)
            return -ENOMEM;
    }
    return 0;
}

static int make_folders(const char *root, const char *path)
{
    char folder[PATH_CAP];

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
    char name[PATH_CAP];
    int r = make_folders(root, path);

    if (r != 0 || snprintf(name, sizeof(name), "%s/%s", root, path) >= (int)sizeof(name))
        return r != 0 ? r : -ENAMETOOLONG;
    FILE *file = fopen(name, "wbe");
    if (!file)
        return -errno;
    bool whole = fwrite(text.data, 1, text.len, file) == text.len;
    return fclose(file) == 0 && whole ? 0 : -EIO;
}

/* "<oid> blob <size>\n<bytes>\n" for each, in the order asked. */
static int unpack(struct git *git, const struct mr_buf *out, struct mr_error *reterr)
{
    const char *at = (const char *)out->data, *end = at + out->len;
    int r = 0;

    for (size_t i = 0; r == 0 && i < git->n_blobs; i++) {
        size_t size = 0;
        const char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line || sscanf(at, "%*s blob %zu", &size) != 1 || size >= (size_t)(end - line))
            return mr_error_set(reterr, -EIO, "git cat-file has no '%s': %.80s", git->blobs[i].path,
                                line ? at : "");
        r = write_file(git->place, git->blobs[i].path, (struct mr_str){line + 1, size});
        at = line + 1 + size + 1;
    }
    return r == 0 ? 0
                  : mr_error_set(reterr, r, "cannot write to '%s': %s", git->place, strerror(-r));
}

static int fetch(struct git *git, struct mr_error *reterr)
{
    static const char *const args[] = {"cat-file", "--batch", NULL};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    MR_AUTO(mr_buf) struct mr_buf names = {0};
    const char *tmp = getenv("TMPDIR");
    int status, r = 0;

    for (size_t i = 0; i < git->n_blobs && r == 0; i++)
        r = mr_buf_printf(&names, "%s\n", git->blobs[i].oid);
    if (r == 0)
        r = evolve_git(git->folder, args, (struct mr_str){(const char *)names.data, names.len},
                       &out, &errors, &status, reterr);
    if (r != 0 || !mr_buf_cstr(&out))
        return r != 0 ? r : -ENOMEM;
    (void)snprintf(git->place, sizeof(git->place), "%s/millrace-XXXXXX",
                   tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(git->place)) {
        r = mr_error_set(reterr, -errno, "cannot make '%s': %s", git->place, strerror(errno));
        git->place[0] = '\0';
        return r;
    }
    return unpack(git, &out, reterr);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static int load(struct git *git, const char *label, struct mr_tree **ret_tree,
                struct mr_error *reterr)
{
    int r = is_repository(git, reterr);

    if (r == 0)
        r = list(git, reterr);
    if (r == 0 && git->n_blobs == 0)
        r = mr_error_set(reterr, MR_ABSENT, "%s has no schemas/avro/", label);
    if (r == 0)
        r = fetch(git, reterr);
    return r == 0 ? mr_tree_folder(git->place, label, "", ret_tree, reterr) : r;
}

int mr_tree_git(const char *folder, const char *ref, bool merge_base, struct mr_tree **ret_tree,
                struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct git git = {.folder = folder};
    char label[256];

    if (*ref == '-' || *ref == '\0' || strlen(ref) > 500)
        return mr_error_set(reterr, MR_INVALID, "'%.80s' is no ref", ref);
    int r = mr_arena_new(0, &arena);
    git.arena = arena;
    if (r == 0)
        r = is_repository(&git, reterr);
    if (r == 0)
        r = resolve(&git, ref, reterr);
    if (r == 0 && merge_base)
        r = find_merge_base(&git, ref, reterr);
    if (r != 0)
        return r;
    (void)snprintf(label, sizeof(label), "%.200s%s", ref, merge_base ? " (merge base)" : "");
    r = load(&git, label, ret_tree, reterr);
    if (git.place[0])
        (void)nftw(git.place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return r;
}
