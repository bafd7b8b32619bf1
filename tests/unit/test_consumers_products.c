/* SPDX-License-Identifier: Apache-2.0 */
/* Product management's consumers: the audit that stays, histories in any order of arrival. */
#include "consumers_bench.h"
#include "product_management.gen.h"

extern const struct mr_consumer consumer_product_management_audit,
    consumer_product_management_analytics, consumer_product_management_notifications;

#define PRODUCT "00000000-0000-4000-8000-0000000000a1"
#define SELLER "00000000-0000-4000-8000-0000000000a2"
#define FLOW "flow"

static void create(struct bench *b, int minutes, const char *price, int64_t quantity)
{
    SEND(b, product_management_product_created_v1, envelope(b, minutes, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .name = MR_STR("Wheel"),
                  .description = MR_STR("Turns"),
                  .price = money(price),
                  .quantity = quantity,
                  .category = PRODUCT_MANAGEMENT_PRODUCT_CREATED_V1_CATEGORY_HOME,
                  .sellerId = MR_STR(SELLER)});
}

static void change_price(struct bench *b, int minutes, const char *price)
{
    const struct mr_pair_str before[] = {{MR_STR("price"), MR_STR("2499")},
                                         {MR_STR("colour"), MR_STR("red")}};
    struct mr_envelope by = envelope(b, minutes, FLOW);
    by.has_user_id = true;
    by.user_id = MR_STR(USER);

    SEND(b, product_management_product_updated_v1, by,
         .data = {.productId = MR_STR(PRODUCT),
                  .changes = {.has_price = true, .price = money(price)},
                  .previousState = before,
                  .n_previousState = 2});
}

static void change_stock(struct bench *b, int minutes, int64_t quantity)
{
    SEND(b, product_management_product_updated_v1, envelope(b, minutes, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .changes = {.has_quantity = true, .quantity = quantity}});
}

static void delete_it(struct bench *b, int minutes)
{
    SEND(b, product_management_product_deleted_v1, envelope(b, minutes, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .deletedAt = T0 + minutes * MINUTE,
                  .has_reason = true,
                  .reason = MR_STR("Sold out")});
}

START_TEST(the_audit_tells_each_field_before_and_after_and_what_stayed)
{
    struct bench *b = BENCH(product_management_audit);

    change_price(b, 1, "1999.50");
    ck_assert_str_eq(ask(b,
                         "SELECT field, old_value, new_value, changed, user_id FROM product_trail"
                         " ORDER BY field"),
                     "colour|red|red|0|" USER "\nprice|2499|1999.5|1|" USER);
    create(b, 0, "2499", 7);
    ck_assert_str_eq(ask(b, "SELECT what, count(*) FROM product_trail GROUP BY what ORDER BY what"),
                     "created|6\nupdated|2");
    delete_it(b, 2);
    ck_assert_str_eq(ask(b, "SELECT reason FROM change WHERE what = 'deleted'"), "Sold out");
    bench_free(b);
}
END_TEST

START_TEST(a_record_of_the_audit_can_be_neither_changed_nor_deleted)
{
    static const char *const attempts[] = {
        "UPDATE change SET what = 'nothing'",     "DELETE FROM change",
        "UPDATE change_field SET new_value = ''", "DELETE FROM change_field",
        "UPDATE change_context SET value = ''",   "DELETE FROM change_context"};
    struct bench *b = BENCH(product_management_audit);
    const struct mr_pair_str context = {MR_STR("ipAddress"), MR_STR("192.0.2.17")};
    struct mr_envelope from = envelope(b, 0, FLOW);
    from.metadata = &context;
    from.n_metadata = 1;

    SEND(b, product_management_product_low_stock_warning_v1, from,
         .data = {.productId = MR_STR(PRODUCT),
                  .productName = MR_STR("Wheel"),
                  .currentQuantity = 2,
                  .threshold = 10});
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        struct mr_error error = MR_ERROR_INIT;
        ck_assert_int_eq(mr_store_begin(b->store, &error), 0);
        ck_assert_msg(mr_store_run(b->store, attempts[i], MR_NO_VALUES, &error) != 0, "%s",
                      attempts[i]);
        ck_assert_msg(strstr(error.text, "stays as it is") != NULL, "%s", error.text);
        mr_store_rollback(b->store);
    }
    ck_assert_str_eq(ask(b, "SELECT field, new_value, changed, ip_address FROM product_trail"
                            " ORDER BY field"),
                     "currentQuantity|2|0|192.0.2.17\nproductName|Wheel|0|192.0.2.17\n"
                     "threshold|10|0|192.0.2.17");
    bench_free(b);
}
END_TEST

START_TEST(prices_and_stock_have_one_history_whatever_came_first)
{
    struct bench *b = BENCH(product_management_analytics);

    change_price(b, 20, "2199");
    change_stock(b, 30, 0);
    ck_assert_str_eq(ask(b, "SELECT name, price, quantity FROM product"), "|2199|0");
    create(b, 0, "2499", 7);
    change_price(b, 10, "2599.5");
    ck_assert_str_eq(ask(b, "SELECT price, price_before, difference FROM price_history"
                            " ORDER BY changed_at"),
                     "2499||\n2599.5|2499|100.5\n2199|2599.5|-400.5");
    ck_assert_str_eq(ask(b, "SELECT name, category, price, quantity FROM product"),
                     "Wheel|home|2199|0");
    ck_assert_str_eq(ask(b, "SELECT prices, raised, lowered FROM price_volatility"), "3|1|1");
    ck_assert_str_eq(ask(b, "SELECT times, last_at FROM sold_out"), "1|1705316400000000");
    bench_free(b);
}
END_TEST

START_TEST(of_two_values_of_the_same_moment_the_same_one_always_wins)
{
    const char *prices[] = {"1", "2"};

    for (int first = 0; first < 2; first++) {
        struct bench *b = BENCH(product_management_analytics);
        b->n_sent = first ? 1 : 0; /* the ids change places with the order */
        change_price(b, 5, prices[first]);
        b->n_sent = first ? 0 : 1;
        change_price(b, 5, prices[1 - first]);
        ck_assert_str_eq(ask(b, "SELECT price FROM product"), "2");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_deleted_product_stays_deleted_and_is_counted_by_its_category)
{
    struct bench *b = BENCH(product_management_analytics);

    delete_it(b, 9);
    delete_it(b, 8);
    create(b, 0, "2499", 7);
    change_stock(b, 10, 5);
    ck_assert_str_eq(ask(b, "SELECT deleted_at, delete_reason FROM product"),
                     "1705315080000000|Sold out");
    ck_assert_str_eq(ask(b, "SELECT category, products, deleted, units FROM category_state"),
                     "home|1|1|0");
    ck_assert_str_eq(ask(b, "SELECT created, updated, deleted, products FROM activity_by_day"),
                     "1|1|2|1");
    bench_free(b);
}
END_TEST

START_TEST(the_seller_is_told_also_of_what_came_before_the_listing)
{
    struct bench *b = BENCH(product_management_notifications);

    change_price(b, 5, "1999.50");
    SEND(b, product_management_product_low_stock_warning_v1, envelope(b, 6, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .productName = MR_STR("Wheel"),
                  .currentQuantity = 2,
                  .threshold = 10,
                  .has_severity = true,
                  .severity = PRODUCT_MANAGEMENT_PRODUCT_LOW_STOCK_WARNING_V1_SEVERITY_CRITICAL});
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_notice"), "0");
    create(b, 0, "2499", 7);
    ck_assert_str_eq(ask(b, "SELECT recipient, kind, title FROM message ORDER BY happened_at"),
                     SELLER "|product-listed|Your product is listed: Wheel\n" SELLER
                            "|product-changed|Your product was changed: " PRODUCT "\n" SELLER
                            "|low-stock|Low stock, critical: Wheel");
    ck_assert_str_eq(ask(b, "SELECT body FROM mr_notice WHERE kind = 'product-changed'"),
                     "price: 1999.5 (was 2499)\nChanged by: " USER "\nProduct: " PRODUCT "\n");
    ck_assert_str_eq(ask(b, "SELECT warnings, grave, lowest FROM low_stock_frequency"), "1|1|2");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers_products",
                    (const TTest *[]){
                        the_audit_tells_each_field_before_and_after_and_what_stayed,
                        a_record_of_the_audit_can_be_neither_changed_nor_deleted,
                        prices_and_stock_have_one_history_whatever_came_first,
                        of_two_values_of_the_same_moment_the_same_one_always_wins,
                        a_deleted_product_stays_deleted_and_is_counted_by_its_category,
                        the_seller_is_told_also_of_what_came_before_the_listing,
                        NULL,
                    });
}
