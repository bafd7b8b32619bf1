#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dead letters from end to end on the embedded broker: festivo-ticket refuses refunds of tickets that were never sold, the shop's
table is mended, `millrace dlq` sends them back.

usage: test_dlq.py BUILD_DIR    (with MILLRACE_TEST_POSTGRES=URL the store is a schema of that database)
"""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tap import case, main  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.path.abspath(sys.argv[1]))
POSTGRES = os.environ.get("MILLRACE_TEST_POSTGRES")
REQUESTS = "festivo-orchestrator.saga.refund-requested.v1"


class Place:
    """with Place() as p: broker and registry run, p.path is a folder of its own."""

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="millrace-dlq-")
        self.path = pathlib.Path(self.holder.name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        self.env = {**kept, "MILLRACE_STATE": str(self.path / "up"), "XDG_CONFIG_HOME": str(self.path)}
        self.store = self.store_of("festivo-ticket")
        self.millrace("up", "-d")
        return self

    def store_of(self, service):
        if not POSTGRES:
            return f"sqlite:{self.path}/{service}.db"
        schema = f"dlq_{os.getpid()}_{self.path.name[-8:]}_{service}".replace("-", "_").lower()
        self.psql(POSTGRES, f"CREATE SCHEMA {schema}")
        return f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{schema}"

    def __exit__(self, *_):
        subprocess.run([BUILD / "cli" / "millrace", "down"], env=self.env, capture_output=True, check=False)
        self.holder.cleanup()

    def run(self, *argv, stdin="", expect=0):
        done = subprocess.run([str(word) for word in argv], env=self.env, cwd=self.path, input=stdin, capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == expect, (argv, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done

    def millrace(self, *words, **more):
        return self.run(BUILD / "cli" / "millrace", *words, **more)

    def psql(self, url, text):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, url], capture_output=True, text=True,
                              check=True).stdout.splitlines()

    def sql(self, text):
        """Rows of the store, as text with | between."""
        if POSTGRES:
            return self.psql(self.store, text)
        with sqlite3.connect(self.path / "festivo-ticket.db") as db:
            return ["|".join("" if value is None else str(value) for value in row) for row in db.execute(text)]

    def request(self, number, ticket, code, flow=None):
        """The refund-requested event number, published."""
        self.run(BUILD / "producers" / "festivo-orchestrator-producer", stdin=json.dumps(
            {"specversion": "1.0", "id": f"r-{number}", "source": "test", "type": "com.festivo.saga.refund-requested.v1",
             "time": f"2024-05-01T10:{number:02}:00Z", "correlationid": flow or f"visit-{ticket}",
             "data": {"ticketId": ticket, "ticketCode": code, "reason": "Gate", "refundAmount": 10,
                      "requestedAt": f"2024-05-01T10:{number:02}:00Z"}}))

    def sell(self, ticket, code):
        self.sql(f"INSERT INTO ticket (ticket_id, ticket_code, price, sold_at) VALUES ('{ticket}', '{code}', '30.00', 1)")

    def consume(self, *options, service="festivo-ticket", store=None):
        """Its counters, after everything that is there."""
        words = ["--unknown-ticket", "dead-letter"] if service == "festivo-ticket" else []
        return json.loads(self.run(BUILD / "consumers" / f"{service}-consumer", "--once", "--json", "--log-level", "error",
                                   "--store", store or self.store, *words, *options).stdout)

    def letters(self, *options, service="festivo-ticket"):
        return json.loads(self.millrace("dlq", "list", service, "-o", "json", *options).stdout)

    def retry(self, *options, service="festivo-ticket", expect=0):
        """{outcome: count} of a retry."""
        lines = json.loads(self.millrace("dlq", "retry", service, "-o", "json", *options, expect=expect).stdout)
        return {line["outcome"]: line["count"] for line in lines}

    def letter(self, headers, key, value, topic="festivo-ticket.dlq"):
        """A record that is none of ours."""
        broker = next(line.split("=", 1)[1] for line in (self.path / "up").read_text().splitlines() if line.startswith("brokers="))
        words = [word for name, text in headers.items() for word in ("-H", f"{name}={text}")]
        self.run("kcat", "-P", "-b", broker, "-t", topic, "-k", key, *words, stdin=value)

    def records(self, topic):
        return [json.loads(line) for line in self.millrace("tail", topic, "-e", "-J").stdout.splitlines()]


@case
def a_refused_event_is_handled_once_when_its_cause_is_mended_and_it_is_sent_back():
    with Place() as p:
        p.request(1, "t-1", "C-1")
        assert p.consume()["dead_lettered"] == 1
        row, = p.letters()
        assert (row["topic"], row["reason"], row["count"], row["open"]) == (REQUESTS, "refused", 1, 1), row
        shown, = json.loads(p.millrace("dlq", "show", "festivo-ticket", "--id", "r-1").stdout)
        assert (shown["topic"], shown["partition"], shown["offset"]) == (REQUESTS, 0, 0), shown
        assert shown["message"] == "a refund for a ticket that was never sold: it is not in the table ticket", shown
        assert shown["letter"]["value"]["data"]["ticketId"] == "t-1" and shown["wire_format"] and not shown["done"], shown
        p.sell("t-1", "C-1")
        assert p.retry("--dry-run", expect=3) == {"would be sent": 1}
        assert p.retry() == {"sent": 1}
        assert p.retry() == {}, "a second run sends nothing"
        first, again = p.records(REQUESTS)
        assert (again["key"], again["value"], again["partition"]) == (first["key"], first["value"], first["partition"])
        of_the_trip = {name: again["headers"].pop(name) for name in ("mr_retry_group", "mr_retry_of", "ce_replay")}
        assert again["headers"] == first["headers"], again
        assert of_the_trip["mr_retry_group"] == "festivo-ticket" and of_the_trip["mr_retry_of"] == "festivo-ticket.dlq[0]@0"
        counts = p.consume()
        assert (counts["handled"], counts["dead_lettered"], counts["emitted"]) == (1, 0, 1), counts
        rows = p.sql("SELECT state, refund_amount FROM ticket")
        assert rows == ["refunded|10"], rows
        assert p.letters()[0]["open"] == 0
        assert json.loads(p.millrace("dlq", "show", "festivo-ticket", "--open", expect=1).stdout) == []
        assert p.retry() == {} and p.consume()["consumed"] == 0


@case
def letters_are_chosen_dismissed_and_remembered_one_by_one():
    with Place() as p:
        for number in range(1, 7):
            p.request(number, f"t-{number}", "C", flow="one-visit")
        assert p.consume()["dead_lettered"] == 6
        assert p.retry("--id", "r-4") == {"sent": 1}
        assert p.retry("--partition", "0", "--offset", "1") == {"sent": 1}
        assert "which dead letters?" in p.millrace("dlq", "dismiss", "festivo-ticket", expect=2).stderr
        p.millrace("dlq", "dismiss", "festivo-ticket", "--partition", "0", "--offset", "4")
        assert p.letters()[0]["open"] == 3
        done = p.millrace("dlq", "retry", "festivo-ticket", "--limit", "2")
        assert "2 dead letters chosen: 2 sent, 0 left; 1 more: run it again for them" in done.stderr, done.stderr
        assert p.retry("--topic", "*.purchased.v1") == {} and p.retry("--reason", "late") == {}
        assert p.retry("--key", "one-visit", "--reason", "ref*") == {"sent": 1}
        assert [record["headers"]["ce_id"] for record in p.records(REQUESTS)][6:] == ["r-4", "r-2", "r-1", "r-3", "r-6"]
        # one that fails again is a new letter
        assert p.consume()["dead_lettered"] == 5 and p.letters()[0]["open"] == 5


@case
def records_of_a_key_go_back_in_their_order_though_the_later_one_was_given_up_first():
    with Place() as p:
        for number in (1, 2, 3):
            p.request(number, "t-1", "C-1", flow="one-visit")
        p.consume()
        # the letters again, the other way round, as if they had been given up so
        values = p.records("festivo-ticket.dlq")
        p.millrace("dlq", "dismiss", "festivo-ticket", "--all")
        for record in reversed(values):
            p.letter(record["headers"], record["key"], "{}")
        assert p.retry(expect=1) == {"left": 3}, "they are no Avro"
        assert p.retry("--force") == {"sent": 3}
        again = p.millrace("tail", REQUESTS, "-e", "-f", "%p %h\n").stdout.splitlines()[3:]
        assert [line.split("ce_id=")[1].split(",")[0] for line in again] == ["r-1", "r-2", "r-3"], again


@case
def what_is_sent_back_for_one_group_makes_no_dead_letter_of_another():
    denied = "festivo-access-control.access.entry-denied.v1"
    both = ("festivo-notification", "festivo-orchestrator")
    with Place() as p:
        p.letter({}, "visit-1", "no Avro", topic=denied)
        stores = {service: p.store_of(service) for service in both}
        for service in both:
            assert p.consume(service=service, store=stores[service])["dead_lettered"] == 1
        assert p.retry(service=both[0], expect=1) == {"left": 1}, "not in wire format"
        assert p.retry("--force", service=both[0]) == {"sent": 1}
        counts = [p.consume(service=service, store=stores[service]) for service in both]
        assert [(count["dead_lettered"], count["duplicates"]) for count in counts] == [(1, 0), (0, 1)], counts
        assert [(row["count"], row["open"]) for service in both for row in p.letters(service=service)] == [(2, 1), (1, 1)]


@case
def what_the_brokers_do_not_take_ends_the_run_and_the_next_one_goes_on_there():
    with Place() as p:
        for number, size in enumerate((10, 3000, 10)):
            p.letter({"__connect.errors.topic": REQUESTS, "__connect.errors.partition": 0, "__connect.errors.offset": number}, "k",
                     "x" * size)
        done = p.millrace("dlq", "retry", "festivo-ticket", "--force", "-X", "message.max.bytes=2000", expect=1)
        assert done.stdout == f"{REQUESTS}\t1\tsent\t-\n{REQUESTS}\t2\tnot sent\t-\n", done.stdout
        assert "3 dead letters chosen: 1 sent, 0 left, 2 not sent\n" in done.stderr, done.stderr
        assert "large" in done.stderr.splitlines()[-1], done.stderr
        assert p.retry("--force") == {"sent": 2} and p.retry("--force") == {}
        assert [len(line) for line in p.millrace("tail", REQUESTS, "-e", "-f", "%S\n").stdout.splitlines()] == [2, 4, 2]


@case
def a_letter_is_shown_without_a_registry_too():
    with Place() as p:
        p.request(1, "t-1", "C-1")
        p.consume()
        shown, = json.loads(p.millrace("dlq", "show", "festivo-ticket", "-r", "http://127.0.0.1:9").stdout)
        letter = shown["letter"]
        assert letter["value"] is None and letter["undecoded"]["base64"] and letter["key"] == "visit-t-1", letter
        assert shown["reason"] == "refused" and "never sold" in shown["message"], shown
        assert json.dumps("festivo-ticket")[1:-1] in p.millrace("dlq", "show", "festivo-ticket", "-o", "yaml").stdout


@case
def what_cannot_go_back_is_left_with_the_reason():
    with Place() as p:
        p.run(BUILD / "producers" / "festivo-ticket-producer", "--dead-letter", stdin="{}\n", expect=1)
        p.letter({"tenant": "eu"}, "k", "x")
        p.letter({"kafka_dlt-original-topic": "gone", "kafka_dlt-exception-fqcn": "Boom"}, "k", "x")
        assert {(row["topic"], row["reason"]) for row in p.letters()} == {(None, "rejected"), (None, "unknown"), ("gone", "Boom")}
        lines = json.loads(p.millrace("dlq", "retry", "festivo-ticket", "--force", "-o", "json", expect=1).stdout)
        assert {(line["topic"], line["why"].split(":")[0]) for line in lines if line["outcome"] == "left"} == {
            (None, "a document that a producer refused"), (None, "no header tells which topic it comes from"),
            ("gone", "the cluster does not have its topic")}, lines
        assert sum(row["open"] for row in p.letters()) == 3


@case
def what_is_wrong_is_told_in_one_line():
    with Place() as p:
        for words, text in (
                (["retry"], "whose dead letters? give one SERVICE"),
                (["show", "a", "b"], "whose dead letters? give one SERVICE"),
                (["retry", "festivo-tiket"], "'festivo-tiket' is neither a service nor a topic of the cluster: did you mean "
                                             "'festivo-ticket'?"),
                (["show", "festivo-ticket", "--offset", "3"], "--offset is of one partition: give --partition, too"),
                (["dismiss", "festivo-ticket", "--all", "--key", "x"], "choose by --reason")):
            said = p.millrace("dlq", *words, expect=2).stderr
            assert text in said and said.count("\n") == 1, said
        assert p.millrace("dlq", "list").stderr == "no dead letters\n"
        assert p.letters() == []
        assert "no dead letters" in p.millrace("dlq", "list", "festivo-ticket").stderr


main()
