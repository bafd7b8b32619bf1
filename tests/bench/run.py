#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks of this folder, one after another: programs bench_NAME of the build, scripts bench_NAME.py.

usage: run.py BUILD [NAME [ARGUMENTS]]    NAME "list" names them; ARGUMENTS are the benchmark's own
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def benchmarks(build):
    found = {path.name.removeprefix("bench_"): [str(path)] for path in (build / "tests/bench").glob("bench_*")
             if path.is_file() and os.access(path, os.X_OK)}
    # A script may drive a program of its own name.
    found |= {path.stem.removeprefix("bench_"): [sys.executable, str(path)] for path in HERE.glob("bench_*.py")}
    return dict(sorted(found.items()))


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    chosen, known = sys.argv[2:3], benchmarks(build)
    if chosen == ["list"]:
        print(*known, sep="\n")
        return 0
    if chosen and chosen[0] not in known:
        print(f"no benchmark {chosen[0]}: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in chosen or known:
        print(f"== {name} ==", flush=True)
        done = subprocess.run([*known[name], *sys.argv[3:]], env=os.environ | {"MILLRACE_BUILD": str(build)})
        if done.returncode != 0:
            failed.append(name)
    if failed:
        print(f"below their floors, or not run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
