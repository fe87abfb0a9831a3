"""Receivers of notices on real sockets: one for HTTP, one for mail with STARTTLS and a password."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.server
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Taken:
    """What a receiver got, and how it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        """For the next requests; then 204."""
        self.headers: dict[str, str] = {}

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.got]


@contextlib.contextmanager
def http_receiver(port: int = 0) -> Iterator[Taken]:
    """Takes POSTs, and says what it was told to say."""
    taken = Taken()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            given = {name.lower(): value for name, value in self.headers.items()}
            taken.got.append((self.path, given, body))
            self.send_response(taken.statuses.pop(0) if taken.statuses else 204)
            for name, value in taken.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with _served(http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)) as found:
        taken.url = f"http://127.0.0.1:{found}/hook"
        yield taken


class Mails:
    """What a mail server took."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.texts: list[str] = []
        self.secured: list[bool] = []
        self.users: list[str] = []
        self.refuses = False


class _Smtp(socketserver.StreamRequestHandler):
    """One conversation with a mail server."""

    def handle(self) -> None:
        self.secure, self.user = False, ""
        self.say("220 desk")
        while line := self.rfile.readline().decode("utf-8").rstrip("\r\n"):
            verb = line.upper()
            if verb.startswith("EHLO"):
                self.greet()
            elif verb == "STARTTLS":
                self.say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(str(self.server.certificate))
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = (
                    self.connection.makefile("rb"), self.connection.makefile("wb", 0),
                )  # fmt: skip
                self.secure = True
            elif verb.startswith("AUTH PLAIN"):
                _, self.user, given = base64.b64decode(line[10:]).decode().split("\0")
                self.say("235 yes" if given == self.server.password else "535 no")
            elif verb == "DATA":
                self.take()
            elif verb == "QUIT":
                self.say("221 bye")
                return
            elif verb.startswith("RCPT") and self.server.mails.refuses:
                self.say("451 later")
            else:
                self.say("250 yes")

    def greet(self) -> None:
        more = ["AUTH PLAIN"] if self.secure else []
        more += ["STARTTLS"] if self.server.certificate is not None and not self.secure else []
        names = ["desk", *more]
        for number, name in enumerate(names, start=1):
            self.say(f"250{' ' if number == len(names) else '-'}{name}")

    def take(self) -> None:
        self.say("354 write")
        lines = []
        while (part := self.rfile.readline()) != b".\r\n":
            lines.append(part.decode())
        self.server.mails.texts.append("".join(lines))
        self.server.mails.secured.append(self.secure)
        self.server.mails.users.append(self.user)
        self.say("250 taken")

    def finish(self) -> None:
        for each in (self.rfile, self.wfile, self.connection):
            with contextlib.suppress(OSError):
                each.close()

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, certificate: Path | None, password: str) -> None:
        self.certificate, self.password, self.mails = certificate, password, Mails()
        super().__init__(("127.0.0.1", 0), _Smtp)

    def handle_error(self, *_: object) -> None:
        """Who hangs up in the middle is no trouble of the server's."""


@contextlib.contextmanager
def mail_receiver(certificate: Path | None, *, password: str = "") -> Iterator[Mails]:
    """Speaks SMTP (RFC 5321), STARTTLS (3207) where it has a certificate, AUTH PLAIN (4954)."""
    server = _MailServer(certificate, password)
    with _served(server) as port:
        server.mails.port = port
        yield server.mails


@contextlib.contextmanager
def _served(server: Any) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def certificate_of(folder: Path, *names: str) -> Path:
    """A certificate that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
