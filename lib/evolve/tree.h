/* SPDX-License-Identifier: Apache-2.0 */
/* How a state of the schemas is put together, wherever it comes from. */
#pragma once

#include "inside.h"

struct tree_build {
    struct mr_tree *tree;
    size_t cap;
};

int tree_new(const char *label, struct tree_build *ret_build);
/* Parses text, which is copied. A broken schema is a version with an error. 0, MR_FULL, -ENOMEM. */
int tree_add(struct tree_build *build, const struct mr_version *version, struct mr_error *reterr);
/* The topic that <service>/<file>.avsc stands for; NULL: none. In the tree's arena. */
const char *tree_topic(struct tree_build *build, const char *path);
/* Sorts the versions by topic and number. */
void tree_sort(struct mr_tree *tree);
/* Sorts and hands out. */
struct mr_tree *tree_take(struct tree_build *build);

/* As mr_tree_folder, with the two paths apart. topics NULL: none. */
int tree_read(struct tree_build *build, const char *schemas, const char *shown_schemas,
              const char *topics, const char *shown_topics, struct mr_error *reterr);
