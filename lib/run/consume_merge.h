/* SPDX-License-Identifier: Apache-2.0 */
/* Order by time: records that are held back, and which one goes next. Private to lib/run. */
#pragma once

#include "consume.h"

/* What was polled, copied into its partitions' queues; all messages are given back. A partition of
 * which too much is here waits. 0, -errno. */
int consume_merge_take(struct consume *run, struct mr_error *reterr);
/* Within the transaction: what may go, in order. 0, -errno. */
int consume_merge_handle(struct consume *run, struct mr_error *reterr);
/* When something may go, µs; INT64_MAX: when more comes. */
int64_t consume_merge_next(struct consume *run);
/* Forgets what is held back of p; it is read again from p->next. */
void consume_merge_drop(struct consume *run, struct consume_partition *p);
bool consume_merge_has_room(const struct consume *run, const struct consume_partition *p);
/* Partitions came or went. 0, -ENOMEM. */
int consume_merge_assign(struct consume *run);
void consume_merge_close(struct consume *run);
/* Whether the topics, and the assignment, allow it. 0; MR_INVALID, with the numbers; -errno. */
int consume_merge_check(struct consume *run, struct mr_error *reterr);
int consume_merge_check_assigned(struct consume *run, struct mr_error *reterr);
