/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over two schemas: between its memory (compat_walk.c) and its rules (compat_rules.c). */
#pragma once

#include "compat.h"
#include "schema_model.h"

struct seen {
    uint64_t key;                            /* 0: free */
    const struct mr_compat_outcome *outcome; /* NULL: in progress */
};

struct walk {
    struct mr_arena *arena;
    struct seen *seen;
    size_t cap, n, depth;
    struct mr_compat_fault stop; /* what ends the whole comparison at once */
};

/* A pair of types, and where the reader's stands. */
struct both {
    const struct mr_schema_node *reader, *writer;
    const struct mr_compat_place *at;
};

/* All: 0; MR_END: walk->stop ends it; MR_FULL: larger than the limits; -ENOMEM. */

/* What the rules say of a pair, which is judged once however often it is met. */
int mr_compat_pair(struct walk *w, const struct both *b, const struct mr_compat_outcome **ret);
/* By the rules; what is wrong is added to out. */
int mr_compat_judge(struct walk *w, struct mr_compat_outcome *out, const struct both *b);

/* A fault of the pair itself. */
int mr_compat_add_fault(struct walk *w, struct mr_compat_outcome *out, enum mr_finding_type type,
                        const struct both *b, const struct mr_schema_field *field);
/* What a pair below gives; below.at NULL: -ENOMEM. */
int mr_compat_add_part(struct walk *w, struct mr_compat_outcome *out, struct both below);
/* One step further down from b; lives as long as the walk, since faults point to it. */
struct mr_compat_place *mr_compat_step(struct walk *w, const struct both *b, const char *word);
