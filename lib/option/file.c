/* SPDX-License-Identifier: Apache-2.0 */
/* Options from a configuration file: 'name = value' lines. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "millrace/buf.h"
#include "millrace/str.h"
#include "parse.h"

static char *trimmed(char *from, char *end)
{
    while (from < end && isspace((unsigned char)*from))
        from++;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return from;
}

static int parse_line(struct mr_options *o, char *line, char *end, struct mr_error *reterr)
{
    char *name = trimmed(line, end);
    struct option_place place;

    if (*name == '\0' || *name == '#')
        return 0;
    char *equals = strchr(name, '=');
    if (!equals)
        return mr_error_set(reterr, MR_INVALID, "must be 'name = value' (was '%.60s')", name);
    char *value = trimmed(equals + 1, name + strlen(name));
    name = trimmed(name, equals);
    if (!option_find(o, name, strlen(name), 0, &place))
        return option_unknown(o, "name", "", name, reterr);
    return option_set(o, &place, value, SOURCE_FILE, reterr);
}

int option_file(struct mr_options *o, const char *path, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf buf = {.max = 1 << 20};
    int r = mr_buf_read_file(&buf, path);

    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "cannot read configuration '%s': %s", path,
                            r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
    char *text = mr_arena_dup(o->arena, (const char *)buf.data, buf.len);
    if (!text)
        return -ENOMEM;
    char *end = text + buf.len;
    text += mr_str_bom((struct mr_str){text, buf.len});
    for (unsigned line = 1; text < end; line++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *stop = newline ? newline : end;
        struct mr_error inner = MR_ERROR_INIT;
        r = parse_line(o, text, stop, &inner);
        if (r != 0)
            return mr_error_set(reterr, r, "%s:%u: %s", path, line, inner.text);
        text = stop + 1;
    }
    return 0;
}
