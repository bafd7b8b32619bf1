#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A day of all five platforms through all services, on Apache Kafka and PostgreSQL; then the counts.

usage: services.py [EVENTS [INSTANCES]]    events of each platform (day: as below), instances of each consumer (1)

What is not equal is said, and makes the exit status 1. Environment: MILLRACE_BUILD; MILLRACE_KEEP=1 keeps all logs.
"""
import sys
import time

import harness
from fleet import Fleet, dead_letters

# What `millrace simulate` makes of a day; TicketWave's sales of 28 minutes stand for its day of a million.
DAY = {"bookings": 5800, "festivo": 7700, "first-viscount": 22500, "product-management": 2700, "ticketwave": 20000}
READ = ("handled", "duplicates", "filtered", "tombstones", "dead_lettered")  # each record read is one of these


class Day:
    """What happened, and what of it is not as it must be. events: of each platform; None: a day's."""

    def __init__(self, t, events, instances=1, seed=1, say=print):
        self.fleet, self.seed, self.say = Fleet(t, instances), seed, say
        self.events = {platform: events or n for platform, n in DAY.items()}
        self.begun, self.mistakes = time.monotonic(), []

    def run(self):
        fleet = self.fleet
        fleet.start()
        n = len(fleet.instances())
        self.step(f"{len(fleet.groups)} services, {n} processes on Apache Kafka and PostgreSQL are ready")
        made = [fleet.produce(platform, n, self.seed + i) for i, (platform, n) in enumerate(self.events.items())]
        self.delivered = sum(summary["delivered"] for services in made for summary in services.values())
        self.step(f"{self.delivered} events of {len(DAY)} platforms delivered by "
                  f"{sum(map(len, made))} producers")
        self.ends = fleet.drain(120 + sum(self.events.values()) // 100)
        self.positions = fleet.positions()
        (connections,) = fleet.postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0]
        memory = [instance.memory() / 2**20 for instance in fleet.instances()]
        self.step(f"all is read and published; {max(memory):.0f} MiB in the largest process, {sum(memory):.0f} in all, "
                  f"{int(connections) - 1} connections to PostgreSQL")
        self.summaries = fleet.stop()
        self.check()
        self.step("stopped")
        return self.mistakes

    def step(self, what):
        self.say(f"{time.monotonic() - self.begun:6.1f} s  {what}")

    # ---- counts ----
    def records(self, topics):
        return sum(n for (topic, _), n in self.ends.items() if topic in topics)

    def counted(self, service, name):
        return sum(summary.get(name, 0) for summary in self.summaries[service])

    def same(self, what, ours, wanted):
        if ours != wanted:
            self.mistakes.append(f"{what}: {ours}, not {wanted}")
        return ours == wanted

    def check(self):
        fleet = self.fleet
        self.say(f"\n{'':5} {'service':32} {'topics':>6} {'records':>8} {'handled':>8} {'repeats':>8} {'filtered':>8} "
                 f"{'emitted':>8} {'dead':>5}")
        for service in sorted(fleet.groups):
            self.check_service(service)
        topics = set(fleet.partitions)
        emitted = sum(self.counted(service, "published") for service in fleet.groups)
        self.say("")
        self.line("topics of the catalogue with records = all", len([t for t in topics if self.records([t])]), len(topics))
        self.line("delivered by producers + published by consumers = records in Kafka", self.delivered + emitted,
                  sum(self.ends.values()))
        self.line("dead letters = none", self.records({dead_letters(s) for s in
                                                       {*fleet.groups, *(t["service"] for t in fleet.topics)}}), 0)

    def check_service(self, service):
        topics, position = self.fleet.groups[service], self.positions[service]
        good = all([self.same(f"{service}: read of {topic}", sum(n for (name, _), n in position.items() if name == topic),
                              self.records([topic])) for topic in topics])
        counts = {name: self.counted(service, name) for name in (*READ, "emitted")}
        good &= self.same(f"{service}: {' + '.join(READ)}", sum(counts[name] for name in READ), self.records(topics))
        good &= self.same(f"{service}: dead letters", counts["dead_lettered"], 0)
        self.say(f"{'ok' if good else 'WRONG':5} {service:32} {len(topics):6} {self.records(topics):8} {counts['handled']:8} "
                 f"{counts['duplicates']:8} {counts['filtered']:8} {counts['emitted']:8} {counts['dead_lettered']:5}")

    def line(self, what, ours, wanted):
        good = self.same(what, ours, wanted)
        self.say(f"{'ok' if good else 'WRONG':5} {what:70} {ours:8} = {wanted}")


def main():
    words = [int(word) if word != "day" else None for word in sys.argv[1:3]]
    events, instances = [*words, *(None, 1)[len(words):]]
    return harness.alone("services", lambda t: Day(t, events, instances).run())


if __name__ == "__main__":
    sys.exit(main())
