/* SPDX-License-Identifier: Apache-2.0 */
/* The text of -f FORMAT, as kcat has it. */
#pragma once

#include "millrace/buf.h"
#include "millrace/error.h"

enum format_kind {
    FORMAT_TEXT,
    FORMAT_TOPIC,     /* %t */
    FORMAT_PARTITION, /* %p */
    FORMAT_OFFSET,    /* %o */
    FORMAT_KEY,       /* %k */
    FORMAT_KEY_LEN,   /* %K */
    FORMAT_VALUE,     /* %s: JSON */
    FORMAT_VALUE_LEN, /* %S: bytes in Kafka */
    FORMAT_HEADERS,   /* %h: name=value,... */
    FORMAT_MILLIS,    /* %T: ms since the epoch */
    FORMAT_TIME,      /* %I: RFC 3339 */
    FORMAT_SCHEMA,    /* %i: schema id, -1 when none */
};

struct format_part {
    enum format_kind kind;
    size_t from, len; /* FORMAT_TEXT: within text */
};

struct format {
    struct format_part *parts;
    size_t n_parts;
    struct mr_buf text; /* literals without escapes */
};

/* Escapes \n \r \t \\ \xHH, and %% for a percent sign. Outcomes: 0, MR_INVALID, -ENOMEM.
 * format_done() in any case. */
int format_init(struct format *format, const char *text, struct mr_error *reterr);
void format_done(struct format *format);
bool format_has(const struct format *format, enum format_kind kind);
