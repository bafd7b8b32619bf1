# SPDX-License-Identifier: Apache-2.0
"""The registry's edge, as clients meet it: TLS, certificates, passwords, tokens, roles, reloads, drains."""
import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import ssl
import threading
import time

import tls_front
from harness import test, wait_for

# "secret", with a setting that takes no time
SECRET = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"
INT = {"schema": '"int"'}
ROLES = """\
admin  *         user:ann
write  orders.*  token:ci cert:maker
read   *         user:bob
"""


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


ANN, BOB, CI = basic("ann:secret"), basic("bob:secret"), "Bearer tok123"


class Edge:
    """A registry with certificates, users, tokens and roles of its own."""

    def __init__(self, t):
        self.t, self.folder = t, t.folder
        tls_front.make_authority(self.folder)
        tls_front.make_authority(self.folder, "other")
        tls_front.make_certificate(self.folder, "server", "IP:127.0.0.1")
        tls_front.make_certificate(self.folder, "maker", "DNS:maker")
        tls_front.make_certificate(self.folder, "stranger", "DNS:stranger", ca="other")
        (self.folder / "users").write_text(f"ann:{SECRET}\nbob:{SECRET}\n")
        (self.folder / "tokens").write_text("ci:" + hashlib.sha256(b"tok123").hexdigest() + "\n")
        (self.folder / "roles").write_text(ROLES)
        address = self.folder / "address"
        path = self.folder.joinpath
        self.running = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address,
                               "--tls-cert", path("server.pem"), "--tls-key", path("server.key"), "--tls-client-ca",
                               path("ca.pem"), "--users", path("users"), "--tokens", path("tokens"), "--roles",
                               path("roles"))
        self.running.wait_for("event=listening")
        self.host, port = address.read_text().strip().rsplit(":", 1)
        self.port = int(port)

    def context(self, certificate=None):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if certificate:
            context.load_cert_chain(self.folder / f"{certificate}.pem", self.folder / f"{certificate}.key")
        return context

    def ask(self, method, path, body=None, who=None, certificate=None):
        """(status, answer, headers)"""
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=20, context=self.context(certificate))
        headers = {"Content-Type": "application/json", **({"Authorization": who} if who else {})}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text), answer.headers

    def status(self, *words, **more):
        return self.ask(*words, **more)[0]


@test
def a_caller_is_known_by_password_token_or_certificate_and_may_do_what_his_role_says(t):
    edge = Edge(t)
    status, answer, headers = edge.ask("GET", "/subjects")
    assert status == 401 and answer["error_code"] == 401, answer
    assert "Basic realm=" in headers["WWW-Authenticate"] and "Bearer" in headers["WWW-Authenticate"], headers
    assert edge.status("GET", "/subjects", who=basic("ann:wrong")) == 401
    assert edge.status("GET", "/subjects", who="Bearer wrong") == 401
    assert edge.status("POST", "/subjects/orders.a/versions", INT, who=CI) == 200
    assert edge.status("POST", "/subjects/orders.b/versions", INT, certificate="maker") == 200
    assert edge.status("POST", "/subjects/pay.a/versions", INT, who=ANN) == 200
    status, answer, _ = edge.ask("POST", "/subjects/pay.b/versions", INT, certificate="maker")
    assert status == 403 and answer["error_code"] == 40301, answer
    assert "cert:CN=maker" in answer["message"] and "pay.b" in answer["message"], answer
    assert edge.status("POST", "/subjects/pay.b/versions", INT, who=BOB) == 403
    assert edge.ask("GET", "/subjects", who=BOB)[1] == ["orders.a", "orders.b", "pay.a"]
    assert edge.ask("GET", "/subjects", who=CI)[1] == ["orders.a", "orders.b"]
    status, answer, _ = edge.ask("GET", "/subjects", certificate="stranger")
    assert status == 401 and "certificate is not accepted" in answer["message"], answer
    log = edge.running.err()
    assert "secret" not in log and "tok123" not in log, log


@test
def a_reload_takes_new_certificates_and_files_and_a_mistake_changes_nothing(t):
    edge = Edge(t)
    assert edge.status("GET", "/subjects", who=BOB) == 200

    def reload(event):
        edge.running.signal(signal.SIGHUP)
        edge.running.wait_for("event=" + event)

    (edge.folder / "roles").write_text(ROLES + "read everything user:bob\nrwite * user:bob\n")
    reload("not-reloaded")
    assert "roles:5:1" in edge.running.err(), edge.running.err()
    assert edge.status("GET", "/subjects", who=BOB) == 200
    (edge.folder / "roles").write_text("admin * user:ann\n")
    tls_front.make_certificate(edge.folder, "second", "IP:127.0.0.1")
    os.replace(edge.folder / "second.pem", edge.folder / "server.pem")
    os.replace(edge.folder / "second.key", edge.folder / "server.key")
    reload("reloaded")
    assert edge.status("GET", "/subjects", who=BOB) == 403
    with edge.context().wrap_socket(socket.create_connection((edge.host, edge.port)),
                                    server_hostname="127.0.0.1") as tls:
        assert (("commonName", "second"),) in tls.getpeercert()["subject"], tls.getpeercert()


@test
def what_other_machines_reach_needs_tls_and_credentials_unless_said_otherwise(t):
    refused = t.run("millrace", "registry", "serve", "-l", "0.0.0.0:0", expect=2)
    assert "neither TLS nor a way to know who they are" in refused.err, refused.err
    users = t.path("users", f"ann:{SECRET}\n")
    refused = t.run("millrace", "registry", "serve", "-l", "0.0.0.0:0", "--users", users, expect=2)
    assert "it has no TLS" in refused.err, refused.err
    t.start("millrace", "registry", "serve", "-l", "0.0.0.0:0", "--insecure").wait_for("event=open")
    refused = t.run("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--users",
                    t.path("bad", "ann:secret\n"), expect=2)
    assert "bad:1:5: no hash that is taken here" in refused.err, refused.err


@test
def clients_that_do_not_speak_tls_or_stop_in_mid_handshake_hold_up_nobody(t):
    edge = Edge(t)
    broken = [socket.create_connection((edge.host, edge.port)) for _ in range(50)]
    for number, one in enumerate(broken):
        one.sendall([b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"", os.urandom(200)][number % 4])
    began = time.monotonic()
    assert edge.status("GET", "/subjects", who=BOB) == 200
    assert time.monotonic() - began < 10
    for one in broken:
        one.close()


@test
def guessing_passwords_holds_up_nobody_who_is_known(t):
    edge = Edge(t)
    slow = "$6$rounds=200000$saltsalt$" + "x" * 86  # matches nothing, and takes its time
    (edge.folder / "users").write_text(f"ann:{SECRET}\nbob:{SECRET}\nslow:{slow}\n")
    edge.running.signal(signal.SIGHUP)
    edge.running.wait_for("event=reloaded")
    assert edge.status("GET", "/subjects", who=BOB) == 200
    statuses, stop = [], threading.Event()

    def guess(number):
        for turn in range(100):
            if stop.is_set():
                return
            statuses.append(edge.status("GET", "/subjects", who=basic(f"slow:{number}.{turn}")))

    guessers = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
    for one in guessers:
        one.start()
    wait_for(lambda: len(statuses) > 2, 30, "guesses are answered")
    worst = 0
    for _ in range(20):
        began = time.monotonic()
        assert edge.status("GET", "/subjects", who=BOB) == 200
        assert edge.status("POST", "/subjects/orders.x/versions", INT, who=CI) == 200
        worst = max(worst, time.monotonic() - began)
    stop.set()
    for one in guessers:
        one.join()
    assert set(statuses) <= {401, 429}, set(statuses)
    assert worst < 10, worst


def plain(t, *options):
    """A registry without TLS: (running, host, port)."""
    address = t.folder / "plain-address"
    running = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, *options)
    running.wait_for("event=listening")
    host, port = address.read_text().strip().rsplit(":", 1)
    return running, host, int(port)


def get(host, port, path):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


@test
def more_slow_clients_than_there_may_be_connections_keep_nobody_out(t):
    _, host, port = plain(t, "--max-connections", "100", "--max-connections-per-address", "100")
    begun = [b"", b"G", b"GET /subjects HTTP/1.1\r\nHost: x\r\nX-Slow: ",
             b"POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"]
    slow = []
    for number in range(400):
        one = socket.create_connection((host, port))
        try:
            one.sendall(begun[number % len(begun)])
        except OSError:
            pass  # cut already
        slow.append(one)
        if number % 50 == 0:
            began = time.monotonic()
            assert get(host, port, "/subjects") == (200, b"[]")
            assert time.monotonic() - began < 10
    assert get(host, port, "/subjects") == (200, b"[]")
    metrics = get(host, port, "/metrics")[1].decode()
    cut = next(line for line in metrics.splitlines() if 'cut_total{why="room"}' in line)
    assert int(cut.split()[-1]) >= 300, cut
    for one in slow:
        one.close()


@test
def a_stop_answers_what_is_under_way_and_takes_nothing_new(t):
    running, host, port = plain(t)
    body = json.dumps(INT).encode()
    late = socket.create_connection((host, port))
    late.sendall(b"POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
    wait_for(lambda: b"requests_under_way 2" in get(host, port, "/metrics")[1], 10, "the request has begun")
    running.signal(signal.SIGTERM)
    running.wait_for("event=stopping")

    def refuses():
        try:
            get(host, port, "/subjects")
        except OSError:
            return True
        return False

    wait_for(refuses, 10, "no connection is taken any more")
    late.sendall(body)
    answer = b""
    while chunk := late.recv(4096):
        answer += chunk
    assert b"200 OK" in answer and b'{"id":1}' in answer and b"Connection: close" in answer, answer
    assert running.process.wait(20) == 0
