#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every event of the contracts goes through its producer unchanged; prints TAP.

Documents are made from the contracts' own words (tests/lint/contracts.py), never from our schemas; the examples that a
contract writes out whole go through as they stand there. Needs $MILLRACE_SHARED, and $MILLRACE_BUILD with the binaries.
"""
import csv
import decimal
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests" / "lint"), str(ROOT / "tests" / "support")]
import contracts  # noqa: E402
from tap import case, main  # noqa: E402

SHARED = pathlib.Path(os.environ.get("MILLRACE_SHARED", ROOT / ".." / "shared"))
BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
WHEN, WHEN_OUT = "2024-02-29T12:34:56.789+02:00", "2024-02-29T10:34:56.789000Z"
ID = "550E8400-E29B-41D4-A716-446655440000"


def sample(name, type_, all_members):
    kind = type_["kind"]
    if kind == "record":
        return {m: sample(m, t, all_members) for m, (t, optional) in type_["members"].items() if all_members or not optional}
    if kind == "array":
        return [sample(name, type_["items"], all_members)] * 2
    if kind == "map":
        return {"één": sample(name, type_["values"], all_members), "b": sample(name, type_["values"], all_members)}
    if kind == "enum":
        return type_["symbols"][-1]
    if name == "totalEvents":
        return 2  # as many as eventIds below
    return {"string": "tëxt \"1\"\n" if name not in ("currency", "Currency") else "EUR", "uuid": ID, "instant": WHEN,
            "date": "2024-03-01", "decimal": "12345678901234567890.000000009", "whole": 7, "real": 12.5, "boolean": True,
            "any": "anything"}[kind]


def money(value, least=2):
    """Without the zeros behind the least decimals shown."""
    number = decimal.Decimal(str(value)).normalize(decimal.Context(60))
    return f"{number:.{max(least, -number.as_tuple().exponent)}f}"


def expected(name, type_, value):
    """What the record must say for value: instants in UTC, UUIDs in lower case, money with the decimals it has, two at least."""
    kind = type_["kind"]
    if value is None:
        return None
    if kind == "record":
        return {m: expected(m, t, value.get(m)) for m, (t, _) in type_["members"].items()}
    if kind == "array":
        return [expected(name, type_["items"], item) for item in value]
    if kind == "map":
        return {m: expected(name, type_["values"], item) for m, item in value.items() if item is not None}
    if kind == "any":
        return value if isinstance(value, str) else json.dumps(value)
    if kind == "uuid":
        return value.lower()
    if kind == "instant":
        return WHEN_OUT if value == WHEN else value.replace("Z", ".000000Z")
    if kind == "decimal":
        return money(value)
    return value


def envelope(platform, event, type_name, topic, data):
    ce = {"specversion": "1.0", "id": ID, "source": "/src", "type": type_name, "time": WHEN, "data": data}
    own = {
        "000": ce,
        "001": {"event_id": ID, "correlation_id": "flow 1", "timestamp": WHEN, "source_service": "src", "event_version": "1.0",
                "event_type": type_name, "data": data},
        "002": {"eventId": ID, "eventType": event, "version": "1.0.0", "timestamp": WHEN, "correlationId": ID, "source": "src",
                "userId": ID, "sessionId": ID, "metadata": {"userAgent": "a", "ipAddress": "::1", "requestId": "r"}, "data": data},
        "003": {"id": "evt_1", "type": event, "timestamp": WHEN, "correlationId": "booking_1", "source": "src", "payload": data,
                "metadata": {"userId": "u", "requestId": "r", "version": "1.0", "more": [1, {"x": None}]}},
        "004": data,
    }[platform]
    yield own
    if platform != "000":
        yield dict(ce, type=topic)  # CloudEvents are accepted everywhere, by the topic's name too


def rows():
    with open(SHARED / "design" / "events.tsv", encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def types():
    """Event -> the type that its platform writes, where that is not its name."""
    festivo = (SHARED / "seeds" / next(p.name for p in (SHARED / "seeds").glob("000*"))).read_text(encoding="utf-8")
    viscount = (SHARED / "seeds" / next(p.name for p in (SHARED / "seeds").glob("001*"))).read_text(encoding="utf-8")
    found = dict(re.findall(r"#### [\d.]+ (\w+)\n\n\*\*Event Type:\*\* `([^`]+)`", festivo))
    for name, block in contracts.blocks(viscount, r"### (\w+Event)\n", "json"):
        found[name] = json.loads(block)["event_type"]
    found["NotificationSent"] = "com.festivo.notification.sent.v1"
    found["BroadcastNotificationSent"] = "com.festivo.notification.broadcast-sent.v1"
    return found


def contract_of():
    """Topic -> what the contract says; our two own events as docs/contracts.md has them."""
    text, instant = contracts.scalar("string"), contracts.scalar("instant")
    rest = {"channel": (text, False), "notificationType": (text, False), "triggerEventType": (text, True), "sentAt": (instant, False)}
    own = {"NotificationSent": contracts.record({"recipientId": (text, False), **rest}),
           "BroadcastNotificationSent": contracts.record({"audience": (text, False), **rest})}
    return {topic: type_ or own[name] for topic, name, type_ in contracts.read(SHARED)}


def produce(service, text, *args):
    done = subprocess.run([BUILD / "producers" / f"{service}-producer", "--dry-run", "--print", *args], input=text.encode(),
                          capture_output=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def through(platform, n_events):
    known, own_types, n = contract_of(), types(), 0
    for row in rows():
        if not row["seed"].startswith(platform):
            continue
        topic, event, type_ = row["topic"], row["event"], known[row["topic"]]
        for all_members in (True, False):
            data = sample("", type_, all_members)
            for document in envelope(platform, event, own_types.get(event, event), topic, data):
                args = ["--event", event] if document is data and row["topic"].startswith("ticketwave-booking") else []
                status, records, err = produce(topic.split(".")[0], json.dumps(document, ensure_ascii=all_members, indent=1), *args)
                assert status == 0 and len(records) == 1, f"{topic}: {err}"
                assert records[0]["topic"] == topic
                want = expected("", type_, data)  # cents too: the sample has nine decimals
                assert records[0]["value"]["data"] == want, f"{topic}: {records[0]['value']['data']} is not {want}"
                check_envelope(platform, topic, event, document, data, records[0])
        n += 1
    assert n == n_events, f"{n} events of {n_events}"


def check_envelope(platform, topic, event, document, data, record):
    value, headers = record["value"], record["headers"]
    assert record["key"] == value["correlation_id"]
    assert headers["ce_type"] == value["event_type"] and headers["ce_source"] == value["source_service"]
    assert headers["ce_time"] == value["timestamp"] and value["timestamp"] == WHEN_OUT
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value["event_id"])
    original = document.get("id") if isinstance(document.get("id"), str) else None
    if original == "evt_1":
        assert headers["ce_id"] == original == value["metadata"]["original_event_id"]
    else:
        assert headers["ce_id"] == value["event_id"]
    if platform == "003" and "payload" in document:
        assert value["user_id"] == "u" and value["metadata"]["more"] == '[1,{"x":null}]' and "userId" not in value["metadata"]
    if platform == "002" and "eventId" in document:
        assert value["user_id"] == value["session_id"] == ID.lower() and value["metadata"]["requestId"] == "r"
    if platform == "004" and document is data:
        assert record["key"] == data["BookingId"].lower() and value["source_service"] == topic.split(".")[0]


@case
def the_22_events_of_festivo_go_through_unchanged():
    through("000", 22)


@case
def the_15_events_of_first_viscount_go_through_unchanged():
    through("001", 15)


@case
def the_4_events_of_product_management_go_through_unchanged():
    through("002", 4)


@case
def the_35_events_of_bookings_go_through_unchanged():
    through("003", 35)


@case
def the_6_events_of_ticketwave_go_through_unchanged():
    through("004", 6)


@case
def the_examples_that_first_viscount_writes_out_go_through_as_they_stand():
    text = next((SHARED / "seeds").glob("001*")).read_text(encoding="utf-8")
    known, topics, n = contract_of(), {row["event"]: row["topic"] for row in rows()}, 0
    for event, block in contracts.blocks(text, r"### (\w+Event)\n", "json"):
        status, records, err = produce(topics[event].split(".")[0], block)
        assert status == 0 and len(records) == 1, f"{event}: {err}"
        example, value = json.loads(block), records[0]["value"]
        assert value["data"] == expected("", known[topics[event]], example["data"]), f"{event}: {value['data']}"
        assert value["correlation_id"] == example["correlation_id"] and value["event_id"] == example["event_id"]
        assert value["event_version"] == example.get("event_version", example.get("version"))
        assert value["event_type"] == example["event_type"]
        n += 1
    assert n == 15


@case
def a_ticketwave_event_is_known_by_its_members_alone():
    known = contract_of()
    for row in rows():
        if row["topic"].startswith("ticketwave-"):
            status, records, err = produce(row["topic"].split(".")[0], json.dumps(sample("", known[row["topic"]], True)))
            assert status == 0 and records[0]["topic"] == row["topic"], f"{row['topic']}: {err}"


if not (SHARED / "seeds").is_dir():
    if os.environ.get("CI"):
        sys.exit(f"{SHARED}: the contracts are missing, and CI is set")
    print(f"1..0 # SKIP the contracts are not at {SHARED}: NOTHING OF THEM WAS TESTED")
    sys.exit(0)
main()
