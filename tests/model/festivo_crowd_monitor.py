# SPDX-License-Identifier: Apache-2.0
"""What festivo-crowd-monitor keeps: each ticket is where its youngest passage has it, and an area holds those in it."""
import collections

GATES = {"gate-1": "main", "gate-2": "main", "gate-3": "camp"}
AREAS = {"main": ("Main stage", 20), "camp": ("camp", 5), "festival": ("festival", 100)}
OPTIONS = ["--area", "main=20,Main stage", "--area", "camp=5", "--capacity", "100",
           *(f"--gate={gate}={area}" for gate, area in GATES.items())]

# An area where everybody's exit was read before the entry was never counted: it has no row, and nobody in it.
OCCUPIED = "area WHERE occupancy > 0"
# How full an area was in between, and so its level and what it told, depends on the order in which the topics of entries
# and exits are read: test_consumers_festivo has the alarms.
TABLES = {
    "visitor": ["ticket_id", "customer_id", "inside", "area_id", "gate_id", "passed_at", "event_id"],
    OCCUPIED: ["area_id", "name", "max_capacity", "occupancy"],
    "festival": ["entries", "exits"],
}


def model(events):
    passages, n_entries, visited = {}, 0, set()
    for event in events:
        data = event["data"]
        enters = "entryTime" in data
        n_entries += enters
        at = data["entryTime" if enters else "exitTime"]
        area = GATES.get(data["gateId"], "festival")
        passage = ((at, not enters, event["event_id"]), data["customerId"], enters, area, data["gateId"])
        passages[data["ticketId"]] = max(passages.get(data["ticketId"], passage), passage)
    inside = collections.Counter(area for _, _, enters, area, _ in passages.values() if enters)
    return {
        "visitor": [(ticket, customer, int(enters), area, gate, at, event)
                    for ticket, ((at, _, event), customer, enters, area, gate) in passages.items()],
        OCCUPIED: [(area, *AREAS[area], inside[area]) for area in AREAS if inside[area]],
        "festival": [(n_entries, len(events) - n_entries)],
    }
