#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A consumer beside its model: the same events, simulated, repeated and shuffled, go through the real program on the
embedded broker and through tests/model/<service>.py, which knows the contract and not our code; every table must agree,
row for row, and so must what the service emits. Prints TAP.

usage: check.py [--build FOLDER] [--seed N] [--events N] [--jobs N] [--store postgresql] [--ties] [--storm] [--fold N] [--keep] [SERVICE...]
Without SERVICE: all that have a model.

A model is a module of the service's name:
  TABLES = {"table": ["column", ...]}   what is compared; views too
  def model(events): {"table": rows}    rows are tuples; `events` are dicts, each event once, sorted by (timestamp, event_id)
  def emits(events): [(topic, data)]    optional: what it publishes; only the members of `data` are compared
  EMITTED = [topic, ...]                optional: only what is published there is compared
  OPTIONS = ["--capacity", "5"]         optional: of the program
  ORDER = "time"                        optional: the events come in order of time, as their services wrote them; without
                                        ties and storms
  TIES = True                           optional: many events of one moment, also without --ties; False: never
  STORM = True                          optional: likewise their times are dealt out anew, so that much is said that cannot
                                        be; what a producer refuses for it is left out
  def compares(events): a test          optional: whether an emitted event is told by emits, where one hangs on the order of arrival
  def dead(events): a number            optional: how many are refused to the dead letters
"""
import argparse
import collections
import concurrent.futures
import decimal
import importlib
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
sys.dont_write_bytecode = True
import avro_reader  # noqa: E402 (its folder is added above)
import kafka_reader  # noqa: E402
from lines import lines_of  # noqa: E402

ENVELOPE = ("event_id", "event_type", "event_version", "timestamp", "correlation_id", "causation_id", "source_service",
            "user_id", "session_id", "metadata", "data")
SHOWN = 8  # differences of a table


class Differs(Exception):
    """The program and the model do not agree; the text says where."""


class Programs:
    """Ours, in a folder of their own with an `up` of their own."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.said = ""  # by the last one, on stderr
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_")}
        self.env["MILLRACE_STATE"] = str(folder / "state" / "up")

    def run(self, kind, name, *args, expect=(0,)):
        done = subprocess.run([self.build / kind / name, *map(str, args)], cwd=self.folder, env=self.env,
                              capture_output=True, text=True, timeout=120)
        if done.returncode not in expect:
            raise Differs(f"{name} {' '.join(map(str, args))}: exit status {done.returncode}\n{done.stderr[-2000:]}")
        self.said = done.stderr
        return done.stdout

    def millrace(self, *args, **more):
        return self.run("cli", "millrace", *args, **more)

    def where(self):
        """(brokers, registry) of the `up`."""
        lines = pathlib.Path(self.env["MILLRACE_STATE"]).read_text().splitlines()
        up = dict(line.split("=", 1) for line in lines if "=" in line)
        return up["brokers"], up["registry"]

    def topics(self, *args):
        return json.loads(self.millrace("events", *args, "-o", "json"))


# ---- the events ----

def distinct(records, decoder):
    """Events of Kafka's records as models take them: each once, by time."""
    found = {}
    for record in records:
        if record.value is not None:
            event = decoder.decode(record.value)
            found.setdefault(event["event_id"], {"topic": record.topic} | {name: event[name] for name in ENVELOPE})
    return sorted(found.values(), key=lambda event: (event["timestamp"], event["event_id"]))


MOMENT = re.compile(r'("(?:timestamp|time)":")([0-9-]+T[0-9]+:[0-9])([0-9]:[0-9]+(?:\.[0-9]+)?)')


def retime(lines, dice, ties, storm):
    """Other times in the envelopes: ties, in whole ten minutes; storm, each line's is another one's."""
    times = [found[2] + ("0:00" if ties else found[3]) for found in map(MOMENT.search, lines) if found]
    if storm:
        dice.shuffle(times)
    times = iter(times)
    return [MOMENT.sub(lambda found: found[1] + next(times), line, count=1) for line in lines]


THINGS = ("ticketId", "itemId", "stageId", "productId", "BookingId", "product_id", "order_id", "bookingId", "sagaId")
THING = re.compile(f'"({"|".join(THINGS)})":"([^"]+)"')


def fold(lines, most, known):
    """Of each kind of thing only so many: much is said of one, and contradicts itself. known: what stands for what."""
    def folded(found):
        bucket = known.setdefault((found[1], zlib.crc32(found[2].encode()) % most), found[2])
        return f'"{found[1]}":"{bucket}"'
    return [THING.sub(folded, line) for line in lines]


def write_inputs(programs, topics, args, module, ties, storm):
    """Files of the services that publish these topics: simulated, some repeated, shuffled."""
    start = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 86400))
    services, known = sorted({topic["service"] for topic in topics}), {}
    for platform in sorted({topic["platform"] for topic in topics}):
        programs.millrace("simulate", platform, "-n", args.events, "--seed", args.seed, "--start", start, "--split", "in")
    for number, service in enumerate(services):
        path, dice = programs.folder / "in" / f"{service}.ndjson", random.Random(f"{args.seed}/{number}")
        lines = retime(lines_of(path.read_text()), dice, ties, storm)
        if args.fold:
            lines = fold(lines, args.fold, known)
        lines += dice.sample(lines, len(lines) // 25)  # what comes twice is the same
        if getattr(module, "ORDER", "") != "time":
            dice.shuffle(lines)
        path.write_text("".join(f"{line}\n" for line in lines))
    return services


# ---- the tables ----

class DecimalSum:
    """decimal_sum of both stores, for views."""

    def __init__(self):
        self.sum = decimal.Decimal(0)

    def step(self, value):
        if value is not None:
            self.sum += decimal.Decimal(value)

    def finalize(self):
        return plain(self.sum)


def plain(number):
    """24.990 is 24.99, 5E+1 is 50."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def of_two(function):
    return lambda a, b: None if a is None or b is None else function(decimal.Decimal(a), decimal.Decimal(b))


def sqlite_rows(path, table, columns):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
        store.create_aggregate("decimal_sum", 1, DecimalSum)
        store.create_function("decimal_add", 2, of_two(lambda a, b: plain(a + b)))
        store.create_function("decimal_sub", 2, of_two(lambda a, b: plain(a - b)))
        store.create_function("decimal_cmp", 2, of_two(lambda a, b: (a > b) - (a < b)))
        return store.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()


def postgres_rows(server, schema, table, columns):
    """By psql, as JSON, so that a number is told from a text."""
    sql = f"SET search_path = {schema}; SELECT json_build_array({', '.join(columns)}) FROM {table}"
    return [tuple(json.loads("\t".join(row))) for row in server.sql(sql)]


def likeness(one, other):
    return sum(a == b for a, b in zip(one, other))


def told(columns, row, other):
    """A row; of a pair only what tells it apart, and its first column."""
    return ", ".join(f"{name}={value!r}" for i, (name, value) in enumerate(zip(columns, row))
                     if other is None or i == 0 or value != other[i])


def differences(table, columns, model, real):
    """Lines that say how two collections of rows differ; none: they agree."""
    wanted, found = collections.Counter(map(tuple, model)), collections.Counter(map(tuple, real))
    if wanted == found:
        return []
    missing, extra = list((wanted - found).elements()), list((found - wanted).elements())
    lines = [f"{table}: {sum(wanted.values())} rows by the model, {sum(found.values())} in the store; "
             f"{len(missing)} missing or other, {len(extra)} not in the model"]
    for row in sorted(missing, key=repr)[:SHOWN]:
        pair = max(extra, key=lambda other: likeness(row, other), default=None)
        if pair is not None and likeness(row, pair) * 2 < len(row):
            pair = None
        lines.append(f"  model  {told(columns, row, pair)}")
        if pair is not None:
            extra.remove(pair)
            lines.append(f"  store  {told(columns, pair, row)}")
    if len(missing) <= SHOWN:
        lines += [f"  only in the store  {told(columns, row, None)}" for row in sorted(extra, key=repr)[:SHOWN]]
    return lines


def compare(module, events, rows_of):
    """Every table of the model against rows_of(table, columns); returns the number of rows."""
    expected, lines, n = module.model(events), [], 0
    if set(expected) != set(module.TABLES):
        raise Differs(f"the model makes {sorted(expected)}, TABLES has {sorted(module.TABLES)}")
    for table, columns in module.TABLES.items():
        real = rows_of(table, columns)
        n += len(real)
        lines += differences(table, columns, expected[table], real)
    if lines:
        raise Differs("\n".join(lines))
    return n


# ---- what it emits ----

def canonical(data):
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def compare_emitted(module, events, emitted):
    """What a model with emits says of it; returns how many were compared."""
    if not hasattr(module, "emits"):
        return 0
    expected, lines = collections.defaultdict(list), []
    if hasattr(module, "compares"):
        emitted = list(filter(module.compares(events), emitted))
    for topic, data in module.emits(events):
        expected[topic].append(data)
    emitted = [event for event in emitted if event["topic"] in getattr(module, "EMITTED", [event["topic"]])]
    causes = {event["event_id"]: event for event in events}
    for event in emitted:
        cause = causes.get(event["causation_id"])
        if cause is None or cause["correlation_id"] != event["correlation_id"]:
            lines.append(f"{event['topic']}: {event['event_id']} does not carry on the flow of its cause")
    for topic in sorted({event["topic"] for event in emitted} | set(expected)):
        members = sorted({name for data in expected[topic] for name in data})
        model = [tuple(canonical(data.get(name)) for name in members) for data in expected[topic]]
        real = [tuple(canonical(event["data"].get(name)) for name in members) for event in emitted if event["topic"] == topic]
        lines += differences(topic, members, model, real)
    if lines:
        raise Differs("\n".join(lines))
    return len(emitted)


# ---- one service ----

def schema_of(service, seed):
    return f"model_{service.replace('-', '_')}_{seed}"


def go_through(programs, service, module, args, postgres):
    """The events through the program; returns (events, emitted, summary, log)."""
    topics = programs.topics("--consumer", service)
    ties, storm = (getattr(module, name, getattr(args, name.lower()) and getattr(module, "ORDER", "") != "time")
                   for name in ("TIES", "STORM"))
    services = write_inputs(programs, topics, args, module, ties, storm)
    for publisher in services:
        programs.run("producers", f"{publisher}-producer", f"in/{publisher}.ndjson", expect=(0, 1) if storm or args.fold else (0,))
    brokers, registry = programs.where()
    decoder = avro_reader.Decoder(registry)
    events = distinct(kafka_reader.read(brokers, {topic["topic"] for topic in topics}), decoder)
    store = postgres.schema(schema_of(service, args.seed)) if postgres else f"sqlite:{programs.folder / 'store.db'}"
    out = programs.run("consumers", f"{service}-consumer", "--once", "--json", "--log-level", "warn", "--store", store,
                       *getattr(module, "OPTIONS", []))
    said = programs.said
    own = {topic["topic"] for topic in programs.topics() if topic["service"] == service}
    emitted = distinct(kafka_reader.read(brokers, own), decoder) if own else []
    return events, emitted, json.loads(out.splitlines()[-1]), said


def check(service, args, postgres=None):
    """Raises Differs. Returns what was compared, for people."""
    module = importlib.import_module(service.replace("-", "_"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"millrace-model-{service}-"))
    programs = Programs(args.build, folder)
    try:
        programs.millrace("up", "--background")
        events, emitted, summary, said = go_through(programs, service, module, args, postgres)
        dead = module.dead(events) if hasattr(module, "dead") else 0
        if (summary["dead_lettered"], summary["waiting_events"]) != (dead, 0) or not events:
            raise Differs(f"of {len(events)} events {dead} should be refused and none wait: {summary}\n{said[:1500]}")

        def rows_of(table, columns):
            if postgres:
                return postgres_rows(postgres, schema_of(service, args.seed), table, columns)
            return sqlite_rows(folder / "store.db", table, columns)
        n = compare(module, events, rows_of)
        n_emitted = compare_emitted(module, events, emitted)
        return f"{len(events)} events, {n} rows, {n_emitted} emitted"
    finally:
        programs.millrace("down", expect=(0, 1))
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


def services():
    """Those that have a model."""
    return [path.stem.replace("_", "-") for path in sorted(HERE.glob("*.py")) if "\ndef model(" in path.read_text()]


def again(args, service):
    """The command that does the same once more."""
    store = " --store postgresql" if args.store == "postgresql" else ""
    flags = "".join(f" --{name}" for name in ("ties", "storm") if getattr(args, name))
    flags += f" --fold {args.fold}" if args.fold else ""
    return f"# again: {HERE / 'check.py'} --build {args.build} --seed {args.seed} --events {args.events}{store}{flags} {service}"


def one(service, args, postgres):
    """(passed, the lines that say so)."""
    before = time.monotonic()
    try:
        what = check(service, args, postgres)
        return True, f"# {service}: {what}, {time.monotonic() - before:.1f} s"
    except Differs as why:
        text = str(why)
    except Exception:
        text = traceback.format_exc()
    return False, "\n".join(f"# {line}" for line in text.rstrip().splitlines()) + "\n" + again(args, service)


def results(args, postgres):
    """(service, passed, lines) of each service, in their order."""
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        yield from pool.map(lambda service: (service, *one(service, args, postgres)), args.services)


def run(args, postgres):
    """TAP of all services; the exit status."""
    n_failed = 0
    print(f"1..{len(args.services)}", flush=True)
    for number, (service, passed, lines) in enumerate(results(args, postgres), 1):
        n_failed += not passed
        print(f"{lines}\n{'ok' if passed else 'not ok'} {number} - {service} keeps what its model says", flush=True)
    return 1 if n_failed else 0


def main():
    parser = argparse.ArgumentParser(usage=re.search("usage: (.*)", __doc__)[1])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(os.environ.get("MILLRACE_BUILD", "build")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=800)
    parser.add_argument("--jobs", type=int, default=6)  # each of them mostly waits for its group
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--ties", action="store_true", help="many events of one moment")
    parser.add_argument("--storm", action="store_true", help="times dealt out anew")
    parser.add_argument("--fold", type=int, default=0, metavar="N", help="only N things of each kind: much is said of one")
    parser.add_argument("--keep", action="store_true", help="leave the folder in /tmp")
    parser.add_argument("services", nargs="*", metavar="SERVICE")
    args = parser.parse_args()
    args.build = args.build.resolve()
    args.services = args.services or services()
    if args.store == "sqlite":
        return run(args, None)
    import components
    with tempfile.TemporaryDirectory(prefix="millrace-model-server-") as folder:
        server = components.PostgreSQL(pathlib.Path(folder) / "data")
        try:
            server.start()
            return run(args, server)
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
