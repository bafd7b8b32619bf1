# SPDX-License-Identifier: Apache-2.0
"""Producers on real Kafka and a registry that is not ours: what arrives, and what a kill costs."""
import collections
import json
import struct

from harness import test, wait_for

TOPIC = "festivo-schedule.schedule.item-created.v1"
PRODUCER = "festivo-schedule-producer"


def prepared(t, topics=True):
    env = {"MILLRACE_BROKERS": t.kafka, "MILLRACE_REGISTRY": t.second_registry}
    t.run("millrace", "schema", "register", env=env)
    if topics:
        t.run("millrace", "topics", "create", "festivo-schedule*", env=env)
    return env


def event(t, n, **more):
    data = {"itemId": f"item {n}", "stageId": "s", "stageName": "Main", "artistName": "A", "startTime": "2024-06-01T20:00:00Z",
            "endTime": "2024-06-01T21:00:00Z", "createdAt": "2024-01-01T00:00:00Z"} | more
    return json.dumps({"specversion": "1.0", "id": f"{t.prefix}-{n}", "source": "schedule",
                       "type": "com.festivo.schedule.item-created.v1", "time": "2024-01-01T00:00:00Z",
                       "correlationid": f"{t.prefix}-{n}", "data": data}) + "\n"


def events(t, name, n):
    """A file of n events; each is its own flow, so that its key names it."""
    return t.path(name, "".join(event(t, i) for i in range(n)))


def arrived(t):
    """How often each of this test's keys is on the topic."""
    keys = t.run("kcat", "-b", t.kafka, "-C", "-t", TOPIC, "-e", "-q", "-f", "%k\n").lines()
    return collections.Counter(key for key in keys if key.startswith(t.prefix))


def murmur2(data):
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for (k,) in struct.iter_unpack("<I", data[:whole]):
        k = k * 0x5BD1E995 & 0xFFFFFFFF
        k = (k ^ k >> 24) * 0x5BD1E995 & 0xFFFFFFFF
        h = (h * 0x5BD1E995 & 0xFFFFFFFF) ^ k
    for i, byte in enumerate(data[whole:]):
        h ^= byte << 8 * i
    if whole < len(data):
        h = h * 0x5BD1E995 & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return (h ^ h >> 15) & 0x7FFFFFFF


@test
def a_record_has_the_key_partition_headers_and_wire_form_of_the_conventions(t):
    env = prepared(t)
    t.run(PRODUCER, stdin=event(t, 1) + event(t, 2), env=env)
    shown = t.run("kcat", "-b", t.kafka, "-C", "-t", TOPIC, "-e", "-q", "-f", "%k\t%p\t%h\t%S\n").lines()
    ours = [line.split("\t") for line in shown if line.startswith(t.prefix)]
    assert len(ours) == 2, shown
    for key, partition, headers, _size in ours:
        assert int(partition) == murmur2(key.encode()) % 3, ours
        assert headers.split(",") == ["ce_specversion=1.0", f"ce_id={key}", "ce_source=schedule",
                                      "ce_type=com.festivo.schedule.item-created.v1", "ce_time=2024-01-01T00:00:00Z",
                                      "content-type=application/avro", f"ce_correlationid={key}"], headers
    back = t.run("millrace", "tail", TOPIC, "-e", "-J", env=env).json_lines()
    mine = [one for one in back if one["key"].startswith(t.prefix)]
    assert sorted(one["value"]["data"]["itemId"] for one in mine) == ["item 1", "item 2"], mine


@test
def kill_9_in_mid_flow_loses_nothing(t):
    n, env = 60000, prepared(t)
    path, checkpoint = events(t, "events.ndjson", n), t.path("checkpoint")
    argv = [PRODUCER, "--checkpoint", checkpoint, "--checkpoint-every", "20ms", "-X", "queue.buffering.max.messages=1000", path]
    offset, n_kills = 0, 0
    while n_kills < 4:
        run = t.start(*argv, env=env)
        wait_for(lambda: run.process.poll() is not None or settled(checkpoint) > offset, 30, "the checkpoint advances")
        if run.process.poll() is not None:
            break  # this machine was faster than we
        run.kill()
        offset, n_kills = settled(checkpoint), n_kills + 1
    done = t.run(*argv, env=env)
    assert n_kills > 0 and 0 < offset, (n_kills, offset)
    counts = arrived(t)
    assert len(counts) == n, f"{n - len(counts)} events are lost after {n_kills} kills\n{done.err}"
    # a kill doubles at most what was under way: it has the same event_id, and the next inbox drops it
    doubled = sum(counts.values()) - n
    assert doubled <= n_kills * 20000, doubled
    again = t.run(*argv, "--json", env=env)
    assert json.loads(again.out)["read"] == 0, again.out


def settled(checkpoint):
    try:
        text = checkpoint.read_text()
    except FileNotFoundError:
        return 0
    return int(text.split("offset=")[1].split()[0]) if "offset=" in text else 0


@test
def a_stop_in_mid_flow_drains_and_the_next_run_doubles_nothing(t):
    n, env = 60000, prepared(t)
    path, checkpoint = events(t, "events.ndjson", n), t.path("checkpoint")
    argv = [PRODUCER, "--checkpoint", checkpoint, "--checkpoint-every", "20ms", "-X", "queue.buffering.max.messages=1000", path]
    run = t.start(*argv, env=env)
    wait_for(lambda: run.process.poll() is not None or settled(checkpoint) > 0, 30, "the checkpoint advances")
    run.signal()
    stopped = run.wait()
    if stopped.status != 0:  # it was not faster than the signal
        assert stopped.status == 1 and "stopped before the end of the input" in stopped.err, stopped.err
    t.run(*argv, env=env)
    counts = arrived(t)
    assert len(counts) == n and sum(counts.values()) == n, (len(counts), sum(counts.values()))


@test
def what_is_rejected_stays_out_and_the_rest_arrives(t):
    env = prepared(t)
    lines = event(t, 1) + event(t, 2, endTime="2024-06-01T19:00:00Z") + "oops\n" + event(t, 3, stageName=7) + event(t, 4)
    rejects, path = t.path("rejects.ndjson"), t.path("in.ndjson", lines)
    done = t.run(PRODUCER, "--rejects", rejects, "--json", path, env=env, expect=1)
    summary = json.loads(done.out)
    assert (summary["read"], summary["delivered"], summary["rejected"]) == (5, 2, 3), done.out
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(one["line"], one["where"]) for one in kept] == [(2, "/data/endTime"), (3, ""), (4, "/data/stageName")], kept
    assert kept[1]["original"] == "oops" and json.loads(kept[0]["original"])["id"] == f"{t.prefix}-2"
    assert f"{path}:2: /data/endTime: must not be before startTime" in done.err, done.err
    assert sorted(arrived(t)) == [f"{t.prefix}-1", f"{t.prefix}-4"]


@test
def a_producer_without_its_schemas_or_topics_says_what_is_missing_and_sends_nothing(t):
    env = {"MILLRACE_BROKERS": t.kafka, "MILLRACE_REGISTRY": t.fresh_registry()}
    done = t.run(PRODUCER, stdin=event(t, 1), env=env, expect=1)
    assert f"{TOPIC}-value" in done.err and "millrace schema register" in done.err, done.err
    t.run("millrace", "schema", "register", env=env)
    t.run("millrace", "topics", "create", "bookings.*", env=env)
    done = t.run("product-management-producer", stdin="", env=env, expect=None)
    if done.status != 0:  # another test may have made them
        assert "product-management.product.created.v1" in done.err and "millrace topics create" in done.err, done.err
