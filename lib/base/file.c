/* SPDX-License-Identifier: Apache-2.0 */
/* Whole writes, and a folder's entries on disk. */
#include "millrace/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/own.h"

int mr_file_write(int fd, const void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)data + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t)n;
    }
    return 0;
}

int mr_file_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    MR_AUTO(free) char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd < 0)
        return folder ? -errno : -ENOMEM;
    int r = fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
    (void)close(fd);
    return r;
}
