/* SPDX-License-Identifier: Apache-2.0 */
/* Two of glibc's settings; nothing elsewhere. */
#include "millrace/heap.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void mr_heap_keep(void)
{
#ifdef __GLIBC__
    enum { BLOCK = 32 << 20, KEPT = 64 << 20 }; /* 32 MiB: the most that glibc takes */

    (void)mallopt(M_MMAP_THRESHOLD, BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
}
