/* SPDX-License-Identifier: Apache-2.0 */
/* A lock on a file beside another one, with the number of the process that has it. */
#include "millrace/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "millrace/own.h"
#include "millrace/status.h"

static void read_holder(int fd, char holder[MR_LOCK_HOLDER])
{
    ssize_t n = pread(fd, holder, MR_LOCK_HOLDER - 1, 0);

    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (!holder[0])
        (void)strcpy(holder, "(unknown)");
}

static int take(int fd, const char *name, char holder[MR_LOCK_HOLDER], struct mr_error *reterr)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
            (void)0; /* the number is a courtesy; the lock is what counts */
        return 0;
    }
    if (errno != EWOULDBLOCK)
        return mr_error_set(reterr, -errno, "cannot lock %s: %s", name, strerrordesc_np(errno));
    read_holder(fd, holder);
    return MR_AGAIN;
}

int mr_lock_beside(const char *path, int *ret_fd, char holder[MR_LOCK_HOLDER],
                   struct mr_error *reterr)
{
    MR_AUTO(free) char *name = NULL;

    if (asprintf(&name, "%s.lock", path) < 0) {
        name = NULL;
        return -ENOMEM;
    }
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return mr_error_set(reterr, -errno, "cannot open %s: %s", name, strerrordesc_np(errno));
    int r = take(fd, name, holder, reterr);
    if (r != 0)
        (void)close(fd);
    else
        *ret_fd = fd;
    return r;
}
