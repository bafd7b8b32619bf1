/* SPDX-License-Identifier: Apache-2.0 */
/* The sagas of sagas.yaml: each flow of the contracts, its ways to fail, and time. */
#include "saga_bench.h"

/* ---- Festivo ---- */

START_TEST(a_denial_by_the_platforms_fault_is_refunded_at_once_and_once)
{
    struct bench *b = BENCH_WITH(festivo_orchestrator, "--refund-amount=24.99");
    size_t from = 0;

    deny(b, 1, "t-1", "System error at the gate");
    ASSERT_SAID(b, &from, "started,refund-requested,completed");
    ASSERT_SAGAS(b, "RefundSaga|t-1|completed|refund requested");
    ASSERT_HAS(
        event_json(b, 0),
        "\"sagaType\":\"RefundSaga\",\"triggerEventType\":\"com.festivo.access.entry-denied.v1\"");
    const char *refund = event_json(b, 1);
    ASSERT_HAS(refund, "\"reason\":\"Entry denied - System error at the gate\"");
    ASSERT_HAS(refund, "\"refundAmount\":\"24.99\"");
    ASSERT_HAS(refund, "\"causation_id\":\"11111111-1111-4111-8111-000000000001\"");
    ASSERT_HAS(refund, "\"correlation_id\":\"flow-1\"");
    ASSERT_HAS(event_json(b, 2), "\"result\":\"refund requested\"");
    deny(b, 2, "t-1", "System error at the gate");
    ASSERT_SAID(b, &from, "");
    ck_assert_int_eq(b->run.count.sagas_late, 1);
    ck_assert_int_eq(b->run.count.sagas_completed, 1);
    bench_free(b);
}
END_TEST

START_TEST(a_denial_without_a_claim_stands)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    deny(b, 1, "t-1", "Double entry attempt");
    ASSERT_SAID(b, &from, "started,completed");
    ASSERT_SAGAS(b, "EntryDenialSaga|t-1|completed|the denial stands: Double entry attempt");
    static const char *const reasons[] = {"Ticket refunded", "Ticket cancelled",
                                          "Invalid ticket",  "Ticket already used",
                                          "Ticket EXPIRED",  "Code not found"};
    for (int i = 0; i < (int)MR_N_ELEMENTS(reasons); i++) {
        deny(b, 2 + i, "t-1", reasons[i]);
        ASSERT_SAID(b, &from, "started,completed");
    }
    bench_free(b);
}
END_TEST

START_TEST(a_visitor_who_is_scanned_again_ends_the_denial)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    request(b, 0, "t-1"); /* the scan that was denied */
    deny(b, 1, "t-1", "Area full");
    ASSERT_SAID(b, &from, "started");
    request(b, 0, "t-1"); /* an older one that comes late */
    request(b, 2, "t-2"); /* another's */
    ASSERT_SAID(b, &from, "");
    request(b, 2, "t-1");
    ASSERT_SAID(b, &from, "completed");
    ASSERT_HAS(event_json(b, 1), "\"correlation_id\":\"flow-1\""); /* the saga's own */
    ASSERT_SAGAS(b, "EntryDenialSaga|t-1|completed|the visitor was scanned again");
    after(b, 3600);
    ASSERT_SAID(b, &from, "");
    bench_free(b);
}
END_TEST

START_TEST(the_scan_that_was_denied_is_no_second_scan_at_the_same_moment_either)
{
    for (int requested_first = 0; requested_first < 2; requested_first++) {
        struct bench *b = BENCH(festivo_orchestrator);
        size_t from = 0;
        if (requested_first)
            request(b, 1, "t-1");
        deny(b, 1, "t-1", "Area full");
        if (!requested_first)
            request(b, 1, "t-1");
        ASSERT_SAID(b, &from, "started");
        request(b, 2, "t-1");
        ASSERT_SAID(b, &from, "completed");
        bench_free(b);
    }
}
END_TEST

START_TEST(the_platforms_fault_is_refunded_whatever_else_the_reason_says)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    deny(b, 1, "t-1", "Invalid ticket (SCANNER ERROR)");
    ASSERT_SAID(b, &from, "started,refund-requested,completed");
    ASSERT_SAGAS(b, "RefundSaga|t-1|completed|refund requested");
    bench_free(b);
}
END_TEST

START_TEST(a_visitor_who_is_denied_twice_is_followed_from_the_second_denial)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    /* all three are there: topics are read in any order, events go by their own time */
    b->hold = true;
    deny(b, 1, "t-1", "Area full");
    deny(b, 6, "t-1", "Area full");
    request(b, 5, "t-1");
    b->hold = false;
    handle(b);
    ASSERT_SAID(b, &from, "started,completed,started");
    after(b, 15 * 60);
    ASSERT_SAID(b, &from, "compensation-triggered,refund-requested,failed");
    bench_free(b);
}
END_TEST

START_TEST(an_answer_that_overtook_the_start_counts_for_it)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    request(b, 2, "t-1");
    deny(b, 1, "t-1", "Area full");
    ASSERT_SAID(b, &from, "started,completed");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga_early"), "0");
    bench_free(b);
}
END_TEST

START_TEST(a_denial_that_stays_is_compensated_after_a_restart_too)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    deny(b, 1, "t-1", "Area full");
    after(b, 14 * 60);
    ASSERT_SAID(b, &from, "started");
    engine_reopen(b->fake, &b->run, NULL);
    handle(b);
    ASSERT_SAID(b, &from, "");
    after(b, 60);
    ASSERT_SAID(b, &from, "compensation-triggered,refund-requested,failed");
    ASSERT_HAS(event_json(b, 1), "\"compensationAction\":\"Refund ticket C-1\"");
    ASSERT_HAS(event_json(b, 1), "\"reason\":\"second-scan: no answer within 15m\"");
    ASSERT_HAS(event_json(b, 1), "\"causation_id\":\"11111111-1111-4111-8111-000000000001\"");
    ASSERT_SAGAS(b, "EntryDenialSaga|t-1|compensated|second-scan: no answer within 15m");
    after(b, 3600);
    engine_reopen(b->fake, &b->run, NULL);
    after(b, 3600);
    ASSERT_SAID(b, &from, "");
    ck_assert_str_eq(ask(b, "SELECT what FROM mr_saga_step ORDER BY seq"),
                     "started\nbegun\ntimeout\ncompensating\nundo\ncompensated");
    bench_free(b);
}
END_TEST

START_TEST(a_late_answer_is_noted_and_changes_nothing)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    deny(b, 1, "t-1", "Area full");
    after(b, 16 * 60);
    (void)said_since(b, &from);
    request(b, 30, "t-1");
    ASSERT_SAID(b, &from, "");
    ck_assert_int_eq(b->run.count.sagas_late, 1);
    ck_assert_str_eq(ask(b, "SELECT what, topic FROM mr_saga_step ORDER BY seq DESC LIMIT 1"),
                     "late|festivo-access-control.access.entry-requested.v1");
    ASSERT_SAGAS(b, "EntryDenialSaga|t-1|compensated|second-scan: no answer within 15m");
    bench_free(b);
}
END_TEST

static void crowd(struct bench *b, int minutes, bool normal)
{
    if (normal)
        SEND(b, festivo_crowd_monitor_crowd_capacity_normal_v1, envelope(b, minutes, "c-1"),
             .data = {.stageId = MR_STR("s-1"),
                      .stageName = MR_STR("Main"),
                      .currentOccupancy = 10,
                      .maxCapacity = 100,
                      .normalizedAt = T0 + minutes * MINUTE});
    else
        SEND(b, festivo_crowd_monitor_crowd_capacity_critical_v1, envelope(b, minutes, "c-2"),
             .data = {.stageId = MR_STR("s-1"),
                      .stageName = MR_STR("Main"),
                      .currentOccupancy = 99,
                      .maxCapacity = 100,
                      .issuedAt = T0 + minutes * MINUTE});
}

START_TEST(a_full_stage_is_watched_until_it_is_normal_or_for_half_an_hour)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    crowd(b, 1, true); /* of another time */
    crowd(b, 2, false);
    crowd(b, 3, false); /* once more */
    ASSERT_SAID(b, &from, "started");
    crowd(b, 5, true);
    ASSERT_SAID(b, &from, "completed");
    crowd(b, 9, false);
    after(b, 31 * 60);
    ASSERT_SAID(b, &from, "started,failed");
    ck_assert_str_eq(ask(b, "SELECT state, why FROM mr_saga ORDER BY event_at"),
                     "completed|Main is back to normal\nfailed|normalise: no answer within 30m");
    ck_assert_str_eq(ask(b, "SELECT * FROM stage_state"),
                     "s-1|Main|critical|99|100|1705315140000000");
    bench_free(b);
}
END_TEST

START_TEST(of_one_moment_the_graver_word_on_a_stage_stays)
{
    for (int normal_first = 0; normal_first < 2; normal_first++) {
        struct bench *b = BENCH(festivo_orchestrator);
        size_t from = 0;
        crowd(b, 1, normal_first);
        crowd(b, 1, !normal_first);
        ASSERT_SAID(b, &from, "started");
        ck_assert_str_eq(ask(b, "SELECT state FROM stage_state"), "critical");
        crowd(b, 2, true);
        ASSERT_SAID(b, &from, "completed");
        bench_free(b);
    }
}
END_TEST

/* ---- First Viscount ---- */

static void reserve(struct bench *b, int minutes, const char *id, const char *product)
{
    SEND(b, inventory_management_inventory_reserved_v1, envelope(b, minutes, "order_1"),
         .data = {.reservation_id = mr_str_from(id),
                  .product_id = mr_str_from(product),
                  .quantity = 2,
                  .location_id = MR_STR("main"),
                  .order_id = MR_STR("o-1"),
                  .expires_at = T0 + 15 * MINUTE});
}

static void release(struct bench *b, int minutes, const char *id, const char *reason)
{
    SEND(b, inventory_management_inventory_released_v1, envelope(b, minutes, "order_1"),
         .data = {.reservation_id = mr_str_from(id),
                  .product_id = MR_STR("p-1"),
                  .quantity = 2,
                  .location_id = MR_STR("main"),
                  .reason = mr_str_from(reason)});
}

START_TEST(an_order_is_validated_with_all_its_reservations)
{
    struct bench *b = BENCH(order_management);
    size_t from = 0;

    reserve(b, 1, "r-1", "p-1");
    after(b, 1);
    reserve(b, 1, "r-2", "p-2"); /* of the same instant, as one order's lines are */
    after(b, 1);
    ASSERT_SAID(b, &from, "");
    after(b, 1);
    ASSERT_SAID(b, &from, "validated");
    ASSERT_HAS(
        event_json(b, 0),
        "\"reservations\":[{\"product_id\":\"p-1\",\"reservation_id\":\"r-1\",\"quantity\":2},"
        "{\"product_id\":\"p-2\",\"reservation_id\":\"r-2\",\"quantity\":2}]");
    ASSERT_HAS(event_json(b, 0), "\"inventory_check\":\"passed\"");
    after(b, 24 * 3600);
    ASSERT_SAID(b, &from, "");
    ASSERT_SAGAS(b, "OrderSaga|order_1|completed|nothing was released within a day");
    release(b, 30, "r-1", "expired");
    ASSERT_SAID(b, &from, "");
    ck_assert_int_eq(b->run.count.sagas_late, 1);
    bench_free(b);
}
END_TEST

START_TEST(an_order_whose_stock_is_released_is_cancelled)
{
    struct bench *b = BENCH(order_management);
    size_t from = 0;

    reserve(b, 1, "r-1", "p-1");
    after(b, 3);
    release(b, 16, "r-1", "expired");
    ASSERT_SAID(b, &from, "validated,cancelled");
    const char *cancelled = event_json(b, 1);
    ASSERT_HAS(cancelled, "\"cancellation_reason\":\"expired\",\"cancelled_by\":\"system\"");
    ASSERT_HAS(cancelled, "\"refund_required\":false,\"refund_amount\":\"0.00\"");
    ASSERT_SAGAS(b, "OrderSaga|order_1|compensated|expired");
    release(b, 17, "r-2", "order_cancelled"); /* what that brings about */
    reserve(b, 18, "r-3", "p-1");
    after(b, 3);
    ASSERT_SAID(b, &from, "");
    bench_free(b);
}
END_TEST

START_TEST(an_order_that_another_has_cancelled_is_not_cancelled_again)
{
    struct bench *b = BENCH(order_management);
    size_t from = 0;

    release(b, 2, "r-1", "order_cancelled"); /* before its reservation comes */
    reserve(b, 1, "r-1", "p-1");
    after(b, 3);
    ASSERT_SAID(b, &from, "");
    ASSERT_SAGAS(b, "OrderSaga|order_1|failed|order_cancelled");
    bench_free(b);
}
END_TEST

/* ---- TicketWave ---- */

static void answer_of(struct bench *b, char which, const char *type)
{
    if (which == 'i')
        SEND(b, ticketwave_catalog_inventory_updated_v1, envelope(b, 3, BOOKING),
             .data = {.EventId = MR_STR(EVENT),
                      .BookingId = MR_STR(BOOKING),
                      .PreviousAvailableTickets = 5,
                      .CurrentAvailableTickets = 3,
                      .UpdateType = mr_str_from(type),
                      .UpdatedAt = T0});
    else if (which == 'p')
        SEND(b, ticketwave_payment_payment_data_prepared_v1, envelope(b, 2, BOOKING),
             .data = {.BookingId = MR_STR(BOOKING),
                      .PaymentId = MR_STR(USER),
                      .Amount = money("20"),
                      .Currency = MR_STR("EUR"),
                      .ExpiresAt = T0,
                      .PaymentUrl = MR_STR("https://pay.example.org/1"),
                      .PreparedAt = T0});
    else
        SEND(b, ticketwave_notification_notification_sent_v1, envelope(b, 1, BOOKING),
             .data = {.BookingId = MR_STR(BOOKING),
                      .UserId = MR_STR(USER),
                      .NotificationType = MR_STR("BookingCreated"),
                      .Channel = MR_STR("none"),
                      .Success = true,
                      .SentAt = T0});
}

START_TEST(a_booking_is_complete_whichever_answer_comes_first)
{
    static const char *const orders[] = {"ipn", "inp", "pin", "pni", "nip", "npi"};

    for (size_t i = 0; i < MR_N_ELEMENTS(orders); i++) {
        struct bench *b = BENCH(ticketwave_booking);
        for (const char *p = orders[i]; *p; p++) {
            ck_assert_int_eq(b->run.count.sagas_completed, 0);
            answer_of(b, *p, "Reduced");
        }
        ASSERT_SAGAS(b, "BookingSaga|" BOOKING "|completed|all three have answered");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_booking_whose_customer_could_not_be_told_is_complete_and_says_so)
{
    struct bench *b = BENCH(ticketwave_booking);

    SEND(b, ticketwave_notification_notification_sent_v1, envelope(b, 1, BOOKING),
         .data = {.BookingId = MR_STR(BOOKING),
                  .UserId = MR_STR(USER),
                  .NotificationType = MR_STR("BookingCreated"),
                  .Channel = MR_STR("Email"),
                  .has_ErrorMessage = true,
                  .ErrorMessage = MR_STR("no such address"),
                  .SentAt = T0});
    answer_of(b, 'i', "Reduced");
    answer_of(b, 'p', NULL);
    ASSERT_SAGAS(b, "BookingSaga|" BOOKING "|completed|all three have answered");
    ck_assert_str_eq(
        ask(b, "SELECT s.state, s.told, b.told_error FROM booking_state AS s, booking AS b"),
        "complete|0|no such address");
    bench_free(b);
}
END_TEST

START_TEST(a_booking_that_is_refused_fails_and_one_that_waits_too_long)
{
    struct bench *b = BENCH(ticketwave_booking);

    answer_of(b, 'n', NULL);
    answer_of(b, 'i', "InsufficientTickets");
    ASSERT_SAGAS(b, "BookingSaga|" BOOKING "|failed|refused: 3 tickets are left");
    answer_of(b, 'p', NULL);
    ck_assert_int_eq(b->run.count.sagas_late, 1);
    ck_assert_int_eq(b->run.count.sagas_started, 1);
    bench_free(b);

    b = BENCH(ticketwave_booking);
    answer_of(b, 'p', NULL);
    after(b, 15 * 60);
    ASSERT_SAGAS(b, "BookingSaga|" BOOKING "|failed|answers: no answer within 15m");
    answer_of(b, 'n', NULL);
    answer_of(b, 'i', "Reduced");
    ck_assert_int_eq(b->run.count.sagas_late, 2);
    ck_assert_str_eq(ask(b, "SELECT answers, state FROM booking_state"), "3|complete");
    bench_free(b);
}
END_TEST

START_TEST(an_answer_that_lies_unread_when_its_time_is_over_counts)
{
    for (int restarted = 0; restarted < 2; restarted++) {
        struct bench *b = BENCH(ticketwave_booking);
        answer_of(b, 'p', NULL);
        b->hold = true;
        answer_of(b, 'n', NULL);
        answer_of(b, 'i', "Reduced");
        b->hold = false;
        if (restarted)
            engine_reopen(b->fake, &b->run, NULL);
        after(b, 3600);
        ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "completed");
        ck_assert_int_eq(b->run.count.saga_timers, 0);
        bench_free(b);
    }
}
END_TEST

START_TEST(while_nobody_can_tell_what_lies_unread_no_time_is_over)
{
    struct bench *b = BENCH(ticketwave_booking);

    answer_of(b, 'p', NULL);
    b->fake->ends_away = true;
    after(b, 3600);
    after(b, 3600);
    ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "running");
    b->fake->ends_away = false;
    after(b, 1); /* asked again after 2 s */
    ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "running");
    after(b, 1);
    ASSERT_SAGAS(b, "BookingSaga|" BOOKING "|failed|answers: no answer within 15m");
    bench_free(b);
}
END_TEST

START_TEST(while_no_partition_is_read_no_time_is_over)
{
    struct bench *b = BENCH(ticketwave_booking);

    answer_of(b, 'p', NULL);
    fake_revoke(b->fake, true); /* the brokers are away */
    after(b, 3600);
    ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "running");
    b->fake->marks_r = MR_AGAIN;
    fake_assign(b->fake);
    after(b, 3600);
    ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "running");
    b->fake->marks_r = 0;
    after(b, 10);
    after(b, 1);
    ASSERT_SAGAS(b, "BookingSaga|" BOOKING "|failed|answers: no answer within 15m");
    bench_free(b);
}
END_TEST

/* The heir of a partition has not claimed it yet: an answer may lie there that nobody has read. */
START_TEST(on_postgresql_no_time_is_over_for_what_was_taken_away_and_nobody_has)
{
    if (!on_postgres())
        return; /* a store for one instance has all partitions, or none */
    struct bench *b = BENCH(ticketwave_booking);
    const struct mr_topic_partition taken[] = {
        {topic_ticketwave_payment_payment_data_prepared_v1.name, 0, 0},
        {topic_ticketwave_notification_notification_sent_v1.name, 0, 0}};

    answer_of(b, 'p', NULL);
    consume_revoked(&b->run, taken, MR_N_ELEMENTS(taken), false);
    b->hold = true;
    answer_of(b, 'n', NULL);
    b->hold = false;
    after(b, 3600);
    after(b, 1);
    ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "running");
    ck_assert_int_eq(
        mr_store_run(b->store,
                     "UPDATE mr_offset SET owner = owner - 1, epoch = epoch + 1"
                     " WHERE topic <> ?1",
                     MR_VALUES(MR_TEXT_OF(topic_ticketwave_catalog_inventory_updated_v1.name)),
                     NULL),
        0);
    after(b, 1);
    ck_assert_str_eq(ask(b, "SELECT state FROM mr_saga"), "running");
    bench_free(b);
}
END_TEST

/* Festivo's orchestrator reads by time: what was fetched, to the end, is held back in memory. */
START_TEST(while_an_answer_waits_for_the_registry_no_time_is_over)
{
    struct bench *b = BENCH(festivo_orchestrator);
    size_t from = 0;

    b->fake->tells_ends = true;
    deny(b, 1, "t-1", "Area full");
    ASSERT_SAID(b, &from, "started");
    b->fake->registry_r = MR_AGAIN;
    request(b, 2, "t-1");
    for (int i = 0; i < 20; i++)
        after(b, 60);
    ASSERT_SAID(b, &from, "");
    b->fake->registry_r = 0;
    after(b, 60);
    ASSERT_SAID(b, &from, "completed");
    ASSERT_SAGAS(b, "EntryDenialSaga|t-1|completed|the visitor was scanned again");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("sagas",
                    (const TTest *[]){
                        a_denial_by_the_platforms_fault_is_refunded_at_once_and_once,
                        a_denial_without_a_claim_stands,
                        a_visitor_who_is_scanned_again_ends_the_denial,
                        the_scan_that_was_denied_is_no_second_scan_at_the_same_moment_either,
                        the_platforms_fault_is_refunded_whatever_else_the_reason_says,
                        a_visitor_who_is_denied_twice_is_followed_from_the_second_denial,
                        an_answer_that_overtook_the_start_counts_for_it,
                        a_denial_that_stays_is_compensated_after_a_restart_too,
                        a_late_answer_is_noted_and_changes_nothing,
                        a_full_stage_is_watched_until_it_is_normal_or_for_half_an_hour,
                        of_one_moment_the_graver_word_on_a_stage_stays,
                        an_order_is_validated_with_all_its_reservations,
                        an_order_whose_stock_is_released_is_cancelled,
                        an_order_that_another_has_cancelled_is_not_cancelled_again,
                        a_booking_is_complete_whichever_answer_comes_first,
                        a_booking_whose_customer_could_not_be_told_is_complete_and_says_so,
                        a_booking_that_is_refused_fails_and_one_that_waits_too_long,
                        an_answer_that_lies_unread_when_its_time_is_over_counts,
                        while_nobody_can_tell_what_lies_unread_no_time_is_over,
                        while_no_partition_is_read_no_time_is_over,
                        while_an_answer_waits_for_the_registry_no_time_is_over,
                        on_postgresql_no_time_is_over_for_what_was_taken_away_and_nobody_has,
                        NULL,
                    });
}
