# SPDX-License-Identifier: Apache-2.0
"""Instances of a group on Apache Kafka and PostgreSQL: what they show, how partitions move, messages to people."""
import json
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from harness import Missing, test, wait_for
from hook_sink import HookSink
from mail_sink import MailSink

ASKED = "ticketwave-booking.inventory.update-requested.v1"
QUICK = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000", "--batch", "50"]


def page(running, name):
    """(status, text) of a page of a running consumer."""
    address = re.search(r"event=metrics .*?address=(\S+)", running.err())[1]
    try:
        with urllib.request.urlopen(f"http://{address}/{name}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metric(running, name):
    """The sum of a metric over its labels."""
    _, text = page(running, "metrics")
    return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(rf"{name}[ {{]", line))


class Service:
    """A TicketWave service with many instances on one schema."""

    def __init__(self, t, env, name, *more):
        self.t, self.env, self.name, self.more, self.n = t, env, name, more, 0
        self.schema = f"{t.prefix}_{name.split('-')[1]}"
        self.url = t.postgres.schema(self.schema)

    def start(self, *more):
        return self.t.start(f"{self.name}-consumer", "--store", self.url, "--group", f"{self.t.prefix}-{self.name}", "--json",
                            "--metrics", "0", *QUICK, *self.more, *more, env=self.env)

    def ask(self, sql):
        try:
            return [tuple(row) for row in self.t.postgres.sql(f"SET search_path = {self.schema}; {sql}")]
        except RuntimeError:
            return []  # there is no table yet

    def number(self, sql):
        rows = self.ask(sql)
        return int(rows[0][0] or 0) if rows else 0


def requests(t, n, word):
    """Documents of ticketwave-booking with this member, as lines."""
    out = t.run("millrace", "simulate", "ticketwave", "--service", "ticketwave-booking", "-n", 3 * n, "--seed",
                int(t.prefix[1:8], 16)).out
    return [line for line in out.splitlines(keepends=True) if word in line]


def distinct(t, env, topic):
    """How many events a topic holds, each counted once."""
    records = t.run("millrace", "tail", topic, "-o", "beginning", "-e", "-J", env=env, seconds=120).json_lines()
    return len({record["value"]["event_id"] for record in records})


def stop(*instances):
    for running in instances:
        running.signal(signal.SIGTERM)
    return [running.wait(30) for running in instances]


@test
def metrics_are_what_promtool_takes_and_tell_the_lag_and_readiness(t):
    if not shutil.which("promtool"):
        raise Missing("promtool: apt-get install prometheus (deploy/packages/integration.txt)")
    env = t.cluster()
    lines = requests(t, 300, "QuantityReduced")
    t.run("ticketwave-booking-producer", t.path("in.ndjson", "".join(lines)), env=env)
    n = distinct(t, env, "ticketwave-booking.inventory.update-requested.v1")  # other tests wrote there, too
    assert n >= len(lines)
    service = Service(t, env, "ticketwave-catalog")
    one = service.start()
    one.wait_for("event=metrics")
    assert page(one, "healthz")[0] == 200
    wait_for(lambda: page(one, "readyz")[0] == 200, 60, "it is ready")
    wait_for(lambda: metric(one, "millrace_consumer_handled_total") == n, 60, "all are handled")
    wait_for(lambda: metric(one, "kafka_consumergroup_lag") == 0, 20, "the lag is gone")
    assert metric(one, "kafka_consumergroup_current_offset") >= n
    assert metric(one, "kafka_consumergroup_group_lag_seconds") == 0
    wait_for(lambda: metric(one, "millrace_consumer_published_total") == n, 20, "all answers are out")
    _, text = page(one, "metrics")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=20)
    assert checked.returncode == 0 and not checked.stdout and not checked.stderr, checked.stdout + checked.stderr
    one.signal(signal.SIGSTOP)  # it falls behind, and says so when it comes back
    more = [json.dumps(json.loads(line) | {"BookingId": f"00000000-0000-4000-8000-{i:012}"}) + "\n"
            for i, line in enumerate(lines)]
    t.run("ticketwave-booking-producer", t.path("more.ndjson", "".join(more)), env=env)
    one.signal(signal.SIGCONT)
    wait_for(lambda: metric(one, "millrace_consumer_handled_total") == n + len(lines), 60, "all are handled")
    stop(one)


@test
def who_waits_for_its_store_is_not_ready(t):
    env = t.cluster()
    one = Service(t, env, "ticketwave-catalog").start()
    one.wait_for("event=metrics")
    wait_for(lambda: page(one, "readyz")[0] == 200, 60, "it is ready")
    t.postgres.stop_server()
    try:
        t.run("ticketwave-booking-producer", t.path("in.ndjson", "".join(requests(t, 20, "QuantityReduced"))), env=env)
        wait_for(lambda: page(one, "readyz")[0] == 503, 30, "it is not ready")
        assert '"store":"away"' in page(one, "readyz")[1] and page(one, "healthz")[0] == 200, page(one, "readyz")
    finally:
        t.postgres.launch()  # the other cases' too
    wait_for(lambda: page(one, "readyz")[0] == 200, 60, "it is ready again")
    assert stop(one)[0].status == 0, one.err()[-1000:]


def feed(producer, lines, ended):
    """Writes lines, some each tenth of a second, until told to end."""
    for i in range(0, len(lines), 10):
        if ended.is_set():
            break
        producer.write("".join(lines[i:i + 10]))
        time.sleep(0.1)
    producer.process.stdin.close()


def owned(service):
    """{partition: (owner, next)} of the store."""
    return {int(part): (owner, int(at)) for part, owner, at in service.ask("SELECT part, owner, next FROM mr_offset")}


def shares(service):
    """The partitions of each instance, whoever that is."""
    owners = owned(service)
    return sorted(sorted(part for part, (each, _) in owners.items() if each == owner)
                  for owner in {owner for owner, _ in owners.values()})


@test
def partitions_that_are_kept_flow_while_others_move(t):
    env = t.cluster()
    # its flows share no row: who stands still locks nobody out
    service = Service(t, env, "ticketwave-payment", "--rebalance", "cooperative")
    base = requests(t, 300, "Currency")
    lines = [json.dumps(json.loads(line) | {"BookingId": f"00000000-0000-4000-8000-{k:04}{i:08}"}) + "\n"
             for k in range(20) for i, line in enumerate(base)]
    ended = threading.Event()
    producer = t.start("ticketwave-booking-producer", env=env, stdin=subprocess.PIPE)
    feeder = threading.Thread(target=feed, args=(producer, lines, ended), daemon=True)
    one = service.start()
    one.wait_for("event=assigned", seconds=60)
    feeder.start()
    two = service.start()
    two.wait_for("event=assigned", seconds=60)
    wait_for(lambda: len({owner for owner, _ in owned(service).values()}) == 2, 60, "both have partitions")
    wait_for(lambda: all(metric(each, "millrace_consumer_handled_total") > 10 for each in (one, two)), 60, "both handle")
    two.signal(signal.SIGSTOP)  # the rebalance that the third one asks for has to wait for its session's end
    three = service.start()
    three.wait_for("event=metrics")
    time.sleep(2.5)  # one has been asked to join again by now
    before = metric(one, "millrace_consumer_handled_total")
    assert "event=assigned" not in three.err(), "the rebalance is over too early to show anything"
    time.sleep(1.5)
    during = metric(one, "millrace_consumer_handled_total")
    held = "event=assigned" not in three.err()
    wait_for(lambda: "event=assigned" in three.err(), 60, "the third one is in")
    assert held, "the rebalance was over before the second look"
    assert during > before + 10, f"one stood still during the rebalance: {before}, {during}"
    two.signal(signal.SIGCONT)
    ended.set()
    feeder.join()
    assert producer.wait(60).status == 0
    wanted = distinct(t, env, "ticketwave-booking.payment.prepare-requested.v1")
    wait_for(lambda: service.number("SELECT count(*) FROM mr_inbox") >= wanted, 90, f"all {wanted} are handled")
    done = stop(one, two, three)
    assert all(each.status == 0 for each in done), [each.err[-1000:] for each in done]
    assert service.number("SELECT count(*) FROM payment") == wanted


@test
def a_named_instance_that_restarts_moves_no_partition_and_its_name_is_its_own(t):
    env = t.cluster()
    service = Service(t, env, "ticketwave-catalog", "-X", "session.timeout.ms=20000")
    lines = requests(t, 300, "QuantityReduced")
    one, two = service.start("--instance", "pod-0"), service.start("--instance", "pod-1")
    for running in (one, two):
        running.wait_for("event=assigned", seconds=60)
    wait_for(lambda: len({owner for owner, _ in owned(service).values()}) == 2, 60, "both have partitions")
    time.sleep(1)
    parts, moves = shares(service), one.err().count("event=assigned")
    stop(two)
    again = service.start("--instance", "pod-1")
    again.wait_for("event=assigned", seconds=30)
    t.run("ticketwave-booking-producer", t.path("in.ndjson", "".join(lines)), env=env)
    wanted = distinct(t, env, ASKED)
    wait_for(lambda: service.number("SELECT count(*) FROM mr_inbox") == wanted, 60, f"all {wanted} are handled")
    assert one.err().count("event=assigned") == moves, one.err()[-1500:]
    assert shares(service) == parts, (parts, shares(service))
    twin = service.start("--instance", "pod-0")
    twin.wait_for("event=assigned", seconds=60)
    ended = one.wait(30)
    assert ended.status == 1 and "--instance" in ended.err, ended.err[-1500:]
    stop(again, twin)


@test
def messages_of_instances_killed_in_mid_send_all_arrive_and_repeats_share_their_key(t):
    env = t.cluster()
    lines = requests(t, 240, "NotificationType")
    for kind, sink in (("smtp", MailSink()), ("webhook", HookSink())):
        sink.pause = 0.1

        def arrived(kind=kind, sink=sink):
            if kind == "webhook":
                return [event["id"] for event in sink.taken()]
            return [mail.parsed["Idempotency-Key"] for mail in list(sink.mails)]
        service = Service(t, env, "ticketwave-notification", "--notify", sink.url, "--notify-from", "a@example.org",
                          "--notify-to", "{to}@example.org", "-g", f"{t.prefix}-{kind}")
        service.schema = f"{t.prefix}_{kind}"
        service.url = t.postgres.schema(service.schema)
        one, two = service.start("--from", "end"), service.start("--from", "end")  # other tests wrote before
        wait_for(lambda service=service: len({owner for owner, _ in owned(service).values()}) == 2, 60, "both have partitions")
        for running in (one, two):
            running.wait_for("event=assigned", seconds=60)
        t.run("ticketwave-booking-producer", t.path(f"{kind}.ndjson", "".join(lines)), env=env)
        wait_for(lambda arrived=arrived: len(arrived()) > 20, 60, "some have arrived")
        one.kill()
        before = len(arrived())
        three = service.start()
        wait_for(lambda arrived=arrived, before=before: len(arrived()) > before + 40, 60, "more have arrived")
        two.signal(signal.SIGSTOP)  # past its session: its heir sends what it has under way
        three.wait_for("event=assigned", seconds=60)
        wait_for(lambda service=service: service.number("SELECT count(*) FROM mr_inbox") == len(lines), 60, "all handled")
        time.sleep(7)
        two.signal(signal.SIGCONT)
        wait_for(lambda service=service: service.number("SELECT count(*) FROM mr_notice WHERE state = 'delivered'")
                 == len(lines), 90, "all are delivered")
        wait_for(lambda service=service: service.number("SELECT count(*) FROM mr_outbox") == 0, 30, "all answers are out")
        done = stop(two, three)
        assert all(each.status == 0 for each in done), [each.err[-1500:] for each in done]
        keys, rows = arrived(), {key for key, in service.ask("SELECT key FROM mr_notice")}
        assert set(keys) == rows and len(rows) == len(lines), (len(set(keys)), len(rows), len(lines))
        # what was under way, each time that an instance ended or its partitions moved: one killed, one paused and back
        assert len(keys) - len(rows) <= 5 * 8, f"{len(keys) - len(rows)} repeats"
        assert service.number("SELECT count(*) FROM notification WHERE success = 1") == len(lines)
        sink.close()
