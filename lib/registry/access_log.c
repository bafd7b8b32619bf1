/* SPDX-License-Identifier: Apache-2.0 */
/* Lines gathered in a buffer, swapped and written by a thread. */
#include "access_log.h"

#include "millrace/file.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WAITING = 1 << 20 }; /* bytes of lines; then they are dropped */

struct access_log {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t thread;
    struct mr_buf waiting;
    uint64_t dropped; /* lines */
    bool ending;
    int fd, next_fd; /* -1: none */
    char *path;      /* NULL: standard error */
};

static int open_file(const char *path, struct mr_error *reterr)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

    return fd >= 0
               ? fd
               : mr_error_set(reterr, -errno, "access log '%s': %s", path, strerrordesc_np(errno));
}

static void *run(void *opaque)
{
    struct access_log *log = opaque;
    struct mr_buf lines = {0};
    sigset_t pipes;

    (void)sigemptyset(&pipes);
    (void)sigaddset(&pipes, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipes, NULL); /* a reader that left is no reason to end */
    (void)pthread_mutex_lock(&log->lock);
    for (;;) {
        while (log->waiting.len == 0 && !log->ending)
            (void)pthread_cond_wait(&log->filled, &log->lock);
        if (log->next_fd >= 0) {
            (void)close(log->fd);
            log->fd = log->next_fd;
            log->next_fd = -1;
        }
        if (log->waiting.len == 0)
            break;
        struct mr_buf empty = lines;
        lines = log->waiting;
        empty.len = 0;
        log->waiting = empty;
        (void)pthread_mutex_unlock(&log->lock);
        (void)mr_file_write(log->fd, lines.data, lines.len); /* nowhere to complain */
        (void)pthread_mutex_lock(&log->lock);
    }
    (void)pthread_mutex_unlock(&log->lock);
    mr_buf_done(&lines);
    return NULL;
}

int access_log_open(const char *path, struct access_log **ret_log, struct mr_error *reterr)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDERR_FILENO : open_file(path, reterr);

    if (fd < 0)
        return fd;
    struct access_log *log = calloc(1, sizeof(*log));
    if (log) {
        log->fd = fd;
        log->next_fd = -1;
        log->path = standard ? NULL : strdup(path);
        (void)pthread_mutex_init(&log->lock, NULL);
        (void)pthread_cond_init(&log->filled, NULL);
    }
    if (!log || (!standard && !log->path) || pthread_create(&log->thread, NULL, run, log) != 0) {
        if (!standard)
            (void)close(fd);
        if (log)
            free(log->path);
        free(log);
        return -ENOMEM;
    }
    *ret_log = log;
    return 0;
}

int access_log_reopen(struct access_log *log, struct mr_error *reterr)
{
    int fd = log->path ? open_file(log->path, reterr) : -1;

    if (!log->path || fd < 0)
        return log->path ? fd : 0;
    (void)pthread_mutex_lock(&log->lock);
    if (log->next_fd >= 0)
        (void)close(log->next_fd);
    log->next_fd = fd;
    (void)pthread_mutex_unlock(&log->lock);
    return 0;
}

void access_log_write(struct access_log *log, const struct mr_buf *line)
{
    (void)pthread_mutex_lock(&log->lock);
    bool was_empty = log->waiting.len == 0;
    if (log->waiting.len + line->len > MAX_WAITING ||
        mr_buf_append(&log->waiting, line->data, line->len) != 0)
        log->dropped++;
    else if (was_empty)
        (void)pthread_cond_signal(&log->filled);
    (void)pthread_mutex_unlock(&log->lock);
}

uint64_t access_log_dropped(struct access_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    uint64_t n = log->dropped;
    (void)pthread_mutex_unlock(&log->lock);
    return n;
}

struct access_log *access_log_free(struct access_log *log)
{
    if (!log)
        return NULL;
    (void)pthread_mutex_lock(&log->lock);
    log->ending = true;
    (void)pthread_cond_signal(&log->filled);
    (void)pthread_mutex_unlock(&log->lock);
    (void)pthread_join(log->thread, NULL);
    if (log->next_fd >= 0)
        (void)close(log->next_fd);
    if (log->path)
        (void)close(log->fd);
    (void)pthread_mutex_destroy(&log->lock);
    (void)pthread_cond_destroy(&log->filled);
    mr_buf_done(&log->waiting);
    free(log->path);
    free(log);
    return NULL;
}
