/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before libc into a real server: while the file MILLRACE_FULL_DISK is there, nothing can be
 * written below a folder `base`, where PostgreSQL keeps its tables. No mount is needed, so that it
 * works where only a container is to be had. */
#undef _FILE_OFFSET_BITS /* it would make one function of pwrite and pwrite64 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static int is_full(int fd)
{
    const char *flag = getenv("MILLRACE_FULL_DISK");
    char link[64], path[4096];

    if (!flag || access(flag, F_OK) != 0)
        return 0;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len < 0 ? 0 : len] = '\0';
    if (!strstr(path, "/base/"))
        return 0;
    errno = ENOSPC;
    return 1;
}

/* The next function of that name. */
static void *next_of(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (!function)
        abort();
    return function;
}

/* ISO C has no cast from an object to a function. */
#define NEXT(type, name) (*(type *)&(void *){next_of(name)})

SHOWN ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    typedef ssize_t (*fn)(int, const void *, size_t, off_t);
    static fn next;

    if (!next)
        next = NEXT(fn, "pwrite64");
    return is_full(fd) ? -1 : next(fd, data, len, at);
}

SHOWN ssize_t pwrite64(int fd, const void *data, size_t len, off_t at)
{
    return pwrite(fd, data, len, at);
}

SHOWN ssize_t pwritev(int fd, const struct iovec *parts, int n_parts, off_t at)
{
    typedef ssize_t (*fn)(int, const struct iovec *, int, off_t);
    static fn next;

    if (!next)
        next = NEXT(fn, "pwritev64");
    return is_full(fd) ? -1 : next(fd, parts, n_parts, at);
}

SHOWN ssize_t pwritev64(int fd, const struct iovec *parts, int n_parts, off_t at)
{
    return pwritev(fd, parts, n_parts, at);
}

/* Gives an error number, as it does by itself. */
SHOWN int posix_fallocate(int fd, off_t at, off_t len)
{
    typedef int (*fn)(int, off_t, off_t);
    static fn next;

    if (!next)
        next = NEXT(fn, "posix_fallocate64");
    return is_full(fd) ? ENOSPC : next(fd, at, len);
}

SHOWN int posix_fallocate64(int fd, off_t at, off_t len)
{
    return posix_fallocate(fd, at, len);
}
