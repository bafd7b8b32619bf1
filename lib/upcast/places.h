/* SPDX-License-Identifier: Apache-2.0 */
/* Every place in the old schema: what it is called, how one gets there, whether it is used. */
#pragma once

#include "mapping.h"
#include "millrace/schema.h"

enum { PLACE_NONE = -1, PLACE_ROOT = 0 };

struct place {
    const char *path;                  /* "data.items[].sku"; of a map: "{}" */
    const struct mr_schema_node *type; /* without null, where it is that and one other */
    bool nullable;                     /* it may itself be null */
    bool known;                        /* where the walk is, it is not null */
    int parent;                        /* of the root PLACE_NONE */
    int anchor;     /* the item that it is within, or the root; an item's own is itself */
    uint32_t field; /* index in the parent, a record; of an item unused */
    bool leaf;      /* no places below it */
    bool used, dropped;
};

struct places {
    struct place *items;
    size_t n, cap;
    const char **paths; /* all, for hints */
};

/* Outcomes: 0; MR_FULL: more than MR_UPCAST_MAX_FIELDS; -ENOMEM. */
int places_find_all(struct places *places, const struct mr_schema_node *root,
                    struct mr_arena *arena);
/* Whether it or a record around it, up to the item that it is within, may be null. */
bool places_absent(const struct places *places, int place);
/* PLACE_NONE: there is none. */
int places_find(const struct places *places, const char *path);
int places_child(const struct places *places, int parent, const char *field);
/* The item of an array or map. */
int places_item(const struct places *places, int parent);
/* It and all below it are used. */
void places_use(struct places *places, int place);
/* Holds `drop` against what is used, and names what is neither. */
void places_judge(struct places *places, const struct mapping *mapping, struct mr_arena *arena,
                  struct mistakes *mistakes);

/* The type without null, when node is null and one other; else node. *ret_null: the null branch,
 * NULL: there is none. */
const struct mr_schema_node *without_null(const struct mr_schema_node *node,
                                          const struct mr_schema_node **ret_null);
