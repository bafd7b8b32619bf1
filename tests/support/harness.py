# SPDX-License-Identifier: Apache-2.0
"""What an integration test may use: see the example at the top of docs/testing.md.

A test is a function with @test in tests/integration/test_*.py, named by a sentence. It gets `t`, whose
members start what they need when they are first read. A test that returns has passed.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

import components
from components import Missing, free_port, stop_process, wait_for
from lines import lines_of

__all__ = ["Missing", "Skipped", "T", "free_port", "http", "test", "wait_for"]

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD") or SOURCE / "build").resolve()
SHARED = pathlib.Path(os.environ.get("MILLRACE_SHARED") or SOURCE.parent / "shared").resolve()
DEADLINE = 60  # seconds that one program may run unless a test says otherwise


class Skipped(Exception):
    """The test cannot run here, which is allowed outside CI only."""


def test(function):
    function.is_test = True
    return function


class Done:
    """What a finished program left: status, out and err (texts), seconds."""

    def __init__(self, argv, status, out, err, seconds):
        self.argv, self.status, self.out, self.err, self.seconds = argv, status, out, err, seconds

    def lines(self):
        return lines_of(self.out)

    def json_lines(self):
        return [json.loads(line) for line in self.lines()]


class Running:
    """A program that a test started; killed at the test's end if it still runs."""

    def __init__(self, argv, folder, env, stdin):
        self.argv = argv
        name = f"{len(list(folder.iterdir())):03d}-{pathlib.Path(argv[0]).name}"
        self.out_path, self.err_path = folder / f"{name}.out", folder / f"{name}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=err, env=env, cwd=folder,
                                            preexec_fn=components.die_with_parent)
        self.pid = self.process.pid
        self.started = time.monotonic()

    def out(self):
        return self.out_path.read_text(errors="replace")

    def err(self):
        return self.err_path.read_text(errors="replace")

    def write(self, text):
        """Give text to its standard input (start it with stdin=subprocess.PIPE)."""
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)
        self.process.stdin.flush()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def wait_for(self, text, seconds=30):
        """Wait until its standard output or error contains text."""
        def probe():
            if text in self.out() or text in self.err():
                return True
            if self.process.poll() is not None and text not in self.out() + self.err():
                raise AssertionError(f"{self.describe()} ended before it said {text!r}")
            return False
        wait_for(probe, seconds, f"{self.describe()} says {text!r}")

    def wait(self, seconds=DEADLINE):
        """Wait for its end; a Done, or a failure that shows what it said."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.describe()} ran longer than {seconds} s\n{self.err()[-2000:]}") from None
        return Done(self.argv, status, self.out(), self.err(), time.monotonic() - self.started)

    def describe(self):
        return " ".join(str(word) for word in self.argv)


def http(method, url, body=None, headers=None, seconds=10):
    """One request; (status, parsed JSON or text). A status of 400 and more is an answer, not an error."""
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} | (headers or {}),
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode(errors="replace")


class Suite:
    """Components shared by all tests of one run; stopped when the run ends, whatever ended it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-integration-"))
        self.made = {}

    def component(self, variable, kind):
        """The address in the environment variable if it is set, else that of one we start."""
        if os.environ.get(variable):
            return os.environ[variable]
        if variable not in self.made:
            made = kind(self.folder / kind.__name__)
            try:
                self.made[variable] = (made, made.start())
            except Missing as missing:
                made.stop()
                self.made[variable] = (made, missing)
        address = self.made[variable][1]
        if isinstance(address, Missing):
            raise address
        return address

    def stop(self):
        for made, _ in self.made.values():
            made.stop()
        if os.environ.get("MILLRACE_KEEP"):
            print(f"# logs kept in {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class T:
    """One test's view: its own folder, a prefix for names that others must not share, its programs."""

    def __init__(self, suite, name):
        self.suite, self.name = suite, name
        self.folder = suite.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prefix = "t" + uuid.uuid4().hex[:10]
        self.running = []
        self.starting = threading.Lock()  # a test may start programs from several threads

    # Components, started when first read.
    @property
    def kafka(self):
        """Bootstrap address of Apache Kafka."""
        return self.suite.component("MILLRACE_TEST_KAFKA", components.Kafka)

    @property
    def second_registry(self):
        """URL of a registry that is not ours; shared, so name subjects with t.prefix."""
        return self.suite.component("MILLRACE_TEST_SECOND_REGISTRY", components.SecondRegistry)

    @property
    def postgres(self):
        """The PostgreSQL server of the run (components.PostgreSQL); take a schema by t.schema()."""
        self.suite.component("MILLRACE_TEST_POSTGRES", components.PostgreSQL)
        return self.suite.made["MILLRACE_TEST_POSTGRES"][0]

    def fresh_postgres(self):
        """A server of this test's own, to stop and to break."""
        made = components.PostgreSQL(self.folder / f"postgres-{len(self.running)}")
        self.running.append(made)
        made.start()
        return made

    def fresh_registry(self, compatibility="BACKWARD"):
        """URL of a second registry of this test's own, empty."""
        made = components.SecondRegistry(self.folder / f"registry-{len(self.running)}")
        self.running.append(made)
        return made.start(compatibility=compatibility)

    def cluster(self):
        """Kafka with all topics, our registry with all schemas; the environment that leads every program to them."""
        registry = self.start("millrace", "registry", "serve", "--listen", "127.0.0.1:0")
        registry.wait_for("event=listening")
        address = registry.err().split("address=")[1].split()[0]
        env = {"MILLRACE_BROKERS": self.kafka, "MILLRACE_REGISTRY": f"http://{address}"}
        self.run("millrace", "schema", "register", env=env)
        self.run("millrace", "topics", "create", env=env)
        return env

    # Programs.
    def binary(self, name):
        """Path of a built program ("millrace", "order-producer"), else of one in PATH; a pathlib.Path is one already.
        What is installed goes before what only tests have."""
        if isinstance(name, pathlib.Path):
            return str(name)
        for path in [*(BUILD / folder / name for folder in ("cli", "producers", "consumers")), *BUILD.rglob(name)]:
            if path.is_file() and os.access(path, os.X_OK):
                return str(path)
        found = shutil.which(name)
        if found is None:
            raise Missing(f"{name}: not built in {BUILD}, nor in PATH")
        return found

    def start(self, name, *args, env=None, stdin=subprocess.DEVNULL):
        argv = [self.binary(name), *map(str, args)]
        own = {"NO_COLOR": "1", "MILLRACE_STATE": str(self.folder / "up")}  # no other run's `millrace up`
        with self.starting:
            running = Running(argv, self.folder, os.environ | own | (env or {}), stdin)
            self.running.append(running)
        return running

    def run(self, name, *args, stdin="", env=None, seconds=DEADLINE, expect=0):
        """Run to the end and check its exit status (expect=None: any)."""
        with tempfile.TemporaryFile() as given:
            given.write(stdin.encode() if isinstance(stdin, str) else stdin)
            given.seek(0)
            done = self.start(name, *args, env=env, stdin=given).wait(seconds)
        if expect is not None and done.status != expect:
            raise AssertionError(f"{name} {' '.join(map(str, args))}: exit {done.status}, not {expect}\n"
                                 f"{done.err[-3000:]}")
        return done

    def kafka_tool(self, name, *args):
        """One of Kafka's own command-line classes, such as TopicCommand."""
        return components.Kafka(self.folder).tool(name, *args)

    # Files.
    def path(self, name, text=None):
        """A path in this test's folder, written when text is given."""
        path = self.folder / name
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def shared(self, name):
        """A path among the contracts and corpora beside the project."""
        if not SHARED.is_dir():
            kind = Missing if os.environ.get("CI") else Skipped
            raise kind(f"{SHARED}: the contracts and corpora are not here (docs/testing.md)")
        return SHARED / name

    def close(self):
        for one in reversed(self.running):
            with contextlib.suppress(ProcessLookupError):
                one.kill() if isinstance(one, Running) else one.stop()


@contextlib.contextmanager
def deadline(seconds):
    """End the whole run when one test hangs in Python itself; programs have deadlines of their own."""
    def bark():
        print(f"Bail out! a test ran longer than {seconds} s", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    timer = threading.Timer(seconds, bark)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def stop_on_signals():
    """Ctrl-C and SIGTERM unwind like an exception, so that everything is stopped."""
    def unwind(number, _frame):
        raise KeyboardInterrupt(signal.Signals(number).name)
    signal.signal(signal.SIGTERM, unwind)
    signal.signal(signal.SIGINT, unwind)
    sys.stdout.reconfigure(line_buffering=True)


def alone(name, run):
    """A program of its own on the components: the exit status of run(t), whose mistakes, as texts, are said."""
    stop_on_signals()
    suite = Suite()
    t = T(suite, name)
    try:
        mistakes = run(t)
    except (Missing, AssertionError, TimeoutError) as error:
        mistakes = [str(error)]
    finally:
        t.close()
        suite.stop()
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 1 if mistakes else 0
