/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema and Protobuf texts: kept and served, not understood. */
#pragma once

#include "content.h"
#include "millrace/error.h"

/* Appends the text as it is kept: JSON without blanks between its tokens, Protobuf as it came.
 * Checked is that JSON is well-formed and an object, true or false, and that Protobuf is made of
 * its tokens, with brackets closed and statements that begin as its own do. 0; MR_INVALID with line
 * and column; -ENOMEM. */
int foreign_text(enum schema_type type, struct mr_str text, struct mr_buf *out,
                 struct mr_error *reterr);
