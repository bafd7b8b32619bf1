/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of small files, and errors that say where. */
#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "millrace/status.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool lines_next(struct lines *lines)
{
    while (lines->rest.len > 0) {
        const char *end = memchr(lines->rest.data, '\n', lines->rest.len);
        struct mr_str line = {lines->rest.data,
                              end ? (size_t)(end - lines->rest.data) : lines->rest.len};
        size_t used = line.len + (end != NULL);
        size_t first = 0;
        lines->rest = (struct mr_str){lines->rest.data + used, lines->rest.len - used};
        lines->number++;
        while (line.len > 0 && is_blank(line.data[line.len - 1]))
            line.len--;
        while (first < line.len && is_blank(line.data[first]))
            first++;
        if (first == line.len || line.data[first] == '#')
            continue;
        lines->line = line;
        return true;
    }
    return false;
}

int lines_fail(const struct lines *lines, const char *at, struct mr_error *reterr, const char *fmt,
               ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return mr_error_set(reterr, MR_INVALID, "%s:%u:%zu: %s", lines->name, lines->number,
                        at ? (size_t)(at - lines->line.data) + 1 : 1, text);
}
