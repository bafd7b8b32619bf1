# SPDX-License-Identifier: Apache-2.0
"""What festivo-access-control keeps: of each ticket the youngest word on its purchase, refund and cancellation; a
ticket that was refunded or cancelled lets nobody in, also when it is said to be bought later on."""

TABLES = {
    "ticket": ["ticket_id", "ticket_code", "ticket_type", "price", "customer_id", "purchased_at", "purchase_event_id",
               "refunded_at", "refund_amount", "refund_reason", "refund_event_id", "cancelled_at", "cancel_reason",
               "cancel_event_id"],
    "admission": ["ticket_code", "ticket_id", "customer_id", "may_enter", "reason"],
}


def model(events):
    tickets = {}
    for event in events:  # by time, then id: the last one of a kind stays
        tickets.setdefault(event["data"]["ticketId"], {})[event["topic"].split(".")[2]] = event
    nothing = {"event_id": None, "data": {}}
    ticket_rows, admission_rows = [], []
    for ticket, said in tickets.items():
        bought, refunded, cancelled = (said.get(name, nothing) for name in ("purchased", "refunded", "cancelled"))
        code = next(event["data"]["ticketCode"] for event in (bought, refunded, cancelled) if event["data"])
        b, r, c = bought["data"], refunded["data"], cancelled["data"]
        ticket_rows.append((
            ticket, code, b.get("ticketType"), b.get("price"), b.get("customerId"), b.get("purchaseDate"), bought["event_id"],
            r.get("refundDate"), r.get("refundAmount"), r.get("reason"), refunded["event_id"],
            c.get("cancellationDate"), c.get("reason"), cancelled["event_id"]))
        reason = "Ticket refunded" if r else "Ticket cancelled" if c else None
        admission_rows.append((code, ticket, b.get("customerId"), 0 if reason else 1, reason))
    return {"ticket": ticket_rows, "admission": admission_rows}
