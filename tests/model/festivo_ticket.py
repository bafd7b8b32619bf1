# SPDX-License-Identifier: Apache-2.0
"""What festivo-ticket keeps and says: every request for a refund, and one refund a ticket."""

# when money went back is the clock's; which of several requests for one ticket came first is the topic's order
TABLES = {
    "refund_request": ["request_id", "ticket_id", "reason", "amount", "requested_at", "correlation_id"],
    "ticket": ["ticket_id", "ticket_code", "state", "refund_amount"],
}


def refunds(events):
    """Of each ticket the one refund."""
    return {event["data"]["ticketId"]: event["data"] for event in reversed(events)}


def model(events):
    requests = [(event["event_id"], data["ticketId"], data["reason"], data["refundAmount"], data["requestedAt"],
                 event["correlation_id"]) for event in events for data in [event["data"]]]
    return {"refund_request": requests,
            "ticket": [(ticket, data["ticketCode"], "refunded", data["refundAmount"])
                       for ticket, data in refunds(events).items()]}


def emits(events):
    for data in refunds(events).values():
        yield "festivo-ticket.ticket.refunded.v1", {name: data[name] for name in (
            "ticketId", "ticketCode", "reason", "refundAmount")}
