/* SPDX-License-Identifier: Apache-2.0 */
/* A set of offsets as sorted ranges, and as the text that is committed beside an offset. */
#include "done.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void done_free(struct done *done)
{
    free(done->ranges);
    *done = (struct done){.next = 0};
}

bool done_has(const struct done *done, int64_t offset)
{
    if (offset < done->next)
        return true;
    for (size_t i = 0; i < done->n && done->ranges[i].from <= offset; i++)
        if (offset < done->ranges[i].to)
            return true;
    return false;
}

/* What touches the beginning belongs to it. */
static void settle(struct done *done)
{
    size_t n = 0;

    while (n < done->n && done->ranges[n].from <= done->next) {
        if (done->ranges[n].to > done->next)
            done->next = done->ranges[n].to;
        n++;
    }
    done->n -= n;
    memmove(done->ranges, done->ranges + n, done->n * sizeof(*done->ranges));
}

int done_add(struct done *done, int64_t from, int64_t to)
{
    size_t at = 0, end;

    if (from >= to)
        return 0;
    struct done_range *ranges = mr_room(done->ranges, done->n, &done->cap, 16, sizeof(*ranges));
    if (!ranges)
        return -ENOMEM;
    done->ranges = ranges;
    while (at < done->n && done->ranges[at].to < from)
        at++;
    for (end = at; end < done->n && done->ranges[end].from <= to; end++) {
        from = done->ranges[end].from < from ? done->ranges[end].from : from;
        to = done->ranges[end].to > to ? done->ranges[end].to : to;
    }
    memmove(done->ranges + at + 1, done->ranges + end, (done->n - end) * sizeof(*done->ranges));
    done->n = done->n - (end - at) + 1;
    done->ranges[at] = (struct done_range){from, to};
    settle(done);
    return 0;
}

int done_copy(const struct done *done, struct done *ret_copy)
{
    struct done copy = {.next = done->next, .n = done->n, .cap = done->n + 1};

    copy.ranges = calloc(copy.cap, sizeof(*copy.ranges));
    if (!copy.ranges)
        return -ENOMEM;
    for (size_t i = 0; i < done->n; i++)
        copy.ranges[i] = done->ranges[i];
    *ret_copy = copy;
    return 0;
}

int done_parse(struct done *done, int64_t offset, const char *note)
{
    int r = 0;

    *done = (struct done){.next = offset < 0 ? 0 : offset};
    if (offset < 0 || strncmp(note, "1:", 2) != 0)
        return 0;
    for (const char *at = note + 2; r == 0 && *at;) {
        char *end;
        int64_t from = strtoll(at, &end, 10), last = from;
        if (*end == '-')
            last = strtoll(end + 1, &end, 10);
        if (from < 1 || last < from || last > INT64_MAX - offset - 1 || (*end && *end != ','))
            break;
        r = done_add(done, offset + from, offset + last + 1);
        at = *end ? end + 1 : end;
    }
    return r;
}

int done_note(const struct done *done, struct mr_buf *out)
{
    int r = done->n > 0 ? mr_buf_printf(out, "1:") : 0;

    for (size_t i = 0; r == 0 && i < done->n; i++) {
        int64_t from = done->ranges[i].from - done->next,
                last = done->ranges[i].to - 1 - done->next;
        r = mr_buf_printf(out, "%s%" PRId64, i ? "," : "", from);
        if (r == 0 && last > from)
            r = mr_buf_printf(out, "-%" PRId64, last);
    }
    return r;
}
