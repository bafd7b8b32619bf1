# SPDX-License-Identifier: Apache-2.0
"""What festivo-orchestrator keeps of gates and stages, and the refunds that it asks for at once: one for each ticket whose
holder the platform turned away by its own fault. What it does by time - the other sagas - is test_sagas.c's to show."""

import collections

DENIED, REQUESTED, NORMAL, WARNING, CRITICAL = (
    "festivo-access-control.access.entry-denied.v1", "festivo-access-control.access.entry-requested.v1",
    "festivo-crowd-monitor.crowd.capacity-normal.v1", "festivo-crowd-monitor.crowd.capacity-warning.v1",
    "festivo-crowd-monitor.crowd.capacity-critical.v1")
REFUND = "festivo-orchestrator.saga.refund-requested.v1"
AMOUNT = "24.99"
FAULTS = ("system error", "system failure", "scanner error")
OPTIONS = ["--refund-amount", AMOUNT]
EMITTED = [REFUND]

TABLES = {
    "denial": ["event_id", "ticket_id", "ticket_code", "customer_id", "gate_id", "reason", "denied_at"],
    "entry_request": ["ticket_id", "ticket_code", "customer_id", "gate_id", "requests", "requested_at"],
    "stage_state": ["stage_id", "stage_name", "state", "occupancy", "capacity", "changed_at"],
}
STATES = ["normal", "warning", "critical"]


def stages(events):
    found = {}
    for event in events:
        data, level = event["data"], [NORMAL, WARNING, CRITICAL].index(event["topic"])
        at = data["normalizedAt"] if level == 0 else data["issuedAt"]
        row = (at, level, data["currentOccupancy"], data["maxCapacity"], data["stageName"])
        found[data["stageId"]] = max(row, found.get(data["stageId"], row))
    return [(stage, name, STATES[level], occupancy, capacity, at)
            for stage, (at, level, occupancy, capacity, name) in found.items()]


def model(events):
    requests = {}
    for event in events:
        if event["topic"] == REQUESTED:
            data = event["data"]
            requests.setdefault(data["ticketId"], []).append(
                (data["requestTime"], data["gateId"], data["ticketCode"], data["customerId"]))
    return {
        "denial": [(event["event_id"], data["ticketId"], data["ticketCode"], data["customerId"], data["gateId"],
                    data["reason"], data["deniedTime"])
                   for event in events if event["topic"] == DENIED for data in [event["data"]]],
        "entry_request": [(ticket, code, customer, gate, len(rows), at) for ticket, rows in requests.items()
                          for at, gate, code, customer in [max(rows)]],
        "stage_state": stages([event for event in events if event["topic"] in (NORMAL, WARNING, CRITICAL)]),
    }


def claims(events):
    """Of each ticket what is said of it as the platform's fault denies it: (code, reason)."""
    found = collections.defaultdict(set)
    for event in events:
        data = event["data"]
        if event["topic"] == DENIED and any(word in data["reason"].lower() for word in FAULTS):
            found[data["ticketId"]].add((data["ticketCode"], data["reason"]))
    return found


def compares(events):
    """Which of several was first is the order of arrival."""
    of = claims(events)
    return lambda event: event["topic"] == REFUND and len(of[event["data"]["ticketId"]]) == 1


def emits(events):
    for ticket, said in claims(events).items():
        if len(said) == 1:
            for code, reason in said:
                yield REFUND, {"ticketId": ticket, "ticketCode": code, "refundAmount": AMOUNT, "reason": "Entry denied - " + reason}
