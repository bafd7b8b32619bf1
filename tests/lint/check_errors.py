#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md: every row names a test, and that test exists. docs/consumers.md: every counter is listed, with its words.

usage: check_errors.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[1])


def all_tests():
    paths = [*SOURCE.glob("tests/unit/*.c"), *SOURCE.glob("tests/fault/*.c")]
    in_c = {name for path in paths for name in re.findall(r"^START_TEST\((\w+)\)", path.read_text(), re.M)}
    folders = ("integration", "cli", "demo", "schema", "upcast")
    scripts = [path for folder in folders for path in SOURCE.glob(f"tests/{folder}/test_*.py")]
    return in_c | {name for path in scripts
                   for name in re.findall(r"^@(?:test|case)\ndef (\w+)\(", path.read_text(), re.M)}


def rows(path):
    for number, line in enumerate((SOURCE / path).read_text().splitlines(), 1):
        if line.startswith("|") and not set(line) <= set("|-"):
            yield number, [cell.strip() for cell in line.strip("|").split("|")]


def check_errors():
    found = all_tests()
    for number, cells in rows("docs/errors.md"):
        if cells[0] == "symptom":
            continue
        if len(cells) != 6 or not cells[5]:
            yield f"docs/errors.md:{number}: a row has six cells, the last names its test"
            continue
        for name in cells[5].split(","):
            if name.strip().rpartition(": ")[2] not in found:
                yield f"docs/errors.md:{number}: there is no test {name.strip()}"


def check_counters():
    text = (SOURCE / "lib/run/consume_counters.h").read_text()
    counters = {(name, what) for name, what in re.findall(r'X\((\w+),\s+"([^"]*)"\)', text)}
    listed = {(cells[0], cells[1]) for _, cells in rows("docs/consumers.md") if len(cells) == 2}
    for name, what in sorted(counters - listed):
        yield f"docs/consumers.md: the counter '{name}' is not listed as: {what}"


def main():
    mistakes = [*check_errors(), *check_counters()]
    print("\n".join(mistakes) or "every row has its test, every counter its row")
    sys.exit(1 if mistakes else 0)


main()
