/* SPDX-License-Identifier: Apache-2.0 */
/* The client's look at a subject's history. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "millrace/registry.h"
#include "millrace/status.h"

int mr_registry_versions(struct mr_registry *registry, const char *subject, int32_t **ret_versions,
                         size_t *ret_n, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    const json_t *item;
    size_t i, n = 0;
    int r = client_subject_path(registry, subject, "/versions");

    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &json, NULL, reterr);
    if (r != 0)
        return r;
    if (!json_is_array(json))
        return client_odd(registry, "a list of versions that is none", reterr);
    MR_AUTO(free) int32_t *versions = calloc(json_array_size(json) + 1, sizeof(*versions));
    if (!versions)
        return -ENOMEM;
    json_array_foreach(json, i, item)
    {
        json_int_t number = json_integer_value(item);
        if (number < 1 || number > INT32_MAX)
            return client_odd(registry, "a version that is no number", reterr);
        versions[n++] = (int32_t)number;
    }
    *ret_versions = MR_MOVE(versions);
    *ret_n = n;
    return 0;
}

int mr_registry_version(struct mr_registry *registry, const char *subject, int32_t version,
                        int32_t *ret_id, struct mr_schema **ret_schema, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    char tail[32];

    (void)snprintf(tail, sizeof(tail), "/versions/%d", (int)version);
    int r = client_subject_path(registry, subject, tail);
    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &json, NULL, reterr);
    if (r == 0 && ret_id)
        *ret_id = (int32_t)json_integer_value(json_object_get(json, "id"));
    return r == 0 ? client_parse(registry, json, ret_schema, reterr) : r;
}
