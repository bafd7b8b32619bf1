/* SPDX-License-Identifier: Apache-2.0 */
/* The checkpoint file: a header, then one line a file. A file is known by its inode or path, and by
 * its first bytes: inodes are used again, and paths get new content. */
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/file.h"
#include "millrace/hash.h"
#include "millrace/lockfile.h"
#include "millrace/status.h"

#define HEADER "millrace-checkpoint 1 "

struct row {
    unsigned long long dev, inode, line;
    long long offset;
    size_t head_len;
    char head[33];
    const char *path; /* up to the end of the line */
    size_t path_len;
};

/* Hex digest of the first len bytes; empty when they cannot be read. */
static void digest(const char *path, size_t len, char out[33])
{
    uint8_t head[CHECKPOINT_HEAD], sum[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, len, 0);

    if (fd >= 0)
        (void)close(fd);
    out[0] = '\0';
    if (n != (ssize_t)len)
        return;
    mr_sha256(head, len, sum);
    out[mr_hex_encode(sum, 16, out)] = '\0';
}

static bool parse_row(const char *line, size_t len, struct row *row)
{
    int at = 0;

    if (sscanf(line, "file dev=%llu inode=%llu offset=%lld line=%llu head=%zu:%32[0-9a-f] path=%n",
               &row->dev, &row->inode, &row->offset, &row->line, &row->head_len, row->head,
               &at) != 6 ||
        at == 0 || row->offset < 0 || row->line == 0 || row->head_len > CHECKPOINT_HEAD)
        return false;
    row->path = line + at;
    row->path_len = len - (size_t)at;
    return true;
}

static bool same_content(const struct source *source, const struct row *row)
{
    char head[33];

    digest(source->path, row->head_len, head);
    return source->size >= row->offset && strcmp(head, row->head) == 0;
}

/* The source that a row speaks of, or NULL. */
static struct source *match(const struct row *row, struct source *sources, size_t n_sources)
{
    for (size_t i = 0; i < n_sources; i++)
        if (sources[i].dev == row->dev && sources[i].inode == row->inode &&
            same_content(&sources[i], row))
            return &sources[i];
    for (size_t i = 0; i < n_sources; i++) {
        MR_AUTO(free) char *path = realpath(sources[i].path, NULL);
        if (path && strlen(path) == row->path_len && memcmp(path, row->path, row->path_len) == 0 &&
            same_content(&sources[i], row))
            return &sources[i];
    }
    return NULL;
}

/* Files that are gone need no line any more. */
static bool still_there(const struct row *row)
{
    char path[4096];
    struct stat st;

    if (row->path_len >= sizeof(path))
        return false;
    memcpy(path, row->path, row->path_len);
    path[row->path_len] = '\0';
    return stat(path, &st) == 0 && st.st_dev == row->dev && st.st_ino == row->inode;
}

static int load_row(struct checkpoint *checkpoint, const char *line, size_t len,
                    struct source *sources, size_t n_sources)
{
    struct row row;

    if (!parse_row(line, len, &row))
        return MR_INVALID;
    struct source *source = match(&row, sources, n_sources);
    if (source) {
        source->start = row.offset;
        source->start_line = row.line;
        return 0;
    }
    for (size_t i = 0; i < n_sources; i++)
        if (sources[i].dev == row.dev && sources[i].inode == row.inode)
            return 0; /* it holds something else now and starts anew */
    return still_there(&row) ? mr_buf_printf(&checkpoint->others, "%.*s\n", (int)len, line) : 0;
}

static int load(struct checkpoint *checkpoint, struct source *sources, size_t n_sources,
                struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = CHECKPOINT_MAX_BYTES};
    char header[256];

    int r = mr_buf_read_file(&text, checkpoint->path);
    if (r == -ENOENT)
        return 0;
    if (r == -EFBIG)
        return mr_error_set(reterr, MR_INVALID, "%s: is larger than %d MiB: no checkpoint of ours",
                            checkpoint->path, CHECKPOINT_MAX_BYTES >> 20);
    text.max = 0;
    const char *line = r == 0 ? mr_buf_cstr(&text) : NULL;
    if (!line)
        return mr_error_set(reterr, r ? r : -ENOMEM, "%s: cannot be read: %s", checkpoint->path,
                            r ? strerror(-r) : "no memory");
    int len = snprintf(header, sizeof(header), HEADER "%s\n", checkpoint->service);
    if (strncmp(line, header, (size_t)len) != 0)
        return mr_error_set(reterr, MR_INVALID, "%s: is not a checkpoint of %s", checkpoint->path,
                            checkpoint->service);
    for (unsigned number = 2; r == 0; number++) {
        line = strchr(line, '\n') + 1;
        const char *end = strchr(line, '\n');
        if (!end)
            return *line == '\0' ? 0
                                 : mr_error_set(reterr, MR_INVALID, "%s:%u: is cut short",
                                                checkpoint->path, number);
        r = load_row(checkpoint, line, (size_t)(end - line), sources, n_sources);
        if (r == MR_INVALID)
            return mr_error_set(reterr, r, "%s:%u: is not a line of a checkpoint", checkpoint->path,
                                number);
    }
    return r;
}

static int lock(struct checkpoint *checkpoint, struct mr_error *reterr)
{
    char holder[MR_LOCK_HOLDER];
    int r = mr_lock_beside(checkpoint->path, &checkpoint->lock_fd, holder, reterr);

    return r == MR_AGAIN
               ? mr_error_set(reterr, MR_INVALID, "%s: is in use by another run", checkpoint->path)
               : r;
}

int checkpoint_open(struct checkpoint *checkpoint, const char *path, const char *service,
                    struct source *sources, size_t n_sources, struct mr_error *reterr)
{
    *checkpoint = (struct checkpoint){.service = service, .lock_fd = -1};
    for (size_t i = 0; i < n_sources; i++) {
        if (!sources[i].regular)
            return mr_error_set(reterr, MR_INVALID,
                                "--checkpoint needs files that can be read again: %s is none",
                                sources[i].name);
        if (strchr(sources[i].path, '\n'))
            return mr_error_set(reterr, MR_INVALID, "--checkpoint: a file name has a line break");
    }
    if (!(checkpoint->path = strdup(path)) || asprintf(&checkpoint->temporary, "%s.new", path) < 0)
        return -ENOMEM;
    int r = lock(checkpoint, reterr);
    return r != 0 ? r : load(checkpoint, sources, n_sources, reterr);
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    if (checkpoint->lock_fd >= 0)
        (void)close(checkpoint->lock_fd);
    free(checkpoint->path);
    free(checkpoint->temporary);
    mr_buf_done(&checkpoint->others);
    mr_buf_done(&checkpoint->saved);
    *checkpoint = (struct checkpoint){.lock_fd = -1};
}

static int append_source(struct mr_buf *out, const struct source *source,
                         const struct position *position)
{
    char head[33];
    size_t head_len =
        position->offset < CHECKPOINT_HEAD ? (size_t)position->offset : CHECKPOINT_HEAD;
    MR_AUTO(free) char *path = realpath(source->path, NULL);

    digest(source->path, head_len, head);
    if (!path || !head[0])
        return -ESTALE;
    return mr_buf_printf(
        out, "file dev=%llu inode=%llu offset=%lld line=%llu head=%zu:%s path=%s\n",
        (unsigned long long)source->dev, (unsigned long long)source->inode,
        (long long)position->offset, (unsigned long long)position->line, head_len, head, path);
}

static int replace(const struct checkpoint *checkpoint, const struct mr_buf *text)
{
    int fd = open(checkpoint->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        return -errno;
    int r = mr_file_write(fd, text->data, text->len);
    if (r == 0 && fsync(fd) != 0)
        r = -errno;
    if (close(fd) != 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(checkpoint->temporary, checkpoint->path) != 0)
        r = -errno;
    return r == 0 ? mr_file_sync_folder(checkpoint->path) : r; /* the rename, too */
}

int checkpoint_save(struct checkpoint *checkpoint, const struct source *sources,
                    const struct position *settled, size_t n_sources, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    int r = mr_buf_printf(&text, HEADER "%s\n", checkpoint->service);
    for (size_t i = 0; r == 0 && i < n_sources; i++)
        if (settled[i].offset > 0)
            r = append_source(&text, &sources[i], &settled[i]);
    if (r == 0)
        r = mr_buf_append(&text, checkpoint->others.data, checkpoint->others.len);
    if (r == 0 && text.len == checkpoint->saved.len &&
        memcmp(text.data, checkpoint->saved.data, text.len) == 0)
        return 0;
    if (r == 0)
        r = replace(checkpoint, &text);
    if (r != 0)
        return mr_error_set(reterr, r, "%s: cannot be written: %s", checkpoint->path,
                            mr_status_name(r));
    struct mr_buf old = checkpoint->saved;
    checkpoint->saved = text;
    text = old;
    return 0;
}
