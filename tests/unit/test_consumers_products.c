/* SPDX-License-Identifier: Apache-2.0 */
/* Product management's consumers: the audit that stays, histories in any order of arrival. */
#include "consumers_bench.h"
#include "product_management.gen.h"

extern const struct mr_consumer consumer_product_management_audit,
    consumer_product_management_analytics, consumer_product_management_notifications;

#define PRODUCT "00000000-0000-4000-8000-0000000000a1"
#define SELLER "00000000-0000-4000-8000-0000000000a2"
#define FLOW "flow"

static void create_as(struct bench *b, int minutes, const char *name, const char *seller,
                      const char *price, int64_t quantity)
{
    SEND(b, product_management_product_created_v1, envelope(b, minutes, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .name = mr_str_from(name),
                  .description = MR_STR("Turns"),
                  .price = money(price),
                  .quantity = quantity,
                  .category = PRODUCT_MANAGEMENT_PRODUCT_CREATED_V1_CATEGORY_HOME,
                  .sellerId = mr_str_from(seller)});
}

static void create(struct bench *b, int minutes, const char *price, int64_t quantity)
{
    create_as(b, minutes, "Wheel", SELLER, price, quantity);
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

static void delete_for(struct bench *b, int minutes, const char *reason)
{
    SEND(b, product_management_product_deleted_v1, envelope(b, minutes, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .deletedAt = T0 + minutes * MINUTE,
                  .has_reason = true,
                  .reason = mr_str_from(reason)});
}

static void delete_it(struct bench *b, int minutes)
{
    delete_for(b, minutes, "Sold out");
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

START_TEST(the_audit_keeps_every_event_whole)
{
    struct bench *b = BENCH(product_management_audit);

    change_price(b, 1, "1999.50");
    const char *event = ask(b, "SELECT event FROM change");
    ck_assert_msg(strstr(event, "\"changes\":{\"name\":null") != NULL, "%s", event);
    ck_assert_msg(strstr(event, "\"colour\":\"red\"") != NULL, "%s", event);
    ck_assert_msg(strstr(event, "\"user_id\":\"" USER "\"") != NULL, "%s", event);
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

START_TEST(of_two_listings_the_younger_stays_of_two_deletions_of_a_moment_the_greater_id)
{
    static const char *const reasons[] = {"Sold out", "Banned"};

    for (int first = 0; first < 2; first++) {
        struct bench *b = BENCH(product_management_analytics);
        for (int i = 0; i < 2; i++) { /* each has its id, in either order */
            int which = i ^ first;
            b->n_sent = which;
            create_as(b, which, "Wheel", which ? SELLER : USER, "1", 1);
            b->n_sent = 2 + which;
            delete_for(b, 5, reasons[which]);
        }
        ck_assert_str_eq(ask(b, "SELECT seller_id, listed_at, delete_reason FROM product"),
                         SELLER "|1705314660000000|Banned");
        bench_free(b);
    }
}
END_TEST

START_TEST(stock_that_comes_down_to_nothing_or_below_is_sold_out_once)
{
    static const int64_t stock[] = {5, -2, -3, 0, 0, 4, 0}; /* `changes` has no limits */
    struct bench *b = BENCH(product_management_analytics);

    for (int i = 0; i < (int)MR_N_ELEMENTS(stock); i++)
        change_stock(b, i, stock[i]);
    ck_assert_str_eq(ask(b, "SELECT times, last_at FROM sold_out"), "2|1705314960000000");
    bench_free(b);
}
END_TEST

START_TEST(a_product_that_is_listed_without_stock_is_not_sold_out_by_that)
{
    struct bench *b = BENCH(product_management_analytics);

    create(b, 0, "2499", 0);
    ck_assert_str_eq(ask(b, "SELECT product_id FROM sold_out"), "");
    change_stock(b, 5, 4);
    change_stock(b, 6, 0);
    ck_assert_str_eq(ask(b, "SELECT times, last_at FROM sold_out"), "1|1705314960000000");
    bench_free(b);
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
                     "price: 1999.5 cents (was 2499)\nChanged by: " USER "\nProduct: " PRODUCT
                     "\n");
    ck_assert_str_eq(ask(b, "SELECT warnings, grave, lowest FROM low_stock_frequency"), "1|1|2");
    bench_free(b);
}
END_TEST

START_TEST(the_longest_words_of_the_contract_fit_the_messages)
{
    enum { N = 255, LONG = 300000 };
    struct bench *b = BENCH(product_management_notifications);
    char *name = calloc(N * 4 + 1, 1), *text = calloc(LONG + 1, 1);

    ck_assert(name && text);
    for (size_t i = 0; i < N; i++)
        memcpy(name + i * 4, "\xF0\x9F\x8E\xA1", 4);
    memset(text, 'x', LONG);
    create_as(b, 0, name, SELLER, "1", 1);
    const struct mr_pair_str before[] = {{MR_STR("description"), mr_str_from(text)}};
    SEND(b, product_management_product_updated_v1, envelope(b, 1, FLOW),
         .data = {.productId = MR_STR(PRODUCT),
                  .changes = {.has_name = true,
                              .name = mr_str_from(text),
                              .has_description = true,
                              .description = mr_str_from(text)},
                  .previousState = before,
                  .n_previousState = 1});
    SEND(b, product_management_product_low_stock_warning_v1, envelope(b, 2, FLOW),
         .data = {.productId = MR_STR(PRODUCT), .productName = mr_str_from(text)});
    ck_assert_int_eq(b->run.count.dead_lettered, 0);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_notice"), "3");
    free(name);
    free(text);
    bench_free(b);
}
END_TEST

START_TEST(a_seller_in_the_previous_state_is_the_same_however_it_is_written)
{
    const struct mr_pair_str before[][1] = {
        {{MR_STR("sellerId"), MR_STR("00000000-0000-4000-8000-0000000000A2")}},
        {{MR_STR("sellerId"), MR_STR("{\"id\":7}")}}};
    struct bench *b = BENCH(product_management_notifications);

    create(b, 0, "1", 1);
    for (int i = 0; i < 2; i++)
        SEND(b, product_management_product_updated_v1, envelope(b, 1 + i, FLOW),
             .data = {
                 .productId = MR_STR(PRODUCT), .previousState = before[i], .n_previousState = 1});
    ck_assert_str_eq(ask(b, "SELECT user_id FROM holder"), SELLER);
    ck_assert_str_eq(ask(b, "SELECT kind FROM mr_notice"),
                     "product-listed"); /* no change is told */
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run(
        "consumers_products",
        (const TTest *[]){
            the_audit_tells_each_field_before_and_after_and_what_stayed,
            the_audit_keeps_every_event_whole,
            a_record_of_the_audit_can_be_neither_changed_nor_deleted,
            prices_and_stock_have_one_history_whatever_came_first,
            of_two_values_of_the_same_moment_the_same_one_always_wins,
            of_two_listings_the_younger_stays_of_two_deletions_of_a_moment_the_greater_id,
            stock_that_comes_down_to_nothing_or_below_is_sold_out_once,
            a_product_that_is_listed_without_stock_is_not_sold_out_by_that,
            a_deleted_product_stays_deleted_and_is_counted_by_its_category,
            the_seller_is_told_also_of_what_came_before_the_listing,
            the_longest_words_of_the_contract_fit_the_messages,
            a_seller_in_the_previous_state_is_the_same_however_it_is_written,
            NULL,
        });
}
