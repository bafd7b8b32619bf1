#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One partition, one key whose every event fails: what the others wait from their making to their commit, with it and without.

usage: bench_poison.py [EVENTS [RATE [ROUNDS]]]    (10000, 2000, 3)    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA
Every tenth event more is of the poisoned key. The best round counts: exit 1 when the others' delay at the 99th percentile is 1.2 times
the one without, or more.
"""
import os
import sys

import orders

LIMIT, POISON = 1.2, 10


def best_ratio(bench, kind, n, rate, rounds, tell=print, enough=0):
    """The least over the rounds, which end early with one below `enough`."""
    best = None
    for number in range(1, rounds + 1):
        clean, poisoned = (bench.follow(kind, n, rate, *more) for more in ((), (POISON,)))
        if poisoned["parked"] < n / POISON / 2:
            raise RuntimeError(f"{kind}: {poisoned['parked']} events were put aside: nothing was poisoned")
        ratio = poisoned["delay_ms"][1] / clean["delay_ms"][1]
        best = min(ratio, best or ratio)
        tell(f"round {number}  {kind:<10} without {clean['delay_ms'][0]:7.2f} ms, 99 % {clean['delay_ms'][1]:7.2f}   with"
             f" {poisoned['delay_ms'][0]:7.2f}, 99 % {poisoned['delay_ms'][1]:7.2f}   {ratio:.2f} times")
        if best < enough:
            break
    return best


def main():
    n, rate, rounds = (int(word) for word in (sys.argv[1:4] + [10000, 2000, 3][len(sys.argv) - 1:]))
    with orders.cluster(os.environ.get("MILLRACE_TEST_KAFKA")) as bench:
        best = {kind: best_ratio(bench, kind, n, rate, rounds) for kind in ("SQLite", "PostgreSQL")}
    for kind, ratio in best.items():
        print(f"{kind}: best {ratio:.2f} times; limit {LIMIT}")
    return 1 if max(best.values()) >= LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
