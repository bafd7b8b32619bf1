#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka -> SQLite and PostgreSQL, each event once: the consumer engine beside peers that do the same work, in turns.

usage: bench_consume.py [EVENTS [ROUNDS]]    (100000, 3)    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA (an empty one)
All read orders, keep a row for each, and remember ids and offsets in the transaction of the rows: in C straight on librdkafka, avro-c
and SQLite; in Python on confluent-kafka, fastavro, sqlite3 and psycopg's executemany; 500 events a transaction. CPU is of the client,
time from the first record to the last commit. Only ratios within a round are to be trusted, and the best round counts: exit 1 below a floor.
"""
import os
import sys

import orders
from orders import HERE, components

SCHEMA = HERE.parents[1] / "schemas/avro/order-management/order.created.v1.avsc"
RATIOS = {  # (figure, of whom, to whom): goal, floor
    "SQLite, CPU": ("cpu_us", "C, SQLite", "ours, SQLite", 2.3, 1.5),
    "SQLite, events/s": ("events_per_s", "ours, SQLite", "Python, SQLite", 7.5, 4),
    "PostgreSQL, CPU": ("cpu_us", "Python, PostgreSQL", "ours, PostgreSQL", 14, 8),
    "PostgreSQL, events/s": ("events_per_s", "ours, PostgreSQL", "Python, PostgreSQL", 4.5, 3),
}


def python():
    """The Python peer's own environment, made once."""
    recipe = HERE / "peers/requirements.txt"

    def make(at):
        components.command("psycopg", [sys.executable, "-m", "venv", at / "venv"])
        components.command("psycopg", [at / "venv/bin/python", "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check",
                                       "--only-binary=:all:", "-r", recipe])
    return components.fetch(f"bench-peers-{sys.implementation.cache_tag}", [recipe], make) / "venv/bin/python"


def round_of(number, bench, n):
    def peer(kind):
        return orders.figures([python(), HERE / "peers/consume.py", bench.brokers, bench.store(kind), str(n), SCHEMA], n)
    found = {}
    for name, run in (("ours, SQLite", lambda: bench.consume("engine", "SQLite", n)),
                      ("C, SQLite", lambda: bench.consume("naive", "SQLite", n)),
                      ("Python, SQLite", lambda: peer("SQLite")),
                      ("ours, PostgreSQL", lambda: bench.consume("engine", "PostgreSQL", n)),
                      ("Python, PostgreSQL", lambda: peer("PostgreSQL"))):
        got = found[name] = run()
        print(f"round {number}  {name:<18} {got['cpu_us']:7.2f} us CPU  {got['events_per_s']:9,.0f} events/s  {got['peak_mib']:4.0f} MiB",
              flush=True)
    return found


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with orders.cluster(os.environ.get("MILLRACE_TEST_KAFKA")) as bench:
        bench.make(n)
        found = [round_of(number, bench, n) for number in range(1, rounds + 1)]
    failed = False
    for name, (figure, one, other, goal, floor) in RATIOS.items():
        values = sorted(got[one][figure] / got[other][figure] for got in found)
        failed |= values[-1] < floor
        print(f"{name}: best {values[-1]:.2f} times, median {values[len(values) // 2]:.2f}; goal {goal}, floor {floor}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
