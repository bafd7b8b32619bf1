#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which fields each consumer reads, as a C table: the compiler itself tells every use of a member.

usage: fields.py OUT COMPILER... -- FILE.c...

The members of generated structs carry MR_FIELD_OF; with MR_TRACE_FIELDS the compiler warns of each use
of one. What a consumer's source does not name, it cannot read.
"""
import os
import pathlib
import re
import subprocess
import sys

USE = re.compile(r"^(.+?):(\d+):\d+: warning: .* is deprecated: mr-field (\S+) (\S+) \[-Wdeprecated-declarations\]$")
MACRO = re.compile(r"^(.+?):(\d+):\d+: note: in expansion of macro ")


def uses(compiler, path):
    """(record, field) -> the first place that names it."""
    done = subprocess.run([*compiler, "-DMR_TRACE_FIELDS", "-fsyntax-only", "-fdiagnostics-color=never",
                           "-Wdeprecated-declarations", path], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C", "CCACHE_DISABLE": "1"})
    if done.returncode != 0:
        sys.exit(done.stderr)
    found, last = {}, None
    for line in done.stderr.splitlines():
        use, macro = USE.match(line), MACRO.match(line)
        if use:
            last = (use[3], use[4])
            found.setdefault(last, place_of(use, path, use[4]))
        elif macro and last and not found[last]:
            found[last] = place_of(macro, path, last[1])  # gcc: used within a macro of a header; clang names the user
        elif "mr-field" in line and "warning:" in line:
            sys.exit(f"cannot read what {compiler[0]} says of {path}: {line}")
    return found


def names(path, number, field):
    """Whether that line is no part of a macro, or of one that names the field: one that gets the name as an argument is
    placed where it is used."""
    lines = pathlib.Path(path).read_text().split("\n")
    first = last = number - 1
    while first > 0 and lines[first - 1].endswith("\\"):
        first -= 1
    while lines[last].endswith("\\"):
        last += 1
    return not lines[first].lstrip().startswith("#") or re.search(rf"\b{field}\b", "\n".join(lines[first:last + 1]))


def place_of(match, path, field):
    """consumers/FILE:LINE when it is in the file itself or in a header that consumers share, else nothing."""
    where = os.path.realpath(match[1])
    ours = where == os.path.realpath(path) or "consumers" in pathlib.Path(where).parts
    return f"consumers/{'/'.join(below(where))}:{match[2]}" if ours and names(where, int(match[2]), field) else ""


def below(path):
    """Its parts below consumers/."""
    parts = pathlib.Path(os.path.realpath(path)).parts
    return parts[len(parts) - parts[::-1].index("consumers"):] if "consumers" in parts else parts[-1:]


def name_of(path):
    """The consumer whose file it is, or in whose folder it stands."""
    return below(path)[0].removesuffix(".c").replace("_", "-")


def main():
    out, arguments = sys.argv[1], sys.argv[2:]
    compiler, paths = arguments[:arguments.index("--")], arguments[arguments.index("--") + 1:]
    names, first = sorted({name_of(path) for path in paths}), {}
    for path in sorted(paths, key=below):
        for use, place in uses(compiler, path).items():
            key = (name_of(path), *use)
            first[key] = first.get(key) or place
    rows = ['    {' + ", ".join(f'"{word}"' for word in (*key, first[key])) + '},\n' for key in sorted(first)]
    pathlib.Path(out).write_text(
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        "/* Which fields each consumer reads. Made by consumers/fields.py: do not edit. */\n"
        '#include "schema_readers.h"\n\n'
        "static const struct mr_reader_field fields[] = {\n" + "".join(rows) + "};\n"
        "static const char *const consumers[] = {\n" + "".join(f'    "{name}",\n' for name in names) + "};\n"
        "const struct mr_readers readers_builtin = {\n"
        f"    .fields = fields, .n_fields = {len(rows)}, .consumers = consumers, .n_consumers = {len(names)}}};\n")


if __name__ == "__main__":
    main()
