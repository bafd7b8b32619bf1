/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's consumers of orders: payment, fulfilment, accounting, customer service, in
 * whatever order events come. */
#include "consumers_bench.h"

extern const struct mr_consumer consumer_viscount_accounting, consumer_viscount_customer_service,
    consumer_viscount_fulfillment, consumer_viscount_payment;

static void created(struct bench *b, const char *id, int minutes, const char *amount)
{
    struct order_management_order_created_v1_item item = {.product_id = MR_STR("prod_1"),
                                                          .quantity = 2,
                                                          .unit_price = money(amount),
                                                          .total_price = money(amount)};
    SEND(b, order_management_order_created_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .customer_id = MR_STR("cust_1"),
                  .total_amount = money(amount),
                  .currency = MR_STR("USD"),
                  .status = MR_STR("pending"),
                  .items = &item,
                  .n_items = 1});
}

static void validated(struct bench *b, const char *id, int minutes, const char *inventory_check,
                      int64_t quantity)
{
    struct order_management_order_validated_v1_reservation reservations[] = {
        {.product_id = MR_STR("prod_1"), .reservation_id = MR_STR("res_1"), .quantity = quantity},
        {.product_id = MR_STR("prod_2"), .reservation_id = MR_STR("res_2"), .quantity = 1},
    };
    SEND(b, order_management_order_validated_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .validation_results = {.inventory_check = mr_str_from(inventory_check),
                                         .pricing_check = MR_STR("passed"),
                                         .customer_check = MR_STR("passed")},
                  .reservations = reservations,
                  .n_reservations = 2});
}

static void cancelled_by(struct bench *b, const char *id, int minutes, const char *refund,
                         const char *by)
{
    SEND(b, order_management_order_cancelled_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .cancellation_reason = MR_STR("customer_request"),
                  .cancelled_by = mr_str_from(by),
                  .cancelled_at = T0 + minutes * MINUTE,
                  .refund_required = refund != NULL,
                  .refund_amount = money(refund ? refund : "0")});
}

static void cancelled(struct bench *b, const char *id, int minutes, const char *refund)
{
    cancelled_by(b, id, minutes, refund, "customer");
}

static void completed(struct bench *b, const char *id, int minutes, const char *amount)
{
    SEND(b, order_management_order_completed_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .completion_time = T0 + minutes * MINUTE,
                  .payment_id = MR_STR("pay_1"),
                  .fulfillment_id = MR_STR("ful_1"),
                  .final_amount = money(amount)});
}

static void refunded(struct bench *b, const char *id, const char *refund_id, int minutes,
                     const char *amount)
{
    SEND(b, order_management_order_refunded_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .refund_id = mr_str_from(refund_id),
                  .refund_amount = money(amount),
                  .refund_reason = MR_STR("order_cancelled"),
                  .refund_method = MR_STR("original_payment_method"),
                  .processed_at = T0 + minutes * MINUTE});
}

/* ---- viscount-payment ---- */

static const char payment[] = "SELECT state, reserved, captured, refund_due FROM payment_state";

START_TEST(an_orders_money_is_reserved_then_captured_then_due_back)
{
    struct bench *b = BENCH(viscount_payment);

    created(b, "o1", 0, "47.98");
    ck_assert_str_eq(ask(b, "SELECT state, reserved, captured IS NULL, currency"
                            " FROM payment_state"),
                     "reserved|47.98|1|USD");
    validated(b, "o1", 5, "passed", 2);
    ck_assert_str_eq(ask(b, payment), "captured||47.98|");
    cancelled(b, "o1", 30, "47.98");
    ck_assert_str_eq(ask(b, payment), "refund-due||47.98|47.98");
    bench_free(b);
}
END_TEST

START_TEST(the_three_events_of_a_payment_give_the_same_state_in_any_order)
{
    static const char *const orders[] = {"abc", "acb", "bac", "bca", "cab", "cba"};

    for (size_t i = 0; i < MR_N_ELEMENTS(orders); i++) {
        struct bench *b = BENCH(viscount_payment);
        for (const char *p = orders[i]; *p; p++) {
            if (*p == 'a')
                created(b, "o1", 0, "47.98");
            else if (*p == 'b')
                validated(b, "o1", 5, "passed", 2);
            else
                cancelled(b, "o1", 30, "40");
        }
        ck_assert_str_eq(ask(b, payment), "refund-due||47.98|40");
        bench_free(b);
    }
}
END_TEST

START_TEST(what_was_never_taken_is_let_go_and_a_refund_of_it_is_in_question)
{
    struct bench *b = BENCH(viscount_payment);

    validated(b, "o2", 0, "passed", 1);
    ck_assert_str_eq(ask(b, payment), "awaiting-order|||");
    bench_free(b);
    b = BENCH(viscount_payment);
    created(b, "o1", 0, "10");
    cancelled(b, "o1", 5, NULL);
    ck_assert_str_eq(ask(b, payment), "released|||");
    validated(b, "o1", 6, "passed", 1); /* after the cancellation: takes nothing */
    ck_assert_str_eq(ask(b, payment), "released|||");
    bench_free(b);
    b = BENCH(viscount_payment);
    created(b, "o1", 0, "10");
    cancelled(b, "o1", 5, "10");
    ck_assert_str_eq(ask(b, payment), "refund-in-question|||10");
    validated(b, "o1", 4, "passed", 1); /* it had been taken after all */
    ck_assert_str_eq(ask(b, payment), "refund-due||10|10");
    bench_free(b);
}
END_TEST

START_TEST(more_back_than_was_taken_is_in_question_and_nothing_back_is_kept)
{
    struct bench *b = BENCH(viscount_payment);

    created(b, "o1", 0, "9.99");
    validated(b, "o1", 1, "passed", 1);
    cancelled(b, "o1", 5, "10");
    ck_assert_str_eq(ask(b, payment), "refund-in-question||9.99|10");
    cancelled(b, "o1", 6, NULL); /* put right */
    ck_assert_str_eq(ask(b, payment), "kept||9.99|");
    cancelled(b, "o1", 5, "10"); /* an older word */
    ck_assert_str_eq(ask(b, payment), "kept||9.99|");
    bench_free(b);
}
END_TEST

START_TEST(money_taken_for_an_order_that_the_shop_calls_off_is_not_silently_kept)
{
    struct bench *b = BENCH(viscount_payment);

    created(b, "o1", 0, "9.99");
    validated(b, "o1", 1, "passed", 1);
    cancelled_by(b, "o1", 5, NULL, "system"); /* as OrderSaga does when a reservation lapses */
    ck_assert_str_eq(ask(b, payment), "refund-in-question||9.99|");
    cancelled_by(b, "o1", 6, "9.99", "support");
    ck_assert_str_eq(ask(b, payment), "refund-due||9.99|9.99");
    created(b, "o2", 0, "1");
    cancelled_by(b, "o2", 5, NULL, "system"); /* nothing was taken */
    ck_assert_str_eq(ask(b, "SELECT state FROM payment_state WHERE order_id = 'o2'"), "released");
    bench_free(b);
}
END_TEST

START_TEST(a_validation_with_a_check_that_failed_takes_no_money)
{
    struct bench *b = BENCH(viscount_payment);

    created(b, "o1", 0, "9.99");
    validated(b, "o1", 1, "failed", 1);
    ck_assert_str_eq(ask(b, payment), "reserved|9.99||");
    validated(b, "o1", 2, "not_checked", 1); /* nobody found anything wrong */
    ck_assert_str_eq(ask(b, payment), "captured||9.99|");
    bench_free(b);
}
END_TEST

START_TEST(totals_are_exact_per_currency_and_state)
{
    struct bench *b = BENCH(viscount_payment);

    created(b, "o1", 0, "0.1");
    created(b, "o2", 0, "0.2");
    ck_assert_str_eq(ask(b, "SELECT currency, state, orders, amount, captured FROM payment_total"),
                     "USD|reserved|2|0.3|0");
    bench_free(b);
}
END_TEST

/* ---- viscount-fulfillment ---- */

START_TEST(a_validated_order_is_prepared_and_its_units_are_picked)
{
    struct bench *b = BENCH(viscount_fulfillment);

    validated(b, "o1", 0, "passed", 2);
    validated(b, "o2", 1, "passed", 3);
    validated(b, "o3", 2, "failed", 7);
    ck_assert_str_eq(
        ask(b, "SELECT order_id, state, lines, units FROM preparation_list ORDER BY order_id"),
        "o1|ready|2|3\no2|ready|2|4\no3|on-hold|2|8");
    ck_assert_str_eq(
        ask(b, "SELECT product_id, orders, units, waiting_since FROM pick_list ORDER BY 1"),
        "prod_1|2|5|1705314600000000\nprod_2|2|2|1705314600000000");
    bench_free(b);
}
END_TEST

START_TEST(checks_that_nobody_made_hold_no_order_up)
{
    struct bench *b = BENCH(viscount_fulfillment);

    validated(b, "o1", 0, "not_checked", 2); /* as OrderSaga says of prices and customers */
    validated(b, "o2", 0, "", 2);
    ck_assert_str_eq(ask(b, "SELECT order_id, state FROM preparation_list ORDER BY 1"),
                     "o1|ready\no2|on-hold");
    ck_assert_str_eq(ask(b, "SELECT product_id, units FROM pick_list ORDER BY 1"),
                     "prod_1|2\nprod_2|1");
    bench_free(b);
}
END_TEST

START_TEST(the_youngest_validation_of_an_order_is_prepared_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(viscount_fulfillment);
        validated(b, "o1", order == 0 ? 0 : 5, order == 0 ? "pending" : "passed",
                  order == 0 ? 2 : 9);
        validated(b, "o1", order == 0 ? 5 : 0, order == 0 ? "passed" : "pending",
                  order == 0 ? 9 : 2);
        ck_assert_str_eq(ask(b, "SELECT state, lines, units FROM preparation_list"), "ready|2|10");
        bench_free(b);
    }
}
END_TEST

START_TEST(of_two_events_of_one_instant_the_same_wins_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(viscount_fulfillment);
        b->n_sent = order == 0 ? 0 : 1;
        validated(b, "o1", 0, "passed", order == 0 ? 2 : 9);
        b->n_sent = order == 0 ? 1 : 0;
        validated(b, "o1", 0, "passed", order == 0 ? 9 : 2);
        ck_assert_str_eq(ask(b, "SELECT units FROM preparation_list"), "10");
        bench_free(b);
    }
}
END_TEST

/* ---- viscount-accounting ---- */

START_TEST(every_refund_is_booked_twice_and_the_books_balance)
{
    struct bench *b = BENCH_WITH(viscount_accounting, "--returns-account", "4100",
                                 "--settlement-account", "1200");

    refunded(b, "o1", "ref_1", 0, "47.98");
    refunded(b, "o1", "ref_2", 0, "0.02");
    ck_assert_str_eq(ask(b, "SELECT account, debit, credit, booked_on FROM ledger"
                            " WHERE refund_id = 'ref_1' ORDER BY line"),
                     "4100|47.98||2024-01-15\n1200/original_payment_method||47.98|2024-01-15");
    ck_assert_str_eq(ask(b, "SELECT account, entries, debit, credit, balance FROM trial_balance"
                            " ORDER BY account"),
                     "1200/original_payment_method|2|0|48|-48\n4100|2|48|0|48");
    ck_assert_str_eq(ask(b, "SELECT order_id, refunds, amount FROM order_refund"), "o1|2|48");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM out_of_balance"), "0");
    bench_free(b);
}
END_TEST

START_TEST(a_refund_told_twice_is_booked_once_as_the_younger_says)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(viscount_accounting);
        refunded(b, "o1", "ref_1", order == 0 ? 0 : 9, order == 0 ? "5" : "7.50");
        refunded(b, "o1", "ref_1", order == 0 ? 9 : 0, order == 0 ? "7.50" : "5");
        ck_assert_str_eq(ask(b, "SELECT account, debit, credit FROM ledger ORDER BY line"),
                         "sales-returns|7.5|\nsettlement/original_payment_method||7.5");
        bench_free(b);
    }
}
END_TEST

/* ---- viscount-customer-service ---- */

static const char order_case[] = "SELECT state, paid, refunds, refunded, balance FROM order_case";

START_TEST(an_orders_case_tells_what_was_paid_and_given_back)
{
    struct bench *b = BENCH(viscount_customer_service);

    completed(b, "o1", 10, "47.98");
    ck_assert_str_eq(ask(b, order_case), "completed|47.98|0|0|47.98");
    refunded(b, "o1", "ref_1", 20, "7.98");
    ck_assert_str_eq(ask(b, order_case), "partly-refunded|47.98|1|7.98|40");
    refunded(b, "o1", "ref_2", 30, "40");
    ck_assert_str_eq(ask(b, order_case), "refunded|47.98|2|47.98|0");
    refunded(b, "o1", "ref_3", 35, "0.01");
    ck_assert_str_eq(ask(b, order_case), "over-refunded|47.98|3|47.99|-0.01");
    ck_assert_str_eq(
        ask(b, "SELECT what, amount, reference FROM order_history ORDER BY at LIMIT 2"),
        "completed|47.98|pay_1\nrefunded|7.98|ref_1");
    bench_free(b);
}
END_TEST

START_TEST(a_refund_before_the_completion_gives_the_same_case)
{
    struct bench *b = BENCH(viscount_customer_service);

    refunded(b, "o1", "ref_1", 20, "47.98");
    ck_assert_str_eq(ask(b, order_case), "given-back|0|1|47.98|-47.98");
    completed(b, "o1", 10, "50");
    completed(b, "o1", 9, "99"); /* older */
    ck_assert_str_eq(ask(b, order_case), "partly-refunded|50|1|47.98|2.02");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers_viscount",
                    (const TTest *[]){
                        an_orders_money_is_reserved_then_captured_then_due_back,
                        the_three_events_of_a_payment_give_the_same_state_in_any_order,
                        what_was_never_taken_is_let_go_and_a_refund_of_it_is_in_question,
                        more_back_than_was_taken_is_in_question_and_nothing_back_is_kept,
                        money_taken_for_an_order_that_the_shop_calls_off_is_not_silently_kept,
                        a_validation_with_a_check_that_failed_takes_no_money,
                        totals_are_exact_per_currency_and_state,
                        a_validated_order_is_prepared_and_its_units_are_picked,
                        checks_that_nobody_made_hold_no_order_up,
                        the_youngest_validation_of_an_order_is_prepared_in_either_order,
                        of_two_events_of_one_instant_the_same_wins_in_either_order,
                        every_refund_is_booked_twice_and_the_books_balance,
                        a_refund_told_twice_is_booked_once_as_the_younger_says,
                        an_orders_case_tells_what_was_paid_and_given_back,
                        a_refund_before_the_completion_gives_the_same_case,
                        NULL,
                    });
}
