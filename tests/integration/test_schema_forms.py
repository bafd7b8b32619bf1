# SPDX-License-Identifier: Apache-2.0
"""What others publish about the forms that millrace schema writes, and about the files of deploy/ci."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tarfile

from clients import node
from components import cache_dir, command, wheel_tool
from harness import test

CHECKER = "0.39.0"  # of PyPI's check-jsonschema, which carries the schemas of GitHub and GitLab
SARIF = ("@microsoft/jest-sarif", "1.0.0-beta.0", "748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102")
CI = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "ci"


def valid(*words):
    tool = wheel_tool("check-jsonschema", CHECKER, "check-jsonschema", "check-jsonschema")
    done = subprocess.run([tool, "--regex-variant", "python", *map(str, words)], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done
    return done.stdout + done.stderr if done.returncode else ""


def sarif_schema(t):
    """The schema of SARIF 2.1.0, out of a package that carries it."""
    name, version, digest = SARIF
    packed = cache_dir() / f"sarif-schema-{version}.tgz"
    if not packed.is_file():
        program, npm = node()
        folder = t.path("npm")
        folder.mkdir()
        path = {"PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}"}
        made = command("the schema of SARIF", [npm, "pack", "--silent", f"{name}@{version}"], cwd=folder, env=os.environ | path)
        packed.parent.mkdir(parents=True, exist_ok=True)
        beside = packed.with_suffix(f".{os.getpid()}")  # the test's folder may be on another file system
        shutil.copy(folder / made.splitlines()[-1], beside)
        os.replace(beside, packed)
    assert hashlib.sha256(packed.read_bytes()).hexdigest() == digest, packed
    with tarfile.open(packed) as archive:
        return t.path("sarif.json", archive.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json").read())


@test
def sarif_is_valid_against_its_published_schema(t):
    schema = sarif_schema(t)
    for folder, status in (("odd", 100), ("right", 0)):
        place = t.path(folder) / "schemas" / "avro" / "shop"
        place.mkdir(parents=True)
        text = '{"type": "record", "name": "price", "fields": [{"name": "price", "type": "long", "pattern": "<&\\u001b\\n"}]}'
        (place / 'a b%\u00e4"<.v1.avsc').write_text(text if status else '"int"')
        if not status:
            (place.parents[1] / "rules.conf").write_text("* = off\n")
        done = t.run("millrace", "schema", "lint", str(t.path(folder)), "--error-format", "sarif", expect=status)
        report = t.path(f"{folder}.sarif", done.out)
        assert valid("--schemafile", schema, report) == ""
    text = done.out.replace('"2.1.0"', '"2"')
    assert text != done.out and "is not one of ['2.1.0']" in valid("--schemafile", schema, t.path("broken.sarif", text))


@test
def the_action_and_the_template_are_what_the_services_publish(t):
    assert valid("--builtin-schema", "vendor.github-actions", CI / "action.yml") == ""
    assert valid("--builtin-schema", "vendor.gitlab-ci", CI / "gitlab.yml") == ""
