/* SPDX-License-Identifier: Apache-2.0 */
/* The lock file of `millrace up`. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "millrace/status.h"
#include "up.h"

static int open_lock(const char *state, int flags)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s.lock", state);

    if (n < 0 || (size_t)n >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int up_lock(const char *state, int *ret_fd, pid_t *ret_pid, struct mr_error *reterr)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(state, O_RDWR | O_CREAT);

    if (fd < 0)
        return mr_error_set(reterr, -errno, "cannot open '%s.lock': %s", state, strerror(errno));
    if (fcntl(fd, F_SETLK, &lock) == 0) {
        *ret_fd = fd;
        return 0;
    }
    (void)close(fd);
    *ret_pid = up_holder(state);
    return mr_error_set(reterr, MR_FULL,
                        "one is running already, as process %d: 'millrace down' ends it",
                        (int)*ret_pid);
}

pid_t up_holder(const char *state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(state, O_RDWR);

    if (fd < 0)
        return 0;
    bool held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(fd);
    return held ? lock.l_pid : 0;
}
