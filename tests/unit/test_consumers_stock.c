/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's consumers: products, orders and stock, in whatever order events come. */
#include "order_events.h"

/* ---- order-management ---- */

static void product_event(struct bench *b, bool created, int minutes, const char *name,
                          const char *price)
{
    if (created)
        SEND(b, product_catalog_product_created_v1, envelope(b, minutes, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .name = mr_str_from(name),
                      .description = MR_STR("d"),
                      .category_id = MR_STR("c"),
                      .price = money(price),
                      .sku = MR_STR("SKU-1"),
                      .is_active = true});
    else
        SEND(b, product_catalog_product_updated_v1, envelope(b, minutes, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .name = mr_str_from(name),
                      .description = MR_STR("d"),
                      .category_id = MR_STR("c"),
                      .price = money(price),
                      .sku = MR_STR("SKU-1"),
                      .is_active = true});
}

static void product_deleted(struct bench *b, int minutes)
{
    SEND(b, product_catalog_product_deleted_v1, envelope(b, minutes, "p"),
         .data = {.product_id = MR_STR("prod_1"), .name = MR_STR("n"), .reason = MR_STR("gone")});
}

START_TEST(the_younger_description_of_a_product_stays_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(order_management);
        product_event(b, order == 0, order == 0 ? 0 : 5, order == 0 ? "old" : "new",
                      order == 0 ? "1" : "2.50");
        product_event(b, order == 1, order == 0 ? 5 : 0, order == 0 ? "new" : "old",
                      order == 0 ? "2.50" : "1");
        ck_assert_str_eq(ask(b, "SELECT name, can_be_ordered, price FROM product_state"),
                         "new|1|2.5");
        product_deleted(b, 9);
        ck_assert_str_eq(ask(b, "SELECT name, can_be_ordered FROM product_state"), "new|0");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_deletion_that_comes_first_is_not_undone_by_an_older_creation)
{
    struct bench *b = BENCH(order_management);

    product_deleted(b, 9);
    ck_assert_str_eq(ask(b, "SELECT can_be_ordered FROM product_state"), "0");
    product_event(b, true, 0, "old", "1");
    ck_assert_str_eq(ask(b, "SELECT can_be_ordered FROM product_state"), "0");
    product_event(b, true, 20, "again", "1");
    ck_assert_str_eq(ask(b, "SELECT name, can_be_ordered FROM product_state"), "again|1");
    bench_free(b);
}
END_TEST

START_TEST(a_price_holds_from_its_effective_date)
{
    struct bench *b = BENCH(order_management);

    product_event(b, true, 0, "n", "24.99");
    SEND(b, product_catalog_product_price_changed_v1, envelope(b, 5, "p"),
         .data = {.product_id = MR_STR("prod_1"),
                  .old_price = money("24.99"),
                  .new_price = money("22.99"),
                  .effective_date = INT64_C(4102444800) * SECOND}); /* 2100 */
    ck_assert_str_eq(ask(b, "SELECT price FROM product_state"), "24.99");
    SEND(b, product_catalog_product_price_changed_v1, envelope(b, 6, "p"),
         .data = {.product_id = MR_STR("prod_1"),
                  .old_price = money("24.99"),
                  .new_price = money("23"),
                  .effective_date = T0 + 10 * MINUTE});
    ck_assert_str_eq(ask(b, "SELECT price FROM product_state"), "23");
    bench_free(b);
}
END_TEST

START_TEST(a_price_told_after_its_effective_date_holds_from_when_it_was_told)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(order_management);
        if (order == 0)
            product_event(b, true, 0, "n", "24.99");
        SEND(b, product_catalog_product_price_changed_v1, envelope(b, 5, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .old_price = money("24.99"),
                      .new_price = money("22.99"),
                      .effective_date = T0 - INT64_C(630) * MINUTE}); /* the midnight before */
        if (order == 1)
            product_event(b, true, 0, "n", "24.99");
        ck_assert_str_eq(ask(b, "SELECT price FROM product_state"), "22.99");
        product_event(b, false, 9, "n", "21");
        ck_assert_str_eq(ask(b, "SELECT price FROM product_state"), "21");
        bench_free(b);
    }
}
END_TEST

static void reserved_for(struct bench *b, const char *order, const char *id, int minutes)
{
    SEND(b, inventory_management_inventory_reserved_v1, envelope(b, minutes, "o"),
         .data = {.reservation_id = mr_str_from(id),
                  .product_id = MR_STR("prod_1"),
                  .quantity = 2,
                  .location_id = MR_STR("w"),
                  .order_id = mr_str_from(order),
                  .expires_at = T0 + 15 * MINUTE});
}

static void reserved(struct bench *b, const char *id, int minutes)
{
    reserved_for(b, "order_1", id, minutes);
}

static void released(struct bench *b, const char *id, int minutes)
{
    SEND(b, inventory_management_inventory_released_v1, envelope(b, minutes, "o"),
         .data = {.reservation_id = mr_str_from(id),
                  .product_id = MR_STR("prod_1"),
                  .quantity = 2,
                  .location_id = MR_STR("w"),
                  .reason = MR_STR("order_cancelled")});
}

START_TEST(an_orders_state_follows_its_reservations_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(order_management);
        reserved(b, "res_2", 0);
        ck_assert_str_eq(ask(b, "SELECT state, units_reserved FROM order_state"), "reserved|2");
        if (order == 0)
            reserved(b, "res_1", 0);
        released(b, "res_1", 5);
        if (order == 1)
            reserved(b, "res_1", 0);
        ck_assert_str_eq(ask(b, "SELECT state, units_reserved, units_released, expires_at, "
                                "changed_at FROM order_state"),
                         "partly-released|2|2|1705315500000000|1705314900000000");
        released(b, "res_2", 6);
        ck_assert_str_eq(ask(b, "SELECT state, units_reserved, units_released FROM order_state"),
                         "released|0|4");
        bench_free(b);
    }
}
END_TEST

START_TEST(what_was_reserved_is_as_the_reservation_says_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(order_management);
        if (order == 0)
            reserved(b, "res_1", 0);
        for (int i = 0; i < 2; i++)
            SEND(b, inventory_management_inventory_released_v1, envelope(b, 5 + i, "o"),
                 .data = {.reservation_id = MR_STR("res_1"),
                          .product_id = i == 0 ? MR_STR("prod_8") : MR_STR("prod_9"),
                          .quantity = 9,
                          .location_id = MR_STR("elsewhere"),
                          .reason = MR_STR("r")});
        if (order == 1) {
            ck_assert_str_eq(ask(b, "SELECT product_id, quantity FROM reservation"), "prod_9|9");
            reserved(b, "res_1", 0);
        }
        ck_assert_str_eq(ask(b, "SELECT product_id, location_id, quantity, released_at"
                                " FROM reservation"),
                         "prod_1|w|2|1705314960000000");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_second_order_in_a_flow_is_a_dead_letter_and_not_part_of_the_first)
{
    struct bench *b = BENCH(order_management);

    reserved(b, "res_1", 0);
    reserved_for(b, "order_2", "res_2", 1);
    ck_assert_uint_eq(b->fake->n_published, 1);
    ck_assert_str_eq(b->fake->published[0].topic, b->run.group->dead_letter_topic);
    reserved(b, "res_3", 1);
    ck_assert_str_eq(ask(b, "SELECT order_id, reservations FROM order_state"), "order_1|2");
    bench_free(b);
}
END_TEST

START_TEST(what_ran_out_is_known_per_location)
{
    struct bench *b = BENCH(order_management);

    product_event(b, true, 0, "n", "1");
    for (int i = 0; i < 2; i++)
        SEND(b, product_catalog_product_out_of_stock_v1, envelope(b, 5 - i, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .last_stock_level = i,
                      .location_id = MR_STR("w")});
    ck_assert_str_eq(ask(b, "SELECT last_level, ran_out_at FROM out_of_stock"),
                     "0|1705314900000000");
    ck_assert_str_eq(ask(b, "SELECT out_at_locations FROM product_state"), "1");
    reserved(b, "res_1", 5); /* its last unit */
    ck_assert_str_eq(ask(b, "SELECT out_at_locations FROM product_state"), "1");
    released(b, "res_1", 6); /* and back */
    ck_assert_str_eq(ask(b, "SELECT out_at_locations FROM product_state"), "0");
    bench_free(b);
}
END_TEST

/* ---- inventory-management ---- */

static const char stock_1[] =
    "SELECT on_hand, reserved, available FROM stock_state WHERE product_id = 'prod_1'";

START_TEST(an_order_sets_stock_aside_and_its_end_settles_it)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "10");

    product_event(b, true, 0, "n", "1");
    ck_assert_str_eq(ask(b, stock_1), "10|0|10");
    order_created(b, "o1", 1, 3, 2);
    order_created(b, "o2", 2, 4, 2);
    ck_assert_str_eq(ask(b, stock_1), "10|7|3");
    ck_assert_str_eq(
        ask(b, "SELECT order_id, line, state, expires_at FROM reservation WHERE order_id = 'o1'"),
        "o1|1|reserved|1705315560000000\no1|2|reserved|1705315560000000");
    order_completed(b, "o1", 5);
    ck_assert_str_eq(ask(b, stock_1), "7|4|3");
    order_cancelled(b, "o2", 6);
    ck_assert_str_eq(ask(b, stock_1), "7|0|7");
    ck_assert_str_eq(ask(b, "SELECT order_id, state, total_amount FROM order_state"),
                     "o1|completed|47.98\no2|cancelled|47.98");
    bench_free(b);
}
END_TEST

START_TEST(an_orders_three_events_give_the_same_state_in_any_order)
{
    static const char *const orders[] = {"abc", "acb", "bac", "bca", "cab", "cba"};

    for (size_t i = 0; i < MR_N_ELEMENTS(orders); i++) {
        struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "10");
        for (const char *p = orders[i]; *p; p++) {
            if (*p == 'a')
                order_created(b, "o1", 1, 3, 2);
            else if (*p == 'b')
                order_completed(b, "o1", 2);
            else
                order_cancelled(b, "o1", 3);
        }
        ck_assert_str_eq(ask(b, stock_1), "7|0|7");
        ck_assert_str_eq(ask(b, "SELECT state FROM order_state"), "completed");
        ck_assert_str_eq(ask(b, "SELECT DISTINCT state FROM reservation"), "shipped");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_cancellation_that_comes_first_leaves_the_stock_as_it_was)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "10");

    order_cancelled(b, "o1", 2);
    order_created(b, "o1", 1, 3, 2);
    ck_assert_str_eq(ask(b, stock_1), "10|0|10");
    ck_assert_str_eq(ask(b, "SELECT DISTINCT state FROM reservation"), "released");
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_is_not_set_aside)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "5");

    order_created(b, "o1", 1, 4, 2);
    order_created(b, "o2", 2, 2, 2);
    ck_assert_str_eq(ask(b, "SELECT order_id, state FROM reservation WHERE line = 1 ORDER BY 1"),
                     "o1|reserved\no2|short");
    ck_assert_str_eq(ask(b, stock_1), "5|4|1");
    order_cancelled(b, "o2", 3);
    ck_assert_str_eq(ask(b, stock_1), "5|4|1");
    bench_free(b);
}
END_TEST

START_TEST(a_reservation_lapses_by_the_time_of_events)
{
    struct bench *b =
        BENCH_WITH(inventory_management, "--opening-stock", "5", "--reservation-time", "10m");

    order_created(b, "o1", 0, 4, 2);
    order_created(b, "o2", 9, 4, 2);
    order_created(b, "o3", 10, 4, 2);
    ck_assert_str_eq(ask(b, "SELECT order_id, state FROM reservation WHERE line = 1 ORDER BY 1"),
                     "o1|expired\no2|short\no3|reserved");
    ck_assert_str_eq(ask(b, stock_1), "5|4|1");
    order_completed(b, "o1", 11); /* paid after all: it left the shelf */
    ck_assert_str_eq(ask(b, stock_1), "1|4|-3");
    bench_free(b);
}
END_TEST

START_TEST(nothing_of_a_deleted_product_is_available)
{
    struct bench *b = BENCH(inventory_management);

    product_event(b, true, 0, "n", "1");
    product_deleted(b, 5);
    order_created(b, "o1", 6, 1, 2);
    ck_assert_str_eq(ask(b, stock_1), "1000|0|0");
    ck_assert_str_eq(ask(b, "SELECT line, state FROM reservation"), "1|short\n2|withheld");
    bench_free(b);
}
END_TEST

START_TEST(a_product_deleted_at_the_moment_of_its_description_is_deleted_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(inventory_management);
        if (order == 1)
            product_deleted(b, 5);
        product_event(b, true, 5, "n", "1");
        if (order == 0)
            product_deleted(b, 5);
        ck_assert_str_eq(ask(b, stock_1), "1000|0|0");
        order_created(b, "o1", 6, 1, 1);
        ck_assert_str_eq(ask(b, "SELECT state FROM reservation"), "short");
        bench_free(b);
    }
}
END_TEST

START_TEST(an_order_is_set_aside_whole_or_not_at_all)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "5");
    struct order_management_order_created_v1_item items[] = {
        {.product_id = MR_STR("prod_2"), .quantity = 3},
        {.product_id = MR_STR("prod_1"), .quantity = 1},
        {.product_id = MR_STR("prod_2"), .quantity = INT64_MAX}, /* together more than 64 bits */
    };

    for (int i = 0; i < 2; i++) {
        SEND(b, order_management_order_created_v1, envelope(b, i, "o"),
             .data = {.order_id = i == 0 ? MR_STR("o1") : MR_STR("o2"),
                      .customer_id = MR_STR("cust"),
                      .currency = MR_STR("USD"),
                      .status = MR_STR("pending"),
                      .items = items,
                      .n_items = 3});
        items[2].quantity = 2;
    }
    ck_assert_str_eq(ask(b, "SELECT order_id, line, state FROM reservation ORDER BY 1, 2"),
                     "o1|1|short\no1|2|withheld\no1|3|short\n"
                     "o2|1|reserved\no2|2|reserved\no2|3|reserved");
    ck_assert_str_eq(ask(b, "SELECT product_id, reserved FROM stock ORDER BY 1"),
                     "prod_1|1\nprod_2|5");
    order_completed(b, "o1", 5); /* it went out all the same */
    ck_assert_str_eq(ask(b, "SELECT outcome, count(*) FROM order_line GROUP BY 1 ORDER BY 1"),
                     "open|3\nshipped|3");
    bench_free(b);
}
END_TEST

START_TEST(an_order_that_another_event_created_before_is_a_dead_letter)
{
    struct bench *b = BENCH(inventory_management);

    order_created(b, "o1", 1, 3, 2);
    order_created(b, "o1", 1, 3, 2);
    ck_assert_str_eq(ask(b, stock_1), "1000|3|997");
    ck_assert_uint_gt(b->fake->n_published, 0);
    ck_assert_str_eq(b->fake->published[b->fake->n_published - 1].topic,
                     b->run.group->dead_letter_topic);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run(
        "consumers_stock",
        (const TTest *[]){
            the_younger_description_of_a_product_stays_in_either_order,
            a_deletion_that_comes_first_is_not_undone_by_an_older_creation,
            a_price_holds_from_its_effective_date,
            a_price_told_after_its_effective_date_holds_from_when_it_was_told,
            an_orders_state_follows_its_reservations_in_either_order,
            what_was_reserved_is_as_the_reservation_says_in_either_order,
            a_second_order_in_a_flow_is_a_dead_letter_and_not_part_of_the_first,
            what_ran_out_is_known_per_location,
            an_order_sets_stock_aside_and_its_end_settles_it,
            an_orders_three_events_give_the_same_state_in_any_order,
            a_cancellation_that_comes_first_leaves_the_stock_as_it_was,
            what_is_not_there_is_not_set_aside,
            a_reservation_lapses_by_the_time_of_events,
            nothing_of_a_deleted_product_is_available,
            a_product_deleted_at_the_moment_of_its_description_is_deleted_in_either_order,
            an_order_is_set_aside_whole_or_not_at_all,
            an_order_that_another_event_created_before_is_a_dead_letter,
            NULL,
        });
}
