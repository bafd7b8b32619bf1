#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our registry beside one of others, in turns on the same machine: start, memory, registering, reading.

usage: bench_registry.py [ROUNDS]    environment: MILLRACE_BUILD
Ratios within a round are to be trusted, single figures only on a quiet machine.
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import components  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", HERE.parents[1] / "build"))
TICKS = os.sysconf("SC_CLK_TCK")
BODY = ('{"schema":"{\\"type\\":\\"record\\",\\"name\\":\\"r%d\\",\\"fields\\":[{\\"name\\":\\"a\\",\\"type\\":\\"string\\"},'
        '{\\"name\\":\\"b\\",\\"type\\":[\\"null\\",\\"long\\"],\\"default\\":null}]}"}')
LOADS = [("register", 1, 1000, ("POST", "/subjects/s%d/versions", BODY)),
         ("read", 1, 40000, ()),
         ("read", 16, 80000, ())]
MANY = 10000


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


@contextlib.contextmanager
def ours(folder, *words):
    address = folder / "address"
    address.unlink(missing_ok=True)
    process = subprocess.Popen([BUILD / "cli/millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file",
                                address, *words], stderr=subprocess.DEVNULL)
    try:
        where = components.wait_for(lambda: address.exists() and address.read_text().strip(), 5, "our registry")
        yield process.pid, where
    finally:
        components.stop_process(process)


@contextlib.contextmanager
def theirs(folder):
    registry = components.SecondRegistry(folder / "second")
    try:
        yield_url = registry.start()
        yield registry.process.pid, yield_url.removeprefix("http://")
    finally:
        registry.stop()


def load(where, connections, requests, what):
    words = [BUILD / "tests/bench/http_load", where, str(connections), str(requests), *what]
    n, seconds, p50, p99, bad = subprocess.check_output(words, text=True).split()
    if bad != "0":
        sys.exit(f"{bad} of {n} answers were not 200")
    return int(n) / float(seconds), int(p50), int(p99)


def measure(kind, folder):
    before = time.monotonic()
    with kind(folder) as (pid, where):
        started = time.monotonic() - before
        time.sleep(0.2)
        figures = {"start s": started, "MiB empty": resident_mib(pid)}
        for name, connections, requests, what in LOADS:
            used = cpu_seconds(pid)
            rate, p50, p99 = load(where, connections, requests, what)
            used = max(cpu_seconds(pid) - used, 1 / TICKS)
            key = f"{name} x{connections}"
            figures |= {f"{key} /s": rate, f"{key} /cpu-s": requests / used, f"{key} p50 us": p50, f"{key} p99 us": p99}
            if name == "register":
                figures["MiB 1000"] = resident_mib(pid)
        load(where, 4, MANY, LOADS[0][3])
        figures[f"MiB {MANY}"] = resident_mib(pid)
        return figures


def on_disk(folder):
    """Ours alone: the other keeps schemas in memory or in a database."""
    store = ["--store", f"file:{folder / 'schemas'}"]
    with ours(folder, *store) as (_, where):
        rate, p50, p99 = load(where, 4, MANY, LOADS[0][3])
        print(f"on disk: register x4 /s {rate:.0f}, p50 us {p50}, p99 us {p99}")
    before = time.monotonic()
    with ours(folder, *store) as (pid, where):
        load(where, 1, 1, ())
        seconds = time.monotonic() - before
        print(f"on disk: first answer with {MANY} schemas after {seconds:.2f} s, {resident_mib(pid):.1f} MiB, file "
              f"{(folder / 'schemas').stat().st_size / 2**20:.1f} MiB", flush=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            mine, other = (measure(kind, pathlib.Path(folder)) for kind in (ours, theirs))
            on_disk(pathlib.Path(folder))
        print(f"round {number:<14} {'ours':>12} {'theirs':>12} {'ratio':>8}")
        for key, value in mine.items():
            print(f"{key:<20} {value:12.2f} {other[key]:12.2f} {value / max(other[key], 1e-9):8.2f}", flush=True)


if __name__ == "__main__":
    main()
