/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-payment: what each order is to pay, what was taken for it, and what goes back.
 * An order's amount is reserved when it is created and taken when it is validated; a cancellation
 * before that lets it go, one after it may ask for a refund. */
#include "millrace/consumer.h"
#include "order_management.gen.h"
#include "viscount_validation.h"

/* One row an order, with its money where it is now. */
#define VIEWS(BY, QUESTION)                                                                        \
    "CREATE VIEW payment_state AS SELECT p.order_id, p.customer_id, p.currency, p.amount,"         \
    " CASE WHEN p.cancelled_at IS NULL AND p.created_at IS NULL THEN 'awaiting-order'"             \
    "  WHEN p.cancelled_at IS NULL AND p.validated_at IS NOT NULL THEN 'captured'"                 \
    "  WHEN p.cancelled_at IS NULL THEN 'reserved'"                                                \
    "  WHEN p.refund_required = 1 AND p.captured IS NOT NULL"                                      \
    "   AND decimal_cmp(p.refund_amount, p.captured) <= 0 THEN 'refund-due'"                       \
    "  WHEN p.refund_required = 1 THEN 'refund-in-question'" QUESTION                              \
    "  WHEN p.taken = 1 THEN 'kept' ELSE 'released' END AS state,"                                 \
    " CASE WHEN p.cancelled_at IS NULL AND p.validated_at IS NULL THEN p.amount END AS reserved,"  \
    " p.captured,"                                                                                 \
    " CASE WHEN p.refund_required = 1 THEN p.refund_amount END AS refund_due,"                     \
    " p.created_at, p.validated_at, p.cancelled_at, p.cancellation_reason"                         \
    " FROM (SELECT t.order_id, t.customer_id, t.currency, t.amount, t.created_at, t.validated_at," \
    "  t.cancelled_at, t.cancellation_reason, t.refund_required, t.refund_amount, t.taken," BY     \
    "  CASE WHEN t.taken = 1 THEN t.amount END AS captured"                                        \
    "  FROM (SELECT s.*, CASE WHEN s.validated_at IS NOT NULL AND (s.cancelled_at IS NULL"         \
    "   OR s.validated_at <= s.cancelled_at) THEN 1 ELSE 0 END AS taken FROM payment AS s) AS t)"  \
    " AS p;"                                                                                       \
    "CREATE VIEW payment_total AS SELECT currency, state, count(*) AS orders,"                     \
    " decimal_sum(amount) AS amount, decimal_sum(captured) AS captured,"                           \
    " decimal_sum(refund_due) AS refund_due FROM payment_state GROUP BY currency, state"

/* The three events come in any order: each writes its own columns, the younger event of a kind
 * wins, and the state is read off them. */
static const char tables[] =
    "CREATE TABLE payment ("
    " order_id TEXT NOT NULL PRIMARY KEY, customer_id TEXT, amount TEXT, currency TEXT,"
    " created_at INTEGER, created_by TEXT, validated_at INTEGER, cancelled_at INTEGER,"
    " cancellation_reason TEXT, refund_required INTEGER, refund_amount TEXT, called_off_at INTEGER,"
    " called_off_by TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX payment_customer ON payment (customer_id, created_at);"
    "CREATE INDEX payment_open ON payment (created_at)"
    " WHERE validated_at IS NULL AND cancelled_at IS NULL;"
    "CREATE INDEX payment_refund ON payment (cancelled_at) WHERE refund_required = 1;" VIEWS("",
                                                                                             "");

/* What was taken for an order that somebody else than its customer called off, and nobody gives
 * back, is for a person to decide. */
static const char by_whom[] =
    "ALTER TABLE payment ADD COLUMN cancelled_by TEXT;"
    "DROP VIEW payment_total; DROP VIEW payment_state;" VIEWS(
        " t.cancelled_by,", "  WHEN p.taken = 1 AND p.cancelled_by <> 'customer'"
                            " THEN 'refund-in-question'");

MR_HANDLER(order_management_order_created_v1, created)
{
    return mr_sql(tx,
                  "INSERT INTO payment (order_id, customer_id, amount, currency, created_at,"
                  " created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id) DO UPDATE"
                  " SET customer_id = excluded.customer_id, amount = excluded.amount,"
                  " currency = excluded.currency, created_at = excluded.created_at,"
                  " created_by = excluded.created_by WHERE payment.created_at IS NULL"
                  " OR (excluded.created_at, excluded.created_by)"
                  "  > (payment.created_at, payment.created_by)",
                  MR_TEXT(event->data.order_id), MR_TEXT(event->data.customer_id),
                  MR_DECIMAL(event->data.total_amount), MR_TEXT(event->data.currency),
                  MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));
}

/* The first validation takes the money; another one takes nothing more. */
MR_HANDLER(order_management_order_validated_v1, validated)
{
    if (!viscount_is_valid(event->data.validation_results.inventory_check,
                           event->data.validation_results.pricing_check,
                           event->data.validation_results.customer_check))
        return 0;
    return mr_sql(tx,
                  "INSERT INTO payment (order_id, validated_at) VALUES (?1, ?2)"
                  " ON CONFLICT (order_id) DO UPDATE SET validated_at = excluded.validated_at"
                  " WHERE excluded.validated_at < payment.validated_at"
                  " OR payment.validated_at IS NULL",
                  MR_TEXT(event->data.order_id), MR_INT(event->envelope.timestamp));
}

MR_HANDLER(order_management_order_cancelled_v1, cancelled)
{
    return mr_sql(
        tx,
        "INSERT INTO payment (order_id, cancelled_at, cancellation_reason, refund_required,"
        " refund_amount, called_off_at, called_off_by, cancelled_by)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (order_id) DO UPDATE SET cancelled_at = excluded.cancelled_at,"
        " cancellation_reason = excluded.cancellation_reason,"
        " refund_required = excluded.refund_required, refund_amount = excluded.refund_amount,"
        " called_off_at = excluded.called_off_at, called_off_by = excluded.called_off_by,"
        " cancelled_by = excluded.cancelled_by"
        " WHERE payment.called_off_at IS NULL OR (excluded.called_off_at, excluded.called_off_by)"
        "  > (payment.called_off_at, payment.called_off_by)",
        MR_TEXT(event->data.order_id), MR_INT(event->data.cancelled_at),
        MR_TEXT(event->data.cancellation_reason), MR_BOOL(event->data.refund_required),
        MR_DECIMAL(event->data.refund_amount), MR_INT(event->envelope.timestamp),
        MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.cancelled_by));
}

const struct mr_consumer consumer_viscount_payment = {
    .name = "viscount-payment",
    .summary = "Keeps what each order is to pay, what was taken for it, and what goes back",
    .handles = MR_HANDLES(MR_ON(order_management_order_created_v1, created),
                          MR_ON(order_management_order_validated_v1, validated),
                          MR_ON(order_management_order_cancelled_v1, cancelled)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, by_whom}),
};
