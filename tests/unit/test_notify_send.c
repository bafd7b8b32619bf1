/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people on their way: when one is sent, sent again, given up and forgotten. */
#include "notify_bench.h"

START_TEST(a_passing_fault_is_tried_again_with_the_same_key_after_a_growing_wait)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_AGAIN, "452 later")};
    int64_t waits[] = {1, 2, 4, 8};

    use(b, &s);
    tell_two(b, 'a', 1);
    turns(b);
    for (size_t i = 0; i < MR_N_ELEMENTS(waits); i++) {
        ck_assert_int_eq(s.n_sent, 2 * ((int)i + 1));
        b->fake->now += waits[i] * SECOND - 2; /* jitter is scripted to be none, but for rounding */
        turns(b);
        ck_assert_int_eq(s.n_sent, 2 * ((int)i + 1));
        b->fake->now += 2;
        if (i == 1) {
            restart(b);
            use(b, &s);
        }
        turns(b);
    }
    s.answer = say(0, "");
    b->fake->now += 16 * SECOND;
    turns(b);
    for (int i = 0; i < s.n_sent; i++)
        ck_assert_str_eq(s.sent[i].key,
                         s.sent[strcmp(s.sent[i].to, s.sent[0].to) == 0 ? 0 : 1].key);
    ck_assert_int_eq(rows(b, "delivered"), 2);
    ck_assert_int_eq(b->script.heard[0].attempts, 6);
    ck_assert_str_eq(b->script.heard[0].error, "");
    bench_free(b);
}
END_TEST

START_TEST(a_channel_may_ask_for_a_longer_wait)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_AGAIN, "429")};

    s.answer.after_ms = 60000;
    use(b, &s);
    tell_two(b, 'a', 1);
    turns(b);
    b->fake->now += 59 * SECOND;
    turns(b);
    ck_assert_int_eq(s.n_sent, 2);
    b->fake->now += 2 * SECOND;
    turns(b);
    ck_assert_int_eq(s.n_sent, 4);
    bench_free(b);
}
END_TEST

START_TEST(what_never_can_be_delivered_is_given_up_at_once_with_its_reason)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_INVALID, "550 no such mailbox")};

    use(b, &s);
    tell_two(b, 'a', 1);
    turns(b);
    ck_assert_int_eq(s.n_sent, 2);
    ck_assert_int_eq(rows(b, "failed"), 2);
    ck_assert_int_eq(b->script.n_heard, 2);
    ck_assert(!b->script.heard[0].delivered);
    ck_assert_str_eq(b->script.heard[0].error, "550 no such mailbox");
    ck_assert_int_eq(b->run.count.notify_failed, 2);
    s.send_r = MR_INVALID; /* the channel sees at once that it cannot be sent */
    tell_two(b, 'b', 2);
    turns(b);
    ck_assert_int_eq(rows(b, "failed"), 4);
    ck_assert_str_eq(b->script.heard[3].error, "scripted");
    bench_free(b);
}
END_TEST

START_TEST(after_its_time_a_message_is_given_up)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_AGAIN, "421 busy")};

    use(b, &s);
    tell_two(b, 'a', 1);
    turns(b);
    for (int i = 0; i < 400 && b->script.n_heard == 0 && s.n_sent < 60; i++) {
        b->fake->now += HOUR;
        turns(b);
    }
    ck_assert_int_eq(s.n_sent, 2 + 24 * 2); /* the last try is when the time is over */
    ck_assert_int_eq(rows(b, "failed"), 2);
    ck_assert_str_eq(b->script.heard[0].error, "421 busy");
    bench_free(b);
}
END_TEST

START_TEST(a_channel_that_fails_is_asked_with_one_message_only_until_it_is_back)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_AGAIN, "connection refused")};

    s.answer.channel_failed = true;
    use(b, &s);
    for (int i = 1; i <= 5; i++)
        tell_two(b, (char)('a' + i), i);
    turn(b);
    turns(b);
    ck_assert_int_eq(s.n_sent, CONSUME_NOTIFY_AT_ONCE);
    b->fake->now += 2 * SECOND;
    turns(b);
    ck_assert_int_eq(s.n_sent, CONSUME_NOTIFY_AT_ONCE + 1);
    s.answer = say(0, "");
    for (int i = 0; i < 8; i++) {
        b->fake->now += 10 * SECOND;
        turns(b);
    }
    ck_assert_int_eq(rows(b, "delivered"), 10);
    bench_free(b);
}
END_TEST

START_TEST(messages_of_one_recipient_and_flow_keep_their_order_and_others_pass)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_AGAIN, "452 later")};

    use(b, &s);
    tell_two(b, 'a', 1);
    turns(b);
    ck_assert_int_eq(s.n_sent, 2);
    s.answer = say(0, "");
    tell_two(b, 'a', 2); /* behind the first ones, which wait */
    tell_two(b, 'c', 3); /* to the same people, of another flow */
    turns(b);
    turns(b);
    ck_assert_int_eq(s.n_sent, 4);
    ck_assert_int_eq(rows(b, "delivered"), 2);
    b->fake->now += 2 * SECOND;
    turns(b);
    turns(b);
    ck_assert_int_eq(rows(b, "delivered"), 6);
    ck_assert_str_eq(s.sent[4].key, s.sent[0].key);
    ck_assert_str_eq(s.sent[5].key, s.sent[1].key);
    bench_free(b);
}
END_TEST

/* One line of messages, of events whose partitions two instances have. */
START_TEST(on_postgresql_a_message_behind_another_instances_is_sent_after_that)
{
    if (!on_postgres())
        return;
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(0, "")};

    use(b, &s);
    turns(b);
    ck_assert_int_eq(mr_store_run(b->store,
                                  "INSERT INTO mr_notice (key, recipient, kind, title, body, state,"
                                  " channel, error, attempts, next_try, created_at, cause_topic,"
                                  " cause_part, event_id, event_at, correlation_id, trace)"
                                  " SELECT 'k', 'u-1', 'k', 't', 'b', 'waiting', '', '', 0, 1, 1,"
                                  " topic, 7, 'e', 1, '00000000-0000-4000-8000-00000000000a',"
                                  " CAST('' AS BYTEA) FROM mr_offset WHERE part = 1",
                                  MR_NO_VALUES, &b->error),
                     0);
    tell_two(b, 'a', 1);
    turns(b);
    turns(b);
    ck_assert_int_eq(s.n_sent, 1); /* to the staff */
    ck_assert_int_eq(mr_store_run(b->store,
                                  "UPDATE mr_notice SET state = 'delivered', next_try = NULL,"
                                  " settled_at = 1 WHERE cause_part = 7",
                                  MR_NO_VALUES, &b->error),
                     0);
    b->fake->now += 2 * SECOND;
    turns(b);
    ck_assert_int_eq(s.n_sent, 2);
    ck_assert_str_eq(s.sent[1].to, "u-1");
    bench_free(b);
}
END_TEST

START_TEST(what_was_under_way_in_a_crash_is_sent_again_with_its_key)
{
    struct bench *b = bench_new();
    struct scripted s = {.silent = true};

    use(b, &s);
    tell_two(b, 'a', 1);
    turns(b);
    ck_assert_int_eq(s.n_sent, 2);
    turns(b);
    ck_assert_int_eq(s.n_sent, 2); /* under way: not begun a second time */
    restart(b);
    s.sent[0].open = s.sent[1].open = false;
    s.silent = false;
    use(b, &s);
    turns(b);
    ck_assert_int_eq(s.n_sent, 4);
    ck_assert_str_eq(s.sent[0].key, s.sent[2].key);
    ck_assert_str_eq(s.sent[1].key, s.sent[3].key);
    ck_assert_int_eq(rows(b, "delivered"), 2);
    bench_free(b);
}
END_TEST

START_TEST(once_ends_when_messages_are_sent_or_wait_for_another_try)
{
    struct bench *b = bench_new();
    struct scripted s = {.silent = true};

    b->run.options.once = true;
    use(b, &s);
    tell_two(b, 'a', 1);
    fake_assign(b->fake);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), 0);
    s.silent = false;
    s.answer = say(MR_AGAIN, "452 later");
    for (int i = 0; i < 4; i++)
        if (consume_turn(&b->run, 0, &b->error) == MR_END)
            i = 100;
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_END);
    ck_assert_int_eq(rows(b, "waiting"), 2);
    bench_free(b);
}
END_TEST

START_TEST(a_stop_waits_for_what_is_under_way_and_begins_nothing)
{
    struct bench *b = bench_new();
    struct scripted s = {.silent = true};

    use(b, &s);
    for (int i = 1; i <= 5; i++)
        tell_two(b, (char)('a' + i), i);
    turns(b);
    ck_assert_int_eq(s.n_sent, CONSUME_NOTIFY_AT_ONCE);
    b->fake->stop = true;
    s.silent = false;
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    ck_assert_int_eq(s.n_sent, CONSUME_NOTIFY_AT_ONCE);
    ck_assert_int_eq(rows(b, "delivered"), CONSUME_NOTIFY_AT_ONCE);
    ck_assert_int_eq(rows(b, "waiting"), 2);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    bench_free(b);
}
END_TEST

START_TEST(settled_messages_are_forgotten_after_their_time)
{
    struct bench *b = bench_new();
    struct scripted s = {.answer = say(MR_AGAIN, "452 later")};

    tell_two(b, 'a', 1);
    turns(b);
    use(b, &s);
    b->fake->now += 29 * 24 * HOUR;
    tell_two(b, 'a', 2);
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_notice"), 4);
    b->fake->now += 25 * HOUR;
    turns(b);
    ck_assert_int_eq(rows(b, "recorded"), 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_notice"), 2);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("notify_send",
                    (const TTest *[]){
                        a_passing_fault_is_tried_again_with_the_same_key_after_a_growing_wait,
                        a_channel_may_ask_for_a_longer_wait,
                        what_never_can_be_delivered_is_given_up_at_once_with_its_reason,
                        after_its_time_a_message_is_given_up,
                        a_channel_that_fails_is_asked_with_one_message_only_until_it_is_back,
                        messages_of_one_recipient_and_flow_keep_their_order_and_others_pass,
                        on_postgresql_a_message_behind_another_instances_is_sent_after_that,
                        what_was_under_way_in_a_crash_is_sent_again_with_its_key,
                        once_ends_when_messages_are_sent_or_wait_for_another_try,
                        a_stop_waits_for_what_is_under_way_and_begins_nothing,
                        settled_messages_are_forgotten_after_their_time,
                        NULL,
                    });
}
