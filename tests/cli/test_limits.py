#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of docs/limits.md that only a whole program can show: each bound is met, then passed."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from tap import case, main  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
MILLRACE = BUILD / "cli/millrace"
REFUNDS = BUILD / "producers/order-management-producer"
MIB = 1 << 20


class Place:
    def __enter__(self):
        self.made = tempfile.TemporaryDirectory(prefix="millrace-limits-")
        self.folder = pathlib.Path(self.made.name)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")} | {
            "MILLRACE_STATE": str(self.folder / "up"), "NO_COLOR": "1"}
        return self

    def __exit__(self, *args):
        self.made.cleanup()

    def run(self, *words, expect=0, stdin=b""):
        done = subprocess.run([str(word) for word in words], env=self.env, cwd=self.folder, input=stdin, capture_output=True,
                              timeout=60, check=False)
        assert done.returncode == expect, f"{words}: exit {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}"
        return done.stdout.decode(), done.stderr.decode()

    def file(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path


def refund(amount=0):
    return json.dumps({
        "event_id": "e", "event_type": "order.refunded", "event_version": "1.0", "timestamp": "2024-01-15T10:30:00Z",
        "correlation_id": "c", "source_service": "order-management", "data": {
            "order_id": "o", "refund_id": "r", "refund_amount": amount, "refund_reason": "x", "refund_method": "card",
            "processed_at": "2024-01-15T10:30:00Z"}}) + "\n"


@case
def a_configuration_file_has_at_most_1_mib():
    with Place() as here:
        text = "unknown = drop\n"
        fits = here.file("fits.conf", text + "#" * (MIB - len(text)))
        here.run(REFUNDS, "--dry-run", "-F", fits, stdin=refund(1).encode())
        big = here.file("big.conf", text + "#" * (MIB - len(text) + 1))
        _, err = here.run(REFUNDS, "--dry-run", "-F", big, stdin=refund(1).encode(), expect=2)
        assert "big.conf" in err and "1 MiB" in err, err


@case
def a_check_prints_its_first_10_warnings_and_counts_all():
    with Place() as here:
        out, err = here.run(REFUNDS, "--dry-run", "--json", stdin=(refund() * 25).encode())
        assert err.count("warning empty-refund") == 10, err
        assert json.loads(out)["warnings"] == 25 == json.loads(out)["checks"]["empty-refund"], out


@case
def a_checkpoint_file_has_at_most_4_mib():
    with Place() as here:
        here.file("events", refund(1))
        big = here.file("checkpoint", "millrace-checkpoint 1 order-management\n" + "#" * (4 * MIB))
        _, err = here.run(REFUNDS, "-b", "127.0.0.1:1", "-r", "http://127.0.0.1:1", "--checkpoint", big, "events", expect=2)
        assert "checkpoint" in err and "4 MiB" in err, err


@case
def store_query_takes_8_conditions():
    with Place() as here:
        with sqlite3.connect(here.folder / "s.db") as db:
            db.execute("CREATE TABLE t (a)")
            db.execute("INSERT INTO t VALUES (1)")
        words = [MILLRACE, "store", "query", "t", "--store", "sqlite:s.db", *["--where", "a=1"] * 8]
        out, _ = here.run(*words)
        assert out.startswith("1"), out
        assert "at most 8 --where" in here.run(*words, "--where", "a=1", expect=2)[1]


def nested(levels):
    """A data record with records in records, the innermost with the field `leaf`."""
    fields = [{"name": "leaf", "type": "string", "doc": "A leaf."}]
    for level in range(levels, 0, -1):
        fields = [{"name": f"r{level}", "doc": "More.", "type": {"type": "record", "name": f"StockCheckedR{level}", "doc": "A level.",
                                                                 "fields": fields}}]
    return fields


@case
def events_describe_shows_10_records_within_records():
    with Place() as here:
        head = json.loads((ROOT / "schemas/avro/order-management/order.created.v1.avsc").read_text())["fields"][:-1]
        topics = (ROOT / "topics.yaml").read_text()
        here.file("topics.yaml", topics[:topics.index("  - envelope: first-viscount")] + """\
platforms:
  - platform: shop
    title: Shop
    envelopes: [cloudevents]
services:
  - service: stock
    platform: shop
    topics:
      - topic: stock.checked.v1
        event: StockChecked
        consumers: [stock]
""")
        for levels, shown in ((9, True), (12, False)):
            data = {"type": "record", "name": "StockCheckedData", "doc": "What.", "fields": nested(levels)}
            here.file("schemas/avro/stock/stock.checked.v1.avsc", json.dumps({
                "type": "record", "name": "StockChecked", "namespace": "millrace.stock.stock", "doc": "Stock was checked.",
                "fields": head + [{"name": "data", "type": data, "doc": "What."}]}))
            out, _ = here.run(MILLRACE, "events", "describe", "StockChecked", "--topics", "topics.yaml")
            assert (".leaf" in out) == shown, (levels, out)


if __name__ == "__main__":
    main()
