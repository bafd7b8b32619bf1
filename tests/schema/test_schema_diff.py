#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace schema diff`: what it tells of two files and of two states, and what it passes over.

usage: test_schema_diff.py MILLRACE SOURCE_DIR
"""
import json
import shutil

from project import CAME_IN, RAN_LOW, Project, case, event, layout, main


def diff(p, before, now):
    done = p.run("diff", before, now, "-o", "json")
    assert done.returncode == 0, done
    return [(d["path"], d["change"], d["what"], d["before"], d["now"]) for d in json.loads(done.stdout)]


def files(p, before, now):
    for name, schema in (("a.avsc", before), ("b.avsc", now)):
        (p.path / name).write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return diff(p, "a.avsc", "b.avsc")


def record(*fields):
    return {"type": "record", "name": "R", "fields": list(fields)}


@case
def other_ways_to_write_the_same_do_not_count():
    with Project() as p:
        schema = event("StockRanLow")
        turned = json.loads(json.dumps(schema), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
        assert files(p, layout(schema), json.dumps(turned, indent=3)) == []
        assert files(p, record({"name": "f", "type": "int"}), record({"name": "f", "type": {"type": "int"}})) == []


@case
def each_kind_of_change_is_told_once_at_its_place():
    money = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    enum = {"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}
    for before, now, expected in [
            ({"type": "int"}, {"type": "long"}, ("f", "changed", "type", "int", "long")),
            ({"type": "int"}, {"type": ["null", "int"]}, ("f", "changed", "type", "int", "null | int")),
            ({"type": "int"}, {"type": "int", "default": 3}, ("f", "changed", "default", None, "3")),
            ({"type": "int", "doc": "a"}, {"type": "int", "doc": "b"}, ("f", "changed", "doc", "a", "b")),
            ({"type": "int", "maximum": 9}, {"type": "int"}, ("f", "changed", "maximum", "9", None)),
            ({"type": "int"}, {"type": "int", "aliases": ["g"]}, ("f", "changed", "aliases", None, "g")),
            ({"type": money}, {"type": {**money, "scale": 3}},
             ("f", "changed", "type", "decimal(9, 2) in bytes", "decimal(9, 3) in bytes")),
            ({"type": enum}, {"type": {**enum, "symbols": ["A", "C"]}}, ("f", "changed", "symbols", "A, B", "A, C")),
            ({"type": {"type": "array", "items": "int"}}, {"type": {"type": "array", "items": "long"}},
             ("f[]", "changed", "type", "int", "long"))]:
        with Project() as p:
            found = files(p, record({"name": "f", **before}), record({"name": "f", **now}))
            assert found == [expected], (found, expected)


@case
def a_field_more_or_less_is_one_line():
    with Project() as p:
        field = {"name": "g", "type": "string", "doc": "x", "default": "", "maxLength": 3}
        assert files(p, record(), record(field)) == [("g", "added", "type", None, "string")]
        assert files(p, record(field), record()) == [("g", "removed", "type", "string", None)]
        assert p.run("diff", "a.avsc", "b.avsc").stdout == "- g: string\n"


@case
def recursive_schemas_end():
    with Project() as p:
        tree = record({"name": "next", "type": ["null", "R"]}, {"name": "n", "type": "int"})
        more = record({"name": "next", "type": ["null", "R"]}, {"name": "n", "type": "long"})
        assert files(p, tree, more) == [("n", "changed", "type", "int", "long")]


@case
def refs_and_folders_are_compared_topic_by_topic():
    with Project() as p:
        shutil.copytree(p.path, p.path.parent / "old")
        p.change(RAN_LOW, lambda fields: fields[2].update(minimum=5))
        p.file(CAME_IN).unlink()
        text = ("~ stock-keeper.stock.ran-low.v1 data.Level: minimum: 0 -> 5\n")
        for before in ("main", "../old"):
            done = p.run("diff", before, ".")
            assert done.returncode == 0 and text in done.stdout, done
            assert "- stock-keeper.stock.came-in.v1 (schema): record" in done.stdout, done
        assert p.run("diff", "main", "HEAD").stdout == ""


@case
def git_names_one_schema_or_a_folder_of_a_commit():
    with Project() as p:
        p.change(RAN_LOW, lambda fields: fields[2].update(minimum=5))
        name = f"schemas/avro/{RAN_LOW}.avsc"
        expected = "~ data.Level: minimum: 0 -> 5\n"
        p.commit("second")
        for before, now in ((f"main~1:{name}", f"HEAD:{name}"), (f"HEAD~1:{name}", name), (f"main~1:./{name}", "main"),
                            ("main~1", name), (name, name)):
            done = p.run("diff", before, now)
            assert (done.returncode, done.stdout) == (0, expected if before != now else ""), (before, now, done)
        for before in ("main~1:schemas/avro", "main~1:"):
            done = p.run("diff", before, "main")
            assert done.stdout == expected.replace("~ ", "~ stock-keeper.stock.ran-low.v1 "), (before, done)


@case
def the_exit_status_tells_of_differences_when_asked():
    with Project() as p:
        assert p.run("diff", "main", ".", "--exit-code").returncode == 0
        p.change(RAN_LOW, lambda fields: fields[2].update(minimum=5))
        assert p.run("diff", "main", ".", "--exit-code").returncode == 3
        assert json.loads(p.run("diff", "main", ".", "--json").stdout)[0]["what"] == "minimum"


@case
def what_cannot_be_compared_is_told():
    with Project() as p:
        (p.path / "a.avsc").write_text('{"type": "record"}')
        (p.path / "b.avsc").write_text('"int"')
        for args, status, words in [(["a.avsc", "a.avsc"], 1, "a.avsc:1:"), (["main", "b.avsc"], 2, "name tells no topic"),
                                    (["nosuch.avsc", "b.avsc"], 1, "cannot read 'nosuch.avsc'"), (["main:x.avsc", "b.avsc"], 1, "has no 'x.avsc'"),
                                    ([":x", "b.avsc"], 2, "is no REF:PATH"), (["no:x", "b.avsc"], 1, "no commit 'no'"),
                                    (["main"], 2, "FROM and TO"), (["main", "nosuch"], 1, "no commit")]:
            done = p.run("diff", *args)
            assert done.returncode == status and words in done.stderr, (args, done)


if __name__ == "__main__":
    main()
