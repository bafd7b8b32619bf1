/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's analytics and search, in whatever order events come. */
#include "consumers_bench.h"

extern const struct mr_consumer consumer_viscount_analytics, consumer_viscount_search;

/* ---- viscount-analytics ---- */

static void price_changed(struct bench *b, int minutes, const char *price, int64_t from)
{
    SEND(b, product_catalog_product_price_changed_v1, envelope(b, minutes, "p"),
         .data = {.product_id = MR_STR("prod_1"),
                  .old_price = money("24.99"),
                  .new_price = money(price),
                  .effective_date = from});
}

static void reserved(struct bench *b, const char *id, int minutes)
{
    SEND(b, inventory_management_inventory_reserved_v1, envelope(b, minutes, "o"),
         .data = {.reservation_id = mr_str_from(id),
                  .product_id = MR_STR("prod_1"),
                  .quantity = 2,
                  .location_id = MR_STR("w"),
                  .order_id = MR_STR("order_1"),
                  .expires_at = T0 + 15 * MINUTE});
}

static void released(struct bench *b, const char *id, int minutes, const char *reason)
{
    SEND(b, inventory_management_inventory_released_v1, envelope(b, minutes, "o"),
         .data = {.reservation_id = mr_str_from(id),
                  .product_id = MR_STR("prod_1"),
                  .quantity = 2,
                  .location_id = MR_STR("w"),
                  .reason = mr_str_from(reason)});
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

static void refunded_for(struct bench *b, const char *refund_id, int64_t at, const char *amount,
                         const char *reason)
{
    SEND(b, order_management_order_refunded_v1, envelope(b, 9, "o"),
         .data = {.order_id = MR_STR("o1"),
                  .refund_id = mr_str_from(refund_id),
                  .refund_amount = money(amount),
                  .refund_reason = mr_str_from(reason),
                  .refund_method = MR_STR("cash"),
                  .processed_at = at});
}

static void refunded(struct bench *b, const char *refund_id, int64_t at, const char *amount)
{
    refunded_for(b, refund_id, at, amount, "order_cancelled");
}

/* 12,000 letters that compress badly: more than PostgreSQL takes into an index. */
static const char *novel(void)
{
    static char text[12001];
    uint32_t x = 1;

    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        x = x * 1664525 + 1013904223;
        text[i] = (char)('a' + (x >> 24) % 26);
    }
    return text;
}

START_TEST(a_price_is_valid_until_the_next_one)
{
    struct bench *b = BENCH(viscount_analytics);

    price_changed(b, 5, "20", T0 + 20 * MINUTE);
    price_changed(b, 0, "22.99", T0);
    price_changed(b, 6, "21", T0 + 20 * MINUTE); /* put right: the younger word */
    ck_assert_str_eq(
        ask(b, "SELECT price, valid_from, valid_until FROM price_history ORDER BY valid_from"),
        "22.99|1705314600000000|1705315800000000\n21|1705315800000000|");
    bench_free(b);
}
END_TEST

START_TEST(demand_and_cancellations_count_reservations_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(viscount_analytics);
        reserved(b, "res_2", 0);
        if (order == 0)
            reserved(b, "res_1", 0);
        released(b, "res_1", 5, "order_cancelled");
        if (order == 1) {
            ck_assert_str_eq(ask(b, "SELECT reservations, units_released FROM demand_by_day"),
                             "1|0");
            reserved(b, "res_1", 0);
        }
        ck_assert_str_eq(ask(b, "SELECT day, product_id, reservations, units, units_released"
                                " FROM demand_by_day"),
                         "2024-01-15|prod_1|2|4|2");
        ck_assert_str_eq(ask(b, "SELECT day, reason, reservations, units FROM cancellation_by_day"),
                         "2024-01-15|order_cancelled|1|2");
        bench_free(b);
    }
}
END_TEST

START_TEST(revenue_is_exact_by_the_day_that_money_moved)
{
    struct bench *b = BENCH(viscount_analytics);

    completed(b, "o1", 0, "0.1");
    completed(b, "o2", 5, "0.2");
    completed(b, "o2", 4, "99"); /* older */
    refunded(b, "ref_1", T0, "0.05");
    refunded(b, "ref_2", T0 + INT64_C(86400) * SECOND, "0.1");
    refunded(b, "ref_3", -1, "1"); /* before 1970 */
    ck_assert_str_eq(ask(b, "SELECT day, orders, sold, refunds, given_back, net"
                            " FROM revenue_by_day ORDER BY day"),
                     "1969-12-31|0|0|1|1|-1\n2024-01-15|2|0.3|1|0.05|0.25\n"
                     "2024-01-16|0|0|1|0.1|-0.1");
    ck_assert_str_eq(ask(b, "SELECT reason, amount FROM refund_by_reason WHERE day > '2024-01-15'"),
                     "order_cancelled|0.1");
    bench_free(b);
}
END_TEST

START_TEST(reasons_may_be_as_long_as_people_write_them)
{
    struct bench *b = BENCH(viscount_analytics);

    refunded_for(b, "r1", T0, "1", novel());
    reserved(b, "res_1", 0);
    released(b, "res_1", 5, novel());
    SEND(b, inventory_management_inventory_adjusted_v1, envelope(b, 0, "a"),
         .data = {.product_id = MR_STR("prod_1"),
                  .location_id = MR_STR("w"),
                  .adjustment_type = mr_str_from(novel()),
                  .reason = MR_STR("r"),
                  .reference_number = MR_STR("n")});
    ck_assert_str_eq(ask(b, "SELECT length(reason) FROM refund_by_reason"), "12000");
    ck_assert_str_eq(ask(b, "SELECT length(reason) FROM cancellation_by_day"), "12000");
    ck_assert_str_eq(ask(b, "SELECT length(adjustment_type) FROM adjustment_by_day"), "12000");
    bench_free(b);
}
END_TEST

/* PostgreSQL cannot, and says so of one event; those after it are handled. */
START_TEST(an_id_that_no_index_can_hold_is_a_dead_letter_and_stops_nobody)
{
    struct bench *b = BENCH(viscount_analytics);

    refunded(b, novel(), T0, "1");
    refunded(b, "r2", T0, "2");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM refund WHERE refund_id = 'r2'"), "1");
    ck_assert_uint_eq(b->fake->n_published, on_postgres() ? 1 : 0);
    bench_free(b);
}
END_TEST

START_TEST(stock_is_told_by_levels_adjustments_and_shortages)
{
    struct bench *b = BENCH(viscount_analytics);

    for (int i = 0; i < 2; i++)
        SEND(b, inventory_management_inventory_updated_v1, envelope(b, i, "u"),
             .data = {.product_id = MR_STR("prod_1"),
                      .location_id = MR_STR("w"),
                      .quantity = 150,
                      .reserved_quantity = 5 + i,
                      .available_quantity = 145 - i,
                      .update_type = MR_STR("restock"),
                      .source_event = MR_STR("po")});
    SEND(b, inventory_management_inventory_adjusted_v1, envelope(b, 3, "a"),
         .data = {.product_id = MR_STR("prod_1"),
                  .location_id = MR_STR("w"),
                  .old_quantity = 100,
                  .new_quantity = 95,
                  .adjustment_type = MR_STR("damage"),
                  .reason = MR_STR("fell"),
                  .reference_number = MR_STR("ADJ-1")});
    SEND(b, inventory_management_inventory_low_stock_alert_v1, envelope(b, 4, "m"),
         .data = {.product_id = MR_STR("prod_1"),
                  .location_id = MR_STR("w"),
                  .current_quantity = 8,
                  .threshold = 10,
                  .alert_level = MR_STR("warning")});
    SEND(b, product_catalog_product_out_of_stock_v1, envelope(b, 5, "p"),
         .data = {
             .product_id = MR_STR("prod_1"), .last_stock_level = 0, .location_id = MR_STR("w")});
    ck_assert_str_eq(ask(b, "SELECT day, updates, least_available, most_available"
                            " FROM stock_by_day"),
                     "2024-01-15|2|144|145");
    ck_assert_str_eq(ask(b, "SELECT adjustment_type, adjustments, units FROM adjustment_by_day"),
                     "damage|1|-5");
    ck_assert_str_eq(ask(b, "SELECT ran_out, ran_low, last_at FROM shortage_by_product"),
                     "1|1|1705314900000000");
    bench_free(b);
}
END_TEST

/* ---- viscount-search ---- */

static void described(struct bench *b, bool created, int minutes, const char *name, bool active)
{
    const struct mr_pair_str attributes[] = {
        {MR_STR("origin"), MR_STR("Per\xc3\xba")},
        {MR_STR("weight"), MR_STR("1kg")},
    };

    if (created)
        SEND(b, product_catalog_product_created_v1, envelope(b, minutes, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .name = mr_str_from(name),
                      .description = MR_STR("Coffee from the hills of Peru"),
                      .category_id = MR_STR("cat_beverages"),
                      .price = money("24.99"),
                      .sku = MR_STR("COFFEE-1"),
                      .is_active = active,
                      .attributes = attributes,
                      .n_attributes = 2});
    else
        SEND(b, product_catalog_product_updated_v1, envelope(b, minutes, "p"),
             .data = {.product_id = MR_STR("prod_1"),
                      .name = mr_str_from(name),
                      .description = MR_STR("Tea"),
                      .category_id = MR_STR("cat_beverages"),
                      .price = money("5"),
                      .sku = MR_STR("TEA-1"),
                      .is_active = active});
}

static void deleted(struct bench *b, int minutes)
{
    SEND(b, product_catalog_product_deleted_v1, envelope(b, minutes, "p"),
         .data = {.product_id = MR_STR("prod_1"), .name = MR_STR("n"), .reason = MR_STR("gone")});
}

START_TEST(a_product_is_found_by_its_words_wherever_they_stand)
{
    struct bench *b = BENCH(viscount_search);

    described(b, true, 0, "Premium COFFEE", true);
    ck_assert_str_eq(ask(b, "SELECT product_id, name, price, weight FROM search"
                            " WHERE term = 'coffee'"), /* name, sku, description */
                     "prod_1|Premium COFFEE|24.99|17");
    ck_assert_str_eq(ask(b, "SELECT weight FROM search WHERE term = 'peru'"), "3");
    ck_assert_str_eq(ask(b, "SELECT product_id FROM search WHERE term IN ('coffee', 'beverages')"
                            " GROUP BY product_id HAVING count(*) = 2"),
                     "prod_1");
    ck_assert_str_eq(ask(b, "SELECT DISTINCT product_id FROM search WHERE term >= 'prem'"
                            " AND term < 'pren'"),
                     "prod_1");
    ck_assert_str_eq(ask(b, "SELECT name, value, products FROM facet ORDER BY name"),
                     "origin|Per\xc3\xba|1\nweight|1kg|1");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM search WHERE term = 'tea'"), "0");
    bench_free(b);
}
END_TEST

START_TEST(an_attribute_may_be_as_long_as_its_shop_writes_it)
{
    struct bench *b = BENCH(viscount_search);
    const struct mr_pair_str story = {MR_STR("story"), mr_str_from(novel())};

    SEND(b, product_catalog_product_created_v1, envelope(b, 0, "p"),
         .data = {.product_id = MR_STR("prod_1"),
                  .name = MR_STR("n"),
                  .description = mr_str_from(novel()),
                  .category_id = MR_STR("c"),
                  .price = money("1"),
                  .sku = MR_STR("S"),
                  .is_active = true,
                  .attributes = &story,
                  .n_attributes = 1});
    ck_assert_str_eq(ask(b, "SELECT name, length(value), products FROM facet"), "story|12000|1");
    bench_free(b);
}
END_TEST

START_TEST(the_index_holds_the_youngest_description_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(viscount_search);
        described(b, order == 0, order == 0 ? 0 : 9, order == 0 ? "old" : "new", true);
        described(b, order != 0, order == 0 ? 9 : 0, order == 0 ? "new" : "old", true);
        ck_assert_str_eq(ask(b, "SELECT term FROM term ORDER BY term"),
                         "1\nbeverages\ncat\nnew\ntea");
        ck_assert_str_eq(ask(b, "SELECT count(*) FROM attribute"), "0");
        bench_free(b);
    }
}
END_TEST

START_TEST(what_is_deleted_or_not_for_sale_is_not_found)
{
    struct bench *b = BENCH(viscount_search);

    deleted(b, 5);
    described(b, true, 0, "old", true); /* older than the deletion */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM term"), "0");
    described(b, false, 6, "again", true);
    ck_assert_str_eq(ask(b, "SELECT name FROM search WHERE term = 'again'"), "again");
    deleted(b, 4); /* an older deletion */
    ck_assert_str_eq(ask(b, "SELECT name FROM search WHERE term = 'again'"), "again");
    described(b, false, 7, "again", false);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM search"), "0");
    described(b, false, 8, "again", true);
    deleted(b, 8); /* of the same instant */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM term"), "0");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers_viscount_insight",
                    (const TTest *[]){
                        a_price_is_valid_until_the_next_one,
                        demand_and_cancellations_count_reservations_in_either_order,
                        revenue_is_exact_by_the_day_that_money_moved,
                        reasons_may_be_as_long_as_people_write_them,
                        an_id_that_no_index_can_hold_is_a_dead_letter_and_stops_nobody,
                        stock_is_told_by_levels_adjustments_and_shortages,
                        a_product_is_found_by_its_words_wherever_they_stand,
                        an_attribute_may_be_as_long_as_its_shop_writes_it,
                        the_index_holds_the_youngest_description_in_either_order,
                        what_is_deleted_or_not_for_sale_is_not_found,
                        NULL,
                    });
}
