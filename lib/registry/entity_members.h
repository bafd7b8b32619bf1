/* SPDX-License-Identifier: Apache-2.0 */
/* What metadata and rule sets are made of. */
#pragma once

#include "entity.h"

enum shape { A_STRING, A_BOOL, A_SET, A_MAP, A_MAP_OF_SETS };

struct member {
    const char *name, *word;
    enum shape shape;
};

/* MR_INVALID: "'name' must be what". */
int members_wrong(int *ret_code, struct mr_error *reterr, const char *name, const char *what);

/* Those members of `from` that are listed, checked and in the order of the list; empty ones are
 * left out. Outcomes as in entity.h. */
int members_pick(const json_t *from, const struct member *members, size_t n, json_t *into,
                 int *ret_code, struct mr_error *reterr);

/* What Java's reader makes of a scalar where another one is asked for: texts of numbers and of
 * true and false, numbers in texts, the whole part of a number. NULL when there is no such; a new
 * reference. 0 or -ENOMEM. */
int scalar_as(const json_t *value, json_type type, json_t **ret_scalar);

/* Strings sorted, each once. NULL: *ret_r is MR_INVALID (one is no string) or -ENOMEM. */
json_t *string_set(const json_t *list, int *ret_r);
/* A map by sorted keys; its values are strings, or string sets. Same result rule. */
json_t *sorted_map(json_t *map, bool sets, int *ret_r);
