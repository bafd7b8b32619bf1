/* SPDX-License-Identifier: Apache-2.0 */
/* The lock file of `millrace up`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "millrace/option.h"
#include "up.h"

int up_lock(const char *state, int *ret_fd, pid_t *ret_pid, struct mr_error *reterr)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[4096];
    int r = mr_state_lock_path(state, path, sizeof(path));
    int fd = r == 0 ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

    if (fd < 0)
        return mr_error_set(reterr, r != 0 ? r : -errno, "cannot open '%s.lock': %s", state,
                            strerror(r != 0 ? -r : errno));
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
    pid_t pid;

    return mr_state_holder(state, &pid) == 0 ? pid : 0;
}
