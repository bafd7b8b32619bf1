/* SPDX-License-Identifier: Apache-2.0 */
/* Flows that wait: events put aside to be tried again, and those behind them. Private to lib/run
 * and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/catalog.h"
#include "millrace/consumer.h"

struct consume;

/* Hashes of the parked keys: a fast no for all others. Sorted. */
struct consume_keys {
    uint64_t *hashes;
    size_t n, cap;
};

/* ---- consume_keys.c: the flows that wait, by hash ---- */
uint64_t consume_flow_hash(struct mr_bytes flow);
bool consume_keys_have(const struct consume_keys *keys, uint64_t hash);
int consume_keys_add(struct consume_keys *keys, uint64_t hash); /* 0, -ENOMEM */
void consume_keys_remove(struct consume_keys *keys, uint64_t hash);

/* ---- consume_retry.c: parked flows ---- */
int consume_parked_open(struct consume *run, struct mr_error *reterr);
/* Whether events of this flow have to wait: 0 no, MR_AGAIN yes, -errno. */
int consume_is_parked(struct consume *run, struct mr_bytes flow, struct mr_error *reterr);
/* Whether one more may be put aside: 0, MR_FULL, -errno. */
int consume_parked_room(struct consume *run, struct mr_error *reterr);
/* Puts a record behind its flow; held: until the operator releases it. MR_FULL: no room. */
int consume_park(struct mr_tx *tx, struct mr_bytes flow, bool first, struct mr_error *reterr);
/* After a dead letter: the flow waits for the operator, if the group's rule says so. */
int consume_after_dead_letter(struct mr_tx *tx, struct mr_bytes flow, struct mr_error *reterr);
/* Tries what is due, within the transaction. *ret_any: something was written. */
int consume_retry(struct consume *run, bool *ret_any, struct mr_error *reterr);
bool consume_retry_due(struct consume *run);
int64_t consume_backoff(const struct mr_retry *retry, int32_t failed, uint64_t random);
