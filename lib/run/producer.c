/* SPDX-License-Identifier: Apache-2.0 */
/* A producer binary: options in, everything opened and checked before the first record goes out. */
#include "millrace/producer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "millrace/option.h"
#include "millrace/registry.h"
#include "produce.h"
#include "stop.h"

enum { REACH_MS = 10000 }; /* for the first answer of the brokers */

struct settings {
    struct mr_common common;
    struct produce_options produce;
};

static const char *const unknown_words[] = {"refuse", "drop", NULL};

static const struct mr_option produce_rows[] = {
    MR_OPT_STR(struct produce_options, event, .name = "event", .arg = "NAME",
               .help = "The event of documents that do not tell it; others are refused"),
    MR_OPT_CHOICE(struct produce_options, unknown, .name = "unknown", .choices = unknown_words,
                  .def = "refuse", .help = "Members that the contract does not have"),
    MR_OPT_FLAG(struct produce_options, strict, .name = "strict",
                .help = "Stop at the first document that is rejected"),
    MR_OPT_FLAG(struct produce_options, dry_run, .name = "dry-run",
                .help = "Check and encode only: needs no broker and no registry"),
    MR_OPT_FLAG(struct produce_options, print, .name = "print",
                .help = "With --dry-run: each record as a line of JSON on stdout"),
    MR_OPT_STR(struct produce_options, rejects, .name = "rejects", .arg = "FILE",
               .help = "Append each rejected document with its reason as a line of JSON"),
    MR_OPT_FLAG(struct produce_options, dead_letter, .name = "dead-letter",
                .help = "Send each rejected document to the service's dead-letter topic"),
    MR_OPT_STR(struct produce_options, checkpoint, .name = "checkpoint", .arg = "FILE",
               .help = "Keep the position of what is delivered; the next run goes on from there"),
    MR_OPT_DURATION(struct produce_options, checkpoint_every_ms, .name = "checkpoint-every",
                    .arg = "TIME", .def = "1s", .help = "How often it is written"),
    MR_OPT_DURATION(struct produce_options, drain_ms, .name = "drain", .arg = "TIME", .def = "30s",
                    .help = "How long a stop waits for delivery reports"),
    MR_OPT_FLAG(struct produce_options, json, .name = "json",
                .help = "The summary as a JSON object on stdout"),
    MR_OPT_END,
};

static const struct mr_option_table tables[] = {
    {"Producing", produce_rows, offsetof(struct settings, produce)},
    {"Connection", mr_common_options, offsetof(struct settings, common)},
    {NULL, NULL, 0},
};

static const char details[] =
    "Reads JSON documents, one a line or pretty-printed one after another, from the files or from "
    "standard input ('-'), maps the platform's envelope, checks every rule of the contract, and "
    "publishes Avro to the topic of each event. The schemas must be in the registry and the topics "
    "on "
    "the brokers before.\n\n"
    "A document that breaks a rule is named on stderr with file, line and JSON pointer, kept as "
    "--rejects and --dead-letter say, and the rest goes on.\n\n"
    "SIGTERM and SIGINT stop reading and wait for what is under way; a second one gives up at "
    "once.\n\n"
    "Exit status: 0 all is delivered; 1 something was rejected, not delivered, or not read to its "
    "end; 2 wrong usage.";

/* For the program's name, twice. */
#define EXAMPLES                                                                                   \
    "%s --dry-run events.ndjson\tonly check a file\n"                                              \
    "%s --checkpoint state --rejects bad.ndjson events.ndjson\t"                                   \
    "publish a file; repeat after a crash without loss\n"

/* ---- opening ---- */

/* Appends ", name" to a list for a message. */
static void list_add(struct mr_buf *list, const char *name)
{
    (void)mr_buf_printf(list, "%s%s", list->len ? ", " : "", name);
}

static int find_schemas(struct produce *produce, const struct mr_common *common,
                        struct mr_error *reterr)
{
    const struct mr_registry_config config = mr_registry_config_from(common);
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    MR_AUTO(mr_buf) struct mr_buf missing = {0};

    int r = mr_registry_new(&config, &registry, reterr);
    for (size_t i = 0; r == 0 && i < produce->intake.n_topics; i++) {
        struct intake_topic *topic = &produce->intake.topics[i];
        const struct mr_str text = {topic->topic->schema_text, topic->topic->schema_len};
        char subject[300];
        (void)snprintf(subject, sizeof(subject), "%s-value", topic->topic->name);
        r = mr_registry_lookup(registry, subject, text, &topic->schema_id, NULL, reterr);
        if (r == MR_ABSENT || r == MR_INVALID) {
            list_add(&missing, subject);
            r = 0;
        }
    }
    if (r != 0 || missing.len == 0)
        return r;
    return mr_error_set(reterr, MR_ABSENT,
                        "the registry %s does not hold the schemas of %.*s: register them with "
                        "'millrace schema register'",
                        common->registry, (int)missing.len, (const char *)missing.data);
}

static int find_topics(struct produce *produce, const struct mr_common *common,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf missing = {0};
    struct mr_kafka_topic_info *topics = NULL;
    size_t n;

    int r =
        mr_kafka_topics(mr_kafka_producer_client(produce->kafka), REACH_MS, &topics, &n, reterr);
    if (r != 0)
        return r;
    for (size_t i = 0; i < produce->intake.n_topics; i++) {
        const char *name = produce->intake.topics[i].topic->name;
        if (!mr_kafka_topics_find(topics, n, name))
            list_add(&missing, name);
    }
    const char *dead_letter = produce->service->dead_letter->name;
    if (produce->options->dead_letter && !mr_kafka_topics_find(topics, n, dead_letter))
        list_add(&missing, dead_letter);
    mr_kafka_topics_free(topics, n);
    if (missing.len == 0)
        return 0;
    return mr_error_set(reterr, MR_ABSENT,
                        "the brokers %s lack %.*s: create them with 'millrace topics create'",
                        common->brokers, (int)missing.len, (const char *)missing.data);
}

/* A queue of a few hundred milliseconds keeps memory flat; what the user gives comes later and
 * wins. */
static int open_kafka(struct produce *produce, const struct mr_common *common,
                      struct mr_error *reterr)
{
    static const char *const ours[] = {"queue.buffering.max.messages=8000",
                                       "queue.buffering.max.kbytes=65536"};
    size_t n = common->properties.n_items + MR_N_ELEMENTS(ours);
    MR_AUTO(free) const char **properties = calloc(n, sizeof(*properties));
    char client_id[128];

    if (!properties)
        return -ENOMEM;
    memcpy(properties, ours, sizeof(ours));
    if (common->properties.n_items > 0)
        memcpy(properties + MR_N_ELEMENTS(ours), common->properties.items,
               common->properties.n_items * sizeof(*properties));
    (void)snprintf(client_id, sizeof(client_id), "%s-producer", produce->service->name);
    const struct mr_kafka_config config = {common->brokers, client_id, properties, n};
    int r = mr_kafka_producer_new(&config, produce_delivered, produce, &produce->kafka, reterr);
    if (r != 0)
        return r;
    mr_kafka_producer_renewable(produce->kafka);
    return find_topics(produce, common, reterr);
}

static int open_files(struct produce *produce, char **paths, size_t n_paths,
                      struct mr_error *reterr)
{
    const struct produce_options *options = produce->options;
    struct input *input = &produce->input;

    int r = input_open(input, paths, n_paths, reterr);
    if (r == 0)
        r = settle_init(&produce->settle, input->n_sources);
    if (r == 0 && options->checkpoint && !options->dry_run)
        r = checkpoint_open(&produce->checkpoint, options->checkpoint, produce->service->name,
                            input->sources, input->n_sources, reterr);
    for (size_t i = 0; r == 0 && i < input->n_sources; i++)
        produce->settle.settled[i] =
            (struct position){input->sources[i].start, input->sources[i].start_line};
    if (r == 0 && options->rejects)
        r = rejects_open(&produce->rejects, options->rejects, reterr);
    return r;
}

static int open_all(struct produce *produce, const struct settings *settings, char **paths,
                    size_t n_paths, struct mr_error *reterr)
{
    const struct produce_options *options = &settings->produce;
    enum mr_unknown unknown =
        strcmp(options->unknown, "drop") == 0 ? MR_UNKNOWN_DROP : MR_UNKNOWN_REFUSE;

    if (options->print && !options->dry_run)
        return mr_error_set(reterr, MR_INVALID, "--print goes with --dry-run only");
    int r = intake_init(&produce->intake, mr_catalog_builtin(), produce->service, options->event,
                        unknown, reterr);
    if (r == 0)
        r = checks_init(&produce->checks, produce->producer, &produce->intake, reterr);
    if (r == 0)
        r = produce_also_open(produce, reterr);
    if (r == 0)
        r = open_files(produce, paths, n_paths, reterr);
    if (r == 0 && options->dry_run)
        return 0;
    if (r == 0)
        r = find_schemas(produce, &settings->common, reterr);
    return r == 0 ? open_kafka(produce, &settings->common, reterr) : r;
}

static void close_all(struct produce *produce)
{
    produce->kafka = mr_kafka_producer_free(produce->kafka);
    for (size_t i = 0; produce->decoders && i < produce->intake.n_topics; i++)
        (void)mr_json_decoder_unref(produce->decoders[i]);
    free(produce->decoders);
    if (produce->checkpoint.path)
        checkpoint_close(&produce->checkpoint);
    rejects_close(&produce->rejects);
    settle_done(&produce->settle);
    input_close(&produce->input);
    checks_done(&produce->checks);
    produce_also_close(produce);
    intake_done(&produce->intake);
    mr_buf_done(&produce->scratch);
}

/* ---- the command ---- */

static int complain(const char *name, int r, const struct mr_error *error)
{
    (void)fprintf(stderr, "%s: %s%s%s\n", name, error->where, error->where[0] ? ": " : "",
                  error->text[0] ? error->text : mr_status_name(r));
    return r == MR_INVALID ? 2 : 1;
}

static int run(const struct mr_producer *producer, const char *name, struct settings *settings,
               char **paths, size_t n_paths)
{
    struct mr_error error = MR_ERROR_INIT;
    struct produce produce = {
        .producer = producer,
        .options = &settings->produce,
        .service = mr_catalog_service(mr_catalog_builtin(), mr_str_from(producer->service)),
        .terminal = isatty(STDERR_FILENO) != 0,
    };
    int status;

    int r = stop_install();
    if (r == 0)
        r = open_all(&produce, settings, paths, n_paths, &error);
    if (r != 0) {
        status = complain(name, r, &error);
    } else {
        r = produce_run(&produce);
        progress_summary(&produce);
        bool unfinished = produce.interrupted && produce.input.bytes_total >= 0;
        status = r != 0 || produce.counts.n_rejected > 0 || unfinished ? 1 : 0;
    }
    close_all(&produce);
    return status;
}

int mr_producer_main(const struct mr_producer *producer, int argc, char **argv)
{
    char name[128], examples[512];
    struct settings settings = {0};
    struct mr_error error = MR_ERROR_INIT;
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    enum mr_option_asked asked;

    (void)snprintf(name, sizeof(name), "%s-producer", producer->service);
    (void)snprintf(examples, sizeof(examples), EXAMPLES, name, name);
    const struct mr_command command = {.name = name,
                                       .synopsis = "[FILE...]",
                                       .summary = producer->summary,
                                       .details = details,
                                       .tables = tables,
                                       .examples = examples};
    int r = mr_options_parse(&command, argc, argv, &settings, &options, &asked, &error);
    if (r == MR_END) {
        MR_AUTO(mr_buf) struct mr_buf out = {0};
        r = mr_options_answer(&command, asked, &out);
        return r == 0 && mr_buf_write(&out, stdout) && fflush(stdout) == 0 ? 0 : 1;
    }
    bool real = !settings.produce.dry_run;
    if (r == 0)
        r = mr_common_resolve(&settings.common, options, real, real, &error);
    if (r != 0)
        return complain(name, r, &error);
    size_t n_paths;
    char **paths = mr_options_rest(options, &n_paths);
    int status = run(producer, name, &settings, paths, n_paths);
    if (fflush(stdout) == 0 || errno == EPIPE)
        return status;
    return complain(name, mr_error_set(&error, -errno, "cannot write: %s", strerror(errno)),
                    &error);
}
