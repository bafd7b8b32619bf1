/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of `millrace registry verify`. */
#pragma once

#include "millrace/evolve.h"
#include "millrace/registry_copy.h"

enum verify_rule {
    VERIFY_SUBJECT_MISSING,
    VERIFY_SUBJECT_EXTRA,
    VERIFY_VERSION_MISSING,
    VERIFY_VERSION_EXTRA,
    VERIFY_ID,
    VERIFY_SCHEMA,
    VERIFY_DELETION,
    VERIFY_CONFIG,
    VERIFY_LEVEL,
    VERIFY_MODE,
    N_VERIFY_RULES,
};
extern const struct mr_rule verify_rules[N_VERIFY_RULES];

struct verify {
    const char *from, *to; /* as shown: URLs without credentials, a folder */
    const char *glob;
    struct mr_report report;
    size_t cap;
    int r; /* the first -errno; nothing is added after */
};

/* A copy that lives as long as the report; "" when memory ran out. */
const char *verify_text(struct verify *verify, const char *fmt, ...) MR_PRINTF(2, 3);
/* Its texts are constant or from verify_text; severity is the rule's unless given. */
void verify_add(struct verify *verify, enum verify_rule rule, struct mr_evolution item);

/* What the schemas and topics.yaml of a folder have otherwise. Outcomes: those of mr_tree_folder,
 * MR_INVALID (topics.yaml has mistakes: the text is theirs). */
int verify_folder(struct verify *verify, const struct mr_image *image, const char *folder,
                  struct mr_error *reterr);
