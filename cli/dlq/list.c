/* SPDX-License-Identifier: Apache-2.0 */
/* millrace dlq list: what lies in the dead-letter topics, counted by topic and reason. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stopped.h"
#include "../term.h"
#include "../verb.h"
#include "filled.h"
#include "millrace/error.h"
#include "text.h"

enum { MAX_ROWS = 10000 };

/* Letters of one service whose records were in one topic, for one reason. */
struct row {
    const char *service;
    char topic[250], reason[120]; /* topic "": not told */
    int64_t count, open;
    int64_t oldest, newest; /* ms, of the letters */
};

struct list {
    struct dlq_args args;
    const char *output;
    /* state */
    const char **words; /* services and topics to read */
    size_t n_words;
    const char *service; /* under way */
    struct row *rows;
    size_t n_rows, first; /* first: of that service */
};

static const struct mr_option rows_of_list[] = {
    MR_OPT_CHOICE(struct list, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows_of_list},
    {.title = "Choice", .rows = dlq_select_options, .base = offsetof(struct list, args)},
    {.title = "Catalogue",
     .rows = choose_options,
     .base = offsetof(struct list, args) + offsetof(struct dlq_args, choose)},
    {.title = "Connection",
     .rows = mr_common_options,
     .base = offsetof(struct list, args) + offsetof(struct dlq_args, common)},
    {.rows = NULL},
};

static const struct mr_command list_command = {
    .name = "dlq list",
    .program = "millrace",
    .synopsis = "[SERVICE]...",
    .summary = "Counts what lies in the dead-letter topics, by service, topic and reason",
    .details =
        "SERVICE is the name of a service, or of a dead-letter topic that is not ours; without "
        "one, all services. OPEN are those that neither 'dlq retry' nor 'dlq dismiss' has dealt "
        "with; OLDEST and NEWEST are when the letters were written. Letters of Spring, Kafka "
        "Connect and Kafka Streams are read, too; their reason is the exception's class.\n\n"
        "On a terminal a table; else the columns separated by tabs, without heading.",
    .tables = tables,
    .examples = "millrace dlq list\tall\n"
                "millrace dlq list inventory-management -o json\tof one service, for programs\n",
};

/* ---- counting ---- */

static struct row *row_of(struct list *l, const char *topic, const char *reason)
{
    for (size_t i = l->n_rows; i > l->first; i--) {
        struct row *row = &l->rows[i - 1];
        if (strcmp(row->topic, topic) == 0 && strcmp(row->reason, reason) == 0)
            return row;
    }
    return NULL;
}

static struct row *new_row(struct list *l, const char *topic, const char *reason)
{
    struct row *rows = realloc(l->rows, (l->n_rows + 1) * sizeof(*rows));

    if (!rows)
        return NULL;
    l->rows = rows;
    struct row *row = &rows[l->n_rows++];
    *row = (struct row){.service = l->service, .oldest = INT64_MAX, .newest = -1};
    (void)snprintf(row->topic, sizeof(row->topic), "%s", topic);
    (void)snprintf(row->reason, sizeof(row->reason), "%s", reason);
    return row;
}

static int count(void *self, const struct dlq_item *item)
{
    struct list *l = self;
    char topic[sizeof(l->rows->topic)], reason[sizeof(l->rows->reason)];

    if (!dlq_wanted(&l->args, item))
        return 0;
    (void)dlq_text(item->letter.topic, topic, sizeof(topic));
    (void)dlq_text(item->letter.reason, reason, sizeof(reason));
    struct row *row = row_of(l, topic, reason);
    if (!row && l->n_rows - l->first >= MAX_ROWS) {
        (void)snprintf(reason, sizeof(reason), "others");
        topic[0] = '\0';
        row = row_of(l, topic, reason);
    }
    if (!row && !(row = new_row(l, topic, reason)))
        return -ENOMEM;
    row->count++;
    row->open += !item->done;
    if (item->message->timestamp_ms < row->oldest)
        row->oldest = item->message->timestamp_ms;
    if (item->message->timestamp_ms > row->newest)
        row->newest = item->message->timestamp_ms;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = strcmp(x->service, y->service);

    order = order ? order : strcmp(x->topic, y->topic);
    return order ? order : strcmp(x->reason, y->reason);
}

static int take_words(struct list *l, struct mr_options *options)
{
    char **words = mr_options_rest(options, &l->n_words);

    l->words = calloc(l->n_words + 1, sizeof(*l->words));
    for (size_t i = 0; l->words && i < l->n_words; i++)
        l->words[i] = words[i];
    return l->words ? 0 : -ENOMEM;
}

/* ---- the answer ---- */

static int as_doc(const struct list *l, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = strcmp(l->output, "yaml") == 0};
    char time[MR_TIME_MAX];

    doc_list(&doc, NULL);
    for (size_t i = 0; i < l->n_rows; i++) {
        const struct row *row = &l->rows[i];
        doc_object(&doc, NULL);
        doc_text(&doc, "service", row->service);
        doc_text(&doc, "dead_letter_topic", dlq_topic(l->args.choose.catalog, row->service));
        doc_text(&doc, "topic", *row->topic ? row->topic : NULL);
        doc_text(&doc, "reason", row->reason);
        doc_long(&doc, "count", row->count);
        doc_long(&doc, "open", row->open);
        doc_text(&doc, "oldest", dlq_time(row->oldest, time));
        doc_text(&doc, "newest", dlq_time(row->newest, time));
        doc_end(&doc);
    }
    doc_end(&doc);
    return doc.r;
}

static int as_text(const struct list *l, struct mr_buf *out)
{
    static const char *const headings[] = {"SERVICE", "TOPIC",  "REASON", "COUNT",
                                           "OPEN",    "OLDEST", "NEWEST"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    char time[MR_TIME_MAX];

    for (size_t i = 0; i < l->n_rows; i++) {
        const struct row *row = &l->rows[i];
        term_cell(&table, "%s", row->service);
        term_cell(&table, "%s", *row->topic ? row->topic : "-");
        term_cell(&table, "%s", row->reason);
        term_cell(&table, "%" PRId64, row->count);
        term_cell(&table, "%" PRId64, row->open);
        const char *text = dlq_time(row->oldest, time);
        term_cell(&table, "%s", text ? text : "-");
        text = dlq_time(row->newest, time);
        term_cell(&table, "%s", text ? text : "-");
    }
    return term_table_print(&table, isatty(STDOUT_FILENO), term_style(term_colour(STDOUT_FILENO)),
                            out);
}

/* ---- the verb ---- */

static int read_all(struct list *l, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->n_words; i++) {
        MR_AUTO(dlq_reader) struct dlq_reader reader = {.items = NULL};
        l->service = l->words[i];
        l->first = l->n_rows;
        r = dlq_open(&reader, &l->args, l->service, reterr);
        if (r == 0)
            r = dlq_each(&reader, true, count, l, reterr);
    }
    if (l->n_rows > 0)
        qsort(l->rows, l->n_rows, sizeof(*l->rows), by_name);
    return r;
}

static int answer(struct list *l, struct mr_options *options, struct mr_buf *out,
                  struct mr_error *reterr)
{
    int r = dlq_check_args(&l->args, reterr);

    if (r == 0)
        r = mr_common_resolve(&l->args.common, options, true, false, reterr);
    if (r == 0)
        r = take_words(l, options);
    if (r == 0 && l->n_words == 0) {
        free(l->words);
        l->words = NULL;
        r = dlq_filled(&l->args, &l->words, &l->n_words, reterr);
    }
    if (r == 0)
        r = read_all(l, reterr);
    if (r == 0)
        r = strcmp(l->output, "text") == 0 ? as_text(l, out) : as_doc(l, out);
    return r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct list l = {.n_rows = 0};
    int status;

    if (!verb_options(&list_command, argc, argv, &l, &options, &status))
        return status;
    stopped_listen();
    int r = choose_open(&l.args.choose, &error);
    if (r == 0)
        r = answer(&l, options, &out, &error);
    if (r == 0 && l.n_rows == 0)
        (void)fprintf(stderr, "no dead letters\n");
    choose_close(&l.args.choose);
    status = r == 0 ? verb_print(0, &out) : verb_fail(&list_command, r, &error);
    free(l.words);
    free(l.rows);
    return status;
}

const struct verb verb_dlq_list = {.command = &list_command, .run = run};
