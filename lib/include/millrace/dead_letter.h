/* SPDX-License-Identifier: Apache-2.0 */
/* What a dead letter's headers tell: where its record came from, who gave up on it, and why. Reads
 * our own form (KIP-1191's names and mr_...), and those of Spring (kafka_dlt-...), Kafka Connect
 * (__connect.errors...) and Kafka Streams (__streams.errors...). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/kafka.h"

/* For the one group that gave up on it: the others take no notice of a record with this header that
 * they fail at. */
#define MR_HEADER_RETRY_GROUP "mr_retry_group"
/* The dead letter that the record comes from: "inventory-management.dlq[0]@17". */
#define MR_HEADER_RETRY_OF "mr_retry_of"
/* How many bytes the value had, of a letter that its topic only took without it. */
#define MR_HEADER_LEFT_OUT "mr_value_left_out"

struct mr_dead_letter {
    struct mr_str topic;              /* where the record was; data NULL where no header tells */
    int32_t partition;                /* -1: not told */
    int64_t offset;                   /* -1 */
    int64_t timestamp_ms;             /* of the record in that topic; -1 */
    struct mr_str group, reason;      /* reason: our class, or the class of an exception */
    struct mr_str message, failed_at; /* data NULL: not told */
    int64_t deliveries;               /* -1 */
    struct mr_str id;                 /* ce_id; data NULL: not told */
    bool refused_document;            /* a producer refused it: it has been in no topic */
    bool value_left_out;              /* it stands in its topic only */
    bool wire_format;                 /* the value is as a registry's clients write it */
};

/* Borrows from headers; of several of one name the last counts. value NULL: none. */
void mr_dead_letter_read(const struct mr_header *headers, size_t n_headers,
                         const struct mr_bytes *value, struct mr_dead_letter *ret_letter);
/* Whether a header of this name was put there by a trip to a dead-letter topic or back. */
bool mr_dead_letter_note(const char *name);
