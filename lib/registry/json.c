/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON, with want of memory told from what is wrong with the text. */
#include "json.h"

#include <stdlib.h>

#include "millrace/status.h"

/* jansson says of some failed allocations that the text is wrong, and what is right must not be
 * refused for want of memory: what it had no room for is tried. */
static bool memory_is_short(size_t len)
{
    void *volatile probe = malloc(4096 + 4 * len); /* volatile: else a compiler may leave it out */
    bool none = !probe;

    free(probe);
    return none;
}

int json_read(struct mr_str text, size_t flags, json_t **ret_json, json_error_t *ret_why)
{
    *ret_json = json_loadb(text.data ? text.data : "", text.len, flags, ret_why);
    if (*ret_json)
        return 0;
    return memory_is_short(text.len) ? -ENOMEM : MR_INVALID;
}
