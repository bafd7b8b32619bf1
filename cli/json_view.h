/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into JSON text that is known to be valid (our own writers made it, or mr_json_skip passed
 * it): no tree, no copies. Values are slices of the text. */
#pragma once

#include <stdbool.h>

#include "millrace/buf.h"
#include "millrace/str.h"

/* Members of an object or items of an array, one after another. */
struct json_walk {
    const char *at, *end;
    bool object;
};
/* False for a value that is neither. */
bool json_walk_start(struct json_walk *walk, struct mr_str value);
/* *ret_key is the raw text between the quotes, empty for arrays. False at the end. */
bool json_walk_next(struct json_walk *walk, struct mr_str *ret_key, struct mr_str *ret_value);

/* The member of this name; false when there is none. Names with escapes are never found. */
bool json_member(struct mr_str object, struct mr_str name, struct mr_str *ret_value);

/* Calls fn for every value at the dotted path: "data.items.0.sku". A segment that is no number goes
 * into every item of an array on its way. Stops when fn gives true, and gives true then. */
bool json_at(struct mr_str value, const char *path, bool (*fn)(void *self, struct mr_str value),
             void *self);

/* A scalar as text: strings without quotes and escapes (into scratch when there are any), others as
 * written. */
struct mr_str json_scalar(struct mr_str value, struct mr_buf *scratch);
