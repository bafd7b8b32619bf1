/* SPDX-License-Identifier: Apache-2.0 */
/* The closed list of functions, by name. */
#include <string.h>

#include "make.h"
#include "millrace/upcast.h"

static const struct function *at(size_t i)
{
    static const struct function *const tables[] = {
        functions_number, functions_text, functions_value, functions_time, functions_list};

    for (size_t t = 0; t < MR_N_ELEMENTS(tables); t++)
        for (const struct function *f = tables[t]; f->name; f++)
            if (i-- == 0)
                return f;
    return NULL;
}

const struct function *function_find(const char *name)
{
    const struct function *function;

    for (size_t i = 0; (function = at(i)); i++)
        if (strcmp(function->name, name) == 0)
            return function;
    return NULL;
}

const char *mr_upcast_function(size_t i, const char **ret_summary)
{
    const struct function *function = at(i);

    if (!function)
        return NULL;
    *ret_summary = function->summary;
    return function->name;
}
