/* SPDX-License-Identifier: Apache-2.0 */
/* millrace up: a broker and a registry on loopback, with every topic and schema. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "choose.h"
#include "doc.h"
#include "millrace/kafka.h"
#include "millrace/log.h"
#include "millrace/registry.h"
#include "millrace/time.h"
#include "up.h"
#include "verb.h"

struct up {
    struct choose choose;
    const char *listen, *output;
    int64_t partitions;
    bool background;
    /* state */
    char state[4096];
    int lock, parent; /* descriptors; parent: -1 in the foreground */
    struct mr_kafka_embedded *broker;
    struct mr_registry_server *registry;
    size_t n_topics, n_schemas;
    int64_t began;
};

static const struct mr_option rows[] = {
    MR_OPT_FLAG(struct up, background, .name = "background", .letter = 'd', .env = "",
                .help = "Return as soon as it is ready; 'millrace down' ends it"),
    MR_OPT_INT(struct up, partitions, .name = "partitions", .arg = "N", .def = "1", .min = 1,
               .max = 1000, .env = "",
               .help = "At most N partitions for each topic, where topics.yaml has more"),
    MR_OPT_STR(struct up, listen, .name = "listen", .letter = 'l', .arg = "HOST:PORT",
               .def = "127.0.0.1:0", .env = "",
               .help = "Where the registry listens; port 0: one of the system's choice"),
    MR_OPT_CHOICE(struct up, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of what is said when it is ready"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct up, choose)},
    {.rows = NULL},
};

static const struct mr_command up_command = {
    .name = "up",
    .program = "millrace",
    .summary = "Runs a broker and a schema registry on this machine, ready for use",
    .details = "The broker is the one that librdkafka carries. It is for trying out and for tests: "
               "all topics "
               "are made and all schemas registered, and every other command and program of "
               "Millrace finds it "
               "by itself.\n\n"
               "What it cannot do: it keeps everything in memory and forgets it when it ends; a "
               "partition holds "
               "about 5 MB and drops its oldest records silently beyond that; it has no admin "
               "requests (topics "
               "create, settings), no lookup by time, and no transactions across restarts. "
               "Anything real is "
               "Apache Kafka and 'millrace registry serve'.\n\n"
               "Ctrl-C, SIGTERM or 'millrace down' end it.",
    .tables = tables,
    .examples = "millrace up\tuntil Ctrl-C\n"
                "millrace up --background && millrace tail '*' -e; millrace down\tin a script\n",
};

static int make_topics(struct up *up, const struct mr_topic *const *topics, size_t n,
                       struct mr_error *reterr)
{
    for (size_t i = 0; i < n; i++) {
        int32_t partitions = topics[i]->partitions;
        if (partitions > up->partitions)
            partitions = (int32_t)up->partitions;
        int r = mr_kafka_embedded_create(up->broker, topics[i]->name, partitions);
        if (r != 0 && r != MR_ABSENT)
            return mr_error_set(reterr, r < 0 ? r : -EIO, "cannot make topic '%s'",
                                topics[i]->name);
    }
    up->n_topics = n;
    return 0;
}

static int register_schemas(struct up *up, const struct mr_topic *const *topics, size_t n,
                            struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *client = NULL;
    char url[128], subject[300];

    (void)snprintf(url, sizeof(url), "http://%s", mr_registry_server_address(up->registry));
    const struct mr_registry_config config = {.urls = url};
    int r = mr_registry_new(&config, &client, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        if (!topics[i]->schema_text)
            continue;
        (void)snprintf(subject, sizeof(subject), "%s-value", topics[i]->name);
        struct mr_publication publication = {
            .subject = subject,
            .text = {topics[i]->schema_text, topics[i]->schema_len},
            .level = topics[i]->compatibility};
        r = mr_registry_publish(client, &publication, reterr);
        if (r == 0 && publication.outcome == MR_PUBLISH_REFUSED)
            r = -EINVAL;
        up->n_schemas++;
    }
    return r;
}

static int start(struct up *up, const struct choose *choose, struct mr_error *reterr)
{
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    const struct mr_registry_server_config config = {.listen = up->listen,
                                                     .level = MR_COMPAT_FULL_TRANSITIVE};
    size_t n;
    int r = choose_topics(choose, NULL, 0, false, &topics, &n, reterr);

    if (r == 0)
        r = mr_kafka_embedded_start(1, &up->broker, reterr);
    if (r == 0)
        r = mr_registry_server_start(&config, &up->registry, reterr);
    if (r == 0)
        r = make_topics(up, topics, n, reterr);
    return r == 0 ? register_schemas(up, topics, n, reterr) : r;
}

static int write_state(const struct up *up, struct mr_error *reterr)
{
    char text[1024];
    int n = snprintf(text, sizeof(text), "brokers=%s\nregistry=http://%s\npid=%d\n",
                     mr_kafka_embedded_brokers(up->broker),
                     mr_registry_server_address(up->registry), (int)getpid());

    return mr_state_set(up->state, text, (size_t)n, reterr);
}

static int say_text(const struct up *up, double seconds, struct mr_buf *out)
{
    return mr_buf_printf(out,
                         "millrace up: ready after %.2f s, process %d\n"
                         "  brokers   %s\n"
                         "  registry  http://%s\n"
                         "  %zu topics of at most %" PRId64
                         " partitions, %zu schemas; other commands find them by %s\n"
                         "In memory only: all is gone when it ends, a partition keeps its newest 5 "
                         "MB, and there are no "
                         "admin requests and no lookup by time.\n%s",
                         seconds, (int)getpid(), mr_kafka_embedded_brokers(up->broker),
                         mr_registry_server_address(up->registry), up->n_topics, up->partitions,
                         up->n_schemas, up->state,
                         up->background ? "'millrace down' ends it.\n" : "Ctrl-C ends it.\n");
}

static int say_doc(const struct up *up, double seconds, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = strcmp(up->output, "yaml") == 0};
    char url[128];

    (void)snprintf(url, sizeof(url), "http://%s", mr_registry_server_address(up->registry));
    doc_object(&doc, NULL);
    doc_text(&doc, "brokers", mr_kafka_embedded_brokers(up->broker));
    doc_text(&doc, "registry", url);
    doc_long(&doc, "pid", getpid());
    doc_text(&doc, "state", up->state);
    doc_long(&doc, "topics", (int64_t)up->n_topics);
    doc_long(&doc, "schemas", (int64_t)up->n_schemas);
    doc_long(&doc, "ready_ms", (int64_t)(seconds * 1000));
    doc_end(&doc);
    return doc.r;
}

/* In the background: the parent leaves when this arrives, and our output is nobody's any more. */
static int say_ready(struct up *up)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    double seconds = (double)(mr_time_steady() - up->began) / 1e6;
    int r = (strcmp(up->output, "text") == 0 ? say_text : say_doc)(up, seconds, &out);

    if (r != 0)
        return r;
    if (!mr_buf_write(&out, stdout) || fflush(stdout) != 0)
        return -EIO;
    if (up->parent < 0)
        return 0;
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0)
        return -errno;
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        (void)dup2(nowhere, fd);
    (void)close(nowhere);
    bool told = write(up->parent, "", 1) == 1;
    (void)close(up->parent);
    return told ? 0 : -EPIPE;
}

/* Threads inherit the blocked signals, so that only the wait below sees them. */
static int serve(struct up *up, const struct choose *choose, struct mr_error *reterr)
{
    sigset_t ends;
    pid_t holder;
    int got;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    /* makes the folder, and what a killed one left says nothing any more */
    int r = up_holder(up->state) ? 0 : mr_state_set(up->state, "", 0, reterr);
    if (r == 0)
        r = up_lock(up->state, &up->lock, &holder, reterr);
    if (r != 0)
        return r;
    r = start(up, choose, reterr);
    if (r == 0)
        r = write_state(up, reterr);
    if (r == 0)
        r = say_ready(up);
    if (r == 0)
        (void)sigwait(&ends, &got);
    (void)unlink(up->state);
    up->registry = mr_registry_server_stop(up->registry);
    if (r == 0)
        _exit(0); /* librdkafka's mock would take a second to end, and has nothing to save */
    up->broker = mr_kafka_embedded_stop(up->broker);
    (void)close(up->lock);
    return r;
}

/* True in the child; in the parent *ret_status is what to return, once the child is ready or gone.
 */
static bool leave_parent(struct up *up, int *ret_status)
{
    int pipe_fds[2], status = 0;
    char byte;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return true;
    pid_t child = fork();
    if (child == 0) {
        (void)close(pipe_fds[0]);
        (void)setsid();
        up->parent = pipe_fds[1];
        return true;
    }
    (void)close(pipe_fds[1]);
    *ret_status = 1;
    if (child > 0 && read(pipe_fds[0], &byte, 1) == 1)
        *ret_status = 0;
    else if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status))
        *ret_status = WEXITSTATUS(status);
    (void)close(pipe_fds[0]);
    return false;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct up up = {.parent = -1, .began = mr_time_steady()};
    int status;

    if (!verb_options(&up_command, argc, argv, &up, &options, &status))
        return status;
    MR_AUTO(choose) struct choose choose = up.choose;
    int r = choose_open(&choose, &error);
    if (r != 0)
        return verb_fail(&up_command, r, &error);
    (void)mr_state_path(up.state, sizeof(up.state));
    if (up.background && !leave_parent(&up, &status))
        return status;
    r = serve(&up, &choose, &error);
    return r == 0 ? 0 : verb_fail(&up_command, r, &error);
}

const struct verb verb_up = {.command = &up_command, .run = run};
