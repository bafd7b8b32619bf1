/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: events of two topics in the order of their own time. */
#include "consume_health.h"
#include "order_bench.h"

/* ---- who goes first ---- */

START_TEST(the_older_event_goes_first_though_it_comes_later)
{
    for (int headers = 0; headers < 2; headers++) {
        struct bench *b = bench_new(MR_LATE_HANDLE);
        b->headers = headers;
        send(b, 'a', 2, 100, 'b');
        pass(b, 0);
        assert_effects(b, "");
        send(b, 'b', 1, 200, 'b');
        pass(b, 0);
        assert_effects(b, "b1"); /* a has a younger one, so nothing older comes */
        pass(b, 399);
        assert_effects(b, "b1");
        pass(b, 1);
        assert_effects(b, "b1 a2");
        ck_assert_int_eq(b->run.count.late, 0);
        bench_free(b);
    }
}
END_TEST

START_TEST(an_idle_topic_does_not_stall_the_others)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    for (int i = 1; i <= 5; i++)
        send(b, 'a', i, 60000 - i, 'b');
    pass(b, 0); /* b is read to its end, as its fetch position tells */
    assert_effects(b, "a1 a2 a3 a4 a5");
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0 AND next > 0"), 5);
    bench_free(b);
}
END_TEST

START_TEST(what_is_still_to_be_fetched_is_waited_for_unless_its_topic_is_stuck)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->fake->end_unknown = true; /* no fetch was answered yet */
    send(b, 'a', 2, 60000, 'b');
    pass(b, 0);
    pass(b, 9000);
    assert_effects(b, "");
    send(b, 'b', 1, 70000, 'b');
    pass(b, 0);
    assert_effects(b, "b1");
    pass(b, 9999); /* there may be more where that came from */
    assert_effects(b, "b1");
    pass(b, 1);
    assert_effects(b, "b1 a2");
    send(b, 'a', 3, 60000, 'b');
    pass(b, 0);
    pass(b, 499); /* stuck for long */
    assert_effects(b, "b1 a2");
    pass(b, 1);
    assert_effects(b, "b1 a2 a3");
    bench_free(b);
}
END_TEST

START_TEST(a_backlog_of_two_topics_is_merged_by_time)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    for (int i = 1; i <= 9; i += 2)
        send(b, 'a', i, 60000 - i, 'b');
    for (int i = 2; i <= 8; i += 2)
        send(b, 'b', i, 60000 - i, 'b');
    send(b, 'b', 20, 50000, 'c'); /* another partition: a lane of its own */
    pass(b, 0);
    assert_effects(b, "a1 b2 a3 b4 a5 b6 a7 b8 a9 b20");
    bench_free(b);
}
END_TEST

START_TEST(events_of_one_partition_keep_their_order_and_those_of_the_same_time_too)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 1, 5000, 'b');
    send(b, 'a', 2, 7000, 'b'); /* its producer was late */
    send(b, 'b', 3, 6000, 'b');
    send(b, 'b', 4, 6000, 'b');
    pass(b, 0);
    assert_effects(b, "b3 b4 a1 a2!");
    ck_assert_int_eq(b->run.count.late, 1);
    bench_free(b);
}
END_TEST

START_TEST(once_waits_for_nothing_that_is_not_there)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    int r = 0;

    b->run.options.once = true;
    send(b, 'a', 2, 0, 'b');
    send(b, 'b', 1, 1, 'b');
    send(b, 'a', 3, -60000, 'c'); /* its clock is ahead */
    restart(b);
    for (int i = 0; i < 5 && r == 0; i++)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, MR_END);
    assert_effects(b, "b1 a2 a3");
    bench_free(b);
}
END_TEST

START_TEST(once_is_not_at_its_end_while_what_it_has_fetched_waits_for_the_registry)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    int r = 0;

    b->run.options.once = true;
    b->fake->tells_ends = true;
    send(b, 'a', 1, 0, 'b');
    send(b, 'a', 2, 0, 'b');
    restart(b);
    b->fake->registry_r = MR_AGAIN;
    for (int i = 0; i < 5; i++, b->fake->now += SECOND)
        ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), 0);
    ck_assert_int_ge(b->run.count.holds, 1);
    b->fake->registry_r = 0;
    for (int i = 0; i < 90 && r == 0; i++, b->fake->now += SECOND)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, MR_END);
    assert_effects(b, "a1 a2");
    bench_free(b);
}
END_TEST

START_TEST(an_event_of_the_future_waits_as_long_as_any_other)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 1, -3600000, 'b');
    pass(b, 0);
    pass(b, 499);
    assert_effects(b, "");
    pass(b, 1);
    assert_effects(b, "a1");
    bench_free(b);
}
END_TEST

START_TEST(what_is_no_event_or_is_not_wanted_waits_for_nobody)
{
    struct mr_filter filter = {.header = "x", .exists = MR_FILTER_ABSENT};
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->group.filters = &filter;
    b->group.n_filters = 1;
    b->fake->end_unknown = true;
    fake_send(b->fake, topics[0]->name, 0, (struct mr_bytes){NULL, 0}, (struct mr_bytes){NULL, 0},
              NULL, 0);
    fake_send(b->fake, topics[0]->name, 0, (struct mr_bytes){NULL, 0},
              (struct mr_bytes){(const uint8_t *)"x", 1}, NULL, 0);
    send(b, 'a', 1, 0, 'b');
    b->fake->records[2].headers[0] = (struct mr_header){"x", {(const uint8_t *)"1", 1}};
    b->fake->records[2].n_headers = 1;
    pass(b, 0);
    ck_assert_int_eq(b->run.count.tombstones, 1);
    ck_assert_int_eq(b->run.count.dead_lettered, 1);
    ck_assert_int_eq(b->run.count.filtered, 1);
    ck_assert_int_eq(number(b, "SELECT max(next) FROM mr_offset"), 3);
    bench_free(b);
}
END_TEST

/* ---- nothing is lost, nothing comes twice ---- */

START_TEST(what_is_held_back_is_not_read_yet_as_far_as_the_offsets_say)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 2, 100, 'b');
    send(b, 'b', 1, 200, 'b');
    pass(b, 0);
    assert_effects(b, "b1");
    ck_assert_int_eq(number(b, "SELECT sum(next) FROM mr_offset WHERE next > 0"), 1);
    restart(b); /* a crash */
    pass(b, 1000);
    assert_effects(b, "b1 a2");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_request_to_end_leaves_what_is_held_back_for_the_next_start)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 1, 0, 'b');
    pass(b, 0);
    b->fake->stop = true;
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    assert_effects(b, "");
    b->fake->stop = false;
    restart(b);
    pass(b, 500);
    assert_effects(b, "a1");
    bench_free(b);
}
END_TEST

START_TEST(what_is_held_back_goes_with_its_partition)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    struct mr_topic_partition items[4];

    send(b, 'a', 1, 0, 'b');
    pass(b, 0);
    for (size_t i = 0; i < 4; i++)
        items[i] = (struct mr_topic_partition){b->fake->partitions[i].topic,
                                               b->fake->partitions[i].number, 0};
    consume_revoked(&b->run, items, 4, false);
    ck_assert_uint_eq(b->run.merge.n_bytes, 0);
    pass(b, 1000);
    assert_effects(b, "");
    fake_assign(b->fake);
    pass(b, 1000);
    pass(b, 1000);
    assert_effects(b, "a1");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_flow_that_waits_for_another_try_keeps_its_order_across_topics)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->script.fail = 1;
    send(b, 'b', 2, 5000, 'b');
    send(b, 'a', 1, 6000, 'b');
    send(b, 'a', 3, 4000, 'd'); /* another flow, the same partition */
    pass(b, 0);
    assert_effects(b, "a3");
    b->script.fail = 0;
    pass(b, 2000);
    assert_effects(b, "a3 a1 b2");
    ck_assert_int_eq(b->run.count.late, 0);
    bench_free(b);
}
END_TEST

START_TEST(while_the_registry_is_away_nothing_is_lost_or_skipped)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->fake->registry_r = MR_AGAIN;
    send(b, 'a', 1, 7000, 'b');
    send(b, 'b', 2, 6000, 'b');
    pass(b, 600);
    assert_effects(b, "");
    ck_assert_int_ge(b->run.count.holds, 1);
    b->fake->registry_r = 0;
    for (int i = 0; i < 20; i++)
        pass(b, 1000);
    assert_effects(b, "a1 b2");
    bench_free(b);
}
END_TEST

START_TEST(memory_is_bounded_and_the_partition_that_is_ahead_waits)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    char want[1024] = "";

    b->run.merge.most = 4 * 2000; /* of four partitions */
    b->run.options.batch = 10;
    b->fake->end_unknown = true;
    for (int i = 1; i <= 60; i++)
        send(b, 'a', i, 60000 - i, 'b');
    for (int i = 0; i < 12; i++)
        turn(b);
    assert_effects(b, "");
    ck_assert_uint_le(b->run.merge.n_bytes, 2000 + 10 * 600);
    ck_assert(fake_partition(b->fake, topics[0]->name, 0)->paused);
    ck_assert_int_eq(b->run.count.holds, 0);
    for (int i = 0; i < 40; i++)
        pass(b, 10000);
    for (int i = 1; i <= 60; i++)
        (void)snprintf(want + strlen(want), sizeof(want) - strlen(want), "%sa%d", i > 1 ? " " : "",
                       i);
    assert_effects(b, want);
    ck_assert_uint_eq(b->run.merge.n_bytes, 0);
    ck_assert(!fake_partition(b->fake, topics[0]->name, 0)->paused);
    bench_free(b);
}
END_TEST

START_TEST(a_backlog_of_one_partition_number_does_not_hold_up_those_of_another)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->run.options.batch = 10;
    b->fake->end_unknown = true; /* all of it is here before any may go */
    for (int i = 1; i <= 100; i++) {
        send(b, 'a', i, 60000 - i, 'b');
        send(b, 'a', i, 60000 - i, 'c');
    }
    for (int i = 0; i < 25; i++)
        turn(b);
    assert_effects(b, "");
    b->fake->now += INT64_C(11) * SECOND;
    for (int i = 0; i < 4; i++)
        turn(b);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(number(b, i ? "SELECT next FROM mr_offset WHERE part = 1 AND next > 0"
                                     : "SELECT next FROM mr_offset WHERE part = 0 AND next > 0"),
                         20);
    bench_free(b);
}
END_TEST

/* ---- what it needs ---- */

START_TEST(topics_of_unequal_partitions_are_refused_with_the_numbers)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->fake->partitions[b->fake->n_partitions++] =
        (struct fake_partition){.topic = topics[1]->name, .number = 2};
    fake_assign(b->fake);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_str_eq(b->error.text,
                     "group test-group is ordered by time, which needs topics of equally many "
                     "partitions: ticketwave-booking.inventory.update-requested.v1 has 2, "
                     "ticketwave-catalog.inventory.updated.v1 has 3; make them equal, or say "
                     "`order: {by: arrival}` in topics.yaml");
    bench_free(b);
}
END_TEST

START_TEST(an_instance_that_is_given_half_of_a_lane_stops)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    turn(b);
    consume_revoked(&b->run, &(struct mr_topic_partition){topics[0]->name, 1, 0}, 1, false);
    consume_assigned(&b->run, NULL, 0);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    if (on_postgres())
        ck_assert_ptr_nonnull(strstr(b->error.text, "partition 1 of 1 topics only, of 2"));
    bench_free(b);
}
END_TEST

START_TEST(what_is_held_back_is_handled_before_what_comes_of_a_topic_made_anew)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->run.options.gap = "accept";
    for (int i = 1; i <= 3; i++)
        send(b, 'a', i, 60000 - i, 'b');
    pass(b, 0);
    send(b, 'a', 4, 100, 'b');
    pass(b, 0); /* held back */
    fake_free_records(b->fake->records, b->fake->n_records, false);
    b->fake->n_records = 0;
    fake_partition(b->fake, topics[0]->name, 0)->high = 0;
    send(b, 'a', 5, 50, 'b');
    pass(b, 0);
    ck_assert_int_eq(b->run.count.gaps, 1);
    pass(b, 1000);
    assert_effects(b, "a1 a2 a3 a4 a5");
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0 AND next > 0"), 1);
    bench_free(b);
}
END_TEST

START_TEST(the_records_of_a_transaction_are_those_that_it_handled)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    ck_assert_int_eq(consume_health_open(&b->run, "0", 60000, &b->error), 0);
    for (int i = 1; i <= 3; i++)
        send(b, 'a', i, 60000 - i, 'b');
    pass(b, 0);
    assert_effects(b, "a1 a2 a3");
    ck_assert_int_eq((int)b->run.health->sizes.sum, 3);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_order",
                    (const TTest *[]){
                        the_older_event_goes_first_though_it_comes_later,
                        an_idle_topic_does_not_stall_the_others,
                        what_is_still_to_be_fetched_is_waited_for_unless_its_topic_is_stuck,
                        a_backlog_of_two_topics_is_merged_by_time,
                        events_of_one_partition_keep_their_order_and_those_of_the_same_time_too,
                        once_waits_for_nothing_that_is_not_there,
                        once_is_not_at_its_end_while_what_it_has_fetched_waits_for_the_registry,
                        an_event_of_the_future_waits_as_long_as_any_other,
                        what_is_no_event_or_is_not_wanted_waits_for_nobody,
                        what_is_held_back_is_not_read_yet_as_far_as_the_offsets_say,
                        a_request_to_end_leaves_what_is_held_back_for_the_next_start,
                        what_is_held_back_goes_with_its_partition,
                        a_flow_that_waits_for_another_try_keeps_its_order_across_topics,
                        while_the_registry_is_away_nothing_is_lost_or_skipped,
                        memory_is_bounded_and_the_partition_that_is_ahead_waits,
                        a_backlog_of_one_partition_number_does_not_hold_up_those_of_another,
                        topics_of_unequal_partitions_are_refused_with_the_numbers,
                        an_instance_that_is_given_half_of_a_lane_stops,
                        what_is_held_back_is_handled_before_what_comes_of_a_topic_made_anew,
                        the_records_of_a_transaction_are_those_that_it_handled,
                        NULL,
                    });
}
