/* SPDX-License-Identifier: Apache-2.0 */
/* millrace dlq show SERVICE: dead letters one by one, with why and what they are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stopped.h"
#include "../tail/render.h"
#include "../verb.h"
#include "millrace/error.h"
#include "millrace/file.h"
#include "read.h"
#include "text.h"

struct show {
    struct dlq_args args;
    const char *output;
    int64_t limit;
    bool open;
    /* state */
    struct mr_registry *registry;
    struct render render;
    struct mr_buf record, out;
    const char *service;
    int64_t n_shown;
    bool cut;
};

static const char *const forms[] = {"json", "yaml", NULL};
static const struct mr_option rows[] = {
    MR_OPT_FLAG(struct show, open, .name = "open", .env = "",
                .help = "Only those that are not dealt with"),
    MR_OPT_INT(struct show, limit, .name = "limit", .letter = 'n', .arg = "N", .def = "100",
               .min = 1, .max = INT64_MAX, .env = "", .help = "Most letters shown"),
    MR_OPT_CHOICE(struct show, output, .name = "output", .letter = 'o', .choices = forms,
                  .def = "json", .help = "Form of the answer"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Choice", .rows = dlq_select_options, .base = offsetof(struct show, args)},
    {.title = "Catalogue",
     .rows = choose_options,
     .base = offsetof(struct show, args) + offsetof(struct dlq_args, choose)},
    {.title = "Connection",
     .rows = mr_common_options,
     .base = offsetof(struct show, args) + offsetof(struct dlq_args, common)},
    {.rows = NULL},
};

static const struct mr_command show_command = {
    .name = "dlq show",
    .program = "millrace",
    .synopsis = "SERVICE",
    .summary = "Shows dead letters: where each record was, who gave up on it, why, and the record",
    .details =
        "A list of objects: reason and message; topic, partition, offset and time of the record "
        "where it was; group, deliveries and when the group gave up; whether the letter is dealt "
        "with; and under \"letter\" the record as it lies in the dead-letter topic, with its "
        "headers, its value decoded where the registry knows its schema, else as base64.\n\n"
        "Exit status 1 when there is none.",
    .tables = tables,
    .examples =
        "millrace dlq show inventory-management --reason refused\tthose that the handler refused\n"
        "millrace dlq show inventory-management --partition 0 --offset 17 | jq .[0].message\tone\n",
};

static int put(struct show *s, const struct dlq_item *item)
{
    const struct mr_dead_letter *letter = &item->letter;
    struct doc doc = {.out = &s->out, .yaml = strcmp(s->output, "yaml") == 0};
    char time[MR_TIME_MAX];

    /* the list's brackets stand around what is written object by object */
    doc_list(&doc, NULL);
    s->out.len = 0;
    doc.levels[0].any = s->n_shown++ > 0;
    doc_object(&doc, NULL);
    doc_text(&doc, "service", s->service);
    dlq_doc_text(&doc, "reason", letter->reason);
    dlq_doc_text(&doc, "message", letter->message);
    dlq_doc_text(&doc, "topic", letter->topic);
    dlq_doc_number(&doc, "partition", letter->partition);
    dlq_doc_number(&doc, "offset", letter->offset);
    doc_text(&doc, "time", dlq_time(letter->timestamp_ms, time));
    dlq_doc_text(&doc, "group", letter->group);
    dlq_doc_number(&doc, "deliveries", letter->deliveries);
    dlq_doc_text(&doc, "failed_at", letter->failed_at);
    dlq_doc_text(&doc, "id", letter->id);
    doc_bool(&doc, "wire_format", letter->wire_format);
    doc_bool(&doc, "done", item->done);
    doc_json(&doc, "letter", (struct mr_str){(const char *)s->record.data, s->record.len});
    doc_end(&doc);
    return doc.r != 0 ? doc.r : mr_file_write(STDOUT_FILENO, s->out.data, s->out.len);
}

static int show_one(void *self, const struct dlq_item *item)
{
    struct show *s = self;

    if (!dlq_wanted(&s->args, item))
        return 0;
    s->cut = s->n_shown >= s->limit;
    if (s->cut)
        return MR_END;
    s->record.len = 0;
    int r = render_record(&s->render, item->message, &s->record);
    if (r != 0)
        return r;
    s->record.len--; /* its line's end */
    return put(s, item);
}

static int open_registry(struct show *s, struct mr_options *options, struct mr_error *reterr)
{
    struct mr_error none = MR_ERROR_INIT;
    int r = mr_common_resolve(&s->args.common, options, false, true, &none);

    if (r == 0) {
        struct mr_registry_config config = mr_registry_config_from(&s->args.common);
        config.stop = stopped;
        r = mr_registry_new(&config, &s->registry, reterr);
    } else if (r == MR_INVALID) {
        r = 0; /* bytes, then */
    }
    return r != 0 ? r : decoders_init(&s->render.decoders, s->registry);
}

static int show(struct show *s, struct mr_options *options, struct mr_error *reterr)
{
    MR_AUTO(dlq_reader) struct dlq_reader reader = {.items = NULL};
    const bool json = strcmp(s->output, "json") == 0;

    int r = mr_common_resolve(&s->args.common, options, true, false, reterr);
    if (r == 0)
        r = open_registry(s, options, reterr);
    s->render.decoders.lenient = true;
    if (r == 0)
        r = dlq_open(&reader, &s->args, s->service, reterr);
    if (r == 0 && json)
        r = mr_file_write(STDOUT_FILENO, "[", 1);
    if (r == 0) {
        r = dlq_each(&reader, !s->open, show_one, s, reterr);
        r = r == MR_END ? 0 : r;
        const char *end = !json ? (s->n_shown ? "\n" : "[]\n") : s->n_shown ? "\n]\n" : "]\n";
        int ended = mr_file_write(STDOUT_FILENO, end, strlen(end));
        r = r != 0 ? r : ended;
    }
    return r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct show s = {.render = {.form = RENDER_JSON, .error = MR_ERROR_INIT}};
    int status;
    size_t n;

    if (!verb_options(&show_command, argc, argv, &s, &options, &status))
        return status;
    stopped_listen();
    char **words = mr_options_rest(options, &n);
    int r = n == 1 ? dlq_check_args(&s.args, &error)
                   : mr_error_set(&error, MR_INVALID, "whose dead letters? give one SERVICE");
    if (r == 0)
        r = choose_open(&s.args.choose, &error);
    if (r == 0) {
        s.service = words[0];
        r = show(&s, options, &error);
    }
    if (s.cut)
        (void)fprintf(stderr, "there are more than %lld: --limit\n", (long long)s.limit);
    choose_close(&s.args.choose);
    decoders_done(&s.render.decoders);
    s.registry = mr_registry_free(s.registry);
    mr_buf_done(&s.record);
    mr_buf_done(&s.out);
    return r != 0 ? verb_fail(&show_command, r, &error) : s.n_shown == 0;
}

const struct verb verb_dlq_show = {.command = &show_command, .run = run};
