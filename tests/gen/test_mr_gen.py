#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mr-gen against small catalogues: what it makes compiles, what is wrong is named and makes nothing.

usage: test_mr_gen.py MR_GEN SOURCE_DIR BUILD_TOOLS_DIR    (the project's, and where its headers are made)
"""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import shop  # noqa: E402
from tap import case, main  # noqa: E402 (its folder is added above)

MR_GEN, SOURCE, MADE = (os.path.abspath(path) for path in sys.argv[1:4])
COMPILE = [*os.environ.get("CC", "cc").split(), "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
           "-fsyntax-only", "-I", SOURCE + "/lib/include"]

TOPICS = "\n" + shop.head("FULL") + """\
services:
  - service: stock-keeper
    platform: shop
    topics:
      - topic: stock.ran-low.v1
        event: STOCK_RAN_LOW
        key: Article
        time: At
        consumers: [stock-keeper]
"""

OPTIONAL = ["null", "string"]
ENVELOPE = [
    ("event_id", {"type": "string", "logicalType": "uuid"}), ("event_type", "string"), ("event_version", "string"),
    ("timestamp", {"type": "long", "logicalType": "timestamp-micros"}), ("correlation_id", "string"),
    ("causation_id", OPTIONAL), ("source_service", "string"), ("user_id", OPTIONAL), ("session_id", OPTIONAL),
    ("metadata", {"type": "map", "values": "string"}),
]


def event(*fields):
    """A schema whose data has Article, At and the fields given as (name, type)."""
    data = [("Article", "string"), ("At", {"type": "long", "logicalType": "timestamp-micros"}), *fields]
    record = {"type": "record", "name": "StockRanLowData",
              "fields": [{"name": name, "type": type_} for name, type_ in data]}
    return {"type": "record", "name": "StockRanLow", "namespace": "millrace.stock_keeper.stock",
            "fields": [{"name": name, "type": type_} for name, type_ in [*ENVELOPE, ("data", record)]]}


def change(path, value, schema=None):
    schema = copy.deepcopy(schema or event())
    at = schema
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return schema


class Folder:
    """A catalogue of one topic in a folder of its own."""

    def __init__(self, schema, topics=TOPICS):
        self.holder = tempfile.TemporaryDirectory(prefix="mr-gen-")
        self.path = pathlib.Path(self.holder.name)
        self.schema = self.path / "avro" / "stock-keeper" / "stock.ran-low.v1.avsc"
        self.schema.parent.mkdir(parents=True)
        self.out = self.path / "out"
        self.out.mkdir()
        self.write(schema, topics)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.cleanup()

    def write(self, schema, topics=TOPICS):
        (self.path / "topics.yaml").write_text(topics)
        self.schema.write_text(json.dumps(schema, indent=1) + "\n")

    def run(self, *services):
        return subprocess.run([MR_GEN, "topics.yaml", "avro", "out", "out/deps.d", "out/topics.gen.h",
                               *(services or ["stock-keeper"])], cwd=self.path, capture_output=True, text=True)

    def make(self):
        done = self.run()
        assert done.returncode == 0, done.stderr

    def compiles(self, path):
        return subprocess.run([*COMPILE, "-I", self.out, path], capture_output=True, text=True)

    def compiles_text(self, text):
        path = self.path / "use.c"
        path.write_text('#include "stock_keeper.gen.h"\n' + text)
        return self.compiles(path)


def refused(schema, *words, topics=TOPICS):
    with Folder(schema, topics) as folder:
        done = folder.run()
        assert done.returncode == 1, (words, done.stderr)
        assert all(word in done.stderr for word in words), (words, done.stderr)
        assert "avro/stock-keeper/stock.ran-low.v1.avsc:" in done.stderr, done.stderr
        assert not list(folder.out.iterdir()), "something was written all the same"


KINDS = [
    ("yes", "boolean"), ("i", "int"), ("d", {"type": "int", "logicalType": "date"}), ("l", "long"), ("f", "float"),
    ("g", "double"), ("b", "bytes"), ("x", {"type": "fixed", "name": "Tag", "size": 4}),
    ("m", {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}),
    ("mf", ["null", {"type": "fixed", "name": "Sum", "size": 8, "logicalType": "decimal", "precision": 9}]),
    ("e", {"type": "enum", "name": "StockRanLowHow", "symbols": ["unknown", "BySale", "theft"]}),
    ("again", ["null", "StockRanLowHow"]), ("other", ["string", "null"]), ("one", ["string"]),
    ("texts", {"type": "array", "items": "string"}), ("hows", {"type": "array", "items": "StockRanLowHow"}),
    ("sums", ["null", {"type": "array", "items": "Sum"}]), ("longs", {"type": "map", "values": "long"}),
    ("doubles", ["null", {"type": "map", "values": "double"}]),
    ("tree", {"type": "record", "name": "Node", "doc": "ends */ a comment\n- two lines", "fields": [
        {"name": "register", "type": "int"}, {"name": "parts", "type": {"type": "array", "items": "Node"}}]}),
    ("default", ["null", "Node"]), ("errno", "int"),
]


@case
def every_form_that_avro_has_for_an_event_becomes_c_that_compiles():
    with Folder(event(*KINDS)) as folder:
        folder.make()
        for name in ("topics.gen.c", "records.gen.c"):
            done = folder.compiles(folder.out / name)
            assert done.returncode == 0, done.stderr
        done = folder.compiles_text("""
            int use(const struct stock_keeper_stock_ran_low_v1 *event);
            int use(const struct stock_keeper_stock_ran_low_v1 *event)
            {
                const struct stock_keeper_stock_ran_low_v1_data *data = &event->data;
                const struct stock_keeper_stock_ran_low_v1_node *node = data->tree.parts;
                enum stock_keeper_stock_ran_low_v1_how how = STOCK_KEEPER_STOCK_RAN_LOW_V1_HOW_BY_SALE;
                return data->yes + node->register_ + data->errno_ + (data->hows[0] == how) + data->has_default_ +
                       (int)data->n_doubles + data->has_doubles + (int)data->longs[0].value + data->mf.scale +
                       (int)event->envelope.event_id.len +
                       (int)stock_keeper_stock_ran_low_v1_how_symbol(how).len + MR_TOPIC(stock_keeper_stock_ran_low_v1)->major;
            }""")
        assert done.returncode == 0, done.stderr


@case
def a_misspelt_topic_field_or_symbol_does_not_compile():
    right = "int64_t use(const struct stock_keeper_stock_ran_low_v1 *e); " \
            "int64_t use(const struct stock_keeper_stock_ran_low_v1 *e) { return e->data.At + " \
            "topic_stock_keeper_stock_ran_low_v1.major + group_stock_keeper.retry.max_attempts; }"
    with Folder(event()) as folder:
        folder.make()
        done = folder.compiles_text(right)
        assert done.returncode == 0, done.stderr
        for word, wrong in [("data.At", "data.at"), ("topic_stock", "topic_stok"), ("group_stock", "group_stok"),
                            ("low_v1 *e", "low_v2 *e"), ("major", "mayor"),
                            ("low_v1 *e); int64", "low_v1_data *e); int64")]:
            done = folder.compiles_text(right.replace(word, wrong))
            assert done.returncode != 0, wrong


@case
def a_handler_of_another_event_does_not_compile():
    right = '#include "millrace/consumer.h"\n' \
            "MR_HANDLER(stock_keeper_stock_ran_low_v1, note) { return event->data.At > 0; }\n" \
            "const struct mr_on *const on; " \
            "const struct mr_on *const on = MR_HANDLES(MR_ON(stock_keeper_stock_ran_low_v1, note));\n"
    second = TOPICS[TOPICS.index("      - topic"):].replace("ran-low", "sold-out").replace("RAN_LOW", "SOLD_OUT")
    other = json.loads(json.dumps(event()).replace("StockRanLow", "StockSoldOut"))
    with Folder(event(), TOPICS + second) as folder:
        folder.schema.with_name("stock.sold-out.v1.avsc").write_text(json.dumps(other))
        folder.make()
        mixed = right.replace("MR_ON(stock_keeper_stock_ran_low", "MR_ON(stock_keeper_stock_sold_out")
        for text, want in [(right, True), (right.replace("ran_low", "sold_out"), True), (mixed, False),
                           (right.replace("ran_low", "sold_ou"), False)]:
            done = folder.compiles_text(text)
            assert (done.returncode == 0) == want, (text, done.stderr)


@case
def what_is_no_event_is_refused_with_its_place():
    refused(change(["name"], "StockLow"), "1.avsc:1:1: record is called 'StockLow'", "asks for 'StockRanLow'")
    refused(change(["namespace"], "shop"), "namespace is 'shop'", "asks for 'millrace.stock_keeper.stock'")
    refused(change(["fields", 1, "name"], "event_kind"), "field 2 is 'event_kind', but must be 'event_type'")
    refused(change(["fields", 3, "type"], "long"), "'timestamp' must be long with logicalType timestamp-micros")
    refused(change(["fields", 5, "type"], "string"), "'causation_id' must be null or string")
    refused(change(["fields", 9, "type", "values"], "long"), "'metadata' must be map of strings")
    refused(change(["fields", 10, "type"], "string"), "'data' must be record, as in every event")
    extra = event()
    extra["fields"].append({"name": "more", "type": "int"})
    refused(extra, "then 'data', and nothing else; this one has 12 fields")
    refused("string", "an event is a record, not string")
    refused(change(["fields", 0, "type"], "strin"), "1.avsc:8:12: ", "did you mean \"string\"?")


@case
def what_has_no_form_in_c_is_refused_with_its_place():
    refused(event(("u", ["string", "long"])), "field 'u': only a union of null and one other type")
    refused(event(("u", ["null", "string", "long"])), "field 'u': only a union")
    refused(event(("n", "null")), "field 'n'")
    refused(event(("a", {"type": "array", "items": ["null", "string"]})), "field 'a': items of type union")
    refused(event(("a", {"type": "array", "items": {"type": "array", "items": "int"}})), "items of type array")
    refused(event(("m", {"type": "map", "values": "boolean"})), "field 'm': a map's values can be string, long or")
    refused(event(("b", OPTIONAL), ("has_b", "int")), "field 'b' needs a member 'has_b'")
    refused(event(("b", {"type": "array", "items": "int"}), ("n_b", "int")), "field 'b' needs a member 'n_b'")
    refused(event(("r", {"type": "record", "name": "R", "fields": []})), "record 'millrace.stock_keeper.stock.R' has")
    loop = {"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]}]}
    refused(event(("r", loop)), "field 'r' puts 'millrace.stock_keeper.stock.R' into itself")
    twins = [("a", {"type": "record", "name": name, "fields": [{"name": "x", "type": "int"}]})
             for name in ("Box", "StockRanLowBox")]
    refused(event(twins[0], ("c", twins[1][1])), "would both be 'stock_keeper_stock_ran_low_v1_box' in C")


@case
def a_key_or_time_that_data_does_not_have_is_refused():
    refused(event(), "takes the key of", "from 'Artikle', which data does not have; did it mean 'Article'?",
            topics=TOPICS.replace("key: Article", "key: Artikle"))
    refused(event(), "takes the time of", "this must be timestamp-micros, and not null",
            topics=TOPICS.replace("time: At", "time: Article"))


@case
def all_mistakes_are_reported_at_once():
    broken = change(["name"], "StockLow", event(("u", ["string", "long"])))
    refused(broken, "record is called", "only a union of null")


@case
def the_build_must_expect_what_the_file_publishes():
    with Folder(event()) as folder:
        done = folder.run("stock-keeper", "other")
        assert done.returncode == 1 and "the build saw a service 'other' that is none" in done.stderr, done.stderr
        done = folder.run("other")
        assert "the build did not see what service 'stock-keeper' publishes" in done.stderr, done.stderr


@case
def what_does_not_change_keeps_its_time_and_the_rest_is_made_anew():
    with Folder(event()) as folder:
        folder.make()
        times = {path: path.stat().st_mtime_ns for path in folder.out.iterdir()}
        folder.write(event(), TOPICS + "# a comment\n")
        folder.make()
        assert times == {path: path.stat().st_mtime_ns for path in folder.out.iterdir()}
        folder.write(event(("more", "int")))
        folder.make()
        assert "int32_t more MR_FIELD_OF(" in (folder.out / "stock_keeper.gen.h").read_text()


@case
def files_and_folders_that_matter_stand_in_the_depfile():
    with Folder(event()) as folder:
        folder.make()
        words = (folder.out / "deps.d").read_text().replace("\\\n", " ").split()
        assert words == ["out/topics.gen.h:", "topics.yaml", "avro", "avro/stock-keeper",
                         "avro/stock-keeper/stock.ran-low.v1.avsc"], words


@case
def the_project_s_own_headers_compile_alone():
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(pathlib.Path(MADE).glob("*.gen.h")):
            use = pathlib.Path(folder) / "use.c"
            use.write_text(f'#include "{path.name}"\nint x;\n')
            done = subprocess.run([*COMPILE, "-I", MADE, use], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr


main()
