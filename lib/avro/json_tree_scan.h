/* SPDX-License-Identifier: Apache-2.0 */
/* The words of JSON, for json_tree.c: white space, strings, numbers, null, false, true. */
#pragma once

#include "json_tree.h"
#include "millrace/status.h"

struct mr_jscan {
    struct mr_arena *arena;
    const char *begin, *at, *end;
    const struct mr_jlimits *limits;
    size_t n_values, depth;
    struct mr_error *reterr;
};

/* MR_INVALID with the place of `where` and a text. */
#define MR_JSCAN_FAIL(s, where, ...)                                                               \
    (mr_jscan_at((s), (where)), mr_error_set((s)->reterr, MR_INVALID, __VA_ARGS__))

static inline void mr_jscan_at(struct mr_jscan *s, const char *where)
{
    if (s->reterr)
        s->reterr->offset = (size_t)(where - s->begin);
}

/* Each moves s->at over what it reads. 0, MR_INVALID, -ENOMEM. */
int mr_jscan_space(struct mr_jscan *s);
int mr_jscan_string(struct mr_jscan *s, struct mr_str *ret_text); /* at its first quote */
int mr_jscan_number(struct mr_jscan *s, struct mr_jnode *node);
int mr_jscan_word(struct mr_jscan *s, struct mr_jnode *node);
