# SPDX-License-Identifier: Apache-2.0
"""All services at once: Apache Kafka, our registry on its topic _schemas, PostgreSQL with a schema for each
consumer, and every consumer that is built, in as many instances as one asks for.

    fleet = Fleet(t, instances=2)                # t: a harness.T; which services there are, millrace says
    fleet.start()                                # returns when all are ready
    fleet.produce("festivo", 5000, seed=7)       # simulated events through the platform's producers
    fleet.instances("festivo-audit")[0].kill()   # also .pause() .wake(); fleet.start_instance("festivo-audit")
    fleet.restart_broker()                       # also restart_registry, restart_postgres
    fleet.drain(120)                             # until all that was written is read, handled, published, no timer near
    summaries = fleet.stop()                     # SIGTERM; {service: [what each instance counted]}
"""
import json
import os
import re
import signal
import socket
import struct
import time
import urllib.request

import components
from components import free_port, wait_for
from harness import BUILD

SOON = 10  # seconds: a saga's timer this near is waited for, so that none fires between the end of a drain and of all processes

class Instance:
    """One process of a consumer."""

    def __init__(self, service, number, running, has_health):
        self.service, self.number, self.running, self.has_health = service, number, running, has_health
        self.name, self.paused = f"{service}-{number}", False

    def kill(self):
        self.running.kill()

    def pause(self):
        self.running.signal(signal.SIGSTOP)
        self.paused = True

    def wake(self):
        self.running.signal(signal.SIGCONT)
        self.paused = False

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.running.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def alive(self):
        return self.running.process.poll() is None

    def ready(self):
        """By its own word, /readyz, or by its log where it serves none; of a process that ended, why."""
        if not self.alive():
            raise AssertionError(f"{self.name} ended, status {self.running.process.poll()}\n{self.running.err()[-2000:]}")
        if not self.has_health:
            return "event=assigned" in self.running.err()
        address = re.search(r"event=metrics .*address=(\S+)", self.running.err())
        return address is not None and answers_ok(address[1], "/readyz")

    def finish(self, seconds):
        """SIGTERM, if it still runs; its summary, or None of one that was killed."""
        if self.paused:
            self.wake()
        if self.alive():
            self.running.signal(signal.SIGTERM)
        done = self.running.wait(seconds)
        if done.status != 0 and done.status != -signal.SIGKILL:
            raise AssertionError(f"{self.name}: exit {done.status}\n{done.err[-2000:]}")
        return json.loads(done.lines()[-1]) if done.lines() else None


class Fleet:
    def __init__(self, t, instances=1, services=None, options=()):
        """services: only these; options: more words for every consumer."""
        self.t, self.n_instances, self.options = t, instances, [*map(str, options)]
        self.kafka = components.Kafka(t.folder / "kafka")
        built = {path.name.removesuffix("-consumer") for path in (BUILD / "consumers").glob("*-consumer")
                 if path.is_file() and os.access(path, os.X_OK)}
        self.topics = json.loads(t.run("millrace", "events", "-o", "json").out)
        self.groups = {}  # service -> the topics that it reads
        for topic in self.topics:
            for group in topic["consumers"]:
                if group["group"] in built and (services is None or group["group"] in services):
                    self.groups.setdefault(group["group"], []).append(topic["topic"])
        any_one = next(iter(self.groups), None)
        self.has_health = any_one is not None and "--metrics" in t.run(f"{any_one}-consumer", "--help").out
        self.partitions = {topic["topic"]: topic["partitions"] for topic in self.topics}
        self.postgres = components.PostgreSQL(t.folder / "postgres", connections=50 + 4 * instances * len(self.groups))
        self.running = {service: [] for service in self.groups}
        self.registry, self.registry_port = None, free_port()
        self.stores = {}
        self.env = {}

    # ---- start ----
    def start(self):
        """Everything, and every instance ready."""
        self.start_cluster()
        for service in sorted(self.groups):
            for _ in range(self.n_instances):
                self.start_instance(service)
        self.wait_ready(120)

    def start_cluster(self):
        """Kafka, registry, PostgreSQL, topics, schemas; no service yet."""
        self.t.running += [self.kafka, self.postgres]
        # here no shop writes prices into festivo-ticket's table, so refunds tell an amount
        self.env = {"MILLRACE_BROKERS": self.kafka.start(), "MILLRACE_REGISTRY": f"http://127.0.0.1:{self.registry_port}",
                    "MILLRACE_REFUND_AMOUNT": "24.99"}
        self.postgres.start()
        self.start_registry()
        self.t.run("millrace", "topics", "create", env=self.env)
        self.t.run("millrace", "schema", "register", env=self.env)
        for service in self.groups:
            self.stores[service] = self.postgres.schema(schema_of(service))

    def start_registry(self):
        """As a supervisor does: again, where the brokers that come back are not ready for it."""
        deadline = time.monotonic() + 60
        while True:
            self.registry = self.t.start("millrace", "registry", "serve", "--store", "kafka", "--listen",
                                         f"127.0.0.1:{self.registry_port}", env=self.env)
            try:
                return self.registry.wait_for("event=listening", 60)
            except AssertionError as ended:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{ended}\n{self.registry.err()[-2000:]}") from None
                print("# registry:", *self.registry.err().strip().splitlines()[-1:], flush=True)
                time.sleep(0.5)

    def start_instance(self, service, *options):
        words = ["--store", self.stores[service], "--json", *self.options, *map(str, options)]
        if self.has_health:
            words += ["--metrics", "127.0.0.1:0"]
        started = self.t.start(f"{service}-consumer", *words, env=self.env)
        instance = Instance(service, len(self.running[service]), started, self.has_health)
        self.running[service].append(instance)
        return instance

    def wait_ready(self, seconds):
        for service in self.groups:
            for instance in self.instances(service):
                wait_for(instance.ready, seconds, f"{instance.name} is ready")

    # ---- faults ----
    def instances(self, service=None):
        """Those that run, of one service or of all."""
        of = [service] if service else self.groups
        return [one for name in of for one in self.running[name] if one.alive()]

    def restart_broker(self, away=0, kill=False):
        stop_server(self.kafka, kill)
        time.sleep(away)
        self.kafka.launch()

    def restart_registry(self, away=0, kill=True):
        self.registry.kill() if kill else self.registry.signal(signal.SIGTERM)
        self.registry.wait(30)
        time.sleep(away)
        self.start_registry()

    def restart_postgres(self, away=0, kill=True):
        self.postgres.stop_server(signal.SIGQUIT if kill else signal.SIGINT)
        time.sleep(away)
        self.postgres.launch()

    # ---- events ----
    def produce(self, platform, n, seed, *options):
        """{service: summary of its producer} of n simulated events; with options such as --bad 1."""
        folder = self.t.path(f"{platform}-{seed}")
        self.t.run("millrace", "simulate", platform, "-n", n, "--seed", seed, "--split", folder, *options, seconds=300)
        made = {}
        for path in sorted(folder.glob("*.ndjson")):
            done = self.t.run(f"{path.stem}-producer", path, "--json", env=self.env, seconds=600, expect=None)
            if done.status not in (0, 1) or not done.lines():
                raise AssertionError(f"{path.stem}-producer: exit {done.status}\n{done.err[-2000:]}")
            made[path.stem] = done.json_lines()[-1]
        return made

    def ends(self, topics=None):
        """{(topic, partition): number of records} of all topics of the catalogue, dead letters too."""
        wanted = dict(self.partitions if topics is None else {topic: self.partitions[topic] for topic in topics})
        if topics is None:
            wanted |= {dead_letters(topic["service"]): 1 for topic in self.topics}
            wanted |= {dead_letters(service): 1 for service in self.groups}
        return list_offsets(self.kafka.port, wanted)

    # ---- what the stores say ----
    def ask(self, sql, services=None):
        """[(service, cell, ...)] of one query in the store of each service; {schema} stands for its schema's name."""
        parts = [f"SELECT '{service}', " + sql.replace("{schema}", f'"{schema_of(service)}"') for service in services or self.groups]
        return [tuple(row) for row in self.postgres.sql(" UNION ALL ".join(parts))]

    def positions(self):
        """{service: {(topic, partition): next offset}}"""
        found = {service: {} for service in self.groups}
        for service, topic, part, following in self.ask("topic, part, next FROM {schema}.mr_offset"):
            found[service][topic, int(part)] = int(following)
        return found

    def waiting(self):
        """{service: events put aside + records not published yet + messages to people not settled yet}"""
        sql = ("(SELECT count(*) FROM {schema}.mr_parked_event) + (SELECT count(*) FROM {schema}.mr_outbox)"
               " + (SELECT count(*) FROM {schema}.mr_notice WHERE next_try IS NOT NULL)")
        found = {service: int(n) for service, n in self.ask(sql)}
        for service, n in self.timers(SOON):
            found[service] += int(n)
        return found

    def timers(self, seconds):
        """[(service, timers of its sagas that fire within so long)], of services that have sagas."""
        schemas = {name for name, in self.postgres.sql("SELECT table_schema FROM information_schema.tables WHERE table_name = 'mr_saga'")}
        having = [service for service in self.groups if schema_of(service) in schemas]
        sql = ("(SELECT count(*) FROM {schema}.mr_saga WHERE deadline < "
               f"{int((time.time() + seconds) * 1e6)})")
        return self.ask(sql, having) if having else []

    def behind(self):
        """{service: records not read, put aside, not published, messages not settled, timers}, of those that are not done."""
        ends, positions, waiting = self.ends(), self.positions(), self.waiting()
        lag = {service: waiting[service] + sum(
            max(0, n - positions[service].get((topic, part), 0)) for (topic, part), n in ends.items()
            if topic in topics) for service, topics in self.groups.items()}
        return {service: n for service, n in lag.items() if n}

    def drain(self, seconds):
        """Until nobody is behind, twice in a row with the same records in Kafka: what services emit is read too."""
        deadline, before = time.monotonic() + seconds, None
        while True:
            try:
                late, ends = self.behind(), self.ends()
            except OSError as away:  # the broker begins, or chooses its leaders
                late, ends = {"Kafka": str(away)}, None
            if not late and ends == before:
                return ends
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds} s these are behind: {late}")
            for service in late.keys() & self.groups.keys():
                if not self.instances(service):
                    raise AssertionError(f"{service} does not run any more\n{self.running[service][-1].running.err()[-2000:]}")
            before = None if late else ends
            time.sleep(0.5)

    def stop(self, seconds=60):
        """SIGTERM to all at once; {service: [summaries]}."""
        for instance in self.instances():
            if instance.paused:
                instance.wake()
            instance.running.signal(signal.SIGTERM)
        return {service: [summary for summary in (one.finish(seconds) for one in self.running[service]) if summary]
                for service in self.groups}


def schema_of(service):
    return service.replace("-", "_")


def dead_letters(service):
    return f"{service}.dlq"


def stop_server(component, kill):
    component.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
    component.process.wait(60)


def answers_ok(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


# ---- Kafka's own words: ListOffsets, version 1, of one broker ----
def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def list_offsets(port, topics):
    """{(topic, partition): end offset}; topics that the broker lacks are left out."""
    body = struct.pack(">ii", -1, len(topics))
    for topic, partitions in topics.items():
        body += text(topic) + struct.pack(">i", partitions)
        body += b"".join(struct.pack(">iq", part, -1) for part in range(partitions))
    answer = request(port, 2, 1, body)
    found, at = {}, 0
    (n_topics,), at = struct.unpack_from(">i", answer, at), at + 4
    for _ in range(n_topics):
        (length,) = struct.unpack_from(">h", answer, at)
        topic = answer[at + 2:at + 2 + length].decode()
        (n_partitions,) = struct.unpack_from(">i", answer, at + 2 + length)
        at += 6 + length
        for _ in range(n_partitions):
            part, error, _, offset = struct.unpack_from(">ihqq", answer, at)
            at += 22
            if error == 0:
                found[topic, part] = offset
            elif error != 3:  # unknown topic or partition
                raise OSError(f"{topic} [{part}]: Kafka's error {error}")
    return found


def request(port, key, version, body):
    head = struct.pack(">hhi", key, version, 1) + text("millrace-fleet")
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        with sock.makefile("rb") as stream:
            (length,) = struct.unpack(">i", stream.read(4))
            return stream.read(length)[4:]
