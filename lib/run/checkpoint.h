/* SPDX-License-Identifier: Apache-2.0 */
/* How far each input file is settled, on disk: after a kill the next run goes on from there. */
#pragma once

#include "input.h"
#include "millrace/buf.h"
#include "settle.h"

enum {
    CHECKPOINT_HEAD = 4096, /* bytes of a file that identify it beside its inode */
    CHECKPOINT_MAX_BYTES = 4 << 20,
};

struct checkpoint {
    char *path, *temporary;
    const char *service;
    int lock_fd; /* PATH.lock, held while open: two runs on one checkpoint would undo each other */
    struct mr_buf others; /* lines of files that this run does not read */
    struct mr_buf saved;  /* what is on disk */
};

/* Reads FILE if it exists and gives each source its start. Outcomes: 0; MR_INVALID (not a
 * checkpoint of this service, in use, or a source that has no position to keep); -errno. */
int checkpoint_open(struct checkpoint *checkpoint, const char *path, const char *service,
                    struct source *sources, size_t n_sources, struct mr_error *reterr);
/* Replaces the file at once (temporary file, fsync, rename) when something changed. 0 or -errno. */
int checkpoint_save(struct checkpoint *checkpoint, const struct source *sources,
                    const struct position *settled, size_t n_sources, struct mr_error *reterr);
void checkpoint_close(struct checkpoint *checkpoint);
