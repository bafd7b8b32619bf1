/* SPDX-License-Identifier: Apache-2.0 */
/* product-management-notifications: tells sellers what happens to their products. */
#include <errno.h>
#include <stdio.h>

#include "millrace/audience.h"
#include "millrace/buf.h"
#include "millrace/uuid.h"
#include "product_management.gen.h"

static const char tables[] = MR_AUDIENCE_TABLES
    "CREATE TABLE low_stock (event_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL,"
    " product_name TEXT NOT NULL, quantity INTEGER NOT NULL, threshold INTEGER NOT NULL,"
    " severity TEXT, warned_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX low_stock_product ON low_stock (product_id, warned_at);"
    "CREATE VIEW low_stock_frequency AS SELECT product_id, count(*) AS warnings,"
    " count(CASE WHEN severity IN ('high', 'critical') THEN 1 END) AS grave,"
    " min(quantity) AS lowest, min(warned_at) AS first_at, max(warned_at) AS last_at"
    " FROM low_stock GROUP BY product_id;"
    "CREATE VIEW low_stock_by_day AS SELECT warned_at - warned_at % 86400000000 AS day_at,"
    " count(*) AS warnings, count(DISTINCT product_id) AS products FROM low_stock"
    " GROUP BY warned_at - warned_at % 86400000000";

static const struct mr_role seller = {.name = "seller"};

/* The contract lets names be longer than a message's title, and sets no limit to `changes`, nor to
 * what stands in previousState: however long they are, the message fits. */
enum { NAME_MOST = 200, VALUE_MOST = 4000 };
#define NAME(text) MR_STR_ARG(mr_utf8_cut(text, NAME_MOST))
#define VALUE(text) MR_STR_ARG(mr_utf8_cut(text, VALUE_MOST))

MR_HANDLER(product_management_product_created_v1, created)
{
    const struct product_management_product_created_v1_data *data = &event->data;
    struct mr_str category = product_management_product_created_v1_category_symbol(data->category);
    char price[MR_DECIMAL_MAX];
    size_t len = mr_decimal_text(data->price, price);
    const char *title =
        mr_arena_printf(mr_tx_arena(tx), "Your product is listed: %.*s", NAME(data->name));
    const char *text = mr_arena_printf(
        mr_tx_arena(tx), "%.*s is listed in %.*s at %.*s cents. In stock: %lld.\nProduct: %.*s\n",
        NAME(data->name), MR_STR_ARG(category), (int)len, price, (long long)data->quantity,
        MR_STR_ARG(data->productId));
    const struct mr_notice notice = {
        .kind = MR_STR("product-listed"), .title = mr_str_from(title), .text = mr_str_from(text)};

    if (!title || !text)
        return -ENOMEM;
    int r = mr_audience_is(tx, &seller, data->productId, data->sellerId);
    return r ? r : mr_audience_tell(tx, &seller, data->productId, &notice);
}

/* What previousState says of a member; no data: nothing. */
static struct mr_str before(const struct product_management_product_updated_v1_data *data,
                            const char *member)
{
    for (size_t i = 0; i < data->n_previousState; i++)
        if (mr_str_is(data->previousState[i].key, member))
            return data->previousState[i].value;
    return (struct mr_str){0};
}

/* previousState holds whatever its writer put there: a seller is a UUID, as written anywhere else.
 */
static struct mr_str seller_before(struct mr_tx *tx,
                                   const struct product_management_product_updated_v1_data *data)
{
    char *text = mr_arena_alloc(mr_tx_arena(tx), MR_UUID_TEXT);
    struct mr_uuid id;

    if (!text || mr_uuid_parse(before(data, "sellerId"), &id) != 0)
        return (struct mr_str){0};
    mr_uuid_format(&id, text);
    return (struct mr_str){text, MR_UUID_TEXT};
}

static int change(struct mr_buf *out, const char *member, const char *unit, struct mr_str was,
                  struct mr_str is)
{
    return was.data
               ? mr_buf_printf(out, "%s: %.*s%s (was %.*s)\n", member, VALUE(is), unit, VALUE(was))
               : mr_buf_printf(out, "%s: %.*s%s\n", member, VALUE(is), unit);
}

static int list_changes(struct mr_buf *out,
                        const struct product_management_product_updated_v1_data *data)
{
    const struct product_management_product_updated_v1_changes *to = &data->changes;
    char price[MR_DECIMAL_MAX], quantity[24];
    size_t len = to->has_price ? mr_decimal_text(to->price, price) : 0;
    int n = snprintf(quantity, sizeof(quantity), "%lld", (long long)to->quantity);
    const struct {
        const char *member;
        bool has;
        struct mr_str is;
        const char *unit;
    } changes[] = {{"name", to->has_name, to->name, ""},
                   {"description", to->has_description, to->description, ""},
                   {"price", to->has_price, {price, len}, " cents"},
                   {"quantity", to->has_quantity, {quantity, (size_t)n}, ""},
                   {"category", to->has_category, to->category, ""}};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(changes) / sizeof(changes[0]); i++)
        if (changes[i].has)
            r = change(out, changes[i].member, changes[i].unit, before(data, changes[i].member),
                       changes[i].is);
    return r;
}

/* The seller stands in previousState, or was told by another event of the product. */
static int tell_change(struct mr_tx *tx, struct mr_buf *out,
                       const struct product_management_product_updated_v1_data *data,
                       const struct mr_envelope *envelope)
{
    struct mr_str name = data->changes.has_name ? data->changes.name : before(data, "name");
    struct mr_str owner = seller_before(tx, data);
    const char *title = mr_arena_printf(mr_tx_arena(tx), "Your product was changed: %.*s",
                                        NAME(name.len ? name : data->productId));

    int r = owner.len ? mr_audience_is(tx, &seller, data->productId, owner) : 0;
    if (r == 0)
        r = list_changes(out, data);
    if (r == 0 && out->len == 0)
        return 0; /* there is nothing to tell */
    if (r == 0)
        r = mr_buf_printf(out, "Changed by: %.*s\nProduct: %.*s\n",
                          MR_STR_ARG(envelope->has_user_id ? envelope->user_id : MR_STR("unknown")),
                          MR_STR_ARG(data->productId));
    if (r != 0 || !title)
        return r ? r : -ENOMEM;
    const struct mr_notice notice = {.kind = MR_STR("product-changed"),
                                     .title = mr_str_from(title),
                                     .text = {(const char *)out->data, out->len}};
    return mr_audience_tell(tx, &seller, data->productId, &notice);
}

MR_HANDLER(product_management_product_updated_v1, updated)
{
    struct mr_buf text = {0};

    int r = tell_change(tx, &text, &event->data, &event->envelope);
    mr_buf_done(&text);
    return r;
}

MR_HANDLER(product_management_product_low_stock_warning_v1, low_stock)
{
    const struct product_management_product_low_stock_warning_v1_data *data = &event->data;
    struct mr_str severity = {"", 0};
    if (data->has_severity)
        severity = product_management_product_low_stock_warning_v1_severity_symbol(data->severity);
    const char *title =
        mr_arena_printf(mr_tx_arena(tx), "Low stock%s%.*s: %.*s", data->has_severity ? ", " : "",
                        MR_STR_ARG(severity), NAME(data->productName));
    const char *text =
        mr_arena_printf(mr_tx_arena(tx), "%.*s: %lld left, the limit is %lld.\nProduct: %.*s\n",
                        NAME(data->productName), (long long)data->currentQuantity,
                        (long long)data->threshold, MR_STR_ARG(data->productId));
    const struct mr_notice notice = {
        .kind = MR_STR("low-stock"), .title = mr_str_from(title), .text = mr_str_from(text)};

    if (!title || !text)
        return -ENOMEM;
    int r =
        mr_sql(tx, "INSERT INTO low_stock VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
               MR_TEXT(event->envelope.event_id), MR_TEXT(data->productId),
               MR_TEXT(data->productName), MR_INT(data->currentQuantity), MR_INT(data->threshold),
               MR_OPT(data->has_severity, MR_TEXT(severity)), MR_INT(event->envelope.timestamp));
    if (r == 0 && data->has_sellerId)
        r = mr_audience_is(tx, &seller, data->productId, data->sellerId);
    return r ? r : mr_audience_tell(tx, &seller, data->productId, &notice);
}

const struct mr_consumer consumer_product_management_notifications = {
    .name = "product-management-notifications",
    .summary = "Tells sellers of listings, changes and low stock",
    .handles = MR_HANDLES(MR_ON(product_management_product_created_v1, created),
                          MR_ON(product_management_product_updated_v1, updated),
                          MR_ON(product_management_product_low_stock_warning_v1, low_stock)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, MR_AUDIENCE_LAST}),
};
