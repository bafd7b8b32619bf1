/* SPDX-License-Identifier: Apache-2.0 */
/* Between the walk over two schemas (compat_walk.c) and the list it becomes (compat_findings.c). */
#pragma once

#include "millrace/schema.h"

/* The way to a place in the reader, from there to the root. */
struct mr_compat_place {
    const struct mr_compat_place *up; /* NULL at the root */
    const char *word;                 /* "fields", "type", ... or NULL: the index */
    size_t index;
    const struct mr_schema_field *field; /* of the reader, where index is that of a field */
};

struct mr_compat_fault {
    enum mr_finding_type type;
    const struct mr_schema_node *reader, *writer;
    const struct mr_compat_place *place;
    const struct mr_schema_field *field;
};

struct mr_compat_outcome;

/* A fault of the pair itself, or what one of its parts gave. */
struct mr_compat_item {
    struct mr_compat_fault fault;
    const struct mr_compat_outcome *part; /* NULL: fault */
    struct mr_compat_item *next;
};

/* Of one pair of types; parts are shared, as a pair is judged once however often it occurs. */
struct mr_compat_outcome {
    struct mr_compat_item *first, *last; /* none: compatible */
};

/* Appends what outcome holds, all shared parts written out. 0 or -ENOMEM. */
int mr_compat_list(const struct mr_compat_outcome *outcome, struct mr_findings *findings);
