#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what deploy/ says of each consumer: stores, environment of its unit, compose file, Kustomize base. A consumer group of
topics.yaml is in all of them; one that is gone is gone from them.

usage: gen_deploy.py [--check] MILLRACE CONSUMER DEPLOY_FOLDER    the command, any consumer
--check writes nothing: it names the files that would change, and exits 1 if there are any.
"""
import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import gen_deploy_compose as compose  # noqa: E402 (its folder is added above)
import gen_deploy_kubernetes as kubernetes  # noqa: E402

HEAD = "SPDX-License-Identifier: Apache-2.0"
SAID = "Made by tools/gen_deploy.py from topics.yaml: ./dev deploy writes it anew."


class Service:
    """What the files need to know of a consumer group of topics.yaml."""

    def __init__(self, name, topics, options):
        self.name, self.program, self.schema = name, f"{name}-consumer", name.replace("-", "_")
        self.has_health, self.has_instance = "[MILLRACE_METRICS]" in options, "[MILLRACE_INSTANCE]" in options
        mine = [topic for topic in topics if name in groups_of(topic)]
        self.topics = sorted(topic["topic"] for topic in mine)
        self.most = max(topic["partitions"] for topic in mine)


def groups_of(topic):
    return [group["group"] for group in topic["consumers"]]


def services(millrace, consumer):
    """All groups; any consumer tells what all of them can do, as one engine runs them."""
    topics = json.loads(said(millrace, "events", "-o", "json"))
    options = said(consumer, "--help")
    return [Service(name, topics, options) for name in sorted({name for topic in topics for name in groups_of(topic)})]


def said(*words):
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout


def environment(service):
    """For systemd; by default a consumer keeps SQLite and needs none of it."""
    return f"""\
# For /etc/millrace/consumer/{service.name}.env, where the store is PostgreSQL: /etc/millrace/store.conf has its URL
# (store = postgresql://...), for root and the group millrace alone.
MILLRACE_CONFIG=/etc/millrace/store.conf
PGOPTIONS=-csearch_path={service.schema}
"""


def wanted(groups):
    """{path in deploy/: text}"""
    head = f"# {HEAD}\n# {SAID}\n"
    files = {"compose/compose.yaml": head + compose.text(groups)}
    for name, body in kubernetes.files(groups).items():
        files[f"kubernetes/base/{name}"] = head + body
    return files | {f"systemd/consumer/{service.name}.env": head + environment(service) for service in groups}


def main():
    words = sys.argv[1:]
    check = words[:1] == ["--check"]
    millrace, consumer, folder = words[check:]
    folder, files = pathlib.Path(folder), wanted(services(millrace, consumer))
    have = {path.relative_to(folder).as_posix()
            for pattern in ("kubernetes/base/*.yaml", "systemd/consumer/*.env") for path in folder.glob(pattern)}
    stale = sorted(have - files.keys())
    other = sorted(name for name, text in files.items()
                   if not (folder / name).is_file() or (folder / name).read_text() != text)
    for name in stale + other:
        print(f"deploy/{name} {'is not what topics.yaml says: ./dev deploy mends it' if check else 'written'}")
    if not check:
        for name in stale:
            (folder / name).unlink()
        for name in other:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(files[name])
    return int(check and bool(stale + other))


if __name__ == "__main__":
    sys.exit(main())
