#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Festivo's services through the embedded broker, each hearing what the others say: printed as a trace.

usage: test_festivo.py BUILD_DIR
"""
import json
import os
import pathlib
import sqlite3
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("support", "model")]
from check import Programs  # noqa: E402 (its folder is added above)
from tap import case, main  # noqa: E402 (likewise)

BUILD = pathlib.Path(os.path.abspath(sys.argv[1]))
AT = "2024-07-05T18:%02d:00Z"


class Festival(Programs):
    """with Festival() as f: broker and registry run, stores are in f.folder."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="millrace-festivo-")
        super().__init__(BUILD, pathlib.Path(self.holder.name))

    def __enter__(self):
        self.millrace("up", "--background")
        return self

    def __exit__(self, *_):
        self.millrace("down", expect=(0, 1))
        self.holder.cleanup()

    def say(self, service, kind, minute, flow, data):
        path = self.folder / "event.json"
        path.write_text(json.dumps({
            "specversion": "1.0", "id": f"{flow}/{kind}/{minute}", "source": "/test", "type": f"com.festivo.{kind}.v1",
            "time": AT % minute, "correlationid": flow, "data": data}))
        self.run("producers", f"{service}-producer", path)

    def listen(self, service, *options):
        self.run("consumers", f"{service}-consumer", "--once", "--log-level", "error", *options)

    def ask(self, service, sql):
        with sqlite3.connect(self.folder / f"{service}.db") as store:
            return store.execute(sql).fetchall()

    def trace(self, name):
        """Prints every event below its cause; their actions, sorted."""
        records = [json.loads(line) for line in self.millrace("tail", "festivo-*.*", "-e", "-J").splitlines()]
        events = {record["value"]["event_id"]: record for record in records}
        print(f"# {name}")

        def tell(cause, depth):
            for key, record in sorted(events.items(), key=lambda item: (item[1]["value"]["timestamp"], item[1]["topic"])):
                if (record["value"]["causation_id"] if record["value"]["causation_id"] in events else None) == cause:
                    print(f"# {'  ' * depth}{record['topic']}")
                    tell(key, depth + 1)
        tell(None, 1)
        return sorted(record["topic"].split(".", 1)[1].removesuffix(".v1") for record in events.values())


def passage(gate, instant, minute, ticket, **more):
    return {"ticketId": ticket, "ticketCode": f"FT-{ticket}", "gateId": gate, instant: AT % minute, "customerId": "cust", **more}


@case
def a_refund_reaches_the_gate_the_customer_and_the_audit():
    with Festival() as f:
        f.listen("festivo-ticket")  # its table is there: the shop sells
        f.ask("festivo-ticket", "INSERT INTO ticket (ticket_id, ticket_code, price, sold_at) VALUES ('1', 'FT-1', '59.8', 1)")
        f.say("festivo-ticket", "ticket.purchased", 0, "visit", {
            "ticketId": "1", "ticketCode": "FT-1", "ticketType": "VIP", "price": 59.80, "purchaseDate": AT % 0,
            "customerId": "cust"})
        f.listen("festivo-access-control")
        assert f.ask("festivo-access-control", "SELECT may_enter FROM admission WHERE ticket_code = 'FT-1'") == [(1,)]
        f.say("festivo-access-control", "access.entry-denied", 1, "visit",
              passage("gate-1", "deniedTime", 1, "1", reason="System error"))
        for minute in (2, 3):  # asked for twice: the money goes back once
            f.say("festivo-orchestrator", "saga.refund-requested", minute, "visit", {
                "ticketId": "1", "ticketCode": "FT-1", "reason": "Entry denied - system error", "refundAmount": 0,
                "requestedAt": AT % minute})
        for service in ("festivo-ticket", "festivo-access-control", "festivo-notification", "festivo-audit"):
            f.listen(service)
        assert f.trace("refund") == sorted(
            ["ticket.purchased", "access.entry-denied", "ticket.refunded"] + ["saga.refund-requested"] * 2 +
            ["notification.sent"] * 3)
        assert f.ask("festivo-access-control", "SELECT may_enter, reason FROM admission") == [(0, "Ticket refunded")]
        assert f.ask("festivo-notification", "SELECT recipient, kind FROM mr_notice ORDER BY kind") == [
            ("cust", kind) for kind in ("entry-denied", "ticket-purchased", "ticket-refunded")]
        (body,), = f.ask("festivo-notification", "SELECT body FROM mr_notice WHERE kind = 'ticket-refunded'")
        assert body.startswith("59.80 for ticket FT-1 went back to you on "), body  # the price, known to the shop alone
        assert f.ask("festivo-audit", "SELECT count(*) FROM audit WHERE recipient = 'cust'") == [(3,)]


@case
def an_area_that_fills_up_alarms_staff_and_attendees_once():
    with Festival() as f:
        monitor = ["festivo-crowd-monitor", "--area", "main=4,Main stage", "--default-area", "main", "--warning", "50"]
        moves = [("entry-granted", "entryTime", (0, 1)), ("entry-granted", "entryTime", (2, 3)),
                 ("exit-granted", "exitTime", (0, 1, 2))]
        for number, (kind, instant, tickets) in enumerate(moves):
            for ticket in tickets:
                minute = 10 * number + ticket
                f.say("festivo-access-control", f"access.{kind}", minute, f"visit-{ticket}",
                      passage("gate-1", instant, minute, f"{ticket}"))
            for service in (monitor, ["festivo-notification"], ["festivo-audit"]):
                f.listen(*service)
        assert f.trace("crowd") == sorted(
            ["access.entry-granted"] * 4 + ["access.exit-granted"] * 3 + ["crowd.occupancy-updated"] * 7 + [
                "crowd.capacity-warning", "crowd.capacity-critical", "crowd.capacity-normal"] +
            ["notification.sent"] * 4 + ["notification.broadcast-sent"] * 6)
        assert f.ask("festivo-crowd-monitor", "SELECT name, occupancy, level FROM area") == [("Main stage", 1, "normal")]
        assert f.ask("festivo-notification", "SELECT occupancy, level FROM stage") == [(1, "normal")]
        assert sorted(f.ask("festivo-audit", "SELECT what, recipient FROM audit WHERE what LIKE 'capacity-%'")) == [
            (f"capacity-{level}", who) for level in ("critical", "normal", "warning") for who in ("attendees", "staff")]


main()
