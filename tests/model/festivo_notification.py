# SPDX-License-Identifier: Apache-2.0
"""What festivo-notification knows - who holds a ticket, the programme, how full the stages are - and whom it tells."""

import collections

# who waits to be told, and whether a broadcast was news when it came, depends on the order in which topics are read
TABLES = {
    "ticket_holder": ["ticket_id", "customer_id", "ticket_code", "event_id"],
    "waiting_notice": ["event_id", "ticket_id", "kind"],
    "schedule_item": ["item_id", "stage_id", "stage_name", "artist_name", "starts_at", "ends_at", "event_id", "deleted_at",
                      "delete_event_id"],
    "programme": ["item_id", "artist_name"],
    "stage": ["stage_id", "name", "occupancy", "max_capacity", "count_event_id", "level", "level_event_id"],
}
EMITTED = ["festivo-notification.notification.sent.v1"]
TOLD = {"ticket.purchased": "ticket-purchased", "ticket.refunded": "ticket-refunded", "ticket.cancelled": "ticket-cancelled",
        "access.entry-granted": "entry-granted", "access.entry-denied": "entry-denied", "access.exit-denied": "exit-denied"}
RANK = {"normal": 0, "warning": 1, "critical": 2}


def name(event):
    return event["topic"].split(".", 1)[1].removesuffix(".v1")


def moment(event):
    return event["timestamp"], event["event_id"]


def holders(events):
    """Ticket: the youngest event that names its customer."""
    return {event["data"]["ticketId"]: event for event in events if "customerId" in event["data"]}


def model(events):
    held = holders(events)
    nameless = [event for event in events if "ticketId" in event["data"] and event["data"]["ticketId"] not in held]
    tickets = [(ticket, event["data"]["customerId"], event["data"]["ticketCode"], event["event_id"])
               for ticket, event in held.items()]
    tickets += {event["data"]["ticketId"]: (event["data"]["ticketId"], None, event["data"]["ticketCode"], None)
                for event in nameless}.values()
    items, stages = {}, {}
    for event in events:
        data, what = event["data"], name(event)
        if what.startswith("schedule."):
            items.setdefault(data["itemId"], {})["deleted" if what.endswith("deleted") else "described"] = event
        elif what.startswith("crowd."):
            stage = stages.setdefault(data["stageId"], {"level": None})
            stage["count"] = event
            level = what.removeprefix("crowd.capacity-")
            if level in RANK:
                alarm = (event["timestamp"], RANK[level], event["event_id"], level)
                stage["level"] = max(stage["level"] or alarm, alarm)
    item_rows, programme = [], []
    for item, said in items.items():
        described, deleted = said.get("described"), said.get("deleted")
        d = described["data"] if described else {}
        x = deleted["data"] if deleted else {}
        item_rows.append((item, d.get("stageId", x.get("stageId")), d.get("stageName"), d.get("artistName"), d.get("startTime"),
                          d.get("endTime"), described and described["event_id"], x.get("deletedAt"),
                          deleted and deleted["event_id"]))
        if described and (not deleted or moment(described) > moment(deleted)):
            programme.append((item, d["artistName"]))
    stage_rows = [(stage, s["count"]["data"]["stageName"], s["count"]["data"]["currentOccupancy"],
                   s["count"]["data"]["maxCapacity"], s["count"]["event_id"], s["level"] and s["level"][3],
                   s["level"] and s["level"][2]) for stage, s in stages.items()]
    return {"ticket_holder": tickets, "waiting_notice": [(event["event_id"], event["data"]["ticketId"], TOLD[name(event)])
                                                         for event in nameless],
            "schedule_item": item_rows, "programme": programme, "stage": stage_rows}


def contested(events):
    """Tickets that several customers hold by what is said: whom a refund is told to depends on what was known by then."""
    customers = collections.defaultdict(set)
    for event in events:
        if "customerId" in event["data"]:
            customers[event["data"]["ticketId"]].add(event["data"]["customerId"])
    return {ticket for ticket, those in customers.items() if len(those) > 1}


def compares(events):
    left_out = contested(events)
    tickets = {event["event_id"]: event["data"].get("ticketId") for event in events}
    return lambda event: tickets.get(event["causation_id"]) not in left_out


def emits(events):
    """To each customer, of whatever the customer's ticket went through."""
    held, left_out = holders(events), contested(events)
    for event in events:
        data = event["data"]
        if name(event) in TOLD and data["ticketId"] in held and data["ticketId"] not in left_out:
            customer = data.get("customerId", held[data["ticketId"]]["data"]["customerId"])
            yield EMITTED[0], {"recipientId": customer, "channel": "none", "notificationType": TOLD[name(event)],
                               "triggerEventType": event["event_type"]}
