#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace schema check` against git and folders: what it finds, where, and that nothing is touched.

usage: test_schema_check.py MILLRACE SOURCE_DIR
"""
import hashlib
import os
import pathlib
import shutil

from project import CAME_IN, RAN_LOW, SOURCE, TOPICS, Project, case, event, main


def add(field):
    return lambda fields: fields.append(field)


def remove(name):
    return lambda fields: fields.remove(next(field for field in fields if field["name"] == name))


def digest(folder):
    total = hashlib.sha256()
    for path in sorted(pathlib.Path(folder).rglob("*")):
        total.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return total.hexdigest()


@case
def an_unchanged_project_is_clean():
    with Project() as p:
        assert p.check(status=0) == []
        done = p.run("check", "--against", "main")
        assert (done.returncode, done.stdout) == (0, "") and "0 errors" in done.stderr, done


@case
def a_finding_tells_place_rule_versions_who_order_and_fix():
    with Project() as p:
        p.change(RAN_LOW, add({"name": "Shelf", "type": "string", "doc": "Where."}))
        found, = p.check(status=100)
        line = p.file(RAN_LOW).read_text().split("\n")[found["line"] - 1]
        assert line[found["column"] - 1:].startswith('{"name": "Shelf"'), found
        assert found["file"] == "schemas/avro/stock-keeper/stock.ran-low.v1.avsc"
        assert (found["rule"], found["path"]) == ("READER_FIELD_MISSING_DEFAULT_VALUE", "data.Shelf")
        assert (found["before"], found["now"]) == ("main", "here")
        assert "stock-buyer, stock-keeper" in found["breaks"] and "default" in found["fix"] and found["order"]


@case
def all_findings_are_told_at_once():
    with Project() as p:
        p.change(RAN_LOW, remove("Level"))
        p.change(CAME_IN, add({"name": "Shelf", "type": "string", "doc": "Where."}))
        p.topics(TOPICS.replace("key: Article\n        time: At\n        consumers: [stock-keeper]",
                                "key: Article\n        time: At\n        partitions: 6\n        consumers: [stock-keeper]"))
        assert p.rules() == ["PARTITIONS_CHANGED", "READER_FIELD_MISSING_DEFAULT_VALUE"]
        assert len(p.check()) == 3


@case
def git_is_read_and_nothing_of_it_is_touched():
    with Project() as p:
        p.change(RAN_LOW, remove("Level"))
        p.git("add", "-A")
        before = digest(p.path)
        assert p.rules() == ["READER_FIELD_MISSING_DEFAULT_VALUE"]
        assert digest(p.path) == before


@case
def any_name_of_a_commit_will_do():
    with Project() as p:
        first = p.git("rev-parse", "HEAD")
        p.git("tag", "v1.0")
        p.change(RAN_LOW, add({"name": "Shelf", "type": "string", "doc": "Where."}))
        p.commit("second")
        for ref in ("v1.0", first, first[:10], "HEAD~1", "main~1", "main@{0}~1", "refs/tags/v1.0"):
            assert p.rules(against=ref) == ["READER_FIELD_MISSING_DEFAULT_VALUE"], ref
        assert p.check(against="HEAD") == []


@case
def a_shallow_clone_of_a_branch_finds_the_other_at_origin():
    with Project() as p:
        p.git("checkout", "-q", "-b", "topic/shelf")
        p.change(RAN_LOW, add({"name": "Shelf", "type": "string", "doc": "Where."}))
        p.commit("second")
        clone = p.path.parent / "clone"
        p.git("clone", "-q", "--depth", "1", "--branch", "topic/shelf", f"file://{p.path}", str(clone))
        done = p.run("check", "--against", "main", cwd=clone)
        assert done.returncode == 1 and "git fetch --depth 1 origin main" in done.stderr, done.stderr
        p.git("-C", str(clone), "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
        assert p.rules(cwd=clone) == ["READER_FIELD_MISSING_DEFAULT_VALUE"]
        done = p.run("check", "--against", "main", "--merge-base", cwd=clone)
        assert done.returncode == 1 and "no common commit" in done.stderr, done.stderr


@case
def the_merge_base_leaves_out_what_the_other_branch_did_since():
    with Project() as p:
        p.git("checkout", "-q", "-b", "work")
        p.git("checkout", "-q", "main")
        p.schema("stock-keeper/stock.went-out.v1", event("StockWentOut"))
        p.topics(TOPICS.replace("      - topic: stock.came-in.v1",
                                "      - {topic: stock.went-out.v1, event: STOCK_WENT_OUT, key: Article, time: At, consumers: [stock-buyer]}\n"
                                "      - topic: stock.came-in.v1"))
        p.commit("a topic more")
        p.git("checkout", "-q", "work")
        assert p.rules() == ["TOPIC_REMOVED"] or p.rules() == ["TOPIC_RENAMED"], p.check()
        assert p.check("--merge-base", status=0) == []


@case
def a_project_below_the_top_of_its_repository_is_found():
    with Project() as p:
        for name in ("topics.yaml", "schemas"):
            (p.path / "sub").mkdir(exist_ok=True)
            shutil.move(p.path / name, p.path / "sub" / name)
        p.commit("moved")
        p.schemas = p.path / "sub" / "schemas" / "avro"
        p.change(RAN_LOW, remove("Level"))
        found, = p.check("sub")
        assert found["file"] == "sub/schemas/avro/stock-keeper/stock.ran-low.v1.avsc", found
        assert len(p.check(cwd=p.path / "sub")) == 1
        for folder, cwd in (("sub/schemas/avro", None), ("schemas/avro/", p.path / "sub"), (".", p.schemas), ("..", p.schemas / "stock-keeper")):
            assert [finding["path"] for finding in p.check(folder, cwd=cwd)] == ["data.Level"], folder


@case
def a_folder_serves_as_well_as_a_ref():
    with Project() as p:
        shutil.copytree(p.path, p.path.parent / "released")
        p.change(RAN_LOW, remove("Level"))
        assert p.rules(against="../released") == ["READER_FIELD_MISSING_DEFAULT_VALUE"]
        assert p.rules("schemas/avro", against="../released/schemas/avro") == ["READER_FIELD_MISSING_DEFAULT_VALUE"]
        assert len(p.check("--against", "main", against="../released")) == 2


@case
def a_branch_that_is_called_like_a_folder_is_found():
    with Project() as p:
        for name in ("topics", "docs/api"):
            p.git("branch", name)
            (p.path / name).mkdir(parents=True)
        p.change(RAN_LOW, remove("Level"))
        for name in ("topics", "docs/api", "refs/heads/topics"):
            assert p.rules(against=name) == ["READER_FIELD_MISSING_DEFAULT_VALUE"], name
        (p.path / "docs/other").mkdir()
        done = p.run("check", "--against", "docs/other")
        assert done.returncode == 1 and "no schema in 'docs/other'" in done.stderr, done


@case
def a_topic_that_is_gone_renamed_or_replaced_is_told():
    with Project() as p:
        old = p.file(CAME_IN)
        p.topics(TOPICS.replace("came-in.v1", "came-in.v2"))
        old.rename(p.file("stock-keeper/stock.came-in.v2"))
        assert p.rules() == ["MAJOR_WITHOUT_NEW_TOPIC"]
        p.topics(TOPICS.replace("came-in", "arrived"))
        p.file("stock-keeper/stock.came-in.v2").rename(p.file("stock-keeper/stock.arrived.v1"))
        found, = p.check()
        assert found["rule"] == "TOPIC_RENAMED" and "stock.arrived.v1" in found["message"], found
        p.file("stock-keeper/stock.arrived.v1").unlink()
        p.topics(TOPICS[:TOPICS.index("      - topic: stock.came-in")] + TOPICS[TOPICS.index("  - service: stock-buyer"):])
        found, = p.check()
        assert found["rule"] == "TOPIC_REMOVED" and "(stock-keeper)" in found["breaks"], found


@case
def a_new_major_beside_the_old_one_is_clean():
    with Project() as p:
        p.schema("stock-keeper/stock.came-in.v2", event("StockCameIn", {"name": "Count", "type": "long", "doc": "."}))
        p.topics(TOPICS.replace("      - topic: stock.came-in.v1",
                                "      - {topic: stock.came-in.v2, event: STOCK_CAME_IN, key: Article, time: At, consumers: [stock-keeper]}\n"
                                "      - topic: stock.came-in.v1"))
        assert p.check(status=0) == []


@case
def a_lowered_level_is_told_and_does_not_excuse_the_break():
    with Project() as p:
        lowered = TOPICS.replace("event: STOCK_RAN_LOW", "event: STOCK_RAN_LOW\n        compatibility: BACKWARD")
        p.topics(lowered)
        found, = p.check()
        assert found["rule"] == "LEVEL_LOWERED" and found["file"] == "topics.yaml", found
        assert lowered.split("\n")[found["line"] - 1].strip() == "compatibility: BACKWARD"
        p.change(RAN_LOW, remove("Level"))
        assert p.rules() == ["LEVEL_LOWERED", "READER_FIELD_MISSING_DEFAULT_VALUE"]
        (p.path / "schemas" / "rules.conf").write_text("LEVEL_LOWERED = off stock-keeper.stock.ran-low.*\n")
        assert p.rules(status=0) == ["FIELD_REMOVED_UNREAD"]


@case
def what_topics_yaml_takes_away_is_told():
    with Project() as p:
        p.topics(TOPICS.replace("key: Article", "key: Level", 1).replace("STOCK_CAME_IN", "STOCK_ARRIVED")
                 .replace("[stock-keeper, stock-buyer]", "[stock-keeper]"))
        p.change(RAN_LOW, add({"name": "X", "type": ["null", "string"], "default": None, "doc": "."}))
        assert p.rules() == ["CONSUMER_REMOVED", "EVENT_TYPE_REMOVED", "KEY_CHANGED"], p.check()
        p.topics(TOPICS.replace("partitions: 3", "partitions: 4").replace("FULL_TRANSITIVE", "BACKWARD"))
        p.file(CAME_IN).write_text("{")
        found = p.check()
        assert {"LEVEL_LOWERED", "PARTITIONS_CHANGED", "SCHEMA_INVALID"} <= {finding["rule"] for finding in found}, found
        assert all(finding["breaks"] and finding["order"] and finding["fix"] for finding in found), found


@case
def a_topics_yaml_that_is_gone_is_a_finding_wherever_the_check_runs():
    with Project() as p:
        (p.path / "topics.yaml").unlink()
        for folder, cwd in ((".", p.path), ("schemas/avro", p.path), (str(p.path), "/")):
            found = p.check(folder, cwd=cwd, status=100)
            assert [finding["rule"] for finding in found] == ["TOPICS_INVALID"], (folder, found)
            assert found[0]["file"].endswith("topics.yaml") and found[0]["fix"], found


@case
def a_pipe_in_the_place_of_a_schema_is_told_and_not_waited_for():
    with Project() as p:
        p.file(CAME_IN).unlink()
        os.mkfifo(p.file(CAME_IN))
        for verb in (["check", "--against", "main"], ["lint"], ["fmt", "--dry-run"]):
            done = p.run(*verb)
            assert done.returncode == 1 and "is a pipe, not a file" in done.stderr, done


@case
def a_broken_file_is_a_finding_and_hides_no_other():
    with Project() as p:
        p.schema(CAME_IN, '{"type": "record",\n  "name": "X" "fields": []}\n')
        p.change(RAN_LOW, remove("Level"))
        p.topics(TOPICS.replace("partitions: 3", "partitions: 0"))
        found = {finding["rule"]: finding for finding in p.check(status=100)}
        assert sorted(found) == ["READER_FIELD_MISSING_DEFAULT_VALUE", "SCHEMA_INVALID", "TOPICS_INVALID"], found
        assert (found["SCHEMA_INVALID"]["line"], found["TOPICS_INVALID"]["line"]) == (2, 2)


@case
def what_cannot_be_checked_is_no_clean_result():
    with Project() as p:
        for args, status, words in [
                (["--against", "nosuch"], 1, "no commit 'nosuch'"),
                (["--against", "--upload-pack=x"], 1, "is no ref"),
                (["--against", "main", "nowhere"], 1, "no folder"),
                (["--against", "http://127.0.0.1:1"], 1, "127.0.0.1:1"),
                ([], 2, "--against is missing"),
                (["--against", "main", "a", "b"], 2, "one FOLDER"),
                (["--against", "main", "--error-format", "xml"], 2, "error-format"),
                (["--against", "main", "--rules", "missing.conf"], 1, "missing.conf")]:
            done = p.run("check", *args)
            assert done.returncode == status and words in done.stderr and done.stdout == "", (args, done)
        shutil.rmtree(p.path / ".git")
        done = p.run("check", "--against", "main")
        assert done.returncode == 1 and "not a git repository" in done.stderr, done.stderr
        done = p.run("check", "--against", "main", env={"PATH": "/nowhere"})
        assert done.returncode == 1 and "git is not installed" in done.stderr, done.stderr


@case
def severities_decide_the_exit_status():
    with Project() as p:
        p.topics(TOPICS.replace("partitions: 3", "partitions: 4"))
        assert p.rules(status=0) == ["PARTITIONS_CHANGED"]
        p.check("--fail-on", "warning", status=100)
        (p.path / "rules").write_text("PARTITIONS_CHANGED = error\n")
        p.check("--rules", "rules", status=100)


@case
def every_rule_is_in_the_documentation():
    with Project() as p:
        words = (pathlib.Path(SOURCE) / "docs" / "schema-evolution.md").read_text()
        for verb in ("check", "lint"):
            listed = p.run(verb, "--list-rules")
            if listed.returncode == 0:
                for line in listed.stdout.splitlines():
                    assert f"`{line.split()[0]}`" in words, line


if __name__ == "__main__":
    main()
