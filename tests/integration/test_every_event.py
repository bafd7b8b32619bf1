# SPDX-License-Identifier: Apache-2.0
"""All 82 events, from simulate through their service's producer and Apache Kafka to tail, with equal content."""
import collections

import same
from harness import SOURCE, test

EVENTS = {"bookings": 1500, "festivo": 1500, "first-viscount": 1500, "product-management": 600, "ticketwave": 600}
DATA = {"festivo": "data", "first-viscount": "data", "product-management": "data", "bookings": "payload"}
TYPE = {"festivo": "type", "first-viscount": "event_type", "product-management": "eventType", "bookings": "type"}
KEY = {"festivo": "correlationid", "first-viscount": "correlation_id", "product-management": "correlationId",
       "bookings": "correlationId", "ticketwave": "BookingId"}


class Catalogue:
    def __init__(self, t):
        self.schemas = same.Schemas(SOURCE / "schemas/avro")
        self.rows = same.load(t.run("millrace", "events", "-o", "json").out)

    def topic(self, platform, service, document):
        """The topic that a simulated document belongs to: by its type, or by its members where it has none."""
        for row in (r for r in self.rows if r["service"] == service):
            if platform in TYPE:
                if document[TYPE[platform]] in row["types"]:
                    return row["topic"]
            elif {f["name"] for f in self.schemas.data(row["topic"])[0]["fields"]} >= set(document):
                return row["topic"]
        raise AssertionError(f"{service}: no topic for {document}")


def given_events(t, catalogue, platform, folder):
    """What was simulated, by topic and key, in its order; the files are left in folder."""
    t.run("millrace", "simulate", platform, "-n", EVENTS[platform], "--seed", int(t.prefix[1:9], 16), "--split", folder)
    given = collections.defaultdict(list)
    for path in sorted(folder.glob("*.ndjson")):
        for line in path.read_text().splitlines():
            document = same.load(line)
            given[catalogue.topic(platform, path.stem, document), document[KEY[platform]]].append(document)
    return given


def shown_events(t, env, services):
    shown = collections.defaultdict(list)
    done = t.run("millrace", "tail", *[f"{service}.*" for service in services], "-o", "beginning", "-e", "-J", env=env)
    for line in done.lines():
        record = same.load(line)
        shown[record["topic"], record["key"]].append(record)
    return shown


def compare(catalogue, platform, topic, document, record):
    schema, names = catalogue.schemas.data(topic)
    value = record["value"]
    found = same.differences(schema, document.get(DATA.get(platform), document), value["data"], names, topic)
    assert not found, found
    assert value["correlation_id"] == document[KEY[platform]], value
    if platform in TYPE:
        when = document.get("timestamp") or document["time"]
        assert same.instant(value["timestamp"]) == same.instant(when), value
        given_id = document.get("event_id") or document.get("eventId") or document["id"]
        assert value["event_id"] == given_id and record["headers"]["ce_id"] == given_id, record


@test
def every_event_of_every_platform_arrives_with_equal_content(t):
    env, catalogue, seen = t.cluster(), Catalogue(t), set()
    for platform, n_events in EVENTS.items():
        folder = t.path(platform)
        given = given_events(t, catalogue, platform, folder)
        services = [path.stem for path in sorted(folder.glob("*.ndjson"))]
        delivered = 0
        for service in services:
            done = t.run(f"{service}-producer", "--json", folder / f"{service}.ndjson", env=env)
            delivered += same.load(done.out or done.err.splitlines()[-1])["delivered"]
        assert delivered == n_events, (platform, delivered)
        shown = shown_events(t, env, services)
        for (topic, key), documents in given.items():
            records = shown[topic, key]
            assert len(records) == len(documents), (topic, key, len(documents), len(records))
            for document, record in zip(documents, records):
                compare(catalogue, platform, topic, document, record)
            seen.add(topic)
    assert len(seen) == 82, 82 - len(seen)
