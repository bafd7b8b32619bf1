# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server that keeps the requests it is given and answers as a test scripts them."""
import http.server
import json
import ssl
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = {"path": self.path, "headers": dict(self.headers), "body": body, "at": time.time()}
        answer = self.server.answer
        status, headers, text = answer(request) if callable(answer) else answer
        with self.server.lock:
            self.server.requests.append(request | {"status": status})
        if self.server.pause:
            time.sleep(self.server.pause)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):  # where a followed redirect would come
        self.do_POST()

    def log_message(self, *_):
        pass


class HookSink(http.server.ThreadingHTTPServer):
    """answer: (status, headers, text), or a function of the request that gives it."""
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.requests, self.pause = (204, {}, ""), [], 0
        self.lock = threading.Lock()
        self.tls = certificate is not None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.server_address[1]}/told"

    def taken(self):
        """The bodies that were answered with 2xx, as JSON."""
        with self.lock:
            return [json.loads(request["body"]) for request in self.requests if 200 <= request["status"] < 300]

    def handle_error(self, *_):
        pass

    def close(self):
        self.shutdown()
        self.server_close()
