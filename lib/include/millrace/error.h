/* SPDX-License-Identifier: Apache-2.0 */
/* Text for humans, made where the fact is known and only on cold paths. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "millrace/compiler.h"

/* Plain record; owned by the caller, usually on its stack. Zero-initialise (MR_ERROR_INIT). */
struct mr_error {
    char where[512]; /* JSON pointer, schema path or file; empty when it does not apply */
    char text[1024]; /* what is wrong and what to do; never payload beyond a short excerpt */
    size_t offset;   /* byte offset in the input; MR_NO_OFFSET when unknown */
    unsigned line;   /* 1-based; 0 when unknown */
    unsigned column; /* 1-based, in bytes; 0 when unknown */
};

#define MR_NO_OFFSET ((size_t)-1)
#define MR_ERROR_INIT ((struct mr_error){.offset = MR_NO_OFFSET})

/* Replaces the text and returns r, so that `return mr_error_set(reterr, MR_INVALID, "...")` reads
 * as one step. reterr may be NULL, its old text among the arguments. Text that does not fit is
 * cut at a UTF-8 boundary. */
int mr_error_set(struct mr_error *reterr, int r, const char *fmt, ...) MR_PRINTF(3, 4);
int mr_error_vset(struct mr_error *reterr, int r, const char *fmt, va_list args) MR_PRINTF(3, 0);

/* Puts what it happened in before the text, "order.json:3:17", and the place between them where it
 * has one, which `where` then no longer tells. One line for a terminal; returns r. reterr may be
 * NULL. */
int mr_error_inside(struct mr_error *reterr, int r, const char *fmt, ...) MR_PRINTF(3, 4);

/* Puts a segment in front of `where`: used while unwinding to build "/data/items/1". The segment
 * is escaped as RFC 6901 has it (~0, ~1). reterr may be NULL. */
void mr_error_at(struct mr_error *reterr, const char *segment, size_t len);
void mr_error_at_index(struct mr_error *reterr, size_t index);

/* Fills line and column from offset within text[0..len). No-op when offset is unknown. */
void mr_error_locate(struct mr_error *reterr, const char *text, size_t len);
