#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the integration tests, one after another, and prints TAP.

usage: run.py [--list] [WORD...]    only tests whose file or name contains one of the words
Environment: MILLRACE_BUILD, MILLRACE_SHARED, MILLRACE_KEEP=1 (keep logs); MILLRACE_TEST_KAFKA and
MILLRACE_TEST_SECOND_REGISTRY use running components instead of starting them.
"""
import importlib
import os
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
sys.dont_write_bytecode = True
import harness  # noqa: E402 (its folder is added above)

TEST_SECONDS = 600


def tests(words):
    for path in sorted(HERE.glob("test_*.py")):
        try:
            module = importlib.import_module(path.stem)
        except Exception as error:
            yield path.stem, "the_file_can_be_read", broken(error)
            continue
        for name, function in vars(module).items():
            wanted = not words or any(word in f"{path.name}:{name}" for word in words)
            if wanted and getattr(function, "is_test", False) and function.__module__ == path.stem:
                yield path.stem, name, function


def broken(error):
    """A test that fails with the error that its file raised."""
    def raise_it(_t):
        raise error
    raise_it.__name__ = "the_file_can_be_read"
    return raise_it


def diagnose(text):
    for line in text.rstrip().splitlines():
        print("#", line)


def run_one(suite, function):
    """(passed, directive): passed unless it raised."""
    t = harness.T(suite, function.__name__)
    try:
        with harness.deadline(TEST_SECONDS):
            function(t)
        return True, ""
    except harness.Skipped as why:
        if os.environ.get("CI"):
            diagnose(f"in CI nothing may be skipped: {why}")
            return False, ""
        return True, f" # SKIP {why}"
    except harness.Missing as missing:
        diagnose(f"missing component: {missing}")
    except Exception:
        diagnose(traceback.format_exc())
    finally:
        t.close()
    return False, ""


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    chosen = list(tests(words))
    if "--list" in sys.argv:
        print(*(f"{file}: {name}" for file, name, _ in chosen), sep="\n")
        return 0
    harness.stop_on_signals()
    suite = harness.Suite()
    n_failed = 0
    print(f"1..{len(chosen)}")
    try:
        for number, (file, name, function) in enumerate(chosen, 1):
            before = time.monotonic()
            passed, directive = run_one(suite, function)
            n_failed += not passed
            print(f"{'ok' if passed else 'not ok'} {number} - {file.removeprefix('test_')}: {name}{directive}")
            print(f"# {time.monotonic() - before:.1f} s")
    except KeyboardInterrupt as why:
        print(f"Bail out! stopped by {why}")
        n_failed += 1
    finally:
        suite.stop()
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
