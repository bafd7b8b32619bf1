/* SPDX-License-Identifier: Apache-2.0 */
/* logfmt lines on stderr: level=warn event=retry consumer=x topic=y ... why="...".
 * Only lib/run and cli/ log above debug. Payloads, keys and secrets never reach a line. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/compiler.h"

enum mr_log_level { MR_LOG_DEBUG, MR_LOG_INFO, MR_LOG_WARN, MR_LOG_ERROR, MR_LOG_OFF };

/* Fields that every line of a context carries; borrowed; NULL members are left out. */
struct mr_log_context {
    const char *service; /* producer=... or consumer=... is written from role and service */
    const char *role;
    const char *topic;
    int32_t partition; /* left out when topic is NULL or negative */
    int64_t offset;    /* left out when negative */
};

/* Process-wide threshold; default info. */
void mr_log_set_level(enum mr_log_level level);
bool mr_log_enabled(enum mr_log_level level);
/* Where lines go, default stderr's descriptor; for tests. */
void mr_log_set_fd(int fd);

/* `event` is one constant word; fmt gives further fields as "attempt=%d why=%s". Values that need
 * it must be quoted by the caller with mr_log_quote. One write(2) per line; any thread. */
void mr_log(enum mr_log_level level, const struct mr_log_context *ctx, const char *event,
            const char *fmt, ...) MR_PRINTF(4, 5);
#define mr_debug(ctx, event, ...) mr_log(MR_LOG_DEBUG, ctx, event, __VA_ARGS__)
#define mr_info(ctx, event, ...) mr_log(MR_LOG_INFO, ctx, event, __VA_ARGS__)
#define mr_warn(ctx, event, ...) mr_log(MR_LOG_WARN, ctx, event, __VA_ARGS__)
#define mr_err(ctx, event, ...) mr_log(MR_LOG_ERROR, ctx, event, __VA_ARGS__)

/* text as a logfmt value in out (always NUL-terminated, cut with "..." when long); returns out. */
const char *mr_log_quote(const char *text, char *out, size_t cap);
