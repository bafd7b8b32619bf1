/* SPDX-License-Identifier: Apache-2.0 */
/* millrace topics list, describe and check: the catalogue's topics, and how a cluster has them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "cluster.h"
#include "describe.h"
#include "doc.h"
#include "millrace/error.h"
#include "term.h"
#include "verb.h"

struct topics {
    struct choose choose;
    struct mr_common common;
    const char *output;
    bool offline;
};

static const struct mr_option rows[] = {
    MR_OPT_CHOICE(struct topics, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_FLAG(struct topics, offline, .name = "offline", .env = "",
                .help = "Ask no cluster even where one is known"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct topics, choose)},
    {.title = "Connection", .rows = mr_common_options, .base = offsetof(struct topics, common)},
    {.rows = NULL},
};

static const struct mr_command list_command = {
    .name = "topics list",
    .program = "millrace",
    .synopsis = "[TOPIC]...",
    .summary = "Lists the topics, and how the cluster has them",
    .details =
        "TOPIC is the name of a topic, event or service, or a glob with * and ?. The cluster is "
        "asked when one is known: by -b, the environment, or a running 'millrace up'.\n\n"
        "On a terminal a table; else the columns separated by tabs, without heading.",
    .tables = tables,
    .examples = "millrace topics list '*.dlq'\tall that hold dead letters\n"
                "millrace topics list -b kafka:9092 -o json\twith what differs there\n",
};

static const struct mr_command describe_command = {
    .name = "topics describe",
    .program = "millrace",
    .synopsis = "TOPIC...",
    .summary = "Shows everything about topics, and how the cluster has them",
    .tables = tables,
    .examples = "millrace topics describe order-management.order.created.v1\tone topic\n",
};

/* Fills items where a cluster is known: *ret_asked. */
static int ask(struct topics *t, struct mr_options *options, const struct mr_topic *const *topics,
               size_t n, struct cluster_topic *items, bool *ret_asked, struct mr_error *reterr)
{
    MR_AUTO(mr_kafka_client) struct mr_kafka_client *client = NULL;
    int r = t->offline ? MR_INVALID : mr_common_resolve(&t->common, options, true, false, reterr);

    *ret_asked = r == 0;
    if (r != 0) {
        *reterr = MR_ERROR_INIT;
        return r == MR_INVALID ? 0 : r;
    }
    const struct mr_kafka_config config = cluster_config(&t->common);
    r = mr_kafka_client_new(&config, &client, reterr);
    return r != 0 ? r : cluster_compare(client, topics, n, items, reterr);
}

static void doc_cluster(struct doc *doc, const struct cluster_topic *item)
{
    doc_object(doc, "cluster");
    doc_bool(doc, "there", item->there);
    if (item->there) {
        doc_long(doc, "partitions", item->partitions);
        doc_long(doc, "replication", item->replication);
        doc_bool(doc, "settings_known", item->settings_known);
    }
    doc_list(doc, "differences");
    for (size_t i = 0; i < item->n_differences; i++) {
        doc_object(doc, NULL);
        doc_text(doc, "setting", item->differences[i].setting);
        doc_text(doc, "wanted", item->differences[i].wanted);
        doc_text(doc, "found", item->differences[i].found);
        doc_end(doc);
    }
    doc_end(doc);
    doc_end(doc);
}

static int as_doc(const struct mr_topic *const *topics, const struct cluster_topic *items, size_t n,
                  bool yaml, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = yaml};

    doc_list(&doc, NULL);
    for (size_t i = 0; i < n; i++) {
        doc_object(&doc, NULL);
        if (topics[i]->dead_letter)
            doc_topic(&doc, topics[i]);
        else
            doc_event(&doc, topics[i]);
        if (items)
            doc_cluster(&doc, &items[i]);
        doc_end(&doc);
    }
    doc_end(&doc);
    return doc.r;
}

static int as_table(const struct mr_topic *const *topics, const struct cluster_topic *items,
                    size_t n, struct mr_buf *out)
{
    static const char *const headings[] = {"TOPIC",   "PARTITIONS", "RETENTION",
                                           "CLEANUP", "EVENT",      "CLUSTER"};
    struct term_table table = {.headings = headings, .n_columns = items ? 6 : 5};
    char text[512];

    for (size_t i = 0; i < n; i++) {
        term_cell(&table, "%s", topics[i]->name);
        term_cell(&table, "%d", topics[i]->partitions);
        term_cell(&table, "%s", choose_retention(topics[i]->retention_ms, text, sizeof(text)));
        term_cell(&table, "%s", topics[i]->cleanup);
        term_cell(&table, "%s", topics[i]->event ? topics[i]->event : "(dead letters)");
        if (items)
            term_cell(&table, "%s", cluster_state(&items[i], text, sizeof(text)));
    }
    return term_table_print(&table, isatty(STDOUT_FILENO), term_style(term_colour(STDOUT_FILENO)),
                            out);
}

static int line(struct mr_buf *out, const char *name, const char *value)
{
    return mr_buf_printf(out, "  %-14s%s\n", name, value);
}

static int describe_one(const struct mr_topic *topic, const struct cluster_topic *item,
                        struct mr_buf *out)
{
    const struct term_style *style = term_style(term_colour(STDOUT_FILENO));
    char text[512];
    int r = mr_buf_printf(out, "%s%s%s\n", style->bold, topic->name, style->plain);

    if (r == 0)
        r = line(out, "event", topic->event ? topic->event : "(dead letters)");
    if (r == 0)
        r = line(out, topic->dead_letter ? "service" : "published by", topic->service);
    for (size_t i = 0; r == 0 && i < topic->n_consumers; i++) {
        (void)snprintf(text, sizeof(text), "%s%s", topic->consumers[i],
                       topic->consumer_optional[i] ? " (optional)" : "");
        r = line(out, i ? "" : "consumed by", text);
    }
    if (r == 0)
        r = mr_buf_printf(out, "  %-14s%d\n", "partitions", topic->partitions);
    if (r == 0 && topic->replication > 0)
        r = mr_buf_printf(out, "  %-14s%d\n", "replication", topic->replication);
    if (r == 0)
        r = line(out, "retention", choose_retention(topic->retention_ms, text, sizeof(text)));
    if (r == 0)
        r = line(out, "cleanup", topic->cleanup);
    if (r == 0 && topic->schema_path)
        r = mr_buf_printf(out, "  %-14s%s, %s\n", "schema", topic->schema_path,
                          mr_compat_level_name(topic->compatibility));
    if (r == 0 && item)
        r = line(out, "cluster", cluster_state(item, text, sizeof(text)));
    return r;
}

static int as_text(const struct mr_topic *const *topics, const struct cluster_topic *items,
                   size_t n, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = i ? mr_buf_byte(out, '\n') : 0;
        if (r == 0)
            r = describe_one(topics[i], items ? &items[i] : NULL, out);
    }
    return r;
}

static int show(const struct mr_command *command, int argc, char **argv,
                int (*text)(const struct mr_topic *const *topics, const struct cluster_topic *items,
                            size_t n, struct mr_buf *out))
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    MR_AUTO(free) struct cluster_topic *items = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct topics t = {.offline = false};
    bool asked = false;
    int status;
    size_t n, n_words;

    if (!verb_options(command, argc, argv, &t, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n_words);
    MR_AUTO(choose) struct choose choose = t.choose;
    int r = choose_open(&choose, &error);
    if (r == 0)
        r = choose_topics(&choose, words, n_words, false, &topics, &n, &error);
    if (r == 0 && !(items = calloc(n + 1, sizeof(*items))))
        r = -ENOMEM;
    if (r == 0)
        r = ask(&t, options, topics, n, items, &asked, &error);
    if (r != 0)
        return verb_fail(command, r, &error);
    const struct cluster_topic *found = asked ? items : NULL;
    r = strcmp(t.output, "text") == 0
            ? text(topics, found, n, &out)
            : as_doc(topics, found, n, strcmp(t.output, "yaml") == 0, &out);
    return verb_print(r, &out);
}

static int run_list(int argc, char **argv)
{
    return show(&list_command, argc, argv, as_table);
}

static int run_describe(int argc, char **argv)
{
    return show(&describe_command, argc, argv, as_text);
}

const struct verb verb_topics_list = {.command = &list_command, .run = run_list};
const struct verb verb_topics_describe = {.command = &describe_command, .run = run_describe};
