#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recorded cases of what a Confluent-compatible registry answers, played to any registry, each to a fresh one.

usage: rest_cases.py [CASES]    plays them to ours and to the second registry, and prints both counts and the differences
Environment: MILLRACE_BUILD. CASES: rest_cases.jsonl (../shared/corpora/registry, else under MILLRACE_SHARED).
"""
import collections
import concurrent.futures
import http.client
import json
import pathlib
import sys
import tempfile
import threading

import components
from lines import lines_of

TYPE = {"Content-Type": "application/vnd.schemaregistry.v1+json"}


def ask(connection, step):
    """(status, parsed body or None, text)"""
    body = json.dumps(step["body"]) if "body" in step else None
    connection.request(step["method"], step["path"], body and body.encode(), TYPE)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    try:
        return answer.status, json.loads(text), text
    except ValueError:
        return answer.status, None, text


def covers(have, want):
    """Objects: every expected member; lists: the same length, element by element."""
    if isinstance(want, dict):
        return isinstance(have, dict) and all(key in have and covers(have[key], one) for key, one in want.items())
    if isinstance(want, list):
        return isinstance(have, list) and len(have) == len(want) and all(map(covers, have, want))
    return type(have) is type(want) and have == want


def complaints(step, status, have, text):
    """What of the step's expectations the answer does not meet."""
    found = []
    if status != step["expect_status"]:
        found.append(f"status {status}, not {step['expect_status']}")
    if "expect_json_subset" in step and not covers(have, step["expect_json_subset"]):
        found.append(f"not {json.dumps(step['expect_json_subset'])}")
    if "expect_array_length" in step and not (isinstance(have, list) and len(have) == step["expect_array_length"]):
        found.append(f"not {step['expect_array_length']} items")
    among = have if isinstance(have, (dict, list)) else []
    held = {"expect_has_fields": among, "expect_array_contains": among, "expect_body_contains": text}
    kept_out = {"expect_absent_fields": among, "expect_array_not_contains": among, "expect_body_not_contains": text}
    found += [f"without {one}" for name, where in held.items() for one in step.get(name, []) if one not in where]
    found += [f"with {one}" for name, where in kept_out.items() for one in step.get(name, []) if one in where]
    return found


def play(case, address):
    """None when the registry at address answers every step as recorded, else what the first other answer was."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        for number, step in enumerate(case["steps"]):
            status, have, text = ask(connection, step)
            found = complaints(step, status, have, text)
            if found:
                return f"step {number}, {step['method']} {step['path']}: {'; '.join(found)}: {text.strip()[:200]}"
        return None
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()


class Ours(components.Component):
    """millrace registry serve; `binary` is its path."""

    name = "our registry"

    def __init__(self, folder, binary):
        super().__init__(folder)
        self.binary = binary

    def start(self, case):
        self.folder.mkdir(parents=True, exist_ok=True)
        address = self.folder / "address"
        address.unlink(missing_ok=True)
        initial = case["initial"]
        more = ["--validate-defaults"] if initial.get("avro.validate.defaults") else []
        self.spawn([self.binary, "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, "--compatibility",
                    initial["compatibility"], *more])
        self.wait_until(lambda: address.exists() and address.read_text().endswith("\n"), 10)
        return address.read_text().strip()


class Theirs(components.SecondRegistry):
    def start(self, case):
        return super().start(compatibility=case["initial"]["compatibility"]).removeprefix("http://")


def play_all(cases, make, folder, workers=2):
    """{id: None or complaint}. make(folder): a component whose start(case) gives the address of an empty registry."""
    local = threading.local()

    def one(case):
        if not hasattr(local, "component"):
            local.component = make(pathlib.Path(folder) / f"{make.__name__}-{threading.get_ident()}")
        address = local.component.start(case)
        try:
            return case["id"], play(case, address)
        finally:
            local.component.process.kill()
            local.component.process.wait()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return dict(pool.map(one, cases))


def load(path):
    return [json.loads(line) for line in lines_of(pathlib.Path(path).read_text())]


def counts(cases, verdicts):
    """{authority: (answered as recorded, all)}"""
    held, every = collections.Counter(), collections.Counter()
    for case in cases:
        every[case["authority"]] += 1
        held[case["authority"]] += verdicts[case["id"]] is None
    return {authority: (held[authority], every[authority]) for authority in sorted(every)}


def table(cases, ours, theirs):
    """Lines: both counts, then each case that only one of the two answers as recorded."""
    mine, others = counts(cases, ours), counts(cases, theirs)
    lines = [f"{'':<16}{'cases':>6}{'ours':>6}{'theirs':>8}"]
    lines += [f"{authority:<16}{n:>6}{held:>6}{others[authority][0]:>8}" for authority, (held, n) in mine.items()]
    for case in cases:
        wrong = {"ours": ours[case["id"]], "theirs": theirs[case["id"]]}
        lines += [f"{who} differs: {case['id']}: {why}" for who, why in wrong.items() if why]
    return lines


def main():
    import os
    here = pathlib.Path(__file__).resolve().parents[2]
    build = pathlib.Path(os.environ.get("MILLRACE_BUILD") or here / "build").resolve()
    shared = pathlib.Path(os.environ.get("MILLRACE_SHARED") or here.parent / "shared")
    cases = load(sys.argv[1] if len(sys.argv) > 1 else shared / "corpora/registry/rest_cases.jsonl")
    with tempfile.TemporaryDirectory(prefix="millrace-cases-") as folder:
        def ours(at):
            return Ours(at, build / "cli/millrace")
        print(*table(cases, play_all(cases, ours, folder), play_all(cases, Theirs, folder)), sep="\n")


if __name__ == "__main__":
    main()
