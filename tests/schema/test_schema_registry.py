#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace schema check` and `diff` against a registry: all versions, levels, and other houses' subjects.

usage: test_schema_registry.py MILLRACE SOURCE_DIR
"""
import json
import os
import subprocess
import time
import urllib.request

from project import CAME_IN, MILLRACE, RAN_LOW, TOPICS, Project, case, clean, event, main


class Registered(Project):
    """The project's schemas are in a registry of its own, at self.url."""

    def __init__(self):
        super().__init__()
        address = self.path.parent / "address"
        self.server = subprocess.Popen([MILLRACE, "registry", "serve", "--listen", "127.0.0.1:0", "--address-file", str(address)],
                                       stderr=subprocess.DEVNULL, env=clean())
        deadline = time.monotonic() + 20
        while not address.exists() or not address.read_text().strip():
            assert time.monotonic() < deadline and self.server.poll() is None, "the registry does not start"
            time.sleep(0.01)
        self.url = "http://" + address.read_text().strip()
        self.register()

    def __exit__(self, *args):
        self.server.terminate()
        self.server.wait(20)
        super().__exit__(*args)

    def register(self):
        done = self.run("register", "-r", self.url, "--topics", "topics.yaml", "schemas/avro")
        assert done.returncode == 0, done

    def put(self, path, body, method="POST"):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method=method,
                                         headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


def optional(name):
    return lambda fields: fields.append({"name": name, "type": ["null", "string"], "default": None, "doc": "."})


@case
def what_is_registered_is_clean_and_a_break_is_told_with_its_version():
    with Registered() as p:
        assert p.check(against=p.url, status=0) == []
        assert p.check(against="registry", env={"MILLRACE_REGISTRY": p.url}, status=0) == []
        p.change(RAN_LOW, lambda fields: fields.pop(2))
        found, = p.check(against=p.url, status=100)
        assert (found["rule"], found["before"]) == ("READER_FIELD_MISSING_DEFAULT_VALUE", "version 1"), found


@case
def registering_twice_changes_nothing_and_a_break_is_refused_alone_with_its_reason():
    with Registered() as p:
        words = ["register", "-r", p.url, "--topics", "topics.yaml", "schemas/avro"]
        again = p.run(*words)
        assert again.returncode == 0 and ": 2 unchanged, 0 new, 0 further versions, 0 refused; 0 levels set" in again.stderr, again
        p.change(CAME_IN, optional("note"))
        p.change(RAN_LOW, lambda fields: fields.pop(2))
        planned = p.run(*words, "--dry-run")
        assert planned.returncode in (1, 3) and "1 would be further versions, 1 would be refused" in planned.stderr, planned
        done = p.run(*words)
        assert done.returncode == 1 and "0 unchanged, 0 new, 1 further versions, 1 refused" in done.stderr, done
        refused, = [line for line in done.stdout.splitlines() if "\trefused\t" in line]
        assert "READER_FIELD_MISSING_DEFAULT_VALUE at /" in refused and "(HTTP 409, error 409)" in refused, refused
        p.change(RAN_LOW, lambda fields: fields.append({"name": "x", "type": "strin", "doc": "."}))
        refused, = [line for line in p.run(*words).stdout.splitlines() if "\trefused\t" in line]
        assert "strin" in refused and "(HTTP 422, error 42201)" in refused, refused


@case
def a_registry_that_is_down_or_not_named_is_told():
    with Registered() as p:
        p.server.terminate()
        p.server.wait(20)
        done = p.run("register", "-r", p.url, "--topics", "topics.yaml", "schemas/avro")
        assert done.returncode == 1 and f"{p.url} does not answer: " in done.stderr, done
        done = p.run("register", "--topics", "topics.yaml", "schemas/avro")
        assert done.returncode == 2 and "no schema registry given: use -r URL or start 'millrace up'" in done.stderr, done
        done = p.run("register", "-r", p.url, "--topics", "topics.yaml", "no-such-topic")
        assert done.returncode == 2 and "no topic, event or service 'no-such-topic'" in done.stderr, done


@case
def a_pipe_in_a_folder_is_refused_and_a_misspelt_topic_has_its_nearest_word():
    with Registered() as p:
        (p.path / "other/stock-keeper").mkdir(parents=True)
        os.mkfifo(p.path / "other" / (RAN_LOW + ".avsc"))
        done = p.run("register", "-r", p.url, "--topics", "topics.yaml", "other")
        assert done.returncode == 2 and "ran-low.v1.avsc' is not a file" in done.stderr, done
        done = p.run("history", "order-management.order.craeted.v1", "-r", p.url)
        assert done.returncode == 1 and "did you mean 'order-management.order.created.v1'?" in done.stderr, done


@case
def a_transitive_level_is_held_against_all_versions_and_told_once():
    with Registered() as p:
        p.change(RAN_LOW, optional("Shelf"))
        p.register()
        p.change(RAN_LOW, optional("Aisle"))
        p.register()
        p.change(RAN_LOW, lambda fields: fields[2].update(type="string"))
        found = [finding for finding in p.check(against=p.url) if finding["rule"] == "TYPE_MISMATCH"]
        assert [finding["before"] for finding in found] == ["version 3, version 2, version 1"], found


@case
def a_level_below_the_registrys_is_told():
    with Registered() as p:
        p.topics(TOPICS.replace("event: STOCK_RAN_LOW", "event: STOCK_RAN_LOW\n        compatibility: BACKWARD"))
        found, = p.check(against=p.url)
        assert found["rule"] == "LEVEL_LOWERED" and "FULL_TRANSITIVE and is BACKWARD" in found["message"], found


@case
def only_subjects_of_services_that_are_here_can_be_missed():
    with Registered() as p:
        text = json.dumps({"schema": '"string"'})
        for subject in ("others.topic.made.v1-value", "free-text", "stock-keeper.stock.vanished.v1-value"):
            p.put(f"/subjects/{subject}/versions", json.loads(text))
        found, = p.check(against=p.url)
        assert (found["rule"], found["topic"]) == ("TOPIC_REMOVED", "stock-keeper.stock.vanished.v1"), found


@case
def a_password_in_the_url_is_not_shown():
    with Registered() as p:
        p.change(RAN_LOW, lambda fields: fields.pop(2))
        done = p.run("check", "--against", p.url.replace("://", "://user:hush@"))
        assert done.returncode == 100 and "hush" not in done.stdout + done.stderr, done
        p.file(RAN_LOW).unlink()
        p.put("/subjects/stock-keeper.gone.by.v1-value/versions", {"schema": '"string"'})
        done = p.run("check", "--against", p.url.replace("://", "://user:hush@"))
        assert "TOPIC_REMOVED" in done.stdout and "hush" not in done.stdout + done.stderr, done


@case
def diff_tells_what_would_be_registered():
    with Registered() as p:
        p.change(RAN_LOW, optional("Shelf"))
        done = p.run("diff", p.url, ".")
        assert done.stdout == "+ stock-keeper.stock.ran-low.v1 data.Shelf: null | string\n", done


@case
def register_tells_which_versions_there_would_be():
    with Registered() as p:
        p.change(RAN_LOW, optional("Shelf"))
        p.schema("stock-keeper/stock.went-out.v1", event("StockWentOut"))
        p.topics(TOPICS.replace("      - topic: stock.came-in.v1",
                                "      - {topic: stock.went-out.v1, event: STOCK_WENT_OUT, key: Article, time: At}\n      - topic: stock.came-in.v1"))
        p.change(CAME_IN, lambda fields: fields.append({"name": "Shelf", "type": "int", "doc": "."}))
        words = ("register", "-r", p.url, "--topics", "topics.yaml", "schemas/avro", "--dry-run")
        for _ in range(2):  # nothing was changed by it
            done = p.run(*words)
            lines = dict(line.split("\t")[:2] for line in done.stdout.splitlines())
            assert lines == {"stock-keeper.stock.ran-low.v1-value": "would be version 2", "stock-keeper.stock.came-in.v1-value": "would be refused",
                             "stock-keeper.stock.went-out.v1-value": "would be new, version 1"}, done
            assert done.returncode == 1
        rows = {row["subject"]: row for row in json.loads(p.run(*words, "-o", "json").stdout)}
        assert [rows[f"stock-keeper.stock.{name}.v1-value"].get("version") for name in ("ran-low", "came-in", "went-out")] == [2, None, 1]


@case
def diff_takes_single_versions():
    with Registered() as p:
        p.change(RAN_LOW, optional("Shelf"))
        p.register()
        topic, text = "stock-keeper.stock.ran-low.v1", "+ data.Shelf: null | string\n"
        for before, now in ((f"{topic}@1", f"{topic}@latest"), (f"{topic}-value@1", f"{topic}@2"), (f"{topic}@1", "."),
                            (f"{topic}-value@1", f"schemas/avro/{RAN_LOW}.avsc")):
            done = p.run("diff", before, now, "-r", p.url)
            assert (done.returncode, done.stdout) == (0, text), done
        assert p.run("diff", "main", f"{topic}@latest", "-r", p.url).stdout == text
        for word, words in ((f"{topic}@9", "9"), ("no.such@1", "no.such"), ("free@latest", "free")):
            done = p.run("diff", word, ".", "-r", p.url)
            assert done.returncode == 1 and words in done.stderr, done


@case
def history_tells_what_each_version_changed():
    with Registered() as p:
        p.change(RAN_LOW, optional("Shelf"))
        p.register()
        for topic in ("stock-keeper.stock.ran-low.v1", "stock-keeper.stock.ran-low.v1-value"):
            done = p.run("history", topic, "-r", p.url)
            lines = done.stdout.splitlines()
            assert [line.split(",")[0] for line in lines[:2]] == ["version 1", "version 2"], done
            assert lines[2:] == ["    + data.Shelf: type: (none) -> null | string"], done
        first, second = json.loads(p.run("history", topic, "-r", p.url, "-o", "json").stdout)
        assert (first["changes"], second["version"]) == ([], 2) and second["changes"][0]["path"] == "data.Shelf"
        done = p.run("history", "no.such.topic.v1", "-r", p.url)
        assert done.returncode == 1 and done.stderr, done


if __name__ == "__main__":
    main()
