/* SPDX-License-Identifier: Apache-2.0 */
/* What a mapping lets pass and a record may still break. */
#pragma once

#include "mapping.h"
#include "millrace/schema.h"

/* A field with its type, whose keywords count. */
struct noted {
    const struct mr_schema_node *type;
    const struct json_t *props; /* the field's; NULL: none */
};

/* Appends one line for each constraint that `new` has and `old` has not as strictly. 0 or -errno.
 */
int notes_copy(struct mr_buf *notes, const char *file, struct spot at, const char *path,
               const struct noted *old, const struct noted *new, struct mr_arena *arena);
