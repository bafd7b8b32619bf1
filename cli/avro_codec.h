/* SPDX-License-Identifier: Apache-2.0 */
/* What `avro decode` and `avro encode` have in common. */
#pragma once

#include "avro_input.h"
#include "millrace/codec.h"

struct codec_args {
    struct avro_input input;
    const char *schema, *reader; /* files */
    const char *form;
    const char *out, *codec; /* encode */
    bool lines, wire;
    struct mr_json_options options;
};

extern const struct mr_option codec_schema_rows[]; /* --schema, --id */
extern const struct mr_option codec_json_rows[];   /* --raw-logical, --avro-json */

/* Holds what is common of the arguments together; *ret_path is the input. Outcomes: 0, MR_INVALID.
 */
int codec_check(const struct codec_args *args, struct mr_options *options, const char **ret_path,
                struct mr_error *reterr);
/* The text of a read that failed, errno telling why; returns -errno. */
int codec_read_error(const char *path, struct mr_error *reterr);
/* The schema that the arguments name; as avro_input_schema. */
int codec_schema(struct codec_args *args, struct mr_options *options, struct mr_schema **ret_schema,
                 struct mr_error *reterr);
