#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Versions that only git's history has: `millrace schema check` with transitive levels, and `millrace schema history`.

usage: test_schema_history.py MILLRACE SOURCE_DIR
"""
import json

from project import OPTIONAL, RAN_LOW, TOPICS, Project, case, main

TOPIC = "stock-keeper.stock.ran-low.v1"


def find(fields, name):
    return next(field for field in fields if field["name"] == name)


def without(name):
    return lambda fields: fields.remove(find(fields, name))


def commit(p, message, change):
    p.change(RAN_LOW, change)
    p.commit(message)


def defaulted(p):
    """Level had no default in the first version, and has one at main: only the first breaks when it goes."""
    commit(p, "a default", lambda fields: find(fields, "Level").update(default=0))


@case
def a_transitive_level_reaches_back_to_every_version_of_the_branch():
    with Project() as p:
        defaulted(p)
        p.change(RAN_LOW, without("Level"))
        found, = [finding for finding in p.check(status=100) if finding["severity"] == "error"]
        assert found["rule"] == "READER_FIELD_MISSING_DEFAULT_VALUE", found
        assert found["before"].startswith(p.git("rev-parse", "HEAD~1")[:10] + " of 20"), found
        assert p.rules("--tip-only", status=0) == ["FIELD_REMOVED_UNREAD"]


@case
def a_level_that_is_not_transitive_is_about_the_last_version():
    with Project() as p:
        p.topics(TOPICS.replace("FULL_TRANSITIVE", "FULL"))
        p.commit("level")
        defaulted(p)
        p.change(RAN_LOW, without("Level"))
        assert p.rules(status=0) == ["FIELD_REMOVED_UNREAD"]


@case
def what_only_a_merged_branch_tried_was_never_there():
    with Project() as p:
        p.git("checkout", "-q", "-b", "work")
        commit(p, "a mistake", lambda fields: fields.append({"name": "Shelf", "type": "long", "default": 0, "doc": "."}))
        commit(p, "mended", lambda fields: find(fields, "Shelf").update(OPTIONAL))
        p.git("checkout", "-q", "main")
        p.git("merge", "-q", "--no-ff", "-m", "merge", "work")
        p.change(RAN_LOW, lambda fields: fields.append({"name": "Aisle", **OPTIONAL, "doc": "."}))
        assert p.check(status=0) == []


@case
def what_the_branch_let_pass_before_is_not_told_again():
    with Project() as p:
        commit(p, "a break that somebody allowed", lambda fields: find(fields, "Level").update(type="string", minLength=1))
        p.change(RAN_LOW, lambda fields: fields.append({"name": "Aisle", **OPTIONAL, "doc": "."}))
        assert p.check(status=0) == []
        p.change(RAN_LOW, without("Article"))
        assert p.rules(status=100) == ["READER_FIELD_MISSING_DEFAULT_VALUE"]


@case
def a_schema_that_did_not_change_is_left_alone():
    with Project() as p:
        commit(p, "a break", lambda fields: find(fields, "Level").update(type="string", minLength=1))
        assert p.check(status=0) == []


@case
def a_break_with_several_versions_is_told_once_and_names_them():
    with Project() as p:
        defaulted(p)
        p.change(RAN_LOW, lambda fields: find(fields, "Article").update(type="long"))
        found, = [finding for finding in p.check() if finding["rule"] == "TYPE_MISMATCH"]
        assert found["before"].startswith("main, ") and " of 20" in found["before"], found


@case
def a_shallow_clone_says_that_history_is_cut():
    with Project() as p:
        defaulted(p)
        clone = p.path.parent / "clone"
        p.git("clone", "-q", "--depth", "1", f"file://{p.path}", str(clone))
        p.schemas = clone / "schemas" / "avro"
        p.change(RAN_LOW, without("Level"))
        done = p.run("check", "--against", "main", cwd=clone)
        assert done.returncode == 0 and "history of 'main' is cut" in done.stderr, done
        p.git("-C", str(clone), "fetch", "-q", "--unshallow")
        done = p.run("check", "--against", "main", cwd=clone)
        assert done.returncode == 100 and "cut" not in done.stderr, done


@case
def a_clone_that_is_shallow_elsewhere_only_does_not_say_so():
    with Project() as p:
        defaulted(p)
        p.git("checkout", "-q", "-b", "work")
        p.git("commit", "-q", "--allow-empty", "-m", "nothing\n\nparent of nothing\n")
        clone = p.path.parent / "clone"
        p.git("clone", "-q", "--depth", "1", "-b", "work", f"file://{p.path}", str(clone))
        p.git("-C", str(clone), "fetch", "-q", "--depth", "1000", "origin", "main:refs/remotes/origin/main")
        p.schemas = clone / "schemas" / "avro"
        p.change(RAN_LOW, without("Level"))
        done = p.run("check", "--against", "main", cwd=clone)
        assert done.returncode == 100 and "cut" not in done.stderr, done
        done = p.run("check", "--against", "HEAD", cwd=clone)
        assert done.returncode == 0 and "history of 'HEAD' is cut" in done.stderr, done


@case
def a_project_below_the_top_has_its_history_too():
    with Project() as p:
        (p.path / "sub").mkdir()
        p.git("mv", "topics.yaml", "schemas", "sub")
        p.schemas = p.path / "sub" / "schemas" / "avro"
        p.commit("moved")
        defaulted(p)
        p.change(RAN_LOW, without("Level"))
        assert "READER_FIELD_MISSING_DEFAULT_VALUE" in p.rules("sub", status=100)


@case
def history_lists_what_each_commit_changed():
    with Project() as p:
        defaulted(p)
        p.git("commit", "-q", "--allow-empty", "-m", "nothing")
        commit(p, "back: 100 %", lambda fields: find(fields, "Level").pop("default"))
        for args in ((TOPIC,), (TOPIC + "-value", "--from", "main")):
            lines = p.run("history", *args).stdout.splitlines()
            assert [line.split(": ", 1)[1] for line in lines if line[0] != " "] == ["first", "a default", "back: 100 %"], lines
            assert [line for line in lines if line[0] == " "] == \
                ["    ~ data.Level: default: (none) -> 0", "    ~ data.Level: default: 0 -> (none)"], lines
        first, second, third = json.loads(p.run("history", TOPIC, "--json").stdout)
        assert first["changes"] == [] and second["subject"] == "a default" and third["changes"][0]["now"] is None
        done = p.run("history", "stock-keeper.stock.ran-lo.v1")
        assert done.returncode == 1 and "no schema of" in done.stderr, done
        p.file(RAN_LOW).unlink()
        p.commit("gone")
        assert len(json.loads(p.run("history", TOPIC, "--json").stdout)) == 3


if __name__ == "__main__":
    main()
