/* SPDX-License-Identifier: Apache-2.0 */
/* The list of findings: grown, filtered by severity, ordered by place. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static bool make_room(struct evolve *e)
{
    struct mr_report *report = e->report;

    if (report->n_items < e->cap)
        return true;
    size_t cap = e->cap ? e->cap * 2 : 64;
    struct mr_evolution *items = mr_arena_array(report->arena, cap, sizeof(*items));
    if (!items) {
        e->r = -ENOMEM;
        return false;
    }
    if (report->n_items > 0)
        memcpy(items, report->items, report->n_items * sizeof(*items));
    report->items = items;
    e->cap = cap;
    return true;
}

struct mr_evolution *evolve_add(struct evolve *e, enum evolve_rule rule)
{
    size_t n;
    struct mr_evolution *item = &e->nowhere;

    if (!e->report->arena && e->r == 0)
        e->r = mr_arena_new(0, &e->report->arena);
    if (e->report->n_items == MR_EVOLVE_MAX_FINDINGS)
        e->report->n_lost++;
    else if (e->r == 0 && make_room(e))
        item = &e->report->items[e->report->n_items++];
    *item =
        (struct mr_evolution){.rule = &mr_rules(&n)[rule], .file = "", .path = "", .message = ""};
    return item;
}

struct mr_evolution *evolve_add_broken(struct evolve *e, const struct mr_version *version)
{
    struct mr_evolution *item = evolve_add(e, RULE_SCHEMA_INVALID);

    item->file = version->file;
    item->line = version->error.line;
    item->column = version->error.column;
    item->topic = version->topic;
    item->message = evolve_text(e, "%s%s%s", version->error.where,
                                *version->error.where ? ": " : "", version->error.text);
    return item;
}

const char *evolve_text(struct evolve *e, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    if (!e->report->arena && e->r == 0)
        e->r = mr_arena_new(0, &e->report->arena);
    if (e->r != 0)
        return "";
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    const char *copy = len < 0 ? NULL : mr_arena_dup(e->report->arena, text, (size_t)len);
    if (len >= 0)
        free(text);
    if (!copy)
        e->r = -ENOMEM;
    return copy ? copy : "";
}

static int by_place(const void *a, const void *b)
{
    const struct mr_evolution *left = a, *right = b;
    int order = strcmp(left->file, right->file);

    if (order == 0 && left->line != right->line)
        order = left->line < right->line ? -1 : 1;
    if (order == 0 && left->column != right->column)
        order = left->column < right->column ? -1 : 1;
    if (order == 0)
        order = strcmp(left->rule->id, right->rule->id);
    if (order == 0)
        order = strcmp(left->path, right->path);
    return order != 0 ? order : strcmp(left->message, right->message);
}

int evolve_finish(struct evolve *e)
{
    struct mr_report *report = e->report;
    size_t n = 0;

    if (e->r != 0)
        return e->r;
    memset(report->counts, 0, sizeof(report->counts)); /* a report may have been of use before */
    for (size_t i = 0; i < report->n_items; i++) {
        struct mr_evolution item = report->items[i];
        item.severity =
            evolve_severity(e->options ? e->options->rules : NULL, item.rule, item.topic);
        if (item.severity == MR_SEVERITY_OFF)
            continue;
        report->items[n++] = item;
        report->counts[item.severity]++;
    }
    report->n_items = n;
    if (n > 0)
        qsort(report->items, n, sizeof(*report->items), by_place);
    return 0;
}

void mr_report_done(struct mr_report *report)
{
    (void)mr_arena_free(report->arena);
    *report = (struct mr_report){0};
}
