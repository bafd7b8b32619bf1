/* SPDX-License-Identifier: Apache-2.0 */
/* One more topic in the text of topics.yaml, all else of which stays byte for byte. */
#pragma once

#include "millrace/buf.h"
#include "millrace/error.h"

struct schema_row {
    const char *service;
    const char *topic; /* domain.action.v1 */
    const char *event;
    const char *key, *time;   /* NULL: the platform's documents have an envelope */
    const char *const *types; /* spellings of the event's type; none: its name */
    size_t n_types;
    const char *const *consumers;
    size_t n_consumers;
};

/* Appends text with the row after the service's last topic, indented as the others are. Outcomes:
 * 0; MR_ABSENT: no line "- service: NAME"; MR_INVALID: its block is not laid out in lines; -errno.
 */
int schema_row_insert(struct mr_str text, const struct schema_row *row, struct mr_buf *out,
                      struct mr_error *reterr);
