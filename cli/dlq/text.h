/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in headers, as text for people and programs. */
#pragma once

#include "../doc.h"
#include "millrace/str.h"
#include "millrace/time.h"

/* Into out, with NUL, cut to fit; what is no text becomes '?'. Gives out. */
const char *dlq_text(struct mr_str bytes, char *out, size_t cap);
/* RFC 3339; NULL for -1. out as in dlq_text. */
const char *dlq_time(int64_t ms, char out[MR_TIME_MAX]);
/* null where bytes.data is NULL. */
void dlq_doc_text(struct doc *doc, const char *name, struct mr_str bytes);
/* null for a negative number. */
void dlq_doc_number(struct doc *doc, const char *name, int64_t number);
