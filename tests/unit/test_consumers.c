/* SPDX-License-Identifier: Apache-2.0 */
/* The consumers' own files: what holds for all, and TicketWave's circle. */
#include "consumers_bench.h"

/* ---- what holds for all ---- */

START_TEST(every_consumer_handles_all_topics_that_topics_yaml_gives_it)
{
    for (size_t i = 0; i < mr_n_consumers; i++)
        bench_free(bench_of(mr_consumers[i], (const char *[]){NULL}));
}
END_TEST

START_TEST(a_service_emits_only_what_topics_yaml_lets_it_publish)
{
    for (size_t i = 0; i < mr_n_consumers; i++) {
        const struct mr_consumer *consumer = mr_consumers[i];
        for (size_t k = 0; consumer->emits && consumer->emits[k]; k++)
            ck_assert_str_eq(consumer->emits[k]->service, consumer->name);
    }
}
END_TEST

START_TEST(no_column_of_a_read_model_is_a_float)
{
    for (size_t i = 0; i < mr_n_consumers; i++)
        for (size_t k = 0; mr_consumers[i]->migrations[k].number != 0; k++)
            ck_assert_ptr_null(strstr(mr_consumers[i]->migrations[k].sqlite, "REAL"));
}
END_TEST

/* ---- TicketWave ---- */

static void ask_for_tickets_of(struct bench *b, const char *booking, int64_t quantity)
{
    SEND(b, ticketwave_booking_inventory_update_requested_v1, envelope(b, 0, booking),
         .data = {.EventId = MR_STR(EVENT),
                  .BookingId = mr_str_from(booking),
                  .QuantityReduced = quantity,
                  .RequestedAt = T0});
}

static void ask_for_tickets(struct bench *b, int64_t quantity)
{
    ask_for_tickets_of(b, BOOKING, quantity);
}

static void ask_for_payment(struct bench *b, const char *amount, int minutes)
{
    SEND(b, ticketwave_booking_payment_prepare_requested_v1, envelope(b, minutes, BOOKING),
         .data = {.BookingId = MR_STR(BOOKING),
                  .Amount = money(amount),
                  .Currency = MR_STR("EUR"),
                  .UserId = MR_STR(USER),
                  .ExpiresAt = T0 + 30 * MINUTE,
                  .RequestedAt = T0 + minutes * MINUTE});
}

static void ask_for_notification(struct bench *b)
{
    SEND(b, ticketwave_booking_notification_send_requested_v1, envelope(b, 0, BOOKING),
         .data = {.BookingId = MR_STR(BOOKING),
                  .UserId = MR_STR(USER),
                  .EventId = MR_STR(EVENT),
                  .Quantity = 2,
                  .TotalAmount = money("59.80"),
                  .NotificationType = MR_STR("BookingCreated"),
                  .RequestedAt = T0});
}

START_TEST(the_catalog_takes_tickets_while_there_are_enough)
{
    struct bench *b = BENCH_WITH(ticketwave_catalog, "--capacity", "5");

    ask_for_tickets_of(b, "00000000-0000-4000-8000-0000000000b1", 3);
    ask_for_tickets_of(b, "00000000-0000-4000-8000-0000000000b2", 3);
    ask_for_tickets_of(b, "00000000-0000-4000-8000-0000000000b3", 2);
    ck_assert_str_eq(ask(b, "SELECT event_id, capacity, available FROM event_inventory"),
                     EVENT "|5|0");
    ck_assert_str_eq(ask(b, "SELECT quantity, accepted FROM reduction ORDER BY request_id"),
                     "3|1\n3|0\n2|1");
    ck_assert_uint_eq(b->fake->n_published, 3);
    bench_free(b);
}
END_TEST

START_TEST(a_booking_that_asks_again_takes_no_more_tickets_and_gets_its_answer_again)
{
    struct bench *b = BENCH_WITH(ticketwave_catalog, "--capacity", "5"),
                 *booking = BENCH(ticketwave_booking);

    ask_for_tickets(b, 3);
    ask_for_tickets(b, 3); /* its publisher tried again: another event, another moment */
    ask_for_tickets_of(b, "00000000-0000-4000-8000-0000000000b2", 3);
    ask_for_tickets_of(b, "00000000-0000-4000-8000-0000000000b2", 3);
    ck_assert_str_eq(ask(b, "SELECT available FROM event_inventory"), "2");
    ck_assert_str_eq(ask(b, "SELECT quantity, accepted FROM reduction ORDER BY request_id"),
                     "3|1\n3|0");
    ck_assert_uint_eq(b->fake->n_published, 4);
    forward(b, booking);
    ck_assert_str_eq(ask(booking, "SELECT state, tickets_taken FROM booking_state"
                                  " ORDER BY booking_id DESC"),
                     "refused|0\nwaiting|3");
    ask_for_tickets(b, 2);
    ck_assert_int_eq(b->run.count.dead_lettered, 1);
    ck_assert_str_eq(ask(b, "SELECT available FROM event_inventory"), "2");
    bench_free(b);
    bench_free(booking);
}
END_TEST

START_TEST(the_circle_closes_each_answer_caused_by_its_request)
{
    struct bench *catalog = BENCH(ticketwave_catalog), *payment = BENCH(ticketwave_payment);
    struct bench *notification = BENCH_WITH(ticketwave_notification, "--channel", "Sms");
    struct bench *booking = BENCH(ticketwave_booking);

    ask_for_tickets(catalog, 2);
    ask_for_payment(payment, "59.80", 0);
    ask_for_notification(notification);
    ck_assert_str_eq(ask(notification, "SELECT body FROM mr_notice"),
                     "BookingCreated\n\nBooking: " BOOKING "\nEvent: " EVENT
                     "\nTickets: 2\nTotal: 59.80\n");
    forward(notification, booking);
    ck_assert_str_eq(ask(booking, "SELECT answers, state FROM booking_state"), "1|waiting");
    forward(catalog, booking);
    ck_assert_str_eq(ask(booking, "SELECT answers, state FROM booking_state"), "2|waiting");
    forward(payment, booking);
    ck_assert_str_eq(
        ask(booking,
            "SELECT answers, state, tickets_taken, amount, currency, told FROM booking_state"),
        "3|complete|2|59.8|EUR|1");
    ck_assert_str_eq(ask(booking, "SELECT channel, tickets_left, payment_expires_at FROM booking"),
                     "Sms|998|1705316400000000");
    struct bench *asked[] = {catalog, payment, notification};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(asked[i]->fake->n_published, 1);
        ck_assert(mr_str_is(fake_header(asked[i]->fake->published, "ce_causationid"),
                            "11111111-1111-4111-8111-000000000001"));
        ck_assert(mr_str_is(fake_header(asked[i]->fake->published, "ce_correlationid"), BOOKING));
        bench_free(asked[i]);
    }
    bench_free(booking);
}
END_TEST

START_TEST(a_booking_without_tickets_is_refused)
{
    struct bench *catalog = BENCH_WITH(ticketwave_catalog, "--capacity", "1"),
                 *payment = BENCH(ticketwave_payment);
    struct bench *notification = BENCH(ticketwave_notification),
                 *booking = BENCH(ticketwave_booking);

    ask_for_tickets(catalog, 2);
    ask_for_payment(payment, "1", 0);
    ask_for_notification(notification);
    forward(catalog, booking); /* whatever else is to come */
    ck_assert_str_eq(ask(booking, "SELECT state, tickets_taken FROM booking_state"), "refused|0");
    forward(payment, booking);
    forward(notification, booking);
    ck_assert_str_eq(ask(booking, "SELECT state, tickets_taken FROM booking_state"), "refused|0");
    bench_free(catalog);
    bench_free(payment);
    bench_free(notification);
    bench_free(booking);
}
END_TEST

START_TEST(a_booking_has_one_payment_however_often_it_is_asked_for)
{
    struct bench *b = BENCH_WITH(ticketwave_payment, "--payment-url", "https://pay.test"),
                 *booking = BENCH(ticketwave_booking);

    ask_for_payment(b, "20", 5);
    ask_for_payment(b, "10", 0); /* older, came later */
    ck_assert_str_eq(
        ask(b, "SELECT count(*), max(amount), max(url) = 'https://pay.test/' || max(payment_id)"
               " FROM payment"),
        "1|20|1");
    ck_assert_uint_eq(b->fake->n_published, 2);
    forward(b, booking); /* both answers tell the payment as it is */
    ck_assert_str_eq(ask(booking, "SELECT amount FROM booking"), "20");
    bench_free(b);
    bench_free(booking);
}
END_TEST

/* The table's other index has the order that is asked for, and would lead through all bookings of
 * the event. */
START_TEST(a_booking_that_asks_again_is_found_without_looking_at_the_others_of_its_event)
{
    struct bench *b = BENCH(ticketwave_catalog);

    if (!on_postgres())
        ck_assert_ptr_nonnull(
            strstr(ask(b, "EXPLAIN QUERY PLAN SELECT quantity, accepted FROM reduction"
                          " WHERE booking_id = 'b' AND event_id = 'e'"
                          " ORDER BY decided_at, request_id LIMIT 1"),
                   "reduction_booking (booking_id=? AND event_id=?)"));
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run(
        "consumers",
        (const TTest *[]){
            every_consumer_handles_all_topics_that_topics_yaml_gives_it,
            a_service_emits_only_what_topics_yaml_lets_it_publish,
            no_column_of_a_read_model_is_a_float,
            the_catalog_takes_tickets_while_there_are_enough,
            a_booking_that_asks_again_takes_no_more_tickets_and_gets_its_answer_again,
            a_booking_that_asks_again_is_found_without_looking_at_the_others_of_its_event,
            the_circle_closes_each_answer_caused_by_its_request,
            a_booking_without_tickets_is_refused,
            a_booking_has_one_payment_however_often_it_is_asked_for,
            NULL,
        });
}
