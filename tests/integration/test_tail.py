# SPDX-License-Identifier: Apache-2.0
"""millrace tail on Apache Kafka: what the embedded broker does not have (times, groups, transactions)."""
import time

from harness import test, wait_for


def topic(t, partitions=1):
    name = t.prefix + ".records"
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", name, "--partitions", str(partitions))
    return name


def put(t, name, lines, *more):
    t.run("kcat", "-b", t.kafka, "-P", "-t", name, "-K", "=", "-X", "partitioner=murmur2_random", *more,
          stdin="".join(line + "\n" for line in lines))


def tail(t, name, *words, **more):
    return t.run("millrace", "tail", name, "-b", t.kafka, *words, **more)


def now():
    time.sleep(0.02)
    moment = round(time.time() * 1000)
    time.sleep(0.02)
    return moment


@test
def times_choose_records_by_the_brokers_index(t):
    name = topic(t, 3)
    moments = []
    for part in "abc":
        moments.append(now())
        put(t, name, [f"{part}{i}={{\"part\":\"{part}\"}}" for i in range(50)])
    moments.append(now())
    assert len(tail(t, name, "-e").lines()) == 150
    for i, part in enumerate("abc"):
        done = tail(t, name, "-o", f"@{moments[i]}:{moments[i + 1]}")
        assert done.lines() == [f'{{"part":"{part}"}}'] * 50, done.out
        assert done.err == "", done.err
    assert len(tail(t, name, "-o", f"@{moments[1]}:end").lines()) == 100
    assert tail(t, name, "-e", "-o", f"@{moments[3]}").lines() == []
    assert tail(t, name, "-e", "--tail", "1").lines() == ['{"part":"c"}'] * 3


@test
def a_key_is_found_where_its_hash_puts_it(t):
    name = topic(t, 7)
    put(t, name, [f"key-{i}={{\"i\":{i}}}" for i in range(200)])
    for i in (0, 17, 199):
        assert tail(t, name, "-e", "-k", f"key-{i}").lines() == [f'{{"i":{i}}}']
    read = t.run("kcat", "-b", t.kafka, "-C", "-q", "-e", "-t", name, "-f", "%p %k\n").lines()
    ours = tail(t, name, "-e", "-f", "%p %k\\n").lines()
    assert sorted(read) == sorted(ours) and len({line.split()[0] for line in read}) == 7, read


@test
def stored_offsets_are_read_and_never_moved(t):
    name, group = topic(t), t.prefix + "-group"
    put(t, name, [f"k={i}" for i in range(10)])
    t.run("kcat", "-b", t.kafka, "-q", "-G", group, "-c", "4", "-X", "auto.offset.reset=earliest", name)
    for _ in range(2):
        assert tail(t, name, "-e", "-g", group, "-o", "stored").lines() == ["4", "5", "6", "7", "8", "9"]


@test
def marks_of_transactions_at_the_end_do_not_hold_it_up(t):
    name = topic(t)
    t.kafka_tool("ProducerPerformance", "--topic", name, "--num-records", "100", "--record-size", "8", "--throughput",
                 "-1", "--transactional-id", t.prefix, "--transaction-duration-ms", "1000", "--producer-props",
                 f"bootstrap.servers={t.kafka}")
    # the marks are written a little after the producer is told of its commit
    wait_for(lambda: tail(t, name, "-e", "-f", "%o\\n").lines() == [str(i) for i in range(100)], 20, "all are committed")
    put(t, name, ["k=1"])
    assert tail(t, name, "-e", "-o", "100", seconds=20).lines() == ["1"]


@test
def records_that_come_later_are_shown_as_they_come(t):
    name = topic(t)
    put(t, name, ["k=1"])
    running = t.start("millrace", "tail", name, "-b", t.kafka, "-c", "3")
    running.wait_for("1\n")
    put(t, name, ["k=2"])
    running.wait_for("2\n")
    put(t, name, ["k=3", "k=4"])
    assert running.wait(20).lines() == ["1", "2", "3"]
