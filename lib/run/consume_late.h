/* SPDX-License-Identifier: Apache-2.0 */
/* Late events of a group that is ordered by time. Private to lib/run. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/consumer.h"

struct consume;

/* The newest handled event of a flow, by the flow's hash. */
struct consume_newest {
    uint64_t hash; /* 0: empty */
    int64_t time;
};

struct consume_late {
    struct consume_newest *generations[2];
    size_t n; /* in the first */
    uint64_t seed;
    int64_t next_prune;
};

/* Before the handler: marks the event when it is late. Outcomes: 0; MR_INVALID: it is not to be
 * handled, tx->fault says so; -errno. */
int consume_late_check(struct mr_tx *tx);
/* After it, in the same transaction: the newest of its flow. 0, -errno. */
int consume_late_handled(struct mr_tx *tx);
/* Within a transaction: a slice of flows that are long over. 0, -errno. */
int consume_late_prune(struct consume *run, struct mr_error *reterr);
/* What is in memory: a transaction was undone, or it is the end. */
void consume_late_forget(struct consume *run);
/* Partitions came: where the table tells, what is in memory may be older than that. */
void consume_late_assigned(struct consume *run);
