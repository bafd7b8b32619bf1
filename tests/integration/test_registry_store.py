# SPDX-License-Identifier: Apache-2.0
"""The registry on the topic _schemas: taken over from others and given back, led by one, followed by many."""
import json
import os
import pathlib
import random
import signal
import threading
import time

import components
from harness import free_port, http, test, wait_for

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


REFERENCE = [{"name": "n.E", "subject": "e", "version": 1}]
ENUM = '{"type":"enum","name":"E","namespace":"n","symbols":["X"]}'
USES = '{"type":"record","name":"R","fields":[{"name":"e","type":"n.E"}]}'
PROTO = 'syntax = "proto3";\nmessage M {\n  string a = 1;\n}\n'


@test
def a_topic_that_confluent_wrote_is_taken_over_and_given_back(t):
    topic = t.prefix + "_schemas"
    create(t, topic)
    write(t, topic, [
        (key("NOOP"), None),
        (key("CONFIG"), value(compatibilityLevel="FULL")),
        (key("SCHEMA", "s", 1, 1), value(subject="s", version=1, id=1, md5="abc=", schema=INT, deleted=False)),
        (key("SCHEMA", "s", 2, 1), value(subject="s", version=2, id=2, schema='"long"', deleted=True)),
        (key("SCHEMA", "e", 1, 1), value(subject="e", version=1, id=3, schema=ENUM, deleted=False)),
        (key("SCHEMA", "r", 1, 1), value(subject="r", version=1, id=4, references=REFERENCE, schema=USES, deleted=False)),
        (key("SCHEMA", "p", 1, 1), value(subject="p", version=1, id=5, schemaType="PROTOBUF", schema=PROTO, deleted=False)),
        (key("SCHEMA", "j", 1, 1), value(subject="j", version=1, id=6, schemaType="JSON", schema='{"type":"object"}',
                                         deleted=False)),
        (key("SCHEMA", "gone", 1, 1), value(subject="gone", version=1, id=7, schema='"bytes"', deleted=True)),
        (key("SCHEMA", "gone", 1, 1), None),
        (key("SCHEMA", "d", 1, 1), value(subject="d", version=1, id=8, schema='"float"', deleted=False)),
        (key("DELETE_SUBJECT", "d"), value(subject="d", version=1)),
        (key("MODE", "m"), value(subject="m", mode="READONLY")),
        (key("CONFIG", "s"), value(subject="s", compatibilityLevel="NONE", validateNewSchemas=True)),
        ('{"keytype":"CONTEXT","tenant":"default","context":".c","magic":0}', value(tenant="default", context=".c")),
        (key("SCHEMA", ":.c:s", 1, 1), value(subject=":.c:s", version=1, id=1, schema=STRING, deleted=False)),
        ('{"keytype":"ASSOC","tenant":"default","resourceName":"x","magic":0}', '{"guid":"g"}'),
        ("no json", "at all"),
    ])
    before = read(t, topic)
    running, url = serve(t, topic)
    same_versions(url, picture([row for row in before if row[0].startswith('{"k')])[0])
    assert get(url, "/config")["compatibilityLevel"] == "FULL"
    assert get(url, "/mode/m")["mode"] == "READONLY"
    assert get(url, "/schemas/ids/5") == {"schemaType": "PROTOBUF", "schema": PROTO}
    assert "event=record_skipped" in running.err() and "offset=17" in running.err(), running.err()

    assert register(url, "s", INT) == 1, "what is there keeps its id"
    assert register(url, "s", '"double"') == 9, "8 was the highest id"
    assert register(url, "new", STRING) == 10
    assert register(url, ":.c:s", '"bytes"') == 2, "each context counts for itself"
    assert http("DELETE", f"{url}/subjects/s/versions/1") == (200, 1)
    assert http("DELETE", f"{url}/subjects/p") == (200, [1])
    assert http("DELETE", f"{url}/subjects/d?permanent=true") == (200, [1])
    assert http("PUT", f"{url}/config/s", {"alias": "t"})[0] == 200
    assert http("DELETE", f"{url}/config")[0] == 200
    running.signal()
    assert running.wait().status == 0

    after = read(t, topic)
    assert [row[:2] for row in after[:len(before)]] == [row[:2] for row in before], "nothing is written over"
    rows = [row for row in after if row[0].startswith('{"keytype"') and "ASSOC" not in row[0]]
    versions, settings = picture(rows)
    assert picture(compacted(rows)) == (versions, settings), "compaction changes nothing"
    ids_agree({name: one for name, one in versions.items() if not name[0].startswith(":")})
    assert versions["s", 1]["md5"] == "abc=" and versions["s", 1]["deleted"], "unknown members stay"
    assert settings["CONFIG", "s"] == {"alias": "t", "compatibilityLevel": "NONE", "validateNewSchemas": True}
    assert ("CONFIG", None) not in settings and ("d", 1) not in versions
    for name, text, _ in after[len(before):]:  # spelled as the one who gets it back spells it
        assert name == json.dumps(json.loads(name), separators=(",", ":")), name
        if text and '"SCHEMA"' in name:
            assert list(json.loads(text))[:3] == ["subject", "version", "id"], text
            assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False), text
    _, url = serve(t, topic)
    same_versions(url, versions)


@test
def a_topic_that_karapace_wrote_is_taken_over_and_a_deleted_schema_never_comes_back(t):
    topic = t.prefix + "_schemas"
    create(t, topic)

    def old(kind, subject, version=None, magic=0):  # its keys before they were brought into one order
        named = {"subject": subject} | ({"version": version} if version else {})
        return json.dumps(named | {"magic": magic, "keytype": kind}, separators=(",", ":"))
    write(t, topic, [
        (old("CONFIG", None), value(compatibilityLevel="NONE")),
        (old("SCHEMA", "a", 1, 1), value(subject="a", version=1, id=1, schema='{"type": "record", "name": "r", "fields": []}',
                                         deleted=False)),
        (old("SCHEMA", "a", 2, 1), value(subject="a", version=2, id=2, schema=INT, deleted=False)),
        (key("SCHEMA", "b", 1, 1), value(subject="b", version=1, id=2, schema=INT, deleted=False)),
        (old("SCHEMA", "c", 1, 1), value(subject="c", version=1, id=3, schema=STRING, deleted=True)),
    ])
    t.run("kcat", "-b", t.kafka, "-P", "-t", topic, "-p", "0", "-K", "\t", stdin=old("SCHEMA", "c", 1, 1) + "\t\n")
    running, url = serve(t, topic)
    assert get(url, "/config")["compatibilityLevel"] == "NONE"
    assert sorted(served(url)) == [("a", 1), ("a", 2), ("b", 1)], "an empty value is a deletion, too"
    assert register(url, "a", INT) == 2
    assert register(url, "a", '{"fields":[],"type":"record","name":"r"}') == 1, "the same schema, whoever spelled it"
    assert get(url, "/schemas/ids/1")["schema"] == '{"type": "record", "name": "r", "fields": []}'
    assert http("DELETE", f"{url}/subjects/a/versions/2") == (200, 2)
    assert http("DELETE", f"{url}/subjects/a/versions/2?permanent=true") == (200, 2)
    assert http("DELETE", f"{url}/config")[0] == 200
    running.kill()
    rows = read(t, topic)
    versions, settings = picture(rows)
    assert picture(compacted(rows)) == (versions, settings), "every spelling of a key is gone"
    assert sorted(versions) == [("a", 1), ("b", 1)] and not settings, (versions, settings)


@test
def a_topic_of_another_shape_is_refused_and_an_absent_one_is_made(t):
    many, deleting, absent = (t.prefix + name for name in ("_many", "_deleting", "_absent"))
    create(t, many, partitions=2)
    create(t, deleting, policy="delete")
    common = ("registry", "serve", "-l", "127.0.0.1:0", "--store", "kafka", "-b", t.kafka, "--schemas-topic")
    for topic, why in ((many, "2 partitions"), (deleting, "cleanup.policy=delete")):
        refused = t.run("millrace", *common, topic, expect=2)
        assert why in refused.err and topic in refused.err, refused.err
    refused = t.run("millrace", *common, absent, "-X", "acks=1", expect=2)
    assert "acks" in refused.err, refused.err
    _, url = serve(t, absent, "--schemas-replication", "1")
    assert register(url, "s", INT) == 1
    shown = t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--describe", "--topic", absent)
    text = shown if isinstance(shown, str) else shown.stdout
    assert "PartitionCount: 1" in text and "cleanup.policy=compact" in text, text


@test
def followers_show_what_the_leader_did_forward_changes_and_read_on_without_it(t):
    topic = t.prefix + "_schemas"
    leader, url = serve(t, topic)
    follower, other = serve(t, topic, "--follow")
    assert register(url, "s", INT) == 1
    wait_for(lambda: get(other, "/subjects") == ["s"], 5, "the follower has it")
    assert register(other, "s", INT) == 1, "answered from what it knows"
    for number in range(2, 12):  # forwarded; and read where it was written, at once
        assert register(other, f"f{number}", '{"type":"fixed","name":"f","size":%d}' % number) == number
        assert f"f{number}" in get(other, "/subjects")
    status, answer = http("POST", f"{other}/subjects/s/versions", {"schema": STRING})
    assert status == 409 and "version 1" in answer["message"], "the leader's own words"
    assert http("PUT", f"{other}/config/s", {"compatibility": "NONE"}) == (200, {"compatibility": "NONE"})
    assert get(other, "/config/s") == {"compatibilityLevel": "NONE"}
    assert http("DELETE", f"{other}/subjects/f11") == (200, [1])
    assert http("DELETE", f"{other}/subjects/f11?permanent=true") == (200, [1])
    status, answer = http("POST", f"{other}/subjects/x/versions", {"schema": STRING}, {"X-Forward": "false"})
    assert (status, answer["error_code"]) == (500, 50004), "no request goes round in circles"
    leader.kill()
    status, answer = http("POST", f"{other}/subjects/x/versions", {"schema": STRING})
    assert (status, answer["error_code"]) == (500, 50003) and url in answer["message"], answer
    assert register(other, "s", INT) == 1 and get(other, "/schemas/ids/2"), "reads go on"
    _, third = serve(t, topic)
    assert register(other, "x", STRING) == 12, "the new leader is found in the topic"
    assert served(other) == served(third)


@test
def what_a_former_leader_still_appends_counts_for_nobody_and_is_mended(t):
    topic = t.prefix + "_schemas"
    first, url = serve(t, topic)
    follower, other = serve(t, topic, "--follow")
    register(url, "s", INT)
    register(url, "t", STRING)
    register(url, "u", '"bytes"')
    assert http("PUT", f"{url}/config/s", {"compatibility": "FULL"})[0] == 200
    assert http("DELETE", f"{url}/subjects/u") == (200, [1])
    first.kill()
    old = read(t, topic)[-1][2]["millrace-epoch"]
    late = [  # what it had in its hands when it fell asleep
        (key("SCHEMA", "s", 2, 1), value(subject="s", version=2, id=4, schema='"long"', deleted=False)),
        (key("SCHEMA", "t", 1, 1), value(subject="t", version=1, id=2, schema=STRING, deleted=True)),
        (key("SCHEMA", "u", 1, 1), value(subject="u", version=1, id=3, schema='"bytes"', deleted=False)),
        (key("CONFIG", "s"), value(subject="s", compatibilityLevel="NONE")),
        (key("DELETE_SUBJECT", "s"), value(subject="s", version=1)),
    ]
    _, url = serve(t, topic)
    before = served(url)
    text = "".join(f"{name}\t{what}\n" for name, what in late)
    t.run("kcat", "-b", t.kafka, "-P", "-t", topic, "-p", "0", "-K", "\t", "-H", f"millrace-epoch={old}", stdin=text)

    def mended():
        rows = read(t, topic)
        return picture(rows)[0].keys() == before.keys() and picture(rows) == picture(compacted(rows)) and rows
    rows = wait_for(mended, 10, "the keys are written again")
    versions, settings = picture(rows)
    same_versions(url, versions)
    assert served(url) == before == served(other), "for everyone at every time"
    assert settings["CONFIG", "s"] == {"compatibilityLevel": "FULL"}
    assert register(url, "v", '"float"') == 5, "4 would stand for two schemas where epochs are not known"
    assert register(other, "w", '"double"') == 6


class Writers:
    """Clients that register schemas of their own, each in a subject of its own, and remember what they were told."""

    def __init__(self, urls, seed):
        self.urls, self.random, self.stop, self.lock = urls, random.Random(seed), threading.Event(), threading.Lock()
        self.ids, self.deleted, self.gone, self.tried = {}, set(), set(), 0
        self.threads = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(len(urls))]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(15)

    def ask(self, url, method, path, body=None):
        try:
            status, answer = http(method, url + path, body, seconds=2)
        except OSError:
            return None
        return answer if status == 200 else None

    def work(self, number):
        url, count = self.urls[number], 0
        while not self.stop.is_set():
            count += 1
            subject = f"w{number}-{count}"
            schema = '{"type":"fixed","name":"f%d","size":%d}' % (number, count)
            with self.lock:
                self.tried += 1
                fate = self.random.random()
            answer = self.ask(url, "POST", f"/subjects/{subject}/versions", {"schema": schema})
            if answer is None:
                time.sleep(0.02)
                continue
            with self.lock:
                self.ids[subject] = (answer["id"], schema)
            if fate < 0.3 and self.ask(url, "DELETE", f"/subjects/{subject}") is not None:
                with self.lock:
                    self.deleted.add(subject)
                if fate < 0.15 and self.ask(url, "DELETE", f"/subjects/{subject}?permanent=true") is not None:
                    with self.lock:
                        self.gone.add(subject)
            elif fate < 0.3:
                with self.lock:  # asked for and not known: either will do
                    self.ids[subject] = (answer["id"], None)

    def check(self, versions):
        """Nothing that was acknowledged is lost, nothing deleted is back, no id was given twice."""
        given = {}
        for subject, (number, schema) in self.ids.items():
            assert given.setdefault(number, subject) == subject, f"id {number}: {given[number]} and {subject}"
            one = versions.get((subject, 1))
            if subject in self.gone:
                assert one is None, f"{subject} is back"
            elif one is None:
                assert schema is None or subject in self.deleted, f"{subject} is lost"
            else:
                assert one["id"] == number and schema in (None, one["schema"]), (subject, one)
                assert one["deleted"] or subject not in self.deleted, f"{subject} is back"
        ids_agree(versions)


@test
def two_writers_on_one_topic_never_give_an_id_twice_and_lose_no_answer(t):
    topic = t.prefix + "_schemas"
    pair = [serve(t, topic, "--takeover", "1s") for _ in range(2)]
    assert "event=stands_by" in pair[1][0].err()
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    chance = random.Random(seed)
    with Writers([pair[number % 2][1] for number in range(6)], seed) as writers:
        leads = 0
        for _ in range(4):
            time.sleep(0.5 + chance.random())
            running, heir = pair[leads][0], pair[1 - leads][0]
            before = heir.err().count("event=leads")
            running.signal(signal.SIGSTOP)
            try:
                wait_for(lambda: heir.err().count("event=leads") > before, 20, "the other takes over")
                time.sleep(chance.random())
            finally:
                running.signal(signal.SIGCONT)
            wait_for(lambda: "event=deposed" in running.err(), 10, "it learns that it is deposed")
            leads = 1 - leads
        time.sleep(1)
    rows = read(t, topic)
    versions, _ = picture(rows)
    assert len(writers.ids) > 50, len(writers.ids)
    writers.check(versions)
    for _, url in pair:
        wait_for(lambda: served_all(url) == {name: one["id"] for name, one in versions.items()}, 5, "both serve it")
    assert picture(compacted(rows)) == picture(rows)


def served_all(url):
    """{(subject, version): id} of everything, whatever the size of a page."""
    found, at = {}, 0
    while True:
        page = get(url, f"/schemas?subjectPrefix=:*:&deleted=true&offset={at}&limit=1000")
        found |= {(one["subject"], one["version"]): one["id"] for one in page}
        if len(page) < 1000:
            return found
        at += 1000


@test
def killed_200_times_in_mid_registration_it_loses_nothing_while_a_follower_answers_all_reads(t):
    topic, port = t.prefix + "_schemas", free_port()
    seed = int(os.environ.get("MILLRACE_SEED") or random.randrange(1 << 32))
    kills = int(os.environ.get("MILLRACE_KILLS") or 200)
    print(f"# seed {seed}: MILLRACE_SEED={seed} repeats the moments", flush=True)
    chance, url = random.Random(seed), f"http://127.0.0.1:{port}"

    def start():
        running = t.start("millrace", "registry", "serve", "-l", f"127.0.0.1:{port}", "--store", "kafka", "-b", t.kafka,
                          "--schemas-topic", topic)
        return running
    leader = start()
    leader.wait_for("event=listening")
    _, other = serve(t, topic, "--follow")
    reads, failed = [0], []
    with Writers([url, url, other], seed) as writers:
        stop = threading.Event()

        def look():
            while not stop.is_set():
                try:
                    status, _ = http("GET", other + "/subjects?limit=5", seconds=2)
                    assert status == 200, status
                    reads[0] += 1
                except (OSError, AssertionError) as error:
                    failed.append(repr(error))
                time.sleep(0.005)
        looker = threading.Thread(target=look, daemon=True)
        looker.start()
        for _ in range(kills):
            time.sleep(chance.random() * 0.12)
            leader.kill()
            t.running.remove(leader)
            leader = start()
            wait_for(lambda: "event=listening" in leader.err(), 20, "it is back")
        time.sleep(0.3)
        stop.set()
        looker.join(5)
    assert not failed and reads[0] > kills, (reads, failed[:3])
    rows = read(t, topic)
    versions, _ = picture(rows)
    print(f"# {len(writers.ids)} registered of {writers.tried} tried, {len(writers.gone)} gone for good, {reads[0]} reads",
          flush=True)
    assert len(writers.ids) > kills, len(writers.ids)
    writers.check(versions)
    assert picture(compacted(rows)) == picture(rows)
    expected = {name: one["id"] for name, one in versions.items()}
    for one in (url, other):
        wait_for(lambda: served_all(one) == expected, 10, "leader and follower serve it")


@test
def while_the_brokers_sleep_changes_are_refused_in_time_and_reads_go_on(t):
    kafka = components.Kafka(t.folder / "own-kafka")
    t.running.append(kafka)
    brokers = kafka.start()
    address = t.path("address")
    running = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, "--store", "kafka",
                      "-b", brokers, "--store-timeout", "1s", "-X", "socket.timeout.ms=2000")
    running.wait_for("event=listening")
    url = "http://" + address.read_text().strip()
    register(url, "s", INT)
    kafka.process.send_signal(signal.SIGSTOP)
    answers = []
    try:
        for number in range(4):
            begun = time.monotonic()
            status, answer = http("POST", f"{url}/subjects/out{number}/versions", {"schema": STRING}, seconds=20)
            answers.append((status, answer["error_code"]))
            assert time.monotonic() - begun < 5 and "_schemas" in answer["message"], (time.monotonic() - begun, answer)
            assert get(url, "/subjects") == ["s"] and get(url, "/schemas/ids/1"), "reads go on"
    finally:
        kafka.process.send_signal(signal.SIGCONT)
    assert answers[0] == (500, 50002) and set(answers[1:]) == {(500, 50001)}, answers

    def again():
        status, answer = http("POST", f"{url}/subjects/back/versions", {"schema": '"long"'}, seconds=20)
        return status == 200 and answer["id"]
    number = wait_for(again, 30, "it takes changes again")
    shown = t.run("kcat", "-b", brokers, "-C", "-t", "_schemas", "-e", "-q", "-f", "%k\t%S\t%s\n").lines()
    rows = [(name, None if int(size) <= 0 else text, {}) for name, size, text in (line.split("\t") for line in shown)]
    versions, _ = picture(rows)
    same_versions(url, versions)
    ids_agree(versions)
    assert versions["back", 1]["id"] == number and picture(compacted(rows)) == picture(rows)


@test
def one_that_stops_in_order_is_followed_by_the_next_at_once(t):
    topic = t.prefix + "_schemas"
    first, url = serve(t, topic)
    second, other = serve(t, topic, "--takeover", "1h")
    assert register(other, "s", INT) == 1 and "event=stands_by" in second.err()
    first.signal()
    assert first.wait().status == 0
    second.wait_for("event=leads", seconds=10)
    assert register(other, "t", STRING) == 2


@test
def ten_thousand_schemas_are_ready_in_a_second_and_within_48_mib(t):
    topic = t.prefix + "_schemas"
    create(t, topic)
    fields = [{"name": f"field_{number}", "type": ["null", "string"], "default": None, "doc": "what it is"}
              for number in range(8)]

    def row(number):
        schema = value(type="record", name=f"r{number}", namespace="a.b", fields=fields)
        subject, version = f"subject-{number // 4}-value", number % 4 + 1
        return key("SCHEMA", subject, version, 1), value(subject=subject, version=version, id=number + 1, schema=schema,
                                                         deleted=False)
    write(t, topic, [row(number) for number in range(10000)])
    taken = []
    for _ in range(3):  # the machine may be busy: the best counts
        begun = time.monotonic()
        running, url = serve(t, topic)
        assert get(url, "/schemas/ids/10000")
        taken.append(time.monotonic() - begun)
        status = pathlib.Path(f"/proc/{running.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
        running.kill()
    print(f"# ready after {min(taken):.2f} s, {resident:.0f} MiB resident", flush=True)
    assert resident < 48 and min(taken) < 1, (resident, taken)


@test
def another_registry_on_the_topic_is_noticed(t):
    topic = t.prefix + "_schemas"
    running, url = serve(t, topic)
    register(url, "s", INT)
    write(t, topic, [(key("SCHEMA", "x", 1, 1), value(subject="x", version=1, id=2, schema=STRING, deleted=False)),
                     (key("SCHEMA", "x", 1, 1), value(subject="x", version=1, id=2, schema=STRING, deleted=True))])
    running.wait_for("event=foreign_writer", seconds=10)
    wait_for(lambda: ("x", 1) in served(url), 5, "what it wrote is applied")
    assert get(url, "/subjects") == ["s"] and register(url, "t", '"long"') == 3
