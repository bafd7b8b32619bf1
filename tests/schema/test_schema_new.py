#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace schema new`, in projects of its own and in a copy of this one; and this project's own examples of events.

usage: test_schema_new.py MILLRACE SOURCE_DIR
"""
import json
import os
import pathlib
import subprocess
import tempfile

from project import CAME_IN, MILLRACE, SOURCE, TOPICS, Project, case, clean, event, main

import event_examples

NEW = "stock-keeper.stock.went-out"
FILE = "schemas/avro/stock-keeper/stock.went-out.v1.avsc"
TEST = "tests/events/stock-keeper.stock.went-out.v1.ndjson"


def made(p, *words, expect=0):
    done = p.run("new", *words)
    assert done.returncode == expect, done
    return done


def sound(p):
    """Nothing is left to say about the project by lint, by the catalogue, by its examples."""
    for verb in (["schema", "lint", "--fail-on", "note"], ["topics", "check"], ["schema", "fmt", "--dry-run"]):
        done = subprocess.run([MILLRACE, *verb], cwd=p, capture_output=True, text=True, env=clean())
        assert done.returncode == 0, done
    n, wrong = event_examples.faults(MILLRACE, pathlib.Path(p))
    assert wrong == [], wrong
    return n


@case
def schema_row_and_test_fit_the_project():
    with Project() as p:
        done = made(p, NEW, "--consumer", "stock-buyer", "--doc", 'Somebody "took" it.')
        assert done.stdout.split() == [FILE, TEST, "topics.yaml"], done
        schema = json.loads((p.path / FILE).read_text())
        old = json.loads(p.file(CAME_IN).read_text())
        assert schema["fields"][:10] == old["fields"][:10] and schema["doc"] == 'Somebody "took" it.'
        assert (schema["name"], schema["namespace"]) == ("StockWentOut", "millrace.stock_keeper.stock")
        assert [field["name"] for field in schema["fields"][10]["type"]["fields"]] == ["StockId", "OccurredAt"]
        assert sound(p.path) == 2
        assert p.check(status=0) == []


@case
def only_the_row_is_added_to_topics_yaml():
    row = """\
      - topic: stock.went-out.v1
        event: STOCK_WENT_OUT
        key: StockId
        time: OccurredAt
"""
    head, tail = TOPICS.split("  - service: stock-buyer")
    for text in (TOPICS,
                 head + "  # a remark\n\n  - service: stock-buyer" + tail,
                 TOPICS.replace("services:", "services: # all"),
                 TOPICS.replace("  - service: stock-keeper", "  - service: 'stock-keeper'  # its goods"),
                 TOPICS.replace("\n    topics:\n", "\n    topics:\n      # what it tells\n\n"),
                 TOPICS.replace("    platform: shop\n    topics:", "    defaults:\n      topics:\n        retention: 7d\n    platform: shop\n    topics:")):
        with Project() as p:
            p.topics(text)
            made(p, NEW)
            now = (p.path / "topics.yaml").read_text()
            assert now.replace(row, "") == text and now.index(row) > now.index("came-in") and now.index(row) < now.index("- service: stock-buyer"), now
            assert sound(p.path) == 2


@case
def other_layouts_are_kept():
    with Project() as p:
        flat = TOPICS.replace("      - topic", "    - topic").replace("        event", "      event") \
            .replace("        key", "      key").replace("        time", "      time").replace("        consumers", "      consumers")
        p.topics(flat)
        made(p, NEW)
        assert "\n    - topic: stock.went-out.v1\n      event: STOCK_WENT_OUT\n" in (p.path / "topics.yaml").read_text()
        (p.path / "topics.yaml").write_bytes(flat.replace("\n", "\r\n").encode())
        for path in (FILE, TEST):
            (p.path / path).unlink()
        made(p, NEW)
        text = (p.path / "topics.yaml").read_bytes()
        assert text.count(b"\n") == text.count(b"\r\n"), text
    with Project() as p:
        p.topics(TOPICS.rstrip("\n"))
        made(p, "stock-buyer.order.sent")
        assert (p.path / "topics.yaml").read_text().endswith(
            "platform: shop\n    topics:\n      - topic: order.sent.v1\n        event: OrderSent\n        key: OrderId\n        time: OccurredAt\n")
        assert sound(p.path) == 2


@case
def what_exists_or_is_misspelt_is_refused_and_nothing_is_written():
    with Project() as p:
        before = p.git("status", "--porcelain")
        for words, said in [
                ([CAME_IN.replace("/", ".")], "exists: change its schema, or begin stock-keeper.stock.came-in.v2"),
                (["stock-keeper.stock.came-in"], "exists"),
                (["stock-keper.stock.went-out"], "did you mean 'stock-keeper'?"),
                (["shelves.stock.went-out"], "add it there first"),
                (["stock-keeper.stok.went-out"], "domain 'stok' is new, and 'stock' is there"),
                (["stock-keeper.stock.came-on"], "action 'came-on' is new, and 'came-in' is there"),
                (["stock-keeper.stock.cmae-in"], "'came-in' is there"),
                ([NEW, "--consumer", "stock-byer"], "did you mean 'stock-buyer'?"),
                ([NEW + ".v2"], "is v1"), (["stock-keeper.stock.came-in.v3"], "is v2"), ([NEW + ".v0"], ".vN alone"), ([NEW + ".x"], ".vN alone"),
                (["stock-keeper.stock"], "its domain is 'stock'"), (["Stock-Keeper.stock.out"], "its service is 'Stock-Keeper'"),
                (["stock-keeper.stock.went--out"], "its action is"), (["../x.y.z"], "its service is"), ([NEW, "--event", "a b"], "must be letters"),
                ([NEW, "--event", "STOCK_CAME_IN"], "mistake"), ([], "is needed")]:
            done = made(p, *words, expect=2)
            assert said in done.stderr and done.stdout == "", (words, done)
            assert p.git("status", "--porcelain") == before, words
        made(p, "stock-keeper.stock.came-on", "--spelled-so", "--dry-run")
        assert p.git("status", "--porcelain") == before
        (p.path / "tests/events").mkdir(parents=True, exist_ok=True)
        (p.path / TEST).write_text("mine")
        assert "exists" in made(p, NEW, expect=2).stderr and not (p.path / FILE).exists()
        assert (p.path / TEST).read_text() == "mine"


@case
def a_project_with_mistakes_is_left_alone():
    with Project() as p:
        p.topics(TOPICS.replace("partitions: 3", "partitions: 0"))
        assert "mistake" in made(p, NEW, expect=2).stderr and not (p.path / FILE).exists()
        p.topics(TOPICS.replace("    topics:\n", "    topics: [") + "]")
        done = p.run("new", NEW)
        assert done.returncode != 0 and not (p.path / FILE).exists(), done


@case
def a_new_major_version_begins_as_the_one_before_it():
    with Project() as p:
        made(p, "stock-keeper.stock.came-in.v2")
        assert (p.path / "schemas/avro/stock-keeper/stock.came-in.v2.avsc").read_bytes() == p.file(CAME_IN).read_bytes()
        assert "- topic: stock.came-in.v2\n        event: STOCK_CAME_IN\n        types: [STOCK_CAME_IN]\n        key: Article\n" in \
            (p.path / "topics.yaml").read_text()
        assert sound(p.path) == 1 and p.check(status=0) == []
        made(p, "stock-keeper.stock.came-in.v3")
        p.schema("stock-keeper/stock.other.v1", event("Other"))


@case
def in_a_copy_of_this_project_lint_and_generator_pass():
    with tempfile.TemporaryDirectory(prefix="millrace-new-") as folder:
        copy = pathlib.Path(folder)
        for path in ("topics.yaml", "schemas", "tests/lint", "tests/events"):
            source = pathlib.Path(SOURCE) / path
            if source.exists():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-r", str(source), str(copy / path)], check=True)
        for word in ("order-management.order.tried-out", "ticketwave-payment.payment.checked", "bookings.event.put-off",
                     "festivo-ticket.ticket.looked-at", "product-management.product.archived", "product-catalog.product.price-changed.v2"):
            done = subprocess.run([MILLRACE, "schema", "new", word], cwd=copy, capture_output=True, text=True, env=clean())
            assert done.returncode == 0, done
        sound(copy)
        done = subprocess.run(["python3", "-B", "tests/lint/check_schemas.py", "schemas/avro"], cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        done = subprocess.run(["python3", "-B", "tests/lint/check_schemas.py", "--self-test", "schemas/avro"], cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        generate(copy)


def generate(copy):
    """What the build does first: C of all events, which the compiler takes."""
    tool, = [path for path in pathlib.Path(os.environ["MILLRACE_BUILD"]).glob("tools/mr-gen") if path.is_file()]
    publishers = []
    for line in (copy / "topics.yaml").read_text().splitlines():
        words = line.split()
        if words[:2] == ["-", "service:"]:
            service = words[2]
        elif words[:2] == ["-", "topic:"] and service not in publishers:
            publishers.append(service)
    out = copy / "gen"
    out.mkdir()
    done = subprocess.run([str(tool), "topics.yaml", "schemas/avro", str(out), str(out / "d"), "topics.gen.h", *publishers],
                          cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done
    done = subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-I", str(out), "-I", str(pathlib.Path(SOURCE) / "lib/include"),
                           str(out / "records.gen.c")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "order_management_order_tried_out_v1" in (out / "order_management.gen.h").read_text()


@case
def the_examples_of_this_projects_own_events_hold():
    _, wrong = event_examples.faults(MILLRACE, pathlib.Path(SOURCE))
    assert wrong == [], wrong


@case
def a_wrong_example_is_found():
    with Project() as p:
        made(p, NEW)
        path = p.path / TEST
        good, bad = path.read_text().splitlines()
        for text, why in ((good.replace("true", "false, \"where\": \"/data\""), "should be refused"), (bad.replace("false", "true"), "/data/StockId"),
                          (bad.replace("/data/StockId", "/data/Other"), "elsewhere"), ("", "no example")):
            path.write_text(text)
            _, wrong = event_examples.faults(MILLRACE, p.path)
            assert len(wrong) == 1 and why in wrong[0], (text, wrong)


if __name__ == "__main__":
    main()
