/* SPDX-License-Identifier: Apache-2.0 */
/* One process at a time at a file. */
#pragma once

#include "millrace/error.h"

enum { MR_LOCK_HOLDER = 24 };

/* Locks PATH.lock, made when there is none: beside the file, because the file itself may be
 * replaced, or be locked by the library that writes it. The lock ends with *ret_fd, however the
 * process ends; PATH.lock stays.
 *
 * 0: *ret_fd is the caller's to close. MR_AGAIN: somebody has it, and holder is his process number,
 * or "(unknown)"; the text is the caller's to write. -errno, with the text. Any thread. */
int mr_lock_beside(const char *path, int *ret_fd, char holder[MR_LOCK_HOLDER],
                   struct mr_error *reterr);
