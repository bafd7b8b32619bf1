#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""millrace as a process: up and down, the file they leave, completion in a real shell, manual pages."""
import contextlib
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from tap import case, main  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
MILLRACE = str(BUILD / "cli/millrace")


class Place:
    """A folder with a state file of its own, in which nobody else's `millrace up` is found."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-command-"))
        self.state = self.folder / "run/up"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")} | {
            "MILLRACE_STATE": str(self.state), "NO_COLOR": "1"}

    def run(self, *words, expect=0, stdin=""):
        done = subprocess.run([MILLRACE, *words], env=self.env, capture_output=True, text=True, input=stdin, timeout=30)
        assert done.returncode == expect, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def close(self):
        self.run("down")
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.folder.rmdir()


@contextlib.contextmanager
def place():
    here = Place()
    try:
        yield here
    finally:
        here.close()


def state(here):
    return dict(line.split("=", 1) for line in here.state.read_text().splitlines())


@case
def up_serves_all_topics_and_schemas_until_down():
    with place() as here:
        ready = json.loads(here.run("up", "--background", "-o", "json").stdout)
        assert ready["schemas"] >= 82 and ready["topics"] > ready["schemas"], ready
        assert state(here) == {"brokers": ready["brokers"], "registry": ready["registry"], "pid": str(ready["pid"])}
        topics = here.run("topics", "list").stdout.splitlines()
        assert len(topics) == ready["topics"] and not any("missing" in line for line in topics), topics
        unchanged = here.run("schema", "register", "--dry-run").stderr
        assert f"{ready['schemas']} unchanged" in unchanged, unchanged
        here.run("down")
        assert not here.state.exists()
        assert "no Kafka brokers given" in here.run("tail", "*", "-e", expect=2).stderr


@case
def a_record_goes_from_an_example_to_tail():
    with place() as here:
        here.run("up", "--background", "--partitions", "3")
        example = here.run("events", "describe", "OrderCreatedEvent", "--example").stdout
        subprocess.run([BUILD / "producers/order-management-producer"], env=here.env, input=example, text=True, check=True,
                       capture_output=True, timeout=30)
        given, shown = json.loads(example), json.loads(here.run("tail", "OrderCreatedEvent", "-e").stdout)
        assert shown["event_id"] == given["event_id"] and shown["data"]["order_id"] == given["data"]["order_id"]
        whole = json.loads(here.run("tail", "*", "-eJ", "-k", given["correlation_id"]).stdout)
        assert whole["key"] == given["correlation_id"] and whole["value"] == shown, whole
        assert whole["headers"]["ce_id"] == given["event_id"], whole
        assert "did you mean 'OrderCreatedEvent'?" in here.run("tail", "OrderCreatdEvent", "-e", expect=2).stderr


@case
def its_file_is_for_its_owner_alone():
    with place() as here:
        here.run("up", "--background")
        assert stat.S_IMODE(here.state.stat().st_mode) == 0o600
        assert stat.S_IMODE(here.state.parent.stat().st_mode) == 0o700


@case
def a_second_up_is_refused_with_the_number_of_the_first():
    with place() as here:
        first = json.loads(here.run("up", "--background", "-o", "json").stdout)
        refused = here.run("up", expect=1)
        assert f"one is running already, as process {first['pid']}" in refused.stderr, refused.stderr
        assert state(here)["pid"] == str(first["pid"])


@case
def what_a_killed_one_left_is_passed_over_and_replaced():
    with place() as here:
        first = json.loads(here.run("up", "--background", "-o", "json").stdout)
        os.kill(first["pid"], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while "no 'millrace up' is running" not in here.run("down").stderr:
            assert time.monotonic() < deadline
        assert here.state.exists()
        assert "no Kafka brokers given" in here.run("tail", "*", "-e", expect=2).stderr
        second = json.loads(here.run("up", "--background", "-o", "json").stdout)
        assert state(here)["pid"] == str(second["pid"]) != str(first["pid"])


@case
def the_terminals_hangup_and_interrupt_end_it_cleanly():
    for number in (signal.SIGINT, signal.SIGHUP):
        with place() as here:
            up = subprocess.Popen([MILLRACE, "up"], env=here.env, stdout=subprocess.PIPE, text=True)
            assert "ready after" in up.stdout.readline()
            up.send_signal(number)
            assert up.wait(10) == 0
            up.stdout.close()
            assert not here.state.exists()


@case
def topics_check_tells_what_is_wrong_with_a_file():
    with place() as here:
        good = (ROOT / "topics.yaml").read_text()
        schemas = str(ROOT / "schemas/avro")

        def check(text, status):
            path = here.folder / "topics.yaml"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            done = here.run("topics", "check", str(path), "--schemas", schemas, expect=status)
            return done.stderr if status == 0 else done.stdout.replace(str(path), "FILE")

        n_topics = good.count("- topic:") + good.count("- service:")  # and dead letters
        assert n_topics >= 116 and f"{n_topics} topics" in check(good, 0)
        assert f"{n_topics} topics" in check("\ufeff" + good.replace("\n", "\r\n"), 0)
        line = good[:good.index("retention: 14d")].count("\n") + 1
        said = check(good.replace("retention: 14d", "retnetion: 14d", 1), 100)
        assert said.startswith(f"FILE:{line}:") and said.endswith("did you mean 'retention'?\n"), said
        said = check(good.replace("festivo-ticket\n", "festivo-tickets\n", 1), 100)
        assert "festivo-tickets/ticket.purchased.v1.avsc is missing" in said and "did you mean 'festivo-tickets'?" in said, said
        for text, said in (("", "FILE:1:1: the file is empty\n"), ("a: [1", "FILE:2:1: not YAML: did not find expected ',' or ']'\n"),
                           (b"a: \xff", "FILE:1:4: not YAML: invalid leading UTF-8 octet\n"),
                           (b"#" * (1 << 20) + b"#", "FILE:1:1: cannot be read: it is larger than 1 MiB\n")):
            assert check(text, 100) == said, check(text, 100)
        assert "cannot be read: Is a directory" in here.run("topics", "check", str(here.folder), expect=2).stdout
        assert "cannot be read: No such file" in here.run("topics", "check", "nowhere.yaml", expect=2).stdout
        assert "one FILE at a time" in here.run("topics", "check", "a", "b", expect=2).stderr


@case
def simulate_gives_events_of_each_service_that_publishes_and_refuses_others():
    with place() as here:
        services = {}
        for event in json.loads(here.run("events", "-o", "json").stdout):
            services.setdefault(event["platform"], set()).add(event["service"])
        assert sum(len(names) for names in services.values()) == 16, services
        for platform, names in services.items():
            for name in names:
                assert here.run("simulate", platform, "-n", "1", "--service", name).stdout.count("\n") == 1
        said = here.run("simulate", "ticketwave", "-n", "1", "--service", "ticketwave-bookin", expect=2).stderr
        assert "publishes nothing on ticketwave: did you mean 'ticketwave-booking'?" in said, said
        here.run("simulate", "ticketwave", "-n", "1", "--service", "order-management", expect=2)


@case
def simulate_gives_the_same_bytes_for_the_same_seed():
    with place() as here:
        for platform in ("bookings", "festivo", "first-viscount", "product-management", "ticketwave"):
            for _ in range(2):  # the day may change in between, once
                one, two, other = (here.run("simulate", platform, "-n", "50", "--seed", seed).stdout for seed in ("7", "7", "8"))
                if one == two:
                    break
            assert one == two != other, platform


@case
def down_without_up_is_no_failure():
    with place() as here:
        assert "no 'millrace up' is running" in here.run("down").stderr


@case
def tail_ends_quietly_when_its_reader_leaves_and_when_it_is_told_to():
    with place() as here:
        here.run("up", "--background")
        files = here.run("simulate", "product-management", "-n", "2000").stdout
        subprocess.run([BUILD / "producers/product-management-producer"], env=here.env, input=files, text=True, check=True,
                       capture_output=True, timeout=30)
        words = f"'{MILLRACE}' tail 'product-management.*'"
        done = subprocess.run(["sh", "-c", f"{words} | head -n 1"], env=here.env, capture_output=True, text=True, timeout=30)
        assert done.stdout.count("\n") == 1 and done.stderr == "", done
        tail = subprocess.Popen([MILLRACE, "tail", "product-management.*", "-f", "%o\n"], env=here.env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert tail.stdout.readline() == "0\n"
        tail.send_signal(signal.SIGINT)
        rest, said = tail.stdout.read(), tail.stderr.read()
        assert tail.wait(10) == 0 and said == "", (tail.returncode, said)
        assert rest == "" or rest.endswith("\n"), rest[-80:]
        tail.stdout.close()
        tail.stderr.close()


def completed(*words):
    """What bash offers after these words."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = (f"source <('{MILLRACE}' completion bash); COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
              "_millrace; printf '%s\\n' \"${COMPREPLY[@]}\"")
    env = os.environ | {"PATH": f"{BUILD / 'cli'}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", script], env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout.split()


@case
def a_reject_file_that_cannot_be_written_stops_the_producer():
    for path, why in (("/dev/full", "No space left"), ("/no/such/folder/rejects", "No such file")):
        words = [BUILD / "producers/order-management-producer", "--dry-run", "--rejects", path]
        done = subprocess.run(words, input="[]\n", capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and f"{path}: cannot be written: {why}" in done.stderr, done


@case
def a_summary_that_cannot_be_written_is_told():
    words = [BUILD / "producers/order-management-producer", "--dry-run", "--json"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "cannot write: No space left" in done.stderr, done


@case
def brokers_that_do_not_answer_are_named_with_what_went_wrong():
    with place() as here:
        for words in (["topics", "create", "-n"], ["tail", "*", "-r", "http://127.0.0.1:1"]):
            for brokers in (["-b", "127.0.0.1:1"], ["-b", "127.0.0.1:2", "-X", "bootstrap.servers=127.0.0.1:1"]):
                told = here.run(*words, *brokers, expect=1).stderr
                assert "127.0.0.1:1 does not answer" in told, told


@case
def output_that_cannot_be_written_is_told_once():
    with place() as here:
        for words in (["--version"], ["help"], ["avro", "--help"], ["tail", "--help"], ["man"], ["events"], ["topics", "list", "-o", "json"],
                      ["events", "describe", "TicketPurchased", "--example"], ["simulate", "festivo", "-n", "3"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([MILLRACE, *words], env=here.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
            lines = done.stderr.splitlines()
            assert done.returncode == 1 and len(lines) == 1 and "cannot write" in lines[0], (words, done)


@case
def a_consumers_wrong_options_are_refused_with_what_is_right():
    for words, text in (
        (["--inbox-window", "3"], "must be a duration with its unit"),
        (["--stuck-after", "0"], "--stuck-after must be at least 1 s"),
        (["--group", ""], "--group is empty"),
        (["--store", "sqllite:x.db"], "no store of kind 'sqllite': give sqlite:PATH or postgresql://..."),
        (["--store", "sqlite:x.db", "-X", "auto.offset.reset=latest"], "--gap what to do when unread records are gone"),
    ):
        with tempfile.TemporaryDirectory() as here:
            done = subprocess.run([BUILD / "consumers" / "ticketwave-payment-consumer", "-b", "127.0.0.1:1", "-r", "http://127.0.0.1:1",
                                   *words], capture_output=True, text=True, timeout=30, cwd=here)
            assert done.returncode == 2 and text in done.stderr, (words, done)


@case
def the_help_of_each_program_says_what_may_be_typed_as_it_is():
    for folder in ("producers", "consumers"):
        for program in sorted((BUILD / folder).glob(f"*-{folder[:-1]}")):
            said = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
            examples = [line for line in said.split("Examples:\n")[1].splitlines() if not line.startswith("  #")]
            assert len(examples) > 1 and all(line.startswith(f"  {program.name} -") for line in examples), (program.name, examples)
            assert "Exit status: 0" in said, program.name


@case
def bash_completes_verbs_topics_options_and_choices():
    assert completed("millrace", "topi") == ["topics"]
    assert {"create", "describe", "list"} <= set(completed("millrace", "topics", ""))
    assert completed("millrace", "tail", "order-management.order.cre") == ["order-management.order.created.v1"]
    assert completed("millrace", "tail", "x", "--corr") == ["--correlation"]
    assert completed("millrace", "events", "-o", "y") == ["yaml"]
    assert completed("millrace", "no-such-verb", "") == []


@case
def manual_pages_have_no_roff_mistake():
    with place() as here:
        pages = sorted(path for folder in ("cli/man1", "producers", "consumers") for path in (BUILD / folder).glob("*.1"))
        assert len(pages) > 10 + 16 + 6, pages
        one = here.run("man", "tail").stdout
        assert one == (BUILD / "cli/man1/millrace-tail.1").read_text()
        assert one == here.run("tail", "--man").stdout
        assert ".SH SYNOPSIS" in one and "\\-\\-correlation" in one
        for page in pages:  # what starts a line with a dot or a quote is a request to roff
            for line in page.read_text().splitlines():
                assert not line.startswith("'") and (not line.startswith(".") or line.split()[0] in (
                    ".TH", ".SH", ".TP", ".PP")), f"{page.name}: {line}"


main()
