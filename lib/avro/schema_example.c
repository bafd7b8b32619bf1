/* SPDX-License-Identifier: Apache-2.0 */
/* Is a JSON value an example of a field, its constraints included? */
#include <errno.h>

#include "shape.h"

/* A schema is written once for all of its fields' examples: cold path, whatever its size. */
int mr_schema_field_example(struct mr_schema *schema, const struct mr_schema_node *record,
                            size_t index, struct mr_str json, struct mr_error *reterr)
{
    MR_AUTO(shapes) struct shapes *shapes = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {.max = MR_CODEC_MAX_BYTES};
    const struct shape *root;
    struct mr_json_cursor cursor = {json.data, json.data, json.data + json.len};
    size_t dropped = 0;
    int r = shapes_new(schema, record, NULL, &shapes, &root, reterr);

    if (r != 0)
        return r;
    r = shape_encode(shapes, root->fields[index].shape, &cursor, &out, &dropped, reterr);
    return r == MR_END ? mr_error_set(reterr, MR_INVALID, "ends before its value does") : r;
}
