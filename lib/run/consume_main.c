/* SPDX-License-Identifier: Apache-2.0 */
/* main() of every <service>-consumer: options, store, registry, Kafka, loop, summary. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume_health.h"
#include "consume_kafka.h"
#include "millrace/time.h"
#include "notify_channel.h"
#include "stop.h"

enum {
    INSTANCE = 249, /* as Kafka has it */
    STUCK_LEAST_MS = 1000,
    ASK_MS = 5000, /* a request to the registry */
    ASK_LEAST_MS = 1000,
};

static const char *const froms[] = {"beginning", "end", NULL};
static const char *const rebalances[] = {"auto", "eager", "cooperative", NULL};
static const char *const gaps[] = {"stop", "accept", NULL};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct consume_options, store, .name = "store", .arg = "URL",
               .help =
                   "Where effects and offsets are kept: sqlite:PATH or postgresql://...; default "
                   "sqlite:NAME.db"),
    MR_OPT_STR(struct consume_options, group, .name = "group", .letter = 'g', .arg = "NAME",
               .help = "Consumer group; default the consumer's name"),
    MR_OPT_STR(struct consume_options, instance, .name = "instance", .arg = "NAME",
               .help =
                   "This instance's name in the group: a restart within 45 s moves no partition"),
    MR_OPT_CHOICE(struct consume_options, rebalance, .name = "rebalance", .choices = rebalances,
                  .def = "auto",
                  .help = "How partitions move between instances; auto: cooperative with one topic "
                          "and librdkafka 2.6"),
    MR_OPT_FLAG(struct consume_options, once, .name = "once", .letter = 'e',
                .help = "End when all that the topics held at the start is handled"),
    MR_OPT_FLAG(struct consume_options, dry_run, .name = "dry-run",
                .help = "Decode and handle, keep and publish nothing; ends like --once"),
    MR_OPT_CHOICE(struct consume_options, from, .name = "from", .choices = froms,
                  .def = "beginning",
                  .help = "Where to begin partitions that the store does not know"),
    MR_OPT_CHOICE(struct consume_options, gap, .name = "gap", .choices = gaps, .def = "stop",
                  .help = "When unread records are gone: stop, or go on behind them"),
    MR_OPT_INT(struct consume_options, batch, .name = "batch", .arg = "N", .def = "5000", .min = 1,
               .max = 100000, .help = "Most records in one transaction"),
    MR_OPT_INT(struct consume_options, parked, .name = "parked-limit", .arg = "N", .def = "10000",
               .min = 1, .max = 10000000, .help = "Events put aside before their partitions wait"),
    MR_OPT_DURATION(struct consume_options, window_ms, .name = "inbox-window", .arg = "TIME",
                    .def = "0s",
                    .help = "How long event ids are remembered to skip repeats; 0s: as long as the "
                            "topics keep their records"),
    MR_OPT_DURATION(struct consume_options, drain_ms, .name = "drain-timeout", .arg = "TIME",
                    .def = "10s", .help = "Longest wait for the broker when ending"),
    MR_OPT_STR(struct consume_options, metrics, .name = "metrics", .arg = "HOST:PORT",
               .help = "Serve /metrics, /healthz and /readyz there; PORT alone: on loopback"),
    MR_OPT_DURATION(struct consume_options, stuck_ms, .name = "stuck-after", .arg = "TIME",
                    .def = "5m",
                    .help = "/healthz says 503 when the loop stands still for so long"),
    MR_OPT_FLAG(struct consume_options, json, .name = "json",
                .help = "Summary as one line of JSON on stdout"),
    MR_OPT_END,
};

/* One block: connection, engine options, then the consumer's state with its own options first. */
struct settings {
    struct mr_common common;
    struct consume_options options;
    struct notify_options notify;
    _Alignas(max_align_t) unsigned char state[];
};

struct session {
    const struct mr_consumer *consumer;
    struct settings *settings;
    struct mr_options *options;
    struct mr_store *store;
    struct mr_registry *registry;
    struct consume_kafka kafka;
    struct consume run;
    uint64_t seed;
};

static int fail(const char *name, int r, const struct mr_error *error)
{
    const char *text = *error->text ? error->text : mr_status_name(r);

    (void)fprintf(stderr, "%s-consumer: %s%s%s\n", name, error->where, *error->where ? ": " : "",
                  text);
    return r == MR_INVALID ? 2 : 1;
}

/* ---- options ---- */

static const char details[] =
    "Reads the topics that topics.yaml gives its group, and changes its tables in the store in one "
    "transaction with its offsets: each event takes effect once. What an event does is in "
    "docs/services; 'millrace store query' shows the tables.\n\n"
    "SIGTERM and SIGINT commit what is under way and publish what was emitted; a second one gives "
    "up at once.\n\n"
    "Exit status: 0 done, with dead letters too (the summary counts them); 1 failed at run time; 2 "
    "wrong usage, or a store or group that does not fit.";

/* For the program's name, three times. */
#define EXAMPLES                                                                                   \
    "%s --once\tto the end of what is there now\n"                                                 \
    "%s --dry-run\tdecode and handle, keep nothing\n"                                              \
    "%s -b kafka:9092 -r http://registry:8081 --store sqlite:/var/lib/read-model.db\tas a "        \
    "service\n"

struct description {
    char name[128], examples[1024];
    struct mr_option_table tables[5];
    struct mr_command command;
};

/* The consumer's own rows first, when it has any. */
static void describe(const struct mr_consumer *consumer, struct description *ret)
{
    struct mr_option_table *tables = ret->tables;
    char *name = ret->name;
    size_t n = 0;

    (void)snprintf(name, sizeof(ret->name), "%s-consumer", consumer->name);
    (void)snprintf(ret->examples, sizeof(ret->examples), EXAMPLES, name, name, name);
    if (consumer->options)
        tables[n++] =
            (struct mr_option_table){NULL, consumer->options, offsetof(struct settings, state)};
    tables[n++] = (struct mr_option_table){"Consuming", rows, offsetof(struct settings, options)};
    tables[n++] = (struct mr_option_table){"Messages to people", notify_option_rows,
                                           offsetof(struct settings, notify)};
    tables[n++] = (struct mr_option_table){"Connection", mr_common_options,
                                           offsetof(struct settings, common)};
    tables[n] = (struct mr_option_table){0};
    ret->command = (struct mr_command){.name = name,
                                       .summary = consumer->summary,
                                       .details = details,
                                       .tables = tables,
                                       .examples = ret->examples};
}

static int print(int r, const struct mr_buf *out)
{
    return r == 0 && mr_buf_write(out, stdout) ? 0 : 1;
}

/* True: go on. False: *ret_status is the exit status. */
static bool parse(struct session *s, int argc, char **argv, int *ret_status)
{
    struct mr_error error = MR_ERROR_INIT;
    struct description description;
    const struct mr_command *command = &description.command;
    enum mr_option_asked asked;

    describe(s->consumer, &description);
    int r = mr_options_parse(command, argc, argv, s->settings, &s->options, &asked, &error);
    if (r == MR_END) {
        MR_AUTO(mr_buf) struct mr_buf out = {0};
        r = mr_options_answer(command, asked, &out);
        *ret_status = print(r, &out);
        return false;
    }
    if (r == 0)
        r = mr_common_resolve(&s->settings->common, s->options, true, true, &error);
    if (r == 0)
        return true;
    *ret_status = fail(s->consumer->name, r, &error);
    return false;
}

/* ---- opening ---- */

/* Where unread records are gone is for --gap to say, not for librdkafka. */
static int check_properties(const struct mr_common *common, struct mr_error *reterr)
{
    static const char reset[] = "auto.offset.reset=";

    for (size_t i = 0; i < common->properties.n_items; i++)
        if (strncmp(common->properties.items[i], reset, sizeof(reset) - 1) == 0)
            return mr_error_set(reterr, MR_INVALID,
                                "-X auto.offset.reset: --from says where to begin, and --gap what "
                                "to do when unread records are gone: leave it out");
    return 0;
}

static int fill_defaults(struct session *s, struct mr_error *reterr)
{
    struct consume_options *o = &s->settings->options;
    char text[256];

    o->once |= o->dry_run;
    if (o->instance && (!*o->instance || strlen(o->instance) > INSTANCE))
        return mr_error_set(reterr, MR_INVALID, "--instance is a name of 1 to %d bytes", INSTANCE);
    if (o->group && !*o->group)
        return mr_error_set(reterr, MR_INVALID, "--group is empty: name the consumer group");
    if (o->stuck_ms < STUCK_LEAST_MS)
        return mr_error_set(reterr, MR_INVALID, "--stuck-after must be at least %d s",
                            STUCK_LEAST_MS / 1000);
    if (!o->group)
        o->group = s->consumer->name;
    if (o->store)
        return 0;
    int len = snprintf(text, sizeof(text), "sqlite:%s.db", s->consumer->name);
    o->store = mr_options_keep(s->options, text, (size_t)len);
    return o->store ? 0 : -ENOMEM;
}

static bool asked_to_stop(MR_UNUSED void *opaque)
{
    return stop_requests() > 0;
}

/* The loop holds a partition and asks again by itself, so one request here is one try. A batch may
 * wait for it: for well below the time after which PostgreSQL ends who stands still, whatever the
 * number of URLs. */
static int open_registry(struct session *s, struct mr_error *reterr)
{
    struct mr_registry_config config = mr_registry_config_from(&s->settings->common);

    int32_t n_urls = 1;
    for (const char *at = config.urls; at && (at = strchr(at, ',')); at++)
        n_urls++;
    config.retries = -1;
    config.timeout_ms = n_urls < ASK_MS / ASK_LEAST_MS ? ASK_MS / n_urls : ASK_LEAST_MS;
    config.stop = asked_to_stop;
    return mr_registry_new(&config, &s->registry, reterr);
}

static int open_all(struct session *s, struct mr_error *reterr)
{
    const struct mr_common *common = &s->settings->common;
    struct mr_store_options how = {.rehearse = s->settings->options.dry_run};
    struct mr_kafka_config config = {
        .brokers = common->brokers,
        .client_id = s->consumer->name,
        .properties = common->properties.items,
        .n_properties = common->properties.n_items,
    };
    struct consume *run = &s->run;

    run->consumer = s->consumer;
    run->group = mr_catalog_group(mr_catalog_builtin(), mr_str_from(s->consumer->name));
    if (!run->group)
        return mr_error_set(reterr, -EINVAL, "topics.yaml has no consumer group %s",
                            s->consumer->name);
    int r = check_properties(common, reterr);
    if (r == 0)
        r = fill_defaults(s, reterr);
    if (r == 0)
        r = mr_store_open(s->settings->options.store, &how, &s->store, reterr);
    if (r == 0)
        r = open_registry(s, reterr);
    if (r == 0 && s->consumer->open)
        r = s->consumer->open(s->settings->state, reterr);
    if (r != 0)
        return r;
    run->options = s->settings->options;
    run->options.notify_for_ms = s->settings->notify.for_ms;
    run->options.notify_keep_ms = s->settings->notify.keep_ms;
    run->store = s->store;
    run->self = s->settings->state;
    run->broker = consume_kafka_broker(&s->kafka);
    run->registry = consume_real_registry(s->registry);
    s->seed = (uint64_t)mr_time_steady();
    run->world = consume_real_world(&s->seed);
    r = notify_channel_open(run, &s->settings->notify, &run->notify.channel, reterr);
    if (r == 0)
        r = consume_open(run, reterr);
    if (r == 0 && run->options.metrics)
        r = consume_health_open(run, run->options.metrics, run->options.stuck_ms, reterr);
    return r == 0 ? consume_kafka_open(run, &s->kafka, &config, reterr) : r;
}

static void close_all(struct session *s)
{
    consume_kafka_close(&s->kafka);
    if (s->consumer->close)
        s->consumer->close(s->settings->state);
    consume_close(&s->run);
    (void)mr_registry_free(s->registry);
    (void)mr_store_free(s->store);
}

/* ---- running ---- */

static int run_all(struct session *s)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;

    int r = stop_install();
    if (r == 0)
        r = open_all(s, &error);
    bool opened = r == 0;
    if (r == 0)
        r = consume_run(&s->run, &error);
    int status = r == 0                                   ? 0
                 : r == -ECANCELED && stop_requests() > 0 ? 0
                                                          : fail(s->consumer->name, r, &error);
    if (opened && consume_summary(&s->run, &out) == 0) {
        FILE *to = s->settings->options.json ? stdout : stderr;
        if (!mr_buf_write(&out, to) || fflush(to) != 0)
            status =
                fail(s->consumer->name,
                     mr_error_set(&error, -errno, "cannot write: %s", strerror(errno)), &error);
    }
    close_all(s);
    return status;
}

int mr_consumer_main(const struct mr_consumer *consumer, int argc, char **argv)
{
    struct session s = {.consumer = consumer};
    int status;

    (void)mr_store_hide_passwords(argc, argv);
    s.settings = calloc(1, sizeof(*s.settings) + consumer->size);
    if (!s.settings)
        return fail(consumer->name, -ENOMEM, &MR_ERROR_INIT);
    status = 1;
    if (parse(&s, argc, argv, &status))
        status = run_all(&s);
    (void)mr_options_free(s.options);
    free(s.settings);
    return status;
}
