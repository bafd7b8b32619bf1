#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of a test log (meson's testlog.json, or TAP text) and prints "PASSED FAILED SKIPPED".

Names of what failed or was skipped go to stderr, with the last lines that it printed. Cases are counted, not programs;
a program that ended badly without a failed case of its own counts as one failure.
"""
import json
import re
import sys


LINES = 40  # of a failed case, told again


def tell(what, lines):
    print(what, *(f"    {line[:300]}" for line in lines[-LINES:]), sep="\n", file=sys.stderr)


def tap(name, text, rest=""):
    """rest: what the program printed elsewhere."""
    passed = failed = skipped = 0
    planned = None
    printed = []  # since the case before
    for line in text.splitlines():
        plan = re.match(r"1\.\.(\d+)", line)
        case = re.match(r"(not )?ok \d+\b(.*)", line)
        if plan:
            planned = int(plan.group(1))
        elif line.startswith("Bail out!"):
            failed += 1
            tell(f"{name}: {line}", printed + rest.splitlines())
        elif case and re.search(r"# skip", case.group(2), re.I):
            skipped += 1
            print(f"{name}: skipped:{case.group(2)}", file=sys.stderr)
        elif case and case.group(1):
            failed += 1
            tell(f"{name}: failed:{case.group(2)}", printed + rest.splitlines())
        elif case:
            passed += 1
        printed = [] if case or plan else [*printed, line]
    if planned is None or planned > passed + failed + skipped:
        failed += 1
        tell(f"{name}: ended before all of its cases ran", printed + rest.splitlines())
    return passed, failed, skipped


def meson(path):
    total = [0, 0, 0]
    with open(path) as file:
        for row in map(json.loads, file):
            text, rest = row.get("stdout") or "", row.get("stderr") or ""
            good = row["result"] in ("OK", "EXPECTEDFAIL")
            skipped = row["result"] == "SKIP"
            if re.search(r"^(1\.\.\d|(not )?ok \d|Bail out!)", text, re.M):
                counts = list(tap(row["name"], text, rest))
            else:  # a plain program: one case, told by its exit status
                counts = [int(good), 0, int(skipped)]
            if not good and not skipped and counts[1] == 0:
                counts[1] = 1
                tell(f"{row['name']}: {row['result']}, exit {row['returncode']}", (text + rest).splitlines())
            total = [a + b for a, b in zip(total, counts)]
    return total


def main():
    path = sys.argv[1]
    if path.endswith(".json"):
        print(*meson(path))
    else:
        with open(path, errors="replace") as file:
            print(*tap(path, file.read()))


if __name__ == "__main__":
    main()
