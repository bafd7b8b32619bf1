/* SPDX-License-Identifier: Apache-2.0 */
/* What stdio leaves to its callers: whole writes to a descriptor, and a rename that lasts. */
#pragma once

#include <stddef.h>

/* All of it, however often the kernel takes a part or a signal comes. 0; -errno, and an unknown
 * part is written. Any thread. */
int mr_file_write(int fd, const void *data, size_t len);
/* Puts the folder's entry for path on disk, where there is one (EINVAL is none). 0 or -errno. */
int mr_file_sync_folder(const char *path);
