/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-analytics: prices, demand, cancellations, stock, sales and refunds, by day. */
#include "inventory_management.gen.h"
#include "millrace/consumer.h"
#include "millrace/time.h"
#include "order_management.gen.h"
#include "product_catalog.gen.h"

/* One row a fact; all sums are views over them: no total that every event would lock, and the same
 * whatever order events come in. A fact's day is UTC's. */
static const char tables[] =
    "CREATE TABLE price_change ("
    " event_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL, old_price TEXT NOT NULL,"
    " new_price TEXT NOT NULL, effective_at INTEGER NOT NULL, said_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX price_change_product ON price_change (product_id, effective_at);"
    "CREATE TABLE reservation ("
    " reservation_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL,"
    " location_id TEXT NOT NULL, quantity INTEGER NOT NULL, order_id TEXT, reserved_on TEXT,"
    " reserved_at INTEGER, reserved_by TEXT, released_on TEXT, released_at INTEGER,"
    " released_by TEXT, release_reason TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX reservation_day ON reservation (reserved_on, product_id);"
    "CREATE INDEX reservation_released ON reservation (released_on, release_reason);"
    "CREATE INDEX reservation_product ON reservation (product_id, reserved_at);"
    "CREATE TABLE adjustment ("
    " event_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL, location_id TEXT NOT NULL,"
    " adjustment_type TEXT NOT NULL, units INTEGER NOT NULL, adjusted_on TEXT NOT NULL,"
    " adjusted_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX adjustment_day ON adjustment (adjusted_on, adjustment_type);"
    "CREATE TABLE shortage ("
    " event_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, product_id TEXT NOT NULL,"
    " location_id TEXT NOT NULL, level INTEGER NOT NULL, threshold INTEGER, alert_level TEXT,"
    " happened_on TEXT NOT NULL, happened_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX shortage_day ON shortage (happened_on, kind);"
    "CREATE INDEX shortage_product ON shortage (product_id, happened_at);"
    "CREATE TABLE stock_level ("
    " event_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL, location_id TEXT NOT NULL,"
    " quantity INTEGER NOT NULL, reserved_quantity INTEGER NOT NULL,"
    " available_quantity INTEGER NOT NULL, update_type TEXT NOT NULL, source_event TEXT NOT NULL,"
    " updated_on TEXT NOT NULL, updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX stock_level_product ON stock_level (product_id, location_id, updated_at);"
    "CREATE INDEX stock_level_day ON stock_level (updated_on);"
    "CREATE TABLE sale ("
    " order_id TEXT NOT NULL PRIMARY KEY, amount TEXT NOT NULL, sold_on TEXT NOT NULL,"
    " sold_at INTEGER NOT NULL, said_at INTEGER NOT NULL, said_by TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX sale_day ON sale (sold_on);"
    "CREATE TABLE refund ("
    " refund_id TEXT NOT NULL PRIMARY KEY, order_id TEXT NOT NULL, amount TEXT NOT NULL,"
    " reason TEXT NOT NULL, refunded_on TEXT NOT NULL, refunded_at INTEGER NOT NULL,"
    " said_at INTEGER NOT NULL, said_by TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX refund_day ON refund (refunded_on, reason);"
    "CREATE INDEX refund_order ON refund (order_id);";

static const char views[] =
    "CREATE VIEW price_history AS SELECT product_id, price, valid_from, valid_until"
    " FROM (SELECT product_id, new_price AS price, effective_at AS valid_from,"
    "  lead(effective_at) OVER (PARTITION BY product_id ORDER BY effective_at, said_at, event_id)"
    "  AS valid_until FROM price_change) AS p"
    " WHERE valid_until IS NULL OR valid_until > valid_from;"
    "CREATE VIEW demand_by_day AS SELECT reserved_on AS day, product_id,"
    " count(*) AS reservations, CAST(sum(quantity) AS INTEGER) AS units,"
    " CAST(sum(CASE WHEN released_at IS NULL THEN 0 ELSE quantity END) AS INTEGER)"
    "  AS units_released FROM reservation WHERE reserved_on IS NOT NULL"
    " GROUP BY reserved_on, product_id;"
    "CREATE VIEW cancellation_by_day AS SELECT released_on AS day, release_reason AS reason,"
    " count(*) AS reservations, CAST(sum(quantity) AS INTEGER) AS units FROM reservation"
    " WHERE released_on IS NOT NULL GROUP BY released_on, release_reason;"
    "CREATE VIEW adjustment_by_day AS SELECT adjusted_on AS day, adjustment_type,"
    " count(*) AS adjustments, CAST(sum(units) AS INTEGER) AS units FROM adjustment"
    " GROUP BY adjusted_on, adjustment_type;"
    "CREATE VIEW shortage_by_product AS SELECT product_id, location_id,"
    " sum(CASE WHEN kind = 'out-of-stock' THEN 1 ELSE 0 END) AS ran_out,"
    " sum(CASE WHEN kind = 'low-stock' THEN 1 ELSE 0 END) AS ran_low,"
    " max(happened_at) AS last_at FROM shortage GROUP BY product_id, location_id;"
    "CREATE VIEW stock_by_day AS SELECT updated_on AS day, product_id, location_id,"
    " count(*) AS updates, min(available_quantity) AS least_available,"
    " max(available_quantity) AS most_available FROM stock_level"
    " GROUP BY updated_on, product_id, location_id;"
    "CREATE VIEW revenue_by_day AS SELECT day, CAST(sum(sale) AS INTEGER) AS orders,"
    " decimal_sum(sold) AS sold, CAST(sum(refund) AS INTEGER) AS refunds,"
    " decimal_sum(given_back) AS given_back,"
    " decimal_sub(decimal_sum(sold), decimal_sum(given_back)) AS net"
    " FROM (SELECT sold_on AS day, 1 AS sale, amount AS sold, 0 AS refund, '0' AS given_back"
    "  FROM sale UNION ALL SELECT refunded_on, 0, '0', 1, amount FROM refund) AS d GROUP BY day;"
    "CREATE VIEW refund_by_reason AS SELECT refunded_on AS day, reason, count(*) AS refunds,"
    " decimal_sum(amount) AS amount FROM refund GROUP BY refunded_on, reason";

/* Without what people write: PostgreSQL's indexes take no long texts. */
static const char by_day[] = "DROP INDEX reservation_released; DROP INDEX adjustment_day;"
                             "DROP INDEX refund_day;"
                             "CREATE INDEX reservation_released ON reservation (released_on);"
                             "CREATE INDEX adjustment_day ON adjustment (adjusted_on);"
                             "CREATE INDEX refund_day ON refund (refunded_on)";

/* ---- prices ---- */

MR_HANDLER(product_catalog_product_price_changed_v1, price_changed)
{
    return mr_sql(tx, "INSERT INTO price_change VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                  MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.product_id),
                  MR_DECIMAL(event->data.old_price), MR_DECIMAL(event->data.new_price),
                  MR_INT(event->data.effective_date), MR_INT(event->envelope.timestamp));
}

/* ---- demand: what is set aside, and what of it is given up ---- */

MR_HANDLER(inventory_management_inventory_reserved_v1, reserved)
{
    char day[MR_TIME_MAX];

    return mr_sql(tx,
                  "INSERT INTO reservation (reservation_id, product_id, location_id, quantity,"
                  " order_id, reserved_on, reserved_at, reserved_by)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (reservation_id) DO UPDATE"
                  " SET product_id = excluded.product_id, location_id = excluded.location_id,"
                  " quantity = excluded.quantity, order_id = excluded.order_id,"
                  " reserved_on = excluded.reserved_on, reserved_at = excluded.reserved_at,"
                  " reserved_by = excluded.reserved_by WHERE reservation.reserved_at IS NULL"
                  " OR (excluded.reserved_at, excluded.reserved_by)"
                  "  > (reservation.reserved_at, reservation.reserved_by)",
                  MR_TEXT(event->data.reservation_id), MR_TEXT(event->data.product_id),
                  MR_TEXT(event->data.location_id), MR_INT(event->data.quantity),
                  MR_TEXT(event->data.order_id),
                  MR_TEXT(mr_time_day(event->envelope.timestamp, day)),
                  MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));
}

/* What was reserved is as the reservation says; until that comes, as the release does. */
MR_HANDLER(inventory_management_inventory_released_v1, released)
{
    char day[MR_TIME_MAX];

    return mr_sql(
        tx,
        "INSERT INTO reservation (reservation_id, product_id, location_id, quantity, released_on,"
        " released_at, released_by, release_reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (reservation_id) DO UPDATE SET"
        " product_id = CASE WHEN reservation.reserved_at IS NULL THEN excluded.product_id"
        "  ELSE reservation.product_id END,"
        " location_id = CASE WHEN reservation.reserved_at IS NULL THEN excluded.location_id"
        "  ELSE reservation.location_id END,"
        " quantity = CASE WHEN reservation.reserved_at IS NULL THEN excluded.quantity"
        "  ELSE reservation.quantity END,"
        " released_on = excluded.released_on, released_at = excluded.released_at,"
        " released_by = excluded.released_by, release_reason = excluded.release_reason"
        " WHERE reservation.released_at IS NULL OR (excluded.released_at, excluded.released_by)"
        "  > (reservation.released_at, reservation.released_by)",
        MR_TEXT(event->data.reservation_id), MR_TEXT(event->data.product_id),
        MR_TEXT(event->data.location_id), MR_INT(event->data.quantity),
        MR_TEXT(mr_time_day(event->envelope.timestamp, day)), MR_INT(event->envelope.timestamp),
        MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.reason));
}

/* ---- stock ---- */

MR_HANDLER(inventory_management_inventory_adjusted_v1, adjusted)
{
    char day[MR_TIME_MAX];

    return mr_sql(tx, "INSERT INTO adjustment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.product_id),
                  MR_TEXT(event->data.location_id), MR_TEXT(event->data.adjustment_type),
                  MR_INT(event->data.new_quantity - event->data.old_quantity),
                  MR_TEXT(mr_time_day(event->envelope.timestamp, day)),
                  MR_INT(event->envelope.timestamp));
}

static int run_short(struct mr_tx *tx, struct mr_value kind, struct mr_str product_id,
                     struct mr_str location_id, int64_t level, struct mr_value threshold,
                     struct mr_value alert_level)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    char day[MR_TIME_MAX];

    return mr_sql(tx, "INSERT INTO shortage VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                  MR_TEXT(e->event_id), kind, MR_TEXT(product_id), MR_TEXT(location_id),
                  MR_INT(level), threshold, alert_level, MR_TEXT(mr_time_day(e->timestamp, day)),
                  MR_INT(e->timestamp));
}

MR_HANDLER(product_catalog_product_out_of_stock_v1, ran_out)
{
    return run_short(tx, MR_TEXT_LIT("out-of-stock"), event->data.product_id,
                     event->data.location_id, event->data.last_stock_level, MR_NULL, MR_NULL);
}

MR_HANDLER(inventory_management_inventory_low_stock_alert_v1, ran_low)
{
    return run_short(tx, MR_TEXT_LIT("low-stock"), event->data.product_id, event->data.location_id,
                     event->data.current_quantity, MR_INT(event->data.threshold),
                     MR_TEXT(event->data.alert_level));
}

MR_HANDLER(inventory_management_inventory_updated_v1, updated)
{
    char day[MR_TIME_MAX];

    return mr_sql(tx, "INSERT INTO stock_level VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                  MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.product_id),
                  MR_TEXT(event->data.location_id), MR_INT(event->data.quantity),
                  MR_INT(event->data.reserved_quantity), MR_INT(event->data.available_quantity),
                  MR_TEXT(event->data.update_type), MR_TEXT(event->data.source_event),
                  MR_TEXT(mr_time_day(event->envelope.timestamp, day)),
                  MR_INT(event->envelope.timestamp));
}

/* ---- money ---- */

MR_HANDLER(order_management_order_completed_v1, completed)
{
    char day[MR_TIME_MAX];

    return mr_sql(tx,
                  "INSERT INTO sale VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id)"
                  " DO UPDATE SET amount = excluded.amount, sold_on = excluded.sold_on,"
                  " sold_at = excluded.sold_at, said_at = excluded.said_at,"
                  " said_by = excluded.said_by"
                  " WHERE (excluded.said_at, excluded.said_by) > (sale.said_at, sale.said_by)",
                  MR_TEXT(event->data.order_id), MR_DECIMAL(event->data.final_amount),
                  MR_TEXT(mr_time_day(event->data.completion_time, day)),
                  MR_INT(event->data.completion_time), MR_INT(event->envelope.timestamp),
                  MR_TEXT(event->envelope.event_id));
}

MR_HANDLER(order_management_order_refunded_v1, refunded)
{
    char day[MR_TIME_MAX];

    return mr_sql(tx,
                  "INSERT INTO refund VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                  " ON CONFLICT (refund_id) DO UPDATE SET order_id = excluded.order_id,"
                  " amount = excluded.amount, reason = excluded.reason,"
                  " refunded_on = excluded.refunded_on, refunded_at = excluded.refunded_at,"
                  " said_at = excluded.said_at, said_by = excluded.said_by"
                  " WHERE (excluded.said_at, excluded.said_by) > (refund.said_at, refund.said_by)",
                  MR_TEXT(event->data.refund_id), MR_TEXT(event->data.order_id),
                  MR_DECIMAL(event->data.refund_amount), MR_TEXT(event->data.refund_reason),
                  MR_TEXT(mr_time_day(event->data.processed_at, day)),
                  MR_INT(event->data.processed_at), MR_INT(event->envelope.timestamp),
                  MR_TEXT(event->envelope.event_id));
}

const struct mr_consumer consumer_viscount_analytics = {
    .name = "viscount-analytics",
    .summary = "Keeps prices, demand, cancellations, stock, sales and refunds, by day",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_price_changed_v1, price_changed),
                          MR_ON(product_catalog_product_out_of_stock_v1, ran_out),
                          MR_ON(inventory_management_inventory_reserved_v1, reserved),
                          MR_ON(inventory_management_inventory_released_v1, released),
                          MR_ON(inventory_management_inventory_adjusted_v1, adjusted),
                          MR_ON(inventory_management_inventory_low_stock_alert_v1, ran_low),
                          MR_ON(inventory_management_inventory_updated_v1, updated),
                          MR_ON(order_management_order_completed_v1, completed),
                          MR_ON(order_management_order_refunded_v1, refunded)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, views}, {3, by_day}),
};
