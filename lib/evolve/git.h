/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from git's object store: commits by name, and the bytes of files in them. */
#pragma once

#include "tree.h"

enum { GIT_PATH = 4096, GIT_OID = 64 };

/* One file of a commit, its path from the folder asked about. */
struct git_blob {
    const char *path;
    char oid[GIT_OID + 1];
};

struct git {
    const char *folder;   /* a project's; NULL: none yet */
    char above[GIT_PATH]; /* that of a folder of schemas */
    char commit[GIT_OID + 1];
};

/* Runs `git -C folder args...` (args end with NULL) without a shell; input goes to its standard
 * input. *ret_status is its exit status, errors its words. 0 or -errno with reterr. */
int evolve_git(const char *folder, const char *const *args, struct mr_str input, struct mr_buf *out,
               struct mr_buf *errors, int *ret_status, struct mr_error *reterr);

/* The project that folder is, or that has it as its schemas/avro. */
void git_project(struct git *git, const char *folder);
/* One question; the answer is without its last newline, and a C string. 0; MR_ABSENT: git says no.
 */
int git_ask(const struct git *git, const char *const *args, struct mr_buf *out,
            struct mr_buf *errors, struct mr_error *reterr);
#define GIT_ASK(git, out, errors, reterr, ...)                                                     \
    git_ask((git), (const char *const[]){__VA_ARGS__, NULL}, (out), (errors), (reterr))

/* The commit that ref names in the repository that folder is in. Outcomes as mr_tree_git. */
int git_open(struct git *git, const char *folder, const char *ref, bool merge_base,
             struct mr_error *reterr);
/* "100644 blob <oid>\t<path>" rows of `git ls-tree -z` into an array of the arena; links and
 * submodules are left out. */
int git_list(const struct git *git, const char *const *args, struct mr_arena *arena,
             struct git_blob **ret_blobs, size_t *ret_n, struct mr_error *reterr);
/* Calls fn with each one's bytes, in their order; the first that is not 0 ends it. */
int git_read(const struct git *git, const struct git_blob *blobs, size_t n_blobs,
             int (*fn)(void *self, const struct git_blob *blob, struct mr_str text), void *self,
             struct mr_error *reterr);
