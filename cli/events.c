/* SPDX-License-Identifier: Apache-2.0 */
/* millrace events [GLOB...]: the catalogue of events. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "describe.h"
#include "doc.h"
#include "millrace/error.h"
#include "term.h"
#include "verb.h"

struct events {
    struct choose choose;
    const char *consumer, *output;
};

static const struct mr_option rows[] = {
    MR_OPT_CHOICE(struct events, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_STR(struct events, consumer, .name = "consumer", .arg = "SERVICE", .env = "",
               .help = "Only what this service consumes"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct events, choose)},
    {.rows = NULL},
};

static const struct mr_command events_command = {
    .name = "events",
    .program = "millrace",
    .synopsis = "[EVENT]...",
    .summary = "Lists the events: topic, publisher, consumers, retention",
    .details =
        "EVENT is the name of an event, topic or service, or a glob with * and ?. Consumers in "
        "brackets are those that the contract calls optional.\n\n"
        "On a terminal a table; else the columns separated by tabs, without heading.",
    .tables = tables,
    .examples = "millrace events 'Order*'\tby name\n"
                "millrace events --platform ticketwave -o json\tfor programs\n"
                "millrace events --consumer inventory-management\twhat a service must understand\n",
};

static bool consumed_by(const struct mr_topic *topic, const char *group)
{
    for (size_t i = 0; i < topic->n_consumers; i++)
        if (strcmp(topic->consumers[i], group) == 0)
            return true;
    return false;
}

static int as_text(const struct mr_topic *const *topics, size_t n, struct mr_buf *out)
{
    static const char *const headings[] = {"EVENT", "TOPIC", "SERVICE", "RETENTION", "CONSUMERS"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    char retention[32];

    for (size_t i = 0; i < n; i++) {
        const struct mr_topic *topic = topics[i];
        char consumers[1024] = "";
        for (size_t k = 0, len;
             k < topic->n_consumers && (len = strlen(consumers)) < sizeof(consumers); k++)
            (void)snprintf(consumers + len, sizeof(consumers) - len,
                           topic->consumer_optional[k] ? "%s(%s)" : "%s%s", k ? "," : "",
                           topic->consumers[k]);
        term_cell(&table, "%s", topic->event);
        term_cell(&table, "%s", topic->name);
        term_cell(&table, "%s", topic->service);
        term_cell(&table, "%s",
                  choose_retention(topic->retention_ms, retention, sizeof(retention)));
        term_cell(&table, "%s", *consumers ? consumers : "-");
    }
    return term_table_print(&table, isatty(STDOUT_FILENO), term_style(term_colour(STDOUT_FILENO)),
                            out);
}

static int as_doc(const struct mr_topic *const *topics, size_t n, bool yaml, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = yaml};

    doc_list(&doc, NULL);
    for (size_t i = 0; i < n; i++) {
        doc_object(&doc, NULL);
        doc_event(&doc, topics[i]);
        doc_end(&doc);
    }
    doc_end(&doc);
    return doc.r;
}

static int check_consumer(const struct events *e, const struct mr_catalog *catalog,
                          struct mr_error *reterr)
{
    if (!e->consumer || mr_catalog_group(catalog, mr_str_from(e->consumer)))
        return 0;
    const char *near = mr_catalog_nearest_service(catalog, e->consumer);
    return mr_error_set(reterr, MR_INVALID, "no service '%s' consumes anything%s%s%s", e->consumer,
                        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct events e = {.choose = {0}};
    int status;
    size_t n, n_words, kept = 0;

    if (!verb_options(&events_command, argc, argv, &e, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n_words);
    MR_AUTO(choose) struct choose choose = e.choose;
    int r = choose_open(&choose, &error);
    if (r == 0)
        r = check_consumer(&e, choose.catalog, &error);
    if (r == 0)
        r = choose_topics(&choose, words, n_words, true, &topics, &n, &error);
    if (r != 0)
        return verb_fail(&events_command, r, &error);
    for (size_t i = 0; i < n; i++)
        if (!e.consumer || consumed_by(topics[i], e.consumer))
            topics[kept++] = topics[i];
    bool text = strcmp(e.output, "text") == 0;
    r = text ? as_text(topics, kept, &out)
             : as_doc(topics, kept, strcmp(e.output, "yaml") == 0, &out);
    return verb_print(r, &out);
}

const struct verb verb_events = {.command = &events_command, .run = run};
