/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-customer-service: the history of each order: what was paid, delivered and given back. */
#include "millrace/consumer.h"
#include "order_management.gen.h"
#include "viscount_refund.h"

/* A row of an order is there from whichever of its events comes first. */
static const char tables[] =
    "CREATE TABLE customer_order ("
    " order_id TEXT NOT NULL PRIMARY KEY, completed_at INTEGER, payment_id TEXT,"
    " fulfillment_id TEXT, final_amount TEXT, said_at INTEGER, said_by TEXT)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX customer_order_payment ON customer_order (payment_id);"
    "CREATE INDEX customer_order_fulfillment ON customer_order (fulfillment_id);"
    "CREATE INDEX customer_order_completed ON customer_order (completed_at);" VISCOUNT_REFUND
    "CREATE INDEX refund_order ON refund (order_id, processed_at);"
    "CREATE VIEW order_money AS SELECT o.order_id, o.completed_at, o.payment_id, o.fulfillment_id,"
    " coalesce(o.final_amount, '0') AS paid,"
    " (SELECT count(*) FROM refund AS r WHERE r.order_id = o.order_id) AS refunds,"
    " coalesce((SELECT decimal_sum(r.amount) FROM refund AS r WHERE r.order_id = o.order_id),"
    "  '0') AS refunded,"
    " (SELECT max(r.processed_at) FROM refund AS r WHERE r.order_id = o.order_id) AS refunded_at"
    " FROM customer_order AS o;"
    "CREATE VIEW order_case AS SELECT order_id, CASE WHEN completed_at IS NULL THEN 'given-back'"
    " WHEN refunds = 0 THEN 'completed' WHEN decimal_cmp(refunded, paid) < 0 THEN 'partly-refunded'"
    " WHEN decimal_cmp(refunded, paid) = 0 THEN 'refunded' ELSE 'over-refunded' END AS state,"
    " paid, refunds, refunded, decimal_sub(paid, refunded) AS balance, payment_id,"
    " fulfillment_id, completed_at, refunded_at FROM order_money;"
    /* what somebody on the telephone reads from top to bottom */
    "CREATE VIEW order_history AS SELECT order_id, completed_at AS at, 'completed' AS what,"
    " final_amount AS amount, payment_id AS reference, fulfillment_id AS detail"
    " FROM customer_order WHERE completed_at IS NOT NULL"
    " UNION ALL SELECT order_id, processed_at, 'refunded', amount, refund_id,"
    " reason || ' by ' || method FROM refund";

MR_HANDLER(order_management_order_completed_v1, completed)
{
    return mr_sql(
        tx,
        "INSERT INTO customer_order VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (order_id)"
        " DO UPDATE SET completed_at = excluded.completed_at, payment_id = excluded.payment_id,"
        " fulfillment_id = excluded.fulfillment_id, final_amount = excluded.final_amount,"
        " said_at = excluded.said_at, said_by = excluded.said_by"
        " WHERE customer_order.said_at IS NULL OR (excluded.said_at, excluded.said_by)"
        "  > (customer_order.said_at, customer_order.said_by)",
        MR_TEXT(event->data.order_id), MR_INT(event->data.completion_time),
        MR_TEXT(event->data.payment_id), MR_TEXT(event->data.fulfillment_id),
        MR_DECIMAL(event->data.final_amount), MR_INT(event->envelope.timestamp),
        MR_TEXT(event->envelope.event_id));
}

MR_HANDLER(order_management_order_refunded_v1, refunded)
{
    int r = viscount_keep_refund(tx, event);

    if (r != 0)
        return r;
    return mr_sql(tx,
                  "INSERT INTO customer_order (order_id) VALUES (?1)"
                  " ON CONFLICT (order_id) DO NOTHING",
                  MR_TEXT(event->data.order_id));
}

const struct mr_consumer consumer_viscount_customer_service = {
    .name = "viscount-customer-service",
    .summary = "Keeps each order's history: paid, delivered, given back",
    .handles = MR_HANDLES(MR_ON(order_management_order_completed_v1, completed),
                          MR_ON(order_management_order_refunded_v1, refunded)),
    .migrations = MR_MIGRATIONS({1, tables}),
};
