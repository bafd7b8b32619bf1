# SPDX-License-Identifier: Apache-2.0
"""A TLS server before a plain HTTP one, with a certificate authority of its own making."""
import http.client
import http.server
import ssl
import subprocess
import threading
import urllib.parse


def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def make_authority(folder, name="ca"):
    """folder/NAME.pem and folder/NAME.key."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN=test {name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", cwd=folder)


def make_certificate(folder, name, alternative, ca="ca"):
    """folder/NAME.pem and folder/NAME.key, signed by CA; alternative: "IP:127.0.0.1", "DNS:x"."""
    (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=folder)
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem", cwd=folder)


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target = None

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        behind = http.client.HTTPConnection(self.target, timeout=10)
        behind.request(self.command, self.path, body, {"Content-Type": "application/json"})
        answer = behind.getresponse()
        text = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        behind.close()

    do_GET = do_POST = do_PUT = do_DELETE = forward

    def log_message(self, *_):
        pass


def start(url, folder, certificate, client_authority=None):
    """(server, "https://127.0.0.1:PORT"); server.shutdown() ends it. With client_authority, clients must
    show a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    if client_authority:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / f"{client_authority}.pem")
    handler = type("Handler", (Front,), {"target": urllib.parse.urlsplit(url).netloc})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # refused handshakes are what the tests are about
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"https://127.0.0.1:{server.server_address[1]}"
