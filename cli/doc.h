/* SPDX-License-Identifier: Apache-2.0 */
/* One structured answer as JSON or YAML, written as it comes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"

enum { DOC_MAX_DEPTH = 12 };

/* For a CHOICE row: text, json, yaml. */
extern const char *const doc_forms[];

/* Zero-initialise all but out and yaml. The first -errno stays in r, and nothing is written after.
 */
struct doc {
    struct mr_buf *out;
    bool yaml;
    int r;
    int depth;
    struct {
        bool list;
        bool any; /* has members already */
    } levels[DOC_MAX_DEPTH];
};

/* The document is one list or one object: name is NULL there and within lists. */
void doc_list(struct doc *doc, const char *name);
void doc_object(struct doc *doc, const char *name);
void doc_end(struct doc *doc);

void doc_text(struct doc *doc, const char *name, const char *value); /* NULL: null */
void doc_long(struct doc *doc, const char *name, int64_t value);
void doc_bool(struct doc *doc, const char *name, bool value);
/* JSON text that is valid already. */
void doc_json(struct doc *doc, const char *name, struct mr_str json);
