/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-access-control: which tickets open the gates, told by what became of each of them. */
#include "festivo_ticket.gen.h"
#include "millrace/consumer.h"

/* Entry requests come from the scanners, not from a topic: the gate asks the view `admission`. A
 * ticket's three events come in any order; of two of a kind the younger stays, of two of one moment
 * the one with the greater id. Refunded and cancelled are final, so that a purchase that is told
 * again opens no gate. */
static const char tables[] =
    "CREATE TABLE ticket ("
    " ticket_id TEXT NOT NULL PRIMARY KEY, ticket_code TEXT NOT NULL,"
    " ticket_type TEXT, price TEXT, customer_id TEXT, purchased_at INTEGER,"
    " purchase_said_at INTEGER, purchase_event_id TEXT,"
    " refunded_at INTEGER, refund_amount TEXT, refund_reason TEXT,"
    " refund_said_at INTEGER, refund_event_id TEXT,"
    " cancelled_at INTEGER, cancel_reason TEXT,"
    " cancel_said_at INTEGER, cancel_event_id TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ticket_by_code ON ticket (ticket_code);"
    "CREATE INDEX ticket_by_customer ON ticket (customer_id);"
    "CREATE VIEW admission AS SELECT ticket_code, ticket_id, ticket_type, customer_id,"
    " CASE WHEN refunded_at IS NULL AND cancelled_at IS NULL THEN 1 ELSE 0 END AS may_enter,"
    " CASE WHEN refunded_at IS NOT NULL THEN 'Ticket refunded'"
    "  WHEN cancelled_at IS NOT NULL THEN 'Ticket cancelled' END AS reason,"
    " purchased_at, refunded_at, cancelled_at FROM ticket";

MR_HANDLER(festivo_ticket_ticket_purchased_v1, purchased)
{
    return mr_sql(
        tx,
        "INSERT INTO ticket (ticket_id, ticket_code, ticket_type, price, customer_id, purchased_at,"
        " purchase_said_at, purchase_event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (ticket_id) DO UPDATE SET ticket_code = excluded.ticket_code,"
        " ticket_type = excluded.ticket_type, price = excluded.price,"
        " customer_id = excluded.customer_id, purchased_at = excluded.purchased_at,"
        " purchase_said_at = excluded.purchase_said_at,"
        " purchase_event_id = excluded.purchase_event_id WHERE ticket.purchase_event_id IS NULL"
        " OR (excluded.purchase_said_at, excluded.purchase_event_id)"
        " > (ticket.purchase_said_at, ticket.purchase_event_id)",
        MR_TEXT(event->data.ticketId), MR_TEXT(event->data.ticketCode),
        MR_TEXT(event->data.ticketType), MR_DECIMAL(event->data.price),
        MR_TEXT(event->data.customerId), MR_INT(event->data.purchaseDate),
        MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));
}

MR_HANDLER(festivo_ticket_ticket_refunded_v1, refunded)
{
    return mr_sql(
        tx,
        "INSERT INTO ticket (ticket_id, ticket_code, refunded_at, refund_amount, refund_reason,"
        " refund_said_at, refund_event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (ticket_id) DO UPDATE SET refunded_at = excluded.refunded_at,"
        " refund_amount = excluded.refund_amount, refund_reason = excluded.refund_reason,"
        " refund_said_at = excluded.refund_said_at, refund_event_id = excluded.refund_event_id"
        " WHERE ticket.refund_event_id IS NULL OR (excluded.refund_said_at,"
        " excluded.refund_event_id) > (ticket.refund_said_at, ticket.refund_event_id)",
        MR_TEXT(event->data.ticketId), MR_TEXT(event->data.ticketCode),
        MR_INT(event->data.refundDate), MR_DECIMAL(event->data.refundAmount),
        MR_TEXT(event->data.reason), MR_INT(event->envelope.timestamp),
        MR_TEXT(event->envelope.event_id));
}

MR_HANDLER(festivo_ticket_ticket_cancelled_v1, cancelled)
{
    return mr_sql(
        tx,
        "INSERT INTO ticket (ticket_id, ticket_code, cancelled_at, cancel_reason, cancel_said_at,"
        " cancel_event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT (ticket_id) DO UPDATE SET cancelled_at = excluded.cancelled_at,"
        " cancel_reason = excluded.cancel_reason, cancel_said_at = excluded.cancel_said_at,"
        " cancel_event_id = excluded.cancel_event_id"
        " WHERE ticket.cancel_event_id IS NULL OR (excluded.cancel_said_at,"
        " excluded.cancel_event_id) > (ticket.cancel_said_at, ticket.cancel_event_id)",
        MR_TEXT(event->data.ticketId), MR_TEXT(event->data.ticketCode),
        MR_INT(event->data.cancellationDate), MR_TEXT(event->data.reason),
        MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));
}

const struct mr_consumer consumer_festivo_access_control = {
    .name = "festivo-access-control",
    .summary = "Keeps which tickets open the gates",
    .handles = MR_HANDLES(MR_ON(festivo_ticket_ticket_purchased_v1, purchased),
                          MR_ON(festivo_ticket_ticket_refunded_v1, refunded),
                          MR_ON(festivo_ticket_ticket_cancelled_v1, cancelled)),
    .migrations = MR_MIGRATIONS({1, tables}),
};
