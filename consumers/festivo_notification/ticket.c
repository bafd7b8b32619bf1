/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification's messages to visitors: about their tickets, and at the gates. */
#include <errno.h>

#include "festivo_access_control.gen.h"
#include "festivo_ticket.gen.h"
#include "message.h"
#include "millrace/prose.h"

/* ---- who holds a ticket ---- */

/* The oldest message that waited for this customer; MR_ABSENT: there is none. */
static int tell_waiting(struct mr_tx *tx, struct mr_str ticket_id, struct mr_str customer_id)
{
    struct mr_notice notice = {.to = customer_id};
    struct mr_str event_id;

    int r = mr_sql_row(tx,
                       MR_INTO(MR_INTO_TEXT(&event_id), MR_INTO_TEXT(&notice.kind),
                               MR_INTO_TEXT(&notice.title), MR_INTO_TEXT(&notice.text)),
                       "SELECT event_id, kind, title, body FROM waiting_notice"
                       " WHERE ticket_id = ?1 ORDER BY said_at, event_id LIMIT 1",
                       MR_TEXT(ticket_id));
    if (r == 0)
        r = mr_notify(tx, &notice);
    return r != 0 ? r
                  : mr_sql(tx, "DELETE FROM waiting_notice WHERE event_id = ?1", MR_TEXT(event_id));
}

/* A holder is known by the youngest event that names one. The row is locked from here on: see
 * tell_holder. */
static int learn(struct mr_tx *tx, struct mr_str ticket_id, struct mr_str code,
                 struct mr_str customer_id)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;

    int r = mr_sql(tx,
                   "INSERT INTO ticket_holder VALUES (?1, ?2, ?3, ?4, ?5)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET customer_id = excluded.customer_id,"
                   " ticket_code = excluded.ticket_code, said_at = excluded.said_at,"
                   " event_id = excluded.event_id WHERE ticket_holder.event_id IS NULL"
                   " OR (excluded.said_at, excluded.event_id)"
                   " > (ticket_holder.said_at, ticket_holder.event_id)",
                   MR_TEXT(ticket_id), MR_TEXT(customer_id), MR_TEXT(code), MR_INT(e->timestamp),
                   MR_TEXT(e->event_id));
    while (r == 0)
        r = tell_waiting(tx, ticket_id, customer_id);
    return r == MR_ABSENT ? 0 : r;
}

/* Tells the ticket's holder, or lets the message wait for one to be known. The holder's row is
 * locked before it is read: an event of another topic, in another process, may be naming one. */
static int tell_holder(struct mr_tx *tx, enum kind kind, struct mr_str ticket_id,
                       struct mr_str code, const char *title, const char *text)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    struct mr_str customer_id;

    int r = mr_sql(tx,
                   "INSERT INTO ticket_holder (ticket_id, ticket_code) VALUES (?1, ?2)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET ticket_code = ticket_holder.ticket_code",
                   MR_TEXT(ticket_id), MR_TEXT(code));
    if (r == 0)
        r = mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(&customer_id)),
                       "SELECT customer_id FROM ticket_holder WHERE ticket_id = ?1",
                       MR_TEXT(ticket_id));
    if (r != 0)
        return r;
    if (customer_id.len > 0)
        return festivo_tell(tx, kind, customer_id, title, text);
    if (!title || !text)
        return -ENOMEM;
    return mr_sql(tx, "INSERT INTO waiting_notice VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                  MR_TEXT(e->event_id), MR_TEXT(ticket_id), MR_TEXT_OF(festivo_kinds[kind].name),
                  MR_TEXT_OF(title), MR_TEXT_OF(text), MR_INT(e->timestamp));
}

/* ---- tickets ---- */

/* With its currency; NULL: no memory. */
static const char *amount(struct mr_tx *tx, struct mr_decimal money)
{
    const struct notification *self = mr_tx_self(tx);
    const char *text = mr_prose_money(mr_tx_arena(tx), money);

    return text && *self->currency ? PRINT(tx, "%s %s", text, self->currency) : text;
}

MR_HANDLER(festivo_ticket_ticket_purchased_v1, purchased)
{
    const char *price = amount(tx, event->data.price), *at = MR_MOMENT(event->data.purchaseDate);

    if (!price)
        return -ENOMEM;
    int r = festivo_tell(
        tx, TICKET_PURCHASED, event->data.customerId,
        PRINT(tx, "Your %.*s ticket %.*s", NAME(event->data.ticketType),
              NAME(event->data.ticketCode)),
        PRINT(tx,
              "Thank you for your purchase.\n\nTicket: %.*s (%.*s)\nPrice: %s\nBought: %s"
              "\n\nShow the code %.*s at the gate.\n",
              NAME(event->data.ticketCode), NAME(event->data.ticketType), price, at,
              NAME(event->data.ticketCode)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

MR_HANDLER(festivo_ticket_ticket_refunded_v1, refunded)
{
    const char *money = amount(tx, event->data.refundAmount),
               *at = MR_MOMENT(event->data.refundDate);

    if (!money)
        return -ENOMEM;
    return tell_holder(tx, TICKET_REFUNDED, event->data.ticketId, event->data.ticketCode,
                       PRINT(tx, "Refund for ticket %.*s", NAME(event->data.ticketCode)),
                       PRINT(tx,
                             "%s for ticket %.*s went back to you on %s.\nReason: %.*s\n\n"
                             "The ticket no longer opens the gates.\n",
                             money, NAME(event->data.ticketCode), at, NAME(event->data.reason)));
}

MR_HANDLER(festivo_ticket_ticket_cancelled_v1, cancelled)
{
    const char *at = MR_MOMENT(event->data.cancellationDate);

    return tell_holder(tx, TICKET_CANCELLED, event->data.ticketId, event->data.ticketCode,
                       PRINT(tx, "Ticket %.*s was cancelled", NAME(event->data.ticketCode)),
                       PRINT(tx,
                             "Ticket %.*s was cancelled on %s.\nReason: %.*s\n\n"
                             "It no longer opens the gates.\n",
                             NAME(event->data.ticketCode), at, NAME(event->data.reason)));
}

/* ---- gates ---- */

MR_HANDLER(festivo_access_control_access_entry_granted_v1, entry_granted)
{
    const char *at = MR_MOMENT(event->data.entryTime);

    int r = festivo_tell(
        tx, ENTRY_GRANTED, event->data.customerId, "Welcome",
        PRINT(tx,
              "You came in by gate %.*s on %s, with ticket %.*s. Enjoy the festival.\n\n"
              "If this was not you, please tell the staff at any gate.\n",
              NAME(event->data.gateId), at, NAME(event->data.ticketCode)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

MR_HANDLER(festivo_access_control_access_entry_denied_v1, entry_denied)
{
    const char *at = MR_MOMENT(event->data.deniedTime);

    int r = festivo_tell(
        tx, ENTRY_DENIED, event->data.customerId,
        PRINT(tx, "Entry denied at gate %.*s", NAME(event->data.gateId)),
        PRINT(tx,
              "Ticket %.*s did not open gate %.*s on %s.\nReason: %.*s\n\n"
              "The staff at the gate can help you. You will hear from us if money goes "
              "back to you.\n",
              NAME(event->data.ticketCode), NAME(event->data.gateId), at,
              NAME(event->data.reason)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

/* Somebody cannot leave: that is for the staff as well. */
MR_HANDLER(festivo_access_control_access_exit_denied_v1, exit_denied)
{
    const char *at = MR_MOMENT(event->data.deniedTime);

    int r = festivo_tell(tx, EXIT_DENIED, event->data.customerId,
                         PRINT(tx, "Exit denied at gate %.*s", NAME(event->data.gateId)),
                         PRINT(tx,
                               "Gate %.*s did not let you out on %s.\nReason: %.*s\n\n"
                               "The staff know of it and will help you at the gate.\n",
                               NAME(event->data.gateId), at, NAME(event->data.reason)));
    if (r == 0)
        r = festivo_tell_staff(
            tx, EXIT_HELP,
            PRINT(tx, "A visitor cannot leave by gate %.*s", NAME(event->data.gateId)),
            PRINT(tx,
                  "Gate %.*s denied an exit on %s.\nReason: %.*s\nTicket: %.*s\n"
                  "Customer: %.*s\n\nPlease help at the gate.\n",
                  NAME(event->data.gateId), at, NAME(event->data.reason),
                  NAME(event->data.ticketCode), NAME(event->data.customerId)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

MR_CHAPTER(festivo_of_tickets, MR_ON(festivo_ticket_ticket_purchased_v1, purchased),
           MR_ON(festivo_ticket_ticket_refunded_v1, refunded),
           MR_ON(festivo_ticket_ticket_cancelled_v1, cancelled),
           MR_ON(festivo_access_control_access_entry_granted_v1, entry_granted),
           MR_ON(festivo_access_control_access_entry_denied_v1, entry_denied),
           MR_ON(festivo_access_control_access_exit_denied_v1, exit_denied));
