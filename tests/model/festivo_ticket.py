# SPDX-License-Identifier: Apache-2.0
"""What festivo-ticket keeps and says: every request for a refund, and one refund a ticket."""

import collections

# when money went back is the clock's; which of several requests for one ticket came first is the topic's order, so what
# they disagree about is left out
AGREED = "CASE WHEN (SELECT count(DISTINCT r.amount) FROM refund_request AS r WHERE r.ticket_id = ticket.ticket_id) = 1" \
    " THEN refund_amount END"
TABLES = {
    "refund_request": ["request_id", "ticket_id", "reason", "amount", "requested_at", "correlation_id"],
    "ticket": ["ticket_id", "ticket_code", "state", AGREED],
}


def requests(events):
    """The requests for each ticket."""
    found = collections.defaultdict(list)
    for event in events:
        found[event["data"]["ticketId"]].append(event["data"])
    return found


def agreed(data, *names):
    """Whether all requests for a ticket say the same."""
    return len({tuple(each[name] for name in names) for each in data}) == 1


def model(events):
    rows = [(event["event_id"], data["ticketId"], data["reason"], data["refundAmount"], data["requestedAt"],
             event["correlation_id"]) for event in events for data in [event["data"]]]
    return {"refund_request": rows,
            "ticket": [(ticket, data[0]["ticketCode"], "refunded",
                        data[0]["refundAmount"] if agreed(data, "refundAmount") else None)
                       for ticket, data in requests(events).items()]}


def emits(events):
    for data in requests(events).values():
        if agreed(data, "reason", "refundAmount"):
            yield "festivo-ticket.ticket.refunded.v1", {name: data[0][name] for name in (
                "ticketId", "ticketCode", "reason", "refundAmount")}


def compares(events):
    of = requests(events)
    return lambda event: agreed(of[event["data"]["ticketId"]], "reason", "refundAmount")
