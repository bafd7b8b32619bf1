/* SPDX-License-Identifier: Apache-2.0 */
/* Rejected documents with their reasons. */
#include "reject.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "millrace/file.h"
#include "millrace/hash.h"
#include "millrace/status.h"

int rejects_open(struct rejects *rejects, const char *path, struct mr_error *reterr)
{
    *rejects = (struct rejects){.path = path};
    rejects->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (rejects->fd < 0)
        return mr_error_set(reterr, -errno, "%s: cannot be written: %s", path,
                            strerrordesc_np(errno));
    return 0;
}

static int member(struct mr_buf *out, const char *name, const char *text, size_t len)
{
    int r = mr_buf_printf(out, ",\"%s\":", name);

    return r != 0 ? r : mr_buf_json_string(out, text, len);
}

/* Text that is not UTF-8 cannot stand in JSON: it goes as base64. */
static int original(struct mr_buf *out, const struct rejection *rejection)
{
    const struct mr_str *text = &rejection->original;

    if (!text->data)
        return mr_buf_printf(out, ",\"original\":null");
    if (mr_utf8_valid(text->data, text->len, NULL))
        return member(out, "original", text->data, text->len);
    size_t room = (text->len + 2) / 3 * 4;
    int r = mr_buf_printf(out, ",\"original_base64\":\"");
    if (r == 0)
        r = mr_buf_reserve(out, room + 1);
    if (r != 0)
        return r;
    out->len +=
        mr_base64_encode((const uint8_t *)text->data, text->len, (char *)out->data + out->len);
    return mr_buf_byte(out, '"');
}

int rejection_json(const struct rejection *rejection, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "{\"reason\":");

    if (r == 0)
        r = mr_buf_json_string(out, rejection->reason, strlen(rejection->reason));
    if (r == 0)
        r = member(out, "where", rejection->where, strlen(rejection->where));
    if (r == 0)
        r = member(out, "file", rejection->file, strlen(rejection->file));
    if (r == 0)
        r = mr_buf_printf(out, ",\"line\":%llu,\"offset\":%lld",
                          (unsigned long long)rejection->line, (long long)rejection->place.begin);
    if (r == 0 && rejection->topic)
        r = member(out, "topic", rejection->topic, strlen(rejection->topic));
    if (r == 0 && rejection->cut)
        r = mr_buf_printf(out, ",\"cut\":true");
    if (r == 0)
        r = original(out, rejection);
    return r != 0 ? r : mr_buf_byte(out, '}');
}

int rejects_add(struct rejects *rejects, const struct rejection *rejection, struct mr_error *reterr)
{
    struct mr_buf *line = &rejects->line;

    line->len = 0;
    int r = rejection_json(rejection, line);
    if (r == 0)
        r = mr_buf_byte(line, '\n');
    if (r == 0)
        r = mr_file_write(rejects->fd, line->data, line->len);
    rejects->dirty = true;
    if (r != 0)
        return mr_error_set(reterr, r, "%s: cannot be written: %s", rejects->path,
                            mr_status_name(r));
    return 0;
}

int rejects_sync(struct rejects *rejects, struct mr_error *reterr)
{
    if (!rejects->dirty)
        return 0;
    rejects->dirty = false;
    if (fdatasync(rejects->fd) == 0 || errno == EINVAL || errno == EROFS)
        return 0; /* a pipe or a terminal has no disk */
    return mr_error_set(reterr, -errno, "%s: cannot be written: %s", rejects->path,
                        strerrordesc_np(errno));
}

void rejects_close(struct rejects *rejects)
{
    if (rejects->path)
        (void)close(rejects->fd);
    mr_buf_done(&rejects->line);
    *rejects = (struct rejects){0};
}
