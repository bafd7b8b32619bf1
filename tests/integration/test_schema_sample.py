# SPDX-License-Identifier: Apache-2.0
"""millrace schema check --sample on Apache Kafka: records read with the schemas that a change would bring."""
import json

from harness import http, test


def event(*fields):
    return json.dumps({"type": "record", "name": "Counted", "fields": [
        {"name": "event_id", "type": "string"},
        {"name": "data", "type": {"type": "record", "name": "Data", "fields": list(fields)}}]})


def number(**more):
    return {"name": "n", "type": "int", **more}


def project(t, folder, name, text):
    path = t.path(f"{folder}/schemas/avro/{name.replace('.', '/', 1)}.avsc")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return str(t.path(folder))


@test
def the_last_records_over_all_partitions_are_read_with_the_new_schema(t):
    name = t.prefix.replace(".", "-") + ".count.made.v1"
    registry = t.start("millrace", "registry", "serve", "--listen", "127.0.0.1:0")
    registry.wait_for("event=listening")
    url = "http://" + registry.err().split("address=")[1].split()[0]
    schema_id = http("POST", f"{url}/subjects/{name}-value/versions", {"schema": event(number())})[1]["id"]
    t.kafka_tool("TopicCommand", "--bootstrap-server", t.kafka, "--create", "--topic", name, "--partitions", "3")
    for i in range(30):  # n is i, zigzag; partition i % 3, so that the last of each are 27, 28, 29
        path = t.path(f"record-{i}", b"\0" + schema_id.to_bytes(4, "big") + b"\x02e" + bytes([i * 2]))
        t.run("kcat", "-b", t.kafka, "-P", "-t", name, "-p", str(i % 3), str(path))

    def check(folder, text, last, expect):
        done = t.run("millrace", "schema", "check", project(t, folder, name, text), "--sample", str(last), "-b", t.kafka, "-r", url,
                     "--error-format", "json", expect=expect)
        return done, json.loads(done.out)["findings"]

    done, found = check("same", event(number(), number(name="m", default=0)), 1000, 0)
    assert found == [] and "30 records of 1 topics read" in done.err, done.err
    done, (found,) = check("text", event({"name": "n", "type": "string"}), 6, 100)
    assert found["rule"] == "RECORD_UNREADABLE" and found["path"] == "data.n", found
    assert f"record {name}[" in found["message"] and "]@8, and 5 more" in found["message"], found
    _, (found,) = check("tight", event(number(minimum=28)), 3, 100)
    assert found["rule"] == "RECORD_OUT_OF_BOUNDS" and f"(was 27): record {name}[0]@9" in found["message"], found
    check("held", event(number(minimum=27)), 3, 0)
