/* SPDX-License-Identifier: Apache-2.0 */
/* An event on its way through a consumer: where it stood, who it is, what it says. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/catalog.h"
#include "millrace/record.h"
#include "millrace/str.h"
#include "millrace/uuid.h"

/* Borrowed from the engine: valid while the handler runs. */
struct mr_event {
    const struct mr_topic *topic;
    int32_t partition;
    int64_t offset;
    struct mr_uuid id;                  /* envelope->event_id */
    const struct mr_envelope *envelope; /* first member of the generated struct */
    const void *record;                 /* the generated struct, topic->record->size bytes */
    struct mr_bytes flow; /* what its order hangs on: the record's key, else the correlation id */
    int32_t attempt;      /* 1 for the first delivery */
    bool late;            /* mr_tx_late */
};
