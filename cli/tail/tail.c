/* SPDX-License-Identifier: Apache-2.0 */
/* millrace tail TOPIC...: records as JSON, as they come. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cluster.h"
#include "../stopped.h"
#include "../verb.h"
#include "millrace/time.h"
#include "tail.h"

static const struct mr_option rows[] = {
    MR_OPT_STR(struct tail, offsets, .name = "offset", .letter = 'o', .arg = "WHERE",
               .def = "beginning", .env = "",
               .help = "Start: beginning, end, stored, N, -N (of each partition), @TIME; and "
                       "stop: WHERE:end, WHERE:N, @TIME:TIME"),
    MR_OPT_INT(struct tail, last, .name = "tail", .arg = "N", .env = "",
               .help = "Start N records before the end of each partition"),
    MR_OPT_FLAG(struct tail, exit, .name = "exit", .letter = 'e', .env = "",
                .help = "Exit at the end, as it is when the command starts"),
    MR_OPT_INT(struct tail, count, .name = "count", .letter = 'c', .arg = "N", .def = "0", .min = 0,
               .max = INT64_MAX, .env = "", .help = "Exit after N records shown; 0: never"),
    MR_OPT_LIST(struct tail, where, .name = "where", .letter = 'w', .arg = "FIELD=VALUE", .env = "",
                .help =
                    "Only records with this value, such as data.order_id=ord-1; several must all "
                    "hold; FIELD!=VALUE: without it"),
    MR_OPT_STR(struct tail, correlation, .name = "correlation", .letter = 'k', .arg = "ID",
               .env = "",
               .help = "Only records with this key; reads only the partitions where it belongs"),
    MR_OPT_FLAG(
        struct tail, json, .name = "json", .letter = 'J', .env = "",
        .help = "The whole record as JSON: topic, partition, offset, time, key, headers, value"),
    MR_OPT_STR(struct tail, format, .name = "format", .letter = 'f', .arg = "FORMAT", .env = "",
               .help = "A form of your own: %t topic, %p partition, %o offset, %k key, %s value, "
                       "%h headers, %T time in ms, %I time, %i schema id, %K and %S lengths, \\n"),
    MR_OPT_STR(struct tail, group, .name = "group", .letter = 'g', .arg = "GROUP", .env = "",
               .help = "For '-o stored': the group whose offsets these are; nothing is committed"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Connection", .rows = mr_common_options, .base = offsetof(struct tail, common)},
    {.rows = NULL},
};

static const struct mr_command tail_command = {
    .name = "tail",
    .program = "millrace",
    .synopsis = "TOPIC...",
    .summary = "Shows the records of topics as JSON, and waits for more",
    .details =
        "TOPIC is a topic's name, a glob with * and ?, or the name of an event or service of the "
        "catalogue. Each record is one line: its value as JSON; with -J the whole record; on a "
        "terminal "
        "its time, topic, partition, offset, key, and of an event the data alone.\n\n"
        "A record that cannot be decoded is shown as {\"undecoded\":{\"why\":...,\"base64\":...}} "
        "and the "
        "tail goes on. FIELD is a path of names and positions, joined by dots; a name goes into "
        "every "
        "item of a list, and what is not found at the top is looked for in data.\n\n"
        "--correlation trusts that records lie where their key puts them (murmur2, as Millrace and "
        "JVM "
        "clients do); '--where correlation_id=ID' reads all partitions. Topics made after the "
        "start are "
        "not seen.",
    .tables = tables,
    .examples = "millrace tail 'order-management.*' -e\tall orders so far, then exit\n"
                "millrace tail '*' -k ord-17 -e -J\twhat happened to one order, in all topics\n"
                "millrace tail OrderCreatedEvent -o @-1h -w currency=EUR\tof the last hour\n"
                "millrace tail '*.dlq' -f '%t %p %o %h\\n'\twhat is in the dead-letter topics\n",
};

/* A full local queue would stop fetching for a second: make it larger than what comes in that time.
 */
static int open_consumer(struct tail *t, struct mr_error *reterr)
{
    static const char *const ours[] = {"enable.partition.eof=true", "queued.min.messages=1000000"};
    /* people read slowly: there the memory is better saved */
    size_t n_ours = MR_N_ELEMENTS(ours) - (t->render.form == RENDER_PEOPLE);
    struct mr_kafka_config config = cluster_config(&t->common);
    MR_AUTO(free)
    const char **properties = calloc(n_ours + config.n_properties, sizeof(*properties));

    if (!properties)
        return -ENOMEM;
    memcpy(properties, ours, n_ours * sizeof(*ours));
    for (size_t i = 0; i < config.n_properties; i++)
        properties[n_ours + i] = config.properties[i];
    config.properties = properties;
    config.n_properties += n_ours;
    return mr_kafka_consumer_new(&config, t->group, NULL, &t->consumer, reterr);
}

static int open_registry(struct tail *t, struct mr_options *options, struct mr_error *reterr)
{
    struct mr_error none = MR_ERROR_INIT;
    int r = mr_common_resolve(&t->common, options, false, true, &none);

    if (r == 0) {
        struct mr_registry_config config = mr_registry_config_from(&t->common);
        config.stop = stopped;
        r = mr_registry_new(&config, &t->registry, reterr);
    } else if (r == MR_INVALID) {
        r = 0; /* perhaps there is nothing to decode */
    }
    return r != 0 ? r : decoders_init(&t->render.decoders, t->registry);
}

static int choose_form(struct tail *t, struct mr_error *reterr)
{
    struct render *render = &t->render;
    bool terminal = isatty(STDOUT_FILENO);

    if (t->json && t->format)
        return mr_error_set(reterr, MR_INVALID, "-J and -f exclude each other");
    render->form = t->json     ? RENDER_JSON
                   : t->format ? RENDER_FORMAT
                   : terminal  ? RENDER_PEOPLE
                               : RENDER_VALUES;
    render->style = term_style(term_colour(STDOUT_FILENO));
    int r = filter_init(&render->filter, &t->where, reterr);
    if (r == 0 && t->format)
        r = format_init(&render->format, t->format, reterr);
    render->needs_value = render->filter.n_terms > 0 || format_has(&render->format, FORMAT_VALUE) ||
                          format_has(&render->format, FORMAT_SCHEMA);
    return r;
}

static int choose_range(struct tail *t, struct mr_options *options, struct range *range,
                        struct mr_error *reterr)
{
    int r = range_parse(t->offsets, mr_time_now() / 1000, range, reterr);

    if (r != 0)
        return r;
    if (mr_options_given(options, "tail")) {
        if (mr_options_given(options, "offset"))
            return mr_error_set(reterr, MR_INVALID, "--tail and -o exclude each other");
        if (t->last < 0)
            return mr_error_set(reterr, MR_INVALID, "--tail must not be negative (was %" PRId64 ")",
                                t->last);
        range->from = (struct range_place){RANGE_BACK, t->last};
    }
    if (range->from.kind == RANGE_STORED && !t->group)
        return mr_error_set(reterr, MR_INVALID, "'-o stored' needs -g GROUP");
    return 0;
}

static int prepare(struct tail *t, struct mr_options *options, struct mr_error *reterr)
{
    struct plan_wish wish = {.catalog = mr_catalog_builtin(), .exit = t->exit};

    wish.words = mr_options_rest(options, &wish.n_words);
    if (wish.n_words == 0)
        return mr_error_set(reterr, MR_INVALID,
                            "give a TOPIC, such as 'order-management.*', or '*' for all");
    if (t->correlation) {
        plan_keys_init(&t->keys, t->correlation);
        wish.keys = &t->keys;
    }
    int r = choose_range(t, options, &wish.range, reterr);
    if (r == 0)
        r = choose_form(t, reterr);
    if (r == 0)
        r = mr_common_resolve(&t->common, options, true, false, reterr);
    if (r == 0)
        r = open_registry(t, options, reterr);
    if (r == 0)
        r = open_consumer(t, reterr);
    if (r == 0)
        r = plan_init(&t->plan, t->consumer, &wish, reterr);
    if (r == 0 && t->plan.scans)
        (void)fprintf(stderr,
                      "millrace tail: this broker cannot look a time up: reading everything\n");
    return r == 0 && t->plan.n_left > 0 ? plan_assign(&t->plan, t->consumer, reterr) : r;
}

static void close_all(struct tail *t)
{
    plan_done(&t->plan);
    t->consumer = mr_kafka_consumer_free(t->consumer);
    decoders_done(&t->render.decoders);
    t->registry = mr_registry_free(t->registry);
    filter_done(&t->render.filter);
    format_done(&t->render.format);
    mr_buf_done(&t->render.scratch);
    mr_buf_done(&t->out);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct tail t = {.exit = false};
    int status;

    if (!verb_options(&tail_command, argc, argv, &t, &options, &status))
        return status;
    t.render.error = MR_ERROR_INIT;
    stopped_listen();
    int r = prepare(&t, options, &error);
    if (r == 0 && (r = tail_loop(&t)) != 0)
        error = t.render.error;
    if (r == -ECANCELED && stopped(NULL))
        r = 0;
    if (r == 0 && t.render.n_undecoded > 0)
        (void)fprintf(stderr,
                      "millrace tail: %" PRIu64 " of %" PRId64 " records could not be decoded\n",
                      t.render.n_undecoded, t.n_read);
    if (r == 0)
        filter_tell_unknown(&t.render.filter);
    status = r == 0 ? 0 : verb_fail(&tail_command, r, &error);
    close_all(&t);
    return status;
}

const struct verb verb_tail = {.command = &tail_command, .run = run};
