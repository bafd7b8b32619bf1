/* SPDX-License-Identifier: Apache-2.0 */
/* One loading of topics.yaml: the parsed file, where each value stands in it, and what was found
 * wrong. The steps run in this order and share this struct; each goes on after a mistake. */
#pragma once

#include <stddef.h>
#include <yaml.h>

#include "millrace/arena.h"
#include "millrace/catalog.h"
#include "rows.h"

struct finding {
    const char *file; /* NULL: topics.yaml itself */
    size_t line, column;
    size_t order; /* of discovery: keeps the sort stable */
    const char *text;
};

struct load {
    const char *path;       /* of topics.yaml */
    const char *schema_dir; /* without trailing slash */
    yaml_document_t *document;
    const struct row_file *file;
    struct mr_arena *arena;   /* of the catalogue */
    struct mr_arena *scratch; /* of this loading */
    struct finding *findings;
    size_t n_findings, n_lost;
    int r; /* first fatal error, -errno; sticky */

    /* What the steps have made so far; the catalogue's own arrays, not yet const. */
    struct mr_envelope_map *envelopes;
    bool *envelope_used;
    size_t n_envelopes;
    struct mr_platform *platforms;
    size_t n_platforms;
    struct mr_topic *topics;
    const yaml_node_t *
        *topic_nodes; /* parallel: the topic's mapping, the service's for dead letters */
    const struct row_topic **topic_rows; /* parallel: NULL for dead letters */
    size_t n_topics;
    bool incomplete; /* a topic or consumer was left out: what is missing then follows from that */
};

/* ---- positions (position.c) ---- */
/* Borrowed from the document. NULL in, NULL out; NULL when there is no such key or item. */
const yaml_node_t *load_at(const struct load *load, const yaml_node_t *mapping, const char *key);
const yaml_node_t *load_item(const struct load *load, const yaml_node_t *sequence, size_t index);
const yaml_node_t *load_root(const struct load *load);

/* Notes a mistake at a node (NULL: at the top of the file). */
void load_note(struct load *load, const yaml_node_t *node, const char *fmt, ...) MR_PRINTF(3, 4);
/* Why a file gave this -errno instead of its text. */
const char *load_unread(int r);
void load_note_at(struct load *load, const char *file, size_t line, size_t column, const char *fmt,
                  ...) MR_PRINTF(5, 6);
/* "; did you mean 'x'?", or the words themselves when none is near and they are few, or "". Lives
 * in scratch. */
const char *load_hint(struct load *load, const char *word, const char *const *words,
                      size_t n_words);
/* One document; its mistakes are noted. 0, MR_INVALID, -errno (load.c). */
int load_parse(struct load *load, const struct mr_buf *text, yaml_document_t *document);
/* The end of a loading that gave r: findings in the file's order, one per line, make it MR_INVALID.
 * Outcomes: 0, those of the loading, -errno. */
int load_verdict(struct load *load, int r, struct mr_buf *report);

/* Zeroed memory of the catalogue, or NULL after noting -ENOMEM. n = 0 gives NULL as well. */
void *load_array(struct load *load, size_t n, size_t size);
const char *load_text(struct load *load, const char *text);
const char *const *load_texts(struct load *load, char *const *texts, size_t n_texts);
const char *load_printf(struct load *load, const char *fmt, ...) MR_PRINTF(2, 3);

/* ---- steps ---- */
/* Holds the tree against libcyaml's rows; what: the file, for texts (shape.c). */
void load_shape(struct load *load, const cyaml_schema_value_t *want, const char *what);
void load_envelopes(struct load *load);                            /* envelope.c */
void load_platforms(struct load *load);                            /* platform.c */
void load_topics(struct load *load);                               /* topic.c */
void load_schemas(struct load *load);                              /* schemas.c */
void load_majors(struct load *load);                               /* majors.c */
void load_services(struct load *load, struct mr_catalog *catalog); /* service.c */
void load_aliases(struct load *load, struct mr_catalog *catalog);  /* alias.c */
/* Of one group, whose topics are there (filter.c). */
void load_filters(struct load *load, const yaml_node_t *node, const struct row_service *row,
                  struct mr_consumer_group *group);

/* Sorted names in a folder that do not begin with a dot, of scratch; -errno when it cannot be read.
 */
int load_list(struct load *load, const char *path, const char ***ret_names, size_t *ret_n);

/* ---- shared rules (rules.c) ---- */
/* Lower-case words of letters and digits joined by single dashes; notes what is wrong. */
bool load_name(struct load *load, const yaml_node_t *node, const char *what, const char *name);
/* A number with its unit, to ms. */
bool load_duration(const char *text, int64_t *ret_ms);
bool load_pointer(struct load *load, const yaml_node_t *node, const char *pointer);
/* Values of one `topics`, `dead_letters` or topic mapping, and of one `retry`. complete: at the top
 * of the file, where every key must be given. */
void load_check_settings(struct load *load, const yaml_node_t *node,
                         const struct row_settings *row);
void load_check_retry(struct load *load, const yaml_node_t *node, const struct row_retry *row);
void load_check_defaults(struct load *load, const yaml_node_t *node, const struct row_defaults *row,
                         bool complete);
/* Puts one layer over what topic or retry have; NULL changes nothing. Wrong values count as absent.
 */
void load_merge_settings(struct mr_topic *topic, const struct row_settings *row);
void load_merge_retry(struct mr_retry *retry, const struct row_retry *row);
void load_merge_order(struct mr_order *order, const struct row_order *row);
