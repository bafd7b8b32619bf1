/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-notification: tells customers about their orders and about prices, and staff about stock
 * that ran low or out. */
#include <errno.h>
#include <inttypes.h>

#include "inventory_management.gen.h"
#include "millrace/consumer.h"
#include "millrace/notify.h"
#include "millrace/prose.h"
#include "order_management.gen.h"
#include "product_catalog.gen.h"
#include "viscount_validation.h"

struct notification {
    const char *customers; /* option */
    const char *staff;     /* option */
};

/* Only order.created names the customer: what an order's other events say waits for it. A message
 * is found again by the event that asked for it and its kind. */
static const char tables[] =
    "CREATE TABLE customer_order ("
    " order_id TEXT NOT NULL PRIMARY KEY, customer_id TEXT, amount TEXT, currency TEXT,"
    " created_at INTEGER, created_by TEXT, validated_at INTEGER, cancelled_at INTEGER,"
    " cancellation_reason TEXT, refund_amount TEXT, called_off_at INTEGER, called_off_by TEXT,"
    " told_created INTEGER NOT NULL DEFAULT 0, told_validated INTEGER NOT NULL DEFAULT 0,"
    " told_cancelled INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
    "CREATE INDEX customer_order_customer ON customer_order (customer_id);"
    "CREATE INDEX customer_order_untold ON customer_order (order_id) WHERE customer_id IS NULL;"
    "CREATE TABLE message ("
    " event_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, recipient TEXT NOT NULL,"
    " title TEXT NOT NULL, body TEXT NOT NULL, asked_at INTEGER NOT NULL, channel TEXT,"
    " delivered INTEGER, attempts INTEGER, error TEXT, settled_at INTEGER,"
    " PRIMARY KEY (event_id, kind)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX message_recipient ON message (recipient, asked_at);"
    "CREATE INDEX message_subject ON message (subject, asked_at);"
    "CREATE INDEX message_failed ON message (asked_at) WHERE delivered = 0;"
    "CREATE VIEW message_state AS SELECT kind, CASE WHEN delivered IS NULL THEN 'waiting'"
    " WHEN delivered = 1 THEN 'delivered' ELSE 'failed' END AS state, count(*) AS messages,"
    " min(asked_at) AS first_at, max(asked_at) AS last_at FROM message GROUP BY kind, 2";

/* Cut where it is too long: what people write of an order keeps nobody from hearing of it. */
static int tell(struct mr_tx *tx, const char *kind, struct mr_str subject, struct mr_str to,
                const char *title, const char *text)
{
    const struct mr_notice notice = {.to = to,
                                     .kind = mr_str_from(kind),
                                     .title = mr_utf8_cut(mr_str_from(title), MR_NOTICE_TITLE),
                                     .text = mr_utf8_cut(mr_str_from(text), MR_NOTICE_TEXT)};

    if (!title || !text)
        return -ENOMEM;
    int r = mr_notify(tx, &notice);
    if (r != 0)
        return r;
    return mr_sql(tx,
                  "INSERT INTO message (event_id, kind, subject, recipient, title, body, asked_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT_OF(kind), MR_TEXT(subject),
                  MR_TEXT(to), MR_TEXT(notice.title), MR_TEXT(notice.text), MR_INT(mr_tx_now(tx)));
}

static int settled(struct mr_tx *tx, const struct mr_notice_fate *fate)
{
    return mr_sql(tx,
                  "UPDATE message SET channel = ?3, delivered = ?4, attempts = ?5, error = ?6,"
                  " settled_at = ?7 WHERE event_id = ?1 AND kind = ?2",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT(fate->notice.kind),
                  MR_TEXT_OF(fate->channel), MR_BOOL(fate->delivered), MR_INT(fate->attempts),
                  MR_OPT(!fate->delivered, MR_TEXT(fate->error)), MR_INT(fate->at));
}

static const char *money(struct mr_tx *tx, struct mr_decimal amount)
{
    return mr_prose_money(mr_tx_arena(tx), amount);
}

/* ---- orders: to their customer ---- */

struct order {
    struct mr_str id, customer_id, amount, currency, reason, refund;
    int64_t created, validated, cancelled; /* it is to be told */
};

static const char *refund_text(struct mr_tx *tx, const struct order *o)
{
    struct mr_decimal refund;

    if (!o->refund.data || mr_decimal_parse(o->refund, &refund) != 0)
        return "";
    const char *amount = money(tx, refund);
    return amount ? mr_arena_printf(mr_tx_arena(tx), " You get back %s %.*s.", amount,
                                    MR_STR_ARG(o->currency))
                  : NULL;
}

static int tell_created(struct mr_tx *tx, const struct order *o)
{
    struct mr_arena *arena = mr_tx_arena(tx);
    struct mr_decimal amount = {0};

    (void)mr_decimal_parse(o->amount, &amount); /* written by us */
    const char *text = money(tx, amount);
    if (!text)
        return -ENOMEM;
    return tell(tx, "order-created", o->id, o->customer_id,
                mr_arena_printf(arena, "We have received your order %.*s", MR_STR_ARG(o->id)),
                mr_arena_printf(arena,
                                "Thank you for your order %.*s over %s %.*s. We check it and tell "
                                "you when it is confirmed.",
                                MR_STR_ARG(o->id), text, MR_STR_ARG(o->currency)));
}

static int tell_validated(struct mr_tx *tx, const struct order *o)
{
    struct mr_arena *arena = mr_tx_arena(tx);

    return tell(tx, "order-validated", o->id, o->customer_id,
                mr_arena_printf(arena, "Your order %.*s is confirmed", MR_STR_ARG(o->id)),
                mr_arena_printf(arena,
                                "All items of your order %.*s are set aside for you. We are "
                                "preparing it now.",
                                MR_STR_ARG(o->id)));
}

static int tell_cancelled(struct mr_tx *tx, const struct order *o)
{
    struct mr_arena *arena = mr_tx_arena(tx);
    const char *refund = refund_text(tx, o);

    if (!refund)
        return -ENOMEM;
    return tell(tx, "order-cancelled", o->id, o->customer_id,
                mr_arena_printf(arena, "Your order %.*s was cancelled", MR_STR_ARG(o->id)),
                mr_arena_printf(arena, "Your order %.*s was cancelled (%.*s).%s", MR_STR_ARG(o->id),
                                MR_STR_ARG(o->reason), refund));
}

/* Tells what is known and was not told, once the customer is known. That it is being prepared is
 * no news of an order that was cancelled. The row is ours: each handler has written to it. */
static int tell_customer(struct mr_tx *tx, struct mr_str order_id)
{
    struct order o = {.id = order_id};

    int r = mr_sql_row(
        tx,
        MR_INTO(MR_INTO_TEXT(&o.customer_id), MR_INTO_TEXT(&o.amount), MR_INTO_TEXT(&o.currency),
                MR_INTO_TEXT(&o.reason), MR_INTO_TEXT(&o.refund), MR_INTO_INT(&o.created),
                MR_INTO_INT(&o.validated), MR_INTO_INT(&o.cancelled)),
        "SELECT customer_id, amount, currency, cancellation_reason, refund_amount,"
        " CASE WHEN told_created = 0 THEN 1 ELSE 0 END,"
        " CASE WHEN validated_at IS NOT NULL AND told_validated = 0 AND cancelled_at IS NULL"
        "  THEN 1 ELSE 0 END,"
        " CASE WHEN cancelled_at IS NOT NULL AND told_cancelled = 0 THEN 1 ELSE 0 END"
        " FROM customer_order WHERE order_id = ?1 AND customer_id IS NOT NULL",
        MR_TEXT(order_id));
    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    if (o.created)
        r = tell_created(tx, &o);
    if (r == 0 && o.validated)
        r = tell_validated(tx, &o);
    if (r == 0 && o.cancelled)
        r = tell_cancelled(tx, &o);
    if (r != 0)
        return r;
    return mr_sql(tx,
                  "UPDATE customer_order SET told_created = told_created + ?2,"
                  " told_validated = told_validated + ?3, told_cancelled = told_cancelled + ?4"
                  " WHERE order_id = ?1",
                  MR_TEXT(order_id), MR_INT(o.created), MR_INT(o.validated), MR_INT(o.cancelled));
}

MR_HANDLER(order_management_order_created_v1, created)
{
    int r =
        mr_sql(tx,
               "INSERT INTO customer_order (order_id, customer_id, amount, currency, created_at,"
               " created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id) DO UPDATE"
               " SET customer_id = excluded.customer_id, amount = excluded.amount,"
               " currency = excluded.currency, created_at = excluded.created_at,"
               " created_by = excluded.created_by WHERE customer_order.created_at IS NULL"
               " OR (excluded.created_at, excluded.created_by)"
               "  > (customer_order.created_at, customer_order.created_by)",
               MR_TEXT(event->data.order_id), MR_TEXT(event->data.customer_id),
               MR_DECIMAL(event->data.total_amount), MR_TEXT(event->data.currency),
               MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));

    return r != 0 ? r : tell_customer(tx, event->data.order_id);
}

MR_HANDLER(order_management_order_validated_v1, validated)
{
    if (!viscount_is_valid(event->data.validation_results.inventory_check,
                           event->data.validation_results.pricing_check,
                           event->data.validation_results.customer_check))
        return 0;
    int r = mr_sql(tx,
                   "INSERT INTO customer_order (order_id, validated_at) VALUES (?1, ?2)"
                   " ON CONFLICT (order_id) DO UPDATE SET validated_at = excluded.validated_at"
                   " WHERE customer_order.validated_at IS NULL"
                   " OR excluded.validated_at < customer_order.validated_at",
                   MR_TEXT(event->data.order_id), MR_INT(event->envelope.timestamp));

    return r != 0 ? r : tell_customer(tx, event->data.order_id);
}

MR_HANDLER(order_management_order_cancelled_v1, cancelled)
{
    int r = mr_sql(
        tx,
        "INSERT INTO customer_order (order_id, cancelled_at, cancellation_reason, refund_amount,"
        " called_off_at, called_off_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id)"
        " DO UPDATE SET cancelled_at = excluded.cancelled_at,"
        " cancellation_reason = excluded.cancellation_reason,"
        " refund_amount = excluded.refund_amount, called_off_at = excluded.called_off_at,"
        " called_off_by = excluded.called_off_by WHERE customer_order.called_off_at IS NULL"
        " OR (excluded.called_off_at, excluded.called_off_by)"
        "  > (customer_order.called_off_at, customer_order.called_off_by)",
        MR_TEXT(event->data.order_id), MR_INT(event->data.cancelled_at),
        MR_TEXT(event->data.cancellation_reason),
        MR_OPT(event->data.refund_required, MR_DECIMAL(event->data.refund_amount)),
        MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));

    return r != 0 ? r : tell_customer(tx, event->data.order_id);
}

/* ---- products: prices to all customers, stock to staff ---- */

MR_HANDLER(product_catalog_product_price_changed_v1, price_changed)
{
    const struct notification *self = mr_tx_self(tx);
    const char *old = money(tx, event->data.old_price), *now = money(tx, event->data.new_price);

    if (!old || !now)
        return -ENOMEM;
    return tell(tx, "price-changed", event->data.product_id, mr_str_from(self->customers),
                mr_arena_printf(mr_tx_arena(tx), "New price of %.*s: %s",
                                MR_STR_ARG(event->data.product_id), now),
                mr_arena_printf(mr_tx_arena(tx), "From %s %.*s costs %s instead of %s.",
                                MR_MOMENT(event->data.effective_date),
                                MR_STR_ARG(event->data.product_id), now, old));
}

MR_HANDLER(product_catalog_product_out_of_stock_v1, ran_out)
{
    const struct notification *self = mr_tx_self(tx);

    return tell(tx, "out-of-stock", event->data.product_id, mr_str_from(self->staff),
                mr_arena_printf(mr_tx_arena(tx), "%.*s is out of stock",
                                MR_STR_ARG(event->data.product_id)),
                mr_arena_printf(mr_tx_arena(tx), "%.*s ran out at %.*s (last level: %" PRId64 ").",
                                MR_STR_ARG(event->data.product_id),
                                MR_STR_ARG(event->data.location_id), event->data.last_stock_level));
}

MR_HANDLER(inventory_management_inventory_low_stock_alert_v1, ran_low)
{
    const struct notification *self = mr_tx_self(tx);

    return tell(
        tx, "low-stock", event->data.product_id, mr_str_from(self->staff),
        mr_arena_printf(mr_tx_arena(tx), "%.*s runs low (%.*s)", MR_STR_ARG(event->data.product_id),
                        MR_STR_ARG(event->data.alert_level)),
        mr_arena_printf(mr_tx_arena(tx),
                        "%" PRId64 " of %.*s are left at %.*s; the threshold is %" PRId64 ".",
                        event->data.current_quantity, MR_STR_ARG(event->data.product_id),
                        MR_STR_ARG(event->data.location_id), event->data.threshold));
}

const struct mr_consumer consumer_viscount_notification = {
    .name = "viscount-notification",
    .summary = "Tells customers about orders and prices, and staff about stock",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_price_changed_v1, price_changed),
                          MR_ON(product_catalog_product_out_of_stock_v1, ran_out),
                          MR_ON(inventory_management_inventory_low_stock_alert_v1, ran_low),
                          MR_ON(order_management_order_created_v1, created),
                          MR_ON(order_management_order_validated_v1, validated),
                          MR_ON(order_management_order_cancelled_v1, cancelled)),
    .notified = settled,
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct notification),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct notification, customers, .name = "customers", .arg = "WHO",
                   .def = "customers", .help = "Recipient of what all customers are told"),
        MR_OPT_STR(struct notification, staff, .name = "staff", .arg = "WHO", .def = "staff",
                   .help = "Recipient of what the shop's staff is told")),
};
