/* SPDX-License-Identifier: Apache-2.0 */
/* How this process keeps its memory. */
#pragma once

/* Keeps what is freed for what is asked for next, where glibc would give blocks of a mebibyte,
 * which librdkafka fills and frees for each request, back to the kernel and take them again page by
 * page. At most 64 MiB more than is in use stay. Once, by main, before threads start; other C
 * libraries are left as they are. */
void mr_heap_keep(void);
