/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as CI services read them: JUnit XML (Jenkins's schema), GitHub's workflow commands,
 * GitLab's Code Quality report, SARIF 2.1.0. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doc.h"
#include "millrace/hash.h"
#include "schema_report.h"

/* ---- JUnit ---- */

/* What XML 1.0 cannot hold is gone already (schema_clean.c). */
static int xml(struct mr_buf *out, const char *text)
{
    int r = 0;

    for (; r == 0 && *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *entity = c == '<'    ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '&'  ? "&amp;"
                             : c == '"'  ? "&quot;"
                             : c == '\n' ? "&#10;"
                                         : NULL;
        if (entity)
            r = mr_buf_append(out, entity, strlen(entity));
        else
            r = mr_buf_byte(out, c);
    }
    return r;
}

static int xml_attribute(struct mr_buf *out, const char *name, const char *value)
{
    int r = mr_buf_printf(out, " %s=\"", name);

    if (r == 0)
        r = xml(out, value);
    return r == 0 ? mr_buf_byte(out, '"') : r;
}

/* An error is a failure; what does not fail the run is said and passes. */
static int junit_case(const struct mr_evolution *item, struct mr_buf *out)
{
    MR_AUTO(mr_buf) struct mr_buf whole = {0};
    MR_AUTO(mr_buf) struct mr_buf name = {0};
    bool failed = item->severity == MR_SEVERITY_ERROR;
    int r = mr_buf_printf(&whole, "%s:%u:%u: ", item->file, item->line, item->column);

    if (r == 0)
        r = report_whole(item, &whole);
    if (r == 0)
        r = mr_buf_printf(&name, "%s %s", item->rule->id, item->path);
    if (r != 0 || !mr_buf_cstr(&whole) || !mr_buf_cstr(&name))
        return r != 0 ? r : -ENOMEM;
    if ((r = mr_buf_printf(out, "    <testcase")) != 0 ||
        (r = xml_attribute(out, "classname", item->topic ? item->topic : item->file)) != 0 ||
        (r = xml_attribute(out, "name", (const char *)name.data)) != 0 ||
        (r = mr_buf_printf(out, ">\n      <%s", failed ? "failure" : "system-out")) != 0 ||
        (failed && (r = xml_attribute(out, "message", item->message)) != 0) ||
        (failed && (r = xml_attribute(out, "type", item->rule->id)) != 0) ||
        (r = mr_buf_byte(out, '>')) != 0 || (r = xml(out, (const char *)whole.data)) != 0)
        return r;
    return mr_buf_printf(out, "</%s>\n    </testcase>\n", failed ? "failure" : "system-out");
}

int report_junit(const struct report_view *view, struct mr_buf *out)
{
    const struct mr_report *report = view->report;
    size_t n = report->n_items ? report->n_items : 1, n_failed = report->counts[MR_SEVERITY_ERROR];
    int r = mr_buf_printf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"millrace %s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n",
        view->command, n, n_failed);

    for (size_t i = 0; r == 0 && i < report->n_items; i++)
        r = junit_case(&report->items[i], out);
    if (r == 0 && report->n_items == 0)
        r = mr_buf_printf(out, "    <testcase classname=\"millrace\" name=\"%s: no findings\"/>\n",
                          view->command);
    return r == 0 ? mr_buf_printf(out, "  </testsuite>\n</testsuites>\n") : r;
}

/* ---- GitHub ---- */

/* What ends a command or a property is percent-encoded. */
static int github_text(struct mr_buf *out, const char *text, const char *special)
{
    int r = 0;

    for (; r == 0 && *text; text++)
        r = strchr(special, *text) ? mr_buf_printf(out, "%%%02X", (unsigned char)*text)
                                   : mr_buf_append(out, text, 1);
    return r;
}

static int github_line(const struct mr_evolution *item, struct mr_buf *out)
{
    static const char property[] = "%\r\n:,", message[] = "%\r\n";
    const char *word =
        item->severity == MR_SEVERITY_NOTE ? "notice" : mr_severity_name(item->severity);
    MR_AUTO(mr_buf) struct mr_buf whole = {0};
    int r = report_whole(item, &whole);

    if (r == 0)
        r = mr_buf_printf(out, "::%s file=", word);
    if (r == 0)
        r = github_text(out, item->file, property);
    if (r == 0 && item->line > 0)
        r = mr_buf_printf(out, ",line=%u", item->line);
    if (r == 0 && item->column > 0)
        r = mr_buf_printf(out, ",col=%u", item->column);
    if (r == 0)
        r = mr_buf_printf(out, ",title=%s::", item->rule->id);
    if (r == 0 && !mr_buf_cstr(&whole))
        r = -ENOMEM;
    if (r == 0)
        r = github_text(out, (const char *)whole.data, message);
    return r == 0 ? mr_buf_byte(out, '\n') : r;
}

int report_github(const struct report_view *view, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < view->report->n_items; i++)
        r = github_line(&view->report->items[i], out);
    return r;
}

/* ---- GitLab and SARIF ---- */

/* The same finding in the next run has the same one, also where lines moved. `again` tells apart
 * what is otherwise equal. */
static const char *fingerprint(const struct mr_report *report, size_t index, char out[33])
{
    const struct mr_evolution *item = &report->items[index];
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    uint8_t digest[32];
    size_t again = 0;

    for (size_t i = 0; i < index; i++)
        again += report->items[i].rule == item->rule &&
                 strcmp(report->items[i].file, item->file) == 0 &&
                 strcmp(report->items[i].path, item->path) == 0;
    (void)mr_buf_printf(&text, "%s\n%s\n%s\n%zu", item->rule->id, item->file, item->path, again);
    mr_sha256(text.data, text.len, digest);
    out[mr_hex_encode(digest, 16, out)] = '\0';
    return out;
}

static int put_whole(struct doc *doc, const char *name, const struct mr_evolution *item)
{
    MR_AUTO(mr_buf) struct mr_buf whole = {0};

    if (report_whole(item, &whole) != 0 || !mr_buf_cstr(&whole))
        return doc->r = -ENOMEM;
    doc_text(doc, name, (const char *)whole.data);
    return doc->r;
}

int report_gitlab(const struct report_view *view, struct mr_buf *out)
{
    static const char *const severities[] = {"info", "info", "minor", "critical"};
    struct doc doc = {.out = out};
    char print[33];

    doc_list(&doc, NULL);
    for (size_t i = 0; i < view->report->n_items; i++) {
        const struct mr_evolution *item = &view->report->items[i];
        doc_object(&doc, NULL);
        (void)put_whole(&doc, "description", item);
        doc_text(&doc, "check_name", item->rule->id);
        doc_text(&doc, "fingerprint", fingerprint(view->report, i, print));
        doc_text(&doc, "severity", severities[item->severity]);
        doc_object(&doc, "location");
        doc_text(&doc, "path", item->file);
        doc_object(&doc, "lines");
        doc_long(&doc, "begin", item->line ? item->line : 1);
        doc_end(&doc);
        doc_end(&doc);
        doc_end(&doc);
    }
    doc_end(&doc);
    return doc.r;
}

static void sarif_text(struct doc *doc, const char *name, const char *text)
{
    doc_object(doc, name);
    doc_text(doc, "text", text);
    doc_end(doc);
}

static void sarif_driver(struct doc *doc, const struct report_view *view)
{
    size_t n;
    const struct mr_rule *rules = report_rules(view, &n);

    doc_object(doc, "tool");
    doc_object(doc, "driver");
    doc_text(doc, "name", "millrace");
    doc_text(doc, "version", MR_VERSION);
    doc_list(doc, "rules");
    for (size_t i = 0; i < n; i++) {
        doc_object(doc, NULL);
        doc_text(doc, "id", rules[i].id);
        sarif_text(doc, "shortDescription", rules[i].summary);
        doc_object(doc, "defaultConfiguration");
        doc_text(doc, "level", mr_severity_name(rules[i].severity));
        doc_end(doc);
        doc_end(doc);
    }
    doc_end(doc);
    doc_end(doc);
    doc_end(doc);
}

/* A relative reference as RFC 3986 has it; a URL stays as it is. */
static int sarif_uri(struct doc *doc, const char *file)
{
    MR_AUTO(mr_buf) struct mr_buf uri = {0};
    bool url = strstr(file, "://") != NULL;
    int r = 0;

    for (; r == 0 && *file; file++)
        r = url || isalnum((unsigned char)*file) || strchr("-._~/", *file)
                ? mr_buf_append(&uri, file, 1)
                : mr_buf_printf(&uri, "%%%02X", (unsigned char)*file);
    if (r == 0 && mr_buf_cstr(&uri))
        doc_text(doc, "uri", (const char *)uri.data);
    return r;
}

static void sarif_location(struct doc *doc, const struct mr_evolution *item)
{
    doc_list(doc, "locations");
    doc_object(doc, NULL);
    doc_object(doc, "physicalLocation");
    doc_object(doc, "artifactLocation");
    if (sarif_uri(doc, item->file) != 0)
        doc->r = -ENOMEM;
    doc_end(doc);
    if (item->line > 0) {
        doc_object(doc, "region");
        doc_long(doc, "startLine", item->line);
        if (item->column > 0)
            doc_long(doc, "startColumn", item->column);
        doc_end(doc);
    }
    doc_end(doc);
    doc_end(doc);
    doc_end(doc);
}

static void sarif_result(struct doc *doc, const struct report_view *view, size_t index)
{
    const struct mr_report *report = view->report;
    const struct mr_evolution *item = &report->items[index];
    char print[33];
    size_t n;

    doc_object(doc, NULL);
    doc_text(doc, "ruleId", item->rule->id);
    doc_long(doc, "ruleIndex", item->rule - report_rules(view, &n));
    doc_text(doc, "level", mr_severity_name(item->severity));
    doc_object(doc, "message");
    (void)put_whole(doc, "text", item);
    doc_end(doc);
    sarif_location(doc, item);
    doc_object(doc, "partialFingerprints");
    doc_text(doc, "millrace/v1", fingerprint(report, index, print));
    doc_end(doc);
    doc_end(doc);
}

int report_sarif(const struct report_view *view, struct mr_buf *out)
{
    struct doc doc = {.out = out};

    doc_object(&doc, NULL);
    doc_text(&doc, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    doc_text(&doc, "version", "2.1.0");
    doc_list(&doc, "runs");
    doc_object(&doc, NULL);
    sarif_driver(&doc, view);
    doc_list(&doc, "results");
    for (size_t i = 0; i < view->report->n_items; i++)
        sarif_result(&doc, view, i);
    doc_end(&doc);
    doc_end(&doc);
    doc_end(&doc);
    doc_end(&doc);
    return doc.r;
}
