#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""millrace tail beside kcat, in turns on one Apache Kafka: CPU of the client per record.

usage: bench_tail.py [RECORDS [ROUNDS]]    (500000, 3)    environment: MILLRACE_BUILD
Both write the same lines of JSON: kcat from a topic that holds them as they are, tail from the Avro of
the same events. What kcat takes to copy the Avro bytes, which nobody can read, stands beside. Only the
ratio within a round is to be trusted, and the best round counts: exit 1 when it is below the floor.
"""
import os
import subprocess
import sys
import time

import orders
from orders import BUILD

SERVICE = "inventory-management"
TOPIC = "inventory-management.inventory.low-stock-alert.v1"
RAW = "inventory-management.inventory.updated.v1"  # of as many partitions; here it holds JSON
FLOOR, GOAL = 0.6, 0.75
EVENT = (
    '{"event_id":"a981b31b-3871-4978-b47c-%012d","correlation_id":"adjustment_ec918ab9-695e-49e1-9115-%012d",'
    '"timestamp":"2025-01-15T10:00:46.126Z","source_service":"inventory-management-service","version":"1.0",'
    '"event_type":"LowStockAlert","data":{"product_id":"prod_%d","location_id":"warehouse_main","current_quantity":%d,'
    '"threshold":10,"alert_level":"warning"}}\n')


def millrace(*words, env, **more):
    return subprocess.run([BUILD / "cli/millrace", *words], env=env, check=True, **more)


def measured(argv, env):
    """(CPU seconds, wall seconds) of a program that writes to /dev/null: what a reader costs is not ours."""
    began = time.monotonic()
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{argv[0]}: exit {process.returncode}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def fill(records, env, folder):
    path = folder / "events.ndjson"
    with open(path, "w") as file:
        for i in range(records):
            file.write(EVENT % (i, i, i % 1000, i % 10))
    with open(folder / "said", "w+") as said:
        done = subprocess.run([BUILD / "producers/inventory-management-producer", path], env=env, stderr=said)
        said.seek(0)
        if done.returncode != 0:
            sys.exit(f"producer: {said.read(2000)}")
    lines = millrace("tail", TOPIC, "-e", "-f", "%k\\t%s\\n", env=env, stdout=subprocess.PIPE).stdout
    settings = [word for pair in ("partitioner=murmur2_random", "enable.idempotence=true", "linger.ms=5") for word in ("-X", pair)]
    subprocess.run(["kcat", "-P", "-b", env["MILLRACE_BROKERS"], "-t", RAW, "-K", "\t", "-z", "lz4", *settings],
                   input=lines, check=True)
    path.unlink()
    return lines.count(b"\n")


def round_of(records, env):
    tail = [BUILD / "cli/millrace", "tail", TOPIC]
    kcat = ["kcat", "-b", env["MILLRACE_BROKERS"], "-C", "-q", "-e", "-t"]
    programs = {"kcat raw": [*kcat, RAW], "tail": [*tail, "-e"], "tail -J": [*tail, "-eJ"], "kcat Avro": [*kcat, TOPIC]}
    used = {}
    for name, argv in programs.items():
        used[name], wall = measured(argv, env)
        print(f"{name:<10} {used[name] / records * 1e6:7.2f} us CPU  {records / wall:10,.0f} records/s"
              f"  {used['kcat raw'] / used[name]:5.2f} x kcat per CPU-second", flush=True)
    return used["kcat raw"] / used["tail"]


def main():
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 500000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with orders.log(SERVICE) as (folder, env):
        if fill(records, env, folder) != records:
            sys.exit("tail did not show each record once")
        shown = [sorted(subprocess.run(argv, env=env, check=True, stdout=subprocess.PIPE).stdout.splitlines())
                 for argv in ([BUILD / "cli/millrace", "tail", TOPIC, "-e"],
                              ["kcat", "-b", env["MILLRACE_BROKERS"], "-C", "-q", "-e", "-t", RAW])]
        if shown[0] != shown[1]:
            sys.exit("tail and kcat did not write the same lines")
        print(f"{records} records, {sum(map(len, shown[0])) / records:.0f} bytes of JSON each")
        best = 0
        for number in range(1, rounds + 1):
            print(f"round {number}")
            best = max(best, round_of(records, env))
    print(f"best ratio {best:.2f}, goal {GOAL}, floor {FLOOR}")
    return 0 if best >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
