/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema diff: what two schemas, or two states of all of them, mean differently. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doc.h"
#include "millrace/error.h"
#include "schema_state.h"
#include "term.h"
#include "verb.h"

struct diff {
    struct schema_args args;
    const char *output;
    bool json, exit_code;
};
static const struct mr_option rows[] = {
    MR_OPT_CHOICE(struct diff, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_FLAG(struct diff, json, .name = "json", .letter = 'J', .env = "",
                .help = "The same as -o json"),
    MR_OPT_FLAG(struct diff, exit_code, .name = "exit-code", .env = "",
                .help = "Exit 3 when they differ"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Registry", .rows = mr_common_options, .base = offsetof(struct diff, args.common)},
    {.rows = NULL},
};
static const struct mr_command diff_command = {
    .name = "schema diff",
    .program = "millrace",
    .synopsis = "FROM TO",
    .summary = "Tells what two schemas, or two states of all, mean differently",
    .details =
        "FROM and TO are each one schema (FILE.avsc, REF:PATH of git, SUBJECT@N or SUBJECT@latest "
        "of a registry, where a topic's name stands for its subject) or a state of all: a ref, "
        "REF:FOLDER, a folder, a registry's URL, or \"registry\". One schema and a state: the "
        "schema's topic in it. White space, order of members and other ways to write the same do "
        "not count. + is new, - is gone, ~ is another; `schema check` says whom it breaks.\n\n"
        "Exit status 0, also when they differ (with --exit-code 3), 2 for wrong usage, 1 when they "
        "could not be compared.",
    .tables = tables,
    .examples = "millrace schema diff main .\twhat this branch changes\n"
                "millrace schema diff old.avsc new.avsc -o json\ttwo files\n"
                "millrace schema diff order-management.order.created.v1@1 HEAD\tsince version 1\n"
                "millrace schema diff registry .\twhat would be registered\n",
};

/* A place of its own within a topic's line when there are several topics. */
static int put_text(const struct mr_difference *d, bool topics, const struct term_style *style,
                    struct mr_buf *out)
{
    const char *mark = !d->whole ? "~" : d->now ? "+" : "-";
    const char *colour = !d->whole ? style->yellow : d->now ? style->green : style->red;
    int r = mr_buf_printf(out, "%s%s%s %s%s%s", colour, mark, style->plain, topics ? d->topic : "",
                          topics ? " " : "", *d->path ? d->path : "(schema)");

    if (r == 0 && d->whole)
        return mr_buf_printf(out, ": %s\n", d->now ? d->now : d->before);
    return r == 0 ? mr_buf_printf(out, ": %s: %s -> %s\n", d->what,
                                  d->before ? d->before : "(none)", d->now ? d->now : "(none)")
                  : r;
}

static int report(const struct diff *diff, const struct mr_differences *all, bool topics,
                  struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = strcmp(diff->output, "yaml") == 0};
    const struct term_style *style = term_style(term_colour(STDOUT_FILENO));
    int r = 0;

    if (strcmp(diff->output, "text") == 0) {
        for (size_t i = 0; r == 0 && i < all->n_items; i++)
            r = put_text(&all->items[i], topics, style, out);
        return r;
    }
    doc_list(&doc, NULL);
    for (size_t i = 0; i < all->n_items; i++) {
        const struct mr_difference *d = &all->items[i];
        doc_object(&doc, NULL);
        if (topics)
            doc_text(&doc, "topic", d->topic);
        doc_text(&doc, "path", d->path);
        doc_text(&doc, "change", !d->whole ? "changed" : d->now ? "added" : "removed");
        doc_text(&doc, "what", d->what);
        doc_text(&doc, "before", d->before);
        doc_text(&doc, "now", d->now);
        doc_end(&doc);
    }
    doc_end(&doc);
    return doc.r;
}

/* Of a state the topic of the one schema that it is compared with, as one schema. */
static int pick(struct schema_side *state, const struct schema_side *one, const char *word,
                struct mr_version *place, struct mr_tree *ret_tree, struct mr_error *reterr)
{
    const struct mr_version *version = *one->topic ? mr_tree_newest(state->tree, one->topic) : NULL;

    if (!*one->topic)
        return mr_error_set(reterr, MR_INVALID,
                            "'%s' is a state of all schemas, the other is one schema whose name "
                            "tells no topic (SERVICE/NAME.avsc below schemas/avro, SUBJECT@N)",
                            word);
    if (!version || !version->schema)
        return mr_error_set(reterr, MR_ABSENT, "'%s' has no schema of '%s'", word, one->topic);
    *place = *version;
    place->topic = "";
    *ret_tree = (struct mr_tree){.label = state->tree->label, .versions = place, .n_versions = 1};
    return 0;
}

static int compare(struct schema_side sides[2], char *const words[2], struct mr_differences *all,
                   struct mr_error *reterr)
{
    struct mr_version place;
    struct mr_tree picked;
    const struct mr_tree *trees[2] = {sides[0].tree, sides[1].tree};

    if (sides[0].single != sides[1].single) {
        size_t state = sides[0].single;
        int r = pick(&sides[state], &sides[!state], words[state], &place, &picked, reterr);
        if (r != 0)
            return r;
        trees[state] = &picked;
    }
    return mr_evolve_diff(trees[0], trees[1], all);
}

static int diff_words(struct diff *diff, struct mr_options *options, char *const words[2],
                      bool *ret_differ, struct mr_error *reterr)
{
    struct schema_side sides[2] = {{.tree = NULL}, {.tree = NULL}};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_differences all = {0};
    int r = 0;

    for (size_t i = 0; i < 2 && r == 0; i++)
        r = schema_side(&diff->args, options, words[i], &sides[i], reterr);
    if (r == 0)
        r = compare(sides, words, &all, reterr);
    if (r == 0)
        r = report(diff, &all, !sides[0].single && !sides[1].single, &out);
    *ret_differ = all.n_items > 0;
    mr_differences_done(&all);
    for (size_t i = 0; i < 2; i++)
        (void)mr_tree_free(sides[i].tree);
    return r == 0 && verb_print(0, &out) != 0 ? -EIO : r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct diff diff = {.output = NULL};
    int status;
    size_t n;

    if (!verb_options(&diff_command, argc, argv, &diff, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (n != 2)
        return verb_fail(&diff_command, mr_error_set(&error, MR_INVALID, "FROM and TO are needed"),
                         &error);
    if (diff.json)
        diff.output = "json";
    bool differ;
    int r = diff_words(&diff, options, words, &differ, &error);
    if (r == 0)
        return differ && diff.exit_code ? 3 : 0;
    status = verb_fail(&diff_command, r, &error);
    return error.line > 0 ? 1 : status;
}

const struct verb verb_schema_diff = {.command = &diff_command, .run = run};
