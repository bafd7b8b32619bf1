/* SPDX-License-Identifier: Apache-2.0 */
/* The growable buffer. */
#include "millrace/buf.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_CAP = 256, READ_STEP = 1 << 16 };

void mr_buf_done(struct mr_buf *buf)
{
    free(buf->data);
    *buf = (struct mr_buf){.max = buf->max};
}

int mr_buf_grow(struct mr_buf *buf, size_t more)
{
    if (more > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4 - more)
        return -EMSGSIZE;
    size_t need = buf->len + more;
    if (buf->max != 0 && need > buf->max)
        return -EMSGSIZE;
    size_t cap = buf->cap ? buf->cap : FIRST_CAP;
    while (cap < need)
        cap *= 2;
    if (buf->max != 0 && cap > buf->max)
        cap = buf->max;
    uint8_t *data = realloc(buf->data, cap);
    if (!data)
        return -ENOMEM;
    buf->data = data;
    buf->cap = cap;
    return 0;
}

int mr_buf_printf(struct mr_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return -EINVAL;
    int r = mr_buf_reserve(buf, (size_t)n + 1);
    if (r != 0)
        return r;
    va_start(args, fmt);
    (void)vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)n;
    return 0;
}

static size_t escape(unsigned c, char out[6])
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    out[0] = '\\';
    if (c == '"' || c == '\\') {
        out[1] = (char)c;
        return 2;
    }
    if (c < sizeof(shorts) && shorts[c]) {
        out[1] = shorts[c];
        return 2;
    }
    out[1] = 'u';
    for (int i = 0; i < 4; i++)
        out[2 + i] = hex[c >> (12 - 4 * i) & 15];
    return 6;
}

/* What RFC 8259 wants escaped: bytes that it takes, 0 for none. */
static size_t must_escape(const unsigned char *p, unsigned *ret_c)
{
    *ret_c = *p;
    return *p < 0x20 || *p == '"' || *p == '\\';
}

/* That, and what terminals obey or readers of lines end a line at: DEL, U+0080 to U+009F, U+2028,
 * U+2029. */
static size_t should_escape(const unsigned char *p, size_t len, unsigned *ret_c)
{
    if (*p < 0x7f)
        return must_escape(p, ret_c);
    *ret_c = *p;
    if (*p == 0x7f)
        return 1;
    if (*p == 0xc2 && len > 1 && (p[1] & 0xe0) == 0x80) {
        *ret_c = p[1];
        return 2;
    }
    if (*p == 0xe2 && len > 2 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8) {
        *ret_c = 0x2000 | (p[2] & 0x3f);
        return 3;
    }
    return 0;
}

static int json_string(struct mr_buf *buf, const char *text, size_t len, bool plain)
{
    char out[6];
    unsigned c;

    if (len > SIZE_MAX / 8)
        return -EMSGSIZE;
    if (len == 0)
        return mr_buf_append(buf, "\"\"", 2); /* text may be NULL */
    int r = mr_buf_reserve(buf, len + 2);
    if (r != 0)
        return r;
    buf->data[buf->len++] = '"';
    size_t from = 0;
    for (size_t i = 0; i < len;) {
        const unsigned char *p = (const unsigned char *)text + i;
        size_t n = plain ? must_escape(p, &c) : should_escape(p, len - i, &c);
        if (MR_LIKELY(n == 0)) {
            i++;
            continue;
        }
        if ((r = mr_buf_append(buf, text + from, i - from)) != 0 ||
            (r = mr_buf_append(buf, out, escape(c, out))) != 0)
            return r;
        from = i += n;
    }
    r = mr_buf_append(buf, text + from, len - from);
    return r != 0 ? r : mr_buf_byte(buf, '"');
}

int mr_buf_json_string(struct mr_buf *buf, const char *text, size_t len)
{
    return json_string(buf, text, len, false);
}

int mr_buf_json_plain(struct mr_buf *buf, const char *text, size_t len)
{
    return json_string(buf, text, len, true);
}

const char *mr_buf_cstr(struct mr_buf *buf)
{
    if (mr_buf_reserve(buf, 1) != 0)
        return NULL;
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}

static ssize_t read_some(int fd, void *out, size_t room)
{
    ssize_t n;

    do
        n = read(fd, out, room);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int mr_buf_read_fd(struct mr_buf *buf, int fd)
{
    for (;;) {
        size_t room = buf->max ? buf->max - buf->len : SIZE_MAX;
        uint8_t beyond;
        if (room == 0) { /* all that may be there; is there more? */
            ssize_t n = read_some(fd, &beyond, 1);
            return n > 0 ? -EFBIG : (int)n;
        }
        int r = buf->cap > buf->len ? 0 : mr_buf_reserve(buf, room < READ_STEP ? room : READ_STEP);
        if (r != 0)
            return r;
        size_t free = buf->cap - buf->len;
        ssize_t n = read_some(fd, buf->data + buf->len, free < room ? free : room);
        if (n <= 0)
            return (int)n;
        buf->len += (size_t)n;
    }
}

int mr_buf_read_file(struct mr_buf *buf, const char *path)
{
    if (strcmp(path, "-") == 0)
        return mr_buf_read_fd(buf, STDIN_FILENO);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = mr_buf_read_fd(buf, fd);
    (void)close(fd);
    return r;
}

bool mr_buf_write(const struct mr_buf *buf, FILE *file)
{
    return buf->len == 0 || fwrite(buf->data, 1, buf->len, file) == buf->len;
}
