/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator's thread cache. */
#include "tune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tune_memory(char **argv)
{
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
    static const char mine[] = "glibc.malloc.tcache_count=60000";
    const char *theirs = getenv("GLIBC_TUNABLES");
    char value[1024];

    if (theirs && strstr(theirs, "tcache_count"))
        return;
    int len =
        snprintf(value, sizeof(value), "%s%s%s", theirs ? theirs : "", theirs ? ":" : "", mine);
    if (len < 0 || (size_t)len >= sizeof(value) || setenv("GLIBC_TUNABLES", value, 1) != 0)
        return;
    (void)execv("/proc/self/exe", argv);
#else
    (void)argv;
#endif
}
