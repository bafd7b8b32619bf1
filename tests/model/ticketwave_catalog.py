# SPDX-License-Identifier: Apache-2.0
"""What ticketwave-catalog keeps while there are tickets enough for all: whose request comes last is then no matter."""
import collections

CAPACITY = 1000000
OPTIONS = ["--capacity", str(CAPACITY)]

# updated_at and decided_at are the clock's
TABLES = {
    "event_inventory": ["event_id", "capacity", "available"],
    "reduction": ["request_id", "event_id", "booking_id", "quantity", "accepted"],
}


def first_requests(events):
    """A booking takes its tickets once. The topic's order says which request was first; all but that repeat it."""
    return list({(event["data"]["BookingId"], event["data"]["EventId"]): event for event in reversed(events)}.values())


def model(events):
    taken, first = collections.Counter(), first_requests(events)
    for event in first:
        taken[event["data"]["EventId"]] += event["data"]["QuantityReduced"]
    return {
        "event_inventory": [(name, CAPACITY, CAPACITY - n) for name, n in taken.items()],
        "reduction": [(event["event_id"], data["EventId"], data["BookingId"], data["QuantityReduced"], 1)
                      for event in first for data in [event["data"]]],
    }


def emits(events):
    """An answer to every request; how many tickets were left depends on who came first."""
    for event in events:
        data = event["data"]
        yield "ticketwave-catalog.inventory.updated.v1", {
            "EventId": data["EventId"], "BookingId": data["BookingId"], "UpdateType": "Reduced"}
