/* SPDX-License-Identifier: Apache-2.0 */
/* A file of commits, each whole or not there: what `--store file:PATH` writes to.
 *
 * The file begins with one line of text that names it. Then come frames, one per commit:
 *
 *   8 bytes   start of the SHA-256 of all that follows in the frame
 *   4 bytes   "MRf1"
 *   4 bytes   length of the entries
 *   8 bytes   where in the file the frame begins
 *   8 bytes   up to where the file was on disk when the frame was written
 *   4 bytes   number of entries; 0: the file was closed in order
 *   4 bytes   0
 *   entries   each: length of key, length of value (0xffffffff: none), key, value
 *
 * Numbers are little-endian. A frame that does not add up is the torn end of a crash when no frame
 * behind it says that it was on disk: it is cut off. Else the file was damaged, and it is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"

enum { FILE_LOG_MAX_FRAME = 256 << 20 }; /* bytes of one commit */

/* Entries of one commit on their way. Zero is an empty one. */
struct file_frame {
    struct mr_buf bytes;
    uint32_t n_entries;
};
/* value.data NULL: none. 0, -ENOMEM, -EMSGSIZE. */
int file_frame_add(struct file_frame *frame, struct mr_str key, struct mr_str value);
void file_frame_done(struct file_frame *frame);
static inline void mr_auto_file_frame(struct file_frame *frame)
{
    file_frame_done(frame);
}

struct file_log;

/* Makes the file when there is none, and locks it (PATH.lock) against every other process.
 * Outcomes: 0; MR_AGAIN (in use, by whom); MR_INVALID (another kind of file); -errno. */
int file_log_open(const char *path, struct file_log **ret_log, struct mr_error *reterr);
/* Writes down that it was closed in order. NULL is accepted. */
struct file_log *file_log_close(struct file_log *log);
MR_DEFINE_AUTO(file_log, struct file_log *, file_log_close);

typedef int (*file_log_take)(void *opaque, struct mr_str key, struct mr_str value);
/* Before anything is appended: gives every entry, oldest first, borrowed, and cuts a torn end off.
 * Again after a commit was lost: all that is left; it waits until everybody who lost one was told.
 * Stops at the first result of take that is not 0 and gives it. MR_INVALID: the file is damaged;
 * the text says where and what to do. */
int file_log_replay(struct file_log *log, file_log_take take, void *opaque,
                    struct mr_error *reterr);
/* How many bytes replay cut off, and from where. */
uint64_t file_log_cut(const struct file_log *log, uint64_t *ret_from);

/* Adds a commit behind the others, without waiting for the disk. *ret_ticket is what to wait for,
 * higher than all before. When it fails, nothing of it stays. One thread at a time. 0 or -errno. */
int file_log_append(struct file_log *log, struct file_frame *frame, uint64_t *ret_ticket,
                    struct mr_error *reterr);
/* Once for each commit: returns when it is on disk; those who wait at the same time share one
 * fdatasync. Any thread. When it fails, all commits that were not on disk are gone from the file,
 * every one of their threads is told, and nothing is appended until the next replay. 0 or -errno.
 */
int file_log_sync(struct file_log *log, uint64_t ticket, struct mr_error *reterr);
/* The same for those who only saw what a commit did. */
int file_log_wait(struct file_log *log, uint64_t ticket, struct mr_error *reterr);
/* The last ticket that is on disk. Any thread. */
uint64_t file_log_settled(const struct file_log *log);

/* Bytes. Any thread. */
uint64_t file_log_size(struct file_log *log);
/* How much of it is on disk, and all of it. Any thread. */
void file_log_extent(struct file_log *log, int64_t *ret_synced, int64_t *ret_end);

/* Puts a new file in the place of this one, at once: dump adds its entries to the frames that it is
 * given (call file_log_dump for each): all that was appended, which settles with it. Others may be
 * in sync and wait meanwhile, none in append. When it fails, the old file stays as it is. */
struct file_dump;
int file_log_rewrite(struct file_log *log, int (*dump)(void *opaque, struct file_dump *to),
                     void *opaque, struct mr_error *reterr);
int file_log_dump(struct file_dump *to, struct mr_str key, struct mr_str value);
