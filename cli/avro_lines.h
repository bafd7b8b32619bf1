/* SPDX-License-Identifier: Apache-2.0 */
/* `avro decode --lines` and `avro encode --lines`: one answer for each line of input, at once. */
#pragma once

#include "millrace/codec.h"

enum avro_lines_way { AVRO_LINES_DECODE, AVRO_LINES_ENCODE };

/* From standard input to standard output until the input ends; a line that is wrong in any way is
 * answered with {"error":"..."}. 0, or -errno when reading or writing fails or memory runs out. */
int avro_lines(enum avro_lines_way way, const struct mr_json_options *options);
