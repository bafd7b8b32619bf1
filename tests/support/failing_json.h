/* SPDX-License-Identifier: Apache-2.0 */
/* jansson allocates through the program's own calls, so that failing_malloc.h counts them. Include
 * it behind that one. */
#pragma once

#include <jansson.h>
#include <stdlib.h>

/* Behind each call, so that the compiler makes no jump of it. */
static volatile unsigned failing_json_calls;

static void *failing_json_malloc(size_t size)
{
    void *memory = malloc(size);

    failing_json_calls++;
    return memory;
}

static void failing_json_free(void *memory)
{
    free(memory);
    failing_json_calls++;
}

static inline void failing_json(void)
{
    json_set_alloc_funcs(failing_json_malloc, failing_json_free);
}
