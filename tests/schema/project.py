# SPDX-License-Identifier: Apache-2.0
"""A small project of two topics in a folder of its own, with git around it, for tests of `millrace schema`."""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import shop  # noqa: E402
from tap import case, main  # noqa: E402,F401 (its folder is added above; tests take both from here)

MILLRACE, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])

TOPICS = shop.head("FULL_TRANSITIVE") + """\
services:
  - service: stock-keeper
    platform: shop
    topics:
      - topic: stock.ran-low.v1
        event: STOCK_RAN_LOW
        key: Article
        time: At
        consumers: [stock-keeper, stock-buyer]
      - topic: stock.came-in.v1
        event: STOCK_CAME_IN
        key: Article
        time: At
        consumers: [stock-keeper]
  - service: stock-buyer
    platform: shop
"""
OPTIONAL = {"type": ["null", "string"], "default": None}
ENVELOPE = json.loads((pathlib.Path(SOURCE) / "schemas/avro/order-management/order.created.v1.avsc").read_text())["fields"][:-1]


def event(name, *fields):
    data = [{"name": "Article", "type": "string", "minLength": 1, "doc": "The article."},
            {"name": "At", "type": {"type": "long", "logicalType": "timestamp-micros"}, "doc": "When."}, *fields]
    return {"type": "record", "name": name, "namespace": "millrace.stock_keeper.stock", "doc": "Shop: an event.",
            "fields": [*copy.deepcopy(ENVELOPE),
                       {"name": "data", "doc": "The event.",
                        "type": {"type": "record", "name": name + "Data", "doc": "Its data.", "fields": data}}]}


LEVEL = {"name": "Level", "type": "long", "minimum": 0, "doc": "What is left."}
NOTE = {"name": "Note", "type": ["null", "string"], "default": None, "doc": "A remark."}
RAN_LOW, CAME_IN = "stock-keeper/stock.ran-low.v1", "stock-keeper/stock.came-in.v1"


class Project:
    """with Project() as p: p.path is a committed git repository on branch main."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="millrace-schema-")
        self.path = pathlib.Path(self.holder.name) / "project"
        self.schemas = self.path / "schemas" / "avro"
        self.topics(TOPICS)
        self.schema(RAN_LOW, event("StockRanLow", LEVEL, NOTE))
        self.schema(CAME_IN, event("StockCameIn"))
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.cleanup()

    def topics(self, text):
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "topics.yaml").write_text(text)

    def file(self, name):
        return self.schemas / (name + ".avsc")

    def schema(self, name, schema):
        """Writes it in the common layout, or as it is when it is text."""
        path = self.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = schema if isinstance(schema, str) else layout(schema)
        path.write_text(text)

    def change(self, name, function):
        """Applies function to the list of data's fields, or to the whole event when it takes two."""
        schema = json.loads(self.file(name).read_text())
        function(schema["fields"][-1]["type"]["fields"])
        self.schema(name, schema)

    def git(self, *args):
        done = subprocess.run(["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *args],
                              cwd=self.path, capture_output=True, text=True, env=clean())
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def run(self, *args, cwd=None, env=None):
        return subprocess.run([MILLRACE, "schema", *args], cwd=cwd or self.path, capture_output=True, text=True,
                              env={**clean(), **(env or {})})

    def check(self, *args, against="main", status=None, **rest):
        done = self.run("check", "--against", against, "--error-format", "json", *args, **rest)
        assert done.returncode in (0, 100), done.stderr
        if status is not None:
            assert done.returncode == status, done.stdout + done.stderr
        return json.loads(done.stdout)["findings"]

    def rules(self, *args, **rest):
        return sorted({finding["rule"] for finding in self.check(*args, **rest)})


def clean():
    """Without what a hook's or a user's git, or a running `millrace up`, would bring along."""
    return {key: value for key, value in os.environ.items()
            if not key.startswith(("GIT_", "MILLRACE_BROKERS", "MILLRACE_REGISTRY"))} | {
                "GIT_CONFIG_GLOBAL": os.devnull, "MILLRACE_STATE": "/nonexistent/up"}


def layout(schema):
    sys.path.insert(0, str(pathlib.Path(SOURCE) / "tests" / "lint"))
    import schema_rules  # the one other writer of the layout
    return schema_rules.render(schema) + "\n"
