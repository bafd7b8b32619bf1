#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""order-management-producer beside kcat, in turns on one Apache Kafka: CPU of the client per event.

usage: bench_produce.py [EVENTS [ROUNDS]]    (500000, 5)    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA
Both send the same documents under the same keys to the same partitions: idempotent, acks=all, lz4, 5 ms of linger. kcat sends the
JSON as it is; the producer maps the envelope, enforces the contract, makes the service's checks and sends Avro with headers.
"bound" is librdkafka with records of the same sizes ready in memory, with and without their seven headers.
Only ratios within a round are to be trusted, and the best round counts: exit 1 below the floor.
"""
import os
import random
import subprocess
import sys
import time
import uuid

import orders
from orders import BUILD

SERVICE = "order-management"
TOPIC = f"{SERVICE}.order.validated.v1"  # of as many partitions as those of the events
AVRO_BYTES = {"created": 268, "completed": 194}
GOAL, FLOOR = 1.25, 0.70
HEAD = ('{"event_id":"%s","correlation_id":"%s","timestamp":"2024-01-15T12:%02d:%02d.%03dZ","source_service":"order-management-service",'
        '"event_version":"1.0","event_type":"order.%s","data":{"order_id":"order_%09d",')
CREATED = ('"customer_id":"cust_%07d","total_amount":"%d.%02d","currency":"USD","status":"pending","items":[{"product_id":"prod_%06d",'
           '"quantity":1,"unit_price":"%d.%02d","total_price":"%d.%02d"}],"shipping_address":{"street":"%d Main St","city":"Anytown",'
           '"state":"CA","zip":"12345","country":"US"},"billing_address":{"street":"%d Main St","city":"Anytown","state":"CA",'
           '"zip":"12345","country":"US"}}}')
COMPLETED = ('"completion_time":"2024-01-15T12:45:00Z","payment_id":"pay_%09d","fulfillment_id":"ful_%09d","final_amount":"%d.%02d"}}')


def write_events(folder, kind, n):
    """The documents, and the same with their keys in front for kcat."""
    chance = random.Random(7)
    plain, keyed = folder / f"{kind}.ndjson", folder / f"{kind}.tsv"
    with open(plain, "w") as one, open(keyed, "w") as two:
        for i in range(n):
            key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            event = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            amount, cents = chance.randrange(1000), chance.randrange(100)
            line = HEAD % (event, key, i // 60 % 60, i % 60, i % 1000, kind, i)
            if kind == "created":
                line += CREATED % (i, amount, cents, i % 1000000, amount, cents, amount, cents, i % 1000, i % 1000)
            else:
                line += COMPLETED % (i, i, amount, cents)
            one.write(line + "\n")
            two.write(f"{key}\t{line}\n")
    return plain, keyed


def measured(argv, env):
    """(CPU seconds, wall seconds, peak MiB) of a program."""
    began = time.monotonic()
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{argv[0]}: exit {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024


def rounds_of(kind, n, rounds, env, folder):
    plain, keyed = write_events(folder, kind, n)
    print(f"{n} order.{kind} events, {plain.stat().st_size / n:.0f} bytes of JSON each")
    kcat = ["kcat", "-P", "-b", env["MILLRACE_BROKERS"], "-t", TOPIC, "-K", "\t", "-l", keyed, "-z", "lz4"]
    for setting in ("partitioner=murmur2_random", "enable.idempotence=true", "acks=all", "linger.ms=5"):
        kcat += ["-X", setting]
    programs = {"kcat raw": kcat, "producer": [BUILD / f"producers/{SERVICE}-producer", plain],
                "dry run": [BUILD / f"producers/{SERVICE}-producer", "--dry-run", plain],
                "bound": [BUILD / "tests/bench/bench_bound", TOPIC, str(n), str(AVRO_BYTES[kind]), "7"],
                "no headers": [BUILD / "tests/bench/bench_bound", TOPIC, str(n), str(AVRO_BYTES[kind]), "0"]}
    ratios = []
    for number in range(1, rounds + 1):
        used = {}
        for name, argv in programs.items():
            used[name], wall, peak = measured(argv, env)
            print(f"round {number}  {name:<10} {used[name] / n * 1e6:6.2f} us CPU  {n / wall:10,.0f} events/s  {peak:4.0f} MiB"
                  f"  {used['kcat raw'] / used[name]:5.2f} x kcat per CPU-second", flush=True)
        ratios.append(used["kcat raw"] / used["producer"])
    plain.unlink()
    keyed.unlink()
    print(f"order.{kind}: best {max(ratios):.2f}, median {sorted(ratios)[len(ratios) // 2]:.2f}; goal {GOAL}, floor {FLOOR}")
    return max(ratios)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 500000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with orders.log(SERVICE, os.environ.get("MILLRACE_TEST_KAFKA")) as (folder, env):
        best = [rounds_of(kind, n, rounds, env, folder) for kind in ("created", "completed")]
    return 0 if min(best) >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
