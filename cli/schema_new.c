/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema new: a schema, its row in topics.yaml and its test, or nothing at all. */
#include <errno.h>
#include <stdio.h>

#include "millrace/error.h"
#include "schema_new.h"
#include "verb.h"

struct new_args {
    struct mr_option_list consumers;
    const char *folder, *event, *doc;
    bool spelled_so, dry_run;
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct new_args, event, .name = "event", .arg = "NAME", .env = "",
               .help = "The event's own name; default: from domain and action, OrderShipped"),
    MR_OPT_LIST(struct new_args, consumers, .name = "consumer", .arg = "SERVICE", .env = "",
                .help = "A service that takes it; may be given several times"),
    MR_OPT_STR(struct new_args, doc, .name = "doc", .arg = "TEXT", .env = "",
               .help = "What happened, in a sentence"),
    MR_OPT_STR(struct new_args, folder, .name = "folder", .arg = "FOLDER", .def = ".", .env = "",
               .help = "The project"),
    MR_OPT_FLAG(struct new_args, spelled_so, .name = "spelled-so", .env = "",
                .help = "Domain and action are meant, though near to others"),
    MR_OPT_FLAG(struct new_args, dry_run, .name = "dry-run", .letter = 'n', .env = "",
                .help = "Only say what would be written"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {{.rows = rows}, {.rows = NULL}};
static const struct mr_command new_command = {
    .name = "schema new",
    .program = "millrace",
    .synopsis = "SERVICE.DOMAIN.ACTION[.vN]",
    .summary = "Begins an event: its schema, its row in topics.yaml, its test",
    .details =
        "Writes schemas/avro/SERVICE/DOMAIN.ACTION.v1.avsc with the common envelope and two fields "
        "to go on from, the topic's row below its service in topics.yaml (all else there stays as "
        "it is), and tests/events/SERVICE.DOMAIN.ACTION.v1.ndjson, data that the schema takes and "
        "data that it refuses, which the test suite tries.\n\n"
        "What exists is never touched, and a name that is near to a known one is taken for a "
        "mistake. The result is checked before anything is put in place.",
    .tables = tables,
    .examples = "millrace schema new order-management.order.shipped --consumer "
                "viscount-notification\ta new event\n"
                "millrace schema new order-management.order.created.v2\tbeside v1\n",
};

static int make(const struct new_args *args, const char *word, struct mr_error *reterr)
{
    MR_AUTO(new_event)
    struct new_event event = {.word = word,
                              .folder = args->folder,
                              .event = args->event,
                              .doc = args->doc,
                              .consumers = &args->consumers,
                              .spelled_so = args->spelled_so};
    int r = new_open(&event, reterr);

    if (r == 0)
        r = new_name(&event, reterr);
    if (r == 0)
        r = new_texts(&event, reterr);
    if (r == 0 && !args->dry_run)
        r = new_put(&event, reterr);
    if (r != 0)
        return r;
    (void)printf("%s\n%s\ntopics.yaml\n", event.schema_path, event.test_path);
    (void)fprintf(stderr, "%s %s: %s; its data begins with %s, and the rest is yours\n",
                  args->dry_run ? "would begin" : "began", event.topic, event.event, event.key);
    if (event.service->n_topics == 0)
        (void)fprintf(stderr,
                      "%s publishes for the first time: it needs a producer of its own "
                      "(docs/producers.md)\n",
                      event.service->name);
    return 0;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct new_args args = {.folder = NULL};
    int status;
    size_t n;

    if (!verb_options(&new_command, argc, argv, &args, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    int r = n == 1 ? make(&args, words[0], &error)
                   : mr_error_set(&error, MR_INVALID, "one SERVICE.DOMAIN.ACTION is needed");
    return r == 0 ? 0 : verb_fail(&new_command, r, &error);
}

const struct verb verb_schema_new = {.command = &new_command, .run = run};
