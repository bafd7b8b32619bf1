/* SPDX-License-Identifier: Apache-2.0 */
/* inventory-management: stock per product and warehouse, what orders set aside of it and until
 * when, the state of each order, and the word of each change to those who live by it. */
#include "inventory_management/order.h"
#include "product_catalog.gen.h"

/* A line's state: reserved (counts in stock.reserved), short (not enough was there), withheld
 * (enough was, but not of another line of the order), expired, released (order cancelled), shipped
 * (order completed: counts out of stock.on_hand). */
static const char tables[] =
    "CREATE TABLE product ("
    " product_id TEXT NOT NULL PRIMARY KEY, sku TEXT, name TEXT, is_active INTEGER,"
    " described_at INTEGER, deleted_at INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE TABLE stock ("
    " product_id TEXT NOT NULL, location_id TEXT NOT NULL, on_hand INTEGER NOT NULL,"
    " reserved INTEGER NOT NULL CHECK (reserved >= 0), changed_at INTEGER NOT NULL,"
    " PRIMARY KEY (product_id, location_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE order_state ("
    " order_id TEXT NOT NULL PRIMARY KEY, customer_id TEXT, total_amount TEXT, currency TEXT,"
    " created_at INTEGER, completed_at INTEGER, final_amount TEXT, cancelled_at INTEGER,"
    " cancellation_reason TEXT,"
    " state TEXT NOT NULL GENERATED ALWAYS AS (CASE WHEN completed_at IS NOT NULL THEN 'completed'"
    "  WHEN cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'created' END) VIRTUAL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE reservation ("
    " order_id TEXT NOT NULL, line INTEGER NOT NULL, product_id TEXT NOT NULL,"
    " location_id TEXT NOT NULL, quantity INTEGER NOT NULL, state TEXT NOT NULL,"
    " expires_at INTEGER NOT NULL, PRIMARY KEY (order_id, line)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX reservation_expiry ON reservation (product_id, location_id, expires_at)"
    " WHERE state = 'reserved';"
    "CREATE VIEW stock_state AS SELECT s.product_id, p.sku, p.name, s.location_id, s.on_hand,"
    " s.reserved, CASE WHEN coalesce(p.deleted_at, 0) > coalesce(p.described_at, 0) THEN 0"
    " ELSE s.on_hand - s.reserved END AS available, s.changed_at"
    " FROM stock AS s LEFT JOIN product AS p ON p.product_id = s.product_id";

/* order_line: what does not hang on the order in which orders of different flows came. */
static const char more[] =
    "ALTER TABLE product ADD COLUMN described_by TEXT;"
    "ALTER TABLE order_state ADD COLUMN correlation_id TEXT;"
    "ALTER TABLE reservation ADD COLUMN reservation_id TEXT;"
    "CREATE INDEX reservation_by_id ON reservation (reservation_id);"
    "CREATE INDEX order_state_customer ON order_state (customer_id, created_at);"
    "CREATE VIEW order_line AS SELECT order_id, line, product_id, location_id, quantity,"
    " CASE WHEN state IN ('shipped', 'released') THEN state ELSE 'open' END AS outcome,"
    " reservation_id FROM reservation";

/* What is deleted at the moment of its description is deleted, as other services have it. */
static const char deleted_then[] =
    "DROP VIEW stock_state;"
    "CREATE VIEW stock_state AS SELECT s.product_id, p.sku, p.name, s.location_id, s.on_hand,"
    " s.reserved, CASE WHEN p.deleted_at >= coalesce(p.described_at, p.deleted_at) THEN 0"
    " ELSE s.on_hand - s.reserved END AS available, s.changed_at"
    " FROM stock AS s LEFT JOIN product AS p ON p.product_id = s.product_id";

/* ---- products ---- */

static int describe(struct mr_tx *tx, struct mr_str product_id, struct mr_str sku,
                    struct mr_str name, bool is_active)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;

    return mr_sql(tx,
                  "INSERT INTO product (product_id, sku, name, is_active, described_at,"
                  " described_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (product_id)"
                  " DO UPDATE SET sku = excluded.sku, name = excluded.name,"
                  " is_active = excluded.is_active, described_at = excluded.described_at,"
                  " described_by = excluded.described_by"
                  " WHERE excluded.described_at > coalesce(product.described_at, -1)"
                  " OR (excluded.described_at = product.described_at"
                  "  AND excluded.described_by > coalesce(product.described_by, ''))",
                  MR_TEXT(product_id), MR_TEXT(sku), MR_TEXT(name), MR_BOOL(is_active),
                  MR_INT(e->timestamp), MR_TEXT(e->event_id));
}

MR_HANDLER(product_catalog_product_created_v1, product_created)
{
    const struct inventory *self = mr_tx_self(tx);
    struct shelf shelf;

    int r = describe(tx, event->data.product_id, event->data.sku, event->data.name,
                     event->data.is_active);
    return r != 0 ? r
                  : inventory_open(tx, event->data.product_id, mr_str_from(self->location), &shelf);
}

MR_HANDLER(product_catalog_product_updated_v1, product_updated)
{
    return describe(tx, event->data.product_id, event->data.sku, event->data.name,
                    event->data.is_active);
}

/* The units stay on the shelf, but none of them is available any more. */
MR_HANDLER(product_catalog_product_deleted_v1, product_deleted)
{
    return mr_sql(tx,
                  "INSERT INTO product (product_id, name, deleted_at) VALUES (?1, ?2, ?3)"
                  " ON CONFLICT (product_id) DO UPDATE"
                  " SET deleted_at = excluded.deleted_at"
                  " WHERE excluded.deleted_at >= coalesce(product.deleted_at, 0)",
                  MR_TEXT(event->data.product_id), MR_TEXT(event->data.name),
                  MR_INT(event->envelope.timestamp));
}

/* ---- the end of an order ---- */

static int ship(struct mr_tx *tx, const struct line *l)
{
    struct shelf s;

    int r = inventory_open(tx, l->product_id, l->location_id, &s);
    if (r == 0 && s.on_hand < l->quantity)
        r = inventory_correct(tx, l, &s);
    if (r == 0)
        r = inventory_change(tx, &s, s.on_hand - l->quantity,
                             s.reserved - (l->held ? l->quantity : 0));
    if (r == 0)
        r = inventory_tell_level(tx, &s, MR_STR("shipment"), MR_STR("order.completed"));
    return r == 0 ? inventory_set_state(tx, l, MR_TEXT_LIT("shipped")) : r;
}

static int release(struct mr_tx *tx, const struct line *l, int64_t at)
{
    struct shelf s;

    int r = l->held ? inventory_open(tx, l->product_id, l->location_id, &s) : 0;
    if (r == 0 && l->held)
        r = inventory_set_aside(tx, &s, -l->quantity, MR_STR("release"), MR_STR("order.cancelled"));
    if (r == 0 && l->held)
        r = inventory_tell_released(tx, l, at, MR_STR("order_cancelled"));
    return r == 0 ? inventory_set_state(tx, l, MR_TEXT_LIT("released")) : r;
}

/* Brings an order's lines to their end: shipped leaves the shelf, released goes back to it. If the
 * end is heard of before the beginning, it takes effect with that. */
static int settle(struct mr_tx *tx, struct mr_str order_id)
{
    struct line l = {.order_id = order_id};
    struct mr_str state;
    int64_t held, ended = 0;

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(&state), MR_INTO_INT(&ended)),
                       "SELECT state, cancelled_at FROM order_state WHERE order_id = ?1",
                       MR_TEXT(order_id));
    if (r != 0 || mr_str_is(state, "created"))
        return r;
    bool shipped = mr_str_is(state, "completed");
    while ((r = mr_sql_row(
                tx,
                MR_INTO(MR_INTO_INT(&l.number), MR_INTO_TEXT(&l.product_id),
                        MR_INTO_TEXT(&l.location_id), MR_INTO_INT(&l.quantity), MR_INTO_INT(&held)),
                "SELECT line, product_id, location_id, quantity,"
                " CASE WHEN state = 'reserved' THEN 1 ELSE 0 END FROM reservation"
                " WHERE order_id = ?1 AND state <> 'shipped' AND state <> ?2"
                " ORDER BY product_id, line LIMIT 1",
                MR_TEXT(order_id), shipped ? MR_TEXT_LIT("shipped") : MR_TEXT_LIT("released"))) ==
           0) {
        l.held = held != 0;
        r = shipped ? ship(tx, &l) : release(tx, &l, ended);
        if (r != 0)
            return r;
    }
    return r == MR_ABSENT ? 0 : r;
}

/* ---- orders: their three events come in any order; the first end of a kind counts ---- */

MR_HANDLER(order_management_order_created_v1, order_created)
{
    int r =
        mr_sql(tx,
               "INSERT INTO order_state (order_id, customer_id, total_amount, currency, created_at,"
               " correlation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id) DO UPDATE"
               " SET customer_id = excluded.customer_id, total_amount = excluded.total_amount,"
               " currency = excluded.currency, created_at = excluded.created_at,"
               " correlation_id = excluded.correlation_id WHERE order_state.created_at IS NULL",
               MR_TEXT(event->data.order_id), MR_TEXT(event->data.customer_id),
               MR_DECIMAL(event->data.total_amount), MR_TEXT(event->data.currency),
               MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.correlation_id));
    if (r == 0 && mr_sql_changes(tx) == 0)
        return mr_tx_invalid(tx, "the order was created before, by another event");
    if (r == 0)
        r = inventory_reserve(tx, event);
    return r != 0 ? r : settle(tx, event->data.order_id);
}

MR_HANDLER(order_management_order_completed_v1, order_completed)
{
    int r = mr_sql(tx,
                   "INSERT INTO order_state (order_id, completed_at, final_amount)"
                   " VALUES (?1, ?2, ?3) ON CONFLICT (order_id) DO UPDATE"
                   " SET completed_at = excluded.completed_at, final_amount = excluded.final_amount"
                   " WHERE order_state.completed_at IS NULL"
                   " OR (excluded.completed_at, excluded.final_amount)"
                   "  < (order_state.completed_at, order_state.final_amount)",
                   MR_TEXT(event->data.order_id), MR_INT(event->data.completion_time),
                   MR_DECIMAL(event->data.final_amount));

    return r != 0 ? r : settle(tx, event->data.order_id);
}

/* A completed order has left: cancelling it brings nothing back to the shelf. */
MR_HANDLER(order_management_order_cancelled_v1, order_cancelled)
{
    int r = mr_sql(tx,
                   "INSERT INTO order_state (order_id, cancelled_at, cancellation_reason)"
                   " VALUES (?1, ?2, ?3) ON CONFLICT (order_id) DO UPDATE"
                   " SET cancelled_at = excluded.cancelled_at,"
                   " cancellation_reason = excluded.cancellation_reason"
                   " WHERE order_state.cancelled_at IS NULL"
                   " OR (excluded.cancelled_at, excluded.cancellation_reason)"
                   "  < (order_state.cancelled_at, order_state.cancellation_reason)",
                   MR_TEXT(event->data.order_id), MR_INT(event->data.cancelled_at),
                   MR_TEXT(event->data.cancellation_reason));

    return r != 0 ? r : settle(tx, event->data.order_id);
}

const struct mr_consumer consumer_inventory_management = {
    .name = "inventory-management",
    .summary = "Keeps stock, reservations and the state of orders, and tells what changes",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_created_v1, product_created),
                          MR_ON(product_catalog_product_updated_v1, product_updated),
                          MR_ON(product_catalog_product_deleted_v1, product_deleted),
                          MR_ON(order_management_order_created_v1, order_created),
                          MR_ON(order_management_order_completed_v1, order_completed),
                          MR_ON(order_management_order_cancelled_v1, order_cancelled)),
    .emits = MR_EMITS(&topic_inventory_management_inventory_reserved_v1,
                      &topic_inventory_management_inventory_released_v1,
                      &topic_inventory_management_inventory_adjusted_v1,
                      &topic_inventory_management_inventory_low_stock_alert_v1,
                      &topic_inventory_management_inventory_updated_v1),
    .migrations = MR_MIGRATIONS({1, tables}, {2, more}, {3, deleted_then}),
    .size = sizeof(struct inventory),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct inventory, location, .name = "location", .arg = "ID",
                   .def = "warehouse_main", .help = "Warehouse that orders are filled from"),
        MR_OPT_INT(struct inventory, opening_stock, .name = "opening-stock", .arg = "N",
                   .def = "1000", .min = 0, .max = INT64_C(1000000000000),
                   .help = "Units on hand of a product that was never seen before"),
        MR_OPT_DURATION(struct inventory, hold_ms, .name = "reservation-time", .arg = "TIME",
                        .def = "15m", .help = "How long stock stays set aside for an order"),
        MR_OPT_INT(struct inventory, low_stock, .name = "low-stock", .arg = "N", .def = "10",
                   .min = 0, .max = INT64_C(1000000000000),
                   .help = "Say so when fewer units than this are available; 0: never")),
};
