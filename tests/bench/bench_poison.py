#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One partition, one key whose every event fails: what the others wait from their making to their commit, with it and without.

usage: bench_poison.py [EVENTS [RATE [ROUNDS]]]    (10000, 2000, 3)    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA
Every tenth event more is of the poisoned key: its handler writes, then asks to be tried again. Whatever else the machine does only adds,
so the least of the rounds counts on both sides: exit 1 when the others' delay at the 99th percentile is 1.2 times the one without, or more.
"""
import os
import sys

import orders

LIMIT, POISON = 1.2, 10


def ratio_of(bench, kind, n, rate, rounds, tell=print, enough=0):
    """The least delay with it, in those without; ends early below `enough`."""
    clean, poisoned = [], []
    for number in range(1, rounds + 1):
        for found, more in ((clean, ()), (poisoned, (POISON,))):
            found.append(bench.follow(kind, n, rate, *more))
        if poisoned[-1]["parked"] < n / POISON / 2:
            raise RuntimeError(f"{kind}: {poisoned[-1]['parked']} events were put aside: nothing was poisoned")
        tell(f"round {number}  {kind:<10} " + "   ".join(f"{name} {found[-1]['delay_ms'][0]:7.2f} ms, 99 % {found[-1]['delay_ms'][1]:7.2f}"
                                                        for name, found in (("without", clean), ("with", poisoned))))
        ratio = min(got["delay_ms"][1] for got in poisoned) / min(got["delay_ms"][1] for got in clean)
        if number > 1 and ratio < enough:
            break
    return ratio


def main():
    n, rate, rounds = (int(word) for word in (sys.argv[1:4] + [10000, 2000, 3][len(sys.argv) - 1:]))
    with orders.cluster(os.environ.get("MILLRACE_TEST_KAFKA")) as bench:
        ratios = {kind: ratio_of(bench, kind, n, rate, rounds) for kind in ("SQLite", "PostgreSQL")}
    for kind, ratio in ratios.items():
        print(f"{kind}: {ratio:.2f} times; limit {LIMIT}")
    return 1 if max(ratios.values()) >= LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
