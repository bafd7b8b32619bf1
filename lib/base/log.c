/* SPDX-License-Identifier: Apache-2.0 */
/* logfmt lines. */
#include "millrace/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "millrace/time.h"

static _Atomic int threshold = MR_LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;

void mr_log_set_level(enum mr_log_level level)
{
    atomic_store(&threshold, (int)level);
}

bool mr_log_enabled(enum mr_log_level level)
{
    return (int)level >= atomic_load(&threshold);
}

void mr_log_set_fd(int fd)
{
    atomic_store(&log_fd, fd);
}

enum { LINE_MAX_BYTES = 2048 };

struct line {
    size_t len;
    char text[LINE_MAX_BYTES];
};

static void add(struct line *line, const char *fmt, ...) MR_PRINTF(2, 3);

static void add_v(struct line *line, const char *fmt, va_list args) MR_PRINTF(2, 0);
static void add_v(struct line *line, const char *fmt, va_list args)
{
    size_t room = sizeof(line->text) - 1 - line->len; /* the newline always fits */
    int n = vsnprintf(line->text + line->len, room, fmt, args);

    if (n > 0)
        line->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void add(struct line *line, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_v(line, fmt, args);
    va_end(args);
}

static void add_context(struct line *line, const struct mr_log_context *ctx)
{
    if (ctx->service)
        add(line, " %s=%s", ctx->role ? ctx->role : "service", ctx->service);
    if (!ctx->topic)
        return;
    add(line, " topic=%s", ctx->topic);
    if (ctx->partition >= 0)
        add(line, " partition=%d", (int)ctx->partition);
    if (ctx->offset >= 0)
        add(line, " offset=%lld", (long long)ctx->offset);
}

void mr_log(enum mr_log_level level, const struct mr_log_context *ctx, const char *event,
            const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error", "off"};
    struct line line = {0};
    char when[MR_TIME_MAX];
    va_list args;

    if (!mr_log_enabled(level))
        return;
    int64_t now = mr_time_now();
    (void)mr_time_format(now / 1000000, (int32_t)(now % 1000000) * 1000, 3, when);
    add(&line, "time=%s level=%s event=%s", when, names[level], event);
    if (ctx)
        add_context(&line, ctx);
    if (fmt && *fmt) {
        add(&line, " ");
        va_start(args, fmt);
        add_v(&line, fmt, args);
        va_end(args);
    }
    line.text[line.len++] = '\n';
    if (write(atomic_load(&log_fd), line.text, line.len) < 0)
        return; /* nowhere left to say so */
}

const char *mr_log_quote(const char *text, char *out, size_t cap)
{
    size_t n = 0;

    if (cap < 8) {
        if (cap > 0)
            out[0] = '\0';
        return out;
    }
    out[n++] = '"';
    for (; *text; text++) {
        if (n + 7 > cap) { /* an escape, then "...", the quotation mark, the end */
            memcpy(out + n, "...", 3);
            n += 3;
            break;
        }
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            out[n++] = '\\';
        out[n++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}
