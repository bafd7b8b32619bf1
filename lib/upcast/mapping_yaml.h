/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a mapping file: what its two halves share. */
#pragma once

#include <yaml.h>

#include "mapping.h"

struct reading {
    yaml_document_t *document;
    struct mr_arena *arena;
    struct mapping *mapping;
    struct mistakes *mistakes;
    bool *seen; /* by node: met twice means an alias */
    bool alias; /* one was told of */
};

struct spot mapping_spot(const yaml_node_t *node);
/* Zeroed, of the arena; NULL after noting -ENOMEM. */
void *mapping_memory(struct reading *reading, size_t n, size_t size);
/* A child by its index in the document; one met twice is a mistake. */
const yaml_node_t *mapping_node(struct reading *reading, int index);
/* A text that is not empty, copied; NULL after a mistake. */
const char *mapping_scalar(struct reading *reading, const yaml_node_t *node, const char *what);
void mapping_constant(struct reading *reading, const yaml_node_t *node, struct constant *ret);
