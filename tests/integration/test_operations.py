# SPDX-License-Identifier: Apache-2.0
"""docs/operations.md, every command of it: in a copy of this machine, on Apache Kafka and PostgreSQL."""
import os
import pathlib
import re
import signal
import subprocess

from components import HERE, Kafka, Missing, die_with_parent
from harness import BUILD, SOURCE, free_port, test
from test_deploy import kustomize

PAGE = SOURCE / "docs" / "operations.md"


def commands(text):
    """The page's sh blocks as one script, which tells where it is."""
    script, inside = "set -euo pipefail\n", False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```sh"
            script += f"echo '# docs/operations.md:{number + 1}' >&2\n" if inside else ""
        elif inside:
            script += line + "\n"
    return script


# What the page's commands write to are copies in memory here, gone with the process that sees them. A file system that cannot lie
# below an overlay is copied.
SANDBOX = """
set -eu
scratch=$1
commands=$2
shift 2
mount -t tmpfs tmpfs "$scratch"
mount -t proc proc /proc
for place; do
    layer=$(mktemp -d "$scratch/XXXXXX")
    mkdir "$layer/upper" "$layer/work"
    if ! mount -t overlay overlay -o "lowerdir=$place,upperdir=$layer/upper,workdir=$layer/work" "$place"; then
        cp -a "$place/." "$layer/upper"
        mount --bind "$layer/upper" "$place"
    fi
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /etc/systemd/system
exec bash "$commands"
"""
WRITTEN = ["/etc", "/usr/local", "/var", SOURCE]


class Sandbox:
    """Runs a script where nothing it writes stays; whatever it started ends with it."""

    def __init__(self, t):
        self.t, self.process = t, None
        if os.getuid() != 0:
            raise Missing("docs/operations.md is tried out in a copy of the machine, which needs root")

    def run(self, script, env, seconds):
        place = self.t.path("machine")
        place.mkdir()
        start = self.t.path("sandbox.sh", SANDBOX)
        inside = self.t.path("commands.sh", f"export PATH={self.t.folder}/bin:/usr/local/bin:$PATH\ncd {SOURCE}\n{script}")
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", start, place, inside, *WRITTEN]
        with open(self.t.path("said"), "wb") as said:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env, preexec_fn=die_with_parent,
                                            start_new_session=True)
            try:
                status = self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = f"longer than {seconds} s"
        return status, self.t.path("said").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@test
def every_command_of_the_page_works(t):
    server, kafka, stand_ins = t.fresh_postgres(), Kafka(t.path("kafka")), t.path("bin")
    t.running.append(kafka)  # of its own: what the page starts has the services' own names
    stand_ins.mkdir()
    for name, script in [("systemctl", "systemctl"), *((name, "stand_ins") for name in ("docker", "kubectl", "buildah"))]:
        (stand_ins / name).symlink_to(HERE / f"{script}.py")
    places = {"127.0.0.1:9092": kafka.start(), "127.0.0.1:8081": f"127.0.0.1:{free_port()}", "127.0.0.1:5432": f"127.0.0.1:{server.port}",
              "127.0.0.1:9101": f"127.0.0.1:{free_port()}",
              "-C build ": f"-C {BUILD} "}
    script = commands(PAGE.read_text())
    for ours, theirs in places.items():
        script = script.replace(ours, theirs)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MILLRACE_", "PG"))}
    env = clean | {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "millrace", "PGPASSWORD": server.password,
                   "MILLRACE_BUILD": str(BUILD), "KUSTOMIZE": str(kustomize()), "APPLIED": str(t.path("applied.yaml")),
                   "MILLRACE_STATE": str(t.path("up"))}
    sandbox = Sandbox(t)
    t.running.append(sandbox)
    status, said = sandbox.run(script + "echo all is done\n", env, 480)
    assert status == 0 and said.endswith("all is done\n"), f"exit {status}\n{said[-6000:]}"


@test
def the_page_names_what_is_there(t):
    text = PAGE.read_text()
    for path in re.findall(r"\]\(([\w/-]+\.md)", text):
        assert (PAGE.parent / path).is_file(), path
    anchors = {re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")}
    for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
        assert anchor in anchors, anchor


@test
def no_password_stands_on_a_command_line(t):
    found = re.findall(r"^(?:psql|pg_dump|pg_restore|millrace|curl)\b[^<\n]*\$(?:PASSWORD|STORE|\().*", PAGE.read_text(), re.M)
    assert all("$(cat registry.address)" in line for line in found), found
