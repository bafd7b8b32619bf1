# SPDX-License-Identifier: Apache-2.0
"""confluent-kafka's registry client, serializer and deserializer, driven line by line: see ../README.md."""
import datetime
import decimal
import json
import sys
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import (Schema, SchemaReference, SchemaRegistryClient,
                                             header_schema_id_serializer)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def made(ask):
    references = [SchemaReference(one["name"], one["subject"], one["version"]) for one in ask.get("references", [])]
    return Schema(ask["schema"], "AVRO", references)


def shown(registered):
    return {"id": registered.schema_id, "version": registered.version, "schema": registered.schema.schema_str}


def plain(value):
    """A decoded value as `millrace tail` would print it."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, decimal.Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, (datetime.date, uuid.UUID)):
        return str(value)
    return value.decode("latin-1") if isinstance(value, bytes) else value


def register(c, ask):
    return c.register_schema(ask["subject"], made(ask), ask.get("normalize", False))


def by_id(c, ask):
    found = c.get_schema(ask["id"], ask.get("subject"))
    references = [{"name": one.name, "subject": one.subject, "version": one.version} for one in found.references or []]
    return {"schema": found.schema_str, "references": references}


def version(c, ask):
    if ask["version"] == "latest":
        return shown(c.get_latest_version(ask["subject"]))
    return shown(c.get_version(ask["subject"], ask["version"], deleted=ask.get("deleted", False)))


def usages(c, ask):
    return [{"subject": one.subject, "version": one.version} for one in c.get_schema_versions(ask["id"])]


def compatible(c, ask):
    if ask.get("version"):
        return c.test_compatibility(ask["subject"], made(ask), ask["version"])
    return c.test_compatibility_all_versions(ask["subject"], made(ask), verbose=True)


def set_level(c, ask):
    return c.set_compatibility(ask.get("subject"), ask["level"])["compatibility"]


def reset_level(c, ask):
    return c.delete_config(ask["subject"]).compatibility_level.value


def mode(c, ask):
    return c.get_mode(ask["subject"]) if ask.get("subject") else c.get_global_mode()


def set_mode(c, ask):
    if ask.get("subject"):
        return c.update_mode(ask["subject"], ask["mode"])
    return c.update_global_mode(ask["mode"])


OPS = {
    "types": lambda c, ask: c.get_schema_types(),
    "contexts": lambda c, ask: c.get_contexts(),
    "subjects": lambda c, ask: c.get_subjects(subject_prefix=ask.get("prefix"), deleted=ask.get("deleted", False)),
    "register": register,
    "by_id": by_id,
    "guid": lambda c, ask: c.register_schema_full_response(ask["subject"], made(ask)).guid,
    "by_guid": lambda c, ask: c.get_schema_by_guid(ask["guid"]).schema_str,
    "subjects_of": lambda c, ask: c.get_subjects_by_schema_id(ask["id"]),
    "usages": usages,
    "versions": lambda c, ask: c.get_versions(ask["subject"]),
    "version": version,
    "lookup": lambda c, ask: shown(c.lookup_schema(ask["subject"], made(ask), ask.get("normalize", False))),
    "referenced_by": lambda c, ask: c.get_referenced_by(ask["subject"], ask["version"]),
    "compatible": compatible,
    "level": lambda c, ask: c.get_compatibility(ask.get("subject")),
    "set_level": set_level,
    "reset_level": reset_level,
    "mode": mode,
    "set_mode": set_mode,
    "reset_mode": lambda c, ask: c.delete_mode(ask["subject"]),
    "delete_subject": lambda c, ask: c.delete_subject(ask["subject"], ask.get("permanent", False)),
    "delete_version": lambda c, ask: c.delete_version(ask["subject"], ask["version"], ask.get("permanent", False)),
}


def native(ask):
    """How fastavro wants instants and amounts: turned back from what `consume` printed, by the paths that the test names."""
    turn = {"decimal": decimal.Decimal, "uuid": str, "instant": datetime.datetime.fromisoformat}

    def walk(value, path):
        if isinstance(value, dict):
            return {key: walk(one, f"{path}.{key}") for key, one in value.items()}
        if isinstance(value, list):
            return [walk(one, path) for one in value]
        kind = ask.get("logical", {}).get(path)
        return turn[kind](value) if kind and value is not None else value
    return lambda value, _ctx: walk(value, "")


def produce(c, ask):
    """Values through the serializer; a header form carries the GUID outside the value."""
    conf = {"auto.register.schemas": ask["how"] in ("auto", "header"), "use.latest.version": ask["how"] == "latest",
            "normalize.schemas": ask.get("normalize", False)}
    if ask["how"] == "header":
        conf["schema.id.serializer"] = header_schema_id_serializer
    serializer = AvroSerializer(c, made(ask) if "schema" in ask else None, native(ask), conf)
    producer = Producer({"bootstrap.servers": ask["brokers"], "compression.type": "lz4"})
    failed = []
    for value in ask["values"]:
        headers = []
        context = SerializationContext(ask["topic"], MessageField.VALUE, headers)
        producer.produce(ask["topic"], value=serializer(value, context), key=ask.get("key", "k"), headers=headers,
                         on_delivery=lambda error, _record: failed.append(str(error)) if error else None)
    producer.flush(30)
    if failed:
        raise RuntimeError(failed[0])
    return len(ask["values"])


def consume(c, ask):
    """n records from the given offsets of the partitions on, decoded."""
    deserializer = AvroDeserializer(c)
    consumer = Consumer({"bootstrap.servers": ask["brokers"], "group.id": "clients", "enable.auto.commit": False})
    consumer.assign([TopicPartition(ask["topic"], int(number), offset) for number, offset in ask["from"].items()])
    values = []
    while len(values) < ask["n"]:
        record = consumer.poll(30)
        if record is None or record.error():
            raise RuntimeError(f"{len(values)} of {ask['n']} records: {record and record.error()}")
        context = SerializationContext(ask["topic"], MessageField.VALUE, record.headers())
        values.append(plain(deserializer(record.value(), context)))
    consumer.close()
    return values


OPS |= {"produce": produce, "consume": consume}


def answer(url, ask):
    if ask["op"] not in OPS:
        return {"unsupported": ask["op"]}
    client = SchemaRegistryClient({"url": url, "max.retries": 0})
    try:
        return {"ok": OPS[ask["op"]](client, ask)}
    except SchemaRegistryError as error:
        return {"error": {"type": type(error).__name__, "status": error.http_status_code, "code": error.error_code,
                          "message": error.error_message}}
    except Exception as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}


for line in sys.stdin:
    print(json.dumps(answer(sys.argv[1], json.loads(line))), flush=True)
