/* SPDX-License-Identifier: Apache-2.0 */
/* millrace dlq retry and dismiss: dead letters are sent back, or said to be dealt with. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stopped.h"
#include "../term.h"
#include "../verb.h"
#include "millrace/error.h"
#include "send.h"
#include "text.h"

struct retry {
    struct dlq_args args;
    const char *output;
    int64_t limit;
    bool dry_run, force, all;
    /* state */
    const struct mr_command *command;
    const char *service;
    struct dlq_pile pile;
    size_t n_sent, n_failed, n_open; /* of the pile: sent; failed; would be sent, or is left */
    size_t n_left;                   /* a rule is against them */
};

/* clang-format off */
#define LIMIT_ROW(what)                                                                            \
    MR_OPT_INT(struct retry, limit, .name = "limit", .arg = "N", .def = "10000", .min = 1,         \
               .max = 100000, .env = "", .help = "Most letters " what " in this run")
#define DRY_RUN_ROW(what)                                                                          \
    MR_OPT_FLAG(struct retry, dry_run, .name = "dry-run", .letter = 'n', .env = "",                \
                .help = "Only say what would be " what "; exit 3 when anything would")
#define OUTPUT_ROW                                                                                 \
    MR_OPT_CHOICE(struct retry, output, .name = "output", .letter = 'o', .choices = doc_forms,     \
                  .def = "text", .help = "Form of the answer")
/* clang-format on */

static const struct mr_option rows_of_retry[] = {
    DRY_RUN_ROW("sent"),
    MR_OPT_FLAG(struct retry, force, .name = "force", .env = "",
                .help = "Also what is not in wire format, and what is older than its topic's "
                        "retention"),
    LIMIT_ROW("sent"),
    OUTPUT_ROW,
    MR_OPT_END,
};
static const struct mr_option rows_of_dismiss[] = {
    DRY_RUN_ROW("dismissed"),
    MR_OPT_FLAG(struct retry, all, .name = "all", .env = "",
                .help = "All that are open: needed where no other option chooses"),
    LIMIT_ROW("dismissed"),
    OUTPUT_ROW,
    MR_OPT_END,
};

/* clang-format off */
#define TABLES(own)                                                                                \
    {                                                                                              \
        {.rows = (own)},                                                                           \
        {.title = "Choice", .rows = dlq_select_options, .base = offsetof(struct retry, args)},     \
        {.title = "Catalogue", .rows = choose_options,                                             \
         .base = offsetof(struct retry, args) + offsetof(struct dlq_args, choose)},                \
        {.title = "Connection", .rows = mr_common_options,                                         \
         .base = offsetof(struct retry, args) + offsetof(struct dlq_args, common)},                \
        {.rows = NULL},                                                                            \
    }
/* clang-format on */
static const struct mr_option_table tables_of_retry[] = TABLES(rows_of_retry);
static const struct mr_option_table tables_of_dismiss[] = TABLES(rows_of_dismiss);

static const struct mr_command retry_command = {
    .name = "dlq retry",
    .program = "millrace",
    .synopsis = "SERVICE",
    .summary = "Sends dead letters back to their topics, for the group that gave up on them",
    .details =
        "Each record goes back to the topic and partition where it was, with its own key, bytes "
        "and headers, in the order in which it was there. The header mr_retry_group names the "
        "group that gave up on it: that group handles it, also where it would be too late, or "
        "where its flow is held; all others drop it by its id, or leave it alone if they fail at "
        "it.\n\n"
        "What was sent is kept as the offsets of the group millrace-retry.TOPIC, so a second run "
        "sends only what is new, and one that was interrupted goes on. Between the brokers' "
        "answer and that commit lie at most 500 records: a crash there sends them twice, and the "
        "group drops the second by its id.\n\n"
        "Exit status 0 when all that was chosen is sent, 1 when some of it is not; with --dry-run "
        "3 when anything would be.",
    .tables = tables_of_retry,
    .examples =
        "millrace dlq retry inventory-management --dry-run\twhat would be sent\n"
        "millrace dlq retry inventory-management --reason refused\tonce the cause is mended\n"
        "millrace dlq retry inventory-management --partition 0 --offset 17\tone\n",
};

static const struct mr_command dismiss_command = {
    .name = "dlq dismiss",
    .program = "millrace",
    .synopsis = "SERVICE",
    .summary = "Says that dead letters are dealt with, and sends nothing",
    .details = "They stay in the topic for as long as it keeps them; 'dlq list' no longer counts "
               "them as open, and 'dlq retry' leaves them alone.",
    .tables = tables_of_dismiss,
    .examples = "millrace dlq dismiss inventory-management --reason no-wire-format\tof no use\n",
};

/* ---- the answer: by topic and what became of the letters ---- */

enum { SENT, WOULD, FAILED, LEFT };

static int fate(const struct retry *t, const struct dlq_copy *copy)
{
    if (copy->verdict != DLQ_SEND)
        return LEFT;
    if (t->dry_run)
        return WOULD;
    return t->pile.items[copy->twin].sent ? SENT : FAILED;
}

static const char *word_of(const struct retry *t, int fate)
{
    static const char *const words[2][4] = {
        {"sent", "would be sent", "not sent", "left"},
        {"dismissed", "would be dismissed", "not dismissed", "left"},
    };

    return words[t->command == &dismiss_command][fate];
}

static void count(struct retry *t)
{
    for (size_t i = 0; i < t->pile.n; i++) {
        int what = fate(t, &t->pile.items[i]);
        t->n_sent += what == SENT;
        t->n_open += what == WOULD;
        t->n_failed += what == FAILED;
        t->n_left += what == LEFT;
    }
}

struct line {
    const char *topic, *word, *why;
    int64_t n;
};

/* Of letters of one topic and fate, one line; NULL when memory ran out. */
static struct line *lines_of(const struct retry *t, size_t *ret_n)
{
    struct line *lines = calloc(t->pile.n + 1, sizeof(*lines));
    size_t n = 0, k;

    for (size_t i = 0; lines && i < t->pile.n; i++) {
        const struct dlq_copy *copy = &t->pile.items[i];
        const char *word = word_of(t, fate(t, copy)), *why = dlq_why(copy->verdict);
        for (k = 0; k < n; k++)
            if (lines[k].word == word && lines[k].why == why &&
                strcmp(lines[k].topic, copy->topic) == 0)
                break;
        n += k == n;
        lines[k] = (struct line){copy->topic, word, why, lines[k].n + 1};
    }
    *ret_n = n;
    return lines;
}

static int as_text(const struct line *lines, size_t n, struct mr_buf *out)
{
    static const char *const headings[] = {"TOPIC", "COUNT", "OUTCOME", "WHY"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    char topic[250];

    for (size_t i = 0; i < n; i++) {
        (void)dlq_text(mr_str_from(lines[i].topic), topic, sizeof(topic));
        term_cell(&table, "%s", *topic ? topic : "-");
        term_cell(&table, "%" PRId64, lines[i].n);
        term_cell(&table, "%s", lines[i].word);
        term_cell(&table, "%s", *lines[i].why ? lines[i].why : "-");
    }
    return n == 0 ? 0
                  : term_table_print(&table, isatty(STDOUT_FILENO),
                                     term_style(term_colour(STDOUT_FILENO)), out);
}

static int as_doc(const struct retry *t, const struct line *lines, size_t n, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = strcmp(t->output, "yaml") == 0};

    doc_list(&doc, NULL);
    for (size_t i = 0; i < n; i++) {
        doc_object(&doc, NULL);
        dlq_doc_text(&doc, "topic",
                     *lines[i].topic ? mr_str_from(lines[i].topic) : (struct mr_str){NULL, 0});
        doc_long(&doc, "count", lines[i].n);
        doc_text(&doc, "outcome", lines[i].word);
        doc_text(&doc, "why", *lines[i].why ? lines[i].why : NULL);
        doc_end(&doc);
    }
    doc_end(&doc);
    return doc.r;
}

static int report(struct retry *t)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    size_t n;
    MR_AUTO(free) struct line *lines = lines_of(t, &n);

    count(t);
    int r = !lines                           ? -ENOMEM
            : strcmp(t->output, "text") == 0 ? as_text(lines, n, &out)
                                             : as_doc(t, lines, n, &out);
    int status = verb_print(r, &out);
    (void)fprintf(stderr, "%zu dead letters chosen: %zu %s, %zu left%s", t->pile.n,
                  t->dry_run ? t->n_open : t->n_sent, word_of(t, t->dry_run ? WOULD : SENT),
                  t->n_left, t->n_failed || t->pile.n_more ? "" : "\n");
    if (t->n_failed > 0)
        (void)fprintf(stderr, ", %zu %s%s", t->n_failed, word_of(t, FAILED),
                      t->pile.n_more ? "" : "\n");
    if (t->pile.n_more > 0)
        (void)fprintf(stderr, "; %zu more: run it again for them\n", t->pile.n_more);
    if (status != 0)
        return status;
    return t->dry_run && t->n_open > 0 ? 3 : t->n_failed + t->n_left > 0;
}

/* ---- the verbs ---- */

static int take(void *self, const struct dlq_item *item)
{
    struct retry *t = self;

    return dlq_wanted(&t->args, item) ? dlq_pile_add(&t->pile, item) : 0;
}

static int do_it(struct retry *t, struct mr_options *options, bool *ret_told,
                 struct mr_error *reterr)
{
    MR_AUTO(dlq_reader) struct dlq_reader reader = {.items = NULL};
    bool dismisses = t->command == &dismiss_command;

    int r = mr_common_resolve(&t->args.common, options, true, false, reterr);
    if (r == 0)
        r = dlq_open(&reader, &t->args, t->service, reterr);
    if (r == 0)
        r = dlq_each(&reader, false, take, t, reterr);
    if (r == 0)
        r = dlq_pile_sort(&t->pile);
    if (r == 0 && !dismisses)
        r = dlq_judge_all(&t->pile, &reader, t->args.choose.catalog, t->force, reterr);
    *ret_told = r == 0;
    if (r != 0 || t->dry_run)
        return r;
    return dismisses ? dlq_dismiss(&t->pile, &reader, reterr)
                     : dlq_send(&t->pile, &reader, &t->args.common, reterr);
}

static int check(const struct retry *t, size_t n_words, struct mr_error *reterr)
{
    if (n_words != 1)
        return mr_error_set(reterr, MR_INVALID, "whose dead letters? give one SERVICE");
    if (t->command == &dismiss_command && t->all == dlq_any_wish(&t->args))
        return mr_error_set(reterr, MR_INVALID,
                            "which dead letters? choose by --reason, --topic, --id, --key or "
                            "--partition, or say --all");
    return dlq_check_args(&t->args, reterr);
}

static int run_as(const struct mr_command *command, int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct retry t = {.command = command};
    bool told = false;
    int status;
    size_t n;

    if (!verb_options(command, argc, argv, &t, &options, &status))
        return status;
    stopped_listen();
    char **words = mr_options_rest(options, &n);
    int r = check(&t, n, &error);
    if (r == 0)
        r = dlq_pile_init(&t.pile, (size_t)t.limit);
    if (r == 0)
        r = choose_open(&t.args.choose, &error);
    if (r == 0) {
        t.service = words[0];
        r = do_it(&t, options, &told, &error);
    }
    status = told ? report(&t) : 0;
    if (r != 0) /* what was sent is told all the same */
        status = told ? ((void)verb_fail(command, r, &error), 1) : verb_fail(command, r, &error);
    choose_close(&t.args.choose);
    dlq_pile_done(&t.pile);
    return status;
}

static int run_retry(int argc, char **argv)
{
    return run_as(&retry_command, argc, argv);
}

static int run_dismiss(int argc, char **argv)
{
    return run_as(&dismiss_command, argc, argv);
}

const struct verb verb_dlq_retry = {.command = &retry_command, .run = run_retry};
const struct verb verb_dlq_dismiss = {.command = &dismiss_command, .run = run_dismiss};
