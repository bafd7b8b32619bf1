#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mr-gen and two majors of one event: their mapping is checked and compiled in, what is wrong stops the build.

usage: test_majors.py MR_GEN SOURCE_DIR
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import shop  # noqa: E402
from tap import case, main  # noqa: E402 (its folder is added above)

MR_GEN, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
COMPILE = [*os.environ.get("CC", "cc").split(), "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
           "-fsyntax-only", "-I", SOURCE + "/lib/include"]

TOPICS = "\n" + shop.head("FULL") + """\
services:
  - service: stock-keeper
    platform: shop
    topics:
%s"""
ROW = """\
      - topic: stock.ran-low.v%d
        event: STOCK_RAN_LOW
        key: Article
        time: At
        consumers: [stock-keeper]
%s"""
ENVELOPE = [
    ("event_id", {"type": "string", "logicalType": "uuid"}), ("event_type", "string"), ("event_version", "string"),
    ("timestamp", {"type": "long", "logicalType": "timestamp-micros"}), ("correlation_id", "string"),
    ("causation_id", ["null", "string"]), ("source_service", "string"), ("user_id", ["null", "string"]),
    ("session_id", ["null", "string"]), ("metadata", {"type": "map", "values": "string"}),
]
LEFT = {1: ("Left", "int"), 2: ("Remaining", "long"), 3: ("Rest", "long")}
V2 = "fields: {data.Remaining: data.Left}\n"
V3 = "fields: {data.Rest: data.Remaining}\n"


def schema(major):
    data = [("Article", "string"), ("At", {"type": "long", "logicalType": "timestamp-micros"}), LEFT[major]]
    fields = [{"name": name, "type": type_} for name, type_ in data]
    record = {"type": "record", "name": "StockRanLowData", "fields": fields}
    return {"type": "record", "name": "StockRanLow", "namespace": "millrace.stock_keeper.stock",
            "fields": [{"name": name, "type": type_} for name, type_ in [*ENVELOPE, ("data", record)]]}


def made(majors, mappings):
    """majors: number -> further lines of its row; mappings: file name -> text. What mr-gen says, what it writes."""
    with tempfile.TemporaryDirectory(prefix="mr-gen-") as name:
        folder = pathlib.Path(name)
        avro = folder / "avro" / "stock-keeper"
        avro.mkdir(parents=True)
        (folder / "out").mkdir()
        rows = "".join(ROW % (major, "".join(f"        {line}\n" for line in lines)) for major, lines in majors.items())
        (folder / "topics.yaml").write_text(TOPICS % rows)
        for major in majors:
            (avro / f"stock.ran-low.v{major}.avsc").write_text(json.dumps(schema(major), indent=1))
        for file, text in mappings.items():
            (avro / file).write_text(text)
        done = subprocess.run([MR_GEN, "topics.yaml", "avro", "out", "out/deps.d", "out/topics.gen.h", "stock-keeper"],
                              cwd=folder, capture_output=True, text=True)
        if done.returncode == 0:
            checked = subprocess.run([*COMPILE, "-I", folder / "out", folder / "out" / "topics.gen.c"],
                                     capture_output=True, text=True)
            assert checked.returncode == 0, checked.stderr
        else:
            assert not list((folder / "out").iterdir()), "something was written all the same"
        return done.stderr, {path.name: path.read_text() for path in (folder / "out").iterdir()}


def refused(majors, mappings, *words):
    said, _ = made(majors, mappings)
    for word in words:
        assert word in said, (word, said)
    return said


@case
def a_mapping_is_compiled_in_and_watched():
    said, out = made({1: [], 2: ["upcast: [v1]", "also: [v1]"]},
                     {"stock.ran-low.v2.from-v1.yaml": V2, "stock.ran-low.v1.from-v2.yaml":
                      "fields: {data.Left: {from: data.Remaining, compute: number}}\n"})
    assert said == "", said
    assert "data.Remaining: data.Left" in out["topics.gen.c"]
    for file in ("v2.from-v1", "v1.from-v2"):
        assert f"avro/stock-keeper/stock.ran-low.{file}.yaml" in out["deps.d"], out["deps.d"]


@case
def a_way_of_several_majors_goes_step_by_step_and_back():
    same = {1: ("Left", "long"), 2: LEFT[2], 3: LEFT[3]}
    before = dict(LEFT)
    LEFT.update(same)
    try:
        said, out = made({1: [], 2: [], 3: ["upcast: [v1, v2]", "also: [v1]"]},
                         {"stock.ran-low.v2.from-v1.yaml": V2, "stock.ran-low.v3.from-v2.yaml": V3})
    finally:
        LEFT.update(before)
    assert said == "", said
    assert out["topics.gen.c"].count(".reverse = true") == 2, out["topics.gen.c"]


@case
def a_mistake_in_a_mapping_is_told_once_with_its_place():
    said = refused({1: [], 2: ["upcast: [v1]"], 3: ["upcast: [v1]"]},
                   {"stock.ran-low.v2.from-v1.yaml": "fields: {data.Remaining: data.Lefd}\n",
                    "stock.ran-low.v3.from-v2.yaml": V3},
                   "avro/stock-keeper/stock.ran-low.v2.from-v1.yaml:1:26: the old version has no 'data.Lefd'; did "
                   "you mean 'data.Left'?",
                   "'data.Left' of the old version is neither used nor dropped")
    assert said.count("data.Lefd") == 1, said


@case
def what_cannot_be_turned_round_asks_for_a_file():
    refused({1: [], 2: ["also: [v1]"]}, {"stock.ran-low.v2.from-v1.yaml": V2},
            "v2.from-v1.yaml:1:10: 'data.Left' cannot come from 'data.Remaining' as it is: a long may be too large")


@case
def what_topics_yaml_says_of_majors_is_checked():
    refused({1: [], 2: ["upcast: [v1]"]}, {},
            "there is no mapping from 'stock-keeper.stock.ran-low.v1' to 'stock-keeper.stock.ran-low.v2': "
            "avro/stock-keeper/stock.ran-low.v2.from-v1.yaml is missing")
    refused({2: ["upcast: [v1]"]}, {}, "topics.yaml has no topic stock-keeper.stock.ran-low.v1")
    refused({1: ["upcast: [v2]"], 2: []}, {}, "'upcast' names v2, which is younger than v1")
    refused({1: [], 2: ["upcast: [v2]"]}, {}, "'upcast' names the topic itself")
    refused({1: [], 2: ["upcast: [old]"]}, {}, "takes major versions such as v1, not 'old'")
    refused({1: [], 2: ["upcast: [v1, v1]"]}, {"stock.ran-low.v2.from-v1.yaml": V2}, "'v1' stands here twice")
    refused({1: [], 2: []}, {"stock.ran-low.v2.from-v1.yaml": V2},
            "avro/stock-keeper/stock.ran-low.v2.from-v1.yaml:1:1: no topic of topics.yaml takes this mapping")


if __name__ == "__main__":
    main()
