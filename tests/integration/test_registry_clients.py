# SPDX-License-Identifier: Apache-2.0
"""Registry clients of others against ours: what they ask, the typed errors they raise, and records both ways through Kafka."""
import contextlib

from clients import KINDS, Client, Refused, Unsupported
from harness import test

CONFLUENT_PY, CONFLUENT_JS, KAFKAJS, FRANZ = KINDS
FIRST = '{"type":"record","name":"r","namespace":"n","fields":[{"name":"a","type":"string"}]}'
ADDED = ('{"type":"record","name":"r","namespace":"n","fields":[{"name":"a","type":"string"},'
         '{"name":"b","type":["null","long"],"default":null}]}')
BREAKS = '{"type":"record","name":"r","namespace":"n","fields":[{"name":"a","type":"long"}]}'
REFERS = '{"type":"record","name":"whole","namespace":"m","fields":[{"name":"part","type":"n.r"}]}'
# What the libraries lack; anything else must work, and what is listed here must be missing.
LACKS = {
    CONFLUENT_PY: {},
    CONFLUENT_JS: {"types", "contexts", "subjects_of", "usages", "referenced_by", "reset_level", "mode", "set_mode", "reset_mode"},
    KAFKAJS: {"types", "contexts", "subjects", "guid", "subjects_of", "usages", "versions", "referenced_by", "compatible",
              "level", "set_level", "reset_level", "mode", "set_mode", "reset_mode", "delete_version"},
    FRANZ: {},
}
# kafkajs' registry hands on no error_code, and wraps what it dislikes itself.
ERROR = {CONFLUENT_PY: "SchemaRegistryError", CONFLUENT_JS: "RestError", FRANZ: "ResponseError"}


class Talk:
    """Calls of one client; what it lacks is passed over and noted."""

    def __init__(self, t, name):
        address = t.path("address")
        server = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address)
        server.wait_for("event=listening")
        self.url = "http://" + address.read_text().strip()
        self.name, self.lacked, self.client = name, set(), Client(name, self.url, t.folder)
        t.running.append(self.client)

    def gives(self, wanted, op, **ask):
        """The call returns wanted; of an object, the members that the client shows."""
        with self.noted():
            have = self.client(op, **ask)
            if isinstance(wanted, dict):
                assert have, f"{op}: {have}"
                wanted = {key: value for key, value in wanted.items() if key in have}
                have = {key: have[key] for key in wanted}
            assert wanted is None or have == wanted, f"{self.name}: {op} {ask}: {have}, not {wanted}"
            return have

    def fails(self, status, code, op, **ask):
        with self.noted():
            try:
                have = self.client(op, **ask)
            except Refused as refused:
                assert refused.status == status and refused.code in (code, None), f"{self.name}: {op} {ask}: {refused}"
                assert refused.kind == ERROR.get(self.name, refused.kind), refused
                return
            raise AssertionError(f"{self.name}: {op} {ask}: {have}, not {code}")

    @contextlib.contextmanager
    def noted(self):
        try:
            yield
        except Unsupported as lack:
            self.lacked.add(str(lack))


def registers_and_reads(talk):
    talk.gives([], "subjects")
    assert "AVRO" in (talk.gives(None, "types") or ["AVRO"])
    talk.gives(["."], "contexts")
    talk.gives(1, "register", subject="s-value", schema=FIRST)
    talk.gives(1, "register", subject="s-value", schema=FIRST)
    talk.gives(1, "register", subject="other/ü %-value", schema=FIRST)
    talk.gives(2, "register", subject="s-value", schema=ADDED)
    talk.gives({"schema": ADDED, "references": [], "parsed": "n.r"}, "by_id", id=2)
    talk.gives({"id": 1, "version": 1, "schema": FIRST}, "version", subject="s-value", version=1)
    talk.gives({"id": 2, "version": 2, "schema": ADDED}, "version", subject="s-value", version="latest")
    talk.gives({"id": 1, "version": 1}, "lookup", subject="other/ü %-value", schema=FIRST)
    talk.gives([1, 2], "versions", subject="s-value")
    talk.gives(["other/ü %-value", "s-value"], "subjects")
    talk.gives(["other/ü %-value", "s-value"], "subjects_of", id=1)
    talk.gives([{"subject": "s-value", "version": 2}], "usages", id=2)
    guid = talk.gives(None, "guid", subject="s-value", schema=ADDED)
    if "guid" not in LACKS[talk.name]:
        talk.gives(ADDED, "by_guid", guid=guid)
    talk.fails(404, 40403, "by_id", id=99)
    talk.fails(404, 40401, "version", subject="none", version=1)
    talk.fails(404, 40402, "version", subject="s-value", version=9)
    talk.fails(422, 42201, "register", subject="s-value", schema='{"type":"strin"}') if talk.name != KAFKAJS else None


def judges_changes(talk):
    talk.gives(True, "compatible", subject="s-value", schema=ADDED)
    talk.gives(True, "compatible", subject="s-value", version=1, schema=ADDED)
    talk.gives(False, "compatible", subject="s-value", version="latest", schema=BREAKS)
    talk.fails(409, 409, "register", subject="s-value", schema=BREAKS)
    talk.fails(404, 40403, "lookup", subject="s-value", schema=BREAKS) if talk.name != KAFKAJS else None
    talk.gives("BACKWARD", "level")
    talk.fails(404, 40408, "level", subject="s-value")
    talk.gives("NONE", "set_level", subject="s-value", level="NONE")
    talk.gives("NONE", "level", subject="s-value")
    if "set_level" not in LACKS[talk.name]:
        talk.gives(3, "register", subject="s-value", schema=BREAKS)
    talk.gives("FULL", "set_level", level="FULL")
    talk.gives("FULL", "level")
    # franz-go looks for "compatibility" in this answer, as Redpanda has it; Confluent's has "compatibilityLevel".
    talk.gives("" if talk.name == FRANZ else "NONE", "reset_level", subject="s-value")
    if "reset_level" not in LACKS[talk.name]:
        talk.fails(404, 40408, "level", subject="s-value")


def refers(talk):
    reference = {"name": "n.r", "subject": "s-value", "version": 1}
    id = talk.gives(None, "register", subject="whole-value", schema=REFERS, references=[reference])
    talk.gives({"schema": REFERS, "references": [reference], "parsed": "m.whole"}, "by_id", id=id)
    talk.gives([id], "referenced_by", subject="s-value", version=1)
    talk.fails(422, 42206, "delete_version", subject="s-value", version=1)
    talk.fails(422, 42201, "register", subject="q-value", schema=REFERS,
               references=[reference | {"version": 77}]) if talk.name != KAFKAJS else None


def changes_modes(talk):
    talk.gives("READWRITE", "mode")
    talk.fails(404, 40409, "mode", subject="s-value")
    talk.gives("READONLY", "set_mode", subject="s-value", mode="READONLY")
    talk.gives("READONLY", "mode", subject="s-value")
    if "set_mode" not in LACKS[talk.name]:
        talk.fails(422, 42205, "register", subject="s-value", schema='"long"')
    talk.gives("READONLY", "reset_mode", subject="s-value")
    talk.fails(404, 40409, "mode", subject="s-value")


def deletes(talk):
    subject = "other/ü %-value"
    talk.fails(404, 40407, "delete_version", subject=subject, version=1, permanent=True)
    talk.gives(1, "delete_version", subject=subject, version=1)
    if "delete_version" in LACKS[talk.name]:
        return
    talk.fails(404, 40401, "version", subject=subject, version="latest")
    talk.gives({"id": 1, "version": 1}, "version", subject=subject, version=1, deleted=True) if talk.name != FRANZ else None
    talk.gives([1], "delete_subject", subject=subject, permanent=True)
    talk.fails(404, 40401, "delete_subject", subject=subject)
    talk.gives({"schema": FIRST}, "by_id", id=1)
    talk.gives([1], "delete_subject", subject="whole-value")
    talk.fails(404, 40404, "delete_subject", subject="whole-value")


def walk_through(t, name):
    talk = Talk(t, name)
    for part in (registers_and_reads, judges_changes, refers, changes_modes, deletes):
        part(talk)
    assert talk.lacked == set(LACKS[name]), f"{name} lacks {talk.lacked}"


@test
def confluent_python_finds_all_it_asks_for(t):
    walk_through(t, CONFLUENT_PY)


@test
def confluent_javascript_finds_all_it_asks_for(t):
    walk_through(t, CONFLUENT_JS)


@test
def kafkajs_registry_finds_all_it_asks_for(t):
    walk_through(t, KAFKAJS)


@test
def franz_go_finds_all_it_asks_for(t):
    walk_through(t, FRANZ)
