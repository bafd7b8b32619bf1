/* SPDX-License-Identifier: Apache-2.0 */
/* One loading of sagas.yaml: its parts share this. */
#pragma once

#include "load.h"
#include "saga_rows.h"

/* A value that a saga remembers. */
struct saga_value {
    const char *name;
    enum mr_saga_kind kind;
};

/* Where an emission stands in the file, and whether a saga of its service names it. */
struct saga_emission {
    const yaml_node_t *node;
    bool used;
};

struct saga_load {
    struct load load; /* first: paths, tree, memory, findings */
    const struct mr_catalog *catalog;
    const struct mr_saga_fields *fields;
    const struct row_sagas *rows;
    struct mr_saga_emission *emissions;
    struct saga_emission *places; /* parallel */
    size_t n_emissions;
    struct mr_saga_read *reads;
    size_t n_reads, cap_reads;

    /* of the saga under way */
    struct mr_saga *saga;
    const struct mr_service *service; /* NULL: there is none of that name */
    struct saga_value values[MR_SAGA_MAX_VALUES];
    size_t n_values;
    bool values_known; /* a mistake in one makes others that follow from it */
};

/* ---- saga_fields.c: fields of topics ---- */
/* Leaves of a topic's schema; none after a note of what is wrong with it. */
size_t saga_leaves(struct saga_load *s, const struct mr_topic *topic,
                   const struct mr_schema_leaf **ret_leaves);
/* The leaf at path in an event of topic, or NULL after a note at node. below: "" for what the saga
 * under way reads, "data." for what an emission sets. */
const struct mr_schema_leaf *saga_field(struct saga_load *s, const yaml_node_t *node,
                                        const struct mr_topic *topic, const char *below,
                                        const char *path);
enum mr_saga_kind saga_kind(const struct mr_schema_node *node);
const char *saga_kind_name(enum mr_saga_kind kind);
/* An event that the saga's service consumes, or NULL after a note. */
const struct mr_topic *saga_consumed(struct saga_load *s, const yaml_node_t *node,
                                     const char *name);
void saga_read_emissions(struct saga_load *s);

/* ---- saga_text.c: templates ---- */
/* Holds a template against what it is to give (MR_SAGA_TEXT for why and end), within the saga under
 * way; list: it fills a list, so that its values may be lists. */
void saga_check_text(struct saga_load *s, const yaml_node_t *node, const char *text,
                     enum mr_saga_kind want, bool list);
/* An emission's templates, as the saga under way would fill them. */
void saga_check_emission(struct saga_load *s, const struct mr_saga_emission *emission,
                         const yaml_node_t *node);

/* ---- saga_step.c ---- */
void saga_read_clauses(struct saga_load *s, const yaml_node_t *list, const struct row_clauses *rows,
                       struct mr_saga_clauses *ret);
void saga_read_emits(struct saga_load *s, const yaml_node_t *list, const struct row_names *rows,
                     struct mr_saga_emits *ret);
void saga_read_steps(struct saga_load *s, const yaml_node_t *node, const struct row_saga *row);
/* Templates, once all that the saga remembers is known. */
void saga_check_texts(struct saga_load *s, const yaml_node_t *node);
