# SPDX-License-Identifier: Apache-2.0
"""Festivo's crowd on a real broker and PostgreSQL: several instances count the same areas."""
import json
import signal
import uuid

from harness import test, wait_for

CROWD = "festivo-crowd-monitor.crowd."
N = 1200  # visitors; the main area takes 1000


def passage(kind, instant, visitor, gate, second):
    time = f"2026-07-04T{10 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
    return json.dumps({
        "specversion": "1.0", "id": str(uuid.uuid4()), "source": "/festivo/access-control", "correlationid": visitor,
        "type": f"com.festivo.access.{kind}.v1", "time": time,
        "data": {"ticketId": visitor, "ticketCode": "FT-1", "gateId": gate, instant: time, "customerId": f"c-{visitor}"}})


class Crowd:
    """Instances of the monitor on one schema."""

    def __init__(self, t, env):
        self.t, self.env = t, env
        self.url = t.postgres.schema(t.prefix)
        self.main, self.camp = f"{t.prefix}-main", f"{t.prefix}-camp"
        self.words = ["--store", self.url, "--group", f"{t.prefix}-crowd", "--json", "--area", f"{self.main}=1000,Main stage",
                      "--area", f"{self.camp}={10 * N}", "--gate", f"{t.prefix}-in={self.main}",
                      "--gate", f"{t.prefix}-to-camp={self.camp}", "-X", "session.timeout.ms=6000", "--batch", "100"]

    def start(self):
        return self.t.start("festivo-crowd-monitor-consumer", *self.words, env=self.env)

    def publish(self, passages):
        path = self.t.path("passages.ndjson", "\n".join(passages) + "\n")
        self.t.run("festivo-access-control-producer", path, env=self.env, seconds=60)

    def ask(self, sql):
        return self.t.postgres.sql(f"SET search_path = {self.t.prefix}; {sql}")

    def wait_for(self, area, people):
        def probe():
            return self.ask(f"SELECT occupancy FROM area WHERE area_id = '{area}'") == [[str(people)]]
        wait_for(probe, 60, f"{people} people are in {area}")

    def told(self, what):
        """Distinct events of this run on a topic of the monitor, in order of their time."""
        done = self.t.run("millrace", "tail", f"{CROWD}{what}.v1", "-o", "beginning", "-e", "-J", env=self.env, seconds=60)
        events = {record["value"]["event_id"]: record for record in done.json_lines()
                  if record["value"]["data"]["stageId"].startswith(self.t.prefix)}
        return sorted(events.values(), key=lambda record: record["value"]["timestamp"])


@test
def instances_that_count_one_area_raise_each_alarm_once_and_lose_nobody(t):
    env = t.cluster()
    crowd = Crowd(t, env)
    running = [crowd.start() for _ in range(3)]
    for one in running:
        one.wait_for("event=assigned", seconds=60)
    visitors = [f"{t.prefix}-{i}" for i in range(N)]
    crowd.publish([passage("entry-granted", "entryTime", who, f"{t.prefix}-in", i) for i, who in enumerate(visitors)])
    crowd.wait_for(crowd.main, N)
    assert [len(crowd.told(what)) for what in ("capacity-warning", "capacity-critical", "capacity-normal")] == [1, 1, 0]
    running[0].kill()  # and while the others take over its partitions, people go on
    movers, leavers = visitors[:N // 2], visitors[N // 2:N - 100]
    crowd.publish([passage("entry-granted", "entryTime", who, f"{t.prefix}-to-camp", 5000 + i) for i, who in enumerate(movers)] +
                  [passage("exit-granted", "exitTime", who, f"{t.prefix}-out", 6000 + i) for i, who in enumerate(leavers)])
    crowd.wait_for(crowd.camp, len(movers))
    crowd.wait_for(crowd.main, 100)
    for one in running[1:]:
        one.signal(signal.SIGTERM)
        assert one.wait(30).status == 0, one.err()[-2000:]
    assert [len(crowd.told(what)) for what in ("capacity-warning", "capacity-critical", "capacity-normal")] == [1, 1, 1]
    updates = crowd.told("occupancy-updated")
    assert len(updates) == N + 2 * len(movers) + len(leavers), len(updates)  # who moves changes two areas
    for area, people in ((crowd.main, 100), (crowd.camp, len(movers))):
        of_area = [record for record in updates if record["value"]["data"]["stageId"] == area]
        counts = [record["value"]["data"]["currentOccupancy"] for record in of_area]
        assert all(abs(after - before) == 1 for before, after in zip(counts, counts[1:])), "an update is missing, or older"
        assert counts[-1] == people, counts[-1]
        assert len({record["partition"] for record in of_area}) == 1, "an area's events are one flow"
