/* SPDX-License-Identifier: Apache-2.0 */
/* The store that many processes share: the compacted topic `_schemas` of a Kafka cluster.
 *
 * One process leads: it says so with a claim in the topic (a NOOP record whose headers carry a
 * fresh epoch and the leader's URL), and every record that it writes carries that epoch. Whoever
 * reads the topic holds a record for void when its epoch is not that of the last claim before it.
 * So the order of the topic decides: what a former leader appends after a claim changes nothing
 * anywhere, it learns so before it answers its client, and the new leader writes the keys concerned
 * again, lest compaction keeps the void record for the valid one. An epoch also ends when it is
 * unknown whether a record was written: what may still be under way is void then. Records without
 * an epoch come from registries of others, and always count. */
#pragma once

#include "millrace/registry.h"
#include "store.h"

/* Creates the topic when it is absent; refuses one that is not made for this. kafka and advertised
 * are copied. Outcomes: 0, MR_INVALID, MR_AGAIN (the brokers cannot be reached), -errno. */
int store_kafka_new(const struct mr_registry_server_config *config, const char *advertised,
                    struct store **ret_store, struct mr_error *reterr);
