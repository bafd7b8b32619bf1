/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, as a list with texts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "schema_model.h"

struct list {
    struct mr_findings *findings;
    size_t cap, left;
};

const char *mr_finding_name(enum mr_finding_type type)
{
    static const char *const names[] = {
        [MR_NAME_MISMATCH] = "NAME_MISMATCH",
        [MR_FIXED_SIZE_MISMATCH] = "FIXED_SIZE_MISMATCH",
        [MR_MISSING_ENUM_SYMBOLS] = "MISSING_ENUM_SYMBOLS",
        [MR_READER_FIELD_MISSING_DEFAULT_VALUE] = "READER_FIELD_MISSING_DEFAULT_VALUE",
        [MR_TYPE_MISMATCH] = "TYPE_MISMATCH",
        [MR_MISSING_UNION_BRANCH] = "MISSING_UNION_BRANCH",
        [MR_AMBIGUOUS_READER_FIELD] = "AMBIGUOUS_READER_FIELD",
    };

    return (size_t)type < MR_N_ELEMENTS(names) ? names[type] : "UNKNOWN";
}

static const char *upper(enum mr_avro_type type)
{
    static const char *const names[] = {"NULL",   "BOOLEAN", "INT",    "LONG",   "FLOAT",
                                        "DOUBLE", "BYTES",   "STRING", "RECORD", "ENUM",
                                        "ARRAY",  "MAP",     "UNION",  "FIXED"};

    return names[type];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "[B, D]": sorted, as Java prints a TreeSet. */
static int missing_symbols(const struct mr_compat_fault *fault, struct mr_buf *out)
{
    const struct mr_schema_node *writer = fault->writer;
    const char **missing = calloc(writer->n_symbols, sizeof(const char *));
    size_t n = 0;

    if (!missing)
        return -ENOMEM;
    for (size_t i = 0; i < writer->n_symbols; i++)
        if (mr_schema_symbol_find(fault->reader, mr_str_from(writer->symbols[i])) < 0)
            missing[n++] = writer->symbols[i];
    qsort(missing, n, sizeof(const char *), by_text);
    int r = mr_buf_byte(out, '[');
    for (size_t i = 0; r == 0 && i < n; i++)
        r = mr_buf_printf(out, "%s%s", i ? ", " : "", missing[i]);
    free(missing);
    return r != 0 ? r : mr_buf_byte(out, ']');
}

static int message(const struct mr_compat_fault *fault, struct mr_buf *out)
{
    const struct mr_schema_node *reader = fault->reader, *writer = fault->writer;

    switch (fault->type) {
    case MR_NAME_MISMATCH:
        return mr_buf_printf(out, "expected: %s", writer->fullname);
    case MR_FIXED_SIZE_MISMATCH:
        return mr_buf_printf(out, "expected: %zu, found: %zu", writer->fixed_size,
                             reader->fixed_size);
    case MR_MISSING_ENUM_SYMBOLS:
        return missing_symbols(fault, out);
    case MR_READER_FIELD_MISSING_DEFAULT_VALUE:
        return mr_buf_printf(out, "%s", fault->field->name);
    case MR_TYPE_MISMATCH:
        return mr_buf_printf(out, "reader type: %s not compatible with writer type: %s",
                             upper(reader->type), upper(writer->type));
    case MR_MISSING_UNION_BRANCH:
        return mr_buf_printf(out, "reader union lacking writer type: %s", upper(writer->type));
    case MR_AMBIGUOUS_READER_FIELD:
        break;
    }
    return mr_buf_printf(
        out, "reader field %s matches several fields of the writer %s by name and aliases",
        fault->field->name, writer->fullname);
}

/* Places are linked upwards: written from the end to the front. */
static char *location(struct mr_arena *arena, const struct mr_compat_place *at)
{
    char number[24];
    size_t len = 0;

    for (const struct mr_compat_place *p = at; p; p = p->up)
        len += 1 + (p->word ? strlen(p->word)
                            : (size_t)snprintf(number, sizeof(number), "%zu", p->index));
    char *text = mr_arena_alloc(arena, len + 2);
    if (!text || !at)
        return text ? strcpy(text, "/") : NULL;
    char *end = text + len;
    for (const struct mr_compat_place *p = at; p; p = p->up) {
        snprintf(number, sizeof(number), "%zu", p->index);
        const char *word = p->word ? p->word : number;
        end -= strlen(word);
        memcpy(end, word, strlen(word));
        *--end = '/';
    }
    return text;
}

static int make_room(struct list *l)
{
    struct mr_findings *f = l->findings;

    if (f->n_items < l->cap)
        return 0;
    size_t cap = l->cap < 16 ? 16 : l->cap * 2;
    struct mr_finding *items = mr_arena_array(f->arena, cap, sizeof(*items));
    if (!items)
        return MR_FULL;
    if (f->n_items > 0)
        memcpy(items, f->items, f->n_items * sizeof(*items));
    f->items = items;
    l->cap = cap;
    return 0;
}

/* MR_FULL: no more room, by number or by bytes. */
static int append(struct list *l, const struct mr_compat_fault *fault)
{
    struct mr_findings *f = l->findings;
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int r = l->left == 0 ? MR_FULL : make_room(l);

    if (r == 0)
        r = message(fault, &text);
    if (r != 0)
        return r;
    struct mr_finding finding = {
        .type = fault->type, .reader = fault->reader, .writer = fault->writer};
    finding.location = location(f->arena, fault->place);
    finding.message = mr_arena_dup(f->arena, (const char *)text.data, text.len);
    if (!finding.location || !finding.message)
        return MR_FULL;
    for (const struct mr_compat_place *p = fault->place; p && !finding.reader_field; p = p->up)
        if (p->field)
            finding.reader_field = p->field->name;
    f->items[f->n_items++] = finding;
    l->left--;
    return 0;
}

static int expand(struct list *l, const struct mr_compat_outcome *outcome)
{
    int r = 0;

    for (const struct mr_compat_item *i = outcome->first; r == 0 && i; i = i->next)
        r = i->part ? expand(l, i->part) : append(l, &i->fault);
    return r;
}

int mr_compat_list(const struct mr_compat_outcome *outcome, struct mr_findings *findings)
{
    struct list l = {
        .findings = findings, .cap = findings->n_items, .left = MR_COMPAT_MAX_FINDINGS};
    int r = 0;

    if (!outcome->first)
        return 0;
    if (!findings->arena)
        r = mr_arena_new(MR_COMPAT_MAX_TEXT, &findings->arena);
    if (r == 0)
        r = expand(&l, outcome);
    if (r != MR_FULL)
        return r;
    findings->truncated = true;
    return findings->n_items > 0 ? 0 : -ENOMEM;
}

void mr_findings_done(struct mr_findings *findings)
{
    mr_arena_free(findings->arena);
    *findings = (struct mr_findings){0};
}
