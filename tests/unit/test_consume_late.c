/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: events that come after newer ones of their flow. */
#include "order_bench.h"

static void send_late(struct bench *b)
{
    send(b, 'a', 2, 5000, 'b');
    pass(b, 0);
    send(b, 'b', 1, 6000, 'b');
    send(b, 'b', 3, 6000, 'd'); /* another flow */
    pass(b, 0);
}

START_TEST(a_late_event_is_handled_and_counted)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send_late(b);
    assert_effects(b, "a2 b1! b3");
    ck_assert_int_eq(b->run.count.late, 1);
    ck_assert_int_eq(b->run.count.handled, 3);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_handler_can_ask_whether_its_event_is_late_also_after_a_restart)
{
    struct bench *b = bench_new(MR_LATE_FLAG);

    send_late(b);
    assert_effects(b, "a2 b1! b3");
    restart(b);
    send(b, 'b', 4, 6000, 'b');
    send(b, 'b', 5, 5000, 'b'); /* of the same moment: not late */
    pass(b, 0);
    assert_effects(b, "a2 b1! b3 b4! b5");
    bench_free(b);
}
END_TEST

START_TEST(what_another_instance_has_handled_meanwhile_counts_when_a_flow_comes_back)
{
    struct bench *b = bench_new(MR_LATE_FLAG);

    send(b, 'a', 1, 6000, 'b');
    pass(b, 0);
    fake_revoke(b->fake, false);
    ck_assert_int_eq(mr_store_run(b->run.store,
                                  "UPDATE mr_flow SET newest_at = newest_at + 2000000",
                                  MR_NO_VALUES, &b->error),
                     0); /* its heir has handled one of 4 s ago */
    fake_assign(b->fake);
    send(b, 'a', 2, 5000, 'b');
    pass(b, 0);
    assert_effects(b, "a1 a2!");
    ck_assert_int_eq(number(b, "SELECT max(newest_at) FROM mr_flow"), b->fake->now - 4000 * MS);
    bench_free(b);
}
END_TEST

START_TEST(a_late_event_can_be_a_dead_letter_also_after_a_restart)
{
    struct bench *b = bench_new(MR_LATE_DEAD_LETTER);

    send_late(b);
    assert_effects(b, "a2 b3");
    restart(b);
    send(b, 'b', 4, 5001, 'b');
    pass(b, 0);
    assert_effects(b, "a2 b3");
    ck_assert_int_eq(b->run.count.late, 1);
    ck_assert_uint_eq(b->fake->n_published, 2);
    ck_assert(mr_str_is(fake_header(&b->fake->published[1], "mr_error_class"), "late"));
    ck_assert(mr_str_is(fake_header(&b->fake->published[1], "__dlq.errors.message"),
                        "late: 0.001000 s older than the newest handled event of its flow"));
    bench_free(b);
}
END_TEST

START_TEST(a_late_dead_letter_that_is_sent_back_is_handled_by_its_group_alone)
{
    struct bench *b = bench_new(MR_LATE_DEAD_LETTER);

    send_late(b);
    ck_assert_uint_eq(b->fake->n_published, 1);
    for (int i = 0; i < 2; i++) {
        const char *group = i ? b->run.options.group : "other-group";
        b->n_sent = 1; /* the late one's id */
        send(b, 'b', 1, 6000, 'b');
        struct fake_record *record = &b->fake->records[b->fake->n_records - 1];
        record->headers[record->n_headers++] =
            (struct mr_header){"mr_retry_group", {(const uint8_t *)group, strlen(group)}};
        pass(b, 0);
        assert_effects(b, i ? "a2 b3 b1!" : "a2 b3");
        ck_assert_uint_eq(b->fake->n_published, 1);
    }
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_is_no_late_event)
{
    struct bench *b = bench_new(MR_LATE_DEAD_LETTER);

    send(b, 'a', 1, 6000, 'b');
    b->n_sent--;
    pass(b, 0);
    b->n_sent++;
    send(b, 'a', 2, 5000, 'b');
    pass(b, 0);
    b->n_sent = 0;
    send(b, 'a', 1, 7000, 'b');
    pass(b, 0);
    assert_effects(b, "a1 a2");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    ck_assert_int_eq(b->run.count.late, 0);
    bench_free(b);
}
END_TEST

START_TEST(flows_that_are_over_are_forgotten_with_the_ids)
{
    struct bench *b = bench_new(MR_LATE_FLAG);

    b->run.options.window_ms = 3600000;
    consume_window_open(&b->run);
    send(b, 'a', 1, 6000, 'b');
    pass(b, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 1);
    pass(b, 3500000);
    send(b, 'a', 2, 6000, 'd');
    pass(b, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 2);
    pass(b, 3500000);
    send(b, 'a', 3, 6000, 'f');
    pass(b, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 2);
    bench_free(b);
}
END_TEST

START_TEST(what_was_undone_makes_nothing_late)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    int64_t epoch, next;

    send(b, 'a', 1, 6000, 'b');
    send(b, 'a', 2, 5000, 'b');
    ck_assert_int_eq(mr_ledger_claim(b->run.store, topics[0]->name, 0, &epoch, &next, NULL),
                     0); /* overtaken */
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), on_postgres() ? 0 : -ESTALE);
    assert_effects(b, "");
    restart(b);
    pass(b, 0);
    assert_effects(b, "a1 a2");
    ck_assert_int_eq(b->run.count.late, 0);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_late",
                    (const TTest *[]){
                        a_late_event_is_handled_and_counted,
                        a_handler_can_ask_whether_its_event_is_late_also_after_a_restart,
                        what_another_instance_has_handled_meanwhile_counts_when_a_flow_comes_back,
                        a_late_event_can_be_a_dead_letter_also_after_a_restart,
                        a_late_dead_letter_that_is_sent_back_is_handled_by_its_group_alone,
                        a_repeat_is_no_late_event,
                        flows_that_are_over_are_forgotten_with_the_ids,
                        what_was_undone_makes_nothing_late,
                        NULL,
                    });
}
