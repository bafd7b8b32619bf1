/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's notifications: who is told what, in whatever order events come. */
#include "consumers_bench.h"

extern const struct mr_consumer consumer_viscount_notification;

static void created(struct bench *b, int minutes)
{
    SEND(b, order_management_order_created_v1, envelope(b, minutes, "o1"),
         .data = {.order_id = MR_STR("o1"),
                  .customer_id = MR_STR("cust_1"),
                  .total_amount = money("59.8"),
                  .currency = MR_STR("USD"),
                  .status = MR_STR("pending")});
}

static void checked(struct bench *b, int minutes, const char *pricing)
{
    SEND(b, order_management_order_validated_v1, envelope(b, minutes, "o1"),
         .data = {.order_id = MR_STR("o1"),
                  .validation_results = {.inventory_check = MR_STR("passed"),
                                         .pricing_check = mr_str_from(pricing),
                                         .customer_check = MR_STR("passed")}});
}

static void validated(struct bench *b, int minutes)
{
    checked(b, minutes, "not_checked");
}

static void cancelled(struct bench *b, int minutes, const char *refund)
{
    SEND(b, order_management_order_cancelled_v1, envelope(b, minutes, "o1"),
         .data = {.order_id = MR_STR("o1"),
                  .cancellation_reason = MR_STR("customer_request"),
                  .cancelled_by = MR_STR("customer"),
                  .cancelled_at = T0 + minutes * MINUTE,
                  .refund_required = refund != NULL,
                  .refund_amount = money(refund ? refund : "0")});
}

START_TEST(a_customer_is_told_each_step_of_an_order_once_in_any_order)
{
    static const char *const orders[] = {"abc", "acb", "bac", "bca", "cab", "cba"};

    for (size_t i = 0; i < MR_N_ELEMENTS(orders); i++) {
        struct bench *b = BENCH(viscount_notification);
        for (const char *p = orders[i]; *p; p++) {
            if (*p == 'a')
                created(b, 0);
            else if (*p == 'b')
                validated(b, 5);
            else
                cancelled(b, 30, "59.80");
        }
        ck_assert_str_eq(ask(b, "SELECT kind, recipient, subject, title FROM message"
                                " WHERE kind <> 'order-validated' ORDER BY kind"),
                         "order-cancelled|cust_1|o1|Your order o1 was cancelled\n"
                         "order-created|cust_1|o1|We have received your order o1");
        /* not when it was known to be cancelled */
        ck_assert_str_eq(ask(b, "SELECT title FROM message WHERE kind = 'order-validated'"),
                         orders[i][2] == 'c' ? "Your order o1 is confirmed" : "");
        ck_assert_str_eq(ask(b, "SELECT body FROM message WHERE kind = 'order-cancelled'"),
                         "Your order o1 was cancelled (customer_request). You get back 59.80 USD.");
        ck_assert_str_eq(ask(b, "SELECT recipient, kind FROM mr_notice"
                                " WHERE kind <> 'order-validated' ORDER BY kind"),
                         "cust_1|order-cancelled\ncust_1|order-created");
        bench_free(b);
    }
}
END_TEST

START_TEST(nobody_is_told_before_the_customer_is_known)
{
    struct bench *b = BENCH(viscount_notification);

    validated(b, 5);
    cancelled(b, 30, NULL);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM message"), "0");
    created(b, 0);
    created(b, 0); /* told by another event: nothing new */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM message"), "2");
    ck_assert_str_eq(ask(b, "SELECT body FROM message WHERE kind = 'order-cancelled'"),
                     "Your order o1 was cancelled (customer_request).");
    ck_assert_str_eq(ask(b, "SELECT body FROM message WHERE kind = 'order-created'"),
                     "Thank you for your order o1 over 59.80 USD. We check it and tell you when it "
                     "is confirmed.");
    bench_free(b);
}
END_TEST

START_TEST(an_order_that_failed_a_check_is_not_confirmed)
{
    struct bench *b = BENCH(viscount_notification);

    created(b, 0);
    checked(b, 5, "failed");
    ck_assert_str_eq(ask(b, "SELECT kind FROM message"), "order-created");
    checked(b, 6, "passed");
    ck_assert_str_eq(ask(b, "SELECT kind FROM message ORDER BY kind"),
                     "order-created\norder-validated");
    bench_free(b);
}
END_TEST

START_TEST(what_is_too_long_for_a_message_is_cut_and_keeps_nobody_from_it)
{
    enum { LONG = 300000 };
    struct bench *b = BENCH(viscount_notification);
    char *text = calloc(LONG + 1, 1);

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', LONG);
    created(b, 0);
    SEND(b, order_management_order_cancelled_v1, envelope(b, 1, "o1"),
         .data = {.order_id = MR_STR("o1"),
                  .cancellation_reason = mr_str_from(text),
                  .cancelled_by = MR_STR("customer"),
                  .cancelled_at = T0});
    text[2000] = '\0';
    SEND(b, product_catalog_product_out_of_stock_v1, envelope(b, 2, "p"),
         .data = {.product_id = mr_str_from(text), .location_id = MR_STR("w")});
    ck_assert_int_eq(b->run.count.dead_lettered, 0);
    ck_assert_str_eq(ask(b, "SELECT kind, length(title), length(body) FROM message"
                            " WHERE kind <> 'order-created' ORDER BY kind"),
                     "order-cancelled|27|262144\nout-of-stock|1000|2030");
    free(text);
    bench_free(b);
}
END_TEST

START_TEST(prices_go_to_customers_and_stock_to_staff)
{
    struct bench *b =
        BENCH_WITH(viscount_notification, "--customers", "subscribers", "--staff", "night-shift");

    SEND(b, product_catalog_product_price_changed_v1, envelope(b, 0, "p"),
         .data = {.product_id = MR_STR("prod_1"),
                  .old_price = money("24.99"),
                  .new_price = money("23"),
                  .effective_date = T0});
    SEND(b, product_catalog_product_out_of_stock_v1, envelope(b, 0, "p"),
         .data = {
             .product_id = MR_STR("prod_1"), .last_stock_level = 0, .location_id = MR_STR("w")});
    SEND(b, inventory_management_inventory_low_stock_alert_v1, envelope(b, 0, "m"),
         .data = {.product_id = MR_STR("prod_1"),
                  .location_id = MR_STR("w"),
                  .current_quantity = 8,
                  .threshold = 10,
                  .alert_level = MR_STR("warning")});
    ck_assert_str_eq(
        ask(b, "SELECT kind, recipient, title, body FROM message ORDER BY kind"),
        "low-stock|night-shift|prod_1 runs low (warning)|8 of prod_1 are left at w; the threshold "
        "is 10.\n"
        "out-of-stock|night-shift|prod_1 is out of stock|prod_1 ran out at w (last level: 0).\n"
        "price-changed|subscribers|New price of prod_1: 23.00|From 2024-01-15 10:30 UTC prod_1 "
        "costs 23.00 instead of 24.99.");
    bench_free(b);
}
END_TEST

START_TEST(what_became_of_a_message_is_kept)
{
    struct bench *b = BENCH(viscount_notification);

    created(b, 0);
    for (int i = 0; i < 3; i++)
        handle(b);
    ck_assert_str_eq(ask(b, "SELECT channel, delivered, attempts, error FROM message"),
                     "none|1|0|");
    ck_assert_str_eq(ask(b, "SELECT kind, state, messages FROM message_state"),
                     "order-created|delivered|1");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers_viscount_notices",
                    (const TTest *[]){
                        a_customer_is_told_each_step_of_an_order_once_in_any_order,
                        nobody_is_told_before_the_customer_is_known,
                        an_order_that_failed_a_check_is_not_confirmed,
                        what_is_too_long_for_a_message_is_cut_and_keeps_nobody_from_it,
                        prices_go_to_customers_and_stock_to_staff,
                        what_became_of_a_message_is_kept,
                        NULL,
                    });
}
