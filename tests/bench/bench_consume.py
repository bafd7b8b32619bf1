#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka -> SQLite, each event once: the consumer engine beside the same work straight on the libraries, in turns.

usage: bench_consume.py [EVENTS [ROUNDS]]    environment: MILLRACE_BUILD, MILLRACE_TEST_KAFKA (an empty one)
Ratios within a round are to be trusted, single figures only on a quiet machine. Goals: at most 7 us of CPU an event, 100,000 events/s.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import components  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", HERE.parents[1] / "build"))


def order(draw, number):
    address = {"street": "1 Main Street", "city": "Springfield", "state": "CA", "zip": "12345", "country": "US"}
    item = {"product_id": f"prod_{draw.randrange(10**4)}", "quantity": 2, "unit_price": "22.99", "total_price": "45.98"}
    return {"event_id": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            "correlation_id": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            "timestamp": "2024-01-15T12:00:00Z", "source_service": "order-management-service", "event_version": "1.0",
            "event_type": "order.created",
            "data": {"order_id": f"order_{number:09d}", "customer_id": f"cust_{draw.randrange(10**6)}",
                     "total_amount": "45.98", "currency": "USD", "status": "pending", "items": [item],
                     "shipping_address": address, "billing_address": address}}


def fill(folder, env, n_events):
    """Order numbers are random, as those of a real shop: rows do not come in the order of their key."""
    draw, path = random.Random(1), folder / "orders.ndjson"
    with open(path, "w", encoding="utf-8") as out:
        for number in draw.sample(range(10**9), n_events):
            out.write(json.dumps(order(draw, number), separators=(",", ":")) + "\n")
    subprocess.run([BUILD / "producers/order-management-producer", path], env=env, check=True)


def run(program, folder, env, n_events):
    argv = [BUILD / "tests/bench/bench_consume", program, env["MILLRACE_BROKERS"], env["MILLRACE_REGISTRY"], folder]
    return json.loads(subprocess.run([*argv, str(n_events)], check=True, capture_output=True, text=True).stdout)


def main():
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as name:
        folder = pathlib.Path(name)
        kafka = None
        brokers = os.environ.get("MILLRACE_TEST_KAFKA")
        if not brokers:
            kafka = components.Kafka(folder / "kafka")
            brokers = kafka.start()
        where = folder / "registry-address"
        registry = subprocess.Popen([BUILD / "cli/millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file",
                                     where], stderr=subprocess.DEVNULL)
        try:
            address = components.wait_for(lambda: where.exists() and where.read_text().strip(), 5, "our registry")
            env = os.environ | {"MILLRACE_BROKERS": brokers, "MILLRACE_REGISTRY": f"http://{address}"}
            for words in (["schema", "register"], ["topics", "create"]):
                subprocess.run([BUILD / "cli/millrace", *words], env=env, check=True, stdout=subprocess.DEVNULL)
            fill(folder, env, n_events)
            for _ in range(rounds):
                ours, theirs = (run(program, folder, env, n_events) for program in ("engine", "naive"))
                print(f"engine {ours['cpu_us']:.2f} us/event, {ours['events_per_s']:,.0f}/s   "
                      f"naive {theirs['cpu_us']:.2f} us/event, {theirs['events_per_s']:,.0f}/s   "
                      f"CPU x{theirs['cpu_us'] / ours['cpu_us']:.2f}", flush=True)
        finally:
            components.stop_process(registry)
            if kafka:
                kafka.stop()


if __name__ == "__main__":
    main()
