/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: brokers that are away when partitions are assigned are waited for. */
#include "consume_bench.h"

/* The group is joined again while the brokers do not tell where its partitions begin. */
static struct bench *rejoined(int r)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    fake_revoke(b->fake, true);
    ck_assert(b->run.asking.left);
    b->fake->marks_r = r;
    send(b, 'a', 3, 3);
    fake_assign(b->fake);
    ck_assert(!b->run.asking.left);
    return b;
}

/* Turns until so much time has gone by. */
static int wait_for(struct bench *b, int64_t seconds)
{
    int64_t until = b->fake->now + seconds * SECOND;
    int r = 0;

    while (r == 0 && b->fake->now < until) {
        r = consume_turn(&b->run, 0, &b->error);
        b->fake->now += SECOND / 10;
    }
    return r;
}

static bool waits(const struct bench *b)
{
    return b->run.asking.since != 0;
}

START_TEST(brokers_that_are_away_are_waited_for_however_long_it_takes)
{
    struct bench *b = rejoined(MR_AGAIN);

    ck_assert_msg(wait_for(b, 24 * 3600) == 0, "%s", b->error.text);
    ck_assert(waits(b) && b->run.asking.told);
    for (int32_t i = 0; i < 2; i++)
        ck_assert(fake_partition(b->fake, read_topics[0]->name, i)->paused);
    assert_effects(b, "1,2");
    b->fake->marks_r = 0;
    ck_assert_int_eq(wait_for(b, 10), 0);
    ck_assert(!waits(b));
    assert_effects(b, "1,2,3");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(brokers_that_do_not_know_a_partition_yet_are_asked_again_for_five_minutes)
{
    struct bench *b = rejoined(MR_ABSENT);

    ck_assert_int_eq(wait_for(b, 299), 0);
    b->fake->marks_r = MR_AGAIN; /* they go away once more: counted anew */
    ck_assert_int_eq(wait_for(b, 60), 0);
    b->fake->marks_r = MR_ABSENT;
    ck_assert_int_eq(wait_for(b, 295), 0);
    b->fake->marks_r = 0;
    ck_assert_int_eq(wait_for(b, 10), 0);
    assert_effects(b, "1,2,3");
    bench_free(b);
}
END_TEST

START_TEST(a_topic_that_the_brokers_no_longer_know_stops_the_process_after_that)
{
    struct bench *b = rejoined(MR_ABSENT);

    ck_assert_int_eq(wait_for(b, 302), -ENOENT);
    ck_assert_ptr_nonnull(strstr(b->error.text, "for 5 minutes: watermarks: scripted"));
    ck_assert_ptr_nonnull(strstr(b->error.text, "millrace topics create"));
    assert_effects(b, "1,2");
    bench_free(b);
}
END_TEST

START_TEST(a_stop_waits_for_no_broker)
{
    struct bench *b = rejoined(MR_AGAIN);

    ck_assert_int_eq(wait_for(b, 30), 0);
    int64_t now = b->fake->now;
    b->fake->stop = true;
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    ck_assert_int_eq(b->fake->now, now);
    bench_free(b);
}
END_TEST

START_TEST(who_is_to_come_to_an_end_waits_for_a_minute)
{
    struct bench *b = bench_new();

    b->run.options.once = true;
    fake_revoke(b->fake, false);
    b->fake->marks_r = MR_AGAIN;
    fake_assign(b->fake);
    send(b, 'a', 1, 1);
    ck_assert_int_eq(wait_for(b, 55), 0); /* and takes nothing for its end */
    ck_assert_int_eq(wait_for(b, 10), -ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(b->error.text, "for 60 s: watermarks: scripted"));
    bench_free(b);
}
END_TEST

/* Of a group whose partitions move one by one. */
START_TEST(who_is_to_come_to_an_end_is_not_there_while_one_of_its_partitions_waits)
{
    struct bench *b = bench_new();
    struct mr_topic_partition item = {read_topics[0]->name, 1, 0};

    b->run.options.once = true;
    turn(b);
    send(b, 'a', 1, 1);
    consume_revoked(&b->run, &item, 1, false);
    b->fake->marks_r = MR_AGAIN;
    consume_assigned(&b->run, &item, 1);
    ck_assert_int_eq(wait_for(b, 10), 0);
    b->fake->marks_r = 0;
    ck_assert_int_eq(wait_for(b, 10), MR_END);
    assert_effects(b, "1");
    bench_free(b);
}
END_TEST

START_TEST(partitions_that_are_taken_away_while_they_wait_are_begun_when_they_come_again)
{
    struct bench *b = rejoined(MR_AGAIN);

    ck_assert_int_eq(wait_for(b, 30), 0);
    fake_revoke(b->fake, false);
    ck_assert(!fake_partition(b->fake, read_topics[0]->name, 0)->paused);
    b->fake->marks_r = 0;
    ck_assert_int_eq(wait_for(b, 30), 0); /* nothing is asked for that is not ours */
    assert_effects(b, "1,2");
    fake_assign(b->fake);
    turns(b);
    ck_assert(!waits(b));
    assert_effects(b, "1,2,3");
    bench_free(b);
}
END_TEST

START_TEST(who_is_given_nothing_waits_for_nobody)
{
    struct bench *b = rejoined(MR_AGAIN);

    ck_assert_int_eq(wait_for(b, 30), 0);
    fake_revoke(b->fake, false);
    consume_assigned(&b->run, NULL, 0);
    if (on_postgres()) { /* an instance that stands by */
        turn(b);
        ck_assert(!waits(b));
    } else {
        ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    }
    bench_free(b);
}
END_TEST

START_TEST(a_seek_that_is_not_answered_then_costs_one_more_try)
{
    struct bench *b = rejoined(MR_AGAIN);

    ck_assert_int_eq(wait_for(b, 30), 0);
    b->fake->marks_r = 0;
    b->fake->seek_fails = 1;
    ck_assert_int_eq(wait_for(b, 10), 0);
    ck_assert_int_eq(b->run.count.store_losses, 1);
    ck_assert(b->run.assigned && !b->run.assignment_changed);
    assert_effects(b, "1,2,3");
    bench_free(b);
}
END_TEST

START_TEST(on_postgresql_what_the_store_did_not_let_us_claim_is_claimed_later)
{
    if (!on_postgres())
        return;
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    fake_revoke(b->fake, true);
    ck_assert_int_eq(mr_store_run(b->store,
                                  "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                                  " 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'",
                                  MR_NO_VALUES, NULL),
                     0);
    ck_assert_int_eq(mr_store_run(b->store,
                                  "CREATE TRIGGER refuse BEFORE UPDATE ON mr_offset FOR EACH ROW"
                                  " WHEN (NEW.part = 1) EXECUTE FUNCTION refuse()",
                                  MR_NO_VALUES, NULL),
                     0); /* the disk is full behind the first partition */
    fake_assign(b->fake);
    send(b, 'b', 3, 3);
    send(b, 'a', 4, 4);
    ck_assert_int_eq(wait_for(b, 0), 0);
    turn(b);
    ck_assert_int_eq(mr_store_run(b->store, "DROP TRIGGER refuse ON mr_offset", MR_NO_VALUES, NULL),
                     0);
    ck_assert_int_eq(wait_for(b, 10), 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), 4);
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

/* It slept over its session between assignment and claim, and ends before it hears of that. */
START_TEST(on_postgresql_what_another_took_and_the_group_left_with_us_is_claimed_back)
{
    int64_t epoch, next;

    if (!on_postgres())
        return;
    struct bench *b = bench_new();
    const char *topic = read_topics[0]->name;

    turn(b);
    ck_assert_int_eq(mr_ledger_claim(b->store, topic, 1, &epoch, &next, NULL), 0);
    send(b, 'a', 1, 1);
    send(b, 'b', 2, 0);
    ck_assert_int_eq(wait_for(b, 55), 0);
    assert_effects(b, "2");
    ck_assert(fake_partition(b->fake, topic, 1)->paused);
    ck_assert_int_eq(wait_for(b, 10), 0);
    assert_effects(b, "2,1");
    send(b, 'a', 3, 3);
    turns(b);
    assert_effects(b, "2,1,3");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(on_postgresql_what_the_group_took_from_us_is_left_to_its_heir)
{
    struct mr_topic_partition item = {read_topics[0]->name, 1, 0};
    int64_t epoch, next;

    if (!on_postgres())
        return;
    struct bench *b = bench_new();

    turn(b);
    ck_assert_int_eq(mr_ledger_claim(b->store, item.topic, 1, &epoch, &next, NULL), 0);
    send(b, 'a', 1, 1);
    ck_assert_int_eq(wait_for(b, 5), 0);
    consume_revoked(&b->run, &item, 1, false);
    ck_assert_int_eq(wait_for(b, 100), 0);
    assert_effects(b, "");
    ck_assert_int_eq(mr_ledger_where(b->store, item.topic, 1, epoch, &next, NULL), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_gap_is_judged_when_the_brokers_know_its_partition_again)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    turns(b);
    for (int i = 2; i <= 5; i++)
        send(b, 'b', i, i);
    fake_partition(b->fake, read_topics[0]->name, 0)->low = 3;
    b->fake->marks_r = MR_ABSENT;
    ck_assert_int_eq(wait_for(b, 100), 0);
    ck_assert(waits(b));
    b->fake->marks_r = 0;
    ck_assert_int_eq(wait_for(b, 10), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "records 1 to 2 were deleted"));
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run(
        "consume_away",
        (const TTest *[]){
            brokers_that_are_away_are_waited_for_however_long_it_takes,
            brokers_that_do_not_know_a_partition_yet_are_asked_again_for_five_minutes,
            a_topic_that_the_brokers_no_longer_know_stops_the_process_after_that,
            a_stop_waits_for_no_broker,
            who_is_to_come_to_an_end_waits_for_a_minute,
            who_is_to_come_to_an_end_is_not_there_while_one_of_its_partitions_waits,
            partitions_that_are_taken_away_while_they_wait_are_begun_when_they_come_again,
            who_is_given_nothing_waits_for_nobody,
            a_seek_that_is_not_answered_then_costs_one_more_try,
            on_postgresql_what_the_store_did_not_let_us_claim_is_claimed_later,
            on_postgresql_what_another_took_and_the_group_left_with_us_is_claimed_back,
            on_postgresql_what_the_group_took_from_us_is_left_to_its_heir,
            a_gap_is_judged_when_the_brokers_know_its_partition_again,
            NULL,
        });
}
