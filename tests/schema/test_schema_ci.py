#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What deploy/ci/ gives to others, run as the services run it: hook, GitHub action, GitLab template.

usage: test_schema_ci.py MILLRACE SOURCE_DIR
"""
import json
import os
import pathlib
import re
import subprocess

from project import MILLRACE, RAN_LOW, SOURCE, Project, case, clean, main

CI = pathlib.Path(SOURCE) / "deploy" / "ci"


class PullRequest(Project):
    """A clone with one commit, as CI has it, of a branch that adds a field; the base is not in it."""

    def __init__(self, change):
        super().__init__()
        self.git("checkout", "-q", "-b", "work")
        self.change(RAN_LOW, change)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "work")
        self.clone = self.path.parent / "clone"
        self.git("clone", "-q", "--depth", "1", "--branch", "work", f"file://{self.path}", str(self.clone))

    def shell(self, *command, **env):
        return subprocess.run(command, cwd=self.clone, capture_output=True, text=True,
                              env={**clean(), "MILLRACE": MILLRACE, **env})


def breaks(fields):
    fields.append({"name": "Shelf", "type": "string", "doc": "Where."})


def fits(fields):
    fields.append({"name": "Shelf", "type": ["null", "string"], "default": None, "doc": "Where."})


def untidy(fields):
    fits(fields)
    fields[-1].pop("doc")


def composite():
    """The one step's command and its environment, from action.yml's own lines."""
    text = (CI / "action.yml").read_text()
    inputs = dict(re.findall(r"^  ([\w-]+): \{.*default: (\S*?)\}$", text, re.M))
    run, = re.findall(r"^      run: (.+)$", text, re.M)
    env = {name: inputs[key].strip("'") for name, key in re.findall(r"^        (\w+): \$\{\{ inputs\.([\w-]+) \}\}$", text, re.M)}
    assert set(env) == {"MILLRACE", "FOLDER", "AGAINST", "READERS", "DEPTH", "FAIL_ON"}, env
    return run, env


@case
def the_action_annotates_a_pull_request_and_fails_it():
    run, env = composite()
    for change, status, rule in ((fits, 0, None), (breaks, 100, "READER_FIELD_MISSING_DEFAULT_VALUE"),
                                 (untidy, 100, "DOC_MISSING")):
        with PullRequest(change) as p:
            done = p.shell("sh", "-e", "-c", run, **{**env, "MILLRACE": MILLRACE}, GITHUB_ACTION_PATH=str(CI),
                           GITHUB_BASE_REF="main")
            assert done.returncode == status, done
            lines = [line for line in done.stdout.splitlines() if line]
            assert (f"title={rule}::" in done.stdout) if rule else lines == [], done
            assert all(line.startswith("::") for line in lines), lines


@case
def the_action_fails_where_it_cannot_check():
    run, env = composite()
    with PullRequest(breaks) as p:
        done = p.shell("sh", "-e", "-c", run, **{**env, "MILLRACE": MILLRACE, "AGAINST": "nosuch"}, GITHUB_ACTION_PATH=str(CI))
        assert done.returncode == 1, done
        done = p.shell("sh", "-e", "-c", run, **{**env, "MILLRACE": "/nowhere/millrace"}, GITHUB_ACTION_PATH=str(CI))
        assert done.returncode not in (0, 100), done


@case
def the_gitlab_job_leaves_its_report_and_fails():
    text = (CI / "gitlab.yml").read_text()
    script = re.search(r"^  script:\n    - \|\n((?:      .*\n|\n)+)", text, re.M)[1]
    script = "\n".join(line[6:] for line in script.split("\n"))
    for change, status, n in ((fits, 0, 0), (breaks, 100, 1), (untidy, 100, 0)):
        with PullRequest(change) as p:
            done = p.shell("bash", "-eo", "pipefail", "-c", script, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", FOLDER=".")
            assert done.returncode == status, done
            report = json.loads((p.clone / "gl-code-quality-report.json").read_text())
            assert len(report) == n, report


@case
def the_hook_lets_through_what_fits_and_stops_the_rest():
    with Project() as p:
        hook = p.path / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.symlink_to(CI / "pre-commit")

        def commit():
            return subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "x"],
                                  cwd=p.path, capture_output=True, text=True, env={**clean(), "MILLRACE": MILLRACE})
        (p.path / "README").write_text("x\n")
        p.git("add", "README")
        assert commit().returncode == 0
        p.change(RAN_LOW, fits)
        p.git("add", "-A")
        done = commit()
        assert done.returncode == 0, done
        p.change(RAN_LOW, breaks)
        p.change(RAN_LOW, lambda fields: fields[-1].update(name="Other"))
        p.git("add", "-A")
        done = commit()
        assert done.returncode != 0 and "READER_FIELD_MISSING_DEFAULT_VALUE" in done.stdout + done.stderr, done
        p.git("checkout", "-q", "HEAD", "--", "schemas")
        p.file(RAN_LOW).write_text(json.dumps(json.loads(p.file(RAN_LOW).read_text())))
        p.git("add", "-A")
        done = commit()
        assert done.returncode != 0 and "schema fmt" in done.stderr, done
        (p.path / "topics.yaml").write_text((p.path / "topics.yaml").read_text() + "\n")
        done = commit()
        assert done.returncode != 0 and "not staged" in done.stderr, done
        p.git("rm", "-q", "--cached", "topics.yaml")  # kept here, and lost to all who clone it
        done = commit()
        assert done.returncode != 0 and "not staged" in done.stderr, done


if __name__ == "__main__":
    assert os.access(CI / "pre-commit", os.X_OK)
    main()
