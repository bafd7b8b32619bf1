#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace schema lint` by planted faults, one a rule, and `millrace schema fmt` beside the other writer.

usage: test_schema_lint.py MILLRACE SOURCE_DIR
"""
import json
import pathlib
import subprocess

from project import CAME_IN, LEVEL, MILLRACE, RAN_LOW, SOURCE, Project, case, clean, event, layout, main

ENUM = {"type": "enum", "name": "StockRanLowKind", "doc": "A kind.", "symbols": ["unknown", "a"], "default": "unknown"}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}


def without(mapping, key):
    return {name: value for name, value in mapping.items() if name != key}


def field(**members):
    return lambda schema: schema["fields"][-1]["type"]["fields"].append({"name": "X", "doc": "X.", **members})


def top(**members):
    return lambda schema: schema.update(members)


def swap(schema):
    schema["fields"][0], schema["fields"][1] = schema["fields"][1], schema["fields"][0]


# what is done to the event, and the rule (with its path) that must tell
FAULTS = [
    (swap, "ENVELOPE_FIRST", ""),
    (lambda schema: schema["fields"].append({"name": "more", "type": "string", "doc": "M."}), "ENVELOPE_FIRST", ""),
    (lambda schema: schema["fields"][1].update(doc="Another."), "ENVELOPE_EQUAL", ""),
    (lambda schema: schema["fields"][1].update(minLength=1), "ENVELOPE_EQUAL", ""),
    (lambda schema: schema.pop("doc"), "DOC_MISSING", ""),
    (field(type="string", doc=" "), "DOC_MISSING", "data.X"),
    (field(type=without(ENUM, "doc")), "DOC_MISSING", "data.X"),
    (field(type=without(ENUM, "default")), "ENUM_WITHOUT_DEFAULT", "data.X"),
    (field(name="UnitPrice", type="double"), "MONEY_NOT_DECIMAL", "data.UnitPrice"),
    (field(name="total_amount", type=["null", "string"], default=None), "MONEY_NOT_DECIMAL", "data.total_amount"),
    (field(type=[{"type": "record", "name": name, "doc": "R.", "fields": []} for name in "AB"]), "UNION_OF_RECORDS",
     "data.X"),
    (field(type=["string", "null"], default=""), "OPTIONAL_WITHOUT_NULL_DEFAULT", "data.X"),
    (field(type=["null", "string"]), "OPTIONAL_WITHOUT_NULL_DEFAULT", "data.X"),
    (top(namespace="elsewhere"), "NAME_STYLE", ""),
    (field(type={**ENUM, "name": "kind_of_stock"}), "NAME_STYLE", "data.X"),
    (field(name="_left", type="long"), "NAME_STYLE", "data._left"),
    (field(name="leftIn_stock", type="long"), "NAME_STYLE", "data.leftIn_stock"),
    (field(type="string", minLenght=1), "KEYWORD_UNKNOWN", "data.X"),
    (field(type="string", **{"x-lint-off": ["DOC_MISING"]}), "KEYWORD_UNKNOWN", "data.X"),
    (field(type="string", minimum=1), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="boolean", maxLength=1), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="string", **{"x-min-scale": 2}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={**MONEY, "x-min-scale": 10}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={**MONEY, "x-min-scale": "2"}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="string", pattern="("), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="string", maxLength="9"), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type=["null", "string"], default=None, pattern="["), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="long", minimum=5, maximum=4), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="double", exclusiveMinimum=5, maximum=4.5), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="string", minLength=3, maxLength=2), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={"type": "array", "items": {"type": "string", "pattern": "("}}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={"type": "array", "items": "string", "minItems": 2, "maxItems": 1}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={**MONEY, "minimum": "0"}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={"type": "long", "logicalType": "timestamp-mircos"}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type={"type": "array", "items": {"type": "string", "minItems": 1}}), "CONSTRAINT_MALFORMED", "data.X"),
    (field(type="long", examples=["x"]), "EXAMPLE_INVALID", "data.X"),
    (field(type="long", minimum=5, examples=[7, 3]), "EXAMPLE_INVALID", "data.X"),
    (field(type="string", default="abc", pattern="^[0-9]+$"), "DEFAULT_BREAKS_CONSTRAINT", "data.X"),
    (field(type="long", default=0, minimum=1), "DEFAULT_BREAKS_CONSTRAINT", "data.X"),
    (field(type={"type": "array", "items": {"type": "string", "maxLength": 1}}, default=["ab"]),
     "DEFAULT_BREAKS_CONSTRAINT", "data.X"),
    (field(type="string", examples="a"), "EXAMPLE_INVALID", "data.X"),
    (field(type={"type": "long", "logicalType": "timestamp-micros"}, examples=["2024-02-30T00:00:00Z"]),
     "EXAMPLE_INVALID", "data.X"),
]


def lint(p, *args, status=None):
    done = p.run("lint", "--error-format", "json", *args)
    assert done.returncode in (0, 100) if status is None else done.returncode == status, done
    return [(finding["rule"], finding["path"]) for finding in json.loads(done.stdout)["findings"]]


@case
def our_own_schemas_are_clean():
    done = subprocess.run([MILLRACE, "schema", "lint", SOURCE, "--fail-on", "note"], capture_output=True, text=True, env=clean())
    assert (done.returncode, done.stdout) == (0, ""), done


@case
def each_planted_fault_is_found_by_its_rule_at_its_place_and_by_no_other():
    with Project() as p:
        p.schema("stock-keeper/stock.went-out.v1", event("StockWentOut"))
        assert lint(p, status=0) == []
        for fault, rule, path in FAULTS:
            schema = event("StockRanLow", LEVEL)
            fault(schema)
            p.schema(RAN_LOW, schema)
            found = lint(p, status=100)
            assert set(found) == {(rule, path)}, (rule, path, found)


@case
def all_malformed_constraints_are_told_at_once():
    with Project() as p:
        schema = event("StockRanLow", LEVEL)
        for name, members in (("A", {"pattern": "("}), ("B", {"maxLength": -1}), ("C", {"x-lint-off": ["CONSTRAINT_MALFORMED"], "pattern": "["})):
            schema["fields"][-1]["type"]["fields"].append({"name": name, "type": "string", "doc": "D.", **members})
        p.schema(RAN_LOW, schema)
        assert lint(p, status=100) == [("CONSTRAINT_MALFORMED", "data.A"), ("CONSTRAINT_MALFORMED", "data.B")]


@case
def a_rule_that_there_is_not_is_told_with_the_nearest_word():
    with Project() as p:
        p.schema(RAN_LOW, {**event("StockRanLow", LEVEL), "x-lint-off": ["MONEY_NO_DECIMAL"]})
        done = p.run("lint")
        assert done.returncode == 100 and "'MONEY_NO_DECIMAL': did you mean 'MONEY_NOT_DECIMAL'?" in done.stdout, done


@case
def what_is_right_is_not_told():
    with Project() as p:
        schema = event("StockRanLow", LEVEL)
        for members in ({"name": "Rate", "type": "boolean"}, {"name": "AmountOf", "type": "long"},
                        {"name": "Kind", "type": ENUM, "examples": ["a"]}, {"name": "Other", "type": "StockRanLowKind"},
                        {"name": "Count", "type": ["null", "long"], "default": None, "maximum": 9, "examples": [9, None]},
                        {"name": "Code", "type": "string", "pattern": "^[A-Z]+$", "examples": ["AB"], "x-owner": "us"},
                        {"name": "snake_case", "type": "string"}, {"name": "camelCase", "type": "string"}):
            schema["fields"][-1]["type"]["fields"].append({"doc": "D.", **members})
        p.schema(RAN_LOW, schema)
        assert lint(p, status=0) == []


@case
def a_rule_is_switched_in_the_schema_and_in_the_file():
    with Project() as p:
        def plant(**members):
            schema = event("StockRanLow", LEVEL)
            field(name="UnitPrice", type="double", **members)(schema)
            return schema
        p.schema(RAN_LOW, plant())
        assert lint(p, status=100) == [("MONEY_NOT_DECIMAL", "data.UnitPrice")]
        p.schema(RAN_LOW, plant(**{"x-lint-off": ["MONEY_NOT_DECIMAL"]}))
        assert lint(p, status=0) == []
        p.schema(RAN_LOW, plant(**{"x-lint-off": ["DOC_MISSING"]}))
        assert lint(p, status=100) == [("MONEY_NOT_DECIMAL", "data.UnitPrice")]
        p.schema(RAN_LOW, {**plant(), "x-lint-off": ["MONEY_NOT_DECIMAL"]})
        assert lint(p, status=0) == []
        p.schema(RAN_LOW, plant())
        rules = p.path / "schemas" / "rules.conf"
        rules.write_text("MONEY_NOT_DECIMAL = warning stock-keeper.*\n")
        lint(p, status=0)
        rules.write_text("MONEY_NOT_DECIMAL = off\n")
        assert lint(p, "schemas/avro", status=0) == []
        assert lint(p, status=0) == []
        rules.write_text("MONEY_NOT_DECIMAL = off\n".ljust(1 << 20, "#"))
        assert lint(p, status=0) == []
        rules.write_text("#" * ((1 << 20) + 1))
        refused = p.run("lint")
        assert refused.returncode in (1, 2) and "rules.conf': it is larger than 1 MiB" in refused.stderr, refused


@case
def a_broken_schema_is_told_and_the_others_are_looked_at():
    with Project() as p:
        p.schema(CAME_IN, '{"type": "record"}\n')
        p.change(RAN_LOW, lambda fields: fields[2].pop("doc"))
        assert sorted(rule for rule, _ in lint(p, status=100)) == ["DOC_MISSING", "SCHEMA_INVALID"]


ODD = {"type": "record", "name": "R", "doc": "\u00e4\u20ac\U0001f600 \"q\" \\ / \t\n\u007f", "fields": [
    {"name": "a", "type": "string", "default": "x" * 200, "doc": "."},
    {"name": "b", "type": {"type": "enum", "name": "E", "symbols": [f"s{i}" for i in range(40)]}},
    {"name": "c", "type": ["null", {"type": "record", "name": "Empty", "fields": []}], "default": None},
    {"name": "d", "type": {"type": "map", "values": "long"}, "default": {}, "n": [1, -2.5, True, False, None, [], {}]}]}


@case
def fmt_writes_what_the_other_writer_of_the_layout_writes():
    with Project() as p:
        files = sorted((pathlib.Path(SOURCE) / "schemas" / "avro").rglob("*.avsc"))
        assert len(files) > 50
        texts = [file.read_text() for file in files] + [layout(ODD), layout(event("X", LEVEL))]
        path = p.path / "one.avsc"
        for text in texts:
            for messy in (json.dumps(json.loads(text)), json.dumps(json.loads(text), indent=7, ensure_ascii=False)):
                path.write_text(messy)
                done = p.run("fmt", str(path))
                assert done.returncode == 0 and path.read_text() == text, (done, messy)
            assert p.run("fmt", "--dry-run", str(path)).returncode == 0


@case
def lengths_on_both_sides_of_the_width_break_alike():
    with Project() as p:
        path = p.path / "one.avsc"
        for n in range(70, 100):
            for letter in ("x", "\u20ac"):
                value = {"fields": [{"name": "a", "doc": letter * n}, ["b", letter * n]]}
                path.write_text(json.dumps(value))
                p.run("fmt", str(path))
                assert path.read_text() == layout(value), (n, letter)


@case
def fmt_names_what_it_changes_and_dry_run_changes_nothing():
    with Project() as p:
        text = p.file(RAN_LOW).read_text()
        p.file(RAN_LOW).write_text(json.dumps(json.loads(text)))
        assert lint(p, status=0) == [("LAYOUT", "")]
        done = p.run("fmt", "--dry-run")
        assert (done.returncode, done.stdout) == (3, "schemas/avro/stock-keeper/stock.ran-low.v1.avsc\n"), done
        assert p.file(RAN_LOW).read_text() != text
        p.file(RAN_LOW).chmod(0o640)
        assert p.run("fmt").returncode == 0 and p.file(RAN_LOW).read_text() == text
        assert p.file(RAN_LOW).stat().st_mode & 0o777 == 0o640
        assert (p.run("fmt").stdout, lint(p, status=0)) == ("", [])


@case
def numbers_stay_as_they_are_written_and_what_is_no_json_is_left_alone():
    with Project() as p:
        path = p.path / "one.avsc"
        path.write_text('{"a":1.50,"b":1e5,"c":-0,"d":123456789012345678901234567890}')
        assert p.run("fmt", str(path)).returncode == 0
        assert path.read_text() == '{"a": 1.50, "b": 1e5, "c": -0, "d": 123456789012345678901234567890}\n'
        for text in ('{"a": 1, "a": 2}', '{"a": }', '', '[1,]', '{} {}'):
            path.write_text(text)
            done = p.run("fmt", str(path))
            assert done.returncode == 1 and "one.avsc:1:" in done.stderr and path.read_text() == text, (text, done)


if __name__ == "__main__":
    main()
