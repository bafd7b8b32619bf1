/* SPDX-License-Identifier: Apache-2.0 */
/* Which process is `millrace up`: the one that holds the lock beside its state file. The kernel
 * lets go of the lock when the process ends, however it ends, so that no stale number can mislead.
 */
#pragma once

#include <sys/types.h>

#include "millrace/error.h"

/* Takes the lock for this process. Outcomes: 0 with *ret_fd to keep open; MR_FULL with *ret_pid:
 * that process has it; -errno. */
int up_lock(const char *state, int *ret_fd, pid_t *ret_pid, struct mr_error *reterr);
/* The process that has it, or 0. */
pid_t up_holder(const char *state);
