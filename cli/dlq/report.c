/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters by topic and what became of them. */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../term.h"
#include "../verb.h"
#include "send.h"
#include "text.h"

enum { SENT, WOULD, FAILED, LEFT, N_FATES };

static int fate(const struct dlq_report *t, const struct dlq_copy *copy)
{
    if (copy->verdict != DLQ_SEND)
        return LEFT;
    if (t->dry_run)
        return WOULD;
    return t->pile->items[copy->twin].sent ? SENT : FAILED;
}

static const char *word_of(const struct dlq_report *t, int fate)
{
    static const char *const words[2][N_FATES] = {
        {"sent", "would be sent", "not sent", "left"},
        {"dismissed", "would be dismissed", "not dismissed", "left"},
    };

    return words[t->dismisses][fate];
}

struct line {
    const char *topic, *word, *why;
    int64_t n;
};

/* Of letters of one topic and fate, one line; NULL when memory ran out. */
static struct line *lines_of(const struct dlq_report *t, size_t *ret_n)
{
    struct line *lines = calloc(t->pile->n + 1, sizeof(*lines));
    size_t n = 0, k;

    for (size_t i = 0; lines && i < t->pile->n; i++) {
        const struct dlq_copy *copy = &t->pile->items[i];
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

static int as_doc(const struct dlq_report *t, const struct line *lines, size_t n,
                  struct mr_buf *out)
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

/* The sum of all, in one line. */
static void tell_sum(const struct dlq_report *t, const size_t *counts)
{
    const char *end = t->pile->n_more ? "" : "\n";
    int done = t->dry_run ? WOULD : SENT;

    (void)fprintf(stderr, "%zu dead letters chosen: %zu %s, %zu left%s", t->pile->n, counts[done],
                  word_of(t, done), counts[LEFT], counts[FAILED] ? "" : end);
    if (counts[FAILED] > 0)
        (void)fprintf(stderr, ", %zu %s%s", counts[FAILED], word_of(t, FAILED), end);
    if (t->pile->n_more > 0)
        (void)fprintf(stderr, "; %zu more: run it again for them\n", t->pile->n_more);
}

int dlq_report(const struct dlq_report *t)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    size_t counts[N_FATES] = {0}, n;
    MR_AUTO(free) struct line *lines = lines_of(t, &n);

    for (size_t i = 0; i < t->pile->n; i++)
        counts[fate(t, &t->pile->items[i])]++;
    int r = !lines                           ? -ENOMEM
            : strcmp(t->output, "text") == 0 ? as_text(lines, n, &out)
                                             : as_doc(t, lines, n, &out);
    int status = verb_print(r, &out);
    tell_sum(t, counts);
    if (status != 0)
        return status;
    return counts[WOULD] > 0 ? 3 : counts[FAILED] + counts[LEFT] > 0;
}
