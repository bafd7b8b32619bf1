/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as text and JSON, and what the forms share. */
#include "schema_report.h"

#include <stdio.h>
#include <string.h>

#include "doc.h"
#include "term.h"

const char *const report_forms[] = {
    "text", "json", "junit", "github-actions", "gitlab-code-quality", "sarif", NULL};
const char *const report_severities[] = {"error", "warning", "note", NULL};

const struct mr_rule *report_rules(const struct report_view *view, size_t *ret_n)
{
    *ret_n = view->n_rules;
    return view->rules ? view->rules : mr_rules(ret_n);
}

int report_whole(const struct mr_evolution *item, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "%s%s%s", item->path, *item->path ? ": " : "", item->message);

    if (r == 0 && item->before)
        r = mr_buf_printf(out, "\ncompared: %s with %s", item->before, item->now);
    if (r == 0 && item->breaks)
        r = mr_buf_printf(out, "\nbreaks: %s", item->breaks);
    if (r == 0 && item->order)
        r = mr_buf_printf(out, "\norder of deployment: %s", item->order);
    if (r == 0 && item->fix)
        r = mr_buf_printf(out, "\nfix: %s", item->fix);
    return r;
}

static const char *colour_of(const struct term_style *style, enum mr_severity severity)
{
    return severity == MR_SEVERITY_ERROR     ? style->red
           : severity == MR_SEVERITY_WARNING ? style->yellow
                                             : style->cyan;
}

static int text_place(const struct mr_evolution *item, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "%s:", item->file);

    if (r == 0 && item->line > 0)
        r = mr_buf_printf(out, "%u:", item->line);
    return r == 0 && item->column > 0 ? mr_buf_printf(out, "%u:", item->column) : r;
}

/* What follows the first line is indented, so that lines of findings can be told from it. */
static int text_item(const struct report_view *view, const struct mr_evolution *item,
                     struct mr_buf *out)
{
    const struct term_style *style = term_style(view->colour);
    MR_AUTO(mr_buf) struct mr_buf whole = {0};
    int r = report_whole(item, &whole);

    if (r == 0)
        r = text_place(item, out);
    if (r == 0)
        r = mr_buf_printf(out, " %s%s%s %s%s%s: ", colour_of(style, item->severity),
                          mr_severity_name(item->severity), style->plain, style->bold,
                          item->rule->id, style->plain);
    for (size_t i = 0; r == 0 && i < whole.len; i++)
        r = whole.data[i] == '\n' ? mr_buf_append(out, "\n    ", 5)
                                  : mr_buf_append(out, &whole.data[i], 1);
    return r == 0 ? mr_buf_byte(out, '\n') : r;
}

static int report_text(const struct report_view *view, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < view->report->n_items; i++)
        r = text_item(view, &view->report->items[i], out);
    if (r == 0 && view->report->n_lost > 0)
        r = mr_buf_printf(out, "and %zu more\n", view->report->n_lost);
    return r;
}

static int report_json(const struct report_view *view, struct mr_buf *out)
{
    struct doc doc = {.out = out};

    doc_object(&doc, NULL);
    doc_list(&doc, "findings");
    for (size_t i = 0; i < view->report->n_items; i++) {
        const struct mr_evolution *item = &view->report->items[i];
        doc_object(&doc, NULL);
        doc_text(&doc, "rule", item->rule->id);
        doc_text(&doc, "severity", mr_severity_name(item->severity));
        doc_text(&doc, "file", item->file);
        doc_long(&doc, "line", item->line);
        doc_long(&doc, "column", item->column);
        doc_text(&doc, "topic", item->topic);
        doc_text(&doc, "path", item->path);
        doc_text(&doc, "before", item->before);
        doc_text(&doc, "now", item->now);
        doc_text(&doc, "message", item->message);
        doc_text(&doc, "breaks", item->breaks);
        doc_text(&doc, "order", item->order);
        doc_text(&doc, "fix", item->fix);
        doc_end(&doc);
    }
    doc_end(&doc);
    doc_long(&doc, "compared", (int64_t)view->report->n_compared);
    doc_long(&doc, "errors", (int64_t)view->report->counts[MR_SEVERITY_ERROR]);
    doc_long(&doc, "warnings", (int64_t)view->report->counts[MR_SEVERITY_WARNING]);
    doc_long(&doc, "notes", (int64_t)view->report->counts[MR_SEVERITY_NOTE]);
    doc_long(&doc, "left_out", (int64_t)view->report->n_lost);
    doc_end(&doc);
    return doc.r;
}

int report_write(const struct report_view *view, const char *form, struct mr_buf *out)
{
    static int (*const writers[])(const struct report_view *view, struct mr_buf *out) = {
        report_text, report_json, report_junit, report_github, report_gitlab, report_sarif};
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_report report = *view->report;
    struct report_view clean = *view;
    size_t i = 0;

    while (strcmp(report_forms[i], form) != 0)
        i++;
    clean.report = &report;
    int r = mr_arena_new(0, &arena);
    if (r == 0) /* JSON has escapes of its own for them */
        r = report_clean(arena,
                         writers[i] == report_text || writers[i] == report_junit ||
                             writers[i] == report_github,
                         &report);
    return r == 0 ? writers[i](&clean, out) : r;
}

const char *report_counts(const struct mr_report *report, char *out, size_t cap)
{
    const size_t *n = report->counts;

    (void)snprintf(out, cap, "%zu error%s, %zu warning%s, %zu note%s", n[MR_SEVERITY_ERROR],
                   n[MR_SEVERITY_ERROR] == 1 ? "" : "s", n[MR_SEVERITY_WARNING],
                   n[MR_SEVERITY_WARNING] == 1 ? "" : "s", n[MR_SEVERITY_NOTE],
                   n[MR_SEVERITY_NOTE] == 1 ? "" : "s");
    return out;
}

int report_status(const struct mr_report *report, const char *fail_on)
{
    size_t n = report->counts[MR_SEVERITY_ERROR];

    if (strcmp(fail_on, "error") != 0)
        n += report->counts[MR_SEVERITY_WARNING];
    if (strcmp(fail_on, "note") == 0)
        n += report->counts[MR_SEVERITY_NOTE];
    return n > 0 ? 100 : 0;
}
