#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory over a backlog: resident size of a consumer when half of it is committed, and when all is, and the most that it ever took.

What is kept for speed (pages of the store, ids of events, records fetched ahead) is full after some 600,000 events, so fewer than twice
as many say nothing.

usage: bench_backlog.py [EVENTS [STORE...]]    (5000000 SQLite PostgreSQL)    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA
Exit 1 when it has grown by a tenth, or took more than a pod may.
"""
import os
import sys

import orders

LIMIT = 1.1    # 0.5 to 0.85, for at the end nothing is fetched ahead any more; with 100 bytes lost an event 1.15, or above POD_MIB
POD_MIB = 256  # tools/gen_deploy_kubernetes.py


def stays_flat(bench, kind, n, tell=print):
    got = bench.consume("engine", kind, n)
    ratio = got["end_mib"] / got["half_mib"]
    tell(f"{kind:<10} {n} events, {got['events_per_s']:,.0f}/s, {got['cpu_us']:.2f} us CPU: {got['half_mib']:.0f} MiB after half,"
         f" {got['end_mib']:.0f} at the end: {ratio:.2f} times, limit {LIMIT}; {got['peak_mib']:.0f} at most, limit {POD_MIB}")
    return ratio < LIMIT and got["peak_mib"] < POD_MIB


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 5000000
    with orders.cluster(os.environ.get("MILLRACE_TEST_KAFKA")) as bench:
        bench.make(n)
        flat = [stays_flat(bench, kind, n) for kind in sys.argv[2:] or ("SQLite", "PostgreSQL")]
    return 0 if all(flat) else 1


if __name__ == "__main__":
    sys.exit(main())
