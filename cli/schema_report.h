/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about schemas in the forms that people and CI services read. */
#pragma once

#include "millrace/buf.h"
#include "millrace/evolve.h"

/* For a CHOICE row: text, json, junit, github-actions, gitlab-code-quality, sarif. */
extern const char *const report_forms[];

struct report_view {
    const struct mr_report *report;
    const char *command;         /* "schema check" */
    bool colour;                 /* of text */
    const struct mr_rule *rules; /* those that the findings are of; NULL: all of schema's */
    size_t n_rules;
};
/* Appends the whole report; form is one of report_forms. 0 or -errno. */
int report_write(const struct report_view *view, const char *form, struct mr_buf *out);

/* ---- the forms, for schema_report.c ---- */
const struct mr_rule *report_rules(const struct report_view *view, size_t *ret_n);
int report_junit(const struct report_view *view, struct mr_buf *out);
int report_github(const struct report_view *view, struct mr_buf *out);
int report_gitlab(const struct report_view *view, struct mr_buf *out);
int report_sarif(const struct report_view *view, struct mr_buf *out);
/* The report's items as copies without bytes that are no UTF-8; controls: control characters but
 * line ends are written as \\xHH. Texts that are changed live in the arena. 0 or -errno. */
int report_clean(struct mr_arena *arena, bool controls, struct mr_report *report);
/* Message with who breaks, the order and the fix, as one text of several lines. */
int report_whole(const struct mr_evolution *item, struct mr_buf *out);

/* "3 errors, 1 warning, 0 notes"; out is at least 96 bytes. */
const char *report_counts(const struct mr_report *report, char *out, size_t cap);
/* 100 when there is a finding of this severity ("error", "warning", "note") or above, else 0. */
int report_status(const struct mr_report *report, const char *fail_on);
extern const char *const report_severities[]; /* for a CHOICE row */
