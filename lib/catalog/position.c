/* SPDX-License-Identifier: Apache-2.0 */
/* Where things stand in topics.yaml, and the list of what is wrong with it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

/* More words than these are not worth listing. */
enum { FEW_WORDS = 12 };

const yaml_node_t *load_root(const struct load *load)
{
    return yaml_document_get_root_node(load->document);
}

const yaml_node_t *load_at(const struct load *load, const yaml_node_t *mapping, const char *key)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(load->document, pair->key);
        if (name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0)
            return yaml_document_get_node(load->document, pair->value);
    }
    return NULL;
}

const yaml_node_t *load_item(const struct load *load, const yaml_node_t *sequence, size_t index)
{
    if (!sequence || sequence->type != YAML_SEQUENCE_NODE)
        return NULL;
    const yaml_node_item_t *item = sequence->data.sequence.items.start + index;
    return item < sequence->data.sequence.items.top ? yaml_document_get_node(load->document, *item)
                                                    : NULL;
}

MR_PRINTF(5, 0)
static void note(struct load *load, const char *file, size_t line, size_t column, const char *fmt,
                 va_list args)
{
    char text[1024];

    if (load->n_findings == MR_CATALOG_MAX_FINDINGS) {
        load->n_lost++;
        return;
    }
    if (!load->findings)
        load->findings =
            mr_arena_array(load->scratch, MR_CATALOG_MAX_FINDINGS, sizeof(*load->findings));
    (void)vsnprintf(text, sizeof(text), fmt, args);
    mr_str_one_line(text);
    const char *copy = mr_arena_dup(load->scratch, text, strlen(text));
    if (!load->findings || !copy) {
        load->r = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < load->n_findings; i++) {
        const struct finding *before = &load->findings[i];
        if (before->line == line && before->column == column && before->file == file &&
            strcmp(before->text, copy) == 0)
            return; /* once is enough */
    }
    load->findings[load->n_findings] = (struct finding){
        .file = file, .line = line, .column = column, .order = load->n_findings, .text = copy};
    load->n_findings++;
}

void load_note(struct load *load, const yaml_node_t *node, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    note(load, NULL, node ? node->start_mark.line + 1 : 1, node ? node->start_mark.column + 1 : 1,
         fmt, args);
    va_end(args);
}

void load_note_at(struct load *load, const char *file, size_t line, size_t column, const char *fmt,
                  ...)
{
    va_list args;

    va_start(args, fmt);
    note(load, file, line, column, fmt, args);
    va_end(args);
}

/* The words that differ, in their order; false when they are too many to list. */
static bool few_words(const char *const *words, size_t n_words, const char *few[FEW_WORDS],
                      size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < n_words; i++) {
        bool known = false;
        for (size_t j = 0; j < n && !known; j++)
            known = strcmp(few[j], words[i]) == 0;
        if (known)
            continue;
        if (n == FEW_WORDS)
            return false;
        few[n++] = words[i];
    }
    *ret_n = n;
    return n > 0;
}

const char *load_hint(struct load *load, const char *word, const char *const *words, size_t n_words)
{
    const char *near = mr_nearest(word, words, n_words);
    const char *few[FEW_WORDS];
    const char *hint = "";
    size_t n_few;

    if (near) {
        hint = mr_arena_printf(load->scratch, "; did you mean '%s'?", near);
    } else if (few_words(words, n_words, few, &n_few)) {
        hint = "; it can be ";
        for (size_t i = 0; i < n_few && hint; i++)
            hint = mr_arena_printf(load->scratch, "%s%s'%s'", hint,
                                   i == 0          ? ""
                                   : i + 1 < n_few ? ", "
                                                   : " or ",
                                   few[i]);
    }
    if (!hint)
        load->r = -ENOMEM;
    return hint ? hint : "";
}

/* The file itself first, then other files by name; within one by position. */
static int by_position(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    int names = strcmp(a->file ? a->file : "", b->file ? b->file : "");

    if (names != 0)
        return names;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int write_report(struct load *load, struct mr_buf *report)
{
    int r = 0;

    if (load->n_findings > 0)
        qsort(load->findings, load->n_findings, sizeof(*load->findings), by_position);
    for (size_t i = 0; i < load->n_findings && r == 0; i++) {
        const struct finding *finding = &load->findings[i];
        r = mr_buf_printf(report, "%s:%zu:%zu: %s\n", finding->file ? finding->file : load->path,
                          finding->line, finding->column, finding->text);
    }
    if (r == 0 && load->n_lost > 0)
        r = mr_buf_printf(report, "%s: and %zu more\n", load->path, load->n_lost);
    return r;
}

int load_verdict(struct load *load, int r, struct mr_buf *report)
{
    if (load->r != 0)
        r = load->r;
    if (r == 0 && load->n_findings > 0)
        r = MR_INVALID;
    int written = r < 0 ? 0 : write_report(load, report);
    return r != 0 ? r : written;
}

void *load_array(struct load *load, size_t n, size_t size)
{
    if (n == 0)
        return NULL;
    void *memory = mr_arena_array(load->arena, n, size);
    if (!memory)
        load->r = -ENOMEM;
    return memory;
}

const char *load_text(struct load *load, const char *text)
{
    if (!text)
        return NULL;
    const char *copy = mr_arena_dup(load->arena, text, strlen(text));
    if (!copy)
        load->r = -ENOMEM;
    return copy;
}

const char *const *load_texts(struct load *load, char *const *texts, size_t n_texts)
{
    const char **copies = load_array(load, n_texts, sizeof(*copies));

    for (size_t i = 0; copies && i < n_texts; i++)
        copies[i] = load_text(load, texts[i]);
    return copies;
}

const char *load_printf(struct load *load, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return load_text(load, text);
}
