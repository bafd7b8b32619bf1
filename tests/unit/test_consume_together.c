/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine over a backlog: events that share their fate, where the store gains by it,
 * come to the same as each for itself. */
#include "consume_bench.h"

enum { BACKLOG = 60, BAD = 30 }; /* a batch's records, the one that fails */

static struct bench *backlog_new(void)
{
    struct bench *b = bench_new();

    b->run.apart.from = BACKLOG;
    return b;
}

/* Events of many flows; the last is behind the failing one, in the flow of that alone. */
static void send_backlog(struct bench *b, int first_id)
{
    for (int i = 0; i < BACKLOG; i++) {
        bool last = i == BACKLOG - 1;
        char flow = i == BAD || last ? 'b' : "0123456789acdef"[i % 15];
        send(b, flow, i == BAD ? 1 : last ? 2 : 3, first_id + i);
    }
}

START_TEST(a_backlog_is_one_transaction)
{
    struct bench *b = backlog_new();

    send_backlog(b, 1);
    turns(b);
    ck_assert_int_eq(b->run.count.handled, BACKLOG);
    ck_assert_int_eq(b->run.count.redone, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), BACKLOG);
    ck_assert_uint_eq(b->fake->n_published, BACKLOG);
    bench_free(b);
}
END_TEST

START_TEST(one_refused_event_of_a_backlog_takes_no_other_along)
{
    static const enum order refused[] = {DO_INVALID, DO_SQL_REFUSED, DO_SQL_REFUSED_AND_AGAIN,
                                         DO_BAD_EMIT};

    for (size_t i = 0; i < MR_N_ELEMENTS(refused); i++) {
        struct bench *b = backlog_new();
        b->script.order[1] = refused[i];
        send_backlog(b, 1);
        turns(b);
        ck_assert_int_eq(b->run.count.handled, BACKLOG - 1);
        ck_assert_int_eq(b->run.count.consumed, BACKLOG);
        ck_assert_int_eq(b->run.count.dead_lettered, 1);
        ck_assert_int_eq(b->run.count.redone, on_postgres());
        ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), BACKLOG - 1);
        ck_assert_int_eq(number(b, "SELECT count(*) FROM effect WHERE number = 2"), 1);
        ck_assert_uint_eq(letters(b), 1);
        ASSERT_HEADER(letter(b), "mr_error_class", "refused");
        ck_assert_uint_eq(b->fake->n_published, BACKLOG);
        bench_free(b);
    }
}
END_TEST

START_TEST(one_event_of_a_backlog_that_is_tried_again_holds_up_its_flow_only)
{
    struct bench *b = backlog_new();

    b->script.order[1] = DO_AGAIN;
    send_backlog(b, 1);
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), BACKLOG - 2);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_event"), 2);
    b->script.order[1] = DO_KEEP;
    b->fake->now += 5 * SECOND;
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), BACKLOG);
    ck_assert_int_eq(number(b, "SELECT (SELECT min(seq) FROM effect WHERE number = 2) -"
                               " (SELECT min(seq) FROM effect WHERE number = 1)"),
                     1);
    ck_assert_int_eq(b->run.count.redone, on_postgres());
    bench_free(b);
}
END_TEST

START_TEST(batches_that_fail_again_and_again_are_tried_together_less_and_less)
{
    struct bench *b = backlog_new();
    int64_t redone = 0;

    b->script.order[1] = DO_SQL_REFUSED;
    for (int i = 0; i < 20; i++) {
        send_backlog(b, 1 + i * BACKLOG);
        turns(b);
        ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), (i + 1) * (BACKLOG - 1));
    }
    redone = b->run.count.redone;
    ck_assert_int_eq(redone, on_postgres() ? 5 : 0); /* before 1, 2, 4, 8 and 16 batches apart */
    ck_assert_uint_eq(letters(b), 20);
    b->script.order[1] = DO_KEEP;
    for (int i = 20; i < 40; i++) {
        send_backlog(b, 1 + i * BACKLOG);
        turns(b);
    }
    ck_assert_int_eq(b->run.count.redone, redone);
    ck_assert_int_eq(b->run.apart.last, 0); /* all is well again */
    bench_free(b);
}
END_TEST

/* As a deadlock with another instance. */
START_TEST(after_a_lost_batch_the_next_ones_are_shorter_and_grow_again)
{
    struct bench *b = backlog_new();
    int id = BACKLOG + 1;

    if (on_postgres()) {
        b->script.order[1] = DO_SQL_LOST;
        send_backlog(b, 1);
        turn(b);
        ck_assert_int_eq(b->run.losses, 1);
        ck_assert_uint_eq(consume_most(&b->run), 25); /* of 100 */
        turn(b);
        ck_assert_int_eq(b->run.count.handled, 25);
        for (int i = 0; i < 3; i++)
            turn(b);
        ck_assert_int_eq(number(b, "SELECT count(*) FROM effect"), BACKLOG);
        ck_assert_int_eq(b->run.losses, 0);
        ck_assert_int_eq(b->run.count.redone, 0);
        ck_assert_uint_lt(consume_most(&b->run), 50);
        for (; consume_most(&b->run) < 100; turn(b), id++) {
            ck_assert_int_lt(id, BACKLOG + 15);
            send(b, 'a', 3, id);
        }
    }
    ck_assert_uint_eq(consume_most(&b->run), 100);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_together",
                    (const TTest *[]){
                        a_backlog_is_one_transaction,
                        one_refused_event_of_a_backlog_takes_no_other_along,
                        one_event_of_a_backlog_that_is_tried_again_holds_up_its_flow_only,
                        batches_that_fail_again_and_again_are_tried_together_less_and_less,
                        after_a_lost_batch_the_next_ones_are_shorter_and_grow_again,
                        NULL,
                    });
}
