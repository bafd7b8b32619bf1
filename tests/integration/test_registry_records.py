# SPDX-License-Identifier: Apache-2.0
"""Records both ways through Kafka: ours read by the deserializers of others, theirs read by `millrace tail`, equal content."""
import decimal
import json

from clients import KINDS, Client
from harness import test, wait_for

CONFLUENT_PY, CONFLUENT_JS, KAFKAJS, FRANZ = KINDS
TOPIC = "order-management.order.created.v1"
SCHEMA = json.dumps({"type": "record", "name": "sale", "namespace": "shop", "fields": [
    {"name": "number", "type": "long"},
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}},
    {"name": "state", "type": {"type": "enum", "name": "state", "symbols": ["OPEN", "PAID"], "default": "OPEN"}},
    {"name": "note", "type": ["null", "string"], "default": None},
    {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "line", "fields": [
        {"name": "sku", "type": "string"}, {"name": "weight", "type": "double"}]}}},
    {"name": "labels", "type": {"type": "map", "values": "string"}}]}, separators=(",", ":"))
LOGICAL = {".amount": "decimal", ".at": "instant"}


def sales(first, n):
    return [{"number": i, "id": f"00000000-0000-4000-8000-{i:012}", "at": f"2024-02-29T12:34:56.{i:06}Z",
             "amount": f"-{i}.{i % 9 + 1}" if i % 2 else f"{10 ** 20 + i}", "state": "PAID" if i % 3 else "OPEN",
             "note": None if i % 2 else f"ü {i} €", "lines": [{"sku": f"s{j}", "weight": j / 4} for j in range(i % 4)],
             "labels": {"k": str(i), "ключ": ""}} for i in range(first, first + n)]


def same(value):
    """Amounts by their value, whatever the number of places shown."""
    if isinstance(value, dict):
        return {key: same(one) for key, one in value.items()}
    if isinstance(value, list):
        return [same(one) for one in value]
    try:
        return decimal.Decimal(value) if isinstance(value, str) else value
    except decimal.InvalidOperation:
        return value


def ends(t, topic, partitions):
    """The end offset of each partition, as kcat tells it."""
    asked = [word for number in range(partitions) for word in ("-t", f"{topic}:{number}:-1")]
    def query():
        return t.run("kcat", "-b", t.kafka, "-Q", *asked, expect=None).lines()
    lines = wait_for(lambda: len(query()) == partitions and query(), 20, f"the leaders of {topic} are known")
    return {line.split("[")[1].split("]")[0]: int(line.rsplit(" ", 1)[1]) for line in lines}


def client(t, name, env):
    one = Client(name, env["MILLRACE_REGISTRY"], t.folder)
    t.running.append(one)
    return one


@test
def what_our_producers_write_reads_equal_in_every_client(t):
    env = t.cluster()
    before = ends(t, TOPIC, 3)
    t.run("millrace", "simulate", "first-viscount", "-n", 400, "--seed", int(t.prefix[1:8], 16), "--split", t.folder / "events")
    orders = [line for line in (t.folder / "events/order-management.ndjson").read_text().splitlines()
              if json.loads(line)["event_type"] == "order.created"]
    assert len(orders) >= 20, len(orders)
    half = len(orders) // 2
    t.run("order-management-producer", stdin="\n".join(orders[:half]), env=env)  # lz4, which kafkajs cannot read
    middle = ends(t, TOPIC, 3)
    t.run("order-management-producer", "-X", "compression.type=none", stdin="\n".join(orders[half:]), env=env)
    ids = {json.loads(line)["event_id"] for line in orders}
    shown = {one["event_id"]: same(one) for one in t.run("millrace", "tail", TOPIC, "-e", env=env).json_lines()
             if one.get("event_id") in ids}
    assert len(shown) == len(orders)
    for name in KINDS:
        plain = name in (CONFLUENT_JS, KAFKAJS)
        wanted = {json.loads(line)["event_id"] for line in (orders[half:] if plain else orders)}
        got = client(t, name, env)("consume", brokers=t.kafka, topic=TOPIC, n=len(wanted), **{"from": middle if plain else before})
        assert {one["event_id"]: same(one) for one in got} == {id: shown[id] for id in wanted}, name


def sends(t, name, hows):
    """Values through the client's serializer in each of the ways; tail shows them all, and the client reads its own."""
    topic = t.prefix + ".sales"
    env = {"MILLRACE_BROKERS": t.kafka}
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", topic, "--partitions", "1")
    registry = t.start("millrace", "registry", "serve", "--listen", "127.0.0.1:0")
    registry.wait_for("event=listening")
    env["MILLRACE_REGISTRY"] = "http://" + registry.err().split("address=")[1].split()[0]
    c = client(t, name, env)
    given = []
    for how, more in hows:
        values = sales(len(given) + 1, 7)
        assert c("produce", brokers=t.kafka, topic=topic, how=how, values=values, logical=LOGICAL, **more) == len(values)
        given += values
    shown = t.run("millrace", "tail", topic, "-e", env=env).json_lines()
    assert [same(one) for one in shown] == [same(one) for one in given], shown
    back = c("consume", brokers=t.kafka, topic=topic, n=len(given), **{"from": {"0": 0}})
    assert [same(one) for one in back] == [same(one) for one in given], back
    return t.run("millrace", "tail", topic, "-e", "-J", env=env).json_lines()


WITH = {"schema": SCHEMA}


@test
def what_confluent_python_writes_reads_equal_in_tail(t):
    records = sends(t, CONFLUENT_PY, [("auto", WITH), ("latest", {}), ("auto", WITH | {"normalize": True}), ("header", WITH)])
    framed = ["__value_schema_id" in record["headers"] for record in records]
    assert framed == [False] * 21 + [True] * 7, framed


@test
def what_confluent_javascript_writes_reads_equal_in_tail(t):
    records = sends(t, CONFLUENT_JS, [("auto", WITH), ("latest", {}), ("header", WITH)])
    framed = ["__value_schema_id" in record["headers"] for record in records]
    assert framed == [False] * 14 + [True] * 7, framed


@test
def what_kafkajs_writes_reads_equal_in_tail(t):
    sends(t, KAFKAJS, [("auto", WITH), ("latest", {})])


@test
def what_franz_go_writes_reads_equal_in_tail(t):
    sends(t, FRANZ, [("auto", WITH), ("latest", {}), ("auto", WITH | {"normalize": True})])
