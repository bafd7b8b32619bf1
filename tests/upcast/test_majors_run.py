#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two majors of one event, end to end: tests/upcast/project made into programs, on the embedded broker and registry.

usage: test_majors_run.py MILLRACE PROGRAMS_DIR SOURCE_DIR
"""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tap import case, main  # noqa: E402 (its folder is added above)

MILLRACE, PROGRAMS, SOURCE = (os.path.abspath(path) for path in sys.argv[1:4])
PROJECT = pathlib.Path(SOURCE) / "tests" / "upcast" / "project"
V1, V2, DLQ = "order-management.order.created.v1", "order-management.order.created.v2", "inventory-management.dlq"


class Shop:
    """with Shop() as s: the project's broker and registry run, and s.path is a folder of its own."""

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="millrace-majors-")
        self.path = pathlib.Path(self.holder.name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        self.env = {**kept, "MILLRACE_STATE": str(self.path / "up")}
        self.run(MILLRACE, "up", "-d", "--topics", str(PROJECT / "topics.yaml"))
        return self

    def __exit__(self, *_):
        subprocess.run([MILLRACE, "down"], env=self.env, capture_output=True, check=False)
        self.holder.cleanup()

    def run(self, *argv, stdin="", expect=0):
        done = subprocess.run(argv, env=self.env, cwd=self.path, input=stdin, capture_output=True, text=True, timeout=60)
        assert done.returncode == expect, (argv, done.returncode, done.stderr)
        return done

    def produce(self, documents, *options, expect=0):
        text = "".join(json.dumps(document) + "\n" for document in documents)
        done = self.run(f"{PROGRAMS}/order-management-producer", "--json", *options, stdin=text, expect=expect)
        return json.loads(done.stdout), done.stderr

    def consume(self, name):
        """What it counted, and its rows."""
        done = self.run(f"{PROGRAMS}/{name}-consumer", "--once", "--json", "--log-level", "error")
        with sqlite3.connect(self.path / f"{name}.db") as db:
            db.row_factory = sqlite3.Row
            return json.loads(done.stdout), [dict(row) for row in db.execute("SELECT * FROM placed ORDER BY position")]

    def records(self, topic):
        return [json.loads(line) for line in self.run(MILLRACE, "tail", "-e", "-J", topic).stdout.splitlines()]


def event(version, data):
    return {"event_id": str(uuid.uuid4()), "event_type": "order.created", "event_version": version,
            "timestamp": "2026-11-21T12:00:00Z", "correlation_id": data["order_id"],
            "source_service": "order-management", "data": data}


def address(**country):
    return {"street": "1 Main St", "city": "Springfield", "state": "IL", **country}


def old(order_id, **changed):
    place = address(zip="62701", country="US")
    return event("1.0", {"order_id": order_id, "customer_id": "c-1", "total_amount": "59.97", "currency": "usd",
                         "status": "pending", "items": [
                             {"product_id": "p-1", "quantity": 2, "unit_price": 24.99, "total_price": "49.98"},
                             {"product_id": "p-2", "quantity": 1, "unit_price": "9.99", "total_price": "9.99"}],
                         "shipping_address": place, "billing_address": place, **changed})


def line(number, price):
    amount = {"amount": price, "currency": "EUR"}
    return {"product_id": f"p-{number}", "quantity": 1, "unit_price": amount, "price": amount}


def new(order_id, prices=("5.00", "4.50")):
    place = address(postal_code="10115", country_code="DE")
    return event("2.0", {"order_id": order_id, "customer": {"id": "c-2"}, "status": "CONFIRMED",
                         "total": {"amount": "9.50", "currency": "EUR"},
                         "lines": [line(number, price) for number, price in enumerate(prices)],
                         "ship_to": place, "bill_to": place})


@case
def the_older_version_of_the_project_is_ours():
    name = "order-management/order.created.v1.avsc"
    ours = pathlib.Path(SOURCE) / "schemas" / "avro" / name
    assert ours.read_text() == (PROJECT / "schemas" / "avro" / name).read_text()


@case
def a_consumer_of_the_younger_version_reads_the_older_topic():
    with Shop() as shop:
        sent = [old("o-1"), old("o-2", status="odd")]
        said, _ = shop.produce(sent)
        assert said["delivered"] == 2, said
        assert not shop.records(V2) and len(shop.records(V1)) == 2
        counted, rows = shop.consume("inventory-management")
        assert (counted["handled"], counted["upcast"], counted["dead_lettered"]) == (2, 2, 0), counted
        assert [row["event_id"] for row in rows] == [document["event_id"] for document in sent]
        assert rows[0] == {"position": 1, "event_id": sent[0]["event_id"], "version": "2.0", "order_id": "o-1",
                           "customer_id": "c-1", "status": "PENDING", "total": "59.97", "currency": "USD", "n_lines": 2,
                           "last_price": "9.99", "country": "US", "topic": V2}, rows[0]
        assert rows[1]["status"] == "UNKNOWN", rows[1]
        counted, _ = shop.consume("inventory-management")
        assert counted["consumed"] == 0, counted  # where it was in the older topic is kept


@case
def one_document_goes_out_in_both_versions_under_one_key_and_id():
    with Shop() as shop:
        sent = [new("o-1"), new("o-2"), new("o-3")]
        said, _ = shop.produce(sent)
        assert (said["read"], said["delivered"], said["rejected"]) == (3, 3, 0), said
        young, before = shop.records(V2), shop.records(V1)
        for records, version in ((young, "2.0"), (before, "1.0")):
            assert [record["key"] for record in records] == ["o-1", "o-2", "o-3"], records
            assert [record["value"]["event_id"] for record in records] == [d["event_id"] for d in sent]
            assert {record["value"]["event_version"] for record in records} == {version}, records
        headers = [{name: value for name, value in record["headers"].items()} for record in (young[0], before[0])]
        assert headers[0] == headers[1] and headers[0]["ce_id"] == sent[0]["event_id"], headers
        data = before[0]["value"]["data"]
        assert (data["total_amount"], data["currency"], data["status"]) == ("9.50", "EUR", "confirmed"), data
        assert data["items"][1]["total_price"] == "4.50" and data["shipping_address"]["country"] == "DE", data


@case
def who_has_moved_and_who_has_not_see_each_event_once():
    with Shop() as shop:
        shop.produce([old("o-1"), new("o-1"), new("o-2"), old("o-2")])
        counted, moved = shop.consume("inventory-management")
        assert (counted["handled"], counted["duplicates"]) == (4, 2), counted
        counted, behind = shop.consume("viscount-payment")
        assert (counted["handled"], counted["duplicates"]) == (4, 0), counted
        assert sorted(row["event_id"] for row in moved) == sorted(row["event_id"] for row in behind)
        assert {row["version"] for row in moved} == {"2.0"} and {row["version"] for row in behind} == {"1.0"}


@case
def a_record_that_cannot_be_upcast_is_a_dead_letter():
    with Shop() as shop:
        place = address(zip="1", country="Germany")
        bad = old("o-1", shipping_address=place)
        shop.produce([bad, old("o-1"), old("o-2", items=[])])
        counted, rows = shop.consume("inventory-management")
        assert (counted["handled"], counted["dead_lettered"]) == (1, 2), counted
        assert len(rows) == 1
        letters = {letter["headers"]["__dlq.errors.offset"]: letter["headers"] for letter in shop.records(DLQ)}
        first = letters["0"]
        assert first["__dlq.errors.topic"] == V1 and first["mr_error_class"] == "not-upcast", first
        assert first["__dlq.errors.message"] == (f"/data/ship_to/country_code: cannot be made {V2}: "
                                                 "must have at most 2 characters (had 7)"), first
        assert "/data/lines: " in letters["2"]["__dlq.errors.message"], letters


@case
def a_document_that_fits_no_older_version_is_rejected_and_neither_is_sent():
    with Shop() as shop:
        said, err = shop.produce([new("o-1", prices=("9.50", "-1.00")), new("o-2")], expect=1)
        assert (said["delivered"], said["rejected"]) == (1, 1), said
        assert f"cannot be written as {V1} beside it: /data/items/1/" in err and "must be at least 0 (was -1)" in err, err
        for topic in (V1, V2):
            assert [record["key"] for record in shop.records(topic)] == ["o-2"]
        said, _ = shop.produce([new("o-1", prices=("-1.00",))], "--dry-run", expect=1)
        assert said["rejected"] == 1, said  # a dry run tells as well


@case
def when_the_broker_takes_one_and_not_the_other_the_document_is_rejected():
    with Shop() as shop:
        large = new("o-1", prices=["1.00"] * 200)
        shop.produce([large])
        sizes = [int(shop.run(MILLRACE, "tail", "-e", "-f", "%S\\n", topic).stdout) for topic in (V1, V2)]
        assert sizes[1] > sizes[0] + 1000, sizes
        limit = f"message.max.bytes={(sizes[0] + sizes[1]) // 2 + 400}"  # with headers and key
        said, err = shop.produce([large, new("o-2")], "-X", limit, "--rejects", "bad.ndjson", expect=1)
        assert (said["read"], said["delivered"], said["rejected"]) == (2, 1, 1), (said, err)
        kept = [json.loads(text) for text in (shop.path / "bad.ndjson").read_text().splitlines()]
        assert len(kept) == 1 and kept[0]["line"] == 1, kept
        assert len(shop.records(V1)) == 3 and len(shop.records(V2)) == 2


@case
def the_version_in_a_document_says_which_major_it_is():
    with Shop() as shop:
        late = old("o-1")
        late["event_version"] = late.pop("event_version")  # behind the data
        young = new("o-2")
        young["event_version"] = young.pop("event_version")
        odd = old("o-3")
        odd["event_version"] = "3.0"
        said, err = shop.produce([late, young, odd], expect=1)
        assert (said["delivered"], said["rejected"]) == (2, 1), (said, err)
        assert "order.created.v3, which topics.yaml does not have" in err, err
        assert [record["key"] for record in shop.records(V2)] == ["o-2"]


def killed_on_its_way(shop, argv, seconds):
    """Kills a producer that many seconds after its first record is there. How many are, in each version."""
    running = subprocess.Popen(argv, env=shop.env, cwd=shop.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        shop.run(MILLRACE, "tail", "-c", "1", V1)
        time.sleep(seconds)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    return [len(shop.records(topic)) for topic in (V1, V2)]


@case
def killed_between_the_two_it_sends_both_again_under_the_same_id():
    with Shop() as shop:
        sent = [new(f"o-{number}") for number in range(6000)]
        (shop.path / "orders.ndjson").write_text("".join(json.dumps(document) + "\n" for document in sent))
        argv = [f"{PROGRAMS}/order-management-producer", "--checkpoint", "state", "--checkpoint-every", "10ms",
                "-X", "linger.ms=1", "-X", "batch.num.messages=1", "-X", "max.in.flight=1", "orders.ndjson"]
        counts = [killed_on_its_way(shop, argv, seconds) for seconds in (0, 0.02, 0.03)]
        assert 0 < counts[0][0] and min(counts[0]) < len(sent), counts
        shop.run(*argv)
        ids = {document["event_id"] for document in sent}
        for topic in (V1, V2):
            seen = [record["value"]["event_id"] for record in shop.records(topic)]
            assert set(seen) == ids, (topic, len(set(seen)), len(ids), counts)
        counted, rows = shop.consume("inventory-management")
        assert counted["handled"] == len(sent) and len(rows) == len(sent), counted
        assert counted["duplicates"] >= len(sent), counted


main()
