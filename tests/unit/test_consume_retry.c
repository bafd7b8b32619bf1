/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: events that fail and wait, and a registry that is away. */
#include "consume_bench.h"

/* ---- retry by key ---- */

START_TEST(a_failing_event_holds_up_its_own_flow_only_and_in_order)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    send(b, 'c', 3, 3); /* the same partition, another flow */
    send(b, 'b', 4, 4);
    send(b, 'a', 5, 5);
    turns(b);
    assert_effects(b, "3,4");
    ck_assert_int_eq(b->run.count.parked, 3);
    restart(b); /* waiting survives */
    b->script.order[1] = DO_KEEP;
    turns(b);
    assert_effects(b, "3,4");
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "3,4,1,2,5");
    ck_assert_int_eq(b->script.attempts[1], 2);
    ck_assert_int_eq(b->script.attempts[2], 1);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_key"), 0);
    send(b, 'a', 6, 6);
    turns(b);
    assert_effects(b, "3,4,1,2,5,6");
    bench_free(b);
}
END_TEST

START_TEST(waits_double_up_to_the_cap_with_jitter)
{
    struct mr_retry retry = {.initial_ms = 1000, .max_ms = 5000, .multiplier = 2};

    ck_assert_int_eq(consume_backoff(&retry, 1, 0), 1000000);
    ck_assert_int_eq(consume_backoff(&retry, 2, 0), 2000000);
    ck_assert_int_eq(consume_backoff(&retry, 3, 0), 4000000);
    ck_assert_int_eq(consume_backoff(&retry, 4, 0), 5000000);
    ck_assert_int_eq(consume_backoff(&retry, 1000, 0), 5000000);
    retry.jitter = true;
    ck_assert_int_eq(consume_backoff(&retry, 1, 0), 500000);
    ck_assert_int_eq(consume_backoff(&retry, 1, UINT64_MAX), 1000000);
    ck_assert_int_eq(consume_backoff(&retry, 2, UINT64_MAX / 2 + 1), 1500000);
}
END_TEST

/* The contract: initial 1 s, times 2, at most 30 s, times 0.5 to 1; 3 or 5 receives. */
START_TEST(the_contracts_waits_and_deliveries_are_those_of_its_groups)
{
    static const int64_t waits[] = {1, 2, 4, 8, 16, 30, 30};
    static const struct {
        const char *group;
        int32_t deliveries;
    } rows[] = {{"product-management-notifications", 3}, {"product-management-analytics", 5}};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct bench *b = bench_new();
        b->group.retry = mr_catalog_group(mr_catalog_builtin(), mr_str_from(rows[i].group))->retry;
        for (int32_t n = 0; n < (int32_t)MR_N_ELEMENTS(waits); n++) {
            ck_assert_int_eq(consume_backoff(&b->group.retry, n + 1, UINT64_MAX),
                             waits[n] * SECOND);
            ck_assert_int_eq(consume_backoff(&b->group.retry, n + 1, 0), waits[n] * SECOND / 2);
        }
        b->script.order[1] = DO_AGAIN;
        send(b, 'a', 1, 1);
        turns(b);
        for (int32_t n = 1; n < rows[i].deliveries; n++) {
            b->fake->now += waits[n - 1] * SECOND - 1;
            turns(b);
            ck_assert_int_eq(b->script.calls[1], n); /* not before its wait is over */
            b->fake->now += 1;
            turns(b);
            ck_assert_int_eq(b->script.calls[1], n + 1);
        }
        ck_assert_uint_eq(letters(b), 1);
        bench_free(b);
    }
}
END_TEST

START_TEST(after_the_last_attempt_comes_the_dead_letter_and_the_flow_goes_on)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    for (int i = 0; i < 3; i++) {
        turns(b);
        b->fake->now += 4 * SECOND;
    }
    turns(b);
    ck_assert_int_eq(b->script.calls[1], 3);
    assert_effects(b, "2");
    ck_assert_uint_eq(letters(b), 1);
    ASSERT_HEADER(letter(b), "__dlq.errors.delivery.count", "3");
    ASSERT_HEADER(letter(b), "__dlq.errors.message", "not yet");
    ASSERT_HEADER(letter(b), "mr_error_class", "retries-exhausted");
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_event"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_held_flow_waits_for_the_operator)
{
    struct bench *b = bench_new();

    b->group.retry.hold_key = true;
    b->script.order[1] = DO_INVALID;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    send(b, 'c', 3, 3);
    turns(b);
    b->fake->now += 100 * SECOND;
    turns(b);
    assert_effects(b, "3");
    ck_assert_uint_eq(letters(b), 1);
    ck_assert_int_eq(number(b, "SELECT held FROM mr_parked_key"), 1);
    ck_assert_int_eq(mr_store_run(b->store, "UPDATE mr_parked_key SET held = 0, next_try = 0",
                                  MR_NO_VALUES, NULL),
                     0); /* as an operator would, beside the running consumer */
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "3,2");
    bench_free(b);
}
END_TEST

/* As `millrace dlq retry` does: the record, with the group that it is for. */
static void send_back(struct bench *b, const char *group, char flow, int number, int id)
{
    send(b, flow, number, id);
    struct fake_record *record = &b->fake->records[b->fake->n_records - 1];
    record->headers[record->n_headers++] =
        (struct mr_header){"mr_retry_group", {(const uint8_t *)group, strlen(group)}};
}

START_TEST(the_dead_letter_that_holds_a_flow_goes_before_the_line_when_it_is_sent_back)
{
    struct bench *b = bench_new();

    b->group.retry.hold_key = true;
    b->script.order[1] = DO_INVALID;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    turns(b);
    assert_effects(b, "");
    send_back(b, "test-group", 'a', 1, 1); /* nothing was mended: given up again, still held */
    turns(b);
    ck_assert_uint_eq(letters(b), 2);
    b->script.order[1] = DO_AGAIN; /* before the line there is no waiting */
    send_back(b, "test-group", 'a', 1, 1);
    turns(b);
    ck_assert_uint_eq(letters(b), 3);
    ck_assert_int_eq(number(b, "SELECT held FROM mr_parked_key"), 1);
    b->script.order[1] = DO_KEEP;
    send_back(b, "test-group", 'a', 1, 1);
    send_back(b, "test-group", 'a', 1, 1); /* the tool was killed, and did it again */
    send(b, 'a', 3, 3);                    /* an ordinary one waits in line */
    turns(b);
    assert_effects(b, "1");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    ck_assert_int_eq(mr_store_run(b->store, "UPDATE mr_parked_key SET held = 0, next_try = 0",
                                  MR_NO_VALUES, NULL),
                     0);
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1,2,3");
    bench_free(b);
}
END_TEST

START_TEST(a_dead_letter_of_another_group_is_left_alone_when_we_fail_at_it)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_INVALID;
    b->script.order[2] = DO_AGAIN;
    send_back(b, "other-group", 'a', 1, 1);
    send_back(b, "other-group", 'b', 2, 2);
    send_back(b, "other-group", 'c', 3, 3); /* that we can handle, we do: it is known by its id */
    turns(b);
    assert_effects(b, "3");
    ck_assert_uint_eq(letters(b), 0);
    ck_assert_int_eq(b->run.count.duplicates, 2);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_key"), 0);
    send(b, 'a', 1, 1); /* one that is nobody's in particular is given up */
    turns(b);
    ck_assert_uint_eq(letters(b), 1);
    bench_free(b);
}
END_TEST

START_TEST(a_dead_letter_of_another_group_that_waits_in_line_is_left_alone_there)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    b->script.order[2] = DO_INVALID;
    b->script.order[3] = DO_AGAIN;
    send(b, 'a', 1, 1);
    turns(b);
    send_back(b, "other-group", 'a', 2, 2);
    send_back(b, "other-group", 'a', 3, 3);
    send(b, 'a', 4, 4);
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_event"), 4);
    b->script.order[1] = DO_KEEP;
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1,4");
    ck_assert_uint_eq(letters(b), 0);
    ck_assert_int_eq(b->run.parked_events, 0);
    bench_free(b);
}
END_TEST

START_TEST(too_many_parked_events_make_their_partition_wait)
{
    struct bench *b = bench_new();

    b->run.options.parked = 2;
    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    send(b, 'a', 3, 3);
    send(b, 'c', 4, 4);
    send(b, 'b', 5, 5);
    turns(b);
    assert_effects(b, "5");
    ck_assert(fake_partition(b->fake, read_topics[0]->name, 1)->paused);
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 1"), 2);
    b->script.order[1] = DO_KEEP;
    b->fake->now += 2 * SECOND;
    turns(b);
    turns(b);
    assert_effects(b, "5,1,2,3,4");
    ck_assert(!fake_partition(b->fake, read_topics[0]->name, 1)->paused);
    bench_free(b);
}
END_TEST

/* Whether all partitions are taken and one comes back, or one is taken and the other waits. */
START_TEST(on_postgresql_what_was_put_aside_of_a_partition_that_moved_takes_no_room)
{
    for (int one_by_one = 0; on_postgres() && one_by_one < 2; one_by_one++) {
        struct bench *b = bench_new();
        struct mr_topic_partition item = {read_topics[0]->name, 0, 0};

        b->run.options.parked = 2;
        b->script.order[1] = b->script.order[3] = DO_AGAIN;
        send(b, 'b', 1, 1);
        send(b, 'b', 2, 2);
        turns(b);
        if (one_by_one) {
            send(b, 'a', 3, 3);
            turns(b);
            ck_assert(fake_partition(b->fake, read_topics[0]->name, 1)->paused);
            consume_revoked(&b->run, &item, 1, false);
        } else {
            fake_revoke(b->fake, false);
            item.partition = 1;
            consume_assigned(&b->run, &item, 1);
            send(b, 'a', 3, 3);
        }
        ck_assert_int_eq(mr_store_run(b->store,
                                      "UPDATE mr_offset SET owner = owner - 1, epoch = epoch + 1"
                                      " WHERE part = 0",
                                      MR_NO_VALUES, NULL),
                         0); /* its heir has it */
        send(b, 'c', 4, 4);
        b->fake->now += 10 * SECOND;
        turns(b);
        assert_effects(b, "4");
        ck_assert_int_eq(b->run.parked_events, 1);
        bench_free(b);
    }
}
END_TEST

START_TEST(a_repeat_of_a_parked_event_is_handled_once)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 1, 1);
    turns(b);
    b->script.order[1] = DO_KEEP;
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

/* ---- the registry is away ---- */

START_TEST(without_the_registry_a_partition_waits_and_nothing_is_skipped)
{
    struct bench *b = bench_new();

    b->fake->registry_r = MR_AGAIN;
    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    assert_effects(b, "");
    ck_assert_int_eq(b->run.count.holds, 1);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_offset WHERE next > 0"), 0);
    b->fake->now += SECOND;
    turns(b);
    ck_assert_int_eq(b->run.count.holds, 2);
    b->fake->registry_r = 0;
    b->fake->now += SECOND;
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_uint_eq(letters(b), 0);
    bench_free(b);
}
END_TEST

/* Each request would hold up all others, and the transaction's locks, for as long as it takes. */
START_TEST(a_silent_registry_is_asked_once_for_all_partitions)
{
    struct bench *b = bench_new();

    b->fake->registry_r = MR_AGAIN;
    b->fake->registry_takes = 5 * SECOND;
    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    ck_assert_uint_eq(b->fake->asked, 1);
    ck_assert_int_eq(b->run.count.holds, 2);
    b->fake->now += 9 * SECOND; /* of 10, twice what it took */
    turns(b);
    ck_assert_uint_eq(b->fake->asked, 1);
    ck_assert_int_eq(b->run.count.holds, 4);
    b->fake->now += 2 * SECOND;
    turns(b);
    ck_assert_uint_eq(b->fake->asked, 2);
    b->fake->registry_r = 0;
    b->fake->now += 30 * SECOND;
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), 2);
    ck_assert_uint_eq(b->fake->asked, 3);
    bench_free(b);
}
END_TEST

START_TEST(a_parked_event_does_not_lose_attempts_to_an_absent_registry)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    turns(b);
    restart(b); /* the plan is gone from memory */
    b->fake->registry_r = MR_AGAIN;
    b->script.order[1] = DO_KEEP;
    for (int i = 0; i < 10; i++) {
        b->fake->now += 2 * SECOND;
        turn(b);
    }
    ck_assert_int_eq(number(b, "SELECT attempts FROM mr_parked_event"), 1);
    b->fake->registry_r = 0;
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1");
    bench_free(b);
}
END_TEST

/* What stands before a registry may answer in any encoding, and is cut in mid-character. */
START_TEST(what_an_absent_registry_says_can_be_kept_whatever_bytes_it_has)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'b', 1, 1);
    turns(b);
    restart(b);
    b->fake->registry_r = MR_AGAIN;
    b->fake->registry_says = "HTTP 503: Dienst nicht verf\xfcgbar \xe2";
    b->fake->now += 2 * SECOND;
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_key WHERE why ="
                               " 'HTTP 503: Dienst nicht verf?gbar ?'"),
                     1);
    b->fake->registry_r = 0;
    b->script.order[1] = DO_KEEP;
    b->fake->now += 30 * SECOND;
    turns(b);
    assert_effects(b, "1");
    bench_free(b);
}
END_TEST

START_TEST(brokers_that_do_not_answer_a_seek_in_time_stop_nobody)
{
    struct bench *b = bench_new();

    b->fake->registry_r = MR_AGAIN;
    b->fake->seek_fails = 3; /* at the hold, and twice on the way back */
    send(b, 'b', 1, 1);
    send(b, 'a', 2, 2);
    for (int i = 0; i < 6; i++)
        turns(b);
    ck_assert_int_eq(b->fake->seek_fails, 0);
    assert_effects(b, "");
    b->fake->registry_r = 0;
    for (int i = 0; i < 3; i++) {
        b->fake->now += 30 * SECOND;
        turns(b);
    }
    ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), 2);
    ck_assert_int_eq(b->run.count.handled, 2);
    bench_free(b);
}
END_TEST

START_TEST(a_partition_that_waited_flows_when_it_comes_back_after_a_rebalance)
{
    struct bench *b = bench_new();
    struct fake_partition *p = fake_partition(b->fake, read_topics[0]->name, 0);

    b->fake->registry_r = MR_AGAIN;
    send(b, 'b', 1, 1);
    turns(b);
    ck_assert(p->paused);
    consume_revoked(&b->run, &(struct mr_topic_partition){read_topics[0]->name, 0, 0}, 1, false);
    consume_revoked(&b->run, &(struct mr_topic_partition){read_topics[0]->name, 1, 0}, 1, false);
    ck_assert(!p->paused);
    b->fake->registry_r = 0;
    b->fake->now += SECOND;
    fake_assign(b->fake);
    turns(b);
    assert_effects(b, "1");
    bench_free(b);
}
END_TEST

START_TEST(a_refused_certificate_stops_the_process)
{
    struct bench *b = bench_new();

    b->fake->registry_r = -EACCES;
    send(b, 'b', 1, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EACCES);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_offset WHERE next > 0"), 0);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_retry",
                    (const TTest *[]){
                        a_failing_event_holds_up_its_own_flow_only_and_in_order,
                        the_contracts_waits_and_deliveries_are_those_of_its_groups,
                        waits_double_up_to_the_cap_with_jitter,
                        after_the_last_attempt_comes_the_dead_letter_and_the_flow_goes_on,
                        a_held_flow_waits_for_the_operator,
                        the_dead_letter_that_holds_a_flow_goes_before_the_line_when_it_is_sent_back,
                        a_dead_letter_of_another_group_is_left_alone_when_we_fail_at_it,
                        a_dead_letter_of_another_group_that_waits_in_line_is_left_alone_there,
                        too_many_parked_events_make_their_partition_wait,
                        on_postgresql_what_was_put_aside_of_a_partition_that_moved_takes_no_room,
                        a_repeat_of_a_parked_event_is_handled_once,
                        without_the_registry_a_partition_waits_and_nothing_is_skipped,
                        a_silent_registry_is_asked_once_for_all_partitions,
                        a_parked_event_does_not_lose_attempts_to_an_absent_registry,
                        what_an_absent_registry_says_can_be_kept_whatever_bytes_it_has,
                        brokers_that_do_not_answer_a_seek_in_time_stop_nobody,
                        a_partition_that_waited_flows_when_it_comes_back_after_a_rebalance,
                        a_refused_certificate_stops_the_process,
                        NULL,
                    });
}
