/* SPDX-License-Identifier: Apache-2.0 */
/* Between the types (schema_normal.c) and the values (schema_normal_value.c) of a normal form. */
#pragma once

#include "schema_walk.h"

struct mr_normal {
    struct mr_schema_walk walk;
    struct mr_error *reterr;
};

/* Appends the value as an object of its type would print, of any when type is NULL. 0; MR_ABSENT,
 * nothing appended: it is of no use to the type; MR_INVALID; -errno. */
int mr_normal_value(struct mr_normal *w, const struct mr_jnode *json,
                    const struct mr_schema_node *type);
/* "name":value of a member; that which is of no use is MR_INVALID here. */
int mr_normal_member(struct mr_normal *w, const struct mr_jnode *m,
                     const struct mr_schema_node *type);
/* MR_INVALID, with the place of json. */
int mr_normal_none(struct mr_normal *w, const struct mr_jnode *json);
