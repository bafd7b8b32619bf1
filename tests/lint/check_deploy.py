# SPDX-License-Identifier: Apache-2.0
"""deploy/ against topics.yaml and the programs: every consumer is in all of it, and what it says to programs they know.

usage: check_deploy.py SOURCE_FOLDER MILLRACE GENERATOR PROGRAM... [-- CONSUMER_PROGRAM...]
"""
import pathlib
import re
import subprocess
import sys

SOURCE, MILLRACE, GENERATOR = map(pathlib.Path, sys.argv[1:4])
CUT = sys.argv.index("--")
PROGRAMS, CONSUMERS = sys.argv[4:CUT], sys.argv[CUT + 1:]
DEPLOY = SOURCE / "deploy"
VERBS = (("registry", "serve"), ("topics", "create"), ("schema", "register"), ("store", "query"))


def help_of(*words):
    return subprocess.run([*map(str, words), "--help"], capture_output=True, text=True, check=True).stdout


def files():
    return [path for folder in ("image", "compose", "systemd", "kubernetes", "postgres")
            for path in sorted((DEPLOY / folder).rglob("*")) if path.is_file()]


def generated():
    done = subprocess.run([sys.executable, GENERATOR, "--check", MILLRACE, CONSUMERS[0], DEPLOY], capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines() if done.returncode else []


def variables(texts):
    """Every MILLRACE_... that deploy/ sets is one that some program reads; those of compose itself are its own."""
    known = set(re.findall(r"\[(MILLRACE_\w+)\]", "".join(texts.values())))
    for path in files():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in re.findall(r"(?<!\{)\b(MILLRACE_[A-Z_]+)\b", line):
                if name not in known:
                    yield f"{path.relative_to(SOURCE)}:{number}: no program reads {name}"


def options(texts):
    """Every --option that a unit, a container or a pod gives is one of its program's."""
    heads = {**texts, **{("millrace", *verb): texts[("millrace", *verb)] for verb in VERBS}}
    for path in files():
        text = re.sub(r"\s+", " ", re.sub(r"^\s*#.*$|[\[\],\"]", " ", path.read_text(), flags=re.M))
        for found in re.finditer(r"(?<![\w%-])(millrace \w+ \w+|[\w%-]+-(?:consumer|producer)) ((?:[^ ]+ )*?)(?=\w+: |$|\w+=)", text):
            words = tuple(found[1].split())
            if words[0].startswith("%i-"):
                words = next(key for key in texts if key[0].endswith(words[0].removeprefix("%i")))
            for option in re.findall(r"(?:^| )(--[a-z-]+)", " " + found[2]):
                if words in heads and not re.search(rf"{option}\b", heads[words]):
                    yield f"{path.relative_to(SOURCE)}: {' '.join(words)} has no option {option}"


def image():
    """What the build needs is copied into it."""
    text = (DEPLOY / "image/Containerfile").read_text()
    for folder in re.findall(r"^\s*subdir\('(\w+)'\)", (SOURCE / "meson.build").read_text(), re.M):
        if folder != "tests" and f"COPY {folder} {folder}\n" not in text:
            yield f"deploy/image/Containerfile: does not copy {folder}/, which meson.build builds"


def main():
    texts = {(pathlib.Path(program).name,): help_of(program) for program in PROGRAMS + CONSUMERS}
    texts |= {("millrace", *verb): help_of(MILLRACE, *verb) for verb in VERBS}
    mistakes = [*generated(), *variables(texts), *options(texts), *image()]
    print("\n".join(mistakes) or f"deploy/ has {len(CONSUMERS)} consumers, and says nothing that they do not know")
    sys.exit(1 if mistakes else 0)


main()
