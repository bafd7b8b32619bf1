# SPDX-License-Identifier: Apache-2.0
"""The registry's server and client as programs: on its own, against a registry of others, behind TLS."""
import json
import pathlib
import signal
import time

import tls_front
from harness import http, test, wait_for

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas/avro"
N_SCHEMAS = len(list(SCHEMAS.glob("*/*.avsc")))


def serve(t, *options):
    """Our registry on a free port: (running, url)."""
    address = t.path("address")
    address.unlink(missing_ok=True)
    running = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, *options)
    running.wait_for("event=listening")
    return running, "http://" + address.read_text().strip()


def register(t, url, *options, expect=0, env=None):
    return t.run("millrace", "schema", "register", "-r", url, *options, expect=expect, env=env)


def brings_all(t, url):
    plan = register(t, url, "--dry-run", "-o", "json", expect=3)
    assert {one["outcome"] for one in json.loads(plan.out)} == {"new"}, plan.out
    assert not http("GET", url + "/subjects")[1], "a dry run changes nothing"  # others say null for none
    register(t, url, SCHEMAS)
    subjects = http("GET", url + "/subjects")[1]
    assert len(subjects) == N_SCHEMAS, subjects
    one = "order-management.order.created.v1-value"
    assert one in subjects
    assert http("GET", f"{url}/config/{one}")[1]["compatibilityLevel"] == "FULL_TRANSITIVE"
    again = register(t, url, "--dry-run", "-o", "json", SCHEMAS)
    assert {one["outcome"] for one in json.loads(again.out)} == {"unchanged"}, again.out


def refuses_a_break_and_takes_an_addition(t, url):
    name = "order-management/order.created.v1.avsc"
    schema = json.loads((SCHEMAS / name).read_text())
    file = t.folder / "changed" / name
    file.parent.mkdir(parents=True)
    schema["fields"].append({"name": "added", "type": "string"})
    file.write_text(json.dumps(schema))
    refused = register(t, url, file, "-o", "json", expect=1)
    outcome = json.loads(refused.out)[0]
    assert outcome["outcome"] == "refused" and "added" in outcome["why"], outcome
    schema["fields"][-1]["default"] = ""
    file.write_text(json.dumps(schema))
    plan = json.loads(register(t, url, file, "-n", "-o", "json", expect=3).out)[0]
    assert (plan["outcome"], plan["version"]) == ("added", 2), plan
    done = json.loads(register(t, url, file, "-o", "json").out)[0]
    assert (done["outcome"], done["version"]) == ("added", 2), done


def reads_by_id_with_references(t, url):
    def post(subject, schema, *references):
        body = {"schema": json.dumps(schema), "references": list(references)}
        status, answer = http("POST", f"{url}/subjects/{subject}/versions", body)
        assert status == 200, answer
        return answer["id"]
    post("inner", {"type": "enum", "name": "n.E", "symbols": ["X"]})
    record = {"type": "record", "name": "n.R", "fields": [{"name": "e", "type": "n.E"}]}
    number = post("outer", record, {"name": "n.E", "subject": "inner", "version": 1})
    shown = t.run("millrace", "avro", "canonical", "--id", number, "-r", url)
    assert json.loads(shown.out)["fields"][0]["type"]["symbols"] == ["X"], shown.out
    absent = t.run("millrace", "avro", "canonical", "--id", 99999, "-r", url, expect=None)
    assert absent.status != 0 and "404" in absent.err, absent.err


@test
def our_registry_takes_all_schemas_and_judges_changes(t):
    _, url = serve(t)
    brings_all(t, url)
    refuses_a_break_and_takes_an_addition(t, url)
    reads_by_id_with_references(t, url)


@test
def a_registry_of_others_takes_all_schemas_and_judges_changes(t):
    url = t.fresh_registry()
    brings_all(t, url)
    refuses_a_break_and_takes_an_addition(t, url)
    reads_by_id_with_references(t, url)


@test
def the_server_says_where_it_listens_and_ends_on_a_signal(t):
    for number in (signal.SIGTERM, signal.SIGINT):
        running, url = serve(t, "--compatibility", "FULL")
        assert http("GET", url + "/config")[1] == {"compatibilityLevel": "FULL"}
        busy = t.run("millrace", "registry", "serve", "-l", url.removeprefix("http://"), expect=1)
        assert "another program has this port" in busy.err, busy.err
        before = time.monotonic()
        running.signal(number)
        assert running.wait(10).status == 0
        assert time.monotonic() - before < 3


@test
def the_next_registry_is_asked_when_the_first_is_down(t):
    _, url = serve(t)
    register(t, f"http://127.0.0.1:1,{url}", "order-management")
    down = register(t, "http://127.0.0.1:1", "order-management", expect=1)
    assert "does not answer" in down.err, down.err


@test
def an_unknown_authority_is_refused_and_a_known_one_accepted(t):
    _, plain = serve(t)
    tls_front.make_authority(t.folder)
    tls_front.make_certificate(t.folder, "server", "IP:127.0.0.1")
    _, url = tls_front.start(plain, t.folder, "server")
    refused = register(t, url, "order-management", expect=1)
    assert "is not trusted" in refused.err and "--registry-ca" in refused.err, refused.err
    assert http("GET", plain + "/subjects")[1] == []
    register(t, url, "order-management", "--registry-ca", t.folder / "ca.pem")
    assert len(http("GET", plain + "/subjects")[1]) > 0


@test
def a_certificate_for_another_host_is_refused_unless_verification_is_off(t):
    _, plain = serve(t)
    tls_front.make_authority(t.folder)
    tls_front.make_certificate(t.folder, "server", "DNS:elsewhere.example")
    _, url = tls_front.start(plain, t.folder, "server")
    refused = register(t, url, "order-management", "--registry-ca", t.folder / "ca.pem", expect=1)
    assert "is not trusted" in refused.err, refused.err
    register(t, url, "order-management", "--registry-insecure")


@test
def a_client_certificate_opens_what_asks_for_one(t):
    _, plain = serve(t)
    tls_front.make_authority(t.folder)
    tls_front.make_certificate(t.folder, "server", "IP:127.0.0.1")
    tls_front.make_certificate(t.folder, "client", "DNS:client")
    _, url = tls_front.start(plain, t.folder, "server", client_authority="ca")
    ca = ("--registry-ca", t.folder / "ca.pem")
    register(t, url, "order-management", *ca, expect=1)
    register(t, url, "order-management", *ca, "--registry-cert", t.folder / "client.pem",
             "--registry-key", t.folder / "client.key")


@test
def requests_under_way_are_answered_before_the_end(t):
    running, url = serve(t)
    for number in range(50):
        http("POST", f"{url}/subjects/s{number}/versions", {"schema": '"string"'})
    running.signal()
    assert running.wait(10).status == 0
    wait_for(lambda: "event=stopping" in running.err(), 2, "the end is told")
