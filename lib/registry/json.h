/* SPDX-License-Identifier: Apache-2.0 */
/* The few things that both sides do with jansson beyond its own calls. */
#pragma once

#include <errno.h>

#include <jansson.h>

#include "millrace/buf.h"

static inline void mr_auto_json(json_t **json)
{
    json_decref(*json);
}

static inline int json_take_text(const char *data, size_t len, void *opaque)
{
    return mr_buf_append((struct mr_buf *)opaque, data, len) == 0 ? 0 : -1;
}

/* Appends json in its compact form, members in their order. 0 or -ENOMEM. */
static inline int json_append(struct mr_buf *out, const json_t *json)
{
    return json_dump_callback(json, json_take_text, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0
               ? 0
               : -ENOMEM;
}

/* json_loadb() that tells want of memory from a wrong text. 0; MR_INVALID with *ret_why, which may
 * be NULL; -ENOMEM. *ret_json is NULL unless it is 0. */
int json_read(struct mr_str text, size_t flags, json_t **ret_json, json_error_t *ret_why);

static inline struct mr_str json_str(const json_t *json)
{
    return (struct mr_str){json_string_value(json), json_string_length(json)};
}
