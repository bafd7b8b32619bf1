/* SPDX-License-Identifier: Apache-2.0 */
/* What inventory-management tells of its stock, as those who live by it hear it. */
#include "order_events.h"

extern const struct mr_consumer consumer_product_catalog, consumer_viscount_analytics,
    consumer_viscount_audit, consumer_viscount_procurement;

/* How many were told of one kind; the last of them in *ret_last. */
static size_t told(const struct bench *b, const char *kind, const struct fake_record **ret_last)
{
    char topic[80];
    size_t n = 0;

    (void)snprintf(topic, sizeof(topic), "inventory-management.inventory.%s.v1", kind);
    for (size_t i = 0; i < b->fake->n_published; i++)
        if (strcmp(b->fake->published[i].topic, topic) == 0) {
            if (ret_last)
                *ret_last = &b->fake->published[i];
            n++;
        }
    return n;
}

/* What another service hears of it: the topics that its group reads. */
static struct bench *hear(struct bench *from, struct bench *to)
{
    for (size_t i = 0; i < from->fake->n_published; i++) {
        const struct fake_record *record = &from->fake->published[i];
        for (size_t t = 0; t < to->run.group->n_topics; t++)
            if (strcmp(to->run.group->topics[t]->name, record->topic) == 0)
                fake_send(to->fake, record->topic, 0, record->key, record->value, NULL, 0);
    }
    handle(to);
    return to;
}

START_TEST(what_is_set_aside_and_given_back_is_told_with_one_id)
{
    struct bench *b = BENCH(inventory_management), *orders;
    const struct fake_record *last = NULL;
    char expected[128];

    order_created(b, "o1", 0, 3, 1);
    ck_assert_uint_eq(told(b, "reserved", &last), 1);
    ck_assert(mr_str_is(fake_header(last, "ce_correlationid"), "o1"));
    ck_assert(mr_str_is(fake_header(last, "ce_time"), "2024-01-15T10:30:00.000000Z"));
    orders = hear(b, BENCH(order_management));
    (void)snprintf(expected, sizeof(expected), "%s|o1|prod_1|warehouse_main|3|1705315500000000|",
                   ask(b, "SELECT reservation_id FROM reservation"));
    ck_assert_str_eq(ask(orders, "SELECT reservation_id, order_id, product_id, location_id,"
                                 " quantity, expires_at, released_at FROM reservation"),
                     expected);
    bench_free(orders);
    order_cancelled(b, "o1", 5);
    order_cancelled(b, "o1", 6); /* once more: nothing is left to release */
    ck_assert_uint_eq(told(b, "released", NULL), 1);
    orders = hear(b, BENCH(order_management));
    ck_assert_str_eq(ask(orders, "SELECT state, units_released, changed_at FROM order_state"),
                     "released|3|1705314900000000");
    ck_assert_str_eq(ask(orders, "SELECT release_reason FROM reservation"), "order_cancelled");
    bench_free(orders);
    bench_free(b);
}
END_TEST

START_TEST(the_same_is_told_of_an_order_whose_end_came_first)
{
    struct bench *b = BENCH(inventory_management), *orders;

    order_cancelled(b, "o1", 5);
    order_created(b, "o1", 0, 3, 1);
    ck_assert_uint_eq(told(b, "reserved", NULL), 1);
    ck_assert_uint_eq(told(b, "released", NULL), 1);
    orders = hear(b, BENCH(order_management));
    ck_assert_str_eq(ask(orders, "SELECT state, units_released, changed_at FROM order_state"),
                     "released|3|1705314900000000");
    bench_free(orders);
    bench_free(b);
}
END_TEST

START_TEST(a_lapsed_reservation_is_told_in_the_flow_of_its_order)
{
    struct bench *b =
        BENCH_WITH(inventory_management, "--opening-stock", "5", "--reservation-time", "10m");
    const struct fake_record *last = NULL;

    order_created(b, "o1", 0, 4, 1);
    order_created(b, "o2", 9, 4, 1);
    ck_assert_uint_eq(told(b, "released", NULL), 0);
    ck_assert_uint_eq(told(b, "reserved", NULL), 1); /* o2 was short */
    order_created(b, "o3", 11, 4, 1);
    ck_assert_uint_eq(told(b, "released", &last), 1);
    ck_assert(mr_str_is(fake_header(last, "ce_correlationid"), "o1"));
    ck_assert(mr_str_is(fake_header(last, "ce_time"), "2024-01-15T10:40:00.000000Z"));
    order_cancelled(b, "o1", 12);
    ck_assert_uint_eq(told(b, "released", NULL), 1);
    struct bench *analytics = hear(b, BENCH(viscount_analytics));
    ck_assert_str_eq(ask(analytics, "SELECT reason, reservations, units FROM cancellation_by_day"),
                     "reservation_expired|1|4");
    bench_free(analytics);
    bench_free(b);
}
END_TEST

START_TEST(the_catalogue_hears_the_last_level_whatever_order_orders_come_in)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "20"), *catalog;

    order_created(b, "o1", 0, 3, 1);
    order_created(b, "o2", 1, 4, 1);
    order_completed(b, "o2", 30);
    order_completed(b, "o1", 10); /* older, and the later change */
    ck_assert_uint_eq(told(b, "updated", NULL), 3);
    catalog = hear(b, BENCH(product_catalog));
    ck_assert_str_eq(ask(catalog, "SELECT quantity, reserved_quantity, available_quantity,"
                                  " update_type, source_event FROM stock_level"),
                     "13|0|13|shipment|order.completed");
    bench_free(catalog);
    bench_free(b);
}
END_TEST

START_TEST(the_catalogue_hears_when_the_last_unit_is_set_aside_and_when_one_is_back)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "5"), *catalog;

    order_created(b, "o1", 0, 4, 1);
    ck_assert_uint_eq(told(b, "updated", NULL), 1); /* it was opened */
    order_created(b, "o2", 1, 1, 1);
    catalog = hear(b, BENCH(product_catalog));
    ck_assert_str_eq(ask(catalog, "SELECT status, quantity, available_quantity FROM stock_status"),
                     "reserved|5|0");
    ck_assert_uint_eq(catalog->fake->n_published, 1); /* product.out-of-stock */
    bench_free(catalog);
    order_cancelled(b, "o2", 2);
    order_cancelled(b, "o1", 3); /* nothing new: there was one already */
    ck_assert_uint_eq(told(b, "updated", NULL), 3);
    catalog = hear(b, BENCH(product_catalog));
    ck_assert_str_eq(ask(catalog, "SELECT available_quantity, update_type, source_event"
                                  " FROM stock_level"),
                     "1|release|order.cancelled");
    bench_free(catalog);
    bench_free(b);
}
END_TEST

START_TEST(low_stock_is_told_when_it_is_crossed_and_when_nothing_is_left)
{
    struct bench *b =
        BENCH_WITH(inventory_management, "--opening-stock", "12", "--low-stock", "10");
    struct bench *procurement;

    order_created(b, "o1", 0, 2, 1); /* 10 are not below 10 */
    ck_assert_uint_eq(told(b, "low-stock-alert", NULL), 0);
    order_created(b, "o2", 1, 2, 1);
    order_created(b, "o3", 2, 3, 1);
    ck_assert_uint_eq(told(b, "low-stock-alert", NULL), 1);
    order_created(b, "o4", 3, 5, 1);
    ck_assert_uint_eq(told(b, "low-stock-alert", NULL), 2);
    procurement = hear(b, BENCH(viscount_procurement));
    ck_assert_str_eq(ask(procurement, "SELECT current_quantity, threshold, alert_level FROM alert"
                                      " ORDER BY raised_at"),
                     "8|10|warning\n0|10|critical");
    ck_assert_str_eq(ask(procurement, "SELECT state, quantity, alerts FROM reorder_list"),
                     "urgent|30|2");
    bench_free(procurement);
    order_cancelled(b, "o4", 4);
    order_cancelled(b, "o3", 4);
    order_cancelled(b, "o2", 4); /* enough again: the next crossing is told anew */
    ck_assert_uint_eq(told(b, "low-stock-alert", NULL), 2);
    order_created(b, "o5", 5, 1, 1);
    ck_assert_uint_eq(told(b, "low-stock-alert", NULL), 3);
    bench_free(b);
}
END_TEST

START_TEST(low_stock_of_zero_is_never_told)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "2", "--low-stock", "0");

    order_created(b, "o1", 0, 2, 1);
    ck_assert_uint_eq(told(b, "low-stock-alert", NULL), 0);
    bench_free(b);
}
END_TEST

START_TEST(more_shipped_than_was_known_corrects_the_level_first)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "1"), *audit, *catalog;

    order_created(b, "o1", 0, 3, 1); /* short */
    ck_assert_uint_eq(told(b, "reserved", NULL), 0);
    order_completed(b, "o1", 5);
    ck_assert_str_eq(ask(b, "SELECT on_hand, reserved FROM stock"), "0|0");
    audit = hear(b, BENCH(viscount_audit));
    ck_assert_str_eq(ask(audit, "SELECT old_quantity, new_quantity, adjustment_type,"
                                " reference_number FROM adjustment"),
                     "1|3|correction|o1");
    catalog = hear(b, BENCH(product_catalog));
    ck_assert_str_eq(ask(catalog, "SELECT status, quantity FROM stock_status"), "out-of-stock|0");
    ck_assert_uint_eq(catalog->fake->n_published, 1); /* product.out-of-stock */
    bench_free(audit);
    bench_free(catalog);
    bench_free(b);
}
END_TEST

START_TEST(a_level_below_zero_of_an_older_build_is_put_right_as_well)
{
    struct bench *b = BENCH(inventory_management), *audit;
    struct mr_error error = MR_ERROR_INIT;

    order_created(b, "o1", 0, 3, 1);
    ck_assert_msg(mr_store_run(b->store, "UPDATE stock SET on_hand = -2", MR_NO_VALUES, &error) ==
                      0,
                  "%s", error.text);
    order_completed(b, "o1", 5);
    ck_assert_str_eq(ask(b, "SELECT on_hand, reserved FROM stock"), "0|0");
    audit = hear(b, BENCH(viscount_audit));
    ck_assert_str_eq(ask(audit, "SELECT old_quantity, new_quantity FROM adjustment"), "0|3");
    bench_free(audit);
    bench_free(b);
}
END_TEST

START_TEST(a_new_product_opens_its_stock_and_is_told_once)
{
    struct bench *b = BENCH(inventory_management), *catalog;

    order_created(b, "o1", 1, 1, 1); /* the order comes first */
    for (int i = 0; i < 2; i++)
        SEND(b, product_catalog_product_created_v1, envelope(b, 0, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .name = MR_STR("n"),
                      .description = MR_STR("d"),
                      .category_id = MR_STR("c"),
                      .price = money("1"),
                      .sku = MR_STR("SKU-1"),
                      .is_active = true});
    ck_assert_uint_eq(told(b, "updated", NULL), 1);
    catalog = hear(b, BENCH(product_catalog));
    ck_assert_str_eq(ask(catalog, "SELECT quantity, available_quantity, update_type, source_event"
                                  " FROM stock_level"),
                     "1000|1000|initial|opening_stock");
    bench_free(catalog);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers_viscount_inventory",
                    (const TTest *[]){
                        what_is_set_aside_and_given_back_is_told_with_one_id,
                        the_same_is_told_of_an_order_whose_end_came_first,
                        a_lapsed_reservation_is_told_in_the_flow_of_its_order,
                        the_catalogue_hears_the_last_level_whatever_order_orders_come_in,
                        the_catalogue_hears_when_the_last_unit_is_set_aside_and_when_one_is_back,
                        low_stock_is_told_when_it_is_crossed_and_when_nothing_is_left,
                        low_stock_of_zero_is_never_told,
                        more_shipped_than_was_known_corrects_the_level_first,
                        a_level_below_zero_of_an_older_build_is_put_right_as_well,
                        a_new_product_opens_its_stock_and_is_told_once,
                        NULL,
                    });
}
