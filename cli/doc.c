/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and YAML differ in brackets and indentation only: one writer serves both. */
#include "doc.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

const char *const doc_forms[] = {"text", "json", "yaml", NULL};

static void put(struct doc *doc, const char *text, size_t len)
{
    if (doc->r == 0)
        doc->r = mr_buf_append(doc->out, text, len);
}

static void put_text(struct doc *doc, const char *text)
{
    put(doc, text, strlen(text));
}

static void indent(struct doc *doc, int depth)
{
    put_text(doc, "\n");
    while (depth-- > 0)
        put_text(doc, "  ");
}

static void put_quoted(struct doc *doc, const char *text)
{
    if (doc->r == 0)
        doc->r = mr_buf_json_string(doc->out, text, strlen(text));
}

/* What stands before a value: separators, its place and its name. */
static void before(struct doc *doc, const char *name, bool open)
{
    if (doc->depth == 0)
        return;
    bool list = doc->levels[doc->depth - 1].list, any = doc->levels[doc->depth - 1].any;
    bool item = doc->depth > 1 && doc->levels[doc->depth - 2].list; /* within "- " */
    doc->levels[doc->depth - 1].any = true;

    assert(list == !name);
    if (!doc->yaml) {
        put_text(doc, any ? "," : "");
        indent(doc, doc->depth);
    } else if (any || doc->depth > 1) {
        if (any || !item)
            indent(doc, doc->depth - 1);
    }
    if (list && doc->yaml)
        put_text(doc, "- ");
    if (name && !doc->yaml)
        put_quoted(doc, name);
    if (name && doc->yaml)
        put_text(doc, name);
    if (name)
        put_text(doc, doc->yaml && open ? ":" : ": ");
}

static void open_level(struct doc *doc, const char *name, bool list)
{
    assert(doc->depth < DOC_MAX_DEPTH);
    before(doc, name, true);
    if (!doc->yaml)
        put_text(doc, list ? "[" : "{");
    doc->levels[doc->depth].list = list;
    doc->levels[doc->depth].any = false;
    doc->depth++;
}

void doc_list(struct doc *doc, const char *name)
{
    open_level(doc, name, true);
}

void doc_object(struct doc *doc, const char *name)
{
    open_level(doc, name, false);
}

void doc_end(struct doc *doc)
{
    doc->depth--;
    bool list = doc->levels[doc->depth].list, any = doc->levels[doc->depth].any;
    bool named = doc->depth > 0 && !doc->levels[doc->depth - 1].list;

    if (doc->yaml) {
        if (!any)
            put_text(doc, named ? (list ? " []" : " {}") : (list ? "[]" : "{}"));
    } else {
        if (any)
            indent(doc, doc->depth);
        put_text(doc, list ? "]" : "}");
    }
    if (doc->depth == 0)
        put_text(doc, "\n");
}

void doc_text(struct doc *doc, const char *name, const char *value)
{
    before(doc, name, false);
    if (value)
        put_quoted(doc, value);
    else
        put_text(doc, "null");
}

void doc_long(struct doc *doc, const char *name, int64_t value)
{
    before(doc, name, false);
    if (doc->r == 0)
        doc->r = mr_buf_printf(doc->out, "%" PRId64, value);
}

void doc_bool(struct doc *doc, const char *name, bool value)
{
    before(doc, name, false);
    put_text(doc, value ? "true" : "false");
}

void doc_json(struct doc *doc, const char *name, struct mr_str json)
{
    before(doc, name, false);
    put(doc, json.data, json.len);
}
