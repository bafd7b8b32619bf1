# SPDX-License-Identifier: Apache-2.0
"""millrace topics create on Apache Kafka: what the catalogue wants is made, and nothing is ever changed."""
import json
import re

from harness import SOURCE, test

# The envelope of the built-in catalogue that needs least of a schema, and a service of the test's own.
SERVICE = """  - service: {service}
    platform: ticketwave
    topics:
      - topic: stock.counted.v1
        event: StockCounted
        key: id
        time: at
        partitions: 5
        retention: 3d
      - topic: stock.moved.v1
        event: StockMoved
        key: id
        time: at
        retention: forever
        cleanup: compact
"""


def catalogue(t):
    """A topics.yaml with a service whose topics no other test has; options that name it."""
    text = (SOURCE / "topics.yaml").read_text()
    head = text[:re.search(r"^services:\n", text, re.M).end()]
    schemas = t.folder / "schemas" / t.prefix
    schemas.mkdir(parents=True)
    event = (SOURCE / "schemas/avro/ticketwave-catalog/inventory.updated.v1.avsc").read_text()
    data = re.search(r'"name": "BookingId"', event)
    assert data, "the borrowed schema has changed"
    for name in ("stock.counted", "stock.moved"):
        domain, action = name.split(".")
        record = json.loads(event)
        record["name"], record["namespace"] = "Stock" + action.capitalize(), f"millrace.{t.prefix}.{domain}"
        inner = next(field["type"] for field in record["fields"] if field["name"] == "data")
        inner["name"] = record["name"] + "Data"
        inner["fields"] = [{"name": "id", "type": "string"},
                           {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]
        (schemas / f"{name}.v1.avsc").write_text(json.dumps(record, indent=2) + "\n")
    file = t.path("topics.yaml", head + SERVICE.format(service=t.prefix))
    return ["--topics", file, "--schemas", t.folder / "schemas", "-b", t.kafka]


def described(t, topic):
    said = t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--describe", "--topic", topic)
    return next(line for line in said.splitlines() if line.startswith("Topic:"))


@test
def create_makes_what_is_missing_with_its_settings_and_then_nothing(t):
    options = catalogue(t)
    t.run("millrace", "topics", "check", t.path("topics.yaml"), "--schemas", t.folder / "schemas")
    plan = t.run("millrace", "topics", "create", t.prefix, "--dry-run", *options, expect=3)
    assert sorted(line.split("\t")[1] for line in plan.lines()) == ["missing"] * 3, plan.out  # with the dead letters'
    made = t.run("millrace", "topics", "create", t.prefix, *options)
    assert "3 made" in made.err, made.err
    counted, moved = (described(t, f"{t.prefix}.stock.{name}.v1") for name in ("counted", "moved"))
    assert "PartitionCount: 5" in counted and "retention.ms=259200000" in counted, counted
    assert "cleanup.policy=compact" in moved and "retention.ms=-1" in moved, moved
    again = t.run("millrace", "topics", "create", t.prefix, *options)
    assert again.out == "" and "3 there, 0 made" in again.err, again.err
    t.run("millrace", "topics", "create", t.prefix, "--dry-run", *options)
    rows = json.loads(t.run("millrace", "topics", "list", t.prefix, "-o", "json", *options).out)
    assert all(row["cluster"]["there"] and not row["cluster"]["differences"] for row in rows), rows


@test
def what_differs_is_told_and_left_as_it_is(t):
    options, topic = catalogue(t), f"{t.prefix}.stock.counted.v1"
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", topic, "--partitions", "2",
                 "--config", "retention.ms=1000")
    before = described(t, topic)
    t.run("millrace", "topics", "create", t.prefix, *options)
    assert described(t, topic) == before
    plan = t.run("millrace", "topics", "create", t.prefix, "--dry-run", "-o", "json", *options, expect=3)
    rows = {row["topic"]: row for row in json.loads(plan.out)}
    assert rows[topic]["outcome"] == "differs", rows
    assert rows[topic]["why"] == "partitions 2, not 5; retention.ms 1000, not 259200000", rows
    assert "partitions 2, not 5" in t.run("millrace", "topics", "describe", topic, *options).out


@test
def a_cluster_that_does_not_answer_is_named(t):
    done = t.run("millrace", "topics", "list", "-b", "127.0.0.1:1", expect=1)
    assert "127.0.0.1:1" in done.err and len(done.err.splitlines()) == 1, done.err
