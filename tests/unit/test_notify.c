/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people: kept with their event, sent by a channel that does as scripted, told to the
 * consumer. */
#include "consume_bench.h"

enum { MS = 1000 };
static const int64_t HOUR = INT64_C(3600) * SECOND;

/* ---- a channel that does as scripted ---- */

struct scripted {
    struct consume *run;
    struct {
        uint64_t tag;
        char key[40], to[40], title[80];
        bool open;
    } sent[64];
    int n_sent;
    struct notify_answer answer;
    int send_r;
    bool silent; /* answers are kept back */
};

static int scripted_send(void *self, const struct notify_message *message, uint64_t tag,
                         struct mr_error *reterr)
{
    struct scripted *s = self;

    if (s->send_r != 0)
        return mr_error_set(reterr, s->send_r, "scripted");
    s->sent[s->n_sent].tag = tag;
    s->sent[s->n_sent].open = true;
    COPY(s->sent[s->n_sent].key, message->key);
    COPY(s->sent[s->n_sent].to, message->to);
    COPY(s->sent[s->n_sent].title, message->title);
    s->n_sent++;
    return 0;
}

static int scripted_serve(void *self, MR_UNUSED struct mr_error *reterr)
{
    struct scripted *s = self;

    for (int i = 0; i < s->n_sent && !s->silent; i++) {
        if (!s->sent[i].open)
            continue;
        s->sent[i].open = false;
        consume_answered(s->run, s->sent[i].tag, &s->answer);
    }
    return 0;
}

static void use(struct bench *b, struct scripted *s)
{
    s->run = &b->run;
    b->run.notify.channel = (struct consume_channel){
        .self = s, .name = "smtp", .send = scripted_send, .serve = scripted_serve};
}

static void tell_two(struct bench *b, char flow, int id)
{
    b->script.order[id] = DO_NOTIFY;
    send(b, flow, id, id);
}

static int64_t rows(struct bench *b, const char *state)
{
    char sql[128];

    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM mr_notice WHERE state = '%s'", state);
    return number(b, sql);
}

static struct notify_answer say(int r, const char *why)
{
    struct notify_answer answer = {.r = r};

    (void)snprintf(answer.why, sizeof(answer.why), "%s", why);
    return answer;
}

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

/* ---- sending ---- */

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
            a_repeat_of_the_event_has_the_same_ids_and_asks_for_nothing_twice,
            an_event_that_is_undone_tells_nobody,
            a_message_keeps_its_trace_for_what_is_emitted_when_it_was_delivered,
            who_asks_to_be_told_again_is_and_nothing_is_sent_twice,
            a_refused_fate_undoes_itself_only_and_is_not_told_again,
            a_fatal_word_stops_the_process_and_the_message_is_told_again_at_the_next_start,
            a_passing_fault_is_tried_again_with_the_same_key_after_a_growing_wait,
            a_channel_may_ask_for_a_longer_wait,
            what_never_can_be_delivered_is_given_up_at_once_with_its_reason,
            after_its_time_a_message_is_given_up,
            a_channel_that_fails_is_asked_with_one_message_only_until_it_is_back,
            messages_of_one_recipient_and_flow_keep_their_order_and_others_pass,
            what_was_under_way_in_a_crash_is_sent_again_with_its_key,
            once_ends_when_messages_are_sent_or_wait_for_another_try,
            a_stop_waits_for_what_is_under_way_and_begins_nothing,
            settled_messages_are_forgotten_after_their_time,
            a_message_that_is_none_makes_its_event_a_dead_letter,
            NULL,
        });
}
