/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer with an upper bound; the output side of every codec. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "millrace/compiler.h"
#include "millrace/own.h"
#include "millrace/str.h"

/* Plain record: read data and len freely, change them through the functions. Zero is a valid empty
 * buffer. Not thread-safe. */
struct mr_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max; /* growth beyond this is -EMSGSIZE; 0 = no bound */
};

void mr_buf_done(struct mr_buf *buf);

/* Slow path of mr_buf_reserve; -ENOMEM or -EMSGSIZE leave the buffer as it was. */
int mr_buf_grow(struct mr_buf *buf, size_t more);

/* Room for `more` bytes after len. */
static inline int mr_buf_reserve(struct mr_buf *buf, size_t more)
{
    return MR_LIKELY(buf->cap - buf->len >= more) ? 0 : mr_buf_grow(buf, more);
}

static inline int mr_buf_append(struct mr_buf *buf, const void *data, size_t len)
{
    int r = mr_buf_reserve(buf, len);
    if (r == 0 && len > 0) {
        memcpy(buf->data + buf->len, data, len);
        buf->len += len;
    }
    return r;
}

static inline int mr_buf_append_str(struct mr_buf *buf, struct mr_str s)
{
    return mr_buf_append(buf, s.data, s.len);
}

static inline int mr_buf_byte(struct mr_buf *buf, uint8_t byte)
{
    return mr_buf_append(buf, &byte, 1);
}

int mr_buf_printf(struct mr_buf *buf, const char *fmt, ...) MR_PRINTF(2, 3);

/* Appends text as a JSON string with its quotes: RFC 8259 escapes, and escaped as well DEL, U+0080
 * to U+009F, U+2028, U+2029, which confuse terminals and readers of lines. Other UTF-8 is kept. */
int mr_buf_json_string(struct mr_buf *buf, const char *text, size_t len);
/* The same with RFC 8259's escapes alone, where bytes must be as others write them. */
int mr_buf_json_plain(struct mr_buf *buf, const char *text, size_t len);

/* NUL after the last byte (not counted in len), so that data can be used as a C string.
 * NULL when memory ran out. */
const char *mr_buf_cstr(struct mr_buf *buf);

/* To the end; 0 or -errno, -EFBIG above buf->max. */
int mr_buf_read_fd(struct mr_buf *buf, int fd);
/* Whole file or standard input ("-"); as mr_buf_read_fd. */
int mr_buf_read_file(struct mr_buf *buf, const char *path);
/* All of it, as fwrite; an empty buffer writes nothing. False: not all was written, errno says why.
 */
bool mr_buf_write(const struct mr_buf *buf, FILE *file);

static inline void mr_auto_mr_buf(struct mr_buf *buf)
{
    mr_buf_done(buf);
}
/* MR_AUTO(mr_buf) struct mr_buf out = {0}; */
