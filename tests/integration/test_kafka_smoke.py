# SPDX-License-Identifier: Apache-2.0
"""The harness itself: the real components start, answer and are told apart by a test's prefix."""
from harness import http, test, wait_for


@test
def a_topic_made_by_kafkas_own_tool_carries_a_record_there_and_back(t):
    topic = t.prefix + ".smoke"
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", topic,
                 "--partitions", "3")
    t.run("kcat", "-b", t.kafka, "-P", "-t", topic, "-k", "key", stdin="hello\n")
    back = t.run("kcat", "-b", t.kafka, "-C", "-t", topic, "-e", "-q", "-f", "%k=%s\n")
    assert back.lines() == ["key=hello"], back.out


@test
def the_second_registry_keeps_a_schema(t):
    subject = t.prefix + "-value"
    status, made = http("POST", f"{t.second_registry}/subjects/{subject}/versions", {"schema": '"string"'})
    assert status == 200, made
    status, kept = http("GET", f"{t.second_registry}/schemas/ids/{made['id']}")
    assert (status, kept["schema"]) == (200, '"string"'), kept


@test
def a_registry_of_ones_own_starts_empty(t):
    status, subjects = http("GET", t.fresh_registry() + "/subjects")
    assert status == 200 and not subjects, subjects  # this one answers null for an empty list


@test
def a_started_program_is_waited_for_by_what_it_says(t):
    sleeper = t.start("sh", "-c", "echo ready; exec sleep 60")
    sleeper.wait_for("ready")
    sleeper.kill()
    wait_for(lambda: sleeper.process.poll() is not None, 5, "the killed program is gone")
    assert sleeper.wait().status == -9
