#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/gen_deploy.py: a consumer group of topics.yaml is in every part of deploy/, and goes with it."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from tap import case, main  # noqa: E402 (its folder is added above)


class Tree:
    """A deploy folder of two groups, made with stand-ins for the programs."""

    def __init__(self, *groups, options=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-deploy-"))
        self.options = options
        self.say(*groups)

    def say(self, *groups):
        topics = [{"topic": f"shop.{group}.v1", "partitions": 3, "consumers": [{"group": group}]} for group in groups]
        for name, text in (("millrace", json.dumps(topics)), ("consumer", self.options)):
            (self.folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
            (self.folder / name).chmod(0o755)

    def run(self, *words):
        return subprocess.run([sys.executable, ROOT / "tools/gen_deploy.py", *words, self.folder / "millrace", self.folder / "consumer",
                               self.folder / "deploy"], capture_output=True, text=True)

    def files(self):
        return {path.relative_to(self.folder / "deploy").as_posix(): path.read_text()
                for path in sorted((self.folder / "deploy").rglob("*")) if path.is_file()}

    def done(self):
        shutil.rmtree(self.folder)


@case
def a_new_group_is_in_every_part_and_nothing_else_changes():
    tree = Tree("stock", "sales")
    assert tree.run().returncode == 0
    before = tree.files()
    tree.say("stock", "sales", "new-reports")
    checked = tree.run("--check")
    assert checked.returncode == 1 and "./dev deploy mends it" in checked.stdout, checked
    assert tree.files() == before, "a check wrote something"
    assert tree.run().returncode == 0 and tree.run("--check").returncode == 0
    after = tree.files()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"compose/compose.yaml", "systemd/consumer/new-reports.env",
                       "kubernetes/base/kustomization.yaml", "kubernetes/base/new-reports-consumer.yaml"}, changed
    assert all("new-reports" in after[name] or "new_reports" in after[name] for name in changed)
    tree.done()


@case
def a_group_that_is_gone_leaves_nothing_behind():
    tree = Tree("stock", "sales")
    tree.run()
    tree.say("sales")
    assert tree.run("--check").returncode == 1 and tree.run().returncode == 0
    assert not [name for name, text in tree.files().items() if "stock" in name + text], tree.files().keys()
    tree.done()


@case
def probes_and_members_are_written_for_programs_that_have_them():
    old, new = Tree("stock"), Tree("stock", options="[MILLRACE_METRICS] [MILLRACE_INSTANCE]")
    for tree in (old, new):
        assert tree.run().returncode == 0
    for name in ("kubernetes/base/stock-consumer.yaml", "compose/compose.yaml"):
        assert "MILLRACE_METRICS" not in old.files()[name] and "MILLRACE_METRICS" in new.files()[name], name
    text = new.files()["kubernetes/base/stock-consumer.yaml"]
    assert "readinessProbe" in text and "--instance, $(POD_NAME)" in text, text
    old.done()
    new.done()


if __name__ == "__main__":
    main()
