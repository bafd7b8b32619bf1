#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of a test log (meson's testlog.json, or TAP text) and prints "PASSED FAILED SKIPPED".

Names of what failed or was skipped go to stderr. Cases are counted, not programs; a program that
ended badly without a failed case of its own counts as one failure.
"""
import json
import re
import sys


def tap(name, text):
    passed = failed = skipped = 0
    planned = None
    for line in text.splitlines():
        plan = re.match(r"1\.\.(\d+)", line)
        case = re.match(r"(not )?ok \d+\b(.*)", line)
        if plan:
            planned = int(plan.group(1))
        elif line.startswith("Bail out!"):
            failed += 1
            print(f"{name}: {line}", file=sys.stderr)
        elif case and re.search(r"# skip", case.group(2), re.I):
            skipped += 1
            print(f"{name}: skipped:{case.group(2)}", file=sys.stderr)
        elif case and case.group(1):
            failed += 1
            print(f"{name}: failed:{case.group(2)}", file=sys.stderr)
        elif case:
            passed += 1
    if planned is None or planned > passed + failed + skipped:
        failed += 1
        print(f"{name}: ended before all of its cases ran", file=sys.stderr)
    return passed, failed, skipped


def meson(path):
    total = [0, 0, 0]
    with open(path) as file:
        for row in map(json.loads, file):
            text = row.get("stdout") or ""
            good = row["result"] in ("OK", "EXPECTEDFAIL")
            skipped = row["result"] == "SKIP"
            if re.search(r"^(1\.\.\d|(not )?ok \d|Bail out!)", text, re.M):
                counts = list(tap(row["name"], text))
            else:  # a plain program: one case, told by its exit status
                counts = [int(good), 0, int(skipped)]
            if not good and not skipped and counts[1] == 0:
                counts[1] = 1
                print(f"{row['name']}: {row['result']}, exit {row['returncode']}", file=sys.stderr)
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
