/* SPDX-License-Identifier: Apache-2.0 */
/* The producer's whole loop against the embedded broker with faults pushed; each case ends by
 * counting: read = delivered + rejected + undelivered, and what is on the topics. */
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

static const struct mr_producer *producer(void)
{
    for (size_t i = 0; i < mr_n_producers; i++)
        if (strcmp(mr_producers[i]->service, "ticketwave-catalog") == 0)
            return mr_producers[i];
    return NULL;
}

/* n events, every bad-th of them broken (0: none). */
static void write_input(const char *path, int n, int bad)
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

static void start(struct run *run)
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
static void open_run(struct run *run, const char *const *properties, size_t n_properties,
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

static void close_run(struct run *run)
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

static void finish(struct run *run)
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

static void count(const struct run *run, uint64_t n_delivered, uint64_t n_rejected,
                  uint64_t n_undelivered)
{
    const struct produce_counts *counts = &run->produce.counts;

    ck_assert_uint_eq(counts->n_delivered, n_delivered);
    ck_assert_uint_eq(counts->n_rejected, n_rejected);
    ck_assert_uint_eq(counts->n_undelivered, n_undelivered);
    ck_assert_uint_eq(counts->n_read, n_delivered + n_rejected + n_undelivered);
}

/* Records on a topic, counted by reading them all. */
static size_t on_topic(const struct run *run, const char *topic, int n_partitions)
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
static int number_of(const struct mr_message *m)
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
static void check_order(const struct run *run, int n)
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
static int silent_stdin(struct run *run, int n)
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

START_TEST(passing_broker_errors_lose_nothing_and_double_nothing)
{
    static const int errors[] = {6, 7, MR_EMBEDDED_DISCONNECT, 19, 5, MR_EMBEDDED_DISCONNECT, 20};
    struct run run;

    start(&run);
    write_input(run.input, 5000, 0);
    ck_assert_int_eq(mr_kafka_embedded_fail(run.embedded, 0, errors, MR_N_ELEMENTS(errors)), 0);
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 5000, 0, 0);
    ck_assert_uint_eq(on_topic(&run, TOPIC, 3), 5000);
    finish(&run);
}
END_TEST

START_TEST(a_producer_at_its_end_is_made_anew_and_every_key_stays_in_order)
{
    struct run run;

    start(&run);
    write_input(run.input, 5000, 0);
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    mr_kafka_producer_spoil(run.produce.kafka);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 5000, 0, 0);
    ck_assert_uint_eq(run.produce.counts.n_renewed, 1);
    check_order(&run, 5000);
    finish(&run);
}
END_TEST

/* The embedded broker does not check sequences, so that no request may follow a refused one. */
static const char *const one_request[] = {"linger.ms=1", "max.in.flight=1", "retry.backoff.ms=10"};
enum { OUT_OF_ORDER = 45 }; /* Kafka's code */

START_TEST(brokers_that_lost_track_get_every_record_and_dead_letter)
{
    static const int errors[] = {OUT_OF_ORDER, 0, OUT_OF_ORDER};
    struct run run;

    start(&run);
    write_input(run.input, 1000, 50);
    run.options.dead_letter = true;
    run.options.checkpoint = run.checkpoint;
    ck_assert_int_eq(mr_kafka_embedded_fail(run.embedded, 0, errors, MR_N_ELEMENTS(errors)), 0);
    open_run(&run, one_request, MR_N_ELEMENTS(one_request), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 980, 20, 0);
    ck_assert_uint_eq(run.produce.counts.n_renewed, 2);
    ck_assert_uint_ge(on_topic(&run, TOPIC, 3), 980);
    ck_assert_uint_ge(on_topic(&run, DEAD, 1), 20);
    ck_assert_uint_eq(settle_pending(&run.produce.settle), 0);
    finish(&run);
}
END_TEST

START_TEST(what_came_by_standard_input_is_sent_again_as_well)
{
    static const int errors[] = {0, OUT_OF_ORDER};
    struct run run;

    start(&run);
    (void)close(silent_stdin(&run, 150));
    ck_assert_int_eq(mr_kafka_embedded_fail(run.embedded, 0, errors, MR_N_ELEMENTS(errors)), 0);
    open_run(&run, one_request, MR_N_ELEMENTS(one_request), true);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 150, 0, 0);
    ck_assert_uint_eq(run.produce.counts.n_renewed, 1);
    check_order(&run, 150);
    finish(&run);
}
END_TEST

START_TEST(producers_that_come_to_their_end_one_after_the_other_end_the_run)
{
    struct run run;

    start(&run);
    write_input(run.input, 100, 0);
    run.options.checkpoint = run.checkpoint;
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    for (int i = 0; i < RENEWALS; i++)
        renewals_add(&run.produce.renewals, mr_time_steady());
    mr_kafka_producer_spoil(run.produce.kafka);
    ck_assert_int_eq(produce_run(&run.produce), -EPROTO);
    ck_assert_uint_eq(run.produce.counts.n_delivered, 0);
    close_run(&run);

    open_run(&run, patient, MR_N_ELEMENTS(patient), false); /* the next one begins before it */
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 100, 0, 0);
    check_order(&run, 100);
    finish(&run);
}
END_TEST

START_TEST(a_slow_broker_and_a_full_queue_hold_the_input_back)
{
    static const char *const small[] = {"linger.ms=1", "queue.buffering.max.messages=100"};
    struct run run;

    start(&run);
    write_input(run.input, 1000, 0);
    ck_assert_int_eq(mr_kafka_embedded_delay(run.embedded, 1, 20), 0);
    open_run(&run, small, MR_N_ELEMENTS(small), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 1000, 0, 0);
    ck_assert_uint_le(run.produce.settle.mask + 1, 1024);
    finish(&run);
}
END_TEST

START_TEST(bad_documents_go_to_the_reject_file_and_the_dead_letter_topic)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct run run;
    size_t n_lines = 0;

    start(&run);
    write_input(run.input, 100, 10);
    run.options.rejects = run.rejects;
    run.options.dead_letter = true;
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 90, 10, 0);
    ck_assert_uint_eq(on_topic(&run, TOPIC, 3), 90);
    ck_assert_uint_eq(on_topic(&run, DEAD, 1), 10);
    ck_assert_int_eq(mr_buf_read_file(&text, run.rejects), 0);
    for (size_t i = 0; i < text.len; i++)
        n_lines += text.data[i] == '\n';
    ck_assert_uint_eq(n_lines, 10);
    ck_assert_ptr_nonnull(strstr(mr_buf_cstr(&text), "\"where\":\"/CurrentAvailableTickets\""));
    ck_assert_uint_eq(settle_pending(&run.produce.settle), 0);
    finish(&run);
}
END_TEST

START_TEST(strict_stops_at_the_first_bad_document_and_keeps_its_position_before_it)
{
    struct run run;

    start(&run);
    write_input(run.input, 100, 10);
    run.options.strict = true;
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(produce_run(&run.produce), MR_INVALID);
    count(&run, 9, 1, 0);
    ck_assert_uint_eq(run.produce.settle.settled[0].line, 9);
    finish(&run);
}
END_TEST

START_TEST(a_record_that_the_broker_refuses_is_rejected_with_its_original)
{
    static const int refused[] = {87}; /* INVALID_RECORD */
    static const char *const one[] = {"linger.ms=0", "batch.num.messages=1", "max.in.flight=1"};
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct run run;

    start(&run);
    write_input(run.input, 1, 0);
    ck_assert_int_eq(mr_kafka_embedded_fail(run.embedded, 0, refused, 1), 0);
    run.options.rejects = run.rejects;
    open_run(&run, one, MR_N_ELEMENTS(one), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 0, 1, 0);
    ck_assert_int_eq(mr_buf_read_file(&text, run.rejects), 0);
    ck_assert_ptr_nonnull(strstr(mr_buf_cstr(&text), "the broker refuses it"));
    ck_assert_ptr_nonnull(strstr(mr_buf_cstr(&text), "\"original\":\"{\\\"EventId\\\""));
    ck_assert_uint_eq(settle_pending(&run.produce.settle), 0);
    finish(&run);
}
END_TEST

START_TEST(a_refused_authorisation_ends_the_run_and_no_position_passes_it)
{
    static const int refused[] = {29, 29, 29, 29}; /* TOPIC_AUTHORIZATION_FAILED */
    struct run run;

    start(&run);
    write_input(run.input, 10, 0);
    ck_assert_int_eq(mr_kafka_embedded_fail(run.embedded, 0, refused, MR_N_ELEMENTS(refused)), 0);
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_lt(produce_run(&run.produce), 0);
    ck_assert_uint_gt(run.produce.counts.n_undelivered, 0);
    ck_assert_uint_eq(run.produce.counts.n_read,
                      run.produce.counts.n_delivered + run.produce.counts.n_undelivered);
    ck_assert_uint_gt(settle_pending(&run.produce.settle), 0);
    finish(&run);
}
END_TEST

START_TEST(a_broker_that_stays_away_ends_the_run_and_the_next_goes_on_from_the_checkpoint)
{
    struct run run;

    start(&run);
    write_input(run.input, 200, 0);
    run.options.checkpoint = run.checkpoint;
    open_run(&run, hasty, MR_N_ELEMENTS(hasty), false);
    ck_assert_int_eq(mr_kafka_embedded_broker_down(run.embedded, -1, true), 0);
    ck_assert_int_eq(produce_run(&run.produce), MR_AGAIN);
    count(&run, 0, 0, 200);
    close_run(&run);

    ck_assert_int_eq(mr_kafka_embedded_broker_down(run.embedded, -1, false), 0);
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 200, 0, 0);
    close_run(&run);

    open_run(&run, patient, MR_N_ELEMENTS(patient), false); /* nothing is left */
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 0, 0, 0);
    ck_assert_uint_eq(on_topic(&run, TOPIC, 3), 200);
    finish(&run);
}
END_TEST

START_TEST(the_last_document_of_a_growing_file_waits_for_its_rest)
{
    struct run run;

    start(&run);
    write_input(run.input, 3, 0);
    ck_assert_int_eq(
        truncate(run.input, (off_t)lseek(open(run.input, O_RDONLY | O_CLOEXEC), 0, SEEK_END) - 20),
        0);
    run.options.checkpoint = run.checkpoint;
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    ck_assert(run.produce.partial);
    count(&run, 2, 0, 0);
    close_run(&run);

    write_input(run.input, 3, 0);
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 1, 0, 0);
    ck_assert_uint_eq(on_topic(&run, TOPIC, 3), 3);
    finish(&run);
}
END_TEST

START_TEST(a_stop_drains_what_is_under_way)
{
    struct run run;

    start(&run);
    int keep_open = silent_stdin(&run, 20);
    open_run(&run, patient, MR_N_ELEMENTS(patient), true);
    ck_assert_int_eq(mr_kafka_embedded_delay(run.embedded, 1, 100), 0);
    (void)alarm(1);
    struct sigaction action = {.sa_handler = SIG_DFL};
    ck_assert_int_eq(sigaction(SIGTERM, NULL, &action), 0);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0); /* as SIGTERM, a second from now */
    ck_assert_int_eq(produce_run(&run.produce), 0);
    ck_assert(run.produce.interrupted);
    count(&run, 20, 0, 0);
    ck_assert_uint_eq(on_topic(&run, TOPIC, 3), 20);
    (void)close(keep_open);
    finish(&run);
}
END_TEST

START_TEST(a_stop_gives_up_at_its_deadline_and_says_how_much_is_left)
{
    struct run run;

    start(&run);
    write_input(run.input, 20, 0);
    run.options.drain_ms = 100;
    run.options.checkpoint = run.checkpoint;
    open_run(&run, patient, MR_N_ELEMENTS(patient), false);
    ck_assert_int_eq(mr_kafka_embedded_broker_down(run.embedded, -1, true), 0);
    struct sigaction action;
    ck_assert_int_eq(sigaction(SIGTERM, NULL, &action), 0);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    (void)alarm(1);
    int64_t before = mr_time_steady();
    ck_assert_int_eq(produce_run(&run.produce), MR_AGAIN);
    ck_assert_int_lt(mr_time_steady() - before, 3000000);
    count(&run, 0, 0, 20);
    ck_assert_int_ne(access(run.checkpoint, F_OK) == 0 && run.produce.settle.settled[0].offset > 0,
                     1);
    finish(&run);
}
END_TEST

int main(void)
{
    return unit_run_within(
        "produce", 60,
        (const TTest *[]){
            passing_broker_errors_lose_nothing_and_double_nothing,
            a_producer_at_its_end_is_made_anew_and_every_key_stays_in_order,
            brokers_that_lost_track_get_every_record_and_dead_letter,
            what_came_by_standard_input_is_sent_again_as_well,
            producers_that_come_to_their_end_one_after_the_other_end_the_run,
            a_slow_broker_and_a_full_queue_hold_the_input_back,
            bad_documents_go_to_the_reject_file_and_the_dead_letter_topic,
            strict_stops_at_the_first_bad_document_and_keeps_its_position_before_it,
            a_record_that_the_broker_refuses_is_rejected_with_its_original,
            a_refused_authorisation_ends_the_run_and_no_position_passes_it,
            a_broker_that_stays_away_ends_the_run_and_the_next_goes_on_from_the_checkpoint,
            the_last_document_of_a_growing_file_waits_for_its_rest,
            a_stop_drains_what_is_under_way,
            a_stop_gives_up_at_its_deadline_and_says_how_much_is_left,
            NULL,
        });
}
