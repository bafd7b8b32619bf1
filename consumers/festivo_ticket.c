/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-ticket: gives the money for a ticket back when the orchestrator asks for it, once. */
#include <string.h>

#include "festivo_orchestrator.gen.h"
#include "festivo_ticket.gen.h"
#include "millrace/consumer.h"

struct tickets {
    const char *unknown; /* option: what becomes of a ticket that the shop never wrote here */
};

/* The contract gives the service no event of its own sales: the shop writes what it sells and
 * cancels into `ticket`, before it publishes it. A cancelled ticket can still be refunded. Each
 * request is a row; those after the first refund point to what had been done. */
static const char tables[] =
    "CREATE TABLE ticket ("
    " ticket_id TEXT NOT NULL PRIMARY KEY, ticket_code TEXT NOT NULL, price TEXT,"
    " sold_at INTEGER, cancelled_at INTEGER, refunded_at INTEGER, refund_amount TEXT,"
    " refund_request_id TEXT,"
    " state TEXT NOT NULL GENERATED ALWAYS AS (CASE WHEN refunded_at IS NOT NULL THEN 'refunded'"
    "  WHEN cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'sold' END) VIRTUAL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE refund_request ("
    " request_id TEXT NOT NULL PRIMARY KEY, ticket_id TEXT NOT NULL, reason TEXT NOT NULL,"
    " amount TEXT NOT NULL, requested_at INTEGER NOT NULL, correlation_id TEXT NOT NULL,"
    " refunded INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX refund_request_by_ticket ON refund_request (ticket_id);"
    "CREATE INDEX refund_request_by_day ON refund_request (requested_at);"
    "CREATE INDEX ticket_by_code ON ticket (ticket_code)";

/* What is asked for, and what is known of the ticket. */
struct refund {
    const struct festivo_orchestrator_saga_refund_requested_v1 *event;
    bool known; /* by the shop's word */
    struct mr_str code, price;
    int64_t refunded_at;      /* 0: not yet */
    struct mr_decimal amount; /* that goes back */
};

/* Whether what the shop knows of the ticket speaks against the refund. The orchestrator hears of no
 * prices: who asks for 0 asks for what was paid. Where nobody knows that, the ticket would be gone
 * and no money back. */
static int check(struct mr_tx *tx, struct refund *refund)
{
    const struct tickets *self = mr_tx_self(tx);
    struct mr_decimal paid, rest;

    if (!refund->known && strcmp(self->unknown, "refund") != 0)
        return mr_tx_invalid(tx, "a refund for a ticket that was never sold: it is not in the"
                                 " table ticket");
    if (refund->known && !mr_str_eq(refund->code, refund->event->data.ticketCode))
        return mr_tx_invalid(tx, "a refund for a ticket that was sold with another ticketCode");
    if (refund->price.len == 0)
        return refund->amount.unscaled != 0
                   ? 0
                   : mr_tx_invalid(tx, "a refund of nothing, for a ticket whose price is not in the"
                                       " table ticket: write it there, then redrive");
    if (mr_decimal_parse(refund->price, &paid) != 0)
        return mr_tx_invalid(tx, "ticket.price is not an amount: mend the table, then redrive");
    if (mr_decimal_sub(paid, refund->amount, &rest) != 0 || rest.unscaled < 0)
        return mr_tx_invalid(tx, "a refund of more than the ticket's price");
    if (refund->amount.unscaled == 0)
        refund->amount = paid;
    return 0;
}

/* The ticket's row, which is locked: another flow may ask for the same ticket. */
static int find(struct mr_tx *tx, struct refund *refund)
{
    struct mr_str ticket_id = refund->event->data.ticketId;
    int64_t known;

    int r = mr_sql(tx,
                   "INSERT INTO ticket (ticket_id, ticket_code) VALUES (?1, ?2)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET ticket_code = ticket.ticket_code",
                   MR_TEXT(ticket_id), MR_TEXT(refund->event->data.ticketCode));
    if (r != 0)
        return r;
    r = mr_sql_row(tx,
                   MR_INTO(MR_INTO_TEXT(&refund->code), MR_INTO_TEXT(&refund->price),
                           MR_INTO_INT(&refund->refunded_at), MR_INTO_INT(&known)),
                   "SELECT ticket_code, price, refunded_at, CASE WHEN sold_at IS NULL"
                   " AND cancelled_at IS NULL THEN 0 ELSE 1 END FROM ticket WHERE ticket_id = ?1",
                   MR_TEXT(ticket_id));
    refund->known = r == 0 && known != 0;
    return r;
}

static int give_back(struct mr_tx *tx, const struct refund *refund)
{
    const struct festivo_orchestrator_saga_refund_requested_v1 *event = refund->event;
    struct festivo_ticket_ticket_refunded_v1 refunded = {
        .data = {.ticketId = event->data.ticketId,
                 .ticketCode = event->data.ticketCode,
                 .reason = event->data.reason,
                 .refundAmount = refund->amount,
                 .refundDate = mr_tx_now(tx)}};

    int r = mr_sql(tx,
                   "UPDATE ticket SET refunded_at = ?2, refund_amount = ?3, refund_request_id = ?4"
                   " WHERE ticket_id = ?1",
                   MR_TEXT(event->data.ticketId), MR_INT(mr_tx_now(tx)), MR_DECIMAL(refund->amount),
                   MR_TEXT(event->envelope.event_id));
    return r != 0 ? r : mr_emit(tx, festivo_ticket_ticket_refunded_v1, &refunded);
}

/* A ticket's money goes back once, however often it is asked for. */
MR_HANDLER(festivo_orchestrator_saga_refund_requested_v1, refund_requested)
{
    struct refund refund = {.event = event, .amount = event->data.refundAmount};

    int r = find(tx, &refund);
    if (r == 0 && refund.refunded_at == 0)
        r = check(tx, &refund);
    if (r == 0)
        r = mr_sql(tx, "INSERT INTO refund_request VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                   MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.ticketId),
                   MR_TEXT(event->data.reason), MR_DECIMAL(event->data.refundAmount),
                   MR_INT(event->data.requestedAt), MR_TEXT(event->envelope.correlation_id),
                   MR_BOOL(refund.refunded_at == 0));
    return r != 0 || refund.refunded_at != 0 ? r : give_back(tx, &refund);
}

static const char *const unknown_choices[] = {"refund", "dead-letter", NULL};

const struct mr_consumer consumer_festivo_ticket = {
    .name = "festivo-ticket",
    .summary = "Refunds the tickets that the orchestrator asks for",
    .handles = MR_HANDLES(MR_ON(festivo_orchestrator_saga_refund_requested_v1, refund_requested)),
    .emits = MR_EMITS(&topic_festivo_ticket_ticket_refunded_v1),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct tickets),
    .options = MR_OPTIONS(MR_OPT_CHOICE(
        struct tickets, unknown, .name = "unknown-ticket", .def = "refund",
        .choices = unknown_choices,
        .help = "What becomes of a refund for a ticket that the shop never wrote here")),
};
