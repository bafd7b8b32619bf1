#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages to people on their real way: ticketwave-notification-consumer on the embedded broker, with a small mail server
and a small HTTP server that answer as scripted. MILLRACE_SEED=N repeats a run."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import tls_front  # noqa: E402 (its folder is added above)
from hook_sink import HookSink  # noqa: E402
from mail_sink import MailSink  # noqa: E402
from tap import case, main  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
SEED = int(os.environ.get("MILLRACE_SEED", random.SystemRandom().randrange(1 << 32)))
N = 24
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="millrace-notify-"))
ENV = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_")}
ENV |= {"MILLRACE_STATE": str(FOLDER / "state" / "up"), "no_proxy": "*"}


def run(kind, name, *words, expect=0):
    done = subprocess.run([BUILD / kind / name, *map(str, words)], cwd=FOLDER, env=ENV, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == expect, f"{name} {words}: {done.returncode}\n{done.stderr[-2000:]}"
    return done


class Notifier:
    """The service, with a store and a group of its own: it reads all requests from the beginning."""
    n = 0

    def __init__(self, *words):
        Notifier.n += 1
        self.store = FOLDER / f"{Notifier.n}.db"
        self.words = [BUILD / "consumers/ticketwave-notification-consumer", "--store", f"sqlite:{self.store}", "-g",
                      f"notifier-{Notifier.n}", "--json", *map(str, words)]
        self.process = None

    def start(self):
        self.err = open(FOLDER / f"{Notifier.n}.err", "ab")
        self.process = subprocess.Popen(self.words, cwd=FOLDER, env=ENV, stdout=subprocess.PIPE, stderr=self.err, text=True)
        return self

    def once(self):
        done = subprocess.run([*self.words, "--once"], cwd=FOLDER, env=ENV, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr[-2000:]
        self.said = done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        out, _ = self.process.communicate(timeout=30)
        self.err.close()
        return out

    def ask(self, sql):
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as store:
                return store.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # there is none yet

    def states(self):
        return dict(self.ask("SELECT state, count(*) FROM mr_notice GROUP BY state"))

    def wait(self, probe, seconds=40):
        end = time.monotonic() + seconds
        while not probe():
            assert self.process is None or self.process.poll() is None, (FOLDER / f"{Notifier.n}.err").read_text()[-2000:]
            assert time.monotonic() < end, (self.states(), (FOLDER / f"{Notifier.n}.err").read_text()[-2000:])
            time.sleep(0.02)


def by_mail(sink, *words):
    return Notifier("--notify", sink.url, "--notify-from", "TicketWave <tickets@example.org>", "--notify-to",
                    "{to}@example.org", *words)


@contextlib.contextmanager
def sink_of(kind, *args, **more):
    sink = kind(*args, **more)
    try:
        yield sink
    finally:
        sink.close()


def prepare():
    run("cli", "millrace", "up", "--background", "--platform", "ticketwave")
    lines = run("cli", "millrace", "simulate", "ticketwave", "--service", "ticketwave-booking", "-n", 3 * N, "--seed",
                SEED % 1000).stdout.splitlines()
    asked = [json.loads(line) for line in lines if "NotificationType" in line]
    asked[0]["NotificationType"] = "Bestätigung\r\nBcc: all@example.org"
    asked[1]["NotificationType"] = ".\r\n" + "Grüße · 票 " * 4
    asked[2]["NotificationType"] = ""
    path = FOLDER / "requests.ndjson"
    path.write_text("".join(json.dumps(request) + "\n" for request in asked))
    run("producers", "ticketwave-booking-producer", path)
    tls_front.make_authority(FOLDER)
    tls_front.make_certificate(FOLDER, "server", "IP:127.0.0.1")
    tls_front.make_authority(FOLDER, "stranger")
    return asked


ASKED = []


@case
def mail_reaches_everybody_once_with_its_text_and_the_answers_say_so():
    with sink_of(MailSink) as sink:
        notifier = by_mail(sink)
        summary = notifier.once()
        assert summary["notified"] == summary["emitted"] == summary["published"] == len(ASKED), summary
        assert len(sink.mails) == len(ASKED) == len({mail.parsed["Message-ID"] for mail in sink.mails})
        keys = {f"<{key}@example.org>" for key, in notifier.ask("SELECT key FROM mr_notice WHERE state = 'delivered'")}
        assert keys == {mail.parsed["Message-ID"] for mail in sink.mails}
        found = {mail.recipients[0].split("@")[0]: mail for mail in sink.mails}
        for request in ASKED:
            mail = found[request["UserId"]]
            text = mail.parsed.get_content()
            assert mail.sender == "tickets@example.org" and mail.parsed["From"] == "TicketWave <tickets@example.org>"
            assert {f"Booking: {request['BookingId']}", f"Tickets: {request['Quantity']}"} <= set(text.splitlines()), text
            word = request["NotificationType"] if request["NotificationType"].isprintable() else ""
            assert mail.parsed["Subject"] == f"Your booking: {word or 'booking'}", mail.parsed["Subject"]
            assert mail.parsed["X-Correlation-Id"] == request["BookingId"] and "Bcc" not in mail.parsed
            assert mail.parsed["Idempotency-Key"] in mail.parsed["Message-ID"]
        assert notifier.ask("SELECT count(*) FROM notification WHERE success = 1 AND sent_at > 0") == [(len(ASKED),)]
        shown = run("cli", "millrace", "store", "query", "ticketwave-notification/mr_notice", "--store",
                    f"sqlite:{notifier.store}", "--json", "--where", "state=delivered").stdout.splitlines()
        assert {f"<{json.loads(row)['key']}@example.org>" for row in shown} == keys
        again = notifier.once()
        assert again["handled"] == again["notified"] == 0 and len(sink.mails) == len(ASKED)


@case
def mail_goes_by_tls_with_a_login_and_the_password_is_never_shown():
    password = "s3cret-" + str(SEED)
    (FOLDER / "password").write_text(password + "\n")
    login = ["--notify-user", "gate", "--notify-password", "@password", "--notify-ca", "ca.pem"]
    for implicit in (False, True):
        with sink_of(MailSink, FOLDER / "server", implicit=implicit, users={"gate": password}) as sink:
            notifier = by_mail(sink, *login, "--log-level", "debug")
            assert notifier.once()["notified"] == len(ASKED), notifier.said
            assert all(mail.tls and mail.user == "gate" for mail in sink.mails) and len(sink.mails) == len(ASKED)
            coded = base64.b64encode(f"\0gate\0{password}".encode()).decode()
            assert password not in notifier.said and coded not in notifier.said


@case
def a_server_that_cannot_be_trusted_or_refuses_the_login_gets_nothing_and_nothing_is_lost():
    (FOLDER / "wrong").write_text("wrong\n")
    for why, words in (("certificate", ["--notify-ca", "stranger.pem"]),
                       ("535 5.7.8 wrong password",
                        ["--notify-ca", "ca.pem", "--notify-user", "gate", "--notify-password", "@wrong"])):
        with sink_of(MailSink, FOLDER / "server", users={"gate": "right"}) as sink:
            notifier = by_mail(sink, *words)
            assert notifier.once()["notified"] == 0
            assert not sink.mails and notifier.states() == {"waiting": len(ASKED)}, notifier.states()
            assert "event=notify-wait" in notifier.said and why in notifier.said, notifier.said


@case
def another_machine_without_tls_gets_nothing_unless_the_user_says_so():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            print("# no address but loopback here")
            return
    with sink_of(MailSink, host=address) as sink:
        notifier = by_mail(sink)
        notifier.once()
        assert not sink.mails and not [word for word in sink.commands if word.startswith("MAIL")]
        assert by_mail(sink, "--notify-plain").once()["notified"] == len(ASKED)


@case
def a_refused_mailbox_is_given_up_and_a_busy_one_is_tried_again():
    full, gone = ASKED[3]["UserId"], ASKED[4]["UserId"]
    asked = []

    def on_rcpt(line):
        if gone in line:
            return "550 5.1.1 no such mailbox"
        if full in line:
            asked.append(time.monotonic())
            return "452 4.2.2 mailbox full" if len(asked) <= 2 else None
        return None
    with sink_of(MailSink) as sink:
        sink.answers["RCPT"] = on_rcpt
        notifier = by_mail(sink).start()
        notifier.wait(lambda: notifier.states() == {"delivered": len(ASKED) - 1, "failed": 1})
        summary = json.loads(notifier.end().splitlines()[-1])
        assert (summary["notified"], summary["notify_failed"]) == (len(ASKED) - 1, 1), summary
        assert asked[1] - asked[0] >= 0.5 and asked[2] - asked[1] >= 1, asked
        row, = notifier.ask("SELECT error, attempts FROM mr_notice WHERE state = 'failed'")
        assert row == ("recipient: 550 5.1.1 no such mailbox", 1), row
        assert notifier.ask("SELECT attempts FROM mr_notice WHERE state = 'delivered' ORDER BY attempts DESC LIMIT 2") == \
            [(3,), (1,)]
        row, = notifier.ask("SELECT error FROM notification WHERE success = 0")
        assert row == ("recipient: 550 5.1.1 no such mailbox",)


@case
def a_webhook_gets_signed_cloudevents_and_an_answer_of_each_kind_is_heeded():
    secret = os.urandom(24)
    (FOLDER / "secret").write_text("whsec_" + base64.b64encode(secret).decode() + "\n")
    busy, broken, gone = (ASKED[i]["UserId"] for i in (3, 4, 5))
    times = {busy: [], broken: []}

    def answer(request):
        to = json.loads(request["body"])["data"]["to"]
        if to == gone:
            return 410, {}, "moved away"
        if to in times:
            times[to].append(request["at"])
            if len(times[to]) == 1:
                return (429, {"Retry-After": "3"}, "") if to == busy else (500, {}, "broken")
        return 200, {}, "ok"
    with sink_of(HookSink, FOLDER / "server") as sink:
        sink.answer = answer
        notifier = Notifier("--notify", sink.url, "--notify-ca", "ca.pem", "--notify-secret", "@secret").start()
        notifier.wait(lambda: notifier.states() == {"delivered": len(ASKED) - 1, "failed": 1})
        notifier.end()
        assert times[busy][1] - times[busy][0] >= 2.9, times
        assert notifier.ask("SELECT error FROM mr_notice WHERE state = 'failed'") == [("HTTP 410: moved away",)]
        bodies = {}
        for request in sink.requests:
            headers, body = request["headers"], request["body"]
            event = json.loads(body)
            assert headers["Content-Type"].startswith("application/cloudevents+json")
            assert headers["Idempotency-Key"] == headers["webhook-id"] == event["id"]
            signed = f"{event['id']}.{headers['webhook-timestamp']}.".encode() + body
            code = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
            assert headers["webhook-signature"] == "v1," + code
            assert abs(int(headers["webhook-timestamp"]) - request["at"]) < 5
            assert bodies.setdefault(event["id"], body) == body, "a repeat differs"
        assert len(bodies) == len(ASKED)


@case
def a_redirect_is_not_followed_and_an_absent_receiver_is_asked_with_one_message():
    with sink_of(HookSink) as elsewhere, sink_of(HookSink) as sink:
        sink.answer = (302, {"Location": elsewhere.url}, "")
        notifier = Notifier("--notify", sink.url)
        notifier.once()
        assert not elsewhere.requests and notifier.states() == {"waiting": len(ASKED)}
        assert len(sink.requests) <= 8, len(sink.requests)
        time.sleep(1.1)
        before = len(sink.requests)
        notifier.once()
        assert 1 <= len(sink.requests) - before <= 8, "a fresh start tries once more"


@case
def a_slow_receiver_holds_up_no_event():
    with sink_of(HookSink) as sink:
        sink.pause = 20
        notifier = Notifier("--notify", sink.url).start()
        notifier.wait(lambda: notifier.ask("SELECT count(*) FROM mr_inbox") == [(len(ASKED),)], 15)
        notifier.wait(lambda: len(sink.requests) == 8, 5)
        assert notifier.states() == {"waiting": len(ASKED)}
        notifier.end(signal.SIGKILL)


@case
def killed_in_mid_send_every_message_arrives_and_only_its_repeats_share_its_key():
    print(f"# MILLRACE_SEED={SEED}")
    chance = random.Random(SEED)
    for kind, opened in (("mail", sink_of(MailSink)), ("hook", sink_of(HookSink))):
        with opened as sink:
            sink.pause = 0.15

            def arrived():
                if kind == "hook":
                    return [event["id"] for event in sink.taken()]
                return [mail.parsed["Idempotency-Key"] for mail in list(sink.mails)]
            at_once = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000"]  # its heir waits for that
            notifier = by_mail(sink, *at_once) if kind == "mail" else Notifier("--notify", sink.url, *at_once)
            kills = 0
            while kills < 3:
                notifier.start()
                before = len(arrived())
                notifier.wait(lambda: len(arrived()) > before + 1 or notifier.states().get("waiting") == 0)
                time.sleep(chance.uniform(0, 0.12))
                notifier.end(signal.SIGKILL)
                kills += 1
            notifier.start()
            notifier.wait(lambda: notifier.states() == {"delivered": len(ASKED)})
            notifier.wait(lambda: notifier.ask("SELECT count(*) FROM mr_outbox") == [(0,)])
            notifier.end()
            keys = arrived()
            rows = {key for key, in notifier.ask("SELECT key FROM mr_notice")}
            assert set(keys) == rows and len(rows) == len(ASKED), (len(set(keys)), len(rows))
            print(f"# {kind}: {len(keys) - len(rows)} repeats after {kills} kills")
            assert len(keys) - len(rows) <= 8 * kills
            assert notifier.ask("SELECT count(*) FROM notification WHERE success = 1") == [(len(ASKED),)]


@case
def a_stop_in_mid_send_waits_and_sends_nothing_twice():
    with sink_of(MailSink) as sink:
        sink.pause = 0.5
        notifier = by_mail(sink).start()
        notifier.wait(lambda: len(sink.mails) >= 3)
        assert json.loads(notifier.end().splitlines()[-1])["notified"] >= 3
        n = len(sink.mails)
        assert notifier.states().get("delivered") == n, (notifier.states(), n)
        sink.pause = 0
        notifier.once()
        assert len(sink.mails) == len(ASKED) == len({mail.parsed["Message-ID"] for mail in sink.mails})


try:
    ASKED = prepare()
    main()
finally:
    print(f"# CPU seconds of the programs: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.1f}")
    run("cli", "millrace", "down")
