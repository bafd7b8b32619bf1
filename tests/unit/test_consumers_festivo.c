/* SPDX-License-Identifier: Apache-2.0 */
/* Festivo's consumers: tickets and gates, refunds, the audit trail. */
#include "consumers_bench.h"

#include "festivo_notification.gen.h"
#include "festivo_orchestrator.gen.h"
#include "festivo_ticket.gen.h"

extern const struct mr_consumer consumer_festivo_access_control, consumer_festivo_audit,
    consumer_festivo_ticket;

#define HOUR (60 * (int64_t)MINUTE)

/* ---- festivo-access-control ---- */

static void purchased(struct bench *b, const char *ticket, int minutes)
{
    SEND(b, festivo_ticket_ticket_purchased_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .ticketType = minutes > 0 ? MR_STR("VIP") : MR_STR("Standard"),
                  .price = money("59.80"),
                  .purchaseDate = T0,
                  .customerId = MR_STR("cust")});
}

static void refunded(struct bench *b, const char *ticket, int minutes)
{
    SEND(b, festivo_ticket_ticket_refunded_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .reason = MR_STR("Customer request"),
                  .refundAmount = money("59.80"),
                  .refundDate = T0 + (int64_t)minutes * MINUTE});
}

static void cancelled(struct bench *b, const char *ticket, int minutes)
{
    SEND(b, festivo_ticket_ticket_cancelled_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .reason = MR_STR("Customer request"),
                  .cancellationDate = T0 + (int64_t)minutes * MINUTE});
}

START_TEST(a_purchase_opens_the_gates_until_a_refund_or_a_cancellation)
{
    struct bench *b = BENCH(festivo_access_control);
    const char *gate = "SELECT may_enter, reason FROM admission WHERE ticket_code = 'FT-1'";

    ck_assert_str_eq(ask(b, gate), "");
    purchased(b, "t1", 0);
    ck_assert_str_eq(ask(b, gate), "1|");
    cancelled(b, "t1", 5);
    ck_assert_str_eq(ask(b, gate), "0|Ticket cancelled");
    refunded(b, "t1", 9);
    ck_assert_str_eq(ask(b, gate), "0|Ticket refunded");
    bench_free(b);
}
END_TEST

START_TEST(a_ticket_is_the_same_in_whatever_order_its_events_come)
{
    static void (*const events[])(struct bench *, const char *, int) = {purchased, refunded,
                                                                        cancelled};
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    for (size_t i = 0; i < MR_N_ELEMENTS(orders); i++) {
        struct bench *b = BENCH(festivo_access_control);
        for (size_t k = 0; k < 3; k++)
            events[orders[i][k]](b, "t1", 3 * orders[i][k]);
        ck_assert_str_eq(ask(b, "SELECT may_enter, reason, ticket_type, purchased_at, refunded_at,"
                                " cancelled_at FROM admission"),
                         "0|Ticket refunded|Standard|1705314600000000|1705314780000000|"
                         "1705314960000000");
        bench_free(b);
    }
}
END_TEST

START_TEST(the_younger_word_on_a_ticket_stays_and_reopens_no_gate)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(festivo_access_control);
        purchased(b, "t1", order == 0 ? 0 : 7);
        refunded(b, "t1", 3);
        purchased(b, "t1", order == 0 ? 7 : 0);
        ck_assert_str_eq(ask(b, "SELECT ticket_type, may_enter FROM admission"), "VIP|0");
        bench_free(b);
    }
}
END_TEST

/* ---- festivo-ticket ---- */

static void ask_for_refund(struct bench *b, const char *ticket, const char *amount, int minutes)
{
    SEND(b, festivo_orchestrator_saga_refund_requested_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .reason = MR_STR("Entry denied - system error"),
                  .refundAmount = money(amount),
                  .requestedAt = T0 + (int64_t)minutes * MINUTE});
}

static void sell(struct bench *b, const char *columns, const char *values)
{
    struct mr_error error = MR_ERROR_INIT;
    char sql[256];

    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO ticket (ticket_id, ticket_code%s) VALUES"
                   " ('t1', 'FT-1'%s)",
                   columns, values);
    ck_assert_int_eq(mr_store_begin(b->store, &error), 0);
    ck_assert_msg(mr_store_run(b->store, sql, MR_NO_VALUES, &error) == 0, "%s", error.text);
    ck_assert_int_eq(mr_store_commit(b->store, &error), 0);
}

static uint64_t n_of(const struct bench *b, const char *topic)
{
    uint64_t n = 0;

    for (size_t i = 0; i < b->fake->n_published; i++)
        n += strcmp(b->fake->published[i].topic, topic) == 0;
    return n;
}

START_TEST(a_tickets_money_goes_back_once_however_often_it_is_asked_for)
{
    struct bench *b = BENCH(festivo_ticket), *gates = BENCH(festivo_access_control);

    ask_for_refund(b, "t1", "59.80", 0);
    ask_for_refund(b, "t1", "59.80", 2);
    ask_for_refund(b, "t2", "10", 2);
    ck_assert_str_eq(ask(b, "SELECT ticket_id, state, refund_amount FROM ticket"
                            " ORDER BY ticket_id"),
                     "t1|refunded|59.8\nt2|refunded|10");
    ck_assert_str_eq(ask(b, "SELECT ticket_id, refunded FROM refund_request ORDER BY request_id"),
                     "t1|1\nt1|0\nt2|1");
    ck_assert_uint_eq(b->fake->n_published, 2);
    ck_assert(mr_str_is(fake_header(b->fake->published, "ce_causationid"),
                        "11111111-1111-4111-8111-000000000001"));
    forward(b, gates);
    ck_assert_str_eq(ask(gates, "SELECT ticket_id, may_enter FROM admission ORDER BY ticket_id"),
                     "t1|0\nt2|0");
    bench_free(gates);
    bench_free(b);
}
END_TEST

START_TEST(a_cancelled_ticket_can_be_refunded)
{
    struct bench *b = BENCH_WITH(festivo_ticket, "--unknown-ticket", "dead-letter");

    sell(b, ", cancelled_at, price", ", 5, '59.8'");
    ck_assert_str_eq(ask(b, "SELECT state FROM ticket"), "cancelled");
    ask_for_refund(b, "t1", "59.80", 0);
    ck_assert_str_eq(ask(b, "SELECT state FROM ticket"), "refunded");
    ck_assert_uint_eq(n_of(b, "festivo-ticket.ticket.refunded.v1"), 1);
    bench_free(b);
}
END_TEST

START_TEST(who_asks_for_a_refund_of_nothing_gets_what_was_paid)
{
    struct bench *b = BENCH(festivo_ticket), *gates = BENCH(festivo_access_control);

    sell(b, ", sold_at, price", ", 5, '59.8'");
    ask_for_refund(b, "t1", "0", 0);
    forward(b, gates);
    ck_assert_str_eq(ask(gates, "SELECT refund_amount FROM ticket ORDER BY ticket_id"), "59.8");
    ck_assert_str_eq(ask(b, "SELECT amount FROM refund_request ORDER BY request_id"), "0");
    bench_free(gates);
    bench_free(b);
}
END_TEST

START_TEST(a_refund_of_nothing_needs_a_price_and_takes_no_ticket_without)
{
    struct bench *b = BENCH(festivo_ticket);

    ask_for_refund(b, "t2", "0", 0); /* nobody knows what was paid */
    ck_assert_uint_eq(n_of(b, "festivo-ticket.dlq"), 1);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM ticket"), "0");
    sell(b, ", sold_at", ", 5"); /* t1, with a price unknown */
    ask_for_refund(b, "t1", "0", 0);
    ck_assert_uint_eq(n_of(b, "festivo-ticket.dlq"), 2);
    ask_for_refund(b, "t1", "5", 1); /* who tells an amount gets it */
    ck_assert_str_eq(ask(b, "SELECT state, refund_amount FROM ticket"), "refunded|5");
    ask_for_refund(b, "t1", "0", 2); /* it is done */
    ck_assert_uint_eq(n_of(b, "festivo-ticket.dlq"), 2);
    ck_assert_uint_eq(n_of(b, "festivo-ticket.ticket.refunded.v1"), 1);
    bench_free(b);

    b = BENCH(festivo_ticket);
    sell(b, ", sold_at, price", ", 5, '0'"); /* a free one */
    ask_for_refund(b, "t1", "0", 0);
    ck_assert_str_eq(ask(b, "SELECT state, refund_amount FROM ticket"), "refunded|0");
    bench_free(b);
}
END_TEST

START_TEST(a_refund_that_the_shops_table_speaks_against_is_refused)
{
    static const struct {
        const char *columns, *values, *option;
    } rows[] = {
        {", sold_at, price", ", 5, '59.79'", "refund"}, /* paid less */
        {", sold_at, price", ", 5, 'free'", "refund"},  /* not an amount */
        {"", "", "dead-letter"},                        /* never sold */
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct bench *b = BENCH_WITH(festivo_ticket, "--unknown-ticket", rows[i].option);
        sell(b, rows[i].columns, rows[i].values);
        ask_for_refund(b, "t1", "59.80", 0);
        ck_assert_uint_eq(n_of(b, "festivo-ticket.dlq"), 1);
        ck_assert_uint_eq(b->fake->n_published, 1);
        ck_assert_str_eq(ask(b, "SELECT count(*) FROM refund_request"), "0");
        ck_assert_str_eq(ask(b, "SELECT count(*) FROM ticket WHERE refunded_at IS NOT NULL"), "0");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_refund_with_another_code_than_the_ticket_was_sold_with_is_refused)
{
    struct bench *b = BENCH(festivo_ticket);

    sell(b, ", sold_at", ", 5");
    SEND(b, festivo_orchestrator_saga_refund_requested_v1, envelope(b, 0, "t1"),
         .data = {.ticketId = MR_STR("t1"),
                  .ticketCode = MR_STR("FT-2"),
                  .reason = MR_STR("r"),
                  .refundAmount = money("1"),
                  .requestedAt = T0});
    ck_assert_uint_eq(n_of(b, "festivo-ticket.dlq"), 1);
    ask_for_refund(b, "t1", "1", 1);
    ck_assert_uint_eq(n_of(b, "festivo-ticket.ticket.refunded.v1"), 1);
    bench_free(b);
}
END_TEST

/* ---- festivo-audit ---- */

static void send_saga(struct bench *b, const char *id)
{
    SEND(b, festivo_orchestrator_saga_completed_v1, envelope(b, 9, "f"), /* the end comes first */
         .data = {.sagaId = mr_str_from(id),
                  .sagaType = MR_STR("RefundSaga"),
                  .result = MR_STR("Refunded"),
                  .completedAt = T0 + 9 * MINUTE});
    SEND(b, festivo_orchestrator_saga_started_v1, envelope(b, 1, "f"),
         .data = {.sagaId = mr_str_from(id),
                  .sagaType = MR_STR("RefundSaga"),
                  .triggerEventType = MR_STR("com.festivo.access.entry-denied.v1"),
                  .startedAt = T0 + 1 * MINUTE});
}

START_TEST(a_saga_is_told_from_its_events_in_whatever_order_they_come)
{
    struct bench *b = BENCH(festivo_audit);

    send_saga(b, "s1");
    SEND(b, festivo_orchestrator_saga_compensation_triggered_v1, envelope(b, 3, "g"),
         .data = {.sagaId = MR_STR("s2"),
                  .sagaType = MR_STR("EntryDenialSaga"),
                  .compensationAction = MR_STR("Let in by hand"),
                  .reason = MR_STR("No refund"),
                  .triggeredAt = T0});
    ck_assert_str_eq(ask(b, "SELECT saga_id, state, (ended_at - started_at) / 60000000, outcome"
                            " FROM saga ORDER BY saga_id"),
                     "s1|completed|8|Refunded\ns2|compensating||");
    SEND(b, festivo_orchestrator_saga_failed_v1, envelope(b, 4, "g"),
         .data = {.sagaId = MR_STR("s2"),
                  .sagaType = MR_STR("EntryDenialSaga"),
                  .errorReason = MR_STR("Timed out"),
                  .failedAt = T0 + 24 * HOUR});
    ck_assert_str_eq(ask(b, "SELECT state, compensations, outcome FROM saga WHERE saga_id = 's2'"),
                     "failed|1|Timed out");
    ck_assert_str_eq(
        ask(b, "SELECT day, step FROM audit WHERE saga_id = 's2' ORDER BY happened_at"),
        "2024-01-15|compensating\n2024-01-16|failed");
    bench_free(b);
}
END_TEST

START_TEST(who_was_told_what_is_counted_by_day)
{
    struct bench *b = BENCH(festivo_audit);

    for (int i = 0; i < 2; i++)
        SEND(b, festivo_notification_notification_sent_v1, envelope(b, i, "f"),
             .data = {.recipientId = MR_STR("cust"),
                      .channel = MR_STR("smtp"),
                      .notificationType = MR_STR("ticket-purchased"),
                      .sentAt = T0});
    SEND(b, festivo_notification_notification_broadcast_sent_v1, envelope(b, 1, "f"),
         .data = {.audience = MR_STR("staff"),
                  .channel = MR_STR("smtp"),
                  .notificationType = MR_STR("capacity-critical"),
                  .has_triggerEventType = true,
                  .triggerEventType = MR_STR("com.festivo.crowd.capacity-critical.v1"),
                  .sentAt = T0});
    ck_assert_str_eq(ask(b, "SELECT day, channel, kind, sent FROM notification_day ORDER BY kind"),
                     "2024-01-15|smtp|capacity-critical|1\n2024-01-15|smtp|ticket-purchased|2");
    ck_assert_str_eq(ask(b, "SELECT recipient, why FROM audit WHERE what = 'capacity-critical'"),
                     "staff|com.festivo.crowd.capacity-critical.v1");
    bench_free(b);
}
END_TEST

START_TEST(an_audit_row_holds_the_whole_event_and_is_never_changed)
{
    struct bench *b = BENCH(festivo_audit);
    struct mr_error error = MR_ERROR_INIT;
    static const char *const changes[] = {"UPDATE audit SET what = 'x'", "DELETE FROM audit"};

    send_saga(b, "s1");
    for (size_t i = 0; i < MR_N_ELEMENTS(changes); i++) {
        ck_assert_int_eq(mr_store_begin(b->store, &error), 0);
        ck_assert_int_ne(mr_store_run(b->store, changes[i], MR_NO_VALUES, &error), 0);
        mr_store_rollback(b->store);
    }
    const char *event = ask(b, "SELECT event FROM audit WHERE step = 'completed'");
    ck_assert_msg(strncmp(event, "{\"event_id\":\"11111111-1111-4111-8111-000000000001\"", 50) == 0,
                  "%s", event);
    ck_assert_ptr_nonnull(strstr(event, "\"data\":{\"sagaId\":\"s1\",\"sagaType\":\"RefundSaga\","
                                        "\"result\":\"Refunded\",\"completedAt\":\"2024-01-15T"));
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers_festivo",
                    (const TTest *[]){
                        a_purchase_opens_the_gates_until_a_refund_or_a_cancellation,
                        a_ticket_is_the_same_in_whatever_order_its_events_come,
                        the_younger_word_on_a_ticket_stays_and_reopens_no_gate,
                        a_tickets_money_goes_back_once_however_often_it_is_asked_for,
                        a_cancelled_ticket_can_be_refunded,
                        who_asks_for_a_refund_of_nothing_gets_what_was_paid,
                        a_refund_of_nothing_needs_a_price_and_takes_no_ticket_without,
                        a_refund_that_the_shops_table_speaks_against_is_refused,
                        a_refund_with_another_code_than_the_ticket_was_sold_with_is_refused,
                        a_saga_is_told_from_its_events_in_whatever_order_they_come,
                        who_was_told_what_is_counted_by_day,
                        an_audit_row_holds_the_whole_event_and_is_never_changed,
                        NULL,
                    });
}
