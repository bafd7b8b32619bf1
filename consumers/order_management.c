/* SPDX-License-Identifier: Apache-2.0 */
/* order-management: what an order can be made of (products, their prices, what ran out) and the
 * stock that is set aside for each order. */
#include "inventory_management.gen.h"
#include "millrace/consumer.h"
#include "product_catalog.gen.h"

/* Each event has a topic of its own, so any may overtake another: the younger by its own timestamp
 * stays, and a part that comes before the whole makes the row. */
/* NOW: seconds since 1970, which the stores spell differently. */
#define SQLITE_NOW "CAST(strftime('%s', 'now') AS INTEGER)"
#define POSTGRES_NOW "CAST(extract(epoch FROM now()) AS INTEGER)"
#define TABLES(NOW)                                                                                \
    "CREATE TABLE product ("                                                                       \
    " product_id TEXT NOT NULL PRIMARY KEY, name TEXT, sku TEXT, category_id TEXT,"                \
    " is_active INTEGER, described_at INTEGER, deleted_at INTEGER) STRICT, WITHOUT ROWID;"         \
    "CREATE INDEX product_sku ON product (sku);"                                                   \
    "CREATE TABLE price ("                                                                         \
    " product_id TEXT NOT NULL, valid_at INTEGER NOT NULL, price TEXT NOT NULL,"                   \
    " said_at INTEGER NOT NULL, PRIMARY KEY (product_id, valid_at)) STRICT, WITHOUT ROWID;"        \
    "CREATE TABLE out_of_stock ("                                                                  \
    " product_id TEXT NOT NULL, location_id TEXT NOT NULL, last_level INTEGER NOT NULL,"           \
    " ran_out_at INTEGER NOT NULL, PRIMARY KEY (product_id, location_id)) STRICT, WITHOUT ROWID;"  \
    "CREATE TABLE reservation ("                                                                   \
    " reservation_id TEXT NOT NULL PRIMARY KEY, order_id TEXT, product_id TEXT NOT NULL,"          \
    " location_id TEXT NOT NULL, quantity INTEGER NOT NULL, expires_at INTEGER,"                   \
    " reserved_at INTEGER, released_at INTEGER, release_reason TEXT) STRICT, WITHOUT ROWID;"       \
    "CREATE INDEX reservation_order ON reservation (order_id);"                                    \
    "CREATE INDEX reservation_expiry ON reservation (expires_at) WHERE released_at IS NULL;"       \
    "CREATE VIEW order_state AS SELECT order_id,"                                                  \
    " CASE WHEN count(released_at) = 0 THEN 'reserved'"                                            \
    " WHEN count(released_at) < count(*) THEN 'partly-released' ELSE 'released' END AS state,"     \
    " count(*) AS reservations,"                                                                   \
    " sum(CASE WHEN released_at IS NULL THEN quantity ELSE 0 END) AS units_reserved,"              \
    " sum(CASE WHEN released_at IS NULL THEN 0 ELSE quantity END) AS units_released,"              \
    " min(CASE WHEN released_at IS NULL THEN expires_at END) AS expires_at,"                       \
    " max(coalesce(released_at, reserved_at)) AS changed_at"                                       \
    " FROM reservation WHERE order_id IS NOT NULL GROUP BY order_id;"                              \
    "CREATE VIEW product_state AS SELECT p.product_id, p.name, p.sku, p.category_id,"              \
    " p.is_active = 1 AND coalesce(p.deleted_at, 0) < p.described_at AS can_be_ordered,"           \
    " (SELECT price FROM price AS c WHERE c.product_id = p.product_id"                             \
    "   AND c.valid_at <= " NOW " * 1000000"                                                       \
    "   ORDER BY c.valid_at DESC LIMIT 1) AS price,"                                               \
    " (SELECT count(*) FROM out_of_stock AS o WHERE o.product_id = p.product_id) AS "              \
    "out_at_locations"                                                                             \
    " FROM product AS p"

/* Who said it: of one moment the greater event id stays. */
static const char sources[] = "ALTER TABLE product ADD COLUMN described_by TEXT;"
                              "ALTER TABLE product ADD COLUMN deleted_by TEXT;"
                              "ALTER TABLE price ADD COLUMN said_by TEXT;"
                              "ALTER TABLE out_of_stock ADD COLUMN ran_out_by TEXT;"
                              "ALTER TABLE reservation ADD COLUMN reserved_by TEXT;"
                              "ALTER TABLE reservation ADD COLUMN released_by TEXT";

/* A location that ran out has some again when units of it are set aside or given back later. */
#define PRODUCT_STATE(NOW, LAST)                                                                   \
    "DROP VIEW product_state;"                                                                     \
    "CREATE VIEW product_state AS SELECT p.product_id, p.name, p.sku, p.category_id,"              \
    " CASE WHEN p.is_active = 1 AND coalesce(p.deleted_at, 0) < p.described_at THEN 1 ELSE 0 END"  \
    " AS can_be_ordered,"                                                                          \
    " (SELECT price FROM price AS c WHERE c.product_id = p.product_id"                             \
    "   AND c.valid_at <= " NOW " * 1000000"                                                       \
    "   ORDER BY " LAST " LIMIT 1) AS price,"                                                      \
    " (SELECT count(*) FROM out_of_stock AS o WHERE o.product_id = p.product_id"                   \
    "   AND NOT EXISTS (SELECT 1 FROM reservation AS r WHERE r.product_id = o.product_id"          \
    "    AND r.location_id = o.location_id AND (r.reserved_at > o.ran_out_at"                      \
    "     OR r.released_at > o.ran_out_at))) AS out_at_locations"                                  \
    " FROM product AS p"
#define IN_STOCK_AGAIN(NOW)                                                                        \
    "CREATE INDEX reservation_place ON reservation (product_id, location_id);" PRODUCT_STATE(      \
        NOW, "c.valid_at DESC")

/* A change that is told after its effective date, such as the midnight before, is the last word of
 * the moment in which it was told. */
#define LAST_WORD                                                                                  \
    "CASE WHEN c.said_at > c.valid_at THEN c.said_at ELSE c.valid_at END DESC, c.said_at DESC,"    \
    " coalesce(c.said_by, '') DESC"

/* Whose flow it is. */
static const char flows[] = "ALTER TABLE reservation ADD COLUMN correlation_id TEXT;"
                            "CREATE INDEX reservation_flow ON reservation (correlation_id)";

/* What is there is of the same moment at the most, and not of a greater event. */
#define YOUNGER(table, at, by)                                                                     \
    " WHERE (excluded." at ", excluded." by ")"                                                    \
    " >= (coalesce(" table "." at ", 0), coalesce(" table "." by ", ''))"

#define SAID_AT(tx) MR_INT(mr_tx_event(tx)->envelope->timestamp)
#define SAID_BY(tx) MR_TEXT(mr_tx_event(tx)->envelope->event_id)

static int set_price(struct mr_tx *tx, struct mr_str product_id, struct mr_decimal price,
                     int64_t valid_at)
{
    return mr_sql(tx,
                  "INSERT INTO price (product_id, valid_at, price, said_at, said_by)"
                  " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (product_id, valid_at)"
                  " DO UPDATE SET price = excluded.price, said_at = excluded.said_at,"
                  " said_by = excluded.said_by" YOUNGER("price", "said_at", "said_by"),
                  MR_TEXT(product_id), MR_INT(valid_at), MR_DECIMAL(price), SAID_AT(tx),
                  SAID_BY(tx));
}

static int describe(struct mr_tx *tx, struct mr_str product_id, struct mr_str name,
                    struct mr_str sku, struct mr_str category_id, bool is_active,
                    struct mr_decimal price)
{
    int r = mr_sql(
        tx,
        "INSERT INTO product (product_id, name, sku, category_id, is_active, described_at,"
        " described_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (product_id) DO UPDATE"
        " SET name = excluded.name, sku = excluded.sku, category_id = excluded.category_id,"
        " is_active = excluded.is_active, described_at = excluded.described_at,"
        " described_by = excluded.described_by" YOUNGER("product", "described_at", "described_by"),
        MR_TEXT(product_id), MR_TEXT(name), MR_TEXT(sku), MR_TEXT(category_id), MR_BOOL(is_active),
        SAID_AT(tx), SAID_BY(tx));
    return r != 0 ? r : set_price(tx, product_id, price, mr_tx_event(tx)->envelope->timestamp);
}

MR_HANDLER(product_catalog_product_created_v1, created)
{
    return describe(tx, event->data.product_id, event->data.name, event->data.sku,
                    event->data.category_id, event->data.is_active, event->data.price);
}

MR_HANDLER(product_catalog_product_updated_v1, updated)
{
    return describe(tx, event->data.product_id, event->data.name, event->data.sku,
                    event->data.category_id, event->data.is_active, event->data.price);
}

/* A product that nobody has described yet has the name of its deletion. */
MR_HANDLER(product_catalog_product_deleted_v1, deleted)
{
    return mr_sql(tx,
                  "INSERT INTO product (product_id, name, deleted_at, deleted_by)"
                  " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (product_id) DO UPDATE"
                  " SET deleted_at = excluded.deleted_at, deleted_by = excluded.deleted_by,"
                  " name = CASE WHEN product.described_at IS NULL THEN excluded.name"
                  "  ELSE product.name END" YOUNGER("product", "deleted_at", "deleted_by"),
                  MR_TEXT(event->data.product_id), MR_TEXT(event->data.name), SAID_AT(tx),
                  SAID_BY(tx));
}

MR_HANDLER(product_catalog_product_price_changed_v1, price_changed)
{
    return set_price(tx, event->data.product_id, event->data.new_price, event->data.effective_date);
}

MR_HANDLER(product_catalog_product_out_of_stock_v1, ran_out)
{
    return mr_sql(
        tx,
        "INSERT INTO out_of_stock (product_id, location_id, last_level, ran_out_at,"
        " ran_out_by) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT (product_id, location_id) DO UPDATE"
        " SET last_level = excluded.last_level, ran_out_at = excluded.ran_out_at,"
        " ran_out_by = excluded.ran_out_by" YOUNGER("out_of_stock", "ran_out_at", "ran_out_by"),
        MR_TEXT(event->data.product_id), MR_TEXT(event->data.location_id),
        MR_INT(event->data.last_stock_level), SAID_AT(tx), SAID_BY(tx));
}

/* OrderSaga tells orders apart by their flows, since a release names no order: a flow of two would
 * validate one order with the stock of another. */
static int check_flow(struct mr_tx *tx, struct mr_str order_id)
{
    struct mr_str other = {0};

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(&other)),
                       "SELECT order_id FROM reservation WHERE correlation_id = ?1"
                       " AND order_id <> ?2 LIMIT 1",
                       MR_TEXT(mr_tx_event(tx)->envelope->correlation_id), MR_TEXT(order_id));
    if (r == 0)
        return mr_tx_invalid(tx,
                             "the flow is of another order, %.*s: each order needs a"
                             " correlation id of its own",
                             MR_STR_ARG(other));
    return r == MR_ABSENT ? 0 : r;
}

MR_HANDLER(inventory_management_inventory_reserved_v1, reserved)
{
    int r = check_flow(tx, event->data.order_id);

    if (r != 0)
        return r;
    return mr_sql(
        tx,
        "INSERT INTO reservation (reservation_id, order_id, product_id, location_id,"
        " quantity, expires_at, reserved_at, reserved_by, correlation_id)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        " ON CONFLICT (reservation_id) DO UPDATE SET order_id = excluded.order_id,"
        " product_id = excluded.product_id, location_id = excluded.location_id,"
        " correlation_id = excluded.correlation_id, quantity = excluded.quantity, expires_at = "
        "excluded.expires_at,"
        " reserved_at = excluded.reserved_at,"
        " reserved_by = excluded.reserved_by" YOUNGER("reservation", "reserved_at", "reserved_by"),
        MR_TEXT(event->data.reservation_id), MR_TEXT(event->data.order_id),
        MR_TEXT(event->data.product_id), MR_TEXT(event->data.location_id),
        MR_INT(event->data.quantity), MR_INT(event->data.expires_at), SAID_AT(tx), SAID_BY(tx),
        MR_TEXT(event->envelope.correlation_id));
}

MR_HANDLER(inventory_management_inventory_released_v1, released)
{
    return mr_sql(
        tx,
        "INSERT INTO reservation (reservation_id, product_id, location_id, quantity,"
        " released_at, released_by, release_reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (reservation_id) DO UPDATE SET released_at = excluded.released_at,"
        " released_by = excluded.released_by, release_reason = excluded.release_reason,"
        " product_id = CASE WHEN reservation.reserved_at IS NULL THEN excluded.product_id"
        "  ELSE reservation.product_id END,"
        " location_id = CASE WHEN reservation.reserved_at IS NULL THEN excluded.location_id"
        "  ELSE reservation.location_id END,"
        " quantity = CASE WHEN reservation.reserved_at IS NULL THEN excluded.quantity"
        "  ELSE reservation.quantity END" YOUNGER("reservation", "released_at", "released_by"),
        MR_TEXT(event->data.reservation_id), MR_TEXT(event->data.product_id),
        MR_TEXT(event->data.location_id), MR_INT(event->data.quantity), SAID_AT(tx), SAID_BY(tx),
        MR_TEXT(event->data.reason));
}

const struct mr_consumer consumer_order_management = {
    .name = "order-management",
    .summary = "Keeps products, prices and the stock set aside for each order",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_created_v1, created),
                          MR_ON(product_catalog_product_updated_v1, updated),
                          MR_ON(product_catalog_product_deleted_v1, deleted),
                          MR_ON(product_catalog_product_price_changed_v1, price_changed),
                          MR_ON(product_catalog_product_out_of_stock_v1, ran_out),
                          MR_ON(inventory_management_inventory_reserved_v1, reserved),
                          MR_ON(inventory_management_inventory_released_v1, released)),
    .migrations = MR_MIGRATIONS(
        {1, TABLES(SQLITE_NOW), TABLES(POSTGRES_NOW)}, {2, sources},
        {3, IN_STOCK_AGAIN(SQLITE_NOW), IN_STOCK_AGAIN(POSTGRES_NOW)}, {4, flows},
        {5, PRODUCT_STATE(SQLITE_NOW, LAST_WORD), PRODUCT_STATE(POSTGRES_NOW, LAST_WORD)}),
};
