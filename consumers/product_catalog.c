/* SPDX-License-Identifier: Apache-2.0 */
/* product-catalog: whether a product can be had, by what the warehouses say, and the word that it
 * ran out. */
#include "inventory_management.gen.h"
#include "millrace/consumer.h"
#include "product_catalog.gen.h"

/* Only the youngest level of a location counts. A product is to be had where any location has some
 * left that no order holds. */
static const char tables[] =
    "CREATE TABLE stock_level ("
    " product_id TEXT NOT NULL, location_id TEXT NOT NULL, quantity INTEGER,"
    " reserved_quantity INTEGER, available_quantity INTEGER, update_type TEXT, source_event TEXT,"
    " said_at INTEGER, said_by TEXT, PRIMARY KEY (product_id, location_id))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX stock_level_out ON stock_level (location_id, said_at)"
    " WHERE available_quantity = 0;"
    "CREATE VIEW stock_status AS SELECT product_id, CASE WHEN sum(available_quantity) > 0"
    "  THEN 'in-stock' WHEN sum(quantity) > 0 THEN 'reserved' ELSE 'out-of-stock' END AS status,"
    " CAST(sum(quantity) AS INTEGER) AS quantity,"
    " CAST(sum(reserved_quantity) AS INTEGER) AS reserved_quantity,"
    " CAST(sum(available_quantity) AS INTEGER) AS available_quantity, count(*) AS locations,"
    " sum(CASE WHEN available_quantity = 0 THEN 1 ELSE 0 END) AS out_at_locations,"
    " max(said_at) AS said_at FROM stock_level GROUP BY product_id";

/* What was available before this event; -1: nobody had said. The row is locked then: other flows,
 * in other processes, tell of the same stock. */
static int known_level(struct mr_tx *tx, struct mr_str product_id, struct mr_str location_id,
                       int64_t *ret_available)
{
    int r = mr_sql(tx,
                   "INSERT INTO stock_level (product_id, location_id) VALUES (?1, ?2)"
                   " ON CONFLICT (product_id, location_id) DO UPDATE"
                   " SET location_id = excluded.location_id",
                   MR_TEXT(product_id), MR_TEXT(location_id));

    if (r != 0)
        return r;
    return mr_sql_row(tx, MR_INTO(MR_INTO_INT(ret_available)),
                      "SELECT coalesce(available_quantity, -1) FROM stock_level"
                      " WHERE product_id = ?1 AND location_id = ?2",
                      MR_TEXT(product_id), MR_TEXT(location_id));
}

/* Dated by the level that says so: when it happened, not when it was heard of. */
static int tell_out_of_stock(struct mr_tx *tx, struct mr_str product_id, struct mr_str location_id)
{
    struct product_catalog_product_out_of_stock_v1 event = {
        .envelope = {.timestamp = mr_tx_event(tx)->envelope->timestamp},
        .data = {.product_id = product_id, .last_stock_level = 0, .location_id = location_id}};

    return mr_emit(tx, product_catalog_product_out_of_stock_v1, &event);
}

/* It is said once that a location ran out, until it had some again. */
MR_HANDLER(inventory_management_inventory_updated_v1, updated)
{
    int64_t before = 0;

    int r = known_level(tx, event->data.product_id, event->data.location_id, &before);
    if (r == 0)
        r = mr_sql(tx,
                   "UPDATE stock_level SET quantity = ?3, reserved_quantity = ?4,"
                   " available_quantity = ?5, update_type = ?6, source_event = ?7, said_at = ?8,"
                   " said_by = ?9 WHERE product_id = ?1 AND location_id = ?2"
                   " AND (said_at IS NULL OR said_at < ?8 OR (said_at = ?8 AND said_by < ?9))",
                   MR_TEXT(event->data.product_id), MR_TEXT(event->data.location_id),
                   MR_INT(event->data.quantity), MR_INT(event->data.reserved_quantity),
                   MR_INT(event->data.available_quantity), MR_TEXT(event->data.update_type),
                   MR_TEXT(event->data.source_event), MR_INT(event->envelope.timestamp),
                   MR_TEXT(event->envelope.event_id));
    if (r != 0 || mr_sql_changes(tx) == 0 || event->data.available_quantity > 0 || before == 0)
        return r;
    return tell_out_of_stock(tx, event->data.product_id, event->data.location_id);
}

const struct mr_consumer consumer_product_catalog = {
    .name = "product-catalog",
    .summary = "Keeps whether a product can be had, and says when it ran out",
    .handles = MR_HANDLES(MR_ON(inventory_management_inventory_updated_v1, updated)),
    .emits = MR_EMITS(&topic_product_catalog_product_out_of_stock_v1),
    .migrations = MR_MIGRATIONS({1, tables}),
};
