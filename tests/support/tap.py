# SPDX-License-Identifier: Apache-2.0
"""Runs the functions of a script that have @case, named by sentences, and prints TAP."""
import sys
import traceback

CASES = []


def case(function):
    CASES.append(function)
    return function


def main():
    n_failed = 0
    print(f"1..{len(CASES)}")
    for number, function in enumerate(CASES, 1):
        try:
            function()
            verdict = "ok"
        except Exception:
            traceback.print_exc()  # on stderr, where meson shows it
            verdict = "not ok"
            n_failed += 1
        print(f"{verdict} {number} - {function.__name__}", flush=True)
    sys.exit(1 if n_failed else 0)
