/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as text, each named type written out once: the walk over its types, and what a form of
 * text says at each. */
#pragma once

#include "schema_model.h"

struct mr_schema_walk;

struct mr_schema_form {
    /* A named type, where it stands first and where it is known. */
    int (*named)(struct mr_schema_walk *walk, const struct mr_schema_node *node);
    int (*again)(struct mr_schema_walk *walk, const struct mr_schema_node *node);
    /* What follows the type, or the items, of one without a name. */
    int (*rest)(struct mr_schema_walk *walk, const struct mr_schema_node *node);
    bool words; /* a primitive without properties is its word alone */
};

struct mr_schema_walk {
    const struct mr_schema_form *form;
    struct mr_buf *out;
    bool *known; /* by node index */
};

/* 0, -errno, what the form's functions give. */
int mr_schema_walk_type(struct mr_schema_walk *walk, const struct mr_schema_node *node);
/* The whole schema; inlined: with what its references define. Likewise. */
int mr_schema_walk_all(struct mr_schema_walk *walk, const struct mr_schema *schema, bool inlined);
