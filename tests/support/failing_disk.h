/* SPDX-License-Identifier: Apache-2.0 */
/* Lets the disk fail: pwrite after a number of bytes, fdatasync and ftruncate by count. Include it
 * in one file of a test program: its calls take the place of libc's. */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "millrace/compiler.h"

static long disk_room = -1;                /* bytes until ENOSPC; -1: no end */
static _Atomic long syncs_until_fail = -1; /* -1: never */
static _Atomic long n_syncs;
static bool truncate_fails;
static void (*before_sync)(void);

MR_API ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    if (disk_room == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (disk_room > 0 && (long)len > disk_room)
        len = (size_t)disk_room;
    if (disk_room > 0)
        disk_room -= (long)len;
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

MR_API int fdatasync(int fd)
{
    if (before_sync)
        before_sync();
    (void)fd; /* not really: a unit test is quick */
    atomic_fetch_add(&n_syncs, 1);
    if (atomic_load(&syncs_until_fail) >= 0 && atomic_fetch_sub(&syncs_until_fail, 1) <= 0) {
        atomic_store(&syncs_until_fail, 0);
        errno = EIO;
        return -1;
    }
    return 0;
}

MR_API int ftruncate(int fd, off_t len)
{
    if (truncate_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_ftruncate, fd, len);
}

static inline void disk_mend(void)
{
    disk_room = -1;
    atomic_store(&syncs_until_fail, -1);
    truncate_fails = false;
    before_sync = NULL;
}
