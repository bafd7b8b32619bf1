# SPDX-License-Identifier: Apache-2.0
"""A small SMTP server (RFC 5321) that keeps what it is given: STARTTLS or TLS from the start, AUTH PLAIN and LOGIN, and
answers as a test scripts them. Of the standard library alone."""
import base64
import email
import email.policy
import socket
import socketserver
import ssl
import threading
import time


class Mail:
    """One message: sender, recipients, the bytes between DATA and the dot, unstuffed, and how it came."""

    def __init__(self, sender, recipients, data, tls, user):
        self.sender, self.recipients, self.data, self.tls, self.user = sender, recipients, data, tls, user
        self.at = time.time()

    @property
    def parsed(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)


class Session(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def start_tls(self):
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.tls = True

    def handle(self):
        try:
            self.dialogue()
        except (OSError, ValueError, ssl.SSLError):
            pass  # the client went away

    def scripted(self, command, line):
        """The scripted answer to this command, if there is one: a line, or a function of it."""
        answer = self.server.answers.get(command)
        return answer(line) if callable(answer) else answer

    def dialogue(self):
        self.tls, self.user, self.sender, self.recipients = False, None, None, []
        if self.server.implicit:
            self.start_tls()
        greeting = self.scripted("CONNECT", "")
        self.say(greeting or "220 sink ESMTP")
        if greeting and not greeting.startswith("2"):
            return
        while True:
            line = self.rfile.readline(2000)
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            command = text.split(" ")[0].upper()
            self.server.commands.append(text if command != "AUTH" else "AUTH")
            answer = self.scripted(command, text)
            if answer:
                self.say(answer)
                if answer.startswith("421"):
                    return
                continue
            if not getattr(self, "on_" + command.lower(), self.unknown)(text):
                return

    def unknown(self, _text):
        self.say("502 no such command")
        return True

    def on_ehlo(self, _text):
        words = ["sink", "8BITMIME", "SIZE 10000000"]
        if self.server.context and not self.tls and not self.server.implicit:
            words.append("STARTTLS")
        if self.server.users and (self.tls or not self.server.context):
            words.append("AUTH PLAIN LOGIN")
        for i, word in enumerate(words):
            self.say(f"250{'-' if i + 1 < len(words) else ' '}{word}")
        return True

    on_helo = on_ehlo

    def on_starttls(self, _text):
        self.say("220 go on")
        self.start_tls()
        return True

    def on_auth(self, text):
        words = text.split(" ")
        if words[1].upper() == "PLAIN":
            if len(words) < 3:
                self.say("334 ")
                words.append(self.rfile.readline().decode().strip())
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
        else:
            self.say("334 " + base64.b64encode(b"Username:").decode())
            user = base64.b64decode(self.rfile.readline()).decode()
            self.say("334 " + base64.b64encode(b"Password:").decode())
            password = base64.b64decode(self.rfile.readline()).decode()
        if self.server.users.get(user) != password:
            self.say("535 5.7.8 wrong password")
            return True
        self.user = user
        self.say("235 welcome")
        return True

    def on_mail(self, text):
        if self.server.users and not self.user:
            self.say("530 5.7.0 log in first")
            return True
        self.sender, self.recipients = text.split("<")[1].split(">")[0], []
        self.say("250 yes")
        return True

    def on_rcpt(self, text):
        self.recipients.append(text.split("<")[1].split(">")[0])
        self.say("250 yes")
        return True

    def on_data(self, _text):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline(100000)) not in (b".\r\n", b""):
            assert line.endswith(b"\r\n"), line
            lines.append(line[1:] if line.startswith(b".") else line)
        if not line:
            return False
        mail = Mail(self.sender, self.recipients, b"".join(lines), self.tls, self.user)
        answer = self.scripted("DOT", mail)
        if not answer or answer.startswith("2"):
            with self.server.lock:
                self.server.mails.append(mail)
        if self.server.pause:
            time.sleep(self.server.pause)
        self.say(answer or "250 taken")
        return True

    def on_rset(self, _text):
        self.say("250 yes")
        return True

    on_noop = on_rset

    def on_quit(self, _text):
        self.say("221 bye")
        return False


class MailSink(socketserver.ThreadingTCPServer):
    """answers: {"RCPT": "550 no", "DOT": function of the Mail, "CONNECT": "554 no"}; pause: seconds before the answer to a
    message that was taken."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, certificate=None, implicit=False, users=None, host="127.0.0.1"):
        super().__init__((host, 0), Session)
        self.context, self.implicit, self.users = None, implicit, users or {}
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
        self.answers, self.mails, self.commands, self.pause = {}, [], [], 0
        self.lock = threading.Lock()
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"smtp{'s' if self.implicit else ''}://{self.server_address[0]}:{self.port}"

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, *_):
        pass

    def close(self):
        self.shutdown()
        self.server_close()
