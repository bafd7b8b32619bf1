/* SPDX-License-Identifier: Apache-2.0 */
/* millrace simulate PLATFORM: endless, seeded flows of related events in each platform's own JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../verb.h"
#include "millrace/catalog.h"
#include "millrace/time.h"
#include "sim.h"

static const struct sim_platform *const platforms[] = {
    &sim_bookings, &sim_festivo, &sim_first_viscount, &sim_product_management, &sim_ticketwave,
};

enum { MAX_SERVICES = 16 };
static const int64_t DAY = INT64_C(86400000000); /* in microseconds */

struct simulate {
    int64_t events, seed, rate, bad, duplicates;
    const char *start, *service, *split;
    bool json;
    /* state */
    struct sim sim, mishaps; /* mishaps have chance of their own: they do not change the flows */
    struct {
        const char *service;
        FILE *file;
    } files[MAX_SERVICES];
    size_t n_files;
    int64_t n_events, n_bad, n_duplicates, began;
};

static const struct mr_option options_of_simulate[] = {
    MR_OPT_INT(struct simulate, events, .name = "events", .letter = 'n', .arg = "N", .def = "1000",
               .min = 0, .max = INT64_MAX, .env = "", .help = "Stop after N events; 0: never"),
    MR_OPT_INT(struct simulate, seed, .name = "seed", .arg = "S", .def = "1", .env = "",
               .help = "The same seed and start give the same events; platforms share no id"),
    MR_OPT_INT(struct simulate, rate, .name = "rate", .arg = "R", .def = "0", .min = 0,
               .max = 10000000, .env = "",
               .help = "Events per second; 0: as fast as they are read"),
    MR_OPT_STR(struct simulate, start, .name = "start", .arg = "TIME", .env = "",
               .help = "Time of the first event (RFC 3339); default: yesterday, 00:00 UTC"),
    MR_OPT_STR(struct simulate, service, .name = "service", .arg = "NAME", .env = "",
               .help = "Print only events of this service"),
    MR_OPT_STR(struct simulate, split, .name = "split", .arg = "FOLDER", .env = "",
               .help = "Write FOLDER/SERVICE.ndjson for each service instead of printing"),
    MR_OPT_INT(struct simulate, bad, .name = "bad", .arg = "PERCENT", .def = "0", .min = 0,
               .max = 100, .env = "",
               .help = "Spoil so many of the events, each in one of three ways"),
    MR_OPT_INT(struct simulate, duplicates, .name = "duplicates", .arg = "PERCENT", .def = "0",
               .min = 0, .max = 100, .env = "", .help = "Repeat so many of the events"),
    MR_OPT_FLAG(struct simulate, json, .name = "json", .env = "", .help = "Summary as JSON"),
    MR_OPT_END,
};

static const struct mr_option_table tables[] = {{.rows = options_of_simulate}, {.rows = NULL}};

static const struct mr_command simulate_command = {
    .name = "simulate",
    .program = "millrace",
    .synopsis = "PLATFORM",
    .summary = "Prints realistic events of a platform, one JSON document a line",
    .details = "PLATFORM is bookings, festivo, first-viscount, product-management or ticketwave. "
               "Events of many flows are mixed in the order of their time; every event of the "
               "platform occurs within the first few hundred. A producer takes the events of its "
               "own service: use --service or --split.",
    .tables = tables,
    .examples = "millrace simulate product-management -n 1000 | product-management-producer\t"
                "a thousand events to Kafka\n"
                "millrace simulate festivo --split /tmp/festivo\tone file for each service\n",
};

static int open_file(struct simulate *m, const char *service, FILE **ret_file,
                     struct mr_error *error)
{
    char path[4096];

    for (size_t i = 0; i < m->n_files; i++) {
        if (strcmp(m->files[i].service, service) == 0) {
            *ret_file = m->files[i].file;
            return 0;
        }
    }
    if (m->n_files == MAX_SERVICES)
        return -ENOSPC;
    if (mkdir(m->split, 0777) != 0 && errno != EEXIST)
        return mr_error_set(error, -errno, "cannot make folder '%s': %s", m->split,
                            strerror(errno));
    (void)snprintf(path, sizeof(path), "%s/%s.ndjson", m->split, service);
    FILE *file = fopen(path, "we");
    if (!file)
        return mr_error_set(error, -errno, "cannot write '%s': %s", path, strerror(errno));
    m->files[m->n_files].service = service;
    m->files[m->n_files++].file = file;
    *ret_file = file;
    return 0;
}

/* A spoilt event stays one line: cut short, with a member nobody knows, or with no braces at all.
 */
static void spoil(struct simulate *m, const struct sim_event *event, FILE *out)
{
    switch (sim_between(&m->mishaps, 0, 2)) {
    case 0:
        (void)fwrite(event->text, 1, event->len / 2, out);
        break;
    case 1:
        (void)fprintf(out, "{\"nobodyKnows\":1,%.*s", (int)event->len - 1, event->text + 1);
        break;
    default:
        (void)fprintf(out, "%.*s", (int)event->len - 2, event->text + 1);
    }
    (void)fputc('\n', out);
}

static int put(struct simulate *m, const struct sim_event *event, struct mr_error *error)
{
    FILE *out = stdout;
    int r = m->split ? open_file(m, event->service, &out, error) : 0;

    if (r != 0)
        return r;
    m->n_events++;
    if (sim_percent(&m->mishaps, (int)m->bad)) {
        m->n_bad++;
        spoil(m, event, out);
    } else {
        (void)fwrite(event->text, 1, event->len, out);
        (void)fputc('\n', out);
        if (sim_percent(&m->mishaps, (int)m->duplicates)) {
            m->n_duplicates++;
            (void)fwrite(event->text, 1, event->len, out);
            (void)fputc('\n', out);
        }
    }
    return ferror(out) ? mr_error_set(error, -EIO, "cannot write: %s", strerror(errno)) : 0;
}

/* Sleeps until the event's turn has come at the wanted rate. */
static void pace(struct simulate *m)
{
    if (m->rate == 0)
        return;
    int64_t ahead = m->began + m->n_events * 1000000 / m->rate - mr_time_steady();
    if (ahead > 1000) {
        (void)fflush(NULL);
        struct timespec pause = {ahead / 1000000, ahead % 1000000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
}

static int simulate(struct simulate *m, const struct sim_platform *platform, int64_t start,
                    struct mr_error *error)
{
    struct sim *s = &m->sim;
    int64_t next = start;

    for (uint64_t round = 0;; round++) {
        s->now = next;
        platform->flow(s, round);
        if (s->error != 0)
            return s->error;
        next += sim_between(s, platform->pause / 2, platform->pause * 3 / 2);
        struct sim_event event;
        /* the next flows all begin later: what is due before them has its final place */
        while (sim_take(s, next, &event)) {
            int r = 0;
            if (!m->service || strcmp(m->service, event.service) == 0) {
                pace(m);
                r = put(m, &event, error);
            }
            free(event.text);
            if (r != 0)
                return r;
            if (m->events != 0 && m->n_events == m->events)
                return 0;
        }
    }
}

static int finish(struct simulate *m, int r, struct mr_error *error)
{
    for (size_t i = 0; i < m->n_files; i++)
        if (fclose(m->files[i].file) != 0 && r == 0)
            r = mr_error_set(error, -EIO, "cannot write to '%s'", m->split);
    if (fflush(stdout) != 0 && r == 0)
        r = mr_error_set(error, -EIO, "cannot write: %s", strerror(errno));
    sim_done(&m->sim);
    return r;
}

/* Every service that publishes occurs in its platform's flows; no other ever would. */
static int check_service(const struct simulate *m, const struct sim_platform *platform,
                         struct mr_error *error)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    const char *names[MAX_SERVICES];
    size_t n = 0;

    for (size_t i = 0; i < catalog->n_services; i++) {
        const struct mr_service *service = &catalog->services[i];
        if (service->n_topics == 0 || strcmp(service->platform->name, platform->name) != 0)
            continue;
        if (!m->service || strcmp(m->service, service->name) == 0)
            return 0;
        if (n < MR_N_ELEMENTS(names))
            names[n++] = service->name;
    }
    const char *near = mr_nearest(m->service, names, n);
    return mr_error_set(error, MR_INVALID, "--service: '%s' publishes nothing on %s%s%s%s",
                        m->service, platform->name, near ? ": did you mean '" : "",
                        near ? near : "", near ? "'?" : "");
}

static int check(const struct simulate *m, size_t n_words, char **words,
                 const struct sim_platform **ret_platform, int64_t *ret_start,
                 struct mr_error *error)
{
    const char *names[MR_N_ELEMENTS(platforms)];

    for (size_t i = 0; i < MR_N_ELEMENTS(platforms); i++) {
        names[i] = platforms[i]->name;
        if (n_words == 1 && strcmp(words[0], names[i]) == 0)
            *ret_platform = platforms[i];
    }
    if (!*ret_platform) {
        const char *near = n_words == 1 ? mr_nearest(words[0], names, MR_N_ELEMENTS(names)) : NULL;
        return mr_error_set(error, MR_INVALID,
                            "%s%s%s: give one of bookings, festivo, "
                            "first-viscount, product-management, ticketwave",
                            n_words == 1 ? "no such platform" : "one PLATFORM is needed",
                            near ? "; nearest is " : "", near ? near : "");
    }
    *ret_start = (mr_time_now() / DAY - 1) * DAY; /* a seed alone gives the same events all day */
    if (m->start && mr_time_parse_micros(mr_str_from(m->start), ret_start) != 0)
        return mr_error_set(error, MR_INVALID,
                            "--start must be an instant such as "
                            "2024-01-15T10:00:00Z (was '%s')",
                            m->start);
    return check_service(m, *ret_platform, error);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct simulate m = {.n_events = 0};
    struct mr_error error = MR_ERROR_INIT;
    const struct sim_platform *platform = NULL;
    int64_t start;
    size_t n;
    int status;

    if (!verb_options(&simulate_command, argc, argv, &m, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    int r = check(&m, n, words, &platform, &start, &error);
    if (r != 0)
        return verb_fail(&simulate_command, r, &error);
    sim_init(&m.sim, platform->name, (uint64_t)m.seed, start);
    sim_init(&m.mishaps, "mishaps", (uint64_t)m.seed, start);
    m.began = mr_time_steady();
    r = finish(&m, simulate(&m, platform, start, &error), &error);
    if (r != 0)
        return verb_fail(&simulate_command, r, &error);
    (void)fprintf(
        stderr,
        m.json ? "{\"events\":%" PRId64 ",\"bad\":%" PRId64 ",\"duplicates\":%" PRId64 "}\n"
               : "simulated %" PRId64 " events, %" PRId64 " of them bad, and %" PRId64 " repeats\n",
        m.n_events, m.n_bad, m.n_duplicates);
    return 0;
}

const struct verb verb_simulate = {.command = &simulate_command, .run = run};
