# SPDX-License-Identifier: Apache-2.0
"""Several registries on one topic: one leads, the others follow; paused, killed and deposed at any moment."""
import hashlib
import http.client
import json
import os
import random
import signal
import ssl
import threading
import time

import tls_front
from harness import free_port, test, wait_for
from harness import http as ask_http
from schemas_topic import (INT, STRING, compacted, get, ids_agree, key, picture, read, register, same_versions, serve,
                           served, served_all, value)


@test
def followers_show_what_the_leader_did_forward_changes_and_read_on_without_it(t):
    topic = t.prefix + "_schemas"
    leader, url = serve(t, topic)
    follower, other = serve(t, topic, "--follow")
    assert register(url, "s", INT) == 1
    wait_for(lambda: get(other, "/subjects") == ["s"], 5, "the follower has it")
    for ready in get(url, "/readyz"), get(other, "/readyz"):
        assert 0 < ready["position"] <= ready["end"], ready
    assert register(other, "s", INT) == 1, "answered from what it knows"
    for number in range(2, 12):  # forwarded; and read where it was written, at once
        assert register(other, f"f{number}", '{"type":"fixed","name":"f","size":%d}' % number) == number
        assert f"f{number}" in get(other, "/subjects")
    status, answer = ask_http("POST", f"{other}/subjects/s/versions", {"schema": STRING})
    assert status == 409 and "version 1" in answer["message"], "the leader's own words"
    assert ask_http("PUT", f"{other}/config/s", {"compatibility": "NONE"}) == (200, {"compatibility": "NONE"})
    assert get(other, "/config/s") == {"compatibilityLevel": "NONE"}
    assert ask_http("DELETE", f"{other}/subjects/f11") == (200, [1])
    assert ask_http("DELETE", f"{other}/subjects/f11?permanent=true") == (200, [1])
    status, answer = ask_http("POST", f"{other}/subjects/x/versions", {"schema": STRING}, {"X-Forward": "false"})
    assert (status, answer["error_code"]) == (500, 50004), "no request goes round in circles"
    leader.kill()
    status, answer = ask_http("POST", f"{other}/subjects/x/versions", {"schema": STRING})
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
    assert ask_http("PUT", f"{url}/config/s", {"compatibility": "FULL"})[0] == 200
    assert ask_http("DELETE", f"{url}/subjects/u") == (200, [1])
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
            status, answer = ask_http(method, url + path, body, seconds=2)
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
                    status, _ = ask_http("GET", other + "/subjects?limit=5", seconds=2)
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
def changes_are_forwarded_over_tls_with_the_clients_own_credentials(t):
    topic, at = t.prefix + "_schemas", t.folder.joinpath
    tls_front.make_authority(t.folder)
    tls_front.make_certificate(t.folder, "server", "IP:127.0.0.1")
    t.path("tokens", "".join(f"{who}:{hashlib.sha256(who.encode()).hexdigest()}\n" for who in ("writer", "reader")))
    t.path("roles", "write * token:writer\nread * token:reader\n")
    edge = ("--tls-cert", at("server.pem"), "--tls-key", at("server.key"), "--tokens", at("tokens"), "--roles",
            at("roles"), "--takeover", "1s")
    _, url = serve(t, topic, *edge, "--registry-ca", at("ca.pem"))
    _, other = serve(t, topic, *edge, "--registry-ca", at("ca.pem"), "--follow")
    stranger, third = serve(t, topic, *edge, "--follow")  # trusts no authority that knows the leader

    def post(base, subject, who):
        connection = http.client.HTTPSConnection(base.removeprefix("http://"), timeout=20,
                                                 context=ssl.create_default_context(cafile=at("ca.pem")))
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {who}"} if who else {})
        connection.request("POST", f"/subjects/{subject}/versions", json.dumps({"schema": INT}), headers)
        answer = connection.getresponse()
        text = json.loads(answer.read())
        connection.close()
        return answer.status, text.get("id", text.get("error_code"))
    assert post(other, "s", "writer") == (200, 1)
    assert post(url, "t", "writer") == (200, 1)
    assert post(other, "u", "reader")[0] == 403 and post(other, "u", None)[0] == 401
    assert post(third, "v", "writer") == (500, 50003), "the token is not shown to whoever answers there"
