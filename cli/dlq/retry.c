/* SPDX-License-Identifier: Apache-2.0 */
/* millrace dlq retry and dismiss: dead letters are sent back, or said to be dealt with. */
#include "../doc.h"
#include "../stopped.h"
#include "../verb.h"
#include "millrace/error.h"
#include "report.h"
#include "send.h"

struct retry {
    struct dlq_args args;
    const char *output;
    int64_t limit;
    bool dry_run, force, all;
    /* state */
    const struct mr_command *command;
    const char *service;
    struct dlq_pile pile;
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

static int report(const struct retry *t)
{
    const struct dlq_report report = {.pile = &t->pile,
                                      .output = t->output,
                                      .dry_run = t->dry_run,
                                      .dismisses = t->command == &dismiss_command};

    return dlq_report(&report);
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
