# SPDX-License-Identifier: Apache-2.0
"""Registries for tests of copy and verify: ours on a free port, filled over HTTP."""
import contextlib
import http.client
import json
import pathlib
import signal
import subprocess
import time


@contextlib.contextmanager
def serving(millrace, folder, name, *words):
    """Our registry: its URL."""
    address = pathlib.Path(folder) / f"{name}.address"
    process = subprocess.Popen([millrace, "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, *words],
                               stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not (address.exists() and address.read_text().endswith("\n")):
            assert process.poll() is None and time.monotonic() < deadline, "the registry does not begin"
            time.sleep(0.002)
        yield "http://" + address.read_text().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


class Client:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def do(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        assert status == 200, (method, path, status, answer)
        return answer

    def register(self, subject, schema, **more):
        return self.do("POST", f"/subjects/{subject}/versions", {"schema": json.dumps(schema), **more})["id"]


def enum(name, *symbols):
    return {"type": "enum", "name": name, "symbols": list(symbols) or ["X"]}


def fill(client, contexts=True):
    """A bit of everything: references, soft deletion, an id gone for good, contexts, settings."""
    client.register("z-base", enum("shop.Colour"))
    client.register("a-refers", {"type": "record", "name": "Paint", "fields": [{"name": "colour", "type": "shop.Colour"}]},
                    references=[{"name": "shop.Colour", "subject": "z-base", "version": 1}])
    client.do("PUT", "/config/many", {"compatibility": "NONE"})
    for i in range(5):
        client.register("many", enum(f"Many{i}"))
    client.do("DELETE", "/subjects/many/versions/2")
    client.do("DELETE", "/subjects/many/versions/4")
    client.do("DELETE", "/subjects/many/versions/4?permanent=true")
    client.do("POST", "/subjects/page/versions", {"schema": '{"type": "object"}', "schemaType": "JSON"})
    client.register("gone", "bytes")
    client.do("DELETE", "/subjects/gone")
    if contexts:
        client.register(":.east:sub-one", enum("East"))
    client.do("PUT", "/config", {"compatibility": "FULL_TRANSITIVE"})
    client.do("PUT", "/mode/a-refers", {"mode": "READONLY"})


def written_as_java(schema):
    """Full names apart, as some registries keep them."""
    if isinstance(schema, dict) and "." in schema.get("name", ""):
        namespace, name = schema["name"].rsplit(".", 1)
        return schema | {"name": name, "namespace": namespace}
    return schema


def picture(client, contexts=True):
    """What can be seen, in a form that is the same for all registries."""
    seen = {"config": client.do("GET", "/config")["compatibilityLevel"], "mode": client.do("GET", "/mode")["mode"]}
    names = {name for name in client.do("GET", "/subjects?deleted=true") if not name.startswith(":.")}
    if contexts:  # some leave the context out of the names that they list within it
        names |= {":.east:" + name.removeprefix(":.east:") for name in client.do("GET", "/contexts/.east/subjects?deleted=true")}
    for name in sorted(names):
        path = name.replace("/", "%2F")
        live = client.ask("GET", f"/subjects/{path}/versions")
        live = live[1] if live[0] == 200 else []
        for number in client.do("GET", f"/subjects/{path}/versions?deleted=true"):
            version = client.do("GET", f"/subjects/{path}/versions/{number}?deleted=true")
            seen[f"{name} {number}"] = (version["id"], written_as_java(json.loads(version["schema"])),
                                        version.get("references") or [], number in live)
        for kind, member in (("config", "compatibilityLevel"), ("mode", "mode")):
            seen[f"{name} {kind}"] = client.ask("GET", f"/{kind}/{path}")[1].get(member)
    return seen
