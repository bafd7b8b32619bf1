/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects and contexts: ":.context:subject". The context "." is the default and is not written. */
#pragma once

#include <stdbool.h>

#include "millrace/arena.h"
#include "millrace/str.h"

enum { NAME_MAX_BYTES = 1024 }; /* longest subject, context included */

struct name {
    struct mr_str context; /* ".", ".staging"; "*" for the wildcard ":*:" */
    struct mr_str subject; /* without context; may be empty */
};

struct name name_split(struct mr_str qualified);
bool name_is_default(const struct name *name);
/* Whether its context is written out: ":.:s" is the default one's s, wherever it stands. */
bool name_says_context(struct mr_str qualified);
/* The one spelling under which a subject is kept: without ":.:". NULL when memory ran out. */
const char *name_join(struct mr_arena *arena, struct mr_str context, struct mr_str subject);
const char *name_normal(struct mr_arena *arena, struct mr_str qualified);
/* Control characters and the reserved name are refused. */
bool name_is_valid(struct mr_str qualified);
/* A context as a path segment may spell it (".x", "x", ":.x:") to ".x"; false when it holds a
 * colon. */
bool name_context(struct mr_arena *arena, struct mr_str segment, struct mr_str *ret_context);
/* Whether a prefix as lists take it covers a subject: ":*:p" in all contexts, ":.c" all contexts
 * that begin so, ":.c:p" and "p" within one. */
bool name_matches(struct mr_str prefix, struct mr_str qualified);
/* A reference from `parent` without context of its own means parent's. False when it does not fit.
 */
bool name_beside(struct mr_str parent, struct mr_str subject, char out[2 * NAME_MAX_BYTES]);
