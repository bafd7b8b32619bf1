/* SPDX-License-Identifier: Apache-2.0 */
/* A mapping file as it stands: which field comes from where. What it means is compile.c's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/str.h"

struct spot {
    unsigned line, column;
};

/* What is wrong, each with its place. */
struct mistakes {
    const char *path;
    struct mr_buf *report;
    size_t n;
    int r; /* -errno, sticky */
};
void mistake(struct mistakes *mistakes, struct spot at, const char *fmt, ...) MR_PRINTF(3, 4);
/* "; did you mean 'x'?" or "". Lives in arena. */
const char *mistake_hint(struct mistakes *mistakes, struct mr_arena *arena, const char *word,
                         const char *const *words, size_t n_words);

/* A constant: a scalar as written, or any value as JSON. */
struct constant {
    const char *text; /* scalar; NULL for lists and mappings */
    bool plain;       /* without quotes */
    const char *json;
    struct spot at;
};

struct mapping_path {
    const char *path;
    struct spot at;
};

struct mapping_case {
    struct constant from, to;
};

enum param {
    PARAM_BY,
    PARAM_CASES,
    PARAM_DIGITS,
    PARAM_OTHERS,
    PARAM_PART,
    PARAM_ROUND,
    PARAM_TIMES,
    PARAM_UNIT,
    PARAM_ZONE,
    N_PARAMS,
};
extern const char *const param_names[N_PARAMS];

struct mapping_param {
    bool given;
    struct constant value; /* but for cases */
    const struct mapping_case *cases;
    size_t n_cases;
    struct spot at;
};

/* One field of the new version. */
struct mapping_entry {
    const char *to;
    struct spot at;
    struct mapping_path *from;
    size_t n_from;
    const char *compute; /* NULL: as it is */
    struct spot compute_at;
    const struct constant *value;     /* NULL: from */
    const struct constant *otherwise; /* instead of null; NULL: none */
    struct mapping_param params[N_PARAMS];
    bool used; /* compile.c */
};

struct mapping {
    struct mapping_entry *entries;
    size_t n_entries;
    struct mapping_path *drops;
    size_t n_drops;
};

/* Everything lives in arena. Outcomes: 0 (mistakes are counted), -errno. */
int mapping_read(struct mr_str text, struct mr_arena *arena, struct mapping *ret,
                 struct mistakes *mistakes);
/* The way back, in place of *mapping. What cannot be turned round is a mistake. */
int mapping_reverse(struct mapping *mapping, struct mr_arena *arena, struct mistakes *mistakes);
