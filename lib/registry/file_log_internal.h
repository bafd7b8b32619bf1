/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of file_log.h, shared by its files. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "file_log.h"

enum { FRAME_HEAD = 40, ENTRY_HEAD = 8 };
#define NO_VALUE UINT32_MAX
#define LOG_TITLE "millrace registry log 1\n"

struct file_log {
    char *path; /* without links */
    int fd, lock_fd;
    uint64_t cut, cut_from; /* bytes, by replay */
    bool closed_in_order;   /* the last frame says so */
    bool ready;             /* replayed: may be written to */

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t moved;
    uint64_t end;             /* of the last commit */
    uint64_t synced;          /* up to where it is on disk */
    uint64_t ticket;          /* of the last commit */
    _Atomic uint64_t settled; /* the last on disk */
    bool syncing;             /* one thread is in fdatasync, or puts a new file in place */
    unsigned under_way;       /* appended, and their sync has not returned */
    int failed;               /* -errno: what was not on disk is lost, until the next replay */
    bool ragged;              /* something may be behind end */
    bool folder_due;          /* the file's entry in its folder is not on disk yet */
};

struct frame_head {
    uint64_t at, synced;
    uint32_t len, n_entries;
};

/* frame->bytes has FRAME_HEAD bytes of room in front of the entries. */
void frame_seal(struct file_frame *frame, uint64_t at, uint64_t synced);
/* False: what is there is no frame. */
bool frame_head_read(const uint8_t bytes[FRAME_HEAD], uint64_t at, struct frame_head *ret_head);
bool frame_adds_up(const uint8_t *bytes, size_t len); /* with its head */
/* Gives every entry of a frame that adds up; stops at the first result that is not 0. -EBADMSG: its
 * lengths are nonsense. */
int frame_entries(const uint8_t *bytes, size_t len, uint32_t n_entries, file_log_take take,
                  void *opaque);

/* All of it. 0 or -errno, -EIO when the file ends before. */
int file_read_at(int fd, void *out, size_t len, uint64_t at);
int file_write_at(int fd, const void *data, size_t len, uint64_t at);
int log_failed(const struct file_log *log, int r, const char *what, struct mr_error *reterr);
