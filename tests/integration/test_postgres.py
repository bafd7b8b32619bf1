# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL store on a real server: the suites of the SQLite store, several instances, faults."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

from harness import BUILD, Missing, Skipped, test, wait_for

QUICK = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000", "--batch", "200"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]
ASKED = "ticketwave-booking.inventory.update-requested.v1"


STORE = ("store", "ledger", "store_ahead", "store_decimal", "store_due", "inbox")
ENGINE = ("consume", "consume_away", "consume_collide", "consume_dead", "consume_emit", "consume_filter", "consume_gap",
          "consume_late", "consume_order", "consume_retry", "consume_together", "notify", "notify_send")


def run_suite(t, name, build=BUILD):
    env = {"MILLRACE_TEST_POSTGRES": t.postgres.url, "CK_TIMEOUT_MULTIPLIER": "10",
           "MILLRACE_SOURCE": str(SOURCE), "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    done = t.run(build / "tests" / "unit" / f"test_{name}", env=env, seconds=300, expect=None)
    failed = [line for line in done.lines() if line.startswith("not ok")]
    assert done.status == 0 and not failed, "\n".join([*failed, done.err[-3000:]])
    assert sum(line.startswith("ok") for line in done.lines()) > 1, done.out


@test
def the_stores_suite_holds_on_postgresql(t):
    for name in STORE:
        run_suite(t, name)


@test
def the_engines_suites_hold_on_postgresql(t):
    for name in ENGINE:
        run_suite(t, name)


@test
def store_and_engine_have_no_fault_of_memory_on_postgresql(t):
    build = BUILD.with_name(BUILD.name + "-asan")
    if not build.is_dir():
        raise (Missing if os.environ.get("CI") else Skipped)(f"{build} is not there: run `./dev asan` first")
    for name in (*STORE, *ENGINE, "saga_steps", "sagas"):
        run_suite(t, name, build)


@test
def the_consumers_suites_hold_on_postgresql(t):
    unit = SOURCE / "tests" / "unit"
    for path in sorted([*unit.glob("test_consumers*.c"), *unit.glob("test_saga*.c")]):
        run_suite(t, path.stem.removeprefix("test_"))


def run_demo(t, name):
    words = [sys.executable, SOURCE / "tests" / "demo" / f"test_{name}.py", BUILD]
    done = subprocess.run(words, env={**os.environ, "MILLRACE_TEST_POSTGRES": t.postgres.url}, capture_output=True,
                          text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr


@test
def the_contracts_flows_and_their_sagas_hold_on_postgresql(t):
    run_demo(t, "flows")


@test
def dead_letters_go_back_to_consumers_on_postgresql(t):
    run_demo(t, "dlq")


class Shop:
    """The catalogue's consumers, on one schema of one server."""

    def __init__(self, t, env, server, schema):
        self.t, self.env, self.server, self.schema = t, env, server, schema
        self.url = server.schema(schema)

    def words(self, url=None):
        return ["ticketwave-catalog-consumer", "--store", url or self.url, "--group", f"{self.t.prefix}-catalog",
                "--json", "--capacity", "1000000", *QUICK]

    def start(self):
        return self.t.start(*self.words(), env=self.env)

    def ask(self, sql):
        return int(self.server.sql(f"SET search_path = {self.schema}; {sql}")[0][0] or 0)

    def handled(self):
        try:
            return self.ask("SELECT count(*) FROM mr_inbox")
        except RuntimeError:
            return 0  # no table yet, or the server is away

    def wait_for(self, n):
        wait_for(lambda: self.handled() >= n, 90, f"{n} are handled")


def send(t, env, n):
    """Other events for each n."""
    path = t.path("requests.ndjson", t.run("millrace", "simulate", "ticketwave", "--service", "ticketwave-booking",
                                           "-n", 3 * n, "--seed", int(t.prefix[1:8], 16) + n).out)
    t.run("ticketwave-booking-producer", path, env=env, seconds=120)


def ids_on(t, env, topic):
    done = t.run("millrace", "tail", topic, "-o", "beginning", "-e", "-J", env=env, seconds=120)
    return [record["value"]["event_id"] for record in done.json_lines()]


@test
def instances_killed_and_paused_and_a_server_that_crashes_lose_nothing_and_double_nothing(t):
    env = t.cluster()
    server = t.fresh_postgres()
    shop = Shop(t, env, server, "catalog")
    send(t, env, 12000)
    one, two = shop.start(), shop.start()
    shop.wait_for(600)
    one.signal(signal.SIGSTOP)  # past the session's end: the other gets its partitions
    paused = time.monotonic()
    server.stop_server(signal.SIGQUIT)
    time.sleep(1)  # it is away, and they notice
    server.launch()
    before = shop.handled()
    shop.wait_for(before + 400)
    wait_for(lambda: time.monotonic() > paused + 9, 20, "the group has missed the paused one")
    one.signal(signal.SIGCONT)
    shop.wait_for(before + 1500)
    two.kill()
    three = shop.start()
    wanted = set(ids_on(t, env, ASKED))
    wait_for(lambda: shop.handled() >= len(wanted), 120, f"all {len(wanted)} are handled")
    for running in (one, three):
        running.signal(signal.SIGTERM)
        assert running.wait(30).status == 0, running.err()[-2000:]
    last = t.run(*shop.words(), "--once", env=env, seconds=60).json_lines()[-1]
    assert last["handled"] == 0, last
    assert shop.handled() == len(wanted), (shop.handled(), len(wanted))
    assert shop.ask("SELECT count(*) FROM reduction") == len(wanted)
    # an effect that was doubled would have taken tickets twice
    assert shop.ask("SELECT sum(capacity - available) FROM event_inventory") == \
        shop.ask("SELECT sum(quantity) FROM reduction WHERE accepted = 1")
    assert shop.ask("SELECT (SELECT count(*) FROM mr_outbox) + (SELECT count(*) FROM mr_parked_event)") == 0
    done = t.run("millrace", "tail", "ticketwave-catalog.inventory.updated.v1", "-o", "beginning", "-e", "-J", env=env,
                 seconds=120)
    caused = {record["value"]["causation_id"] for record in done.json_lines()}
    assert wanted <= caused, len(wanted - caused)
    assert "event=store-again" in one.err() + two.err(), "the crash was not noticed"


@test
def a_paused_instance_that_wakes_up_commits_nothing_more(t):
    env = t.cluster()
    shop = Shop(t, env, t.postgres, t.prefix)
    send(t, env, 3000)
    one = shop.start()
    shop.wait_for(200)
    one.signal(signal.SIGSTOP)
    two = shop.start()
    two.wait_for("event=assigned", seconds=60)
    wanted = len(set(ids_on(t, env, ASKED)))
    wait_for(lambda: shop.handled() >= wanted, 90, f"all {wanted} are handled by the second")
    epochs = shop.ask("SELECT count(*) FROM mr_offset WHERE epoch > 1")
    assert epochs > 0, "nothing was taken over"
    one.signal(signal.SIGCONT)
    for running in (one, two):
        running.signal(signal.SIGTERM)
        assert running.wait(30).status == 0, running.err()[-2000:]
    assert shop.handled() == wanted
    assert shop.ask("SELECT sum(capacity - available) FROM event_inventory") == \
        shop.ask("SELECT sum(quantity) FROM reduction WHERE accepted = 1")


@test
def a_password_is_never_shown(t):
    server = t.postgres
    secret = server.password.replace(" ", "%20")
    t.postgres.schema(t.prefix)
    url = server.tcp.replace("millrace@", f"millrace:{secret}@") + f"?options=-csearch_path%3D{t.prefix}"
    env = t.cluster()
    shop = Shop(t, env, server, t.prefix)
    running = t.start(*shop.words(url), env=env)
    running.wait_for("event=assigned")
    shown = pathlib.Path(f"/proc/{running.pid}/cmdline").read_bytes()
    assert b"postgresql://millrace:xxx" in shown and secret.encode() not in shown, shown
    running.signal(signal.SIGTERM)
    assert running.wait(30).status == 0, running.err()[-2000:]
    query = ["millrace", "store", "query", "reduction"]
    t.run(*query, env={"MILLRACE_STORE": url})
    t.run(*query, "--store", server.tcp + f"?options=-csearch_path%3D{t.prefix}", env={"PGPASSWORD": server.password})
    wrong = t.run(*query, env={"MILLRACE_STORE": url.replace(secret, "battery%20staple")}, expect=1)
    assert "password authentication failed" in wrong.err and "battery" not in wrong.err, wrong.err
    for text in (running.out() + running.err(), wrong.err):
        assert secret not in text and server.password not in text


@test
def the_places_of_all_stores_are_made_by_one_command_once(t):
    server = t.postgres
    server.sql(f"CREATE DATABASE {t.prefix}")
    url = server.url.replace("/postgres?", f"/{t.prefix}?")
    wrong = t.run("millrace", "store", "create", "order-management", "--store", url + "&user=nobody", expect=1)
    assert 'role "nobody" does not exist' in wrong.err, wrong.err
    server.sql("CREATE SCHEMA order_management; CREATE TABLE order_management.kept (a int)", t.prefix)
    at_once = [t.start("millrace", "store", "create", env={"MILLRACE_STORE": url}) for _ in range(4)]
    assert [each.wait(30).status for each in at_once] == [0] * 4, [each.err() for each in at_once]
    made = [line for each in at_once for line in each.out().split()]
    wanted = {path.name.removesuffix("-consumer").replace("-", "_") for path in (BUILD / "consumers").glob("*-consumer")}
    assert len(made) == 27 and {*made, "order_management"} == wanted, made
    there = server.sql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^public$|^information_schema$'", t.prefix)
    assert {name for name, in there} == wanted, there
    assert server.sql("SELECT count(*) FROM order_management.kept", t.prefix) == [["0"]]
    server.sql("CREATE ROLE guest LOGIN")
    refused = t.run("millrace", "store", "create", "--store", url + "&user=guest")
    assert refused.err == "28 schemas: 28 there, 0 made\n", refused.err
    server.sql("DROP SCHEMA viscount_audit, bookings_workflow", t.prefix)
    refused = t.run("millrace", "store", "create", "--store", url + "&user=guest", expect=1)
    assert "permission denied for database" in refused.err and refused.out == "", refused
    again = t.run("millrace", "store", "create", "viscount-audit", "--store", url)
    assert again.out == "viscount_audit\n", again.out


def next_probe(pid, port):
    """Seconds until the kernel asks whether the server at this port still lives; None: it does not, for now."""
    inodes = {os.readlink(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        _, _, remote, _, _, timer, _, _, _, inode = line.split()[:10]
        kind, _, ticks = timer.partition(":")
        if f"socket:[{inode}]" in inodes and int(remote.partition(":")[2], 16) == port and kind == "02":
            return int(ticks, 16) / os.sysconf("SC_CLK_TCK")
    return None


@test
def a_server_that_vanishes_without_a_word_is_missed_also_by_who_only_waits(t):
    shop = Shop(t, t.cluster(), t.postgres, t.prefix)
    url = t.postgres.tcp + f"?options=-csearch_path%3D{t.prefix}"
    running = t.start(*shop.words(url), env={**shop.env, "PGPASSWORD": t.postgres.password})
    running.wait_for("event=assigned")
    wait_for(lambda: (next_probe(running.pid, t.postgres.port) or 7200) <= 10, 30, "the next probe is near")


def own_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))  # nothing is sent
        return sock.getsockname()[0]


@test
def a_server_elsewhere_is_reached_by_verified_tls_only(t):
    try:
        host = own_address()
    except OSError:
        host = socket.gethostname()
    url = f"postgresql://millrace@{host}:{t.postgres.port}/postgres"
    done = t.run("millrace", "store", "query", "--store", url, expect=1, env={"PGPASSWORD": t.postgres.password})
    assert "SSL" in done.err and "required" in done.err, done.err
    done = t.run("millrace", "store", "query", "--store", url + "?sslmode=disable", expect=1,
                 env={"PGPASSWORD": t.postgres.password})
    assert "SSL" not in done.err or "no encryption" in done.err, done.err  # pg_hba refuses it: it got that far


@test
def read_models_are_shown_and_held_flows_let_go(t):
    env = t.cluster()
    shop = Shop(t, env, t.postgres, t.prefix)
    send(t, env, 100)
    absent = t.run("millrace", "store", "query", "--store", shop.url, expect=1)
    assert "there is no store postgresql://millrace@" in absent.err, absent.err
    done = t.run(*shop.words(), "--once", env=env).json_lines()[-1]
    assert done["handled"] >= 100, done
    assert t.run("millrace", "store", "query", "--store", shop.url).lines() == ["event_inventory", "reduction"]
    rows = t.run("millrace", "store", "query", "reduction", "--store", shop.url, "--json").json_lines()
    assert len(rows) == done["handled"] and rows[0]["decided_at"].endswith("Z"), rows[0]
    some = t.run("millrace", "store", "query", "reduction", "--store", shop.url, "--where",
                 f"request_id={rows[0]['request_id']}").lines()
    assert len(some) == 1, some
    near = t.run("millrace", "store", "query", "reductions", "--store", shop.url, expect=2)
    assert "did you mean 'reduction'" in near.err, near.err
    t.postgres.sql(f"INSERT INTO {t.prefix}.mr_parked_key VALUES ('k1', 5, 1, 'why', '{ASKED}', 0)")
    shown = t.run("millrace", "store", "query", "mr_parked_key", "--store", shop.url, "--raw").lines()
    assert len(shown) == 1, shown
    freed = t.run("millrace", "store", "release", "ticketwave-catalog", "k1", "--store", shop.url)
    assert freed.out == "1 flows go on\n", freed.out


@test
def a_dry_run_keeps_nothing_and_never_runs_beside_a_consumer(t):
    env = t.cluster()
    url = t.postgres.schema(t.prefix)
    t.run("product-catalog-producer", t.path("products.ndjson", t.run(
        "millrace", "simulate", "first-viscount", "--service", "product-catalog", "-n", 100).out), env=env)
    words = ["order-management-consumer", "--store", url, "--group", t.prefix, "--json"]
    dry = t.run(*words, "--dry-run", env=env).json_lines()[-1]
    assert dry["handled"] >= 100 and dry["published"] == 0, dry
    assert t.postgres.sql(f"SELECT count(*) FROM pg_class WHERE relnamespace = '{t.prefix}'::regnamespace") == [["0"]]
    t.start(*words, env=env).wait_for("event=assigned")
    refused = t.run(*words, "--dry-run", env=env, expect=1)
    assert "is in use by a consumer" in refused.err, refused.err


@test
def a_full_disk_and_a_forbidden_table_stop_with_their_cause(t):
    env = t.cluster()
    server = t.fresh_postgres()
    shop = Shop(t, env, server, "catalog")
    send(t, env, 50)
    t.run(*shop.words(), "--once", env=env)
    server.sql("CREATE FUNCTION catalog.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
               " 'could not extend file' USING ERRCODE = '53100'; END $$;"
               " CREATE TRIGGER no_room BEFORE INSERT ON catalog.reduction FOR EACH ROW EXECUTE FUNCTION catalog.no_room()")
    before = shop.handled()
    send(t, env, 60)
    running = shop.start()
    running.wait_for("event=store-again", seconds=60)
    assert shop.handled() == before
    server.sql("DROP TRIGGER no_room ON catalog.reduction")  # there is room again
    shop.wait_for(before + 50)
    running.signal(signal.SIGTERM)
    assert running.wait(30).status == 0, running.err()[-1000:]
    assert "make room on the server's disk" in running.err(), running.err()[-1000:]
    server.sql("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA catalog TO reader")
    refused = t.run(*shop.words(shop.url.replace("millrace@", "reader@")), "--once", env=env, expect=1)
    assert "permission denied" in refused.err and "grant it to the user" in refused.err, refused.err
