/* SPDX-License-Identifier: Apache-2.0 */
/* Order by time: records that are held back, and which one goes next. Private to lib/run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/error.h"
#include "millrace/str.h"

struct consume;
struct consume_partition;

enum { CONSUME_HELD_BACK = 64 << 20 }; /* bytes of records that wait for their turn, at most */

struct consume_merge {
    size_t *sources; /* our partitions, those of one number together */
    size_t n_sources;
    size_t turn;       /* the source that the next transaction begins with: a lane's first */
    size_t n, n_bytes; /* held back */
    size_t most;       /* of them; a partition is read on while it has less than its part */
    bool away;         /* the registry is: times are not decoded for now */
};

/* A record that is held back; its bytes follow. */
struct consume_held {
    struct consume_held *next;
    int64_t time;    /* the event's; INT64_MIN: it has none, and waits for nobody */
    int64_t arrived; /* µs */
    int64_t offset;
    int64_t timestamp_ms;
    size_t size;
    struct mr_bytes key, value, headers;
};

/* ---- consume_held.c ---- */
/* What was polled, copied into its partitions' queues; all messages are given back. A partition of
 * which too much is here waits. 0, -errno. */
int consume_merge_take(struct consume *run, struct mr_error *reterr);
/* Forgets what is held back of p; it is read again from p->next. */
void consume_merge_drop(struct consume *run, struct consume_partition *p);
bool consume_merge_has_room(const struct consume *run, const struct consume_partition *p);
/* The first of p has had its turn. */
void consume_held_pop(struct consume *run, struct consume_partition *p);

/* ---- consume_merge.c ---- */
/* Within the transaction: what may go, in order. 0, -errno. */
int consume_merge_handle(struct consume *run, struct mr_error *reterr);
/* When something may go, µs; INT64_MAX: when more comes. */
int64_t consume_merge_next(struct consume *run);
/* Partitions came or went. 0, -ENOMEM. */
int consume_merge_assign(struct consume *run);
void consume_merge_close(struct consume *run);
/* Whether the topics, and the assignment, allow it. 0; MR_INVALID, with the numbers; -errno. */
int consume_merge_check(struct consume *run, struct mr_error *reterr);
int consume_merge_check_assigned(struct consume *run, struct mr_error *reterr);
