#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md: every row names a test, and that test is in the file that it says. docs/consumers.md: every counter is listed,
with its words.

usage: check_errors.py SOURCE_FOLDER
"""
import fnmatch
import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[1])


def all_tests():
    """{name: names of the files that have it}"""
    found = {}
    paths = [*SOURCE.glob("tests/unit/*.c"), *SOURCE.glob("tests/fault/*.c")]
    for folder in ("integration", "cli", "demo", "schema", "upcast"):
        paths += SOURCE.glob(f"tests/{folder}/test_*.py")
    for path in paths:
        pattern = r"^START_TEST\((\w+)\)" if path.suffix == ".c" else r"^@(?:test|case)\ndef (\w+)\("
        for name in re.findall(pattern, path.read_text(), re.M):
            found.setdefault(name, set()).add(path.name)
    return found


def said_files(text):
    """Of one section: where tests without a file are (or None), and {letter: file}."""
    prose = " ".join(line for line in text.splitlines() if not line.startswith("|"))
    where = re.search(r"\bTests (?:without a file )?are in (\S+\.c)", prose)
    letters = re.findall(r"\b([A-Z]) (?:is )?(\S*(?:test|fault)_[\w*]+\.(?:c|py))", prose)
    return where and where[1], dict(letters)


def is_in(files, said):
    """Whether one of the files is what was said: a path, perhaps with *, or a test's name."""
    said = said.rpartition("/")[2]
    return any(fnmatch.fnmatch(name, said) or name.rpartition(".")[0] in (said, f"test_{said}") for name in files)


def rows(path):
    for number, line in enumerate((SOURCE / path).read_text().splitlines(), 1):
        if line.startswith("|") and not set(line) <= set("|-"):
            yield number, [cell.strip() for cell in line.strip("|").split("|")]


def check_row(test, letters, found):
    """What is wrong with the last cell of a row. What follows a test with its file is there as well, or where all are."""
    where = letters[""]
    for part in test.split(","):
        said, _, name = part.strip().rpartition(": ")
        where = letters.get(said, said) if said else where
        if name not in found:
            yield f"there is no test {name}"
        elif not is_in(found[name], where) and (said or not is_in(found[name], letters[""])):
            yield f"{name} is not in {where}, but in {' and '.join(sorted(found[name]))}"


def check_errors():
    found, number, common = all_tests(), 0, {}
    for section in re.split(r"^(?=## )", (SOURCE / "docs/errors.md").read_text(), flags=re.M):
        where, letters = said_files(section)
        letters = {**common, **letters, "": where or common.get("", "")}
        common = common or letters
        for number, line in enumerate(section.splitlines(), number + 1):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not line.startswith("|") or set(line) <= set("|-") or cells[0] == "symptom":
                continue
            if len(cells) != 6 or not cells[5]:
                yield f"docs/errors.md:{number}: a row has six cells, the last names its test"
                continue
            for mistake in check_row(cells[5], letters, found):
                yield f"docs/errors.md:{number}: {mistake}"


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
