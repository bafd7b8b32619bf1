/* SPDX-License-Identifier: Apache-2.0 */
/* One line for each request, written by a thread of its own: a full pipe or a slow disk costs lines
 * and no time. */
#pragma once

#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"

struct access_log;

/* path "-": standard error. 0; -errno, the text names the file. */
int access_log_open(const char *path, struct access_log **ret_log, struct mr_error *reterr);
/* After the file was moved away. 0 or -errno, with the old file still in use. */
int access_log_reopen(struct access_log *log, struct mr_error *reterr);
/* One line with its end. Any thread. */
void access_log_write(struct access_log *log, const struct mr_buf *line);
uint64_t access_log_dropped(struct access_log *log);
/* Writes what it has. NULL is accepted. */
struct access_log *access_log_free(struct access_log *log);
