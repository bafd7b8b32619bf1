/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema diff: what two schemas, or two states of all of them, mean differently. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doc.h"
#include "millrace/error.h"
#include "schema_state.h"
#include "term.h"
#include "verb.h"

struct diff {
    struct schema_args args;
    const char *output;
};
static const struct mr_option rows[] = {
    MR_OPT_CHOICE(struct diff, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
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
        "FROM and TO are both one schema (FILE.avsc) or both a state of all: a ref of git, a "
        "folder, a registry's URL, or \"registry\". White space, order of members and other "
        "ways to write the same do not count. + is new, - is gone, ~ is another; `schema check` "
        "says whom it breaks. Exit status 0, also when they differ.",
    .tables = tables,
    .examples = "millrace schema diff main .\twhat this branch changes\n"
                "millrace schema diff old.avsc new.avsc -o json\ttwo files\n"
                "millrace schema diff registry .\twhat would be registered\n",
};

static bool is_file(const char *word)
{
    struct stat status;

    return stat(word, &status) == 0 && S_ISREG(status.st_mode);
}

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

static int open_state(struct diff *diff, struct mr_options *options, const char *word,
                      struct mr_tree **ret_tree, struct mr_error *reterr)
{
    if (is_file(word))
        return mr_tree_file(word, ret_tree, reterr);
    return schema_state(&diff->args, options, ".", word, ret_tree, reterr);
}

static int compare(struct diff *diff, struct mr_options *options, char *const words[2],
                   struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *before = NULL;
    MR_AUTO(mr_tree) struct mr_tree *now = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_differences all = {0};

    if (is_file(words[0]) != is_file(words[1]))
        return mr_error_set(reterr, MR_INVALID, "'%s' is one schema, and '%s' is not",
                            words[!is_file(words[0])], words[is_file(words[0])]);
    int r = open_state(diff, options, words[0], &before, reterr);
    if (r == 0)
        r = open_state(diff, options, words[1], &now, reterr);
    if (r == 0)
        r = mr_evolve_diff(before, now, &all);
    if (r == 0)
        r = report(diff, &all, !is_file(words[0]), &out);
    mr_differences_done(&all);
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
    int r = compare(&diff, options, words, &error);
    if (r == 0)
        return 0;
    status = verb_fail(&diff_command, r, &error);
    return error.line > 0 ? 1 : status;
}

const struct verb verb_schema_diff = {.command = &diff_command, .run = run};
