/* SPDX-License-Identifier: Apache-2.0 */
/* Two registries on one command line: --from and --to, each with credentials of its own. */
#pragma once

#include "millrace/option.h"
#include "millrace/registry.h"

struct registry_side {
    const char *urls;
    const char *user, *password, *token;
    const char *ca, *cert, *key;
    bool insecure;
};
extern const struct mr_option registry_from_options[], registry_to_options[];

/* stop may be NULL. Outcomes: those of mr_registry_new. */
int registry_side_open(const struct registry_side *side, bool (*stop)(void *opaque),
                       struct mr_registry **ret_registry, struct mr_error *reterr);
/* Its URLs without credentials, for people; cut at cap. */
const char *registry_side_name(const struct registry_side *side, char *out, size_t cap);
