/* SPDX-License-Identifier: Apache-2.0 */
/* millrace events describe EVENT: where it goes, its fields with their rules, an example. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "describe.h"
#include "millrace/error.h"
#include "term.h"
#include "verb.h"

struct describe {
    struct choose choose;
    const char *output;
    bool example, envelope;
};

static const struct mr_option rows[] = {
    MR_OPT_CHOICE(struct describe, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_FLAG(struct describe, example, .name = "example", .env = "",
                .help = "Only an example, as one line that its producer accepts"),
    MR_OPT_FLAG(struct describe, envelope, .name = "envelope", .env = "",
                .help = "The fields that every event has, too"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct describe, choose)},
    {.rows = NULL},
};

static const struct mr_command describe_command = {
    .name = "events describe",
    .program = "millrace",
    .synopsis = "EVENT",
    .summary = "Shows an event's fields with types and rules, and an example",
    .details = "EVENT is its name, a spelling of its type, or its topic.",
    .tables = tables,
    .examples = "millrace events describe TicketPurchased\twhat it holds\n"
                "millrace events describe TicketPurchased --example | festivo-ticket-producer\t"
                "publish one\n",
};

static int field_row(void *self, const struct described_field *field)
{
    struct term_table *table = self;
    char rules[1024];

    (void)snprintf(
        rules, sizeof(rules), "%s%s%s%s", field->rules,
        *field->rules && field->default_json ? ", " : "",
        field->default_json && strcmp(field->default_json, "null") != 0 ? "default " : "",
        field->default_json && strcmp(field->default_json, "null") != 0 ? field->default_json : "");
    term_cell(table, "%s", field->path);
    term_cell(table, "%s", field->type);
    term_cell(table, "%s", field->required ? "required" : "optional");
    term_cell(table, "%s", rules);
    term_cell(table, "%s", field->doc);
    return table->r;
}

static int field_doc(void *self, const struct described_field *field)
{
    struct doc *doc = self;

    doc_object(doc, NULL);
    doc_text(doc, "path", field->path);
    doc_text(doc, "type", field->type);
    doc_bool(doc, "required", field->required);
    if (*field->rules)
        doc_text(doc, "rules", field->rules);
    if (field->default_json)
        doc_json(doc, "default", mr_str_from(field->default_json));
    if (*field->doc)
        doc_text(doc, "doc", field->doc);
    doc_end(doc);
    return doc->r;
}

static void head_line(struct mr_buf *out, int *r, const char *name, const char *value)
{
    if (*r == 0)
        *r = mr_buf_printf(out, "  %-14s%s\n", name, value);
}

static int head(const struct mr_topic *topic, const char *about, const struct term_style *style,
                struct mr_buf *out)
{
    char text[1024] = "", retention[32];
    int r = mr_buf_printf(out, "%s%s%s  %s\n\n", style->bold, topic->event, style->plain, about);

    head_line(out, &r, "topic", topic->name);
    head_line(out, &r, "published by", topic->service);
    for (size_t i = 0, len; i < topic->n_consumers && (len = strlen(text)) < sizeof(text); i++)
        (void)snprintf(text + len, sizeof(text) - len, "%s%s%s", i ? ", " : "", topic->consumers[i],
                       topic->consumer_optional[i] ? " (optional)" : "");
    head_line(out, &r, "consumed by", *text ? text : "nobody");
    head_line(out, &r, "platform", topic->platform->title);
    text[0] = '\0';
    for (size_t i = 0, len; i < topic->n_types && (len = strlen(text)) < sizeof(text); i++)
        (void)snprintf(text + len, sizeof(text) - len, "%s%s", i ? ", " : "", topic->types[i]);
    head_line(out, &r, "type", text);
    (void)snprintf(text, sizeof(text), "%d partitions, retention %s, cleanup %s", topic->partitions,
                   choose_retention(topic->retention_ms, retention, sizeof(retention)),
                   topic->cleanup);
    head_line(out, &r, "kept", text);
    (void)snprintf(text, sizeof(text), "schemas/avro/%s, %s", topic->schema_path,
                   mr_compat_level_name(topic->compatibility));
    head_line(out, &r, "schema", text);
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

/* The node whose fields are shown, and what stands before their names. */
static const struct mr_schema_node *shown(const struct mr_schema *schema, bool envelope)
{
    const struct mr_schema_field *data =
        mr_schema_field_find(mr_schema_root(schema), MR_STR("data"));

    return envelope || !data ? mr_schema_root(schema) : data->type;
}

static int as_text(const struct describe *d, const struct mr_topic *topic,
                   const struct mr_schema *schema, struct mr_str example, struct mr_buf *out)
{
    static const char *const headings[] = {"FIELD", "TYPE", "", "RULES", "MEANING"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    const struct term_style *style = term_style(term_colour(STDOUT_FILENO));
    const char *about = mr_schema_root(schema)->doc;
    int r = head(topic, about ? about : "", style, out);

    if (r == 0)
        r = describe_fields(shown(schema, d->envelope), d->envelope ? "" : "data", field_row,
                            &table);
    if (r == 0)
        r = term_table_print(&table, true, style, out);
    mr_buf_done(&table.cells);
    if (r != 0 || example.len == 0)
        return r;
    r = mr_buf_printf(out, "\n%sAs %s-producer takes it%s\n", style->bold, topic->service,
                      style->plain);
    if (r == 0)
        r = describe_pretty(example, 0, out);
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

static int as_doc(const struct describe *d, const struct mr_topic *topic,
                  const struct mr_schema *schema, struct mr_str example, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = strcmp(d->output, "yaml") == 0};

    doc_object(&doc, NULL);
    doc_event(&doc, topic);
    doc_list(&doc, "fields");
    int r = describe_fields(mr_schema_root(schema), "", field_doc, &doc);
    doc_end(&doc);
    if (example.len)
        doc_json(&doc, "example", example);
    doc_end(&doc);
    return r != 0 ? r : doc.r;
}

static int describe(const struct describe *d, const struct mr_topic *topic, struct mr_buf *out,
                    struct mr_error *reterr)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_buf) struct mr_buf example = {0};
    int r = mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &schema, reterr);

    if (r == 0)
        r = describe_example(topic, &example);
    if (r == MR_ABSENT && d->example)
        return mr_error_set(reterr, -ENOENT, "there is no simulated '%s'", topic->event);
    if (r != 0 && r != MR_ABSENT)
        return r;
    if (d->example) {
        r = mr_buf_append(out, example.data, example.len);
        return r != 0 ? r : mr_buf_byte(out, '\n');
    }
    struct mr_str json = {(const char *)example.data, example.len};
    return (strcmp(d->output, "text") == 0 ? as_text : as_doc)(d, topic, schema, json, out);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct describe d = {.example = false};
    const struct mr_topic *topic;
    int status;
    size_t n;

    if (!verb_options(&describe_command, argc, argv, &d, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (n != 1)
        return verb_fail(
            &describe_command,
            mr_error_set(&error, MR_INVALID, "give one EVENT: 'millrace events' lists them"),
            &error);
    MR_AUTO(choose) struct choose choose = d.choose;
    int r = choose_open(&choose, &error);
    if (r == 0)
        r = choose_event(&choose, words[0], &topic, &error);
    if (r == 0)
        r = describe(&d, topic, &out, &error);
    return r == 0 ? verb_print(r, &out) : verb_fail(&describe_command, r, &error);
}

const struct verb verb_events_describe = {.command = &describe_command, .run = run};
