# SPDX-License-Identifier: Apache-2.0
"""Mixed reads and writes against a registry, each answer compared with a model, memory and times watched.

Each connection is a process with subjects of its own, so that its model is exact while others change theirs. What they
share is checked too: a text has one id and an id one text, whoever registered it.
"""
import collections
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import socket
import time
import traceback
import urllib.parse

SUBJECTS, VERSIONS, SHARED_TEXTS = 6, 6, 40  # of one connection; versions before a subject is deleted; of all
LEVELS = ("BACKWARD", "FORWARD_TRANSITIVE", "FULL")
TYPE = {"Content-Type": "application/vnd.schemaregistry.v1+json"}


class Wrong(Exception):
    """The registry and the model disagree."""


def text_of(name, n_fields, kind="string"):
    """As the registry keeps it: every further field has a default, so that each version is compatible with all before."""
    fields = [{"name": "a", "type": kind}] + [{"name": f"f{i}", "type": ["null", "long"], "default": None} for i in range(n_fields)]
    return json.dumps({"type": "record", "name": name, "fields": fields}, separators=(",", ":"))


class Subject:
    """What one subject must look like."""

    def __init__(self, name):
        self.name, self.path = name, "/subjects/" + urllib.parse.quote(name, safe="")
        self.versions = {}  # number -> (id, text); undeleted
        self.deleted = {}   # number -> (id, text); softly
        self.level, self.made = None, 0

    def next(self):
        return max([0, *self.versions, *self.deleted]) + 1


class Worker:
    def __init__(self, number, address, seed):
        self.number, self.address = number, address
        self.random = random.Random(f"{seed} {number}")
        self.subjects = [Subject(f"soak.{number}/{i}-value") for i in range(SUBJECTS)]
        self.ids = {}
        self.times = collections.defaultdict(list)
        self.connection = None

    # Requests.
    def ask(self, kind, method, path, body=None, raw=None):
        """(status, parsed body); its time is counted under kind."""
        data = raw if raw is not None else json.dumps(body) if body is not None else None
        before = time.perf_counter()
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=30)
        self.connection.request(method, path, data, TYPE)
        answer = self.connection.getresponse()
        content = answer.read()
        self.times[kind].append(time.perf_counter() - before)
        try:
            return answer.status, json.loads(content)
        except ValueError:
            raise Wrong(f"{method} {path}: {answer.status} without JSON: {content[:200]}") from None

    def expect(self, wanted, kind, method, path, body=None, raw=None):
        """The answer is as wanted: a status with an error_code, or the whole body, of which objects may hold more."""
        status, have = self.ask(kind, method, path, body, raw)
        if isinstance(wanted, tuple):
            right = (status, have.get("error_code")) == wanted
        elif isinstance(wanted, dict):
            right = status == 200 and wanted.items() <= have.items()
        else:
            right = status == 200 and have == wanted
        if not right:
            raise Wrong(f"{method} {path} {body or raw or ''}: {status} {have}, not {wanted}")
        return have

    def knows(self, id, text):
        if self.ids.setdefault(id, text) != text:
            raise Wrong(f"id {id} was {self.ids[id]} and is now {text}")

    # What is done, each as likely as its weight in ACTS.
    def register(self, subject):
        if subject.next() > VERSIONS:
            return self.delete_subject(subject)
        name = f"own_{self.number}_{subject.name.split('/')[1].split('-')[0]}_{subject.made}"
        text = text_of(name, max([len(json.loads(t)["fields"]) for _, t in subject.versions.values()], default=0))
        # A text that was deleted softly comes back with its id under a new number, and the old number goes.
        again = {number: held for number, held in subject.deleted.items() if held[1] == text}
        wanted = {"id": next(iter(again.values()))[0]} if again else {}
        have = self.expect(wanted, "register", "POST", subject.path + "/versions", {"schema": text})
        self.knows(have["id"], text)
        subject.versions[subject.next()] = (have["id"], text)
        for number in again:
            del subject.deleted[number]
        return self.expect({"id": have["id"]}, "register again", "POST", subject.path + "/versions", {"schema": text})

    def register_shared(self, _subject):
        n = self.random.randrange(SHARED_TEXTS)
        text = text_of(f"shared_{n}", 3)
        path = f"/subjects/shared.{self.number}.{n}/versions"
        self.knows(self.expect({}, "register", "POST", path, {"schema": text})["id"], text)

    def register_break(self, subject):
        if subject.versions:
            latest = json.loads(subject.versions[max(subject.versions)][1])
            text = text_of(latest["name"], 1, "long")
            self.expect((409, 409), "register refused", "POST", subject.path + "/versions", {"schema": text})

    def read_id(self, _subject):
        if self.ids:
            id = self.random.choice(list(self.ids))
            status, have = self.ask("by id", "GET", f"/schemas/ids/{id}")
            if (status == 200 and have["schema"] != self.ids[id]) or status not in (200, 404):
                raise Wrong(f"id {id} is {have}, not {self.ids[id]}")
            live = any(held == id for s in self.subjects for held, _ in [*s.versions.values(), *s.deleted.values()])
            if status == 404 and live:
                raise Wrong(f"id {id} is gone, and a version has it")

    def read_versions(self, subject):
        wanted = sorted(subject.versions)
        self.expect(wanted or (404, 40401), "versions", "GET", subject.path + "/versions")
        if subject.deleted:
            self.expect(sorted([*wanted, *subject.deleted]), "versions", "GET", subject.path + "/versions?deleted=true")

    def read_version(self, subject):
        if subject.versions:
            number = self.random.choice(list(subject.versions))
            id, text = subject.versions[number]
            path = self.random.choice([str(number), "latest"]) if number == max(subject.versions) else str(number)
            self.expect({"subject": subject.name, "version": number, "id": id, "schema": text}, "version", "GET",
                        f"{subject.path}/versions/{path}")
        self.expect((404, 40402) if subject.versions else (404, 40401), "version", "GET", f"{subject.path}/versions/999999")

    def look_up(self, subject):
        if subject.versions:
            number = self.random.choice(list(subject.versions))
            id, text = subject.versions[number]
            self.expect({"id": id, "version": number}, "lookup", "POST", subject.path, {"schema": text})
        self.expect((404, 40403) if subject.versions else (404, 40401), "lookup", "POST", subject.path, {"schema": '"bytes"'})

    def check(self, subject):
        text = text_of("any", 0)
        if subject.versions:
            latest = json.loads(subject.versions[max(subject.versions)][1])
            text = text_of(latest["name"], len(latest["fields"]))
            breaks = text_of(latest["name"], 1, "long")
            self.expect({"is_compatible": False}, "check", "POST", f"/compatibility{subject.path}/versions/latest?verbose=true",
                        {"schema": breaks})
        self.expect({"is_compatible": True}, "check", "POST", f"/compatibility{subject.path}/versions", {"schema": text})

    def configure(self, subject):
        path = f"/config/{urllib.parse.quote(subject.name, safe='')}"
        if subject.level and self.random.random() < 0.3:
            self.expect({"compatibilityLevel": subject.level}, "config", "DELETE", path)
            subject.level = None
        elif self.random.random() < 0.5:
            subject.level = self.random.choice(LEVELS)
            self.expect({"compatibility": subject.level}, "config", "PUT", path, {"compatibility": subject.level})
        self.expect({"compatibilityLevel": subject.level} if subject.level else (404, 40408), "config", "GET", path)
        self.expect((422, 42203), "config", "PUT", path, {"compatibility": "SIDEWARD"})

    def delete_version(self, subject):
        if subject.deleted and self.random.random() < 0.5:
            number = self.random.choice(list(subject.deleted))
            self.expect((404, 40406), "delete", "DELETE", f"{subject.path}/versions/{number}")
            self.expect(number, "delete", "DELETE", f"{subject.path}/versions/{number}?permanent=true")
            self.forget([subject.deleted.pop(number)])
        elif len(subject.versions) > 1:
            number = self.random.choice(list(subject.versions))
            self.expect((404, 40407), "delete", "DELETE", f"{subject.path}/versions/{number}?permanent=true")
            self.expect(number, "delete", "DELETE", f"{subject.path}/versions/{number}")
            subject.deleted[number] = subject.versions.pop(number)

    def delete_subject(self, subject):
        if not subject.versions:
            return
        self.expect(sorted(subject.versions), "delete", "DELETE", subject.path)
        self.expect((404, 40404), "delete", "DELETE", subject.path)
        subject.deleted |= subject.versions
        subject.versions, subject.level = {}, None
        self.expect(sorted(subject.deleted), "delete", "DELETE", subject.path + "?permanent=true")
        self.forget(subject.deleted.values())
        subject.deleted = {}
        subject.made += 1  # the next life has another record: ids are never given twice

    def forget(self, gone):
        for id, _ in gone:
            self.expect((404, 40403), "by id", "GET", f"/schemas/ids/{id}")

    def send_bad(self, subject):
        path = subject.path + "/versions"
        self.random.choice([
            lambda: self.expect((422, 42201), "bad", "POST", path, {"schema": '{"type":"strin"}'}),
            lambda: self.expect((400, 400), "bad", "POST", path, raw='{"schema": "'),
            lambda: self.expect((400, 400), "bad", "POST", path, raw="[1]"),
            lambda: self.expect((400, 400), "bad", "POST", path, {"schema": {"type": "string"}}),
            lambda: self.expect((422, 42202), "bad", "GET", path + "/0"),
            lambda: self.expect((404, 404), "bad", "GET", "/nothing/here"),
            lambda: self.expect((422, 42205), "bad", "POST", path, {"schema": '"int"', "id": 7}),
        ])()

    def drop(self, _subject):
        """Half a request, or a whole one whose answer nobody reads: either is all the same to the others."""
        host, port = self.address.split(":")
        text = text_of(f"dropped_{self.number}", self.random.randrange(4))
        body = json.dumps({"schema": text})
        name = f"dropped.{self.number}"
        whole = (f"POST /subjects/{name}/versions HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE['Content-Type']}\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        with socket.create_connection((host, int(port)), 10) as sock:
            sock.sendall(whole[:self.random.choice([5, 60, len(whole) - 3, len(whole)])])
        status, have = self.ask("versions", "GET", f"/subjects/{name}/versions")
        if (status, have if status == 200 else have.get("error_code")) not in [
                (404, 40401)] + [(200, list(range(1, n))) for n in range(2, 6)]:
            raise Wrong(f"{name} after dropped requests: {status} {have}")

    ACTS = [(register, 12), (register_shared, 4), (register_break, 4), (read_id, 25), (read_versions, 8), (read_version, 12),
            (look_up, 10), (check, 8), (configure, 4), (delete_version, 5), (delete_subject, 1), (send_bad, 4), (drop, 1)]

    def run(self, until):
        acts, weights = zip(*self.ACTS)
        while time.monotonic() < until:
            act = self.random.choices(acts, weights)[0]
            act(self, self.random.choice(self.subjects))
        for subject in self.subjects:
            self.read_versions(subject)


def work(number, address, seed, until, pipe):
    worker, failure = Worker(number, address, seed), None
    try:
        worker.run(until)
    except Wrong as wrong:
        failure = str(wrong)
    except Exception:
        failure = traceback.format_exc()
    pipe.send((failure, dict(worker.times), worker.ids))
    pipe.close()


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def slope(samples):
    """KiB a second, by least squares over (seconds, KiB)."""
    n = len(samples)
    mean_t, mean_v = sum(t for t, _ in samples) / n, sum(v for _, v in samples) / n
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    return sum((t - mean_t) * (v - mean_v) for t, v in samples) / spread if spread else 0.0


class Result:
    """wrong: texts; times: {kind: sorted seconds}; kib: [(seconds, resident)]; warm: the second half of kib."""

    def __init__(self, answers, kib, seconds):
        self.wrong = [failure for failure, _, _ in answers if failure]
        self.times = collections.defaultdict(list)
        texts = {}
        for _, times, ids in answers:
            for kind, one in times.items():
                self.times[kind] += one
            for id, text in ids.items():
                if texts.setdefault(id, text) != text:
                    self.wrong.append(f"id {id} was given twice: {texts[id]} and {text}")
        by_text = collections.defaultdict(set)
        for id, text in texts.items():
            by_text[text].add(id)
        # What is never deleted keeps its id.
        self.wrong += [f"{text} has ids {ids}" for text, ids in by_text.items() if len(ids) > 1 and '"shared_' in text]
        for one in self.times.values():
            one.sort()
        self.n = sum(map(len, self.times.values()))
        self.kib, self.warm = kib, kib[len(kib) // 2:]
        self.seconds, self.kib_per_second = seconds, slope(self.warm)


def soak(address, pid, seconds, connections, seed):
    """Run it; pid is the registry's."""
    until = time.monotonic() + seconds
    started = time.monotonic()
    workers = []
    for number in range(connections):
        mine, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=work, args=(number, address, seed, until, theirs), daemon=True)
        process.start()
        theirs.close()
        workers.append((process, mine))
    kib = []
    while time.monotonic() < until and os.path.exists(f"/proc/{pid}"):
        kib.append((time.monotonic() - started, resident_kib(pid)))
        time.sleep(min(0.2, seconds / 50))
    answers = [pipe.recv() for _, pipe in workers]
    for process, _ in workers:
        process.join(30)
    return Result(answers, kib, time.monotonic() - started)


def table(result):
    lines = [f"{'':<18}{'requests':>9}{'p50':>8}{'p99':>8}{'p99.9':>8}{'max':>8}  ms"]
    for kind, times in sorted(result.times.items()):
        marks = [times[min(len(times) - 1, int(len(times) * part))] * 1e3 for part in (0.5, 0.99, 0.999, 1)]
        lines.append(f"{kind:<18}{len(times):>9}" + "".join(f"{mark:8.2f}" for mark in marks))
    lines.append(f"{result.n} requests in {result.seconds:.0f} s, {len(result.wrong)} wrong; resident "
                 f"{result.warm[0][1] / 1024:.1f} MiB at half time, {result.warm[-1][1] / 1024:.1f} at the end, "
                 f"{result.kib_per_second * 60:+.0f} KiB a minute")
    return lines
