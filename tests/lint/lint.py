#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the house rules of docs/style.md that a program can hold; prints TAP, one case a rule.

usage: lint.py [RULE...]    without a rule: all but format
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES = 500, 60
FORMATTER = 14  # Debian 12's; each version has its own taste

# Which lib/ folder may see which others.
BELOW = {
    "base": set(),
    "option": {"base"},
    "avro": {"base", "option"},
    "upcast": {"base", "option", "avro", "catalog"},
    "catalog": {"base", "option", "avro"},  # a topic without a sound schema is no topic
    "kafka": {"base", "option"},
    "store": {"base", "option"},
    "registry": {"base", "option", "avro", "kafka"},  # compatibility is a matter of schemas; its log is a topic
    "evolve": {"base", "option", "avro", "catalog", "registry"},
    "run": {"base", "option", "avro", "catalog", "kafka", "store", "registry", "upcast"},
}

# The folders that may include a third party's header; all others go through theirs.
THIRD_PARTY = {
    "avro.h": {"avro"}, "avro/": {"avro"}, "bzlib.h": {"avro"}, "lzma.h": {"avro"}, "pcre2.h": {"avro"},
    "snappy-c.h": {"avro"}, "zlib.h": {"avro"}, "zstd.h": {"avro"},
    "jansson.h": {"avro", "registry"},
    "cyaml/": {"catalog"}, "yaml.h": {"catalog", "upcast"},
    "crypt.h": {"registry"}, "curl/": {"registry", "run"}, "gnutls/": {"registry"}, "microhttpd.h": {"registry", "run"},
    "librdkafka/": {"kafka"},
    "libpq-fe.h": {"store"}, "sqlite3.h": {"store"},
    "nettle/": {"base"},
    "check.h": set(),
}

# Public headers without a lib/FOLDER/NAME.c of their own, nor a name that starts with their folder's.
HEADER_HOME = {
    "compiler": "base", "own": "base", "status": "base",
    "codec": "avro", "datum": "avro", "record": "avro", "schema": "avro",
    "consumer": "run", "event": "run", "notify": "run", "producer": "run",
    "saga": "catalog", "saga_store": "store",
}


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard", "--", *patterns], cwd=ROOT,
                            capture_output=True, check=True).stdout.decode()
    return [path for path in listed.split("\0") if path and (ROOT / path).is_file()]


def lines(path):
    return (ROOT / path).read_text(errors="replace").split("\n")


def includes(path):
    for number, line in enumerate(lines(path), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(2)


def header_home(name):
    """The lib/ folder that a public header belongs to, or None."""
    if name in HEADER_HOME:
        return HEADER_HOME[name]
    for folder in BELOW:
        if (ROOT / "lib" / folder / f"{name}.c").exists():
            return folder
    return next((folder for folder in BELOW if name == folder or name.startswith(folder + "_")), None)


def layers():
    """arrows point down, and a third party's header is seen by its home only"""
    for path in tracked("lib/*.[ch]", "producers/*.[ch]", "consumers/*.[ch]", "cli/*.[ch]"):
        parts = pathlib.PurePath(path).parts
        if parts[:2] == ("lib", "include"):
            room = header_home(parts[-1].removesuffix(".h"))
            if room is None:
                yield f"{path}: belongs to no lib/ folder: name it after one, or add it to HEADER_HOME"
                continue
        else:
            room = parts[1] if parts[0] == "lib" else parts[0]
        if parts[0] == "lib" and room not in BELOW:
            yield f"{path}: lib/{room} is in no layer: add it to BELOW"
            continue
        for number, name in includes(path):
            why = arrow(path, room, parts[0], name)
            if why:
                yield f"{path}:{number}: {name}: {why}"


def arrow(path, room, house, name):
    """Why the file at path, of that room, must not include name, or None."""
    for start, homes in THIRD_PARTY.items():
        if (name == start or start.endswith("/") and name.startswith(start)) and room not in homes:
            return f"only {', '.join('lib/' + home for home in sorted(homes)) or 'tests'} may include it"
    if name.startswith("../"):
        name = os.path.normpath(os.path.join(os.path.dirname(path), name))
    parts = pathlib.PurePath(name).parts
    if parts[0] in {"producers", "consumers", "cli", "tests", "lib"} and \
            parts[:2 if house == "lib" else 1] != pathlib.PurePath(path).parts[:2 if house == "lib" else 1]:
        return "go through a public header of lib/include"
    if parts[0] == "millrace" and house == "lib" and not name.endswith(".gen.h"):
        home = header_home(parts[-1].removesuffix(".h"))
        if home and home != room and home not in BELOW[room]:
            return f"lib/{room} must not know lib/{home}"
    return None


def headers():
    """every header compiles alone"""
    compiler = os.environ.get("CC", "cc").split()
    build = os.environ.get("MILLRACE_BUILD", "build")
    rooms = [f"-Ilib/{room}" for room in BELOW]  # a test's header may look inside
    for path in tracked("*.h"):
        folder = os.path.dirname(path)
        done = subprocess.run(
            [*compiler, "-fsyntax-only", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
             "-Wno-unused-function", "-Wno-unused-const-variable", "-Wno-missing-field-initializers",
             "-Ilib/include", f"-I{folder}", "-Itests", *(rooms if path.startswith("tests/") else []),
             f"-I{build}", f"-I{build}/tools", "-x", "c", "-include", path, os.devnull],
            cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            yield f"{path}: {done.stderr.strip()[:600]}"


def licence():
    """every source file starts with its SPDX line"""
    for path in sources():
        head = lines(path)[:2]
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
            yield f"{path}: no SPDX line at its top"
        elif path.endswith((".c", ".h")) and not lines(path)[1].startswith("/* "):
            yield f"{path}:2: one line saying what the file is for"


def sources():
    return [path for path in tracked("*.c", "*.h", "*.py", "*.sh", "dev", ".ci/run", "tools/demo")]


def blanks():
    """no tabs, no blanks at line ends, one newline at the end"""
    for path in tracked("*.c", "*.h", "*.py", "*.sh", "*.md", "*.yaml", "*.yml", "*.avsc", "*meson.build", "dev"):
        text = lines(path)
        for number, line in enumerate(text, 1):
            if "\t" in line:
                yield f"{path}:{number}: a tab"
            if line != line.rstrip():
                yield f"{path}:{number}: blanks at its end"
        if len(text) < 2 or text[-1] != "" or text[-2] == "":
            yield f"{path}: must end with one newline"


def spelling():
    """codespell finds nothing, but in tests, which misspell on purpose"""
    words = ROOT / "tests/lint/words.txt"
    escapes = r"\\[abfnrtv0]"  # a tab, then a word
    done = run_tool("codespell", "-I", words, "--ignore-regex", escapes,
                    *tracked("*.c", "*.h", "*.py", "*.md", "*.yaml", "*meson.build", "dev", ":!tests/*.c",
                             ":!tests/*/test_*.py"))
    yield from done.stdout.splitlines()


def shell():
    """shellcheck finds nothing"""
    scripts = [path for path in tracked() if is_shell(path)]
    done = run_tool("shellcheck", *scripts)
    yield from done.stdout.splitlines()


def is_shell(path):
    with open(ROOT / path, "rb") as file:
        first = file.readline(40)
    return path.endswith(".sh") or re.match(rb"#!.*/(env )?(ba)?sh\b", first) is not None


def layout():
    """clang-format would change nothing"""
    version = run_tool("clang-format", "--version").stdout
    if f"version {FORMATTER}." not in version:
        print(f"format is decided by clang-format {FORMATTER}; not checked by {version.strip()}", file=sys.stderr)
        return
    for path in tracked("*.c", "*.h"):
        done = run_tool("clang-format", "--dry-run", path)
        n = done.stderr.count("[-Wclang-format-violations]")
        if n:
            yield f"{path}: {n} places; ./dev fmt mends them"


def sizes():
    """long files and functions are told, for review to decide"""
    for path in tracked("*.c", "*.h", "*.py"):
        text = lines(path)
        if len(text) > FILE_LINES:
            print(f"note: {path}: {len(text)} lines", file=sys.stderr)
        start = 0
        for number, line in enumerate(text, 1):
            if line == "{":
                start = number
            elif line == "}" and start and path.endswith(".c"):
                if number - start - 1 > FUNCTION_LINES:
                    print(f"note: {path}:{start - 1}: a function of {number - start - 1} lines", file=sys.stderr)
                start = 0
    return []


def run_tool(tool, *args):
    if shutil.which(tool) is None:
        sys.exit(f"Bail out! {tool} is missing: ./dev setup lint installs it")
    return subprocess.run([tool, *map(str, args)], cwd=ROOT, capture_output=True, text=True)


RULES = {"layers": layers, "headers": headers, "licence": licence, "blanks": blanks, "spelling": spelling,
         "shell": shell, "sizes": sizes, "format": layout}


def main():
    chosen = sys.argv[1:] or [name for name in RULES if name != "format"]
    n_failed = 0
    print(f"1..{len(chosen)}")
    for number, name in enumerate(chosen, 1):
        findings = list(RULES[name]())
        for finding in findings[:200]:
            print(finding.replace("\n", "\n    "), file=sys.stderr)
        print(f"{'not ok' if findings else 'ok'} {number} - {name}: {RULES[name].__doc__}")
        n_failed += bool(findings)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
