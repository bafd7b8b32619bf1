/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct mr_schema: shared by the files schema_*.c and nothing else. */
#pragma once

#include <stdatomic.h>

#include "json_tree.h"
#include "millrace/arena.h"
#include "millrace/schema.h"

enum { MR_SCHEMA_MAX_CHAIN = 1000 /* recursion of walks in another order than that of the text */ };

/* The public part comes first, so that a pointer to one is a pointer to the other. */
struct mr_snode {
    struct mr_schema_node pub;
    const struct mr_jnode *source; /* the JSON of its definition */
    const struct mr_schema_source *text;
    const struct mr_str_map
        *index; /* record: name -> field; enum: symbol -> its place in symbols */
    enum { MR_S_NEW, MR_S_OPEN, MR_S_DONE } walk; /* used by one pass after another */
    bool reference;                               /* the outermost type of a referenced schema */
};

/* One text: the schema's own, or a referenced one. */
struct mr_schema_source {
    const char *text;
    size_t len;
    const uint32_t *lines; /* offset of each line's first byte */
    size_t n_lines;
    size_t number; /* 0: the schema itself; n: the n-th reference */
};

struct mr_schema {
    atomic_uint refs;
    struct mr_arena *arena; /* owns everything but jansson's values */
    struct json_t *values;  /* array that owns props and defaults */
    struct mr_schema_source *source;
    const char *const *references; /* copies of the referenced texts */
    size_t n_references;
    const struct mr_schema_node *root;
    struct mr_snode **nodes;
    size_t n_nodes;
};

/* A reference to a name that is defined further on. */
struct mr_pending {
    const struct mr_schema_node **slot;
    const struct mr_jnode *at;
    const struct mr_schema_source *source;
    const char *space;
    struct mr_pending *next;
};

struct mr_sparser {
    struct mr_schema *schema;
    const struct mr_schema_options *options;
    struct mr_schema_source *source; /* what is being parsed now */
    struct mr_str_map names;         /* full name -> struct mr_snode */
    struct mr_pending *pending, **pending_end;
    size_t cap_nodes, depth, default_steps;
    struct mr_error *reterr;
};

static inline struct mr_snode *mr_snode(const struct mr_schema_node *node)
{
    return (struct mr_snode *)(uintptr_t)node;
}

/* Fills reterr with the place of `at` in the text being parsed; returns MR_INVALID. */
int mr_sparser_fail(struct mr_sparser *p, const struct mr_jnode *at, const char *fmt, ...)
    MR_PRINTF(3, 4);
void mr_schema_position(const struct mr_schema_source *source, size_t offset, unsigned *ret_line,
                        unsigned *ret_column);

/* schema_type.c */
int mr_sparser_type(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                    const struct mr_schema_node **slot);
int mr_sparser_node(struct mr_sparser *p, const struct mr_jnode *json, enum mr_avro_type type,
                    struct mr_snode **ret_node);

/* schema_members.c */
/* Which members are Avro's own, so that they are no properties. Java's lists, the odd ones too. */
bool mr_schema_type_member(struct mr_str key);
bool mr_schema_enum_member(struct mr_str key);
bool mr_schema_field_member(struct mr_str key);
int mr_sparser_props(struct mr_sparser *p, const struct mr_jnode *json, bool (*own)(struct mr_str),
                     const struct json_t **ret_props);
/* The text of a member; NULL when it is absent or no string, as Java has it. -ENOMEM. */
int mr_sparser_text(struct mr_sparser *p, const struct mr_jnode *json, const char *key,
                    const char **ret_text);

/* schema_name.c */
int mr_sparser_name(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                    struct mr_snode *node);
/* Enters a finished type under its name, or takes an equal one that is there already. */
int mr_sparser_define(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node,
                      const struct mr_schema_node **slot);
/* The member "aliases" and room for its names; *ret_list NULL: there is none. */
int mr_sparser_alias_list(struct mr_sparser *p, const struct mr_jnode *json,
                          const struct mr_jnode **ret_list, const char ***ret_aliases);
int mr_sparser_aliases(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node);
/* Whether one part of a name is right; else MR_INVALID with its text. what: "field name". */
int mr_sparser_check_name(struct mr_sparser *p, const struct mr_jnode *at, struct mr_str name,
                          const char *what);
int mr_sparser_refer(struct mr_sparser *p, const struct mr_jnode *at, const char *space,
                     const struct mr_schema_node **slot);
int mr_sparser_resolve(struct mr_sparser *p);

/* schema_record.c */
int mr_sparser_record(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                      const struct mr_schema_node **slot);

/* schema_check.c: what can be judged only when all names are known. */
int mr_sparser_check(struct mr_sparser *p);
/* schema_default.c */
int mr_sparser_check_default(struct mr_sparser *p, const struct mr_schema_field *field);
/* schema_logical.c: never fails, as the specification asks. */
void mr_schema_set_logical(struct mr_snode *node);
/* schema_stored.c: Schema.toString(). */
int mr_schema_java_text(const struct mr_schema *schema, struct mr_buf *out);
