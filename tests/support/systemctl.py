#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""As much of systemctl as docs/operations.md uses, where no systemd runs: it reads the real units in /etc/systemd/system and starts
what they say, as whom, where and with the environment that they say. It shuts nothing in (systemd-analyze judges that). A timer runs
its service once.
"""
import fnmatch
import os
import pathlib
import pwd
import re
import shlex
import signal
import subprocess
import sys
import time

UNITS = pathlib.Path("/etc/systemd/system")
RUN = pathlib.Path("/run/units")


class Unit:
    def __init__(self, name):
        self.name = name if re.search(r"\.(service|timer)$", name) else f"{name}.service"
        self.instance = self.name.partition("@")[2].rpartition(".")[0]
        self.pid_file, self.log = RUN / f"{self.name}.pid", RUN / f"{self.name}.log"
        template = re.sub(r"@.*\.", "@.", self.name)
        if not (UNITS / template).is_file():
            sys.exit(f"Unit {self.name} not found.")
        self.rows = [line.split("=", 1) for line in (UNITS / template).read_text().splitlines() if re.match(r"\w+=", line)]

    def all(self, key):
        return [self.expand(value) for name, value in self.rows if name == key]

    def one(self, key, default=""):
        return (self.all(key) or [default])[-1]

    def expand(self, text):
        words = {"%i": self.instance, "%S": "/var/lib", "%H": "machine", "%%": "%"}
        return re.sub(r"%.", lambda found: words[found[0]], text)

    def environment(self):
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/var/lib/millrace"}
        for path in self.all("EnvironmentFile"):
            if path.startswith("-") and not pathlib.Path(path[1:]).is_file():
                continue
            for line in pathlib.Path(path.removeprefix("-")).read_text().splitlines():
                if line.strip() and line[0] not in "#;":
                    key, _, value = line.partition("=")
                    env[key.strip()] = value.strip()
        return env

    def spawn(self, command, log):
        user = pwd.getpwnam(self.one("User", "root"))
        folder = self.one("StateDirectory")
        if folder:
            path = pathlib.Path("/var/lib") / folder
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, user.pw_uid, user.pw_gid)
        return subprocess.Popen(shlex.split(command), cwd=self.one("WorkingDirectory", "/"), env=self.environment(), stdout=log, stderr=log,
                                stdin=subprocess.DEVNULL, user=user.pw_uid, group=user.pw_gid, extra_groups=[], start_new_session=True)

    def pid(self):
        """Of the process that runs; None."""
        if not self.pid_file.is_file():
            return None
        pid = int(self.pid_file.read_text())
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return None
        return pid if state != "Z" else None

    def start(self):
        if self.name.endswith(".timer"):
            return Unit(self.name.replace(".timer", ".service")).start()
        if self.pid():
            return None
        with open(self.log, "ab") as log:
            for condition in self.all("ExecCondition"):
                if self.spawn(condition, log).wait() != 0:
                    return None
            process = self.spawn(self.one("ExecStart"), log)
            if self.one("Type") == "oneshot":
                return self.fail(f"exit {process.returncode}") if process.wait() != 0 else None
        self.pid_file.write_text(str(process.pid))
        return None

    def stop(self):
        pid, deadline = self.pid(), time.monotonic() + int(self.one("TimeoutStopSec", "90"))
        if pid:
            os.kill(pid, signal.SIGTERM)
        while self.pid():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                self.fail("did not stop within TimeoutStopSec")
            time.sleep(0.02)
        self.pid_file.unlink(missing_ok=True)

    def reload(self):
        os.kill(self.pid(), signal.SIGHUP)

    def check(self):
        time.sleep(0.5 if not self.pid() else 0)
        print("active" if self.pid() else "failed")
        if not self.pid():
            self.fail("is not active")

    def fail(self, why):
        sys.exit(f"{self.name}: {why}\n{self.log.read_text(errors='replace')[-3000:] if self.log.is_file() else ''}")


def units(words):
    """The units that the words name; a glob means those that were started."""
    for word in words:
        if "*" not in word:
            yield Unit(word)
        for path in sorted(RUN.glob("*.pid")) if "*" in word else []:
            if fnmatch.fnmatch(path.stem, word if word.endswith(".service") else f"{word}.service"):
                yield Unit(path.stem)


def main():
    verb, *words = [word for word in sys.argv[1:] if word != "--now"]
    RUN.mkdir(parents=True, exist_ok=True)
    chosen = list(units(words))
    if verb == "daemon-reload":
        return
    if verb in ("enable", "start"):
        for unit in chosen:
            unit.start()
    elif verb in ("stop", "restart"):
        for unit in chosen:
            if unit.pid():
                os.kill(unit.pid(), signal.SIGTERM)  # all at once, as systemd does
        for unit in chosen:
            unit.stop()
        for unit in chosen if verb == "restart" else []:
            unit.start()
    elif verb in ("reload", "is-active"):
        for unit in chosen:
            unit.reload() if verb == "reload" else unit.check()
    else:
        sys.exit(f"systemctl.py has no {verb}")
    if not chosen:
        sys.exit(f"no unit is {words}")


main()
