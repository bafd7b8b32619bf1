/* SPDX-License-Identifier: Apache-2.0 */
/* A mapping and two schemas into a plan: the state of one compilation. */
#pragma once

#include "make.h"

struct compile {
    struct mr_schema *from, *to;
    const char *version; /* for event_version; NULL: none */
    struct mapping *mapping;
    struct places places;
    struct mr_arena *arena;   /* of the plan */
    struct mr_arena *scratch; /* of the compilation */
    struct mistakes *mistakes;
    int frames[MAKE_MAX_FRAMES]; /* items that stand around, outermost first: places */
    unsigned n_frames;
    const struct mr_schema_node *records[64]; /* of the new version, that stand around */
    size_t n_records;
    const struct mr_schema_node *holder; /* record whose field `held` is compiled; NULL: an item */
    size_t held;
    bool reverse;
    struct mr_buf *notes; /* of the upcaster */
    const char **paths;   /* of the new version, all that were met */
    size_t n_paths, cap_paths;
};

/* Where a place is found while the plan runs. False after a mistake: it is many there. */
bool compile_source(struct compile *c, int place, struct spot at, struct source *ret);
/* Places of entry's `from`; false after a mistake. */
bool compile_from(struct compile *c, const struct mapping_path *path, int *ret_place);
/* The constant as a value of node. NULL after a mistake. */
const struct mr_datum *compile_constant(struct compile *c, const struct constant *constant,
                                        const struct mr_schema_node *node);
/* Fills make->call. */
void compile_call(struct compile *c, struct mapping_entry *entry, struct make *make);
void *compile_memory(struct compile *c, size_t n, size_t size);
/* How the new field at path is made, when source (PLACE_NONE: none) is what stands in its place in
 * the old version. */
struct make *compile_value(struct compile *c, const char *path, const struct mr_schema_node *node,
                           int source);
