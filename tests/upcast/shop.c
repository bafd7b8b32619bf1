/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of tests/upcast/project: the producer of two majors of one event, a consumer that
 * has moved to the younger one, and a consumer that has not. */
#include "millrace/consumer.h"
#include "millrace/producer.h"
#include "order_management.gen.h"
#include "topics.gen.h"

#define TABLE                                                                                      \
    "CREATE TABLE placed (position INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE,"            \
    " version TEXT NOT NULL, order_id TEXT NOT NULL, customer_id TEXT NOT NULL,"                   \
    " status TEXT NOT NULL, total TEXT NOT NULL, currency TEXT NOT NULL, n_lines INTEGER NOT "     \
    "NULL,"                                                                                        \
    " last_price TEXT NOT NULL, country TEXT NOT NULL, topic TEXT NOT NULL) STRICT"

static const char insert[] =
    "INSERT INTO placed VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

MR_HANDLER(order_management_order_created_v2, placed)
{
    static const char *const words[] = {"UNKNOWN", "PENDING", "CONFIRMED", "CANCELLED"};
    const struct order_management_order_created_v2_data *order = &event->data;
    size_t n = order->n_lines;

    return mr_sql(tx, insert, MR_TEXT(event->envelope.event_id),
                  MR_TEXT(event->envelope.event_version), MR_TEXT(order->order_id),
                  MR_TEXT(order->customer.id), MR_TEXT_OF(words[order->status]),
                  MR_DECIMAL(order->total.amount), MR_TEXT(order->total.currency),
                  MR_INT((int64_t)n), MR_DECIMAL(order->lines[n - 1].price.amount),
                  MR_TEXT(order->ship_to.country_code), MR_TEXT_OF(mr_tx_event(tx)->topic->name));
}

MR_HANDLER(order_management_order_created_v1, placed_before)
{
    const struct order_management_order_created_v1_data *order = &event->data;
    size_t n = order->n_items;

    return mr_sql(
        tx, insert, MR_TEXT(event->envelope.event_id), MR_TEXT(event->envelope.event_version),
        MR_TEXT(order->order_id), MR_TEXT(order->customer_id), MR_TEXT(order->status),
        MR_DECIMAL(order->total_amount), MR_TEXT(order->currency), MR_INT((int64_t)n),
        MR_DECIMAL(order->items[n - 1].total_price), MR_TEXT(order->shipping_address.country),
        MR_TEXT_OF(mr_tx_event(tx)->topic->name));
}

static const struct mr_consumer moved = {
    .name = "inventory-management",
    .summary = "Reads orders of the younger version, and those of the older as such",
    .handles = MR_HANDLES(MR_ON(order_management_order_created_v2, placed)),
    .migrations = MR_MIGRATIONS({1, TABLE}),
};
static const struct mr_consumer behind = {
    .name = "viscount-payment",
    .summary = "Reads orders of the older version",
    .handles = MR_HANDLES(MR_ON(order_management_order_created_v1, placed_before)),
    .migrations = MR_MIGRATIONS({1, TABLE}),
};
static const struct mr_producer producer = {
    .service = "order-management",
    .summary = "Publishes orders in both versions",
};

int main(int argc, char **argv)
{
    if (PROGRAM == 'p')
        return mr_producer_main(&producer, argc, argv);
    return mr_consumer_main(PROGRAM == 'm' ? &moved : &behind, argc, argv);
}
