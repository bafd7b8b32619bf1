#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contracts' flows - refund, entry denial, order, booking - through the real programs on the embedded broker: each is
printed as a trace, its events in order with what caused them. And sagas through kill -9, and `millrace saga`.

usage: test_flows.py BUILD_DIR    (with MILLRACE_TEST_POSTGRES=URL the stores are schemas of that database)
"""
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tap import case, main  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.path.abspath(sys.argv[1]))
MILLRACE = BUILD / "cli" / "millrace"
POSTGRES = os.environ.get("MILLRACE_TEST_POSTGRES")
FIRST = "2024-05-01T10:%02d:00Z"


class Place:
    """with Place() as p: broker and registry run, p.path is a folder of its own."""

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="millrace-flows-")
        self.path = pathlib.Path(self.holder.name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        self.env = {**kept, "MILLRACE_STATE": str(self.path / "up"), "MILLRACE_REFUND_AMOUNT": "24.99"}
        self.stores = {}
        self.run(MILLRACE, "up", "-d")
        return self

    def __exit__(self, *_):
        subprocess.run([MILLRACE, "down"], env=self.env, capture_output=True, check=False)
        self.holder.cleanup()

    def run(self, *argv, stdin="", expect=0):
        done = subprocess.run([str(word) for word in argv], env=self.env, cwd=self.path, input=stdin, capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == expect, (argv, done.returncode, done.stderr)
        return done.stdout if expect == 0 else done.stderr

    def produce(self, service, document, *options):
        self.run(BUILD / "producers" / f"{service}-producer", *options, stdin=json.dumps(document))

    def store(self, service):
        """Options that choose the service's store; on PostgreSQL it is made."""
        if not POSTGRES:
            return []
        if service not in self.stores:
            schema = f"flows_{os.getpid()}_{self.path.name[-8:]}_{service}".replace("-", "_").lower()
            self.stores[service] = f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{schema}"
            self.psql(POSTGRES, f"CREATE SCHEMA {schema}")
        return ["--store", self.stores[service]]

    def psql(self, url, text):
        out = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, url], capture_output=True, text=True,
                             check=True).stdout
        return [line.split("|") for line in out.splitlines()]

    def consumer(self, service, *options):
        return [BUILD / "consumers" / f"{service}-consumer", "--log-level", "error", *self.store(service), *options]

    def consume(self, *services):
        for service in services:
            self.run(*self.consumer(service, "--once"))

    def sagas(self, service, *options):
        out = self.run(MILLRACE, "saga", "list", "--service", service, "--json", *self.store(service), *options)
        return [json.loads(line) for line in out.splitlines()]

    def sql(self, service, text):
        if POSTGRES:
            _, url = self.store(service)
            return self.psql(url, text)
        with sqlite3.connect(self.path / f"{service}.db") as db:
            return db.execute(text).fetchall()

    def rows(self, service, text):
        """As texts, on both stores."""
        return [list(map(str, row)) for row in self.sql(service, text)]

    def sagas_now(self):
        if not POSTGRES and not (self.path / "festivo-orchestrator.db").exists():
            return []
        try:
            return [row[0] for row in self.sql("festivo-orchestrator", "SELECT state FROM mr_saga")]
        except (sqlite3.OperationalError, subprocess.CalledProcessError):  # not made yet
            return []

    def due(self, service):
        """Every deadline is now."""
        self.sql(service, "UPDATE mr_saga SET deadline = 1 WHERE deadline IS NOT NULL")

    def trace(self, name, *globs):
        """Prints the events of these topics, each after what caused it; their actions in that order."""
        events = {}
        for line in self.run(MILLRACE, "tail", "-e", "-J", *globs).splitlines():
            record = json.loads(line)
            if not record["topic"].endswith(".dlq"):
                value = record["value"]
                events[value["event_id"]] = (value["timestamp"], record["topic"].split(".", 1), value)
        print(f"# {name}")
        said = []
        self.tell(events, None, 1, said)
        assert len(said) == len(events), "an event whose cause is none of these"
        return said

    def tell(self, events, cause, depth, said):
        mine = [(when, topic, key) for key, (when, topic, value) in events.items()
                if (value["causation_id"] if value["causation_id"] in events else None) == cause]
        for _, (service, topic), key in sorted(mine):
            data = events[key][2]["data"]
            why = next((str(data[name]) for name in ("reason", "result", "errorReason", "cancellation_reason", "UpdateType")
                        if name in data), "")
            print(f"# {'  ' * depth}{topic}  {service}{'  ' + why if why else ''}")
            said.append(re.sub(r"\.v1$", "", topic))
            self.tell(events, key, depth + 1, said)


def cloud(kind, number, flow, data):
    return {"specversion": "1.0", "id": f"{flow}/{kind}/{number}", "source": "test", "type": kind, "time": FIRST % number,
            "correlationid": flow, "data": data}


def gate(name, number, ticket, when, **more):
    return cloud(f"com.festivo.access.{name}.v1", number, f"visit-{ticket}",
                 {"ticketId": ticket, "ticketCode": f"C-{ticket}", "gateId": "g-1", when: FIRST % number, "customerId": "v-1",
                  **more})


def viscount(kind, number, source, data):
    return {"event_id": f"{kind}-{number}", "correlation_id": "order_1", "timestamp": FIRST % number,
            "source_service": source, "event_version": "1.0", "event_type": kind, "data": data}


def reservation(number):
    return {"reservation_id": f"res_{number}", "product_id": f"prod_{number}", "quantity": 2, "location_id": "main",
            "order_id": "order_1", "expires_at": FIRST % 30}


@case
def a_denial_by_the_platforms_fault_becomes_a_refund():
    with Place() as p:
        p.produce("festivo-access-control", gate("entry-denied", 1, "t-1", "deniedTime", reason="System error"))
        p.consume("festivo-orchestrator", "festivo-ticket", "festivo-audit", "festivo-orchestrator", "festivo-ticket")
        assert p.trace("refund", "festivo-*.*") == [
            "access.entry-denied", "saga.completed", "saga.refund-requested", "ticket.refunded", "saga.started"]
        saga, = p.sagas("festivo-orchestrator")
        assert (saga["saga"], saga["state"], saga["why"]) == ("RefundSaga", "completed", "refund requested"), saga


@case
def a_denied_visitor_is_scanned_again_or_gets_the_money_back():
    with Place() as p:
        for ticket in ("t-1", "t-2"):
            p.produce("festivo-access-control", gate("entry-requested", 1, ticket, "requestTime"))
            p.produce("festivo-access-control", gate("entry-denied", 2, ticket, "deniedTime", reason="Area full"))
        p.consume("festivo-orchestrator")
        p.produce("festivo-access-control", gate("entry-requested", 3, "t-1", "requestTime"))
        p.consume("festivo-orchestrator")
        p.due("festivo-orchestrator")  # the quarter of an hour is over
        p.consume("festivo-orchestrator", "festivo-ticket", "festivo-audit")
        said = p.trace("entry denial", "festivo-*.*")
        assert sorted(said) == sorted(
            ["access.entry-requested"] * 3 + ["access.entry-denied", "saga.started"] * 2 + [
                "saga.completed", "saga.compensation-triggered", "saga.refund-requested", "ticket.refunded", "saga.failed"])
        states = {saga["key"]: saga["state"] for saga in p.sagas("festivo-orchestrator")}
        assert states == {"t-1": "completed", "t-2": "compensated"}, states
        assert not p.sagas("festivo-orchestrator", "--state", "running")


@case
def an_order_is_validated_with_its_reservations_and_cancelled_when_one_lapses():
    with Place() as p:
        for number in (1, 2):
            p.produce("inventory-management", viscount("inventory.reserved", number, "inventory-management-service",
                                                       reservation(number)))
        p.consume("order-management")
        p.consume("viscount-payment", "viscount-fulfillment")
        assert p.rows("viscount-fulfillment", "SELECT state, units FROM preparation_list") == [["ready", "4"]]
        released = {name: value for name, value in reservation(1).items() if name not in ("order_id", "expires_at")}
        p.produce("inventory-management", viscount("inventory.released", 31, "inventory-management-service",
                                                   {**released, "reason": "expired"}))
        p.consume("order-management", "viscount-payment", "viscount-fulfillment")
        assert p.rows("viscount-payment", "SELECT cancelled_by, refund_required FROM payment") == [["system", "0"]]
        assert p.trace("order", "inventory-management.inventory.re*", "order-management.*") == [
            "inventory.reserved", "order.validated", "inventory.reserved", "inventory.released", "order.cancelled"]
        saga, = p.sagas("order-management")
        assert (saga["state"], saga["why"]) == ("compensated", "expired"), saga
        shown = json.loads(p.run(MILLRACE, "saga", "show", saga["id"][:8], "--service", "order-management", "--json",
                                 *p.store("order-management")))
        assert [step["what"] for step in shown["steps"]] == [
            "started", "begun", "answer", "answer", "done", "begun", "compensating", "undo", "compensated"], shown
        assert '"lines[].product": ["prod_1", "prod_2"]' in shown["remembered"], shown


@case
def a_booking_asks_three_services_and_is_complete_when_they_have_answered():
    with Place() as p:
        booking, event, user = (f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2, 3))
        p.produce("ticketwave-booking", {"EventId": event, "BookingId": booking, "QuantityReduced": 2,
                                         "RequestedAt": FIRST % 1})
        p.produce("ticketwave-booking", {"BookingId": booking, "Amount": 40, "Currency": "EUR", "UserId": user,
                                         "ExpiresAt": FIRST % 30, "RequestedAt": FIRST % 1})
        p.produce("ticketwave-booking", {"BookingId": booking, "UserId": user, "EventId": event, "Quantity": 2,
                                         "TotalAmount": 40, "NotificationType": "BookingCreated", "RequestedAt": FIRST % 1})
        p.consume("ticketwave-catalog", "ticketwave-payment", "ticketwave-notification", "ticketwave-booking")
        assert p.trace("booking", "ticketwave-*.*") == [
            "inventory.update-requested", "inventory.updated", "notification.send-requested", "notification.sent",
            "payment.prepare-requested", "payment.data-prepared"]
        saga, = p.sagas("ticketwave-booking")
        assert (saga["key"], saga["state"]) == (booking, "completed"), saga


@case
def a_saga_goes_on_after_kill_9_and_does_nothing_twice():
    with Place() as p:
        argv = p.consumer("festivo-orchestrator")
        p.produce("festivo-access-control", gate("entry-denied", 1, "t-1", "deniedTime", reason="Area full"))
        for step in range(4):  # begun; at its deadline; and twice more
            program = subprocess.Popen(argv, env=p.env, cwd=p.path, stderr=subprocess.DEVNULL)
            want = "running" if step == 0 else "compensated"
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                if p.sagas_now() == [want]:
                    break
                time.sleep(0.05)
            program.send_signal(signal.SIGKILL)
            program.wait()
            assert p.sagas_now() == [want], (step, p.sagas_now())
            p.due("festivo-orchestrator")
        p.consume("festivo-orchestrator")
        ids = set()
        for line in p.run(MILLRACE, "tail", "-e", "-J", "festivo-orchestrator.*").splitlines():
            ids.add(json.loads(line)["value"]["event_id"])  # the broker may have one twice, under one id
        assert len(ids) == 4, ids  # started, compensation-triggered, refund-requested, failed


@case
def the_saga_verbs_say_what_is_wrong():
    with Place() as p:
        p.produce("festivo-access-control", gate("entry-denied", 1, "t-1", "deniedTime", reason="Area full"))
        p.consume("festivo-orchestrator", "festivo-ticket")
        where = ("--service", "festivo-orchestrator", *p.store("festivo-orchestrator"))
        assert "give --service NAME, or --store URL" in p.run(MILLRACE, "saga", "list", expect=2)
        assert "holds no sagas" in p.run(MILLRACE, "saga", "list", "--service", "festivo-ticket",
                                             *p.store("festivo-ticket"), expect=1)
        assert "there is no saga 'zz'" in p.run(MILLRACE, "saga", "show", "zz", *where, expect=1)
        assert "give one ID" in p.run(MILLRACE, "saga", "show", *where, expect=2)
        saga, = p.sagas("festivo-orchestrator", "--state", "running", "--saga", "EntryDenialSaga", "--key", "t-1")
        assert saga["deadline_at"] and not p.sagas("festivo-orchestrator", "--key", "t-2")
        shown = p.run(MILLRACE, "saga", "show", saga["id"], *where)
        for word in ("EntryDenialSaga", "deadline_at", "second-scan", "festivo-access-control.access.entry-denied.v1"):
            assert word in shown, (word, shown)
        line, = p.run(MILLRACE, "saga", "list", *where).splitlines()
        assert line.split("\t")[:2] == ["EntryDenialSaga", "t-1"], line


main()
