/* SPDX-License-Identifier: Apache-2.0 */
/* millrace topics create: what the catalogue has and the cluster lacks; nothing is ever changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "cluster.h"
#include "doc.h"
#include "millrace/error.h"
#include "term.h"
#include "verb.h"

struct create {
    struct choose choose;
    struct mr_common common;
    const char *output;
    bool dry_run;
    /* state, one of each per topic */
    struct cluster_topic *items;
    struct mr_kafka_new_topic *wanted;
    size_t n_items, n_wanted, n_made, n_failed, n_drift;
};

static const struct mr_option rows[] = {
    MR_OPT_FLAG(struct create, dry_run, .name = "dry-run", .letter = 'n', .env = "",
                .help = "Only say what would be made and what differs; exit 3 when anything does"),
    MR_OPT_CHOICE(struct create, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct create, choose)},
    {.title = "Connection", .rows = mr_common_options, .base = offsetof(struct create, common)},
    {.rows = NULL},
};

static const struct mr_command create_command = {
    .name = "topics create",
    .program = "millrace",
    .synopsis = "[TOPIC]...",
    .summary = "Makes the topics that the cluster lacks, with their settings",
    .details =
        "TOPIC is the name of a topic, event or service, or a glob; without one, all topics. "
        "A topic that is there already is never changed and never deleted: where it differs from "
        "the catalogue, the difference is told.\n\n"
        "Exit status 0 when all wanted topics are there, 1 when one could not be made; with "
        "--dry-run 3 when one is missing or differs.",
    .tables = tables,
    .examples = "millrace topics create -b kafka:9092 --dry-run\tthe plan\n"
                "millrace topics create -b kafka:9092\tdo it\n",
};

static int plan(struct create *c)
{
    c->wanted = calloc(c->n_items + 1, sizeof(*c->wanted));
    if (!c->wanted)
        return -ENOMEM;
    for (size_t i = 0; i < c->n_items; i++) {
        const struct cluster_topic *item = &c->items[i];
        c->n_drift += item->there && item->n_differences > 0;
        if (!item->there)
            c->wanted[c->n_wanted++] =
                (struct mr_kafka_new_topic){.name = item->topic->name,
                                            .partitions = item->topic->partitions,
                                            .replication = item->topic->replication};
    }
    return 0;
}

/* Settings live as long as the request. */
static int make(struct create *c, struct mr_kafka_client *client, struct mr_error *reterr)
{
    MR_AUTO(free) char(*texts)[2][64] = calloc(c->n_wanted + 1, sizeof(*texts));
    MR_AUTO(free) const char *(*settings)[2] = calloc(c->n_wanted + 1, sizeof(*settings));

    if (!texts || !settings)
        return -ENOMEM;
    for (size_t i = 0, k = 0; k < c->n_wanted; i++) {
        if (c->items[i].there)
            continue;
        c->wanted[k].n_settings = cluster_settings(c->items[i].topic, texts[k]);
        settings[k][0] = texts[k][0];
        settings[k][1] = texts[k][1];
        c->wanted[k].settings = settings[k];
        k++;
    }
    int r = c->n_wanted ? mr_kafka_create_topics(client, c->wanted, c->n_wanted,
                                                 CLUSTER_TIMEOUT_MS * 3, reterr)
                        : 0;
    for (size_t i = 0; r == 0 && i < c->n_wanted; i++) {
        c->n_made += c->wanted[i].r == 0;
        c->n_failed += c->wanted[i].r != 0 && !c->wanted[i].existed;
    }
    return r;
}

/* What happened, or would, to a topic. */
static const char *outcome(const struct create *c, const struct cluster_topic *item,
                           const struct mr_kafka_new_topic *wanted, const char **ret_why)
{
    static char text[512];

    *ret_why = "";
    if (item->there) {
        *ret_why = item->n_differences ? cluster_state(item, text, sizeof(text)) : "";
        return item->n_differences ? "differs" : "there";
    }
    if (c->dry_run)
        return "missing";
    *ret_why = wanted->why;
    return wanted->r == 0 ? "made" : wanted->existed ? "there" : "failed";
}

static int report(const struct create *c, struct mr_buf *out)
{
    static const char *const headings[] = {"TOPIC", "OUTCOME", "WHY"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    bool text = strcmp(c->output, "text") == 0;
    struct doc doc = {.out = out, .yaml = strcmp(c->output, "yaml") == 0};

    if (!text)
        doc_list(&doc, NULL);
    for (size_t i = 0, k = 0; i < c->n_items; i++) {
        const char *why, *word = outcome(c, &c->items[i], &c->wanted[k], &why);
        k += !c->items[i].there;
        if (!text) {
            doc_object(&doc, NULL);
            doc_text(&doc, "topic", c->items[i].topic->name);
            doc_text(&doc, "outcome", word);
            if (*why)
                doc_text(&doc, "why", why);
            doc_end(&doc);
        } else if (strcmp(word, "there") != 0) {
            term_cell(&table, "%s", c->items[i].topic->name);
            term_cell(&table, "%s", word);
            term_cell(&table, "%s", why);
        }
    }
    if (!text) {
        doc_end(&doc);
        return doc.r;
    }
    return table.n_cells == 0 ? 0
                              : term_table_print(&table, isatty(STDOUT_FILENO),
                                                 term_style(term_colour(STDOUT_FILENO)), out);
}

static int create(struct create *c, struct mr_options *options, const struct choose *choose,
                  struct mr_error *reterr)
{
    MR_AUTO(mr_kafka_client) struct mr_kafka_client *client = NULL;
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    size_t n_words;
    char **words = mr_options_rest(options, &n_words);
    int r = choose_topics(choose, words, n_words, false, &topics, &c->n_items, reterr);

    if (r == 0)
        r = mr_common_resolve(&c->common, options, true, false, reterr);
    if (r != 0)
        return r;
    const struct mr_kafka_config config = cluster_config(&c->common);
    r = mr_kafka_client_new(&config, &client, reterr);
    if (r == 0 && !(c->items = calloc(c->n_items + 1, sizeof(*c->items))))
        r = -ENOMEM;
    if (r == 0)
        r = cluster_compare(client, topics, c->n_items, c->items, reterr);
    if (r == 0)
        r = plan(c);
    return r == 0 && !c->dry_run ? make(c, client, reterr) : r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct create c = {.dry_run = false};
    int status;

    if (!verb_options(&create_command, argc, argv, &c, &options, &status))
        return status;
    MR_AUTO(choose) struct choose choose = c.choose;
    int r = choose_open(&choose, &error);
    if (r == 0)
        r = create(&c, options, &choose, &error);
    if (r == 0)
        r = report(&c, &out);
    if (r == 0) {
        size_t n_there = c.n_items - c.n_wanted;
        status = verb_print(r, &out);
        (void)fprintf(stderr, "%zu topics: %zu there%s, %zu %s%s\n", c.n_items, n_there,
                      c.n_drift ? " (some differ, and are left as they are)" : "",
                      c.dry_run ? c.n_wanted : c.n_made, c.dry_run ? "missing" : "made",
                      c.n_failed ? ", some failed" : "");
    }
    free(c.items);
    free(c.wanted);
    if (r != 0)
        return verb_fail(&create_command, r, &error);
    if (c.dry_run && (c.n_wanted || c.n_drift))
        return 3;
    return c.n_failed ? 1 : status;
}

const struct verb verb_topics_create = {.command = &create_command, .run = run};
