/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a record's value to one line of JSON, whatever they are. */
#pragma once

#include "millrace/codec.h"
#include "millrace/kafka.h"
#include "millrace/registry.h"

struct decoder_slot {
    int32_t id; /* -1: free */
    struct mr_json_decoder *decoder;
};

struct decoders {
    struct mr_registry *registry; /* NULL: none is known */
    bool lenient; /* without a registry that answers a value cannot be decoded: MR_INVALID */
    struct decoder_slot *slots; /* open addressing, at most half full */
    size_t n_slots, n_used;
    struct decoder_slot last; /* most records are like the one before */
};

/* registry may be NULL, and is borrowed. 0 or -ENOMEM. */
int decoders_init(struct decoders *decoders, struct mr_registry *registry);
void decoders_done(struct decoders *decoders);

/* Appends the value of the message as JSON in one line: Avro in the wire format (schema id in
 * front, or as GUID in a header), or JSON text as it is; a tombstone is null. *ret_id is the
 * schema's id, -1 without one. Outcomes: 0; MR_INVALID: cannot be decoded, reterr says why;
 * MR_AGAIN, -errno: the registry fails, or none is known and one is needed (-EDESTADDRREQ). */
int decoders_value(struct decoders *decoders, const struct mr_message *message, struct mr_buf *out,
                   int32_t *ret_id, struct mr_error *reterr);
