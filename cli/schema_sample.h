/* SPDX-License-Identifier: Apache-2.0 */
/* check --sample: the last records of topics, read with the new schemas. */
#pragma once

#include "schema_state.h"

struct schema_sample {
    struct schema_args *args; /* brokers and registry */
    struct mr_options *options;
    const struct mr_tree *now;
    const struct mr_evolve_options *how;
    struct mr_report *report;
    int64_t last; /* records of each topic, over all its partitions */
    const char *const *topics;
    size_t n_topics;
    /* results */
    size_t n_records, n_missing; /* missing: topics that the cluster does not have */
};
/* Outcomes: 0 (also with findings); MR_INVALID (no brokers, no registry); MR_AGAIN; -ETIMEDOUT (no
 * record came for 30 s); -errno. */
int schema_sample(struct schema_sample *sample, struct mr_error *reterr);
