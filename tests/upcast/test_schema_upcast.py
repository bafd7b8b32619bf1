#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`millrace schema upcast`, and the golden events of tests/upcast/golden: up/NAME.given.json is an event of v1, and
NAME.want.json what it becomes, or NAME.refused.txt why it becomes nothing; down/ is the way back.

usage: test_schema_upcast.py MILLRACE SOURCE_DIR
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tap import case, main  # noqa: E402 (its folder is added above)

MILLRACE, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
HERE = pathlib.Path(SOURCE) / "tests" / "upcast"
SCHEMAS = HERE / "project" / "schemas" / "avro" / "order-management"
V1, V2 = "order-management.order.created.v1", "order-management.order.created.v2"
PROJECT = ["--topics", str(HERE / "project" / "topics.yaml")]
WAYS = {"up": (V1, V2), "down": (V2, V1)}


def upcast(*argv, stdin="", expect=0):
    env = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    done = subprocess.run([MILLRACE, "schema", "upcast", *argv], env=env, input=stdin, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == expect, (argv, done.returncode, done.stdout, done.stderr)
    return done


def golden(way):
    given = sorted((HERE / "golden" / way).glob("*.given.json"))
    assert len(given) >= 3, given
    for path in given:
        name = path.name.removesuffix(".given.json")
        want, refused = path.with_name(name + ".want.json"), path.with_name(name + ".refused.txt")
        done = upcast(*PROJECT, *WAYS[way], str(path), expect=0 if want.exists() else 1)
        if want.exists():
            assert json.loads(done.stdout) == json.loads(want.read_text()), (name, done.stdout)
            assert not refused.exists(), name
        else:
            assert done.stdout == "" and done.stderr == f"{path}:1: {refused.read_text()}", (name, done.stderr)


@case
def each_golden_event_of_v1_becomes_its_v2():
    golden("up")


@case
def each_golden_event_of_v2_becomes_its_v1():
    golden("down")


@case
def what_goes_down_comes_up_again():
    for path in sorted((HERE / "golden" / "down").glob("*.want.json")):
        down = upcast(*PROJECT, V1, V2, stdin=path.read_text()).stdout
        assert json.loads(upcast(*PROJECT, V2, V1, stdin=down).stdout) == json.loads(path.read_text()), path


@case
def the_rest_goes_on_behind_an_event_that_cannot_be_made_one():
    files = [HERE / "golden" / "up" / (name + ".given.json") for name in ("usual", "no_lines", "largest_amount")]
    texts = [json.dumps(json.loads(path.read_text())) for path in files]
    done = upcast(*PROJECT, V1, V2, stdin="\n".join([texts[0], texts[1], '{"event_id": 5}', texts[2]]), expect=1)
    assert len(done.stdout.splitlines()) == 2, done.stdout
    told = done.stderr.splitlines()
    assert told[0].startswith("(stdin):2: /data/lines: ") and told[1].startswith("(stdin):3: /event_id"), told
    done = upcast(*PROJECT, V1, V2, stdin=texts[0] + "\n{", expect=1)
    assert len(done.stdout.splitlines()) == 1 and "not complete" in done.stderr, done


@case
def a_mapping_is_tried_before_topics_yaml_knows_it():
    files = [str(SCHEMAS / f"order.created.v{major}.avsc") for major in (1, 2)]
    own = str(SCHEMAS / "order.created.v2.from-v1.yaml")
    assert upcast("--check", "-m", own, *files).stderr == ""
    noted = upcast("--check", *PROJECT, V1, V2).stdout
    assert "note: 'data.ship_to.country_code' must have maxLength 2 now, and had none" in noted, noted
    event = (HERE / "golden" / "up" / "usual.given.json").read_text()
    made = json.loads(upcast("-m", own, *files, stdin=event).stdout)
    assert made["event_version"] == "2.0" and made["data"]["customer"] == {"id": "c-1"}, made
    with tempfile.TemporaryDirectory(prefix="millrace-upcast-") as folder:
        mapping = pathlib.Path(folder) / "try.yaml"
        mapping.write_text("fields:\n  data.customer.id: data.custumer_id\n")
        done = upcast("--check", "-m", str(mapping), *files, expect=100)
        assert done.stderr.startswith(f"{mapping}:2:21: the old version has no 'data.custumer_id'; did you mean "
                                      "'data.customer_id'?\n"), done.stderr
        assert "'data.bill_to' of the new version is not covered" in done.stderr, done.stderr
        assert "'data.items[].product_id' of the old version is neither used nor dropped" in done.stderr, done.stderr
    done = upcast("--check", "--reverse", "-m", own, files[1], files[0], expect=100)
    assert "'data.total.currency' cannot be turned round: nothing undoes its function" in done.stderr, done.stderr


@case
def topics_check_reads_the_mappings_too():
    with tempfile.TemporaryDirectory(prefix="millrace-upcast-") as folder:
        project = pathlib.Path(folder) / "project"
        shutil.copytree(HERE / "project", project)
        argv = [MILLRACE, "topics", "check", str(project / "topics.yaml")]
        assert subprocess.run(argv, capture_output=True, check=False).returncode == 0
        mapping = project / "schemas" / "avro" / "order-management" / "order.created.v2.from-v1.yaml"
        mapping.write_text(mapping.read_text().replace("data.customer_id", "data.custumer_id"))
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 100, done
        assert done.stdout.startswith(f"{mapping}:3:21: the old version has no 'data.custumer_id'"), done.stdout
        mapping.unlink()
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 100 and "there is no mapping from" in done.stdout, done


@case
def wrong_use_is_told():
    assert "FROM and TO are needed" in upcast(expect=2).stderr
    assert "schema files need --mapping" in upcast(str(SCHEMAS / "order.created.v1.avsc"), V1, expect=2).stderr
    assert "takes no mapping from" in upcast(V1, "order-management.order.validated.v1", expect=2).stderr
    assert "decimal-from-minor" in upcast("--functions").stdout


main()
