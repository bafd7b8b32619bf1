/* SPDX-License-Identifier: Apache-2.0 */
/* Where the verbs of `millrace avro` have their schema from: a file, standard input, or a
 * registry's id. */
#pragma once

#include "millrace/option.h"
#include "millrace/schema.h"

struct avro_input {
    struct mr_common common; /* -r and its fellows; rows are mr_common_options */
    int64_t id;              /* of the registry; 0: a file */
};

/* Reads and parses. Exactly one of path ("-" is standard input) and input->id is given. On failure
 * the text names file:line:column, the place in the schema and the rule. Outcomes: 0, MR_INVALID,
 * MR_ABSENT, MR_AGAIN, -errno. */
int avro_input_schema(struct avro_input *input, struct mr_options *options, const char *path,
                      struct mr_schema **ret_schema, struct mr_error *reterr);

/* The same of a file alone. */
int avro_input_file(const char *path, struct mr_schema **ret_schema, struct mr_error *reterr);
