/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a producer against the embedded broker, and the count of all that it read. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "millrace/kafka.h"
#include "millrace/time.h"
#include "produce.h"
#include "stop.h"
#include "support/unit.h"

enum { WAIT = 10000 };
static const char TOPIC[] = "ticketwave-catalog.inventory.updated.v1";
static const char DEAD[] = "ticketwave-catalog.dlq";

struct run {
    struct mr_kafka_embedded *embedded;
    struct produce produce;
    struct produce_options options;
    char folder[64], input[96], rejects[96], checkpoint[96];
    char *paths[1];
};

static inline const struct mr_producer *producer(void)
{
    for (size_t i = 0; i < mr_n_producers; i++)
        if (strcmp(mr_producers[i]->service, "ticketwave-catalog") == 0)
            return mr_producers[i];
    return NULL;
}

/* n events, every bad-th of them broken (0: none). */
static inline void write_input(const char *path, int n, int bad)
{
    FILE *out = fopen(path, "we");

    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < n; i++)
        (void)fprintf(out,
                      "{\"EventId\":\"550e8400-e29b-41d4-a716-446655440000\",\"BookingId\":"
                      "\"550e8400-e29b-41d4-a716-%012d\",\"PreviousAvailableTickets\":%d,"
                      "\"CurrentAvailableTickets\":%d,\"UpdateType\":\"sold\",\"UpdatedAt\":"
                      "\"2024-03-01T10:00:00Z\"}\n",
                      i, i + 1, bad && i % bad == bad - 1 ? -1 : i);
    ck_assert_int_eq(fclose(out), 0);
}

static inline void start(struct run *run)
{
    struct mr_error error = MR_ERROR_INIT;

    *run =
        (struct run){.options = {.unknown = "refuse", .checkpoint_every_ms = 10, .drain_ms = 500}};
    (void)snprintf(run->folder, sizeof(run->folder), "/tmp/mr-fault-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(run->folder));
    (void)snprintf(run->input, sizeof(run->input), "%s/in", run->folder);
    (void)snprintf(run->rejects, sizeof(run->rejects), "%s/rejects", run->folder);
    (void)snprintf(run->checkpoint, sizeof(run->checkpoint), "%s/cp", run->folder);
    run->paths[0] = run->input;
    ck_assert_int_eq(mr_kafka_embedded_start(1, &run->embedded, &error), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(run->embedded, TOPIC, 3), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(run->embedded, DEAD, 1), 0);
}

/* Everything that a binary opens, but the schema's id is given instead of looked up. */
static inline void open_run(struct run *run, const char *const *properties, size_t n_properties,
                            bool from_stdin)
{
    struct produce *produce = &run->produce;
    const struct mr_catalog *catalog = mr_catalog_builtin();
    struct mr_error error = MR_ERROR_INIT;

    *produce =
        (struct produce){.producer = producer(),
                         .options = &run->options,
                         .service = mr_catalog_service(catalog, MR_STR("ticketwave-catalog"))};
    ck_assert_int_eq(stop_install(), 0);
    ck_assert_int_eq(
        intake_init(&produce->intake, catalog, produce->service, NULL, MR_UNKNOWN_REFUSE, &error),
        0);
    produce->intake.topics[0].schema_id = 7;
    ck_assert_int_eq(checks_init(&produce->checks, produce->producer, &produce->intake, &error), 0);
    ck_assert_int_eq(input_open(&produce->input, run->paths, from_stdin ? 0 : 1, &error), 0);
    ck_assert_int_eq(settle_init(&produce->settle, 1), 0);
    if (run->options.checkpoint)
        ck_assert_msg(checkpoint_open(&produce->checkpoint, run->options.checkpoint,
                                      "ticketwave-catalog", produce->input.sources, 1, &error) == 0,
                      "%s", error.text);
    produce->settle.settled[0] =
        (struct position){produce->input.sources[0].start, produce->input.sources[0].start_line};
    if (run->options.rejects)
        ck_assert_int_eq(rejects_open(&produce->rejects, run->options.rejects, &error), 0);
    const struct mr_kafka_config config = {mr_kafka_embedded_brokers(run->embedded), NULL,
                                           properties, n_properties};
    ck_assert_int_eq(
        mr_kafka_producer_new(&config, produce_delivered, produce, &produce->kafka, &error), 0);
    mr_kafka_producer_renewable(produce->kafka);
}

static inline void close_run(struct run *run)
{
    struct produce *produce = &run->produce;

    produce->kafka = mr_kafka_producer_free(produce->kafka);
    if (produce->checkpoint.path)
        checkpoint_close(&produce->checkpoint);
    rejects_close(&produce->rejects);
    settle_done(&produce->settle);
    input_close(&produce->input);
    checks_done(&produce->checks);
    intake_done(&produce->intake);
    mr_buf_done(&produce->scratch);
}

static inline void finish(struct run *run)
{
    char path[128];

    close_run(run);
    run->embedded = mr_kafka_embedded_stop(run->embedded);
    (void)snprintf(path, sizeof(path), "%s.lock", run->checkpoint);
    (void)unlink(path);
    (void)unlink(run->input);
    (void)unlink(run->rejects);
    (void)unlink(run->checkpoint);
    ck_assert_int_eq(rmdir(run->folder), 0);
}

static inline void count(const struct run *run, uint64_t n_delivered, uint64_t n_rejected,
                         uint64_t n_undelivered)
{
    const struct produce_counts *counts = &run->produce.counts;

    ck_assert_uint_eq(counts->n_delivered, n_delivered);
    ck_assert_uint_eq(counts->n_rejected, n_rejected);
    ck_assert_uint_eq(counts->n_undelivered, n_undelivered);
    ck_assert_uint_eq(counts->n_read, n_delivered + n_rejected + n_undelivered);
}

/* Records on a topic, counted by reading them all. */
static inline size_t on_topic(const struct run *run, const char *topic, int n_partitions)
{
    struct mr_kafka_config config = {.brokers = mr_kafka_embedded_brokers(run->embedded)};
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = NULL;
    struct mr_topic_partition items[3];
    struct mr_error error = MR_ERROR_INIT;
    size_t n = 0;

    ck_assert_int_eq(mr_kafka_consumer_new(&config, NULL, NULL, &consumer, &error), 0);
    for (int i = 0; i < n_partitions; i++)
        items[i] = (struct mr_topic_partition){topic, i, 0};
    ck_assert_int_eq(mr_kafka_offsets_for_time(consumer, items, (size_t)n_partitions, MR_OFFSET_END,
                                               WAIT, &error),
                     0);
    for (int i = 0; i < n_partitions; i++)
        n += (size_t)items[i].offset;
    return n;
}

/* The number of the event in an Avro record: the end of its BookingId. */
static inline int number_of(const struct mr_message *m)
{
    static const char before[] = "550e8400-e29b-41d4-a716-";
    int number = -1;

    for (size_t i = 0; i + 36 <= m->value.len; i++) {
        char digits[13] = "";
        if (memcmp(m->value.data + i, before, sizeof(before) - 1) != 0)
            continue;
        memcpy(digits, m->value.data + i + 24, 12);
        if (strcmp(digits, "446655440000") != 0)
            number = (int)strtol(digits, NULL, 10);
    }
    return number;
}

/* Events 0 to n - 1 are on the topic; those of a partition as they were read, but for repeats. */
static inline void check_order(const struct run *run, int n)
{
    struct mr_kafka_config config = {.brokers = mr_kafka_embedded_brokers(run->embedded)};
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = NULL;
    MR_AUTO(free) bool *seen = calloc((size_t)n, sizeof(*seen));
    struct mr_topic_partition items[3];
    struct mr_error error = MR_ERROR_INIT;
    int last[3] = {-1, -1, -1}, n_seen = 0;
    struct mr_message m;

    ck_assert_int_eq(mr_kafka_consumer_new(&config, NULL, NULL, &consumer, &error), 0);
    for (int i = 0; i < 3; i++)
        items[i] = (struct mr_topic_partition){TOPIC, i, 0};
    size_t left = on_topic(run, TOPIC, 3);
    ck_assert_int_eq(mr_kafka_assign(consumer, items, 3, &error), 0);
    for (; left > 0; left--) {
        ck_assert_int_eq(mr_kafka_poll(consumer, WAIT, &m, 1, &error), 1);
        int number = number_of(&m);
        ck_assert(number >= 0 && number < n);
        ck_assert_msg(seen[number] || number > last[m.partition], "%d came after %d", number,
                      last[m.partition]);
        n_seen += !seen[number];
        seen[number] = true;
        if (number > last[m.partition])
            last[m.partition] = number;
        mr_kafka_message_done(&m);
    }
    ck_assert_int_eq(n_seen, n);
}

static const char *const patient[] = {"linger.ms=1", "retry.backoff.ms=10",
                                      "reconnect.backoff.ms=10"};
static const char *const hasty[] = {"linger.ms=1", "message.timeout.ms=400", "retry.backoff.ms=10",
                                    "reconnect.backoff.ms=10"};

/* Standard input that stays open and silent after n events. */
static inline int silent_stdin(struct run *run, int n)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int ends[2];

    write_input(run->input, n, 0);
    ck_assert_int_eq(mr_buf_read_file(&text, run->input), 0);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[0], STDIN_FILENO), 0);
    ck_assert_int_eq(write(ends[1], text.data, text.len), (ssize_t)text.len);
    return ends[1];
}
