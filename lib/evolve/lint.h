/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the linter share. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

struct lint {
    struct evolve *e;
    const struct mr_version *version;
    const struct mr_schema_node *root;
    const char *envelope; /* as most files have it; NULL: none has one */
    size_t n_malformed;   /* constraints that the codec cannot compile */
    bool *seen;           /* by node index: a type is judged once */
};

/* A place: a field (then its record and index too) or a type. */
struct lint_at {
    const char *path;
    const struct mr_schema_field *field;
    const struct mr_schema_node *node, *record;
    size_t index;
};

/* A finding there, unless the rule is off for it: never NULL. */
struct mr_evolution *lint_say(struct lint *l, enum evolve_rule rule, const struct lint_at *at,
                              const char *message, const char *fix);
/* lint_keywords.c: constraint keywords, examples, and members that nobody reads. */
void lint_keywords(struct lint *l, const struct lint_at *at);
/* What the codec says of the whole, when nothing was told of its parts. */
void lint_whole(struct lint *l);
/* lint_envelope.c */
const char *lint_common_envelope(struct evolve *e, const struct mr_tree *tree);
void lint_envelope(struct lint *l);
