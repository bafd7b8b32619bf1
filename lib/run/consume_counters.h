/* SPDX-License-Identifier: Apache-2.0 */
/* Every number a consumer counts, once: the struct, the summary, --json, the metrics page and
 * docs/consumers.md (a test compares) are made from this table. */
#pragma once

#include <stdint.h>

/* name, what it counts */
#define CONSUME_COUNTERS(X)                                                                        \
    X(consumed, "records read from Kafka")                                                         \
    X(handled, "events whose effects were committed")                                              \
    X(duplicates, "events seen before, skipped")                                                   \
    X(filtered, "events that the group's filter does not want, skipped")                           \
    X(tombstones, "records with a null value, skipped")                                            \
    X(late, "events older than the newest handled one of their flow, in a group ordered by time")  \
    X(upcast, "events of an older major version, made those of the handler's")                     \
    X(parked, "events put aside to be tried again or to wait behind one of their flow")            \
    X(retried, "further deliveries of events put aside")                                           \
    X(dead_lettered, "records written to the dead-letter topic")                                   \
    X(emitted, "events that handlers emitted")                                                     \
    X(sagas_started, "sagas that an event has started")                                            \
    X(sagas_completed, "sagas that came to their end")                                             \
    X(sagas_compensated, "sagas that failed, and what they had done was undone")                   \
    X(sagas_failed, "sagas that failed, and are for people to see to")                             \
    X(sagas_late, "events for a saga that had ended, or that came once more: noted, no effect")    \
    X(saga_timers, "timers of sagas that fired")                                                   \
    X(published, "records that the broker acknowledged: emitted and dead letters")                 \
    X(notified, "messages to people that were delivered, or kept on channel none")                 \
    X(notify_failed, "messages to people that were given up")                                      \
    X(renewals, "times the producer was made anew, because the brokers lost track of it")          \
    X(batches, "transactions committed")                                                           \
    X(redone, "batches done again event by event, because one of their events failed")             \
    X(store_losses, "transactions that were lost and done again")                                  \
    X(collisions, "of these, to an instance that changed the same rows: done again alone")         \
    X(holds, "times a partition had to wait: registry not reachable, or too much put aside")       \
    X(gaps, "partitions whose unread records were gone: taken on with --gap accept")

struct consume_counters {
#define CONSUME_COUNTER_FIELD(name, what) int64_t name;
    CONSUME_COUNTERS(CONSUME_COUNTER_FIELD)
#undef CONSUME_COUNTER_FIELD
};
