/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's consumers of stock: procurement, audit, and the catalogue's stock status. */
#include "consumers_bench.h"
#include "millrace/hash.h"

extern const struct mr_consumer consumer_product_catalog, consumer_viscount_audit,
    consumer_viscount_procurement;

static void low_stock(struct bench *b, const char *product, int minutes, int64_t left,
                      int64_t threshold, const char *level)
{
    SEND(b, inventory_management_inventory_low_stock_alert_v1, envelope(b, minutes, "m"),
         .data = {.product_id = mr_str_from(product),
                  .location_id = MR_STR("w"),
                  .current_quantity = left,
                  .threshold = threshold,
                  .alert_level = mr_str_from(level)});
}

static void adjusted(struct bench *b, int minutes, int64_t from, int64_t to)
{
    SEND(b, inventory_management_inventory_adjusted_v1, envelope(b, minutes, "a"),
         .data = {.product_id = MR_STR("prod_1"),
                  .location_id = MR_STR("w"),
                  .old_quantity = from,
                  .new_quantity = to,
                  .adjustment_type = MR_STR("damage"),
                  .reason = MR_STR("fell"),
                  .reference_number = MR_STR("ADJ-1")});
}

static void updated(struct bench *b, const char *location, int minutes, int64_t quantity,
                    int64_t reserved)
{
    SEND(b, inventory_management_inventory_updated_v1, envelope(b, minutes, "u"),
         .data = {.product_id = MR_STR("prod_1"),
                  .location_id = mr_str_from(location),
                  .quantity = quantity,
                  .reserved_quantity = reserved,
                  .available_quantity = quantity - reserved,
                  .update_type = MR_STR("restock"),
                  .source_event = MR_STR("purchase_order_received")});
}

/* ---- product-catalog ---- */

START_TEST(a_level_older_than_the_known_one_says_nothing_of_what_ran_out)
{
    struct bench *b = BENCH(product_catalog);

    updated(b, "w", 9, 5, 0);
    updated(b, "w", 3, 2, 2);
    updated(b, "w", 4, 0, 0);
    ck_assert_uint_eq(b->fake->n_published, 0);
    updated(b, "w", 12, 0, 0);
    ck_assert_uint_eq(b->fake->n_published, 1);
    bench_free(b);
}
END_TEST

/* ---- viscount-procurement ---- */

START_TEST(an_alert_asks_for_a_reorder_up_to_its_cover)
{
    struct bench *b = BENCH_WITH(viscount_procurement, "--cover", "4");

    low_stock(b, "prod_1", 0, 8, 10, "warning");
    low_stock(b, "prod_2", 0, 0, 5, "warning");
    low_stock(b, "prod_3", 0, 4, 5, "critical");
    low_stock(b, "prod_4", 0, 90, 5, "warning"); /* there is more than the cover */
    ck_assert_str_eq(
        ask(b, "SELECT state, product_id, quantity, alerts FROM reorder_list ORDER BY product_id"),
        "open|prod_1|32|1\nurgent|prod_2|20|1\nurgent|prod_3|16|1");
    ck_assert_str_eq(ask(b, "SELECT state FROM reorder WHERE product_id = 'prod_4'"), "covered");
    bench_free(b);
}
END_TEST

START_TEST(the_youngest_alert_decides_and_all_are_kept)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(viscount_procurement);
        low_stock(b, "prod_1", order == 0 ? 0 : 9, order == 0 ? 9 : 2, 10, "warning");
        low_stock(b, "prod_1", order == 0 ? 9 : 0, order == 0 ? 2 : 9, 10, "warning");
        ck_assert_str_eq(ask(b, "SELECT quantity, current_quantity, alerts FROM reorder_list"),
                         "28|2|2");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_threshold_beyond_all_bounds_asks_for_what_64_bits_hold)
{
    struct bench *b = BENCH(viscount_procurement);

    low_stock(b, "prod_1", 0, 7, INT64_MAX / 2, "warning");
    ck_assert_str_eq(ask(b, "SELECT quantity FROM reorder"), "9223372036854775800");
    bench_free(b);
}
END_TEST

/* ---- viscount-audit ---- */

static const char *sha256_of(const char *text)
{
    static char out[4][65];
    static int n;
    uint8_t raw[32];
    char *to = out[n++ % 4];

    mr_sha256(text, strlen(text), raw);
    to[mr_hex_encode(raw, sizeof(raw), to)] = '\0';
    return to;
}

START_TEST(each_adjustment_is_sealed_and_chained)
{
    struct bench *b = BENCH(viscount_audit);
    char seals[2][65], link[129];

    adjusted(b, 0, 100, 95);
    adjusted(b, 5, 95, 90);
    for (int i = 0; i < 2; i++) {
        char record[256];
        (void)snprintf(record, sizeof(record),
                       "36:11111111-1111-4111-8111-%012d,16:%lld,6:prod_1,1:w,%s6:damage,4:fell,"
                       "5:ADJ-1,1:a,1:s,0:,",
                       i + 1, (long long)(T0 + i * 5 * MINUTE),
                       i == 0 ? "3:100,2:95," : "2:95,2:90,");
        (void)snprintf(seals[i], sizeof(seals[i]), "%s", sha256_of(record));
    }
    ck_assert_str_eq(ask(b, "SELECT digest FROM adjustment WHERE old_quantity = 100"), seals[0]);
    ck_assert_str_eq(ask(b, "SELECT digest FROM adjustment WHERE old_quantity = 95"), seals[1]);
    (void)snprintf(link, sizeof(link), "%s%s", sha256_of(seals[0]), seals[1]);
    ck_assert_str_eq(ask(b, "SELECT link FROM chain WHERE seq = 1"), sha256_of(seals[0]));
    ck_assert_str_eq(ask(b, "SELECT link FROM chain WHERE seq = 2"), sha256_of(link));
    ck_assert_str_eq(ask(b, "SELECT adjustments, units FROM shrinkage"), "2|-10");
    ck_assert_str_eq(ask(b, "SELECT reference_number, adjustments FROM reference_reuse"),
                     "ADJ-1|2");
    bench_free(b);
}
END_TEST

START_TEST(the_trail_refuses_to_be_changed)
{
    static const char *const attempts[] = {
        "UPDATE adjustment SET new_quantity = 100",
        "DELETE FROM adjustment",
        "UPDATE chain SET link = 'x'",
        "DELETE FROM chain",
    };
    struct bench *b = BENCH(viscount_audit);
    struct mr_error error = MR_ERROR_INIT;

    adjusted(b, 0, 100, 95);
    for (size_t i = 0; i < MR_N_ELEMENTS(attempts); i++) {
        ck_assert_int_ne(mr_store_run(b->store, attempts[i], MR_NO_VALUES, &error), 0);
        ck_assert_msg(strstr(error.text, "only added to") != NULL, "%s", error.text);
    }
    ck_assert_str_eq(ask(b, "SELECT new_quantity FROM adjustment"), "95");
    bench_free(b);
}
END_TEST

/* ---- product-catalog ---- */

static const char status[] =
    "SELECT status, quantity, available_quantity, out_at_locations FROM stock_status";

START_TEST(a_products_status_follows_the_youngest_level_of_each_location)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(product_catalog);
        updated(b, "w", order == 0 ? 0 : 9, order == 0 ? 150 : 7, 5);
        updated(b, "w", order == 0 ? 9 : 0, order == 0 ? 7 : 150, 5);
        ck_assert_str_eq(ask(b, status), "in-stock|7|2|0");
        updated(b, "x", 3, 4, 4);
        ck_assert_str_eq(ask(b, status), "in-stock|11|2|1");
        updated(b, "w", 10, 5, 5);
        ck_assert_str_eq(ask(b, status), "reserved|9|0|2");
        updated(b, "w", 11, 0, 0);
        updated(b, "x", 11, 0, 0);
        ck_assert_str_eq(ask(b, status), "out-of-stock|0|0|2");
        bench_free(b);
    }
}
END_TEST

START_TEST(that_a_location_ran_out_is_said_once_until_it_has_some_again)
{
    struct bench *b = BENCH(product_catalog);

    updated(b, "w", 0, 10, 0);
    ck_assert_uint_eq(b->fake->n_published, 0);
    updated(b, "w", 1, 0, 0);
    updated(b, "w", 2, 0, 0);
    ck_assert_uint_eq(b->fake->n_published, 1);
    ck_assert_str_eq(b->fake->published[0].topic, "product-catalog.product.out-of-stock.v1");
    ck_assert(mr_str_is(fake_header(b->fake->published, "ce_time"),
                        "2024-01-15T10:31:00.000000Z")); /* when it ran out */
    ck_assert(mr_str_is(fake_header(b->fake->published, "ce_correlationid"), "u"));
    updated(b, "w", 3, 5, 0);
    updated(b, "w", 4, 0, 0);
    ck_assert_uint_eq(b->fake->n_published, 2);
    updated(b, "x", 4, 0, 0); /* the first word of it */
    ck_assert_uint_eq(b->fake->n_published, 3);
    bench_free(b);
}
END_TEST

START_TEST(order_management_hears_what_ran_out)
{
    struct bench *b = BENCH(product_catalog), *orders = BENCH(order_management);

    updated(b, "w", 1, 0, 0);
    forward(b, orders);
    ck_assert_str_eq(
        ask(orders, "SELECT product_id, location_id, last_level, ran_out_at FROM out_of_stock"),
        "prod_1|w|0|1705314660000000");
    bench_free(b);
    bench_free(orders);
}
END_TEST

int main(void)
{
    return unit_run("consumers_viscount_stock",
                    (const TTest *[]){
                        a_level_older_than_the_known_one_says_nothing_of_what_ran_out,
                        an_alert_asks_for_a_reorder_up_to_its_cover,
                        the_youngest_alert_decides_and_all_are_kept,
                        a_threshold_beyond_all_bounds_asks_for_what_64_bits_hold,
                        each_adjustment_is_sealed_and_chained,
                        the_trail_refuses_to_be_changed,
                        a_products_status_follows_the_youngest_level_of_each_location,
                        that_a_location_ran_out_is_said_once_until_it_has_some_again,
                        order_management_hears_what_ran_out,
                        NULL,
                    });
}
