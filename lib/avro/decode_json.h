/* SPDX-License-Identifier: Apache-2.0 */
/* Avro -> JSON: the state of one call. */
#pragma once

#include "decode.h"
#include "json_number.h"

struct to_json {
    struct bin bin;
    struct mr_buf *out;
    struct mr_error *reterr;
    struct decode_guard guard;
    size_t *places; /* a stack: where the fields of records out of order begin */
    size_t n_places, cap_places;
};

int to_json_value(struct to_json *j, const struct plan *plan);
int to_json_record(struct to_json *j, const struct plan *plan);
/* Scalars with their human forms. */
int to_json_text(struct to_json *j, const struct plan *plan);
int to_json_bytes(struct to_json *j, const struct plan *plan);
int to_json_number(struct to_json *j, const struct plan *plan);

/* A quoted and escaped JSON string; text has been checked. */
int to_json_put_string(struct mr_buf *out, struct mr_bytes text);
