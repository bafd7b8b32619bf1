#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace registry verify`: two registries, and a registry beside the folder that it is filled from.

usage: test_schema_verify.py MILLRACE SOURCE_DIR
"""
import contextlib
import json
import subprocess
import tempfile
import xml.etree.ElementTree as xml

from project import CAME_IN, MILLRACE, RAN_LOW, TOPICS, Project, case, clean, main
from registries import Client, enum, fill, serving

CAME_IN_SUBJECT, RAN_LOW_SUBJECT = (name.replace("/", ".") + "-value" for name in (CAME_IN, RAN_LOW))


def verify(*words, status, cwd=None, form="json"):
    done = subprocess.run([MILLRACE, "registry", "verify", "--error-format", form, *words], cwd=cwd, capture_output=True,
                          text=True, env=clean(), timeout=60)
    assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if form != "json" or status not in (0, 100) else json.loads(done.stdout)["findings"]


@contextlib.contextmanager
def two():
    with tempfile.TemporaryDirectory() as folder, serving(MILLRACE, folder, "one") as one, \
            serving(MILLRACE, folder, "other") as other:
        yield one, other


@case
def a_copy_is_equal_and_every_difference_is_told_at_once():
    with two() as (one, other):
        fill(Client(one))
        words = ["--from", one, "--to", other]
        subprocess.run([MILLRACE, "registry", "copy", *words], check=True, capture_output=True, timeout=60)
        assert verify(*words, status=0) == []
        there = Client(other)
        there.do("DELETE", "/subjects/many/versions/1")
        there.register("extra", enum("Extra"))
        there.register("many", enum("More"))
        there.do("PUT", "/config/many", {"compatibility": "FULL"})
        there.do("PUT", "/config", {"compatibility": "BACKWARD"})
        there.do("PUT", "/mode/a-refers", {"mode": "READWRITE"})
        there.do("DELETE", "/subjects/:.east:sub-one")
        there.do("DELETE", "/subjects/:.east:sub-one?permanent=true")
        Client(one).register(":.west:there", enum("West"))
        there.do("PUT", "/mode/:.west:there?force=true", {"mode": "IMPORT"})
        there.register(":.west:there", enum("Else"), id=7, version=1)
        there.do("DELETE", "/mode/:.west:there")
        found = {(f["rule"], f["topic"]) for f in verify(*words, status=100)}
        assert found == {
            ("DELETION_DIFFERS", "many"), ("SUBJECT_EXTRA", "extra"), ("VERSION_EXTRA", "many"), ("CONFIG_DIFFERS", "many"),
            ("CONFIG_DIFFERS", ""), ("MODE_DIFFERS", "a-refers"), ("SUBJECT_MISSING", ":.east:sub-one"),
            ("ID_DIFFERS", ":.west:there"), ("SCHEMA_DIFFERS", ":.west:there")}, sorted(found)
        assert {f["rule"] for f in verify(*words, "-s", "ext*", status=100)} == {"SUBJECT_EXTRA"}
        xml.fromstring(verify(*words, status=100, form="junit"))
        sarif = json.loads(verify(*words, status=100, form="sarif"))["runs"][0]
        rules = sarif["tool"]["driver"]["rules"]
        assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in sarif["results"])


@case
def a_folder_that_is_registered_is_equal_and_every_difference_is_told_at_once():
    with Project() as p, serving(MILLRACE, p.path.parent, "one") as url:
        registry = Client(url)
        missing = {f["topic"] for f in verify("--from", url, status=100, cwd=p.path)}
        assert missing == {name.removesuffix("-value") for name in (CAME_IN_SUBJECT, RAN_LOW_SUBJECT)}, missing
        done = p.run("register", "-r", url, "--topics", "topics.yaml", "schemas/avro")
        assert done.returncode == 0, done.stderr
        assert verify("--from", url, status=0, cwd=p.path) == []
        assert verify("--from", url, str(p.path), status=0) == []

        registry.register("of-another-team-value", enum("Other"))
        found = verify("--from", url, status=0, cwd=p.path)
        assert [(f["rule"], f["severity"]) for f in found] == [("SUBJECT_EXTRA", "note")], found
        registry.do("PUT", f"/config/{RAN_LOW_SUBJECT}", {"compatibility": "NONE"})
        registry.do("PUT", f"/mode/{CAME_IN_SUBJECT}", {"mode": "READONLY"})
        old = p.file(RAN_LOW).read_text()
        p.change(RAN_LOW, lambda fields: fields.append({"name": "More", "type": ["null", "string"], "default": None, "doc": "."}))
        found = verify("--from", url, "--fail-on", "note", status=100, cwd=p.path)
        assert sorted(f["rule"] for f in found) == ["LEVEL_DIFFERS", "MODE_DIFFERS", "SCHEMA_DIFFERS", "SUBJECT_EXTRA"], found
        schema, = (f for f in found if f["rule"] == "SCHEMA_DIFFERS")
        assert "no version of" in schema["message"] and schema["file"].endswith(RAN_LOW + ".avsc"), schema

        registry.register(RAN_LOW_SUBJECT, json.loads(p.file(RAN_LOW).read_text()))
        p.file(RAN_LOW).write_text(old)
        schema, = (f for f in verify("--from", url, status=100, cwd=p.path) if f["rule"] == "SCHEMA_DIFFERS")
        assert "is version 1" in schema["message"] and "newest is 2" in schema["message"], schema


@case
def what_cannot_be_compared_is_told_and_is_no_finding():
    with Project() as p, serving(MILLRACE, p.path.parent, "one") as url:
        verify(status=2, cwd=p.path)
        verify("--from", url, "--to", url, "here", status=2)
        verify("--from", url, "nowhere", status=1, cwd=p.path)
        verify("--from", "http://127.0.0.1:9", status=1, cwd=p.path)
        p.topics(TOPICS.replace("partitions", "portions"))
        verify("--from", url, status=1, cwd=p.path)


if __name__ == "__main__":
    main()
