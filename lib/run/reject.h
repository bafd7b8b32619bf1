/* SPDX-License-Identifier: Apache-2.0 */
/* The reject file: NDJSON, one line per document that did not go out. */
#pragma once

#include <stdbool.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "settle.h"

struct rejects {
    const char *path;
    int fd;
    bool dirty; /* written since the last sync */
    struct mr_buf line;
};

struct rejection {
    const char *file; /* as the messages name it */
    struct place place;
    uint64_t line;     /* of the fault */
    const char *where; /* JSON pointer; "" for the whole document */
    const char *reason;
    const char *topic;      /* NULL when it was not found out */
    struct mr_str original; /* data NULL: cannot be had any more */
    bool cut;               /* original is only its beginning */
};

/* Appends to the file; makes it if needed. 0 or -errno with text. */
int rejects_open(struct rejects *rejects, const char *path, struct mr_error *reterr);
/* One write(2): the line is in the file when this returns 0. */
int rejects_add(struct rejects *rejects, const struct rejection *rejection,
                struct mr_error *reterr);
/* To the disk, before a checkpoint passes what was rejected. */
int rejects_sync(struct rejects *rejects, struct mr_error *reterr);
void rejects_close(struct rejects *rejects);
/* The line without newline, appended; what the file and the dead-letter topic's headers say. */
int rejection_json(const struct rejection *rejection, struct mr_buf *out);
