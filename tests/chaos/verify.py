# SPDX-License-Identifier: Apache-2.0
"""The end of the chaos test: what is in Kafka and in the stores beside what must be, computed by readers and models that
share no code with ours."""
import collections
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "model")]
import avro_reader  # noqa: E402 (its folder is added above)
import check  # noqa: E402
import kafka_reader  # noqa: E402
from feed import BAD_KEY  # noqa: E402
from fleet import dead_letters, schema_of  # noqa: E402


def model_of(service):
    """The module, or None of a service that has none."""
    if not (HERE.parent / "model" / f"{service.replace('-', '_')}.py").exists():
        return None
    return importlib.import_module(service.replace("-", "_"))


class Verdict:
    def __init__(self, fleet, expected, say):
        self.fleet, self.expected, self.say = fleet, expected, say
        self.mistakes, self.events, self.bad, self.n_records = [], {}, [], 0
        self.decoder = avro_reader.Decoder(fleet.env["MILLRACE_REGISTRY"])

    def wrong(self, text):
        self.mistakes.append(text)

    def run(self):
        self.read_topics()
        self.check_input()
        n_rows = sum(self.check_service(service) for service in sorted(self.fleet.groups))
        n_dead = sum(self.check_dead(service) for service in sorted(self.fleet.groups))
        models = sum(model_of(service) is not None for service in self.fleet.groups)
        self.say(f"{self.n_records} records, {sum(map(len, self.events.values()))} events, {n_rows} rows of {models} models in "
                 f"{len(self.fleet.groups)} services, {n_dead} dead letters of {len(self.bad)} bad records")
        return self.mistakes

    # ---- Kafka ----
    def read_topics(self):
        seen = {}
        for record in kafka_reader.read(self.fleet.env["MILLRACE_BROKERS"], set(self.fleet.partitions)):
            self.n_records += 1
            if (record.key or b"").startswith(BAD_KEY.encode()):
                if record.value is not None:
                    self.bad.append(record)
                continue
            event = {"topic": record.topic} | self.decoder.decode(record.value)
            known = seen.setdefault((record.topic, event["event_id"]), record.value)
            if known != record.value:
                self.wrong(f"{record.topic}: {event['event_id']} is there with two contents")
            self.events.setdefault(record.topic, {})[event["event_id"]] = event

    def check_input(self):
        """All that breaks no rule is there; what nobody wrote has a cause that is there."""
        everything = {id for events in self.events.values() for id in events}
        lost = self.expected - everything
        if lost:
            self.wrong(f"{len(lost)} events were lost on the way to Kafka: {sorted(lost)[:5]}")
        for topic, events in self.events.items():
            for id, event in events.items():
                if id not in self.expected and event["causation_id"] not in everything:
                    self.wrong(f"{topic}: {id} was written by nobody")

    # ---- stores ----
    def of(self, topics):
        found = [event for topic in topics for event in self.events.get(topic, {}).values()]
        return sorted(found, key=lambda event: (event["timestamp"], event["event_id"]))

    def check_service(self, service):
        module = model_of(service)
        if module is None:
            return 0
        events = self.of(self.fleet.groups[service])
        own = [topic["topic"] for topic in self.fleet.topics if topic["service"] == service]
        emitted = [event for event in self.of(own) if event["event_id"] not in self.expected]
        try:
            n = check.compare(module, events, lambda table, columns: check.postgres_rows(
                self.fleet.postgres, schema_of(service), table, columns))
            check.compare_emitted(module, events, emitted)
            return n
        except check.Differs as why:
            self.wrong(f"{service}: {why}")
            return 0

    def check_dead(self, service):
        """Each bad record of its topics once, though a letter may be there twice."""
        found = collections.Counter()
        for letter in kafka_reader.read(self.fleet.env["MILLRACE_BROKERS"], {dead_letters(service)}):
            headers = dict(letter.headers)
            if headers.get("__dlq.errors.group", b"").decode() == service:
                found[tuple(headers[f"__dlq.errors.{name}"].decode() for name in ("topic", "partition", "offset"))] += 1
        wanted = {(record.topic, str(record.partition), str(record.offset)) for record in self.bad
                  if record.topic in self.fleet.groups[service]}
        module = model_of(service)
        refused = module.dead(self.of(self.fleet.groups[service])) if hasattr(module, "dead") else 0
        if wanted - found.keys() or len(found.keys() - wanted) != refused:
            self.wrong(f"{service}: {len(found)} records are dead letters, not {len(wanted) + refused}; "
                       f"missing {sorted(wanted - found.keys())[:3]}, too many {sorted(found.keys() - wanted)[:3]}")
        return len(found)
