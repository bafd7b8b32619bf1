/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a log file: the lock, the replay, the torn end of a crash. */
#include "file_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_log_internal.h"
#include "millrace/file.h"
#include "millrace/lockfile.h"
#include "millrace/status.h"

enum { TITLE = sizeof(LOG_TITLE) - 1, WINDOW = 1 << 20 };

int log_failed(const struct file_log *log, int r, const char *what, struct mr_error *reterr)
{
    return mr_error_set(reterr, r, "the store's file %s cannot be %s: %s", log->path, what,
                        r == -ESTALE ? "it was removed, or another was put in its place: stop the "
                                       "registry, and copy what it holds before"
                                     : strerrordesc_np(-r));
}

static int take_lock(struct file_log *log, struct mr_error *reterr)
{
    char holder[MR_LOCK_HOLDER];
    int r = mr_lock_beside(log->path, &log->lock_fd, holder, reterr);

    return r == MR_AGAIN ? mr_error_set(reterr, r,
                                        "the store %s is in use by process %s: one registry serves "
                                        "a file; end that one first, or give this one a file of "
                                        "its own",
                                        log->path, holder)
                         : r;
}

/* A file that ends within its title was cut off when it was made. */
static int begin_file(struct file_log *log, struct mr_error *reterr)
{
    char title[TITLE];
    struct stat st;

    if (fstat(log->fd, &st) != 0)
        return log_failed(log, -errno, "read", reterr);
    size_t held = st.st_size < TITLE ? (size_t)st.st_size : TITLE;
    int r = S_ISREG(st.st_mode) ? file_read_at(log->fd, title, held, 0) : -EINVAL;
    if (r == -EINVAL || (r == 0 && memcmp(title, LOG_TITLE, held) != 0))
        return mr_error_set(reterr, MR_INVALID,
                            "%s is not the file of a registry: give another path, or none that "
                            "exists to begin a new one",
                            log->path);
    log->end = log->synced = TITLE;
    if (r == 0 && held < TITLE) {
        r = file_write_at(log->fd, LOG_TITLE, TITLE, 0);
        if (r == 0 && fdatasync(log->fd) != 0)
            r = -errno;
        if (r == 0)
            r = mr_file_sync_folder(log->path);
    }
    return r == 0 ? 0 : log_failed(log, r, "begun", reterr);
}

static int open_log(struct file_log *log, const char *path, struct mr_error *reterr)
{
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (log->fd < 0)
        return mr_error_set(reterr, -errno, "cannot open the store's file %s: %s", path,
                            strerrordesc_np(errno));
    log->path = realpath(path, NULL);
    if (!log->path)
        return -errno;
    int r = take_lock(log, reterr);
    if (r != 0)
        return r;
    /* whoever had the lock may have put another file in its place */
    (void)close(log->fd);
    log->fd = open(log->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return log->fd < 0 ? log_failed(log, -errno, "opened", reterr) : begin_file(log, reterr);
}

static struct file_log *free_log(struct file_log *log)
{
    if (log->fd >= 0)
        (void)close(log->fd);
    if (log->lock_fd >= 0)
        (void)close(log->lock_fd);
    (void)pthread_mutex_destroy(&log->lock);
    (void)pthread_cond_destroy(&log->moved);
    free(log->path);
    free(log);
    return NULL;
}

int file_log_open(const char *path, struct file_log **ret_log, struct mr_error *reterr)
{
    struct file_log *log = calloc(1, sizeof(*log));

    if (!log)
        return -ENOMEM;
    log->fd = log->lock_fd = -1;
    (void)pthread_mutex_init(&log->lock, NULL);
    (void)pthread_cond_init(&log->moved, NULL);
    int r = open_log(log, path, reterr);
    if (r != 0) {
        (void)free_log(log);
        return r;
    }
    *ret_log = log;
    return 0;
}

struct file_log *file_log_close(struct file_log *log)
{
    struct file_frame frame = {0};
    uint64_t end;

    if (!log)
        return NULL;
    /* with it, damage is told from a torn end also in the last commit */
    if (log->ready && !log->closed_in_order && log->synced == log->end &&
        file_log_append(log, &frame, &end, NULL) == 0)
        (void)file_log_sync(log, end, NULL);
    file_frame_done(&frame);
    return free_log(log);
}

/* 0; MR_ABSENT: there is no whole frame; -errno. */
static int read_frame(const struct file_log *log, uint64_t at, uint64_t size, struct mr_buf *bytes,
                      struct frame_head *ret_head)
{
    uint8_t head[FRAME_HEAD];

    if (size - at < FRAME_HEAD)
        return MR_ABSENT;
    int r = file_read_at(log->fd, head, sizeof(head), at);
    if (r != 0)
        return r;
    if (!frame_head_read(head, at, ret_head) || ret_head->len > size - at - FRAME_HEAD)
        return MR_ABSENT;
    bytes->len = 0;
    r = mr_buf_reserve(bytes, FRAME_HEAD + ret_head->len);
    if (r == 0)
        r = file_read_at(log->fd, bytes->data, FRAME_HEAD + ret_head->len, at);
    if (r != 0)
        return r;
    bytes->len = FRAME_HEAD + ret_head->len;
    return frame_adds_up(bytes->data, bytes->len) ? 0 : MR_ABSENT;
}

/* Whether a frame behind `bad` says that `bad` was on disk. MR_END: one does; 0: none; -errno. */
static int search_behind(const struct file_log *log, uint64_t bad, uint64_t size)
{
    MR_AUTO(mr_buf) struct mr_buf window = {0};
    MR_AUTO(mr_buf) struct mr_buf bytes = {0};
    struct frame_head head;
    int r = mr_buf_reserve(&window, WINDOW + FRAME_HEAD);

    for (uint64_t from = bad + 1; r == 0 && from < size; from += WINDOW) {
        size_t len =
            size - from < WINDOW + FRAME_HEAD ? (size_t)(size - from) : WINDOW + FRAME_HEAD;
        r = file_read_at(log->fd, window.data, len, from);
        for (size_t i = 0; r == 0 && i < WINDOW && i + FRAME_HEAD <= len; i++) {
            if (!frame_head_read(window.data + i, from + i, &head) || head.synced <= bad)
                continue;
            r = read_frame(log, from + i, size, &bytes, &head);
            r = r == 0 ? MR_END : r == MR_ABSENT ? 0 : r;
        }
    }
    return r;
}

/* At the first frame that does not add up: torn, or damaged. All was good once it was ready. */
static int judge_end(struct file_log *log, uint64_t size, struct mr_error *reterr)
{
    int r = log->ready ? MR_END : search_behind(log, log->end, size);

    if (r == MR_END)
        return mr_error_set(reterr, MR_INVALID,
                            "the store's file %s is damaged at offset %llu: what was on disk there "
                            "no longer adds up. Put back a copy of the file, or fill a new one "
                            "with 'millrace registry copy' from another registry; to go on "
                            "without all that follows: truncate -s %llu '%s'",
                            log->path, (unsigned long long)log->end, (unsigned long long)log->end,
                            log->path);
    if (r == 0 && ftruncate(log->fd, (off_t)log->end) != 0)
        r = -errno;
    log->cut = size - log->end;
    log->cut_from = log->end;
    return r == 0 ? 0 : log_failed(log, r, "cut where a crash tore it", reterr);
}

static int take_frame(struct file_log *log, const struct mr_buf *bytes,
                      const struct frame_head *head, file_log_take take, void *opaque,
                      struct mr_error *reterr)
{
    int r = frame_entries(bytes->data, bytes->len, head->n_entries, take, opaque);

    if (r == -EBADMSG)
        return mr_error_set(reterr, MR_INVALID,
                            "the store's file %s has an impossible commit at offset %llu: put back "
                            "a copy of the file",
                            log->path, (unsigned long long)head->at);
    log->end += bytes->len;
    log->closed_in_order = head->n_entries == 0;
    return r;
}

static int take_frames(struct file_log *log, uint64_t size, file_log_take take, void *opaque,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf bytes = {0};
    struct frame_head head;
    int r = 0;

    while (r == 0 && log->end < size) {
        r = read_frame(log, log->end, size, &bytes, &head);
        if (r < 0)
            return log_failed(log, r, "read", reterr);
        if (r == MR_ABSENT)
            return judge_end(log, size, reterr);
        r = take_frame(log, &bytes, &head, take, opaque, reterr);
    }
    return r;
}

/* Waits for those who are still to be told of their loss. How far the file is good. */
static uint64_t begin_again(struct file_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    while (log->under_way > 0)
        (void)pthread_cond_wait(&log->moved, &log->lock);
    uint64_t end = log->end;
    log->end = TITLE;
    (void)pthread_mutex_unlock(&log->lock);
    return end;
}

int file_log_replay(struct file_log *log, file_log_take take, void *opaque, struct mr_error *reterr)
{
    struct stat st = {0};
    int r = log->ready || fstat(log->fd, &st) == 0 ? 0 : log_failed(log, -errno, "read", reterr);
    uint64_t size = log->ready ? begin_again(log) : (uint64_t)st.st_size;

    if (r == 0)
        r = take_frames(log, size, take, opaque, reterr);
    /* what a killed process left in the system's memory is not on disk yet */
    if (r == 0 && fdatasync(log->fd) != 0)
        r = log_failed(log, -errno, "written", reterr);
    if (log->ready)
        log->end = size; /* also when it could not be read to its end */
    else
        log->synced = log->end;
    if (r == 0) {
        log->failed = 0;
        log->ready = true;
    }
    return r;
}

uint64_t file_log_cut(const struct file_log *log, uint64_t *ret_from)
{
    *ret_from = log->cut_from;
    return log->cut;
}
