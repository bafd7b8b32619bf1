/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-fulfillment: which validated orders are to be prepared, and what is to be picked. */
#include "millrace/consumer.h"
#include "order_management.gen.h"

/* What is to be prepared, and one walk through the warehouse for all orders that are ready. */
#define VIEWS                                                                                      \
    "CREATE VIEW preparation_list AS SELECT p.order_id, p.state, p.validated_at,"                  \
    " count(l.line) AS lines, CAST(coalesce(sum(l.quantity), 0) AS INTEGER) AS units"              \
    " FROM preparation AS p LEFT JOIN preparation_line AS l ON l.order_id = p.order_id"            \
    " GROUP BY p.order_id, p.state, p.validated_at;"                                               \
    "CREATE VIEW pick_list AS SELECT l.product_id, count(DISTINCT l.order_id) AS orders,"          \
    " CAST(sum(l.quantity) AS INTEGER) AS units, min(p.validated_at) AS waiting_since"             \
    " FROM preparation_line AS l JOIN preparation AS p ON p.order_id = l.order_id"                 \
    " WHERE p.state = 'ready' GROUP BY l.product_id"

static const char tables[] =
    "CREATE TABLE preparation ("
    " order_id TEXT NOT NULL PRIMARY KEY, inventory_check TEXT NOT NULL,"
    " pricing_check TEXT NOT NULL, customer_check TEXT NOT NULL, validated_at INTEGER NOT NULL,"
    " validated_by TEXT NOT NULL, state TEXT NOT NULL GENERATED ALWAYS AS (CASE"
    "  WHEN inventory_check = 'passed' AND pricing_check = 'passed' AND customer_check = 'passed'"
    "  THEN 'ready' ELSE 'on-hold' END) VIRTUAL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX preparation_queue ON preparation (state, validated_at);"
    "CREATE TABLE preparation_line ("
    " order_id TEXT NOT NULL, line INTEGER NOT NULL, reservation_id TEXT NOT NULL,"
    " product_id TEXT NOT NULL, quantity INTEGER NOT NULL,"
    " PRIMARY KEY (order_id, line)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX preparation_line_product ON preparation_line (product_id);"
    "CREATE INDEX preparation_line_reservation ON preparation_line (reservation_id);" VIEWS;

/* The contract gives no closed list of results: what nobody checked holds no order up, any other
 * word but 'passed' does (viscount_validation.h). */
#define HOLDS_NOT(check) check " IN ('passed', 'not_checked')"
static const char unchecked[] =
    "DROP VIEW pick_list; DROP VIEW preparation_list; DROP INDEX preparation_queue;"
    "ALTER TABLE preparation DROP COLUMN state;"
    "ALTER TABLE preparation ADD COLUMN state TEXT GENERATED ALWAYS AS (CASE"
    " WHEN " HOLDS_NOT("inventory_check") " AND " HOLDS_NOT("pricing_check") " AND " HOLDS_NOT(
        "customer_check") " THEN 'ready' ELSE 'on-hold' END) VIRTUAL;"
                          "CREATE INDEX preparation_queue ON preparation (state, "
                          "validated_at);" VIEWS;

/* A younger validation of the order replaces the whole of the older one. */
MR_HANDLER(order_management_order_validated_v1, validated)
{
    int r = mr_sql(
        tx,
        "INSERT INTO preparation (order_id, inventory_check, pricing_check, customer_check,"
        " validated_at, validated_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT (order_id) DO UPDATE SET inventory_check = excluded.inventory_check,"
        " pricing_check = excluded.pricing_check, customer_check = excluded.customer_check,"
        " validated_at = excluded.validated_at, validated_by = excluded.validated_by"
        " WHERE (excluded.validated_at, excluded.validated_by)"
        "  > (preparation.validated_at, preparation.validated_by)",
        MR_TEXT(event->data.order_id), MR_TEXT(event->data.validation_results.inventory_check),
        MR_TEXT(event->data.validation_results.pricing_check),
        MR_TEXT(event->data.validation_results.customer_check), MR_INT(event->envelope.timestamp),
        MR_TEXT(event->envelope.event_id));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    r = mr_sql(tx, "DELETE FROM preparation_line WHERE order_id = ?1",
               MR_TEXT(event->data.order_id));
    for (size_t i = 0; r == 0 && i < event->data.n_reservations; i++)
        r = mr_sql(tx, "INSERT INTO preparation_line VALUES (?1, ?2, ?3, ?4, ?5)",
                   MR_TEXT(event->data.order_id), MR_INT((int64_t)i + 1),
                   MR_TEXT(event->data.reservations[i].reservation_id),
                   MR_TEXT(event->data.reservations[i].product_id),
                   MR_INT(event->data.reservations[i].quantity));
    return r;
}

const struct mr_consumer consumer_viscount_fulfillment = {
    .name = "viscount-fulfillment",
    .summary = "Lists the orders that are to be prepared and what is to be picked for them",
    .handles = MR_HANDLES(MR_ON(order_management_order_validated_v1, validated)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, unchecked}),
};
