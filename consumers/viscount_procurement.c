/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-procurement: what is to be ordered again, where, and how much. */
#include "inventory_management.gen.h"
#include "millrace/consumer.h"

struct procurement {
    int64_t cover; /* option */
};

/* An alert is a crossing of the threshold, so each one is kept; the youngest of a product and
 * location is what is to be done. */
static const char tables[] =
    "CREATE TABLE alert ("
    " alert_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL, location_id TEXT NOT NULL,"
    " current_quantity INTEGER NOT NULL, threshold INTEGER NOT NULL, alert_level TEXT NOT NULL,"
    " raised_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX alert_product ON alert (product_id, location_id, raised_at);"
    "CREATE TABLE reorder ("
    " product_id TEXT NOT NULL, location_id TEXT NOT NULL, current_quantity INTEGER NOT NULL,"
    " threshold INTEGER NOT NULL, alert_level TEXT NOT NULL, quantity INTEGER NOT NULL,"
    " raised_at INTEGER NOT NULL, alert_id TEXT NOT NULL, state TEXT NOT NULL GENERATED ALWAYS AS"
    " (CASE WHEN quantity = 0 THEN 'covered' WHEN current_quantity = 0"
    "  OR alert_level = 'critical' THEN 'urgent' ELSE 'open' END) VIRTUAL,"
    " PRIMARY KEY (product_id, location_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX reorder_state ON reorder (state, raised_at);"
    "CREATE VIEW reorder_list AS SELECT r.state, r.product_id, r.location_id, r.quantity,"
    " r.current_quantity, r.threshold, r.alert_level, r.raised_at, (SELECT count(*) FROM alert AS a"
    "  WHERE a.product_id = r.product_id AND a.location_id = r.location_id) AS alerts"
    " FROM reorder AS r WHERE r.state <> 'covered'";

/* Fills up to so many times the threshold; past 64 bits to all they hold. */
static int64_t wanted(const struct procurement *self, int64_t threshold, int64_t current)
{
    int64_t target;

    if (__builtin_mul_overflow(threshold, self->cover, &target))
        target = INT64_MAX;
    return target > current ? target - current : 0;
}

MR_HANDLER(inventory_management_inventory_low_stock_alert_v1, low_stock)
{
    int64_t quantity = wanted(mr_tx_self(tx), event->data.threshold, event->data.current_quantity);

    int r = mr_sql(tx, "INSERT INTO alert VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                   MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.product_id),
                   MR_TEXT(event->data.location_id), MR_INT(event->data.current_quantity),
                   MR_INT(event->data.threshold), MR_TEXT(event->data.alert_level),
                   MR_INT(event->envelope.timestamp));
    if (r != 0)
        return r;
    return mr_sql(
        tx,
        "INSERT INTO reorder (product_id, location_id, current_quantity, threshold, alert_level,"
        " quantity, raised_at, alert_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (product_id, location_id) DO UPDATE"
        " SET current_quantity = excluded.current_quantity, threshold = excluded.threshold,"
        " alert_level = excluded.alert_level, quantity = excluded.quantity,"
        " raised_at = excluded.raised_at, alert_id = excluded.alert_id"
        " WHERE (excluded.raised_at, excluded.alert_id) > (reorder.raised_at, reorder.alert_id)",
        MR_TEXT(event->data.product_id), MR_TEXT(event->data.location_id),
        MR_INT(event->data.current_quantity), MR_INT(event->data.threshold),
        MR_TEXT(event->data.alert_level), MR_INT(quantity), MR_INT(event->envelope.timestamp),
        MR_TEXT(event->envelope.event_id));
}

const struct mr_consumer consumer_viscount_procurement = {
    .name = "viscount-procurement",
    .summary = "Lists what is to be ordered again, where, and how much",
    .handles = MR_HANDLES(MR_ON(inventory_management_inventory_low_stock_alert_v1, low_stock)),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct procurement),
    .options = MR_OPTIONS(MR_OPT_INT(struct procurement, cover, .name = "cover", .arg = "N",
                                     .def = "3", .min = 1, .max = 1000,
                                     .help = "Order up to N times the threshold of the alert")),
};
