# SPDX-License-Identifier: Apache-2.0
"""The topic _schemas as a program that is not ours writes and reads it, and our registry on it."""
import json

from harness import http

INT, STRING = '"int"', '"string"'


def serve(t, topic, *options, expect_ready=True):
    """Our registry on that topic: (running, url)."""
    address = t.path(f"address-{len(t.running)}")
    running = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, "--store", "kafka",
                      "-b", t.kafka, "--schemas-topic", topic, *options)
    if expect_ready:
        running.wait_for("event=listening")
    return running, "http://" + address.read_text().strip()


def register(url, subject, schema, expect=200, **members):
    status, answer = http("POST", f"{url}/subjects/{subject}/versions", {"schema": schema} | members, seconds=30)
    assert status == expect, (status, answer)
    return answer.get("id")


def get(url, path, expect=200):
    status, answer = http("GET", url + path)
    assert status == expect, (path, status, answer)
    return answer


def create(t, topic, policy="compact", partitions=1):
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", topic,
                 "--partitions", str(partitions), "--config", f"cleanup.policy={policy}")


def write(t, topic, rows):
    """Raw keys and values, in order; None is a tombstone."""
    for tombstones in (False, True):
        assert tombstones or all("\t" not in key + (value or "") for key, value in rows)
    at = 0
    while at < len(rows):  # kcat writes an empty value for all or for none
        null = rows[at][1] is None
        end = at
        while end < len(rows) and (rows[end][1] is None) == null:
            end += 1
        text = "".join(f"{key}\t{value or ''}\n" for key, value in rows[at:end])
        t.run("kcat", "-b", t.kafka, "-P", "-t", topic, "-p", "0", "-K", "\t", *(["-Z"] if null else []), stdin=text)
        at = end


def read(t, topic):
    """The whole log: [(key, value or None for a tombstone, {header: value})]."""
    shown = t.run("kcat", "-b", t.kafka, "-C", "-t", topic, "-e", "-q", "-f", "%k\t%S\t%s\t%h\n").out
    rows = []
    for line in shown.split("\n"):
        if line:
            key, size, value, headers = line.split("\t")
            named = dict(one.split("=", 1) for one in headers.split(",") if one)
            rows.append((key, None if int(size) <= 0 else value, named))
    return rows


def compacted(rows):
    """What compaction may leave of it: the last record of each key, tombstones gone, in order."""
    last = {row[0]: number for number, row in enumerate(rows)}
    return [row for number, row in enumerate(rows) if last[row[0]] == number and row[1] is not None]


def picture(rows):
    """What the log means, by the rules of Confluent's registry and of nobody else."""
    versions, settings = {}, {}
    for key, value, _ in rows:
        key, value = json.loads(key), json.loads(value) if value else None
        kind, subject = key["keytype"], key.get("subject")
        if kind == "SCHEMA" and value is None:
            versions.pop((subject, key["version"]), None)
        elif kind == "SCHEMA":
            versions[subject, key["version"]] = value | {"deleted": value.get("deleted", False)}
        elif kind == "DELETE_SUBJECT" and value:
            for (name, number), one in versions.items():
                one["deleted"] = one["deleted"] or (name == subject and number <= value["version"])
        elif kind in ("CONFIG", "MODE"):
            settings.pop((kind, subject), None)
            if value:
                settings[kind, subject] = {name: one for name, one in value.items() if name != "subject"}
    return versions, settings


def ids_agree(versions):
    """No id stands for two schemas."""
    texts = {}
    for one in versions.values():
        text = (one.get("schemaType"), one["schema"], json.dumps(one.get("references")))
        assert texts.setdefault(one["id"], text) == text, (one["id"], texts[one["id"]], text)


def served(url):
    """The same picture, as a client sees it."""
    live, every = get(url, "/schemas?subjectPrefix=:*:"), get(url, "/schemas?subjectPrefix=:*:&deleted=true")
    alive = {(one["subject"], one["version"]) for one in live}
    return {(one["subject"], one["version"]): one | {"deleted": (one["subject"], one["version"]) not in alive}
            for one in every}


def same_versions(url, versions):
    have = served(url)
    assert have.keys() == versions.keys(), (sorted(have), sorted(versions))
    for key, one in versions.items():
        for member in ("id", "schema", "schemaType", "references", "deleted"):
            assert have[key].get(member) == one.get(member), (key, member, have[key], one)


def key(kind, subject=None, version=None, magic=0):
    named = {"keytype": kind} | ({"subject": subject} if subject else {}) | ({"version": version} if version else {})
    return json.dumps(named | {"magic": magic}, separators=(",", ":"))


def value(**members):
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def served_all(url):
    """{(subject, version): id} of everything, whatever the size of a page."""
    found, at = {}, 0
    while True:
        page = get(url, f"/schemas?subjectPrefix=:*:&deleted=true&offset={at}&limit=1000")
        found |= {(one["subject"], one["version"]): one["id"] for one in page}
        if len(page) < 1000:
            return found
        at += 1000
