/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas for the verbs of `millrace avro`. */
#include "avro_input.h"

#include <stdio.h>

#include "millrace/registry.h"

/* "order.avsc:3:17: /fields/0/type: rule", as compilers print it, so that editors jump there. */
static int at_file(const char *path, int r, struct mr_error *error)
{
    const struct mr_error inner = *error;

    error->where[0] = '\0';
    if (inner.line == 0)
        return mr_error_set(error, r, "%.900s", inner.text);
    return mr_error_set(error, r, "%.300s:%u:%u: %.200s%s%.400s", path, inner.line, inner.column,
                        inner.where, *inner.where ? ": " : "", inner.text);
}

static int from_registry(struct avro_input *input, struct mr_options *options,
                         struct mr_schema **ret_schema, struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    struct mr_schema *schema; /* borrowed */
    int r = mr_common_resolve(&input->common, options, false, true, reterr);

    if (r != 0)
        return r;
    const struct mr_registry_config config = mr_registry_config_from(&input->common);
    r = mr_registry_new(&config, &registry, reterr);
    if (r == 0)
        r = mr_registry_schema(registry, (int32_t)input->id, &schema, reterr);
    if (r == 0)
        *ret_schema = mr_schema_ref(schema);
    return r;
}

int avro_input_schema(struct avro_input *input, struct mr_options *options, const char *path,
                      struct mr_schema **ret_schema, struct mr_error *reterr)
{
    if (!path == (input->id == 0))
        return mr_error_set(reterr, MR_INVALID,
                            "give either a schema's file or --id, the registry's number");
    if (!path)
        return from_registry(input, options, ret_schema, reterr);
    int r = mr_schema_parse_file(path, ret_schema, reterr);
    return r == 0 ? 0 : at_file(path, r, reterr);
}
