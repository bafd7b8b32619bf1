#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""millrace registry serve --store file: as a process: killed at any moment, started twice, 10,000 schemas.

MILLRACE_SEED=N repeats a run of the kills, MILLRACE_KILLS=N makes more of them.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from tap import case, main  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
MILLRACE = str(BUILD / "cli/millrace")
SEED = int(os.environ.get("MILLRACE_SEED", random.SystemRandom().randrange(1 << 32)))
KILLS = int(os.environ.get("MILLRACE_KILLS", 25))
WRITERS = 4
MANY = 10000
SANITIZED = b"__asan_init" in pathlib.Path(MILLRACE).read_bytes()


class Registry:
    def __init__(self, folder, *words):
        self.begun = time.monotonic()
        address = pathlib.Path(folder) / "address"
        address.unlink(missing_ok=True)
        self.log = open(pathlib.Path(folder) / "stderr", "wb")
        self.process = subprocess.Popen([MILLRACE, "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address,
                                         "--store", f"file:{folder}/schemas", *words], stderr=self.log)
        while not (address.exists() and address.read_text().endswith("\n")):
            assert self.process.poll() is None, (pathlib.Path(folder) / "stderr").read_text()
            assert time.monotonic() - self.begun < 20, "it does not begin"
            time.sleep(0.001)
        self.host = address.read_text().strip()
        self.seconds = time.monotonic() - self.begun

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        status = self.process.wait(10)
        self.log.close()
        return status

    def resident_mib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024


@contextlib.contextmanager
def serving(folder, *words):
    registry = Registry(folder, *words)
    try:
        yield registry
    finally:
        if registry.process.poll() is None:
            registry.end(signal.SIGKILL)


def ask(connection, method, path, body=None):
    connection.request(method, path, json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def schema(name, n_fields=1):
    fields = [{"name": f"field_{i}", "type": ["null", "string"], "default": None} for i in range(n_fields)]
    return {"schema": json.dumps({"type": "record", "name": name, "fields": fields})}


def write_until_killed(host, round_number, writer, acknowledged):
    """Registers, and deletes one in four; what was answered is noted as (subject, id or None)."""
    connection = http.client.HTTPConnection(host, timeout=10)
    number = 0
    with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
        while True:
            subject = f"s{round_number}-{writer}-{number}"
            status, answer = ask(connection, "POST", f"/subjects/{subject}/versions", schema(f"R{subject}".replace("-", "_")))
            assert status == 200, answer
            acknowledged.append((subject, answer["id"]))
            if number % 4 == 3:
                status, answer = ask(connection, "DELETE", f"/subjects/{subject}")
                assert status == 200, answer
                acknowledged.append((subject, None))
            number += 1


@case
def killed_in_mid_registration_nothing_answered_is_lost_and_no_id_is_given_twice():
    print(f"# MILLRACE_SEED={SEED} MILLRACE_KILLS={KILLS}")
    chance = random.Random(SEED)
    ids, live = {}, {}
    with tempfile.TemporaryDirectory(prefix="millrace-kill-") as folder:
        for round_number in range(KILLS + 1):
            with serving(folder) as registry:
                connection = http.client.HTTPConnection(registry.host, timeout=10)
                _, held = ask(connection, "GET", "/subjects")
                assert set(live) <= set(held), f"lost: {sorted(set(live) - set(held))[:5]}"
                gone = {subject for subject in ids if subject not in live}
                assert not gone & set(held), f"came back: {sorted(gone & set(held))[:5]}"
                owners = {}
                for subject in held:
                    _, version = ask(connection, "GET", f"/subjects/{subject}/versions/1")
                    assert ids.get(subject, version["id"]) == version["id"], f"{subject} was renumbered"
                    other = owners.setdefault(version["id"], subject)
                    assert other == subject, f"id {version['id']} is of {other} and of {subject}"
                    ids[subject] = live[subject] = version["id"]  # also what was on disk and never answered
                if round_number == KILLS:
                    assert registry.end() == 0
                    break
                acknowledged = [[] for _ in range(WRITERS)]
                threads = [threading.Thread(target=write_until_killed, args=(registry.host, round_number, i, acknowledged[i]))
                           for i in range(WRITERS)]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0.001, 0.06))
                registry.end(signal.SIGKILL)
                for thread in threads:
                    thread.join()
            for subject, number in (item for items in acknowledged for item in items):
                if number is None:
                    live.pop(subject, None)
                else:
                    assert number not in ids.values() or ids.get(subject) == number, f"id {number} was given twice"
                    ids[subject] = live[subject] = number
            for subject, number in (items[-1] for items in acknowledged if items):
                if number is not None and int(subject.rsplit("-", 1)[1]) % 4 == 3:
                    live.pop(subject), ids.pop(subject)  # its deletion may have been under way
    print(f"# {len(ids)} schemas")


def set_until_killed(host, name, round_number, seen):
    """Sets an alias again and again; seen[name] is the last that was answered and the one under way."""
    connection = http.client.HTTPConnection(host, timeout=10)
    number = 0
    with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
        while True:
            value = f"{round_number}-{number}-" + "x" * 800
            seen[name] = (seen.get(name, (None, None))[0], value)
            status, answer = ask(connection, "PUT", f"/config/{name}", {"alias": value})
            assert status == 200, answer
            seen[name] = (value, value)
            number += 1


@case
def killed_while_its_file_is_rewritten_what_was_answered_last_holds():
    chance = random.Random(SEED)
    seen, n_rewritten = {}, 0
    with tempfile.TemporaryDirectory(prefix="millrace-kill-") as folder:
        file = pathlib.Path(folder, "schemas")
        for round_number in range(7):
            with serving(folder) as registry:
                connection = http.client.HTTPConnection(registry.host, timeout=10)
                for name, allowed in seen.items():
                    answer = ask(connection, "GET", f"/config/{name}")[1]
                    assert answer.get("alias") in allowed, (name, answer)
                threads = [threading.Thread(target=set_until_killed, args=(registry.host, f"q{i}", round_number, seen))
                           for i in range(WRITERS)]
                for thread in threads:
                    thread.start()
                until, size = time.monotonic() + chance.uniform(0.4, 0.8), 0
                while time.monotonic() < until:
                    n_rewritten += file.stat().st_size < size
                    size = file.stat().st_size
                    time.sleep(0.002)
                registry.end(signal.SIGKILL)
                for thread in threads:
                    thread.join()
    print(f"# rewritten {n_rewritten} times")
    assert n_rewritten > 0 or SANITIZED


@case
def a_second_process_is_refused_with_the_name_of_the_first():
    with tempfile.TemporaryDirectory() as folder, serving(folder) as registry:
        done = subprocess.run([MILLRACE, "registry", "serve", "-l", "127.0.0.1:0", "--store", f"file:{folder}/schemas"],
                              capture_output=True, text=True, timeout=10)
        assert done.returncode == 1, done
        assert f"in use by process {registry.process.pid}" in done.stderr, done.stderr


@case
def what_only_a_topic_heeds_is_refused_with_another_store():
    with tempfile.TemporaryDirectory() as folder:
        for store in ("memory", f"file:{folder}/schemas"):
            for words in (["--follow"], ["--advertise", "http://a:1"], ["--schemas-topic", "t"], ["--takeover", "1s"]):
                done = subprocess.run([MILLRACE, "registry", "serve", "-l", "127.0.0.1:0", "--store", store, *words],
                                      capture_output=True, text=True, timeout=10)
                assert done.returncode == 2, done
                assert f"{words[0]} is for --store kafka, and the store is '{store}'" in done.stderr, done.stderr


@case
def an_advertised_url_that_nobody_can_call_is_refused_at_the_start():
    for url, says in {"ftp://a": "neither http nor https", "http://u:p@a:1": "without a password", "": "registry URL",
                      "http://a:1,http://b:1": "is one", "a:1": "http://HOST:PORT"}.items():
        done = subprocess.run([MILLRACE, "registry", "serve", "-l", "127.0.0.1:0", "--store", "kafka", "-b", "127.0.0.1:1",
                               "--advertise", url], capture_output=True, text=True, timeout=10)
        assert done.returncode == 2 and says in done.stderr, (url, done)


@case
def a_file_at_its_limit_is_an_error_and_the_registry_goes_on():
    with tempfile.TemporaryDirectory() as folder, serving(folder) as registry:
        subprocess.run(["prlimit", f"--pid={registry.process.pid}", "--fsize=8192:"], check=True)
        connection = http.client.HTTPConnection(registry.host, timeout=10)
        results = [ask(connection, "POST", f"/subjects/s{i}/versions", schema(f"S{i}", 20)) for i in range(12)]
        refused = [answer for status, answer in results if status == 500]
        assert refused and all(answer["error_code"] == 50001 and "too large" in answer["message"] for answer in refused), results
        held = [f"s{i}" for i, (status, _) in enumerate(results) if status == 200]
        assert held and sorted(ask(connection, "GET", "/subjects")[1]) == sorted(held)
        subprocess.run(["prlimit", f"--pid={registry.process.pid}", "--fsize=unlimited:"], check=True)
        assert ask(connection, "POST", "/subjects/more/versions", schema("More"))[0] == 200
        assert registry.end() == 0
        with serving(folder) as again:
            connection = http.client.HTTPConnection(again.host, timeout=10)
            assert sorted(ask(connection, "GET", "/subjects")[1]) == sorted(held + ["more"])


@case
def a_file_that_was_removed_is_an_error():
    with tempfile.TemporaryDirectory() as folder, serving(folder) as registry:
        connection = http.client.HTTPConnection(registry.host, timeout=10)
        assert ask(connection, "POST", "/subjects/s/versions", schema("S"))[0] == 200
        pathlib.Path(folder, "schemas").unlink()
        status, answer = ask(connection, "POST", "/subjects/t/versions", schema("T"))
        assert status == 500 and answer["error_code"] == 50001 and "it was removed" in answer["message"], answer
        assert ask(connection, "GET", "/subjects")[1] == ["s"]


def register_many(host, numbers):
    connection = http.client.HTTPConnection(host, timeout=10)
    for number in numbers:
        status, answer = ask(connection, "POST", f"/subjects/bulk-{number}-value/versions", schema(f"Bulk{number}", 8))
        assert status == 200, answer


@case
def ten_thousand_schemas_are_ready_in_a_second_and_take_less_than_48_mib():
    with tempfile.TemporaryDirectory() as folder:
        with serving(folder) as registry:
            threads = [threading.Thread(target=register_many, args=(registry.host, range(i, MANY, WRITERS)))
                       for i in range(WRITERS)]
            begun = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            print(f"# {MANY} registered in {time.monotonic() - begun:.1f} s, {registry.resident_mib():.1f} MiB")
            assert registry.resident_mib() < 48 or SANITIZED
            assert registry.end() == 0
        size = os.path.getsize(f"{folder}/schemas") / 1024 / 1024
        seconds = 9.0
        for _ in range(3):  # on a busy machine a single start says little
            with serving(folder) as registry:
                connection = http.client.HTTPConnection(registry.host, timeout=10)
                assert len(ask(connection, "GET", "/subjects")[1]) == MANY
                seconds, resident = min(seconds, registry.seconds), registry.resident_mib()
                assert registry.end() == 0
            if seconds < 0.5:
                break
        print(f"# ready after {seconds:.2f} s from a file of {size:.1f} MiB, {resident:.1f} MiB")
        assert seconds < 1 and resident < 48 or SANITIZED


if __name__ == "__main__":
    main()
