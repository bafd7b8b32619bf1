/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as a tree that knows where each value stands and keeps every number as it was written.
 * jansson gives neither, and schemas need both: for error messages, and for a stored text that is
 * byte-equal to what other registries keep. Cold path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/error.h"
#include "str_map.h"

struct json_t;

enum mr_jkind {
    MR_J_NULL,
    MR_J_FALSE,
    MR_J_TRUE,
    MR_J_NUMBER,
    MR_J_STRING,
    MR_J_ARRAY,
    MR_J_OBJECT
};

enum { MR_J_MAX_NUMBER = 1000 /* characters of a number, as Jackson has it */ };

struct mr_jnode {
    enum mr_jkind kind;
    uint32_t index;       /* among its siblings */
    uint32_t n;           /* array, object: children */
    uint32_t offset, end; /* its text is [offset, end) */
    struct mr_str key;    /* member: its name, unescaped */
    struct mr_str text;   /* string: unescaped; number: as written */
    struct mr_jnode *parent, *first, *last, *next;
    struct mr_str_map *members; /* only in objects large enough to need it */
};

struct mr_jlimits {
    size_t max_depth, max_values;
    bool like_java; /* comments pass, and of a member written twice the last value wins */
};

/* Parses all of text[0..len), which must outlive the tree. 0; MR_INVALID with offset and text;
 * -ENOMEM. */
int mr_jtree_parse(struct mr_arena *arena, const char *text, size_t len,
                   const struct mr_jlimits *limits, struct mr_jnode **ret_root,
                   struct mr_error *reterr);

/* NULL when node is no object or has no such member. */
const struct mr_jnode *mr_jtree_get(const struct mr_jnode *node, const char *key);
const struct mr_jnode *mr_jtree_find(const struct mr_jnode *node, struct mr_str key);
/* The JSON pointer of node, into error->where. */
void mr_jtree_where(const struct mr_jnode *node, struct mr_error *error);
/* "a string", "an object": for messages. */
const char *mr_jtree_kind(const struct mr_jnode *node);
/* Whether it is a number written without fraction and exponent. */
bool mr_jtree_integral(const struct mr_jnode *node);
/* Of a number; infinite when it is beyond all doubles. */
double mr_jtree_double(const struct mr_jnode *node);
/* Whether it is such a number within 64 bits. */
bool mr_jtree_long(const struct mr_jnode *node, int64_t *ret_value);
/* A new reference, NULL when memory ran out. Numbers that jansson cannot hold become the nearest
 * double. */
struct json_t *mr_jtree_to_jansson(const struct mr_jnode *node);
