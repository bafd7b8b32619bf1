# SPDX-License-Identifier: Apache-2.0
"""millrace dlq on Apache Kafka: letters of others, what a group's offsets keep, marks of transactions."""
import json

from harness import test


def topics(t, partitions=3):
    """A topic and its topic of dead letters."""
    names = [f"{t.prefix}.orders", f"{t.prefix}.orders-dlt"]
    for name in names:
        t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", name, "--partitions", str(partitions))
    return names


def connect(t, topic, dead, partition, offset, key, value="plain", lies_in=0):
    """A dead letter as Kafka Connect writes it."""
    headers = {"__connect.errors.topic": topic, "__connect.errors.partition": partition, "__connect.errors.offset": offset,
               "__connect.errors.exception.class.name": "DataException", "tenant": "eu"}
    words = [word for name, text in headers.items() for word in ("-H", f"{name}={text}")]
    t.run("kcat", "-b", t.kafka, "-P", "-t", dead, "-p", str(lies_in), "-k", key, *words, stdin=value)


def dlq(t, verb, *words, **more):
    return json.loads(t.run("millrace", "dlq", verb, *words, "-b", t.kafka, "-o", "json", **more).out)


def open_letters(t, dead):
    return sum(row["open"] for row in dlq(t, "list", dead))


def lag(t, dead):
    """As Kafka's own tool tells it: the sixth column."""
    told = t.kafka_tool("consumer.group.ConsumerGroupCommand", "--bootstrap-server", t.kafka, "--describe", "--group",
                        f"millrace-retry.{dead}")
    return sum(int(line.split()[5]) for line in told.splitlines() if dead in line.split()[1:2])


@test
def letters_of_kafka_connect_go_back_once_and_the_groups_lag_is_what_is_open(t):
    topic, dead = topics(t)
    for offset in (7, 3, 5, 4, 6):
        connect(t, topic, dead, 2, offset, f"k{offset}", lies_in=offset % 2)
    row, = dlq(t, "list", dead)
    assert (row["topic"], row["reason"], row["count"], row["open"]) == (topic, "DataException", 5, 5), row
    assert dlq(t, "retry", dead, "--key", "k4", expect=1)[0]["outcome"] == "left"
    assert dlq(t, "retry", dead, "--force", "--key", "k4") == [{"topic": topic, "count": 1, "outcome": "sent", "why": None}]
    assert dlq(t, "retry", dead, "--force", "--key", "k5")[0]["count"] == 1
    assert open_letters(t, dead) == 3
    assert lag(t, dead) >= 3
    assert dlq(t, "retry", dead, "--force", "--dry-run", expect=3)[0]["count"] == 3
    assert dlq(t, "retry", dead, "--force")[0]["count"] == 3
    assert dlq(t, "retry", dead, "--force") == [] and open_letters(t, dead) == 0 and lag(t, dead) == 0
    lines = t.run("kcat", "-b", t.kafka, "-C", "-t", topic, "-e", "-q", "-f", "%k %p %s %h\n").lines()
    assert [line.split(" ")[:3] for line in lines] == [[f"k{i}", "2", "plain"] for i in (4, 5, 3, 6, 7)], lines
    assert all("tenant=eu" in line and "__connect" not in line and "mr_retry_of=" in line for line in lines), lines


@test
def a_topic_of_dead_letters_that_was_made_anew_is_open_again(t):
    topic, dead = topics(t, 1)
    for offset in range(4):
        connect(t, topic, dead, 0, offset, "k")
    assert dlq(t, "dismiss", dead, "--all")[0]["outcome"] == "dismissed" and open_letters(t, dead) == 0
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--delete", "--topic", dead)
    for _ in range(100):
        if not t.run("kcat", "-b", t.kafka, "-L", "-J").out.count(f'"{dead}"'):
            break
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", dead, "--partitions", "1")
    connect(t, topic, dead, 0, 9, "k")
    assert open_letters(t, dead) == 1
    assert dlq(t, "retry", dead, "--force")[0]["count"] == 1 and open_letters(t, dead) == 0
