#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev on machines that this one is not: a PATH of stand-ins tells it who it is and what is installed."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from tap import case, main  # noqa: E402 (its folder is added above)

VERBS = "setup build demo test lint fmt asan fuzz bench up deploy services chaos run ci".split()
TOOLS = "sh env cat cd dirname find grep mkdir printf sed sleep sort tr".split()


class Machine:
    """A folder as the whole PATH: coreutils, and stand-ins that note how they were called."""

    def __init__(self, user, lacks, sudo=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-dev-"))
        self.calls = self.folder / "calls"
        for tool in TOOLS:
            if shutil.which(tool):
                (self.folder / tool).symlink_to(shutil.which(tool))
        self.stand_in("id", f"echo {user}")
        self.stand_in("apt-get", f'echo "apt-get $*" >>{self.calls}')
        if sudo:
            self.stand_in("sudo", f'[ "$*" = "-n true" ] || echo "sudo $*" >>{self.calls}')
        self.stand_in("dpkg-query", 'shift 3; for name; do case "%s" in *" $name "*) ;; *) echo "installed $name" ;; esac; done'
                      % (" " + " ".join(lacks) + " "))
        self.build = self.folder / "build"
        self.build.mkdir()
        (self.build / "build.ninja").touch()  # configured already

    def stand_in(self, name, body):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def dev(self, *args):
        env = {"PATH": str(self.folder), "MILLRACE_BUILD": str(self.build), "TMPDIR": str(self.folder)}
        done = subprocess.run(["/bin/sh", ROOT / "dev", *args], env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=30)
        done.calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        shutil.rmtree(self.folder)
        return done


@case
def without_a_verb_every_verb_is_listed():
    done = Machine(1000, []).dev()
    assert done.returncode == 0, done.stderr
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert listed == VERBS, listed


@case
def an_unknown_verb_is_wrong_usage():
    done = Machine(1000, []).dev("biuld")
    assert done.returncode == 2 and "no verb biuld" in done.stderr, done.stderr


@case
def a_user_without_sudo_is_told_the_one_command_and_nothing_is_run():
    done = Machine(1000, ["libavro-dev", "check"]).dev("demo")
    assert done.returncode == 2, done
    told = [line.strip() for line in done.stderr.splitlines() if "apt-get" in line]
    assert told == ["apt-get update && apt-get install -y --no-install-recommends check libavro-dev"], told
    assert done.calls == [], done.calls


@case
def root_installs_what_is_missing_and_only_that():
    done = Machine(0, ["libavro-dev"]).dev("setup")
    assert done.returncode == 0, done.stderr
    assert [call.split()[1] for call in done.calls] == ["update", "install"], done.calls
    assert done.calls[1].endswith(" --no-install-recommends libavro-dev"), done.calls


@case
def a_user_with_sudo_installs_by_it():
    done = Machine(1000, ["libavro-dev"], sudo=True).dev("setup")
    assert done.returncode == 0, done.stderr
    assert all(call.startswith("sudo ") for call in done.calls) and len(done.calls) == 2, done.calls


@case
def where_nothing_is_missing_nothing_is_asked_of_apt():
    done = Machine(1000, []).dev("setup", "test", "lint", "fuzz", "integration")
    assert (done.returncode, done.calls) == (0, []), (done.stderr, done.calls)


@case
def a_program_that_is_not_built_is_named():
    done = Machine(1000, []).dev("run", "mill")
    assert done.returncode == 2 and "no program mill" in done.stderr, done.stderr


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
