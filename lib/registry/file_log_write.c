/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a log file: commits that share a wait for the disk, and a new file in place of the old.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_log_internal.h"
#include "millrace/file.h"

enum { DUMP_FRAME = 1 << 20 }; /* bytes after which a rewrite begins another frame */

/* The caller holds lock. */
static int cut_ragged(struct file_log *log)
{
    if (!log->ragged)
        return 0;
    if (ftruncate(log->fd, (off_t)log->end) != 0)
        return -errno;
    log->ragged = false;
    return 0;
}

/* Room for the head of a frame without entries. */
static int complete(struct file_frame *frame)
{
    int r = frame->bytes.len > 0 ? 0 : mr_buf_reserve(&frame->bytes, FRAME_HEAD);

    if (r == 0 && frame->bytes.len == 0)
        frame->bytes.len = FRAME_HEAD;
    return r;
}

int file_log_append(struct file_log *log, struct file_frame *frame, uint64_t *ret_ticket,
                    struct mr_error *reterr)
{
    int r = complete(frame);

    if (r != 0)
        return r;
    (void)pthread_mutex_lock(&log->lock);
    r = log->failed != 0 ? log->failed : cut_ragged(log);
    if (r == 0) {
        frame_seal(frame, log->end, log->synced);
        log->ragged = true;
        r = file_write_at(log->fd, frame->bytes.data, frame->bytes.len, log->end);
    }
    if (r == 0) {
        log->ragged = false;
        log->end += frame->bytes.len;
        log->closed_in_order = frame->n_entries == 0;
        log->under_way++;
        *ret_ticket = ++log->ticket;
    } else {
        (void)cut_ragged(log);
    }
    (void)pthread_mutex_unlock(&log->lock);
    return r == 0 ? 0 : log_failed(log, r, "written", reterr);
}

/* A file that was removed, or replaced, ends with the process: nothing may be answered for it. */
static int still_there(const struct file_log *log)
{
    struct stat st;

    return fstat(log->fd, &st) != 0 ? -errno : st.st_nlink == 0 ? -ESTALE : 0;
}

/* The caller holds lock, which is let go meanwhile. */
static void sync_once(struct file_log *log)
{
    uint64_t end = log->end, ticket = log->ticket;

    log->syncing = true;
    (void)pthread_mutex_unlock(&log->lock);
    int r = fdatasync(log->fd) == 0 ? 0 : -errno;
    if (r == 0 && log->folder_due)
        r = mr_file_sync_folder(log->path);
    if (r == 0)
        r = still_there(log);
    (void)pthread_mutex_lock(&log->lock);
    log->syncing = false;
    if (r == 0) {
        log->synced = end;
        log->folder_due = false;
        atomic_store(&log->settled, ticket);
    } else {
        log->failed = r;
        log->end = log->synced;
        log->ragged = true;
        (void)cut_ragged(log);
    }
    (void)pthread_cond_broadcast(&log->moved);
}

/* The caller holds lock. */
static int settle(struct file_log *log, uint64_t ticket)
{
    while (log->failed == 0 && log->settled < ticket) {
        if (log->syncing)
            (void)pthread_cond_wait(&log->moved, &log->lock);
        else
            sync_once(log);
    }
    return log->settled >= ticket ? 0 : log->failed;
}

int file_log_sync(struct file_log *log, uint64_t ticket, struct mr_error *reterr)
{
    (void)pthread_mutex_lock(&log->lock);
    int r = settle(log, ticket);
    if (--log->under_way == 0)
        (void)pthread_cond_broadcast(&log->moved);
    (void)pthread_mutex_unlock(&log->lock);
    return r == 0 ? 0 : log_failed(log, r, "put on disk", reterr);
}

int file_log_wait(struct file_log *log, uint64_t ticket, struct mr_error *reterr)
{
    (void)pthread_mutex_lock(&log->lock);
    int r = settle(log, ticket);
    (void)pthread_mutex_unlock(&log->lock);
    return r == 0 ? 0 : log_failed(log, r, "put on disk", reterr);
}

uint64_t file_log_settled(const struct file_log *log)
{
    return atomic_load(&log->settled);
}

uint64_t file_log_size(struct file_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    uint64_t end = log->end;
    (void)pthread_mutex_unlock(&log->lock);
    return end;
}

void file_log_extent(struct file_log *log, int64_t *ret_synced, int64_t *ret_end)
{
    (void)pthread_mutex_lock(&log->lock);
    *ret_synced = (int64_t)log->synced;
    *ret_end = (int64_t)log->end;
    (void)pthread_mutex_unlock(&log->lock);
}

struct file_dump {
    int fd;
    uint64_t end;
    struct file_frame frame;
};

static int flush(struct file_dump *to)
{
    /* nobody sees the file before all of it is on disk */
    frame_seal(&to->frame, to->end, to->end);
    int r = file_write_at(to->fd, to->frame.bytes.data, to->frame.bytes.len, to->end);
    to->end += to->frame.bytes.len;
    to->frame.bytes.len = 0;
    to->frame.n_entries = 0;
    return r;
}

int file_log_dump(struct file_dump *to, struct mr_str key, struct mr_str value)
{
    int r = file_frame_add(&to->frame, key, value);

    return r == 0 && to->frame.bytes.len >= DUMP_FRAME ? flush(to) : r;
}

static int write_new(struct file_dump *to, int (*dump)(void *opaque, struct file_dump *to),
                     void *opaque)
{
    int r = file_write_at(to->fd, LOG_TITLE, sizeof(LOG_TITLE) - 1, 0);

    to->end = sizeof(LOG_TITLE) - 1;
    if (r == 0)
        r = dump(opaque, to);
    if (r == 0 && to->frame.n_entries > 0)
        r = flush(to);
    if (r == 0)
        r = complete(&to->frame); /* closed in order: damage is found from the first byte on */
    if (r == 0)
        r = flush(to);
    return r == 0 && fdatasync(to->fd) != 0 ? -errno : r;
}

/* Nobody waits for the old file's disk from here on: what is under way settles with the new file,
 * which holds it. A loss that its threads are still to be told of must not come back by it. */
static int take_sync(struct file_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    while (log->syncing)
        (void)pthread_cond_wait(&log->moved, &log->lock);
    int r = log->failed;
    log->syncing = r == 0;
    (void)pthread_mutex_unlock(&log->lock);
    return r;
}

/* fd -1: it stays with the old file. */
static void give_sync(struct file_log *log, int fd, uint64_t end)
{
    bool folder_due = fd >= 0 && mr_file_sync_folder(log->path) != 0;

    (void)pthread_mutex_lock(&log->lock);
    if (fd >= 0) {
        (void)close(log->fd);
        log->fd = fd;
        log->end = log->synced = end;
        log->closed_in_order = true;
        log->folder_due = folder_due; /* else before the next commit is answered */
        if (!folder_due)
            atomic_store(&log->settled, log->ticket);
    }
    log->syncing = false;
    (void)pthread_cond_broadcast(&log->moved);
    (void)pthread_mutex_unlock(&log->lock);
}

static int replace_file(struct file_log *log, const char *path, struct file_dump *to,
                        int (*dump)(void *opaque, struct file_dump *to), void *opaque)
{
    to->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (to->fd < 0)
        return -errno;
    int r = write_new(to, dump, opaque);
    file_frame_done(&to->frame);
    if (r == 0 && rename(path, log->path) != 0)
        r = -errno;
    if (r != 0) {
        (void)close(to->fd);
        (void)unlink(path);
    }
    return r;
}

int file_log_rewrite(struct file_log *log, int (*dump)(void *opaque, struct file_dump *to),
                     void *opaque, struct mr_error *reterr)
{
    MR_AUTO(free) char *path = NULL;
    struct file_dump to = {0};

    if (asprintf(&path, "%s.new", log->path) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    int r = take_sync(log);
    if (r == 0) {
        r = replace_file(log, path, &to, dump, opaque);
        give_sync(log, r == 0 ? to.fd : -1, to.end);
    }
    return r == 0 ? 0 : log_failed(log, r, "rewritten", reterr);
}
