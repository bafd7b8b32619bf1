# SPDX-License-Identifier: Apache-2.0
"""The completion scripts of fish and zsh in the shells themselves; bash's: tests/cli/test_command.py."""
import os
import pty
import subprocess

from harness import BUILD, test

WORDS = {  # what stands on the line -> what the shell makes of it
    "millrace top": "topics",
    "millrace topics list --output=j": "--output=json",
    "millrace topics list -o js": "json",
    "millrace events describe TicketP": "TicketPurchased",
    "millrace avro decode --schema order.a": "order.avsc",
}


def environment(t):
    (t.folder / "order.avsc").write_text('"int"')
    return {"PATH": f"{BUILD / 'cli'}:{os.environ['PATH']}", "HOME": str(t.folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def typed(t, shell, text):
    """What a shell at a terminal of its own printed until its end, after these keys."""
    ours, its = pty.openpty()
    with subprocess.Popen(shell, stdin=its, stdout=its, stderr=its, env=environment(t), cwd=t.folder, start_new_session=True) as process:
        os.close(its)
        os.write(ours, text.encode())
        printed = b""
        try:
            while part := os.read(ours, 65536):
                printed += part
        except OSError:  # the terminal's other end is closed
            pass
        os.close(ours)
        process.wait(60)
    return printed.decode(errors="replace")


@test
def fish_offers_what_may_come_next(t):
    script = t.path("millrace.fish", t.run("millrace", "completion", "fish").out)
    for line, word in WORDS.items():
        done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], env=environment(t), cwd=t.folder,
                              capture_output=True, text=True, timeout=60)
        offered = [offer.split("\t")[0] for offer in done.stdout.splitlines()]
        assert done.returncode == 0 and word in offered and done.stderr == "", (line, done)


@test
def zsh_completes_a_line_at_the_key(t):
    told = t.path("told")
    keys = (f"autoload -U compinit; compinit -u -d {t.folder}/dump; source <(millrace completion zsh); bindkey '^I' complete-word\n"
            f"tell() {{ print -r -- $BUFFER >>{told}; BUFFER= }}; zle -N tell; bindkey '^O' tell\n")
    printed = typed(t, ["zsh", "-f", "-i"], keys + "".join(f"{line}\t\x0f" for line in WORDS) + "exit\n")
    assert told.exists(), printed
    for line, word, became in zip(WORDS, WORDS.values(), told.read_text().splitlines(), strict=True):
        assert became.rstrip() == line[:line.rindex(" ") + 1] + word, (line, became)
