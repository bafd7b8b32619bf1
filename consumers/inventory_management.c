/* SPDX-License-Identifier: Apache-2.0 */
/* inventory-management: stock per product and warehouse, what orders set aside of it and until
 * when, and the state of each order. */
#include "millrace/consumer.h"
#include "order_management.gen.h"
#include "product_catalog.gen.h"

struct inventory {
    const char *location;  /* option: the contract's orders name no warehouse */
    int64_t opening_stock; /* option */
    int64_t hold_ms;       /* option: how long a reservation lasts */
};

/* A line's state: reserved (counts in stock.reserved), short (not enough was there), expired,
 * released (order cancelled), shipped (order completed: counts out of stock.on_hand). */
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

/* ---- products ---- */

static int describe(struct mr_tx *tx, struct mr_str product_id, struct mr_str sku,
                    struct mr_str name, bool is_active)
{
    return mr_sql(tx,
                  "INSERT INTO product (product_id, sku, name, is_active, described_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (product_id) DO UPDATE"
                  " SET sku = excluded.sku, name = excluded.name, is_active = excluded.is_active,"
                  " described_at = excluded.described_at"
                  " WHERE excluded.described_at >= coalesce(product.described_at, 0)",
                  MR_TEXT(product_id), MR_TEXT(sku), MR_TEXT(name), MR_BOOL(is_active),
                  MR_INT(mr_tx_event(tx)->envelope->timestamp));
}

/* The first word of a product opens its stock, be it its own event or an order that came first. The
 * row is locked then: orders of other partitions, in other processes, want the same product. */
static int open_stock(struct mr_tx *tx, struct mr_str product_id)
{
    const struct inventory *self = mr_tx_self(tx);

    return mr_sql(tx,
                  "INSERT INTO stock VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT (product_id,"
                  " location_id) DO UPDATE SET changed_at = stock.changed_at",
                  MR_TEXT(product_id), MR_TEXT_OF(self->location), MR_INT(self->opening_stock),
                  MR_INT(mr_tx_event(tx)->envelope->timestamp));
}

MR_HANDLER(product_catalog_product_created_v1, product_created)
{
    int r = describe(tx, event->data.product_id, event->data.sku, event->data.name,
                     event->data.is_active);

    return r != 0 ? r : open_stock(tx, event->data.product_id);
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

/* ---- stock that orders set aside ---- */

/* What lapsed by the event's own time goes back: a replay decides the same. */
static int expire(struct mr_tx *tx, struct mr_str product_id, const char *location, int64_t at)
{
    int r =
        mr_sql(tx,
               "UPDATE stock SET changed_at = ?3, reserved = reserved - (SELECT sum(quantity)"
               " FROM reservation WHERE product_id = ?1 AND location_id = ?2"
               " AND state = 'reserved' AND expires_at <= ?3)"
               " WHERE product_id = ?1 AND location_id = ?2 AND EXISTS (SELECT 1 FROM reservation"
               " WHERE product_id = ?1 AND location_id = ?2 AND state = 'reserved'"
               " AND expires_at <= ?3)",
               MR_TEXT(product_id), MR_TEXT_OF(location), MR_INT(at));

    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    return mr_sql(tx,
                  "UPDATE reservation SET state = 'expired' WHERE product_id = ?1"
                  " AND location_id = ?2 AND state = 'reserved' AND expires_at <= ?3",
                  MR_TEXT(product_id), MR_TEXT_OF(location), MR_INT(at));
}

static int reserve(struct mr_tx *tx, struct mr_str order_id, int64_t line, struct mr_str product_id,
                   int64_t quantity)
{
    const struct inventory *self = mr_tx_self(tx);
    int64_t at = mr_tx_event(tx)->envelope->timestamp;

    int r = open_stock(tx, product_id);
    if (r == 0)
        r = expire(tx, product_id, self->location, at);
    if (r == 0)
        r = mr_sql(
            tx,
            "UPDATE stock SET reserved = reserved + ?3, changed_at = ?4 WHERE product_id = ?1"
            " AND location_id = ?2 AND on_hand - reserved >= ?3 AND NOT EXISTS (SELECT 1"
            " FROM product WHERE product_id = ?1"
            " AND coalesce(deleted_at, 0) > coalesce(described_at, 0))",
            MR_TEXT(product_id), MR_TEXT_OF(self->location), MR_INT(quantity), MR_INT(at));
    if (r != 0)
        return r;
    return mr_sql(tx, "INSERT INTO reservation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  MR_TEXT(order_id), MR_INT(line), MR_TEXT(product_id), MR_TEXT_OF(self->location),
                  MR_INT(quantity),
                  mr_sql_changes(tx) > 0 ? MR_TEXT_LIT("reserved") : MR_TEXT_LIT("short"),
                  MR_INT(at + self->hold_ms * 1000));
}

/* Brings an order's lines to their end: shipped leaves the shelf, released goes back to it. */
static int settle(struct mr_tx *tx, struct mr_str order_id, bool shipped)
{
    int64_t at = mr_tx_event(tx)->envelope->timestamp;

    /* locked first: the sums below are of one moment with it, see open_stock */
    int r = mr_sql(tx,
                   "UPDATE stock SET changed_at = ?2 WHERE (product_id, location_id) IN (SELECT"
                   " product_id, location_id FROM reservation WHERE order_id = ?1"
                   " AND state <> 'shipped')",
                   MR_TEXT(order_id), MR_INT(at));
    if (r != 0)
        return r;
    r = mr_sql(tx,
               "UPDATE stock SET changed_at = ?2, on_hand = on_hand - CASE WHEN ?3 THEN l.units"
               " ELSE 0 END, reserved = reserved - l.held FROM (SELECT product_id, location_id,"
               " sum(quantity) AS units, sum(CASE WHEN state = 'reserved' THEN quantity ELSE 0 END)"
               " AS held FROM reservation WHERE order_id = ?1 AND state <> 'shipped'"
               " GROUP BY product_id, location_id) AS l"
               " WHERE stock.product_id = l.product_id AND stock.location_id = l.location_id",
               MR_TEXT(order_id), MR_INT(at), MR_BOOL(shipped));
    if (r != 0)
        return r;
    return mr_sql(tx,
                  "UPDATE reservation SET state = ?2 WHERE order_id = ?1 AND state <> 'shipped'",
                  MR_TEXT(order_id), shipped ? MR_TEXT_LIT("shipped") : MR_TEXT_LIT("released"));
}

/* ---- orders: their three events come in any order ---- */

/* If the end was heard of before the beginning, it takes effect now. */
static int settle_if_ended(struct mr_tx *tx, struct mr_str order_id)
{
    struct mr_str state;

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(&state)),
                       "SELECT state FROM order_state WHERE order_id = ?1", MR_TEXT(order_id));
    if (r != 0 || mr_str_is(state, "created"))
        return r;
    return settle(tx, order_id, mr_str_is(state, "completed"));
}

MR_HANDLER(order_management_order_created_v1, order_created)
{
    int r =
        mr_sql(tx,
               "INSERT INTO order_state (order_id, customer_id, total_amount, currency, created_at)"
               " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (order_id) DO UPDATE"
               " SET customer_id = excluded.customer_id, total_amount = excluded.total_amount,"
               " currency = excluded.currency, created_at = excluded.created_at"
               " WHERE order_state.created_at IS NULL",
               MR_TEXT(event->data.order_id), MR_TEXT(event->data.customer_id),
               MR_DECIMAL(event->data.total_amount), MR_TEXT(event->data.currency),
               MR_INT(event->envelope.timestamp));
    if (r == 0 && mr_sql_changes(tx) == 0)
        return mr_tx_invalid(tx, "the order was created before, by another event");
    for (size_t i = 0; r == 0 && i < event->data.n_items; i++)
        r = reserve(tx, event->data.order_id, (int64_t)i + 1, event->data.items[i].product_id,
                    event->data.items[i].quantity);
    return r != 0 ? r : settle_if_ended(tx, event->data.order_id);
}

MR_HANDLER(order_management_order_completed_v1, order_completed)
{
    int r =
        mr_sql(tx,
               "INSERT INTO order_state (order_id, completed_at, final_amount)"
               " VALUES (?1, ?2, ?3) ON CONFLICT (order_id) DO UPDATE"
               " SET completed_at = excluded.completed_at, final_amount = excluded.final_amount",
               MR_TEXT(event->data.order_id), MR_INT(event->data.completion_time),
               MR_DECIMAL(event->data.final_amount));

    return r != 0 ? r : settle(tx, event->data.order_id, true);
}

/* A completed order has left: cancelling it brings nothing back to the shelf. */
MR_HANDLER(order_management_order_cancelled_v1, order_cancelled)
{
    int r = mr_sql(tx,
                   "INSERT INTO order_state (order_id, cancelled_at, cancellation_reason)"
                   " VALUES (?1, ?2, ?3) ON CONFLICT (order_id) DO UPDATE"
                   " SET cancelled_at = excluded.cancelled_at,"
                   " cancellation_reason = excluded.cancellation_reason",
                   MR_TEXT(event->data.order_id), MR_INT(event->data.cancelled_at),
                   MR_TEXT(event->data.cancellation_reason));

    return r != 0 ? r : settle_if_ended(tx, event->data.order_id);
}

const struct mr_consumer consumer_inventory_management = {
    .name = "inventory-management",
    .summary = "Keeps stock per product and warehouse, reservations and the state of orders",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_created_v1, product_created),
                          MR_ON(product_catalog_product_updated_v1, product_updated),
                          MR_ON(product_catalog_product_deleted_v1, product_deleted),
                          MR_ON(order_management_order_created_v1, order_created),
                          MR_ON(order_management_order_completed_v1, order_completed),
                          MR_ON(order_management_order_cancelled_v1, order_cancelled)),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct inventory),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct inventory, location, .name = "location", .arg = "ID",
                   .def = "warehouse_main", .help = "Warehouse that orders are filled from"),
        MR_OPT_INT(struct inventory, opening_stock, .name = "opening-stock", .arg = "N",
                   .def = "1000", .min = 0, .max = INT64_C(1000000000000),
                   .help = "Units on hand of a product that was never seen before"),
        MR_OPT_DURATION(struct inventory, hold_ms, .name = "reservation-time", .arg = "TIME",
                        .def = "15m", .help = "How long stock stays set aside for an order")),
};
