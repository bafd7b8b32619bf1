#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory over a backlog: resident size of a consumer when a third of it is committed, and when all is.

usage: bench_backlog.py [EVENTS [STORE...]]    (5000000 SQLite PostgreSQL)    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA
Exit 1 when it has grown by a quarter or more.
"""
import os
import sys

import orders

LIMIT = 1.25


def growth(bench, kind, n, tell=print):
    got = bench.consume("engine", kind, n)
    ratio = got["end_mib"] / got["third_mib"]
    tell(f"{kind:<10} {n} events, {got['events_per_s']:,.0f}/s, {got['cpu_us']:.2f} us CPU: {got['third_mib']:.0f} MiB after a third,"
         f" {got['end_mib']:.0f} at the end: {ratio:.2f} times; limit {LIMIT}")
    return ratio


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 5000000
    with orders.cluster(os.environ.get("MILLRACE_TEST_KAFKA")) as bench:
        bench.make(n)
        ratios = [growth(bench, kind, n) for kind in sys.argv[2:] or ("SQLite", "PostgreSQL")]
    return 1 if max(ratios) >= LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
