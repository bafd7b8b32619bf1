#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The count that CI closes with: nothing that broke may look like success."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import count  # noqa: E402 (its folder is added above)
from tap import case, main  # noqa: E402


def counted(function, *args):
    """(counts, what was said of them)"""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        return list(function(*args)), said.getvalue()


def of_meson(*rows):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        for row in rows:
            file.write(json.dumps({"name": "x", "stdout": "", "returncode": 0} | row) + "\n")
        file.flush()
        return counted(count.meson, file.name)


@case
def cases_are_counted_not_programs():
    assert of_meson({"result": "OK", "stdout": "ok 1 - a\nok 2 - b\n1..2\n"},
                    {"result": "FAIL", "stdout": "1..2\nnot ok 1 - c\nok 2 - d\n"})[0] == [3, 1, 0]


@case
def a_program_that_only_says_ok_is_one_case():
    assert of_meson({"result": "OK", "stdout": "ok    5 = 5\nok    all is well\n"})[0] == [1, 0, 0]


@case
def a_failed_case_is_named():
    assert "c_fails" in counted(count.tap, "x", "1..1\nnot ok 1 - c_fails\n")[1]


@case
def what_a_failed_case_printed_is_told_again_and_not_what_others_did():
    text = "1..2\n# of b\nok 1 - b\n# lost 3\n==1==ERROR\nnot ok 2 - c_fails\n"
    assert counted(count.tap, "x", text)[1] == "x: failed: - c_fails\n    # lost 3\n    ==1==ERROR\n"
    said = of_meson({"result": "FAIL", "stdout": "1..1\nnot ok 1 - c\n", "stderr": "why\n"},
                    {"result": "ERROR", "stdout": "sum", "returncode": 3})[1]
    assert said == "x: failed: - c\n    why\nx: ERROR, exit 3\n    sum\n"


@case
def a_program_that_dies_half_way_counts_as_failed():
    assert of_meson({"result": "ERROR", "stdout": "1..3\nok 1 - a\n", "returncode": -11})[0] == [1, 1, 0]
    assert counted(count.tap, "x", "ok 1 - a\n")[0] == [1, 1, 0]
    assert counted(count.tap, "x", "")[0] == [0, 1, 0]


@case
def a_leak_found_after_the_last_case_counts_as_failed():
    assert of_meson({"result": "ERROR", "stdout": "ok 1 - a\n1..1\n", "returncode": 1})[0] == [1, 1, 0]


@case
def a_bail_out_counts_as_failed_and_a_skip_as_skipped():
    assert counted(count.tap, "x", "1..2\nok 1 - a # SKIP no folder\nBail out! gone\n")[0] == [0, 1, 1]
    assert of_meson({"result": "SKIP"})[0] == [0, 0, 1]


@case
def a_plain_program_is_one_case():
    assert of_meson({"result": "OK", "stdout": "ok    the sum is right\n"}, {"result": "TIMEOUT"})[0] == [1, 1, 0]


if __name__ == "__main__":
    main()
