/* SPDX-License-Identifier: Apache-2.0 */
/* The producer's whole loop against the embedded broker with faults pushed; each case ends by
 * counting: read = delivered + rejected + undelivered, and what is on the topics. */
#include "produce_bench.h"

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

/* librdkafka takes the success of a later request for that of an earlier one which it was about to
 * send again; brokers that know nothing of the producer yet, as after a restart, take the later one
 * without the earlier. */
START_TEST(what_only_a_later_success_confirms_is_sent_again)
{
    static const char *const single[] = {"linger.ms=0", "batch.num.messages=1"};
    static const int errors[] = {6, 0, 0, 7, 0, 6}; /* not the leader, timed out */
    struct run run;

    start(&run);
    write_input(run.input, 60, 0);
    ck_assert_int_eq(mr_kafka_embedded_delay(run.embedded, 1, 100), 0); /* several on their way */
    ck_assert_int_eq(mr_kafka_embedded_fail(run.embedded, 0, errors, MR_N_ELEMENTS(errors)), 0);
    open_run(&run, single, MR_N_ELEMENTS(single), false);
    ck_assert_int_eq(produce_run(&run.produce), 0);
    count(&run, 60, 0, 0);
    ck_assert_uint_eq(on_topic(&run, TOPIC, 3), 60);
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

int main(void)
{
    return unit_run_within(
        "produce", 60,
        (const TTest *[]){
            passing_broker_errors_lose_nothing_and_double_nothing,
            what_only_a_later_success_confirms_is_sent_again,
            a_producer_at_its_end_is_made_anew_and_every_key_stays_in_order,
            brokers_that_lost_track_get_every_record_and_dead_letter,
            what_came_by_standard_input_is_sent_again_as_well,
            producers_that_come_to_their_end_one_after_the_other_end_the_run,
            a_slow_broker_and_a_full_queue_hold_the_input_back,
            bad_documents_go_to_the_reject_file_and_the_dead_letter_topic,
            strict_stops_at_the_first_bad_document_and_keeps_its_position_before_it,
            a_record_that_the_broker_refuses_is_rejected_with_its_original,
            NULL,
        });
}
