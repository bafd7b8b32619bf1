/* SPDX-License-Identifier: Apache-2.0 */
/* The consumers' own files: what each event does to the read model, in whatever order events come.
 */
#include <stdio.h>

#include "inventory_management.gen.h"
#include "order_management.gen.h"
#include "product_catalog.gen.h"
#include "support/fake_broker.h"
#include "support/unit.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"
#include "ticketwave_notification.gen.h"
#include "ticketwave_payment.gen.h"

extern const struct mr_consumer consumer_inventory_management, consumer_order_management,
    consumer_ticketwave_booking, consumer_ticketwave_catalog, consumer_ticketwave_notification,
    consumer_ticketwave_payment;

enum { SECOND = 1000000, MINUTE = 60 * SECOND };
static const int64_t T0 = INT64_C(1705314600) * SECOND; /* 2024-01-15T10:30:00Z */

#define BOOKING "00000000-0000-4000-8000-00000000000b"
#define EVENT "00000000-0000-4000-8000-00000000000e"
#define USER "00000000-0000-4000-8000-0000000000aa"

struct bench {
    struct fake *fake;
    struct mr_store *store;
    struct mr_options *options;
    struct consume run;
    int n_sent;
    char *argv[8];
    _Alignas(max_align_t) unsigned char state[256];
};

static struct bench *bench_of(const struct mr_consumer *consumer, const char *const *options)
{
    struct bench *b = calloc(1, sizeof(*b));
    const struct mr_option_table tables[] = {{.rows = consumer->options}, {.rows = NULL}};
    const struct mr_command command = {.name = consumer->name, .summary = "", .tables = tables};
    struct mr_error error = MR_ERROR_INIT;
    enum mr_option_asked asked;
    int argc = 1;

    ck_assert_ptr_nonnull(b);
    mr_log_set_level(MR_LOG_OFF);
    b->fake = calloc(1, sizeof(*b->fake));
    b->fake->now = T0 + INT64_C(3600) * SECOND;
    for (; options[argc - 1]; argc++)
        b->argv[argc] = (char *)(uintptr_t)options[argc - 1];
    ck_assert_uint_le(consumer->size, sizeof(b->state));
    if (consumer->options)
        ck_assert_msg(
            mr_options_parse(&command, argc, b->argv, b->state, &b->options, &asked, &error) == 0,
            "%s", error.text);
    const struct mr_consumer_group *group =
        mr_catalog_group(mr_catalog_builtin(), mr_str_from(consumer->name));
    ck_assert_ptr_nonnull(group);
    for (size_t i = 0; i < group->n_topics; i++)
        fake_add_topic(b->fake, group->topics[i]->name, 1);
    ck_assert_int_eq(mr_store_open("sqlite::memory:", NULL, &b->store, NULL), 0);
    b->run = (struct consume){.consumer = consumer,
                              .group = group,
                              .store = b->store,
                              .self = b->state,
                              .options = {.group = consumer->name,
                                          .from = "beginning",
                                          .gap = "stop",
                                          .batch = 100,
                                          .parked = 100,
                                          .inbox = 1000,
                                          .drain_ms = 1000}};
    fake_attach(b->fake, &b->run);
    ck_assert_msg(consume_open(&b->run, &error) == 0, "%s", error.text);
    fake_assign(b->fake);
    return b;
}
#define BENCH(consumer) bench_of(&consumer_##consumer, (const char *[]){NULL})
#define BENCH_WITH(consumer, ...)                                                                  \
    bench_of(&consumer_##consumer, (const char *[]){__VA_ARGS__, NULL})

static void bench_free(struct bench *b)
{
    consume_close(&b->run);
    (void)mr_store_free(b->store);
    (void)mr_options_free(b->options);
    fake_free(b->fake);
    free(b);
}

/* An envelope with an id of its own, `minutes` after T0. */
static struct mr_envelope envelope(struct bench *b, int minutes, const char *flow)
{
    static char ids[64][37];
    char *id = ids[b->n_sent % 64];

    (void)snprintf(id, sizeof(ids[0]), "11111111-1111-4111-8111-%012d", ++b->n_sent);
    return (struct mr_envelope){.event_id = mr_str_from(id),
                                .event_type = MR_STR("t"),
                                .event_version = MR_STR("1.0"),
                                .timestamp = T0 + minutes * MINUTE,
                                .correlation_id = mr_str_from(flow),
                                .source_service = MR_STR("s")};
}

static struct mr_decimal money(const char *text)
{
    mr_int128 unscaled = 0;
    int32_t scale = 0;
    bool point = false;

    for (; *text; text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        unscaled = unscaled * 10 + (*text - '0');
        scale += point;
    }
    for (; scale < 9; scale++)
        unscaled *= 10;
    return (struct mr_decimal){.unscaled = unscaled, .scale = 9};
}

/* Sends struct `id`, handles it, and expects it to be accepted. */
#define SEND(b, id, ...)                                                                           \
    do {                                                                                           \
        struct id event_ = {.envelope = __VA_ARGS__};                                              \
        fake_send_event((b)->fake, &topic_##id, 0, &event_);                                       \
        handle(b);                                                                                 \
    } while (0)

static void handle(struct bench *b)
{
    struct mr_error error = MR_ERROR_INIT;

    for (int i = 0; i < 2; i++)
        ck_assert_msg(consume_turn(&b->run, 0, &error) == 0, "%s", error.text);
}

/* One text for the whole answer: columns by |, rows by newline. */
static const char *ask(struct bench *b, const char *sql)
{
    static char text[2048];
    struct mr_error error = MR_ERROR_INIT;
    struct mr_rows *rows;
    size_t len = 0;

    text[0] = '\0';
    ck_assert_msg(mr_store_query(b->store, sql, MR_NO_VALUES, &rows, &error) == 0, "%s",
                  error.text);
    while (mr_rows_next(rows, &error) == 0) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", len ? "\n" : "");
        for (size_t i = 0; i < mr_rows_n_columns(rows); i++) {
            struct mr_value v = mr_rows_value(rows, i);
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", i ? "|" : "");
            if (v.type == MR_VALUE_INT)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%lld",
                                        (long long)v.as.integer);
            else if (v.type == MR_VALUE_TEXT)
                len +=
                    (size_t)snprintf(text + len, sizeof(text) - len, "%.*s", MR_STR_ARG(v.as.text));
            else
                ck_assert_int_eq(v.type, MR_VALUE_NULL);
        }
    }
    (void)mr_rows_done(rows);
    return text;
}

/* The events that were published, decoded by the next service: fed into another bench. */
static void forward(struct bench *from, struct bench *to)
{
    for (size_t i = 0; i < from->fake->n_published; i++) {
        const struct fake_record *record = &from->fake->published[i];
        const struct mr_topic *topic =
            mr_catalog_topic(mr_catalog_builtin(), mr_str_from(record->topic));
        fake_send(to->fake, topic->name, 0, record->key, record->value, NULL, 0);
    }
    handle(to);
}

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

static void ask_for_tickets(struct bench *b, int64_t quantity)
{
    SEND(b, ticketwave_booking_inventory_update_requested_v1, envelope(b, 0, BOOKING),
         .data = {.EventId = MR_STR(EVENT),
                  .BookingId = MR_STR(BOOKING),
                  .QuantityReduced = quantity,
                  .RequestedAt = T0});
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

    ask_for_tickets(b, 3);
    ask_for_tickets(b, 3);
    ask_for_tickets(b, 2);
    ck_assert_str_eq(ask(b, "SELECT event_id, capacity, available FROM event_inventory"),
                     EVENT "|5|0");
    ck_assert_str_eq(ask(b, "SELECT quantity, accepted FROM reduction ORDER BY request_id"),
                     "3|1\n3|0\n2|1");
    ck_assert_uint_eq(b->fake->n_published, 3);
    bench_free(b);
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
    forward(catalog, booking);
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
    struct bench *b = BENCH_WITH(ticketwave_payment, "--payment-url", "https://pay.test");

    ask_for_payment(b, "20", 5);
    ask_for_payment(b, "10", 0); /* older, came later */
    ck_assert_str_eq(
        ask(b, "SELECT count(*), amount, url = 'https://pay.test/' || payment_id FROM payment"),
        "1|20|1");
    ck_assert_uint_eq(b->fake->n_published, 2);
    bench_free(b);
}
END_TEST

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
    bench_free(b);
}
END_TEST

/* ---- inventory-management ---- */

static void order_created(struct bench *b, const char *id, int minutes, int64_t quantity)
{
    struct order_management_order_created_v1_item items[2] = {
        {.product_id = MR_STR("prod_1"),
         .quantity = quantity,
         .unit_price = money("1"),
         .total_price = money("1")},
        {.product_id = MR_STR("prod_2"),
         .quantity = 1,
         .unit_price = money("1"),
         .total_price = money("1")},
    };
    SEND(b, order_management_order_created_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .customer_id = MR_STR("cust"),
                  .total_amount = money("47.98"),
                  .currency = MR_STR("USD"),
                  .status = MR_STR("pending"),
                  .items = items,
                  .n_items = 2});
}

static void order_completed(struct bench *b, const char *id, int minutes)
{
    SEND(b, order_management_order_completed_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .completion_time = T0 + minutes * MINUTE,
                  .payment_id = MR_STR("pay"),
                  .fulfillment_id = MR_STR("ful"),
                  .final_amount = money("47.98")});
}

static void order_cancelled(struct bench *b, const char *id, int minutes)
{
    SEND(b, order_management_order_cancelled_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .cancellation_reason = MR_STR("why"),
                  .cancelled_by = MR_STR("customer"),
                  .cancelled_at = T0 + minutes * MINUTE,
                  .refund_required = true,
                  .refund_amount = money("47.98")});
}

static const char stock_1[] =
    "SELECT on_hand, reserved, available FROM stock_state WHERE product_id = 'prod_1'";

START_TEST(an_order_sets_stock_aside_and_its_end_settles_it)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "10");

    product_event(b, true, 0, "n", "1");
    ck_assert_str_eq(ask(b, stock_1), "10|0|10");
    order_created(b, "o1", 1, 3);
    order_created(b, "o2", 2, 4);
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
                order_created(b, "o1", 1, 3);
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
    order_created(b, "o1", 1, 3);
    ck_assert_str_eq(ask(b, stock_1), "10|0|10");
    ck_assert_str_eq(ask(b, "SELECT DISTINCT state FROM reservation"), "released");
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_is_not_set_aside)
{
    struct bench *b = BENCH_WITH(inventory_management, "--opening-stock", "5");

    order_created(b, "o1", 1, 4);
    order_created(b, "o2", 2, 2);
    ck_assert_str_eq(ask(b, "SELECT order_id, state FROM reservation WHERE line = 1"),
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

    order_created(b, "o1", 0, 4);
    order_created(b, "o2", 9, 4);
    order_created(b, "o3", 10, 4);
    ck_assert_str_eq(ask(b, "SELECT order_id, state FROM reservation WHERE line = 1"),
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
    order_created(b, "o1", 6, 1);
    ck_assert_str_eq(ask(b, stock_1), "1000|0|0");
    ck_assert_str_eq(ask(b, "SELECT line, state FROM reservation"), "1|short\n2|reserved");
    bench_free(b);
}
END_TEST

START_TEST(an_order_that_another_event_created_before_is_a_dead_letter)
{
    struct bench *b = BENCH(inventory_management);

    order_created(b, "o1", 1, 3);
    order_created(b, "o1", 1, 3);
    ck_assert_str_eq(ask(b, stock_1), "1000|3|997");
    ck_assert_uint_eq(b->fake->n_published, 1);
    ck_assert_str_eq(b->fake->published[0].topic, b->run.group->dead_letter_topic);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consumers", (const TTest *[]){
                                     every_consumer_handles_all_topics_that_topics_yaml_gives_it,
                                     a_service_emits_only_what_topics_yaml_lets_it_publish,
                                     no_column_of_a_read_model_is_a_float,
                                     the_catalog_takes_tickets_while_there_are_enough,
                                     the_circle_closes_each_answer_caused_by_its_request,
                                     a_booking_without_tickets_is_refused,
                                     a_booking_has_one_payment_however_often_it_is_asked_for,
                                     the_younger_description_of_a_product_stays_in_either_order,
                                     a_deletion_that_comes_first_is_not_undone_by_an_older_creation,
                                     a_price_holds_from_its_effective_date,
                                     an_orders_state_follows_its_reservations_in_either_order,
                                     what_ran_out_is_known_per_location,
                                     an_order_sets_stock_aside_and_its_end_settles_it,
                                     an_orders_three_events_give_the_same_state_in_any_order,
                                     a_cancellation_that_comes_first_leaves_the_stock_as_it_was,
                                     what_is_not_there_is_not_set_aside,
                                     a_reservation_lapses_by_the_time_of_events,
                                     nothing_of_a_deleted_product_is_available,
                                     an_order_that_another_event_created_before_is_a_dead_letter,
                                     NULL,
                                 });
}
