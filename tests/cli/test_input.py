#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broken document costs itself only, wherever it stands in a file's blocks, and is told while a pipe is still open."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from lines import lines_of  # noqa: E402 (its folder is added above)
from tap import case, main  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
PRODUCER = BUILD / "producers/bookings-producer"
ENV = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
BLOCK = 256 << 10  # as much is read at once
SOME = 1000  # lines behind the broken one: more than two blocks


def line():
    done = subprocess.run([BUILD / "cli/millrace", "simulate", "bookings", "-n", "1000", "--service", "bookings"], env=ENV, text=True,
                          capture_output=True, check=True, timeout=60)
    return next(one for one in lines_of(done.stdout) if '"BOOKING_CREATED"' in one)


def breakages(good):
    return {"without its last brace": good[:-1],
            "without a brace within": good.replace('},"payload"', ',"payload"'),
            "without a quote": good.replace('","source"', ',"source"'),
            "with a quote too many": good.replace('"payload"', '""payload"'),
            "with a brace too many": good.replace('"payload":{', '"payload":{{'),
            "cut behind a colon": good[:good.index('"payload":') + 10],
            "cut in a string": good[:good.index('"payload":') + 4],
            "with a bracket before it": "[" + good}


def produced(folder, text):
    """(how many would go out, the rejects' reasons and originals)"""
    source, rejects = folder / "source", folder / "rejects"
    source.write_text(text)
    rejects.unlink(missing_ok=True)
    done = subprocess.run([PRODUCER, source, "--dry-run", "--print", "--rejects", rejects, "--log-level", "off"], env=ENV, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 1, f"exit {done.returncode}: {done.stderr[-500:]}"
    told = [json.loads(one) for one in lines_of(rejects.read_text())]
    return len(lines_of(done.stdout)), [(one["reason"], one["original"]) for one in told]


@case
def a_broken_line_costs_itself_only_and_is_told_alike_at_a_blocks_end():
    good = line()
    with tempfile.TemporaryDirectory(prefix="millrace-input-") as made:
        folder = pathlib.Path(made)
        for name, broken in breakages(good).items():
            behind = f"{broken}\n" + f"{good}\n" * SOME
            alone = produced(folder, behind)
            assert alone[0] == SOME and len(alone[1]) == 1, f"{name}: {alone[0]} go out, {alone[1]}"
            for before in (BLOCK - 1, BLOCK - 25, BLOCK - len(broken), BLOCK - len(broken) - 1):
                moved = produced(folder, "\n" * before + behind)
                assert moved == alone, f"{name}, {before} bytes before it: {moved[0]} go out, {moved[1]}, not {alone[1]}"


@case
def a_broken_line_of_a_pipe_is_told_before_the_pipe_ends():
    good = line()
    for name, broken in breakages(good).items():
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen([PRODUCER, "-", "--dry-run", "--log-level", "off"], env=ENV, stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, stderr=said)
            until, told = time.monotonic() + 10, b""
            process.stdin.write(f"{broken}\n".encode())
            while b"stdin:" not in told and time.monotonic() < until:
                process.stdin.write(f"{good}\n".encode())
                process.stdin.flush()
                time.sleep(0.05)
                told = os.pread(said.fileno(), 1 << 16, 0)
            process.stdin.close()
            process.wait(30)
            assert b"stdin:" in told, f"{name}: not told while the pipe was open"


@case
def what_a_document_says_does_not_act_on_the_terminal():
    for what, said in ((r"\u001b[2J\nX", "?[2J?X"), (r"\u009b2J", "??2J")):
        text = line().replace('"BOOKING_CREATED"', f'"{what}"')
        done = subprocess.run([PRODUCER, "--dry-run"], input=text, env=ENV, text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 1 and f"'{said}' is no event of bookings" in done.stderr, done
        assert len(lines_of(done.stderr)) == 2, done


main()
