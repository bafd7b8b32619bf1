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


def model(events):
    taken = collections.Counter()
    for event in events:
        taken[event["data"]["EventId"]] += event["data"]["QuantityReduced"]
    return {
        "event_inventory": [(name, CAPACITY, CAPACITY - n) for name, n in taken.items()],
        "reduction": [(event["event_id"], data["EventId"], data["BookingId"], data["QuantityReduced"], 1)
                      for event in events for data in [event["data"]]],
    }


def emits(events):
    """An answer to every request; how many tickets were left depends on who came first."""
    for event in events:
        data = event["data"]
        yield "ticketwave-catalog.inventory.updated.v1", {
            "EventId": data["EventId"], "BookingId": data["BookingId"], "UpdateType": "Reduced"}
