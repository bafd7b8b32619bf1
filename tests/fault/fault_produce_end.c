/* SPDX-License-Identifier: Apache-2.0 */
/* The producer's loop at its end: what stops it, and what is then still under way. */
#include "produce_bench.h"

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
        "produce_end", 60,
        (const TTest *[]){
            a_refused_authorisation_ends_the_run_and_no_position_passes_it,
            a_broker_that_stays_away_ends_the_run_and_the_next_goes_on_from_the_checkpoint,
            the_last_document_of_a_growing_file_waits_for_its_rest,
            a_stop_drains_what_is_under_way,
            a_stop_gives_up_at_its_deadline_and_says_how_much_is_left,
            NULL,
        });
}
