/* SPDX-License-Identifier: Apache-2.0 */
/* product-management-analytics: how prices, stock and listings of products went. */
#include <errno.h>

#include "millrace/consumer.h"
#include "product_management.gen.h"

/* Every value that a field ever had is kept; the product is what the youngest of each say, so the
 * order in which events come does not matter. */
static const char tables[] =
    "CREATE TABLE change ("
    " event_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL, what TEXT NOT NULL,"
    " user_id TEXT, changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX change_product ON change (product_id, changed_at);"
    "CREATE INDEX change_time ON change (changed_at);"
    "CREATE TABLE attribute ("
    " product_id TEXT NOT NULL, field TEXT NOT NULL, changed_at INTEGER NOT NULL,"
    " event_id TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (product_id, field, changed_at, event_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE product ("
    " product_id TEXT NOT NULL PRIMARY KEY, name TEXT, category TEXT, seller_id TEXT, price TEXT,"
    " quantity INTEGER, listed_at INTEGER, changed_at INTEGER, deleted_at INTEGER,"
    " delete_reason TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX product_category ON product (category);"
    "CREATE INDEX product_seller ON product (seller_id);"
    "CREATE VIEW price_history AS SELECT product_id, changed_at, value AS price,"
    " lag(value) OVER w AS price_before, decimal_sub(value, lag(value) OVER w) AS difference,"
    " event_id FROM attribute WHERE field = 'price'"
    " WINDOW w AS (PARTITION BY product_id ORDER BY changed_at, event_id);"
    "CREATE VIEW stock_history AS SELECT product_id, changed_at, CAST(value AS BIGINT) AS quantity,"
    " CAST(value AS BIGINT) - CAST(lag(value) OVER w AS BIGINT) AS difference, event_id"
    " FROM attribute WHERE field = 'quantity'"
    " WINDOW w AS (PARTITION BY product_id ORDER BY changed_at, event_id);"
    "CREATE VIEW sold_out AS SELECT product_id, count(*) AS times, max(changed_at) AS last_at"
    " FROM stock_history WHERE quantity = 0 AND (difference < 0 OR difference IS NULL)"
    " GROUP BY product_id;"
    "CREATE VIEW category_state AS SELECT category, count(*) AS products,"
    " count(deleted_at) AS deleted, count(DISTINCT seller_id) AS sellers,"
    " CAST(sum(CASE WHEN deleted_at IS NULL THEN coalesce(quantity, 0) ELSE 0 END) AS BIGINT) AS "
    "units"
    " FROM product GROUP BY category;"
    "CREATE VIEW price_volatility AS SELECT product_id, count(*) AS prices,"
    " CAST(sum(CASE WHEN decimal_cmp(price, price_before) > 0 THEN 1 ELSE 0 END) AS BIGINT) AS "
    "raised,"
    " CAST(sum(CASE WHEN decimal_cmp(price, price_before) < 0 THEN 1 ELSE 0 END) AS BIGINT) AS "
    "lowered,"
    " max(changed_at) AS last_at FROM price_history GROUP BY product_id;"
    "CREATE VIEW activity_by_day AS SELECT changed_at - changed_at % 86400000000 AS day_at,"
    " count(CASE WHEN what = 'created' THEN 1 END) AS created,"
    " count(CASE WHEN what = 'updated' THEN 1 END) AS updated,"
    " count(CASE WHEN what = 'deleted' THEN 1 END) AS deleted,"
    " count(DISTINCT product_id) AS products, count(DISTINCT user_id) AS users"
    " FROM change GROUP BY changed_at - changed_at % 86400000000";

/* Which deletion stays is told by the event, too; stock may come down to less than nothing, as
 * `changes` has no limits. */
static const char by_event[] =
    "ALTER TABLE product ADD COLUMN delete_event_id TEXT;"
    "DROP VIEW sold_out;"
    "CREATE VIEW sold_out AS SELECT product_id, count(*) AS times, max(changed_at) AS last_at"
    " FROM stock_history WHERE quantity <= 0"
    " AND (difference IS NULL OR (difference < 0 AND quantity - difference > 0))"
    " GROUP BY product_id";

/* What is listed without stock never had any to sell. */
static const char listed_empty[] =
    "DROP VIEW sold_out;"
    "CREATE VIEW sold_out AS SELECT product_id, count(*) AS times, max(changed_at) AS last_at"
    " FROM stock_history AS h WHERE quantity <= 0"
    " AND ((difference < 0 AND quantity - difference > 0) OR (difference IS NULL AND NOT EXISTS"
    "  (SELECT 1 FROM change AS c WHERE c.event_id = h.event_id AND c.what = 'created')))"
    " GROUP BY product_id";

static int record(struct mr_tx *tx, const struct mr_envelope *envelope, struct mr_str product_id,
                  const char *what)
{
    int r = mr_sql(tx, "INSERT INTO change VALUES (?1, ?2, ?3, ?4, ?5)",
                   MR_TEXT(envelope->event_id), MR_TEXT(product_id), MR_TEXT_OF(what),
                   MR_OPT(envelope->has_user_id, MR_TEXT(envelope->user_id)),
                   MR_INT(envelope->timestamp));
    if (r != 0)
        return r;
    /* also locks the row: two instances would not see each other's values */
    return mr_sql(tx,
                  "INSERT INTO product (product_id, changed_at) VALUES (?1, ?2)"
                  " ON CONFLICT (product_id) DO UPDATE SET changed_at = CASE"
                  " WHEN product.changed_at > excluded.changed_at THEN product.changed_at"
                  " ELSE excluded.changed_at END",
                  MR_TEXT(product_id), MR_INT(envelope->timestamp));
}

static int set(struct mr_tx *tx, struct mr_str product_id, const char *field, struct mr_value value)
{
    const struct mr_envelope *envelope = mr_tx_event(tx)->envelope;

    return mr_sql(tx, "INSERT INTO attribute VALUES (?1, ?2, ?3, ?4, ?5)", MR_TEXT(product_id),
                  MR_TEXT_OF(field), MR_INT(envelope->timestamp), MR_TEXT(envelope->event_id),
                  value);
}

#define YOUNGEST(FIELD)                                                                            \
    "(SELECT value FROM attribute WHERE product_id = ?1 AND field = '" FIELD                       \
    "' ORDER BY changed_at DESC, event_id DESC LIMIT 1)"
#define NAME YOUNGEST("name")
#define CATEGORY YOUNGEST("category")
#define PRICE YOUNGEST("price")
#define QUANTITY YOUNGEST("quantity")
#define SELLER YOUNGEST("sellerId")
#define CREATED YOUNGEST("createdAt")

/* The product anew from the youngest values. */
static int settle(struct mr_tx *tx, struct mr_str product_id)
{
    return mr_sql(tx,
                  "UPDATE product SET name = " NAME ", category = " CATEGORY ", price = " PRICE ","
                  " quantity = CAST(" QUANTITY " AS BIGINT),"
                  " seller_id = coalesce(" SELLER ", seller_id),"
                  " listed_at = coalesce(CAST(" CREATED " AS BIGINT), listed_at)"
                  " WHERE product_id = ?1",
                  MR_TEXT(product_id));
}

static int set_number(struct mr_tx *tx, struct mr_str product_id, const char *field, int64_t n)
{
    const char *text = mr_arena_printf(mr_tx_arena(tx), "%lld", (long long)n);

    return text ? set(tx, product_id, field, MR_TEXT_OF(text)) : -ENOMEM;
}

MR_HANDLER(product_management_product_created_v1, created)
{
    const struct product_management_product_created_v1_data *data = &event->data;
    struct mr_str id = data->productId;

    int r = record(tx, &event->envelope, id, "created");
    if (r == 0)
        r = set(tx, id, "name", MR_TEXT(data->name));
    if (r == 0)
        r = set(tx, id, "description", MR_TEXT(data->description));
    if (r == 0)
        r = set(tx, id, "category",
                MR_TEXT(product_management_product_created_v1_category_symbol(data->category)));
    if (r == 0)
        r = set(tx, id, "price", MR_DECIMAL(data->price));
    if (r == 0)
        r = set_number(tx, id, "quantity", data->quantity);
    if (r == 0)
        r = set(tx, id, "sellerId", MR_TEXT(data->sellerId));
    if (r == 0)
        r = set_number(tx, id, "createdAt",
                       data->has_createdAt ? data->createdAt : event->envelope.timestamp);
    return r == 0 ? settle(tx, id) : r;
}

MR_HANDLER(product_management_product_updated_v1, updated)
{
    const struct product_management_product_updated_v1_changes *to = &event->data.changes;
    struct mr_str id = event->data.productId;

    int r = record(tx, &event->envelope, id, "updated");
    if (r == 0 && to->has_name)
        r = set(tx, id, "name", MR_TEXT(to->name));
    if (r == 0 && to->has_description)
        r = set(tx, id, "description", MR_TEXT(to->description));
    if (r == 0 && to->has_category)
        r = set(tx, id, "category", MR_TEXT(to->category));
    if (r == 0 && to->has_price)
        r = set(tx, id, "price", MR_DECIMAL(to->price));
    if (r == 0 && to->has_quantity)
        r = set_number(tx, id, "quantity", to->quantity);
    return r == 0 ? settle(tx, id) : r;
}

/* Deleted more than once: the first time counts. */
MR_HANDLER(product_management_product_deleted_v1, deleted)
{
    int r = record(tx, &event->envelope, event->data.productId, "deleted");

    if (r != 0)
        return r;
    return mr_sql(tx,
                  "UPDATE product SET deleted_at = ?2, delete_reason = ?3, delete_event_id = ?4"
                  " WHERE product_id = ?1 AND (deleted_at IS NULL OR deleted_at > ?2"
                  " OR (deleted_at = ?2 AND coalesce(delete_event_id, '') < ?4))",
                  MR_TEXT(event->data.productId), MR_INT(event->data.deletedAt),
                  MR_OPT(event->data.has_reason, MR_TEXT(event->data.reason)),
                  MR_TEXT(event->envelope.event_id));
}

const struct mr_consumer consumer_product_management_analytics = {
    .name = "product-management-analytics",
    .summary = "Keeps how prices, stock and listings of products went",
    .handles = MR_HANDLES(MR_ON(product_management_product_created_v1, created),
                          MR_ON(product_management_product_updated_v1, updated),
                          MR_ON(product_management_product_deleted_v1, deleted)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, by_event}, {3, listed_empty}),
};
