/* SPDX-License-Identifier: Apache-2.0 */
/* Compatibility levels of a registry: which versions are compared, and which way round. */
#include "millrace/schema.h"

static const struct {
    const char *name;
    bool backward, forward, transitive;
} levels[] = {
    [MR_COMPAT_NONE] = {"NONE", false, false, false},
    [MR_COMPAT_BACKWARD] = {"BACKWARD", true, false, false},
    [MR_COMPAT_BACKWARD_TRANSITIVE] = {"BACKWARD_TRANSITIVE", true, false, true},
    [MR_COMPAT_FORWARD] = {"FORWARD", false, true, false},
    [MR_COMPAT_FORWARD_TRANSITIVE] = {"FORWARD_TRANSITIVE", false, true, true},
    [MR_COMPAT_FULL] = {"FULL", true, true, false},
    [MR_COMPAT_FULL_TRANSITIVE] = {"FULL_TRANSITIVE", true, true, true},
};

int mr_compat_level_parse(struct mr_str text, enum mr_compat_level *ret_level)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(levels); i++) {
        if (mr_str_is(text, levels[i].name)) {
            *ret_level = (enum mr_compat_level)i;
            return 0;
        }
    }
    return MR_INVALID;
}

const char *mr_compat_level_name(enum mr_compat_level level)
{
    return (size_t)level < MR_N_ELEMENTS(levels) ? levels[level].name : "UNKNOWN";
}

/* The old reader comes first, as it does in Java's mutual check. */
static int check_one(enum mr_compat_level level, const struct mr_schema *next,
                     const struct mr_schema *previous, struct mr_findings *findings)
{
    size_t before = findings->n_items;
    int r = levels[level].forward ? mr_schema_compatible(previous, next, findings) : 0;

    for (size_t i = before; i < findings->n_items; i++)
        findings->items[i].forward = true;
    return r == 0 && levels[level].backward ? mr_schema_compatible(next, previous, findings) : r;
}

int mr_schema_check_level(enum mr_compat_level level, const struct mr_schema *next,
                          const struct mr_schema *const *previous, size_t n_previous,
                          size_t *ret_failed, struct mr_findings *findings)
{
    size_t before = findings->n_items;
    size_t oldest = levels[level].transitive || n_previous == 0 ? 0 : n_previous - 1;

    *ret_failed = SIZE_MAX;
    for (size_t i = n_previous; i > oldest; i--) {
        int r = check_one(level, next, previous[i - 1], findings);
        if (r != 0)
            return r;
        if (findings->n_items > before) {
            *ret_failed = i - 1;
            return 0;
        }
    }
    return 0;
}
