#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka -> a store, each event once, as it is usually written in Python: confluent-kafka, fastavro, executemany, 500 a transaction.

usage: consume.py BROKERS STORE EVENTS SCHEMA    STORE: a path (sqlite3) or postgresql://... (psycopg)
Prints one line of figures as bench_consume does.
"""
import json
import resource
import sys
import time
import uuid
from io import BytesIO

import confluent_kafka
import fastavro

TOPIC, BATCH = "order-management.order.created.v1", 500
TABLES = ("CREATE TABLE inbox (event_id {id} PRIMARY KEY)",
          "CREATE TABLE orders (order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, total TEXT NOT NULL, at BIGINT NOT NULL)",
          "CREATE TABLE offsets (part INTEGER PRIMARY KEY, next BIGINT NOT NULL)")
WRITES = ("INSERT INTO inbox VALUES ({one}) ON CONFLICT DO NOTHING",
          "INSERT INTO orders VALUES ({one}, {one}, {one}, {one}) ON CONFLICT DO NOTHING",
          "INSERT INTO offsets VALUES ({one}, {one}) ON CONFLICT (part) DO UPDATE SET next = excluded.next")


class Sqlite:
    def __init__(self, path):
        import sqlite3
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        for text in TABLES:
            self.db.execute(text.format(id="BLOB"))
        self.sql = [text.format(one="?") for text in WRITES]

    def write(self, ids, orders, offsets):
        self.db.execute("BEGIN")
        for sql, rows in zip(self.sql, ([(one.bytes,) for one in ids], orders, offsets)):
            self.db.executemany(sql, rows)
        self.db.execute("COMMIT")


class Postgres:
    def __init__(self, url):
        import psycopg
        self.db = psycopg.connect(url)
        with self.db.transaction():
            for text in TABLES:
                self.db.execute(text.format(id="UUID"))
        self.sql = [text.format(one="%s") for text in WRITES]

    def write(self, ids, orders, offsets):
        with self.db.transaction(), self.db.cursor() as cursor:
            for sql, rows in zip(self.sql, ([(one,) for one in ids], orders, offsets)):
                cursor.executemany(sql, rows)


def main():
    brokers, where, n_events, schema = sys.argv[1], sys.argv[2], int(sys.argv[3]), fastavro.schema.load_schema(sys.argv[4])
    began = None  # with the first record: what a group takes to come together is not counted
    store = Postgres(where) if "://" in where else Sqlite(where)
    consumer = confluent_kafka.Consumer({"bootstrap.servers": brokers, "group.id": f"peer-{uuid.uuid4()}",
                                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    consumer.subscribe([TOPIC])
    seen, done = set(), 0
    while done < n_events:
        ids, orders, offsets = [], [], {}
        for message in consumer.consume(min(BATCH, n_events - done), 1):
            if message.error():
                continue
            began = began or time.monotonic()
            event = fastavro.schemaless_reader(BytesIO(message.value()[5:]), schema)
            offsets[message.partition()] = message.offset() + 1
            done += 1
            one, data = uuid.UUID(str(event["event_id"])), event["data"]
            if one in seen:
                continue
            seen.add(one)
            ids.append(one)
            orders.append((data["order_id"], data["customer_id"], str(data["total_amount"].normalize()),
                           int(event["timestamp"].timestamp() * 1000000)))
        store.write(ids, orders, list(offsets.items()))
    wall = time.monotonic() - began
    consumer.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"events": done, "cpu_us": (used.ru_utime + used.ru_stime) / done * 1e6, "events_per_s": done / wall,
                      "seconds": wall, "peak_mib": used.ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
