# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks on Kafka share: it, the registry and PostgreSQL, orders made by bench_orders, and bench_consume's figures."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import components  # noqa: E402 (its folder is added above)

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", HERE.parents[1] / "build"))
SERVICE = "order-management"


class Bench:
    def __init__(self, folder, brokers, registry, postgres):
        self.folder, self.brokers, self.registry, self.postgres = folder, brokers, registry, postgres
        self.n_stores = 0

    def make(self, *numbers):
        """Orders: N [RATE [POISON]]."""
        subprocess.run([BUILD / "tests/bench/bench_orders", self.brokers, self.registry, *map(str, numbers)], check=True)

    def store(self, kind):
        """A new one: a path, or the URL of a schema."""
        self.n_stores += 1
        name = f"bench_{self.n_stores}_{os.getpid()}"
        return self.postgres.schema(name) if kind == "PostgreSQL" else str(self.folder / f"{name}.db")

    def words(self, program, kind, n):
        return [BUILD / "tests/bench/bench_consume", program, self.brokers, self.registry, self.store(kind), str(n)]

    def consume(self, program, kind, n):
        return figures(self.words(program, kind, n), n)

    def follow(self, kind, n, *pace):
        """Delays of n orders that are made at a pace."""
        with subprocess.Popen(self.words("follow", kind, n), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            for line in running.stderr:
                if "event=assigned" in line:
                    break
            self.make(n, *pace)
            out, err = running.communicate(timeout=120)
        if running.returncode != 0:
            raise RuntimeError(f"bench_consume: exit {running.returncode}: {err[-2000:]}")
        return json.loads(out)


def figures(argv, n):
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    if found["events"] != n:
        raise RuntimeError(f"{argv[0]}: {found['events']} of {n} events")
    return found


@contextlib.contextmanager
def log(service, brokers=None):
    """A folder, and the environment of Kafka and registry with a service's topics and schemas. Kafka is a new one, or an empty one
    that runs already."""
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        if not brokers:
            kafka = components.Kafka(folder / "kafka")
            stack.callback(kafka.stop)
            brokers = kafka.start()
        where = folder / "registry-address"
        registry = subprocess.Popen([BUILD / "cli/millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", where],
                                    stderr=subprocess.DEVNULL)
        stack.callback(components.stop_process, registry)
        address = "http://" + components.wait_for(lambda: where.exists() and where.read_text().strip(), 5, "our registry")
        env = os.environ | {"MILLRACE_BROKERS": brokers, "MILLRACE_REGISTRY": address}
        for words in (["schema", "register", service], ["topics", "create", service]):
            subprocess.run([BUILD / "cli/millrace", *words], env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield folder, env


@contextlib.contextmanager
def cluster(brokers=None):
    """The same with PostgreSQL."""
    with log(SERVICE, brokers) as (folder, env), contextlib.ExitStack() as stack:
        postgres = components.PostgreSQL(folder / "postgres")
        stack.callback(postgres.stop)
        postgres.start()
        yield Bench(folder, env["MILLRACE_BROKERS"], env["MILLRACE_REGISTRY"], postgres)
