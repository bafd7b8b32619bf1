/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata {tags, properties, sensitive}: read, merged. */
#include <errno.h>

#include "entity_members.h"
#include "entity_rules.h"

int metadata_read(const json_t *body, const char *name, json_t **ret_metadata, int *ret_code,
                  struct mr_error *reterr)
{
    static const struct member members[] = {
        {"tags", "an object of arrays of strings", A_MAP_OF_SETS},
        {"properties", "an object of strings", A_MAP},
        {"sensitive", "an array of strings", A_SET},
    };
    const json_t *from = json_object_get(body, name);
    MR_AUTO(json) json_t *metadata = NULL;

    if (!from || json_is_null(from))
        return 0;
    if (!json_is_object(from))
        return members_wrong(ret_code, reterr, name, "an object");
    metadata = json_object();
    if (!metadata)
        return -ENOMEM;
    int r = members_pick(from, members, MR_N_ELEMENTS(members), metadata, ret_code, reterr);
    if (r == 0)
        *ret_metadata = MR_MOVE(metadata);
    return r;
}

/* Members of both; those of `new` win, and keys come out sorted. */
static json_t *merge_maps(json_t *old, json_t *new, bool sets)
{
    MR_AUTO(json) json_t *both = json_copy(old);
    int r;

    if (!both || json_object_update(both, new) != 0)
        return NULL;
    return sorted_map(both, sets, &r);
}

static json_t *merge_sets(json_t *old, json_t *new)
{
    MR_AUTO(json) json_t *both = json_copy(old);
    int r;

    if (!both || json_array_extend(both, new) != 0)
        return NULL;
    return string_set(both, &r);
}

int metadata_merge(json_t *old, json_t *new, json_t **ret_merged)
{
    static const char *const names[] = {"tags", "properties", "sensitive"};

    if (!old || !new) {
        *ret_merged = json_incref(old ? old : new);
        return 0;
    }
    MR_AUTO(json) json_t *merged = json_object();
    for (size_t i = 0; merged && i < MR_N_ELEMENTS(names); i++) {
        json_t *before = json_object_get(old, names[i]), *after = json_object_get(new, names[i]);
        json_t *both = NULL;
        if (!before && !after)
            continue;
        if (!before || !after)
            both = json_incref(before ? before : after);
        else
            both = json_is_array(before) ? merge_sets(before, after)
                                         : merge_maps(before, after, i == 0);
        if (!both || json_object_set_new(merged, names[i], both) != 0)
            return -ENOMEM;
    }
    if (!merged)
        return -ENOMEM;
    *ret_merged = MR_MOVE(merged);
    return 0;
}
