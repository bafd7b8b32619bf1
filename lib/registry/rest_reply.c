/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of every kind: errors with their codes, JSON. */
#include "rest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void reply_done(struct reply *reply)
{
    mr_buf_done(&reply->body);
    reply->content = content_unref(reply->content);
}

int reply_error(struct reply *reply, int code, const char *fmt, ...)
{
    MR_AUTO(free) char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) {
        text = NULL;
        return -ENOMEM;
    }
    mr_utf8_mend(text, (size_t)n); /* cut in the middle of a character, or a method that is none */
    reply->content = content_unref(reply->content);
    reply->status = (unsigned)(code >= 1000 ? code / 100 : code);
    reply->body.len = 0;
    int r = mr_buf_printf(&reply->body, "{\"error_code\":%d,\"message\":", code);
    if (r == 0)
        r = mr_buf_json_string(&reply->body, text, (size_t)n);
    return r == 0 ? mr_buf_byte(&reply->body, '}') : r;
}

const char *invalid_text(const struct mr_error *error, char *out, size_t cap)
{
    char line[64] = "";

    if (error->line > 0)
        (void)snprintf(line, sizeof(line), " (line %u, column %u of the schema)", error->line,
                       error->column);
    (void)snprintf(out, cap, "%s%s%s%s", error->where, error->where[0] ? ": " : "", error->text,
                   line);
    return out;
}

int reply_invalid(struct reply *reply, const struct mr_error *error)
{
    char text[sizeof(error->where) + sizeof(error->text) + 64];

    return reply_error(reply, 42201, "%s", invalid_text(error, text, sizeof(text)));
}

int reply_denied(const struct request *request, struct reply *reply, const char *fmt, ...)
{
    const struct access *access = request->caller.access;
    char what[2 * NAME_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (access->anonymous)
        return reply_error(reply, 401, "Unauthorized: without credentials you may not %s", what);
    return reply_error(reply, 40301, "%s may not %s: the registry's roles file gives that right",
                       access->who, what);
}

int reply_json(struct reply *reply, const json_t *json)
{
    reply->status = 200;
    return json_append(&reply->body, json);
}
