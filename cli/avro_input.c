/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas for the verbs of `millrace avro`. */
#include "avro_input.h"

#include "millrace/registry.h"

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

int avro_input_file(const char *path, struct mr_schema **ret_schema, struct mr_error *reterr)
{
    int r = mr_schema_parse_file(path, ret_schema, reterr);

    if (r == 0 || reterr->line == 0)
        return r;
    /* as compilers print it, so that editors jump there */
    return mr_error_inside(reterr, r, "%.300s:%u:%u", path, reterr->line, reterr->column);
}

int avro_input_schema(struct avro_input *input, struct mr_options *options, const char *path,
                      struct mr_schema **ret_schema, struct mr_error *reterr)
{
    if (!path == (input->id == 0))
        return mr_error_set(reterr, MR_INVALID,
                            "give either a schema's file or --id, the registry's number");
    return path ? avro_input_file(path, ret_schema, reterr)
                : from_registry(input, options, ret_schema, reterr);
}
