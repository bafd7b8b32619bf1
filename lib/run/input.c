/* SPDX-License-Identifier: Apache-2.0 */
/* Block-wise reading and the framing of documents. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "millrace/status.h"

static uint64_t newlines(const char *text, size_t len)
{
    const char *end = text + len;
    uint64_t n = 0;

    while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
        text++;
        n++;
    }
    return n;
}

static void count_to_begin(struct input *in)
{
    in->line += newlines(in->data + in->counted, in->begin - in->counted);
    in->counted = in->begin;
}

/* Outcomes: 0; MR_END after the last; -errno. */
static int next_source(struct input *in, struct mr_error *reterr)
{
    bool first = in->current == in->n_sources && in->n_sources > 0 && in->sources[0].fd == -1;

    if (!first) {
        struct source *last = &in->sources[in->current];
        if (last->fd == -2)
            return MR_END;
        in->bytes_done += in->base + (int64_t)in->end;
        if (last->fd > STDIN_FILENO)
            (void)close(last->fd);
        last->fd = -2; /* done */
        if (in->current + 1 == in->n_sources)
            return MR_END;
    }
    in->current = first ? 0 : in->current + 1;
    struct source *source = &in->sources[in->current];
    source->fd = strcmp(source->path, "-") == 0
                     ? STDIN_FILENO
                     : open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0 || (source->start > 0 && lseek(source->fd, source->start, SEEK_SET) < 0))
        return mr_error_set(reterr, -errno, "%s: %s", source->name, strerrordesc_np(errno));
    in->begin = in->end = in->counted = in->scanned = in->indent = 0;
    in->base = source->start;
    in->line = source->start_line;
    in->eof = false;
    return 0;
}

/* Until there is something to read. Outcomes: 0, what idle returned, -errno. */
static int wait_readable(struct input *in, const struct source *source)
{
    struct pollfd item = {.fd = source->fd, .events = POLLIN};

    if (source->regular)
        return 0;
    for (;;) {
        int n = poll(&item, 1, INPUT_WAIT_MS);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        int r = in->idle ? in->idle(in->self) : 0;
        if (r != 0)
            return r;
    }
}

static int make_room(struct input *in)
{
    if (in->begin > 0) {
        count_to_begin(in);
        memmove(in->data, in->data + in->begin, in->end - in->begin);
        in->base += (int64_t)in->begin;
        in->end -= in->begin;
        in->begin = in->counted = 0;
    }
    if (in->end < in->cap)
        return 0;
    char *data = realloc(in->data, in->cap * 2);
    if (!data)
        return -ENOMEM;
    in->data = data;
    in->cap *= 2;
    return 0;
}

int input_fill(struct input *in, struct mr_error *reterr)
{
    struct source *source = &in->sources[in->current];

    int r = make_room(in);
    while (r == 0) {
        r = wait_readable(in, source);
        if (r != 0)
            break;
        ssize_t n = read(source->fd, in->data + in->end, in->cap - in->end);
        if (n >= 0) {
            in->end += (size_t)n;
            in->eof = n == 0;
            return 0;
        }
        if (errno != EINTR && errno != EAGAIN)
            r = -errno;
        else if (in->idle)
            r = in->idle(in->self);
    }
    return r < 0 ? mr_error_set(reterr, r, "%s: %s", source->name, mr_status_name(r)) : r;
}

static void pass_space(struct input *in)
{
    const char *p = in->data;
    size_t at = in->begin, end = in->end;

    if (in->base == 0 && at == 0)
        at = mr_str_bom((struct mr_str){p, end});
    for (; at < end && (p[at] == '\n' || p[at] == ' ' || p[at] == '\r' || p[at] == '\t'); at++)
        in->indent = p[at] == '\n' ? 0 : in->indent + 1;
    in->begin = at;
}

static void give(const struct input *in, const char **ret_text, size_t *ret_len)
{
    *ret_text = in->data + in->begin;
    *ret_len = in->end - in->begin;
}

int input_next(struct input *in, const char **ret_text, size_t *ret_len, struct mr_error *reterr)
{
    in->scanned = 0;
    for (;;) {
        pass_space(in);
        if (MR_LIKELY(in->begin < in->end))
            break;
        int r = in->eof ? next_source(in, reterr) : input_fill(in, reterr);
        if (r != 0)
            return r;
    }
    give(in, ret_text, ret_len);
    return 0;
}

/* Brackets and strings only: the parser has the say about everything else. It is asked early where
 * only a broken document goes on, or mostly so: after a line break in a string, and at a line that
 * begins with a brace, there each time when the text is twice as long. */
static bool looks_whole(struct input *in)
{
    const char *text = in->data + in->begin;
    size_t len = in->end - in->begin, i = in->scanned;
    bool whole = false;

    if (i == 0) {
        in->depth = 0;
        in->in_string = in->escaped = false;
        in->ask_from = 1;
    }
    for (; i < len && !whole; i++) {
        char c = text[i];
        if (in->in_string) {
            whole = c == '\n';
            if (in->escaped)
                in->escaped = false;
            else if (c == '\\')
                in->escaped = true;
            else
                in->in_string = c != '"';
            continue;
        }
        if (c == '{' && i >= in->ask_from && text[i - 1] == '\n') {
            in->ask_from = 2 * i;
            whole = true;
        }
        if (c == '"')
            in->in_string = true;
        else if (c == '{' || c == '[')
            in->depth++;
        else if ((c == '}' || c == ']') && --in->depth == 0)
            whole = true;
        whole |= in->depth == 0; /* no bracket to wait for */
    }
    in->scanned = i;
    return whole;
}

static int more(struct input *in, struct mr_error *reterr)
{
    for (;;) {
        bool whole = looks_whole(in);
        if (in->scanned > INPUT_MAX_DOCUMENT)
            return mr_error_set(reterr, MR_INVALID,
                                "is longer than %d MiB, the most one document may be",
                                INPUT_MAX_DOCUMENT >> 20);
        if (whole)
            return 0;
        int r = in->eof ? MR_END : input_fill(in, reterr);
        if (r != 0)
            return r;
    }
}

int input_more(struct input *in, const char **ret_text, size_t *ret_len, struct mr_error *reterr)
{
    int r = more(in, reterr);

    give(in, ret_text, ret_len);
    return r;
}

void input_took(struct input *in, size_t len)
{
    in->begin += len;
}

int64_t input_offset(const struct input *in, size_t at)
{
    return in->base + (int64_t)(in->begin + at);
}

uint64_t input_line(struct input *in, size_t at)
{
    count_to_begin(in);
    return in->line + newlines(in->data + in->begin, at);
}

int64_t input_position(const struct input *in)
{
    bool open = in->current < in->n_sources && in->sources[in->current].fd >= 0;

    return in->bytes_done + (open ? in->base + (int64_t)in->begin : 0);
}
