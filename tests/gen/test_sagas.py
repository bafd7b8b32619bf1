#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mr-gen and sagas.yaml: what is wrong in it is named with its place and the nearest word, and stops the build.

usage: test_sagas.py MR_GEN SOURCE_DIR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tap import case, main  # noqa: E402 (its folder is added above)

MR_GEN, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
TOPICS = pathlib.Path(SOURCE, "topics.yaml").read_text()
DENIED = "festivo-access-control.access.entry-denied.v1"
TEXT = """\
emissions:
  - emission: refund
    event: festivo-orchestrator.saga.refund-requested.v1
    fields:
      ticketId: "{ticketId}"
      ticketCode: "{ticketCode}"
      reason: "denied - {reason}"
      refundAmount: "1.50"
      requestedAt: "{now}"
sagas:
  - saga: Denial
    service: festivo-orchestrator
    summary: For tests
    key: data.ticketId
    starts:
      - on: festivo-access-control.access.entry-denied.v1
        when:
          - {field: data.reason, lacks: [refunded]}
        remember: {ticketId: data.ticketId, ticketCode: data.ticketCode, reason: data.reason}
    steps:
      - step: again
        answers:
          - on: festivo-access-control.access.entry-requested.v1
        timeout: 15m
        retry: 1
        undo: [refund]
      - step: watch
        failures:
          - on: festivo-access-control.access.entry-denied.v1
            why: "again: {reason}"
        timeout: 1h
        on_timeout: go-on
        end: done
"""


def publishers():
    found, service = [], ""
    for line in TOPICS.splitlines():
        word = re.match(r"\s*- (service|topic): (\S+)", line)
        if word and word[1] == "service":
            service = word[2]
        elif word and service not in found:
            found.append(service)
    return found


def made(text):
    """What mr-gen says, and the table that it writes (None: nothing was written)."""
    with tempfile.TemporaryDirectory(prefix="mr-gen-") as name:
        folder = pathlib.Path(name)
        (folder / "out").mkdir()
        shutil.copy(os.path.join(SOURCE, "topics.yaml"), folder)
        if text is not None:
            (folder / "sagas.yaml").write_text(text)
        done = subprocess.run([MR_GEN, "topics.yaml", SOURCE + "/schemas/avro", "out", "out/d", "out/topics.gen.h",
                               *publishers()], cwd=folder, capture_output=True, text=True)
        table = folder / "out" / "sagas.gen.c"
        assert table.exists() == (done.returncode == 0), done.stderr
        return done.stderr, table.read_text() if table.exists() else None


def refused(old, new, *lines):
    """Each line: "LINE:COLUMN: text", all of them and no others."""
    assert old in TEXT, old
    said, _ = made(TEXT.replace(old, new, 1))
    assert said.splitlines() == ["sagas.yaml:" + line for line in lines], said


@case
def a_saga_becomes_a_table():
    said, table = made(TEXT)
    assert said == "" and '"Denial"' in table and '.timeout_ms = 900000' in table, said


@case
def without_the_file_there_are_no_sagas():
    said, table = made(None)
    assert said == "" and ".n_items = 0, .emissions = saga_emissions, .n_emissions = 0}" in table, said
    assert "*ret_n = 0;" in table, "nor do they read anything"


@case
def a_trigger_is_a_topic_that_the_owner_consumes():
    refused("- on: " + DENIED, "- on: festivo-access-control.access.entry-granted.v1",
            "16:13: festivo-orchestrator does not consume 'festivo-access-control.access.entry-granted.v1'; did you mean "
            f"'{DENIED}'?")
    refused("- on: " + DENIED, "- on: festivo-access-control.access.entry-denid.v1",
            "16:13: there is no topic for festivo-orchestrator to consume: "
            f"'festivo-access-control.access.entry-denid.v1'; did you mean '{DENIED}'?")


@case
def an_emitted_topic_is_the_owners():
    refused("service: festivo-orchestrator", "service: festivo-access-control",
            "16:13: festivo-access-control does not consume 'festivo-access-control.access.entry-denied.v1'; it can be "
            "'festivo-ticket.ticket.cancelled.v1', 'festivo-ticket.ticket.purchased.v1' or "
            "'festivo-ticket.ticket.refunded.v1'",
            "23:17: festivo-access-control does not consume 'festivo-access-control.access.entry-requested.v1'; it can be "
            "'festivo-ticket.ticket.cancelled.v1', 'festivo-ticket.ticket.purchased.v1' or "
            "'festivo-ticket.ticket.refunded.v1'",
            "26:16: Denial publishes 'festivo-orchestrator.saga.refund-requested.v1', which is festivo-orchestrator's to "
            "publish",
            "29:17: festivo-access-control does not consume 'festivo-access-control.access.entry-denied.v1'; it can be "
            "'festivo-ticket.ticket.cancelled.v1', 'festivo-ticket.ticket.purchased.v1' or "
            "'festivo-ticket.ticket.refunded.v1'")
    refused("refund-requested.v1", "refund-request.v1",
            "3:12: there is no event topic 'festivo-orchestrator.saga.refund-request.v1'; did you mean "
            "'festivo-orchestrator.saga.refund-requested.v1'?")


@case
def a_field_is_one_of_the_schema():
    refused("key: data.ticketId", "key: data.ticketID",
            f"14:10: {DENIED} has no field 'data.ticketID'; did you mean 'data.ticketId'?")
    refused("field: data.reason", "field: data.raeson",
            f"18:21: {DENIED} has no field 'data.raeson'; did you mean 'data.reason'?")
    refused("reason: data.reason}", "reason: data.reasons}",
            f"19:82: {DENIED} has no field 'data.reasons'; did you mean 'data.reason'?")
    refused("ticketCode: \"{", "ticketCod: \"{",
            "6:7: festivo-orchestrator.saga.refund-requested.v1 has no field 'ticketCod'; did you mean 'ticketCode'?")


@case
def an_emission_fills_every_field_with_its_kind():
    refused('      requestedAt: "{now}"\n', "",
            "5:7: emission 'refund' leaves out 'requestedAt' of festivo-orchestrator.saga.refund-requested.v1")
    refused('"{now}"', '"{ticketId}"', "9:20: '{ticketId}' is a text, where an instant is wanted")
    refused('"1.50"', "plenty", "8:21: 'plenty' cannot give a decimal")
    refused('"1.50"', '"{saga.id}{reason}"', "8:21: '{saga.id}{reason}' cannot give a decimal")
    refused("denied - {reason}", "denied - {reson}", "7:15: Denial knows no '{reson}'; did you mean 'reason'?")
    refused("denied - {reason}", "denied - {reason", "7:15: 'denied - {reason': write {name}; a brace has lost its other")


@case
def every_step_has_a_limit_and_is_reached():
    refused("        timeout: 15m\n        retry: 1\n", "", "21:15: step 'again' waits without limit: give it a 'timeout'")
    refused("        end: done\n", "", "27:15: step 'watch' is the last: give it an 'end', the saga's result")
    refused("        undo: [refund]\n", "        undo: [refund]\n        end: early\n",
            "28:15: step 'watch' is never reached: step 'again' ends the saga")
    refused("step: watch", "step: again", "27:15: step 'again' stands here twice")
    refused("        remember: {t", "        end: at once\n        remember: {t",
            "22:15: step 'again' is never reached: every start ends the saga")
    refused("on_timeout: go-on", "on_timeout: fail",
            "27:15: nothing completes step 'watch': name 'answers', or 'on_timeout: go-on'")
    refused("timeout: 15m", "timeout: 15", "24:18: 'timeout' takes 1ms to 366d, not '15'")
    refused("retry: 1", "retry: 101", "25:16: 'retry' takes 0 to 100, and a 'timeout' beside it")


@case
def names_lead_somewhere():
    refused("undo: [refund]", "undo: [refnud]", "26:16: there is no emission 'refnud'; did you mean 'refund'?")
    refused("        undo: [refund]\n", "", "2:15: no saga publishes 'refund': name it, or remove it")
    refused("service: festivo-orchestrator", "service: festivo-orchestrater",
            "12:14: there is no service 'festivo-orchestrater'; did you mean 'festivo-orchestrator'?")
    refused("service: festivo-orchestrator", "service: festivo-schedule",
            "12:14: service 'festivo-schedule' consumes nothing: its sagas would hear nothing")
    refused("lacks: [", "lack: [", "18:34: unknown key 'lack' in field 'data.reason'; did you mean 'lacks'?")
    refused("remember: {ticketId:", "remember: {ticket-id:",
            "19:20: 'ticket-id' is no name for a value: write name, or list[].name")


def told(old, new):
    assert old in TEXT, old
    return made(TEXT.replace(old, new, 1))[0]


@case
def a_file_and_a_saga_are_bounded():
    watch, answer = "      - step: watch\n", "          - on: festivo-access-control.access.entry-requested.v1\n"
    steps = [f"      - step: s{i}\n        answers:\n{answer}        timeout: 1h\n" for i in range(31)]
    assert told(watch, "".join(steps[:30]) + watch) == ""
    assert "a saga has at most 32 steps" in told(watch, "".join(steps) + watch)
    assert told(answer, 63 * answer) == ""
    assert "a step has at most 63 answers" in told(answer, 64 * answer)
    values = [f"v{i}: data.reason, " for i in range(62)]
    assert told("remember: {", "remember: {" + "".join(values[:61])) == ""
    assert "a saga remembers at most 64 values" in told("remember: {", "remember: {" + "".join(values))
    room = (1 << 20) - len(TEXT)
    assert made(TEXT + "#" * room)[0] == ""
    assert "1 MiB" in made(TEXT + "#" * (room + 1))[0], made(TEXT + "#" * (room + 1))[0]


@case
def what_is_no_yaml_is_told():
    said, _ = made("sagas: [")
    assert said.startswith("sagas.yaml:") and "not YAML" in said, said
    said, _ = made("")
    assert said == "sagas.yaml:1:1: the file is empty\n", said


main()
