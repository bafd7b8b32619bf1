# SPDX-License-Identifier: Apache-2.0
"""Consumers on Apache Kafka: kill -9 in mid-flow, and what the read models hold afterwards."""
import json
import sqlite3

from harness import test, wait_for

ASKED = {"catalog": "reduction", "payment": "payment", "notification": "notification"}
# The broker forgets a killed member after this; less is not allowed by default.
QUICK = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000", "--batch", "200"]


def ask(path, sql):
    """One row of a store, also while its consumer writes; None before there is a table."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as db:
            return db.execute(sql).fetchone()
    except sqlite3.OperationalError:
        return None


class Service:
    """One TicketWave consumer with a store and a group of this test's own."""

    def __init__(self, t, env, name):
        self.t, self.env, self.name, self.path = t, env, name, t.folder / f"{name}.db"
        self.running = None

    def words(self):
        more = ["--capacity", "1000000"] if self.name == "catalog" else []
        return [f"ticketwave-{self.name}-consumer", "--store", f"sqlite:{self.path}", "--group",
                f"{self.t.prefix}-{self.name}", "--json", *QUICK, *more]

    def start(self):
        self.running = self.t.start(*self.words(), env=self.env)

    def handled(self):
        return (ask(self.path, "SELECT count(*) FROM mr_inbox") or [0])[0]

    def kill_after(self, n):
        wait_for(lambda: self.handled() >= n, 60, f"{self.name} has handled {n}")
        self.running.kill()

    def finish(self):
        return self.t.run(*self.words(), "--once", env=self.env, seconds=120).json_lines()[-1]


def ids_on(t, env, topic):
    """Ids of all events on a topic, with repeats."""
    done = t.run("millrace", "tail", topic, "-o", "beginning", "-e", "-J", env=env, seconds=120)
    return [record["value"]["event_id"] for record in done.json_lines()]


@test
def kill_9_of_consumers_in_mid_flow_loses_nothing_and_doubles_nothing(t):
    env = t.cluster()
    events = t.run("millrace", "simulate", "ticketwave", "--service", "ticketwave-booking", "-n", 24000, "--seed",
                   int(t.prefix[1:8], 16)).out
    path = t.path("requests.ndjson", events)
    services = [Service(t, env, name) for name in ASKED]
    booking = Service(t, env, "booking")
    for service in [*services, booking]:
        service.start()
    producer = t.start("ticketwave-booking-producer", path, "--checkpoint", t.folder / "checkpoint", env=env)
    assert producer.wait(120).status == 0, producer.err()[-1000:]
    for service in services:
        service.kill_after(2000)
    for service in services:
        service.start()
    for service in services:
        service.kill_after(5000)
    for service in services:
        service.finish()
    booking.kill_after(3000)
    booking.finish()

    requested = {"catalog": "inventory.update-requested", "payment": "payment.prepare-requested",
                 "notification": "notification.send-requested"}
    answered = {"catalog": "inventory.updated", "payment": "payment.data-prepared", "notification": "notification.sent"}
    answers = 0
    for service in services:
        name = service.name
        asked = set(ids_on(t, env, f"ticketwave-booking.{requested[name]}.v1"))
        handled = ask(service.path, "SELECT count(*) FROM mr_inbox")[0]
        assert handled == len(asked), (name, handled, len(asked))
        rows = ask(service.path, f"SELECT count(*) FROM {ASKED[name]}")[0]
        assert name == "payment" or rows == len(asked), (name, rows, len(asked))
        left = ask(service.path, "SELECT (SELECT count(*) FROM mr_outbox) + (SELECT count(*) FROM mr_parked_event)")
        assert left == (0,), (name, left)
        given = ids_on(t, env, f"ticketwave-{name}.{answered[name]}.v1")
        assert len(set(given)) >= len(asked), (name, len(set(given)), len(asked))
        answers += len(set(given))
    # An effect that was doubled would have taken tickets twice.
    taken = ask(services[0].path, "SELECT sum(capacity - available) FROM event_inventory")
    assert taken == ask(services[0].path, "SELECT sum(quantity) FROM reduction WHERE accepted"), taken
    assert ask(booking.path, "SELECT count(*) FROM mr_inbox") == (answers,), answers
    simulated = ask(booking.path, "SELECT count(*) FROM booking_state WHERE state <> 'waiting'")[0]
    assert simulated >= 8000, simulated


@test
def each_answer_is_caused_by_its_request_and_a_repeat_changes_nothing(t):
    env = t.cluster()
    events = t.run("millrace", "simulate", "ticketwave", "--service", "ticketwave-booking", "-n", 300, "--seed",
                   int(t.prefix[1:8], 16)).out
    path = t.path("requests.ndjson", events)
    catalog = Service(t, env, "catalog")
    t.run("ticketwave-booking-producer", path, env=env)
    catalog.finish()
    before = ask(catalog.path, "SELECT sum(available), count(*) FROM event_inventory")
    t.run("ticketwave-booking-producer", path, env=env)  # the same events again: the same ids
    summary = catalog.finish()
    assert (summary["handled"], summary["duplicates"]) == (0, 100), summary
    assert ask(catalog.path, "SELECT sum(available), count(*) FROM event_inventory") == before
    requests = set(ids_on(t, env, "ticketwave-booking.inventory.update-requested.v1"))
    done = t.run("millrace", "tail", "ticketwave-catalog.inventory.updated.v1", "-o", "beginning", "-e", "-J", env=env)
    for record in done.json_lines():
        assert record["value"]["causation_id"] in requests, record
        assert record["headers"]["ce_causationid"] == record["value"]["causation_id"], record


@test
def a_dry_run_changes_neither_store_nor_group(t):
    env = t.cluster()
    t.run("ticketwave-booking-producer", t.path("r.ndjson", t.run(
        "millrace", "simulate", "ticketwave", "--service", "ticketwave-booking", "-n", 90).out), env=env)
    catalog = Service(t, env, "catalog")
    dry = t.run(*catalog.words(), "--dry-run", env=env).json_lines()[-1]
    assert dry["handled"] >= 30 and dry["published"] == 0, dry
    assert not catalog.path.exists()
    real = catalog.finish()
    assert (real["handled"], real["emitted"]) == (dry["handled"], dry["emitted"]), (real, dry)
    before = ask(catalog.path, "SELECT sum(next) FROM mr_offset")
    assert t.run(*catalog.words(), "--dry-run", env=env).json_lines()[-1]["handled"] == 0
    assert ask(catalog.path, "SELECT sum(next) FROM mr_offset") == before


@test
def a_second_instance_of_a_group_is_refused_by_store_and_by_partitions(t):
    env = t.cluster()
    catalog = Service(t, env, "catalog")
    catalog.start()
    catalog.running.wait_for("event=assigned")
    same = t.run(*catalog.words(), env=env, expect=1)
    assert f"in use by process {catalog.running.pid}" in same.err, same.err
    words = [f"sqlite:{t.folder / 'other.db'}" if word.startswith("sqlite:") else word for word in catalog.words()]
    other = t.start(*words, env=env)

    def one_stopped():
        return any(running.process.poll() is not None for running in (other, catalog.running))

    wait_for(one_stopped, 60, "one of two instances stops")
    stopped = other if other.process.poll() is not None else catalog.running
    assert stopped.wait().status == 2 and "stop the other" in stopped.err(), stopped.err()[-1000:]


@test
def first_viscounts_read_models_add_up(t):
    env = t.cluster()
    folder = t.path("events")
    t.run("millrace", "simulate", "first-viscount", "-n", 3000, "--seed", int(t.prefix[1:8], 16), "--split", folder)
    for path in sorted(folder.glob("*.ndjson")):
        t.run(f"{path.stem}-producer", path, env=env)
    given = [json.loads(line)["event_type"] for path in folder.glob("*.ndjson") for line in path.read_text().splitlines()]
    for name in ("order-management", "inventory-management"):
        store = t.folder / f"{name}.db"
        done = t.run(f"{name}-consumer", "--store", f"sqlite:{store}", "--group", f"{t.prefix}-{name}", "--once",
                     "--json", env=env, seconds=120).json_lines()[-1]
        read = {word for row in json.loads(t.run("millrace", "events", "--consumer", name, "-o", "json").out)
                for word in row["types"]}
        # other tests may have published to these topics as well
        assert done["dead_lettered"] == 0 and done["handled"] >= sum(kind in read for kind in given) > 0, done
        shown = t.run("millrace", "store", "query", "order_state", "--store", f"sqlite:{store}", "--json").json_lines()
        assert len(shown) == ask(store, "SELECT count(*) FROM order_state")[0] > 0
    reserved = ask(store, "SELECT (SELECT sum(reserved) FROM stock) - (SELECT coalesce(sum(quantity), 0)"
                          " FROM reservation WHERE state = 'reserved')")
    assert reserved == (0,), reserved
    shipped = ask(store, "SELECT (SELECT sum(1000 - on_hand) FROM stock) - (SELECT coalesce(sum(quantity), 0)"
                         " FROM reservation WHERE state = 'shipped')")
    assert shipped == (0,), shipped


@test
def a_topic_that_is_made_anew_while_it_is_read_is_not_passed_over_in_silence(t):
    env, topic = t.cluster(), "ticketwave-booking.payment.prepare-requested.v1"

    def publish(number, n):
        events = t.run("millrace", "simulate", "ticketwave", "--service", "ticketwave-booking", "-n", n, "--seed",
                       int(t.prefix[1:8], 16) + number).out
        t.run("ticketwave-booking-producer", t.path(f"{number}.ndjson", events), env=env, seconds=60)

    def start(gap):
        return t.start("ticketwave-payment-consumer", "--store", f"sqlite:{t.folder}/{gap}.db", "--group", f"{t.prefix}-{gap}",
                       "--gap", gap, "--json", *QUICK, env=env)

    def held(gap):
        return (ask(f"{t.folder}/{gap}.db", "SELECT count(*) FROM payment") or [0])[0]

    def read(gap):
        return (ask(f"{t.folder}/{gap}.db", "SELECT sum(next) FROM mr_offset") or [0])[0]

    publish(1, 600)
    n = len(t.run("millrace", "tail", topic, "-e", "-f", "%o\n", env=env).lines())  # other tests' records are there, too
    stops, goes_on = start("stop"), start("accept")
    wait_for(lambda: read("stop") == read("accept") == n, 60, "both have read the first topic")
    before = held("accept")
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--delete", "--topic", topic)
    wait_for(lambda: topic not in t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--list").split(), 60, "it is gone")
    wait_for(lambda: t.run("millrace", "topics", "create", topic, env=env, expect=None).status == 0, 30, "it is made again")
    publish(2, 60)
    assert stops.wait(60).status == 2, stops.err()[-1000:]
    assert "it was made anew" in stops.err(), stops.err()[-1000:]
    wait_for(lambda: held("accept") == before + 20, 60, "what came on the new topic")
    goes_on.signal()
    done = goes_on.wait(30)
    assert done.status == 0 and done.json_lines()[-1]["gaps"] >= 1, done.err
