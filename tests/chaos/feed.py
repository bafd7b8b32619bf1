# SPDX-License-Identifier: Apache-2.0
"""The input of the chaos test: what five platforms would write, in portions, by producers that are killed in between and
go on; and records that no producer of ours would write."""
import json
import random
import subprocess
import threading
import time

from lines import lines_of

PLATFORMS = ("bookings", "festivo", "first-viscount", "product-management", "ticketwave")
WINDOW = 40  # lines of a file among which their order is lost
PATIENCE = 1200  # seconds in which a portion, a third of all at most, must get through whatever happens
BAD_KEY = "chaos-bad-"


def is_whole(line):
    """A document that is cut short, at the end of a file that grows, is left until more comes."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


class Feed:
    """Of one service: its lines, and how far its producer has come with them."""

    def __init__(self, t, service, lines, env):
        self.t, self.service, self.lines, self.env = t, service, lines, env
        self.path, self.position = t.path(f"{service}.ndjson", ""), t.path(f"{service}.position")
        self.rejects = t.path(f"{service}.rejects")
        self.kills = self.runs = self.at = 0

    def expected(self):
        """The ids of all that breaks no rule, by a dry run of the whole."""
        whole = self.t.path(f"{self.service}.whole", "".join(self.lines))
        out = self.t.start(f"{self.service}-producer", whole, "--dry-run", "--print", "--log-level", "off").wait(600).out
        return {json.loads(line)["value"]["event_id"] for line in lines_of(out)}

    def more(self, share, chance):
        """Lines up to this share of all get through."""
        until = round(len(self.lines) * share)
        while 0 < until < len(self.lines) and not is_whole(self.lines[until - 1]):
            until += 1
        if until <= self.at:
            return
        with open(self.path, "a") as file:
            file.writelines(self.lines[self.at:until])
        self.at = until
        self.push(chance)

    def push(self, chance):
        deadline = time.monotonic() + PATIENCE
        while True:
            run = self.t.start(f"{self.service}-producer", self.path, "--checkpoint", self.position, "--rejects", self.rejects,
                               "--checkpoint-every", "100ms", "--json", "--log-level", "warn", "-X", "message.timeout.ms=10000",
                               env=self.env)
            self.runs += 1
            if chance.random() < 0.25:
                time.sleep(chance.uniform(0, 0.25))
                self.kills += run.process.poll() is None
                run.kill()
            done = run.wait(PATIENCE)
            summary = done.json_lines()[-1] if done.out.strip() else {}
            if done.status in (0, 1) and summary.get("complete") and summary["undelivered"] == 0:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.service}-producer does not get through: exit {done.status}\n{done.err[-2000:]}")
            time.sleep(0.2)  # the broker or the registry is away


def simulated(t, events, seed):
    """{service: lines}: some spoiled, some repeated, none far from its place."""
    found = {}
    for number, platform in enumerate(PLATFORMS):
        folder = t.path(f"in-{platform}")
        t.run("millrace", "simulate", platform, "-n", events // len(PLATFORMS), "--seed", seed + number, "--bad", 1,
              "--duplicates", 4, "--split", folder, seconds=600)
        for path in sorted(folder.glob("*.ndjson")):
            lines, chance = [f"{line}\n" for line in lines_of(path.read_text())], random.Random(f"{seed}/{path.stem}")
            for at in range(0, len(lines), WINDOW):
                part = lines[at:at + WINDOW]
                chance.shuffle(part)
                lines[at:at + WINDOW] = part
            while not is_whole(lines[-1]):
                lines.insert(0, lines.pop())
            found[path.stem] = lines
    return found


class Feeder(threading.Thread):
    """All services' portions, spread over so many seconds; `failure` says what went wrong."""

    def __init__(self, feeds, seconds, portions, seed, foreign):
        super().__init__(daemon=True)
        self.feeds, self.seconds, self.portions, self.seed, self.foreign = feeds, seconds, portions, seed, foreign
        self.failure = None

    def run(self):
        try:
            threads = [threading.Thread(target=self.feed, args=(one,)) for one in self.feeds]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except Exception as error:
            self.failure = error

    def feed(self, one):
        chance, begun = random.Random(f"{self.seed}/{one.service}/feed"), time.monotonic()
        try:
            for portion in range(1, self.portions + 1):
                time.sleep(max(0, begun + self.seconds * (portion - 1) / self.portions - time.monotonic()))
                one.more(portion / self.portions, chance)
                self.foreign(one.service, chance)
        except Exception as error:
            self.failure = error


class Foreign:
    """Records straight into topics: not Avro, of a schema that nobody knows, cut short, null; with headers of others."""

    def __init__(self, t, fleet, share):
        self.fleet, self.share, self.n, self.lock = fleet, share, 0, threading.Lock()
        self.folder = t.path("foreign")
        self.folder.mkdir()
        self.topics = {}
        for topic in fleet.topics:
            self.topics.setdefault(topic["service"], []).append(topic["topic"])

    def __call__(self, service, chance):
        if chance.random() < self.share:
            topic = chance.choice(sorted(self.topics[service]))
            self.write(topic, chance.randrange(self.fleet.partitions[topic]),
                       chance.choice([b"hello", b"\0\x7f\xff\xff\xff\x02abc", b"\0\0\0\0\x01\x02", b"{\"a\": 1}", b""]))

    def write(self, topic, partition, value):
        with self.lock:
            self.n += 1
            number = self.n
        path = self.folder / str(number)
        path.write_bytes(value)
        subprocess.run(["kcat", "-P", "-b", self.fleet.env["MILLRACE_BROKERS"], "-t", topic, "-p", str(partition), "-k",
                        f"{BAD_KEY}{number}", "-H", "x-other=1", "-H", "traceparent=nonsense", *([] if value else ["-Z"]), path],
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
