/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to git's object store: which commit, which files, which bytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git.h"

int git_ask(const struct git *git, const char *const *args, struct mr_buf *out,
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

static int is_repository(const struct git *git, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    int r = GIT_ASK(git, &out, &errors, reterr, "rev-parse", "--git-dir");

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
        int r = GIT_ASK(git, &out, &errors, reterr, "rev-parse", "--verify", "--quiet", name);
        if (r == 0 && out.len <= GIT_OID) {
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
    int r = GIT_ASK(git, &out, &errors, reterr, "merge-base", "HEAD", git->commit);

    if (r == 0 && out.len <= GIT_OID)
        memcpy(git->commit, out.data, out.len + 1);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, r,
                            "HEAD and '%s' have no common commit here: fetch more of the "
                            "history, or leave --merge-base out",
                            ref);
    return r;
}

void git_project(struct git *git, const char *folder)
{
    static const char place[] = "/schemas/avro";
    char *whole = realpath(folder, NULL);
    size_t len = whole ? strlen(whole) : 0, tail = sizeof(place) - 1;

    git->folder = folder;
    if (len > tail && len < sizeof(git->above) && strcmp(whole + len - tail, place) == 0) {
        (void)snprintf(git->above, sizeof(git->above), "%.*s", (int)(len - tail), whole);
        git->folder = git->above;
    }
    free(whole);
}

int git_open(struct git *git, const char *folder, const char *ref, bool merge_base,
             struct mr_error *reterr)
{
    *git = (struct git){.folder = NULL};
    git_project(git, folder);
    if (*ref == '-' || *ref == '\0' || strlen(ref) > 500)
        return mr_error_set(reterr, MR_INVALID, "'%.80s' is no ref", ref);
    int r = is_repository(git, reterr);
    if (r == 0)
        r = resolve(git, ref, reterr);
    return r == 0 && merge_base ? find_merge_base(git, ref, reterr) : r;
}

int git_list(const struct git *git, const char *const *args, struct mr_arena *arena,
             struct git_blob **ret_blobs, size_t *ret_n, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    size_t n = 0;
    int r = git_ask(git, args, &out, &errors, reterr);

    if (r != 0)
        return r > 0 ? mr_error_set(reterr, -EIO, "git ls-tree: %s", (const char *)errors.data) : r;
    struct git_blob *blobs = mr_arena_array(arena, MR_EVOLVE_MAX_SCHEMAS + 1, sizeof(*blobs));
    if (!blobs)
        return -ENOMEM;
    for (const char *row = (const char *)out.data; row < (const char *)out.data + out.len;
         row += strlen(row) + 1) {
        char mode[8], type[8];
        struct git_blob *blob = &blobs[n];
        const char *tab = strchr(row, '\t');
        if (!tab || sscanf(row, "%7s %7s %64s", mode, type, blob->oid) != 3)
            return mr_error_set(reterr, -EIO, "git ls-tree answers '%.100s'", row);
        if (strncmp(mode, "100", 3) != 0)
            continue;
        if (n++ == MR_EVOLVE_MAX_SCHEMAS)
            return mr_error_set(reterr, MR_FULL, "more than %d schemas", MR_EVOLVE_MAX_SCHEMAS);
        blob->path = mr_arena_dup(arena, tab + 1, strlen(tab + 1));
        if (!blob->path)
            return -ENOMEM;
    }
    *ret_blobs = blobs;
    *ret_n = n;
    return 0;
}

int git_read(const struct git *git, const struct git_blob *blobs, size_t n_blobs,
             int (*fn)(void *self, const struct git_blob *blob, struct mr_str text), void *self,
             struct mr_error *reterr)
{
    static const char *const args[] = {"cat-file", "--batch", NULL};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf errors = {0};
    MR_AUTO(mr_buf) struct mr_buf names = {0};
    int status, r = 0;

    for (size_t i = 0; i < n_blobs && r == 0; i++)
        r = mr_buf_printf(&names, "%s\n", blobs[i].oid);
    if (r == 0)
        r = evolve_git(git->folder, args, (struct mr_str){(const char *)names.data, names.len},
                       &out, &errors, &status, reterr);
    if (r != 0 || !mr_buf_cstr(&out))
        return r != 0 ? r : -ENOMEM;
    const char *at = (const char *)out.data, *end = at + out.len;
    for (size_t i = 0; r == 0 && i < n_blobs; i++) {
        size_t size = 0; /* "<oid> blob <size>\n<bytes>\n" */
        const char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line || sscanf(at, "%*s blob %zu", &size) != 1 || size >= (size_t)(end - line))
            return mr_error_set(reterr, -EIO, "git cat-file has no '%s': %.80s", blobs[i].path,
                                line ? at : "");
        r = fn(self, &blobs[i], (struct mr_str){line + 1, size});
        at = line + 1 + size + 1;
    }
    return r;
}
