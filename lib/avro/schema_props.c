/* SPDX-License-Identifier: Apache-2.0 */
/* The extra properties of a schema, for those who show them and must not know jansson. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "millrace/schema.h"

int mr_schema_props_each(const struct json_t *props,
                         void (*fn)(void *self, const char *name, const char *json), void *self)
{
    union { /* jansson's iterators are not const, yet change nothing */
        const json_t *in;
        json_t *out;
    } unconst = {props};
    const char *name;
    json_t *value;

    json_object_foreach(unconst.out, name, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
        if (!text)
            return -ENOMEM;
        fn(self, name, text);
        free(text);
    }
    return 0;
}
