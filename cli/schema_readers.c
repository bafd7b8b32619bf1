/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema readers, and its table as other verbs read it. */
#include "schema_readers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/error.h"
#include "millrace/saga.h"
#include "term.h"
#include "verb.h"

enum { MAX_FILE = 16 << 20 };

static const struct mr_command readers_command = {
    .name = "schema readers",
    .program = "millrace",
    .synopsis = "[CONSUMER]...",
    .summary = "Lists which fields the consumers read",
    .details =
        "One line for each field that a consumer's source in consumers/ names: consumer, record, "
        "field, "
        "the first place. The build asks the compiler for them, so none is missed but what is read "
        "through a copy of the bytes. So do the fields that a saga of its service reads: its key, "
        "conditions, and what it remembers, with their line of sagas.yaml.\n\n"
        "The table is that of this program's own build. A release can keep what it prints, and "
        "`schema check --readers FILE` then asks what is deployed, rather than what a change makes "
        "of "
        "it; consumers of other houses can be written into such a file by hand.",
    .examples = "millrace schema readers\tall\n"
                "millrace schema readers > deployed.tsv\tto keep with a release\n"
                "millrace schema check --against main --readers deployed.tsv\tits use\n",
};

static bool named(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void add_consumer(struct readers *readers, const char *name)
{
    if (!named(name, readers->all.consumers, readers->all.n_consumers))
        readers->consumers[readers->all.n_consumers++] = name;
}

static int add_line(struct readers *readers, char *line, struct mr_error *reterr)
{
    char *words[4] = {0};
    size_t n = 0;

    line[strcspn(line, "\r")] = '\0';
    if (*line == '\0' || *line == '#')
        return 0;
    while (n < 4 && line)
        words[n++] = strsep(&line, "\t");
    bool nothing = n >= 2 && strcmp(words[1], "-") == 0;
    if (line || n < 2 || (!nothing && n < 3) || !*words[0] || !*words[1] || (n > 2 && !*words[2]))
        return mr_error_set(
            reterr, MR_INVALID,
            "must be CONSUMER, RECORD, FIELD and perhaps PLACE, with a tab between");
    add_consumer(readers, words[0]);
    if (!nothing)
        readers->fields[readers->all.n_fields++] =
            (struct mr_reader_field){words[0], words[1], words[2], words[3] ? words[3] : ""};
    return 0;
}

static int add_file(struct readers *readers, struct mr_buf *text, const char *path,
                    struct mr_error *reterr)
{
    char *rest = (char *)text->data;
    int r = 0;

    for (size_t number = 1; r == 0 && rest; number++) {
        r = add_line(readers, strsep(&rest, "\n"), reterr);
        if (r == MR_INVALID)
            (void)snprintf(reterr->where, sizeof(reterr->where), "%s:%zu", path, number);
    }
    return r;
}

static int read_files(const struct mr_option_list *files, struct readers *readers,
                      size_t *ret_lines, struct mr_error *reterr)
{
    readers->texts = calloc(files->n_items + 1, sizeof(*readers->texts));
    for (size_t i = 0; readers->texts && i < files->n_items; i++) {
        struct mr_buf *text = &readers->texts[readers->n_texts++];
        text->max = MAX_FILE;
        int r = mr_buf_read_file(text, files->items[i]);
        if (r != 0)
            return mr_error_set(reterr, r, "cannot read '%s': %s", files->items[i], strerror(-r));
        if (!mr_buf_cstr(text))
            return -ENOMEM;
        for (size_t k = 0; k <= text->len; k++)
            *ret_lines += k == text->len || text->data[k] == '\n';
    }
    return readers->texts ? 0 : -ENOMEM;
}

/* What is compiled in: a saga's steps are read by the consumer of its service. */
static int make_own(struct readers *readers)
{
    const struct mr_readers *own = &readers_builtin;
    size_t n_sagas;
    const struct mr_saga_reader *sagas = mr_saga_readers_builtin(&n_sagas);

    readers->own = calloc(own->n_fields + n_sagas + 1, sizeof(*readers->own));
    readers->places = calloc(n_sagas + 1, sizeof(*readers->places));
    if (!readers->own || !readers->places)
        return -ENOMEM;
    for (size_t i = 0; i < own->n_fields; i++)
        readers->own[readers->n_own++] = own->fields[i];
    for (size_t i = 0; i < n_sagas; i++) {
        const struct mr_saga_reader *saga = &sagas[i];
        char *place;
        if (asprintf(&place, "sagas.yaml:%ld %s", saga->line, saga->saga) < 0)
            return -ENOMEM;
        readers->places[readers->n_places++] = place;
        readers->own[readers->n_own++] =
            (struct mr_reader_field){saga->service, saga->record, saga->field, place};
    }
    return 0;
}

static int join(const struct mr_option_list *files, struct readers *readers,
                struct mr_error *reterr)
{
    const struct mr_readers *own = &readers_builtin;
    size_t n_lines = 0;
    int r = read_files(files, readers, &n_lines, reterr);

    if (r == 0)
        r = make_own(readers);
    if (r != 0)
        return r;
    readers->fields = calloc(n_lines + readers->n_own + 1, sizeof(*readers->fields));
    readers->consumers = calloc(n_lines + own->n_consumers + 1, sizeof(*readers->consumers));
    if (!readers->fields || !readers->consumers)
        return -ENOMEM;
    readers->all.fields = readers->fields;
    readers->all.consumers = readers->consumers;
    for (size_t i = 0; i < files->n_items && r == 0; i++)
        r = add_file(readers, &readers->texts[i], files->items[i], reterr);
    size_t n_told = readers->all.n_consumers;
    for (size_t i = 0; i < readers->n_own; i++)
        if (!named(readers->own[i].consumer, readers->consumers, n_told))
            readers->fields[readers->all.n_fields++] = readers->own[i];
    for (size_t i = 0; i < own->n_consumers; i++)
        add_consumer(readers, own->consumers[i]);
    return r;
}

int readers_open(const struct mr_option_list *files, struct readers *ret_readers,
                 struct mr_error *reterr)
{
    MR_AUTO(readers) struct readers readers = {0};
    int r = join(files, &readers, reterr);

    if (r != 0)
        return r;
    *ret_readers = readers;
    readers = (struct readers){0};
    return 0;
}

void readers_done(struct readers *readers)
{
    for (size_t i = 0; i < readers->n_texts; i++)
        mr_buf_done(&readers->texts[i]);
    for (size_t i = 0; i < readers->n_places; i++)
        free(readers->places[i]);
    free(readers->places);
    free(readers->own);
    free(readers->texts);
    free(readers->fields);
    free(readers->consumers);
}

static void put_consumer(struct term_table *table, const struct readers *readers,
                         const char *consumer)
{
    size_t n = 0;

    for (size_t i = 0; i < readers->n_own; i++) {
        const struct mr_reader_field *field = &readers->own[i];
        if (strcmp(field->consumer, consumer) != 0)
            continue;
        term_cell(table, "%s", field->consumer);
        term_cell(table, "%s", field->record);
        term_cell(table, "%s", field->field);
        term_cell(table, "%s", field->place);
        n++;
    }
    for (size_t i = 0; n == 0 && i < 4; i++)
        term_cell(table, "%s", i == 0 ? consumer : "-");
}

static int run(int argc, char **argv)
{
    static const char *const headings[] = {"CONSUMER", "RECORD", "FIELD", "FIRST READ AT"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    const struct mr_readers *own = &readers_builtin;
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(readers) struct readers readers = {0};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct {
        int none;
    } nothing;
    int status;
    size_t n;

    if (!verb_options(&readers_command, argc, argv, &nothing, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    for (size_t i = 0; i < n; i++) {
        const char *near = mr_nearest(words[i], own->consumers, own->n_consumers);
        if (!named(words[i], own->consumers, own->n_consumers))
            return verb_fail(
                &readers_command,
                mr_error_set(&error, MR_INVALID, "no consumer '%s' was compiled in%s%s%s", words[i],
                             near ? ": did you mean '" : "", near ? near : "", near ? "'?" : ""),
                &error);
    }
    if (make_own(&readers) != 0)
        return verb_fail(&readers_command, -ENOMEM, &error);
    for (size_t i = 0; i < own->n_consumers; i++)
        if (n == 0 || named(own->consumers[i], (const char *const *)words, n))
            put_consumer(&table, &readers, own->consumers[i]);
    return verb_print(term_table_print(&table, isatty(STDOUT_FILENO),
                                       term_style(term_colour(STDOUT_FILENO)), &out),
                      &out);
}

const struct verb verb_schema_readers = {.command = &readers_command, .run = run};
