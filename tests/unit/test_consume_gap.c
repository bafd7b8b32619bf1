/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: unread records that go away, and topics that are made anew, while they are
 * read. */
#include "consume_bench.h"

static struct fake_partition *partition(struct bench *b)
{
    return fake_partition(b->fake, read_topics[0]->name, 0);
}

/* As Kafka does it for who deletes a topic and makes it again. */
static void make_anew(struct bench *b)
{
    fake_free_records(b->fake->records, b->fake->n_records, false);
    b->fake->n_records = 0;
    partition(b)->low = partition(b)->high = 0;
}

START_TEST(records_that_retention_takes_before_they_are_read_stop_the_process)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    turns(b);
    for (int i = 2; i <= 5; i++)
        send(b, 'b', i, i);
    partition(b)->low = 3;
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "records 1 to 2 were deleted"));
    assert_effects(b, "1");
    bench_free(b);
}
END_TEST

START_TEST(with_gap_accept_it_is_read_on_behind_them)
{
    struct bench *b = bench_new();

    b->run.options.gap = "accept";
    send(b, 'b', 1, 1);
    turns(b);
    for (int i = 2; i <= 5; i++)
        send(b, 'b', i, i);
    send(b, 'a', 6, 6);
    partition(b)->low = 3;
    turns(b);
    turns(b);
    ck_assert_int_eq(number(b, "SELECT sum(number) FROM effect"), 1 + 4 + 5 + 6);
    ck_assert_int_eq(b->run.count.gaps, 1);
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0"), 5);
    bench_free(b);
}
END_TEST

START_TEST(a_topic_made_anew_while_it_is_read_stops_the_process)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    make_anew(b);
    send(b, 'b', 3, 3);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "it was made anew"));
    bench_free(b);
}
END_TEST

START_TEST(with_gap_accept_a_topic_made_anew_is_read_from_its_beginning)
{
    struct bench *b = bench_new();

    b->run.options.gap = "accept";
    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    make_anew(b);
    send(b, 'b', 3, 3);
    turns(b);
    send(b, 'b', 4, 4);
    turns(b);
    assert_effects(b, "1,2,3,4");
    restart(b);
    turns(b);
    assert_effects(b, "1,2,3,4");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_position_that_is_there_again_is_gone_on_from)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    partition(b)->stopped = true; /* a replica that was behind led for a moment, and told so */
    b->run.gone = b->run.partitions[0].gone = true;
    turn(b);
    ck_assert(!b->run.gone);
    send(b, 'b', 3, 3);
    turns(b);
    assert_effects(b, "1,2,3");
    ck_assert_int_eq(b->run.count.gaps, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_partition_that_waits_goes_on_waiting_when_others_are_taken_up)
{
    struct bench *b = bench_new();

    b->run.options.gap = "accept";
    send(b, 'b', 1, 1);
    turns(b);
    b->fake->registry_r = MR_AGAIN;
    for (size_t i = 0; i < b->run.n_topics; i++) /* so that it is asked */
        while (b->run.topics[i].n_writers > 0)
            consume_drop_writer(&b->run.topics[i].writers[--b->run.topics[i].n_writers]);
    send(b, 'a', 2, 2);
    turn(b);
    ck_assert(fake_partition(b->fake, read_topics[0]->name, 1)->paused);
    for (int i = 3; i <= 5; i++)
        send(b, 'b', i, i);
    partition(b)->low = 2;
    turn(b);
    ck_assert(fake_partition(b->fake, read_topics[0]->name, 1)->paused);
    ck_assert_int_eq(b->run.count.gaps, 1);
    b->fake->registry_r = 0;
    b->fake->now += 60 * (int64_t)SECOND;
    turns(b);
    ck_assert_int_eq(number(b, "SELECT sum(number) FROM effect"), 1 + 2 + 4 + 5);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_gap",
                    (const TTest *[]){
                        records_that_retention_takes_before_they_are_read_stop_the_process,
                        with_gap_accept_it_is_read_on_behind_them,
                        a_topic_made_anew_while_it_is_read_stops_the_process,
                        with_gap_accept_a_topic_made_anew_is_read_from_its_beginning,
                        a_position_that_is_there_again_is_gone_on_from,
                        a_partition_that_waits_goes_on_waiting_when_others_are_taken_up,
                        NULL,
                    });
}
