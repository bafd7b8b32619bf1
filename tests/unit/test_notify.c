/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people: kept with their event, and told to the consumer. */
#include "notify_bench.h"

/* ---- channel none ---- */

START_TEST(without_a_channel_a_message_is_kept_and_told_at_once)
{
    struct bench *b = bench_new();

    tell_two(b, 'a', 1);
    turns(b);
    ck_assert_int_eq(rows(b, "recorded"), 2);
    ck_assert_int_eq(b->script.n_heard, 2);
    const struct heard *first = &b->script.heard[0];
    ck_assert_str_eq(first->to, "u-1");
    ck_assert_str_eq(first->title, "Grüße");
    ck_assert_str_eq(first->channel, "none");
    ck_assert_str_eq(first->cause, "11111111-1111-4111-8111-000000000001");
    ck_assert(first->delivered && first->attempts == 0);
    ck_assert_str_eq(b->script.heard[1].to, "staff");
    ck_assert_int_eq(b->run.count.notified, 2);
    assert_effects(b, "1,100,100");
    bench_free(b);
}
END_TEST

START_TEST(without_a_channel_a_line_is_kept_in_one_turn_and_in_its_order)
{
    enum { N = 5 };
    struct bench *b = bench_new();
    int64_t due[4 * N];
    size_t n;

    b->script.on_heard = DO_AGAIN;
    for (int id = 1; id <= N; id++)
        tell_two(b, 'a', id);
    turns(b);
    ck_assert_int_eq(b->script.n_heard, 2); /* the others wait behind these */
    b->script.on_heard = DO_KEEP;
    ck_assert_int_eq(mr_notice_due(b->run.store, b->fake->now, true, due, 4 * N, &n, NULL), 0);
    ck_assert_uint_eq(n, 0);
    b->fake->now += 3 * SECOND;
    ck_assert_int_eq(mr_notice_due(b->run.store, b->fake->now, true, due, 4 * N, &n, NULL), 0);
    ck_assert_uint_eq(n, 2 * N);
    turns(b);
    ck_assert_int_eq(b->script.n_heard, 2 + 2 * N);
    for (int i = 0; i < 2; i++)
        ck_assert_str_eq(b->script.heard[2 + i].to, b->script.heard[i].to);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_of_the_event_has_the_same_ids_and_asks_for_nothing_twice)
{
    struct bench *b = bench_new();
    char ids[2][3][40];

    for (int i = 0; i < 2; i++) { /* the second time in a store that remembers the messages only */
        tell_two(b, 'a', 1);
        turns(b);
        ck_assert_uint_eq(b->fake->n_published, (size_t)(i + 1) * 3);
        for (size_t k = 0; k < 3; k++)
            COPY(ids[i][k],
                 fake_header(&b->fake->published[b->fake->n_published - 3 + k], "ce_id"));
        if (i == 1)
            break;
        ck_assert_int_eq(mr_store_run(b->store, "DELETE FROM mr_inbox", MR_NO_VALUES, NULL), 0);
        ck_assert_int_eq(mr_store_run(b->store,
                                      "UPDATE mr_notice SET next_try = 0, state = 'waiting'",
                                      MR_NO_VALUES, NULL),
                         0);
        b->script.n_heard = 0;
        restart(b);
    }
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_notice"), 2);
    for (size_t k = 0; k < 3; k++) { /* the messages were due before the event came again */
        ck_assert_str_eq(ids[0][k], ids[1][(k + 2) % 3]);
        ck_assert_str_ne(ids[0][k], ids[0][(k + 1) % 3]);
    }
    bench_free(b);
}
END_TEST

START_TEST(an_event_that_is_undone_tells_nobody)
{
    struct bench *b = bench_new();

    b->group.retry.max_attempts = 1;
    b->script.order[1] = DO_NOTIFY;
    b->script.order[2] = DO_INVALID;
    send(b, 'a', 2, 2);
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_notice"), 0);
    ck_assert_int_eq(b->script.n_heard, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_message_keeps_its_trace_for_what_is_emitted_when_it_was_delivered)
{
    struct bench *b = bench_new();

    tell_two(b, 'a', 1);
    b->fake->records[0].headers[0] = (struct mr_header){
        "traceparent",
        {(const uint8_t *)"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 55}};
    b->fake->records[0].n_headers = 1;
    turns(b);
    ck_assert_uint_eq(b->fake->n_published, 3);
    for (size_t i = 0; i < 3; i++) {
        struct mr_str trace = fake_header(&b->fake->published[i], "traceparent");
        ck_assert_uint_eq(trace.len, 55);
        ck_assert(memcmp(trace.data, "00-0af7651916cd43dd8448eb211c80319c-", 36) == 0);
        ASSERT_HEADER(&b->fake->published[i], "ce_causationid",
                      "11111111-1111-4111-8111-000000000001");
        ASSERT_HEADER(&b->fake->published[i], "ce_correlationid",
                      "00000000-0000-4000-8000-00000000000a");
    }
    bench_free(b);
}
END_TEST

/* ---- what the consumer says to it ---- */

START_TEST(who_asks_to_be_told_again_is_and_nothing_is_sent_twice)
{
    struct bench *b = bench_new();
    struct scripted s = {0};

    use(b, &s);
    b->script.on_heard = DO_AGAIN;
    tell_two(b, 'a', 1);
    turns(b);
    ck_assert_int_eq(s.n_sent, 2);
    ck_assert_int_eq(b->script.n_heard, 2);
    ck_assert_int_eq(rows(b, "delivered"), 2);
    assert_effects(b, "1");
    turns(b);
    ck_assert_int_eq(b->script.n_heard, 2);
    b->script.on_heard = DO_KEEP;
    restart(b); /* also beyond a restart */
    use(b, &s);
    b->fake->now += 3 * SECOND;
    turns(b);
    ck_assert_int_eq(b->script.n_heard, 4);
    ck_assert_str_eq(b->script.heard[3].channel, "smtp");
    ck_assert_int_eq(s.n_sent, 2);
    assert_effects(b, "1,100,100");
    bench_free(b);
}
END_TEST

START_TEST(a_refused_fate_undoes_itself_only_and_is_not_told_again)
{
    struct bench *b = bench_new();

    b->script.on_heard = DO_SQL_REFUSED;
    tell_two(b, 'a', 1);
    turns(b);
    b->fake->now += HOUR;
    turns(b);
    ck_assert_int_eq(b->script.n_heard, 2);
    ck_assert_int_eq(rows(b, "recorded"), 2);
    assert_effects(b, "1");
    ck_assert_uint_eq(b->fake->n_published, 1);
    bench_free(b);
}
END_TEST

START_TEST(a_fatal_word_stops_the_process_and_the_message_is_told_again_at_the_next_start)
{
    struct bench *b = bench_new();

    b->script.on_heard = DO_STOP;
    tell_two(b, 'a', 1);
    turn(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EDOM);
    b->script.on_heard = DO_KEEP;
    b->script.n_heard = 0;
    restart(b);
    turns(b);
    ck_assert_int_eq(b->script.n_heard, 2);
    ck_assert_int_eq(rows(b, "recorded"), 2);
    bench_free(b);
}
END_TEST

START_TEST(a_message_that_is_none_makes_its_event_a_dead_letter)
{
    static char long_text[300 << 10];
    const struct mr_notice wrong[] = {
        {.to = MR_STR(""), .kind = MR_STR("k")},
        {.to = MR_STR("u"), .kind = MR_STR("")},
        {.to = MR_STR("u\nBcc: x"), .kind = MR_STR("k")},
        {.to = MR_STR("u"), .kind = MR_STR("k"), .text = MR_STR("\xff")},
        {.to = MR_STR("u"), .kind = MR_STR("k"), .title = MR_STR("a\0b")},
        {.to = MR_STR("u"), .kind = MR_STR("k"), .text = {long_text, sizeof(long_text)}},
    };
    struct bench *b = bench_new();
    struct mr_tx tx = {.run = &b->run};

    memset(long_text, 'x', sizeof(long_text));
    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++) {
        tx.error.text[0] = '\0';
        ck_assert_int_eq(mr_notify(&tx, &wrong[i]), MR_INVALID);
        ck_assert_ptr_nonnull(strstr(tx.error.text, "message to people"));
    }
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run(
        "notify",
        (const TTest *[]){
            without_a_channel_a_message_is_kept_and_told_at_once,
            without_a_channel_a_line_is_kept_in_one_turn_and_in_its_order,
            a_repeat_of_the_event_has_the_same_ids_and_asks_for_nothing_twice,
            an_event_that_is_undone_tells_nobody,
            a_message_keeps_its_trace_for_what_is_emitted_when_it_was_delivered,
            who_asks_to_be_told_again_is_and_nothing_is_sent_twice,
            a_refused_fate_undoes_itself_only_and_is_not_told_again,
            a_fatal_word_stops_the_process_and_the_message_is_told_again_at_the_next_start,
            a_message_that_is_none_makes_its_event_a_dead_letter,
            NULL,
        });
}
