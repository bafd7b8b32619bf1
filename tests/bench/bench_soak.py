#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Soak of our registry: mixed reads and writes against a model (tests/support/soak.py), latency table, memory slope.

usage: bench_soak.py [--minutes M] [--connections N] [--store memory|file|kafka] [--seed S]
Exit 1: a wrong answer, or memory that grows by more than 1 MiB a minute after the first half.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import components  # noqa: E402 (its folder is added above)
import soak  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", HERE.parents[1] / "build"))
GROWTH = 1024  # KiB a minute


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--store", default="memory", choices=["memory", "file", "kafka"])
    parser.add_argument("--seed", default=str(random.randrange(1 << 32)))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="millrace-soak-") as folder:
        folder = pathlib.Path(folder)
        kafka = components.Kafka(folder / "kafka") if options.store == "kafka" else None
        store = {"memory": [], "file": ["--store", f"file:{folder}/log"]}.get(options.store)
        address = folder / "address"
        process = None
        try:
            if kafka:
                store = ["--store", "kafka", "-b", kafka.start()]
            process = subprocess.Popen([BUILD / "cli/millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address,
                                        "--log-level", "warn", *store])
            where = components.wait_for(lambda: address.exists() and address.read_text().strip(), 60, "our registry")
            print(f"store {options.store}, {options.connections} connections, seed {options.seed}", flush=True)
            result = soak.soak(where, process.pid, options.minutes * 60, options.connections, options.seed)
        finally:
            if process:
                components.stop_process(process)
            if kafka:
                kafka.stop()
    print(*soak.table(result), *result.wrong, sep="\n")
    grows = result.kib_per_second * 60 > GROWTH
    return 1 if result.wrong or grows else 0


if __name__ == "__main__":
    sys.exit(main())
