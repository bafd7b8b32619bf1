#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for docker, kubectl and buildah in the test of docs/operations.md, by the name that it is called by: does nothing, and
ends with 2 when what it is told names a file, service or set that is not there. KUSTOMIZE names the real kustomize."""
import os
import pathlib
import re
import subprocess
import sys


def die(why):
    print(f"{pathlib.Path(sys.argv[0]).name}: {why}", file=sys.stderr)
    sys.exit(2)


def there(path):
    return path if pathlib.Path(path).exists() else die(f"there is no {path}")


def docker(words):
    if words[:2] != ["compose", "-f"] or words[3] not in ("up", "down", "run", "exec"):
        die(f"not a command of the page: {words}")
    text = pathlib.Path(there(words[2])).read_text()
    for path in re.findall(r"\{file: (\S+)\}", text):
        there(pathlib.Path(words[2]).parent / path)
    services = re.findall(r"^  ([\w-]+):$", text[text.index("\nservices:"):], re.M)
    rest = [word for word in words[4:] if not re.fullmatch(r"-d|--rm|-T|-v", word)]
    named = [word.partition("=")[0] for word in rest if re.fullmatch(r"[\w-]+=\d+", word)] if words[3] == "up" else rest[:1]
    for name in named:
        if name not in services:
            die(f"there is no service {name}")
    if words[3] == "run":
        sys.stdin.read()


def built(folder):
    return subprocess.run([os.environ["KUSTOMIZE"], "build", there(folder)], check=True, capture_output=True, text=True).stdout


def kubectl(words):
    text = " ".join(words)
    if words[0] == "apply":
        made = built(words[words.index("-k") + 1])
        for wanted in ("image: images.example.org/millrace:0.1.0", "MILLRACE_BROKERS: kafka.kafka:9092",
                       "MILLRACE_REGISTRY: http://millrace-registry:8081", "namespace: millrace"):
            if wanted not in made:
                die(f"the overlay does not make: {wanted}")
        pathlib.Path(os.environ["APPLIED"]).write_text(made)
    elif "--from-file" in text:
        there(re.search(r"--from-file=\w+\.\w+=(\S+)", text)[1])
        if not re.search(r"secretName: " + re.search(r"generic (\S+)", text)[1], built("deploy/kubernetes/base")):
            die("no pod asks for such a secret")
    elif found := re.search(r"statefulset/(\S+)", text):
        if f"kind: StatefulSet\nmetadata:\n" not in pathlib.Path(os.environ["APPLIED"]).read_text() or \
                f"name: {found[1]}\n" not in pathlib.Path(os.environ["APPLIED"]).read_text():
            die(f"there is no set {found[1]}")
    elif words != ["create", "namespace", "millrace"]:
        die(f"not a command of the page: {words}")


def buildah(words):
    there(words[words.index("-f") + 1])
    there(words[-1])


{"docker": docker, "kubectl": kubectl, "buildah": buildah}[pathlib.Path(sys.argv[0]).name](sys.argv[1:])
