# SPDX-License-Identifier: Apache-2.0
"""Examples of events that no contract has: tests/events/TOPIC.ndjson, one a line.

{"accepted": true, "data": {...}} is taken by the topic's schema; {"accepted": false, "where": "/data/x", "data": {...}}
is refused at that place.
"""
import json
import subprocess

ENVELOPE = {"event_id": "0d3c5e0a-93b5-4b5e-8d0b-7a1e6c2f4d11", "event_type": "example", "event_version": "1.0",
            "timestamp": "2024-01-15T10:00:00Z", "correlation_id": "flow", "source_service": "example"}


def faults(millrace, project):
    """(number of examples, list of what is wrong)."""
    n, wrong = 0, []
    for path in sorted((project / "tests" / "events").glob("*.ndjson")):
        topic = path.name.removesuffix(".ndjson")
        schema = project / "schemas" / "avro" / (topic.replace(".", "/", 1) + ".avsc")
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        if not schema.is_file() or not lines:
            wrong.append(f"{path.name}: {'no example' if schema.is_file() else 'no schema of that topic'}")
        for number, line in enumerate(lines, 1):
            if schema.is_file():
                n += 1
                why = fault(millrace, schema, json.loads(line))
                wrong += [f"{path.name}:{number}: {why}"] if why else []
    return n, wrong


def fault(millrace, schema, example):
    done = subprocess.run([millrace, "avro", "encode", "-s", str(schema)], capture_output=True, text=True,
                          input=json.dumps({**ENVELOPE, "data": example["data"]}))
    if example["accepted"]:
        return done.stderr.strip() if done.returncode else None
    if done.returncode == 0:
        return "is accepted, and should be refused"
    return None if example["where"] in done.stderr else f"is refused elsewhere: {done.stderr.strip()}"
