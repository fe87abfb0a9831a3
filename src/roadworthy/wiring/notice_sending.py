"""Sending a notice: HTTP and SMTP, each to the one address that roadworthy.toml names.

What enters: a target, a notice. What leaves: a request, or a mail. What never happens here: a
redirect that is followed, an address out of a notice, an answer, or a name that leads to the
machine's own metadata service (link-local) asked; a password over a line that anybody reads; a
reply that is read without end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import json
import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import structs

from roadworthy.domain import Clock, Notice, NoticeTarget, UsageError, parse_instant
from roadworthy.flows.incidents.notifying import NotTakenError, Sender
from roadworthy.incidents import alerts_body, mail_text, pagerduty_body, webhook_body
from roadworthy.providers import resolve_credential

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
MOST_READ = 4096
_NEVER = frozenset({400, 413, 415, 422})
"""What says that this notice will not be taken, however often it is sent."""


def make_sender(name: str, target: NoticeTarget, *, clock: Clock, root: str) -> Sender:
    """Who sends to a target. Raises UsageError where its secret cannot be read."""
    secret = resolve_credential(target.credential, root=root, upstream=name).reveal()
    if target.url.startswith(("env:", "file:")):  # some receivers have the secret in the address
        url = resolve_credential(target.url, root=root, upstream=name).reveal()
        target = structs.replace(target, url=url)
    if target.kind == "email":
        return _Mail(target, secret)
    return _Http(target, secret, clock)


class _Http:
    def __init__(self, target: NoticeTarget, secret: str, clock: Clock) -> None:
        self._target = target
        self._secret = secret
        self._clock = clock

    def send(self, notice: Notice) -> None:
        url, body, headers = self._request(notice)
        given = {"content-type": "application/json", "user-agent": "roadworthy", **headers}
        status, wait_s = _post(url, body, given, self._target.timeout_s)
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise NotTakenError(f"{_host(url)} sends elsewhere ({status}), which is not followed")
        again = status not in _NEVER
        raise NotTakenError(f"{_host(url)} answered {status}", again=again, wait_s=wait_s)

    def _request(self, notice: Notice) -> tuple[str, bytes, dict[str, str]]:
        target = self._target
        if target.kind == "alertmanager":
            bearer = {"authorization": f"Bearer {self._secret}"} if self._secret else {}
            url = target.url.rstrip("/") + "/api/v2/alerts"
            return url, _json(alerts_body(notice)), bearer
        if target.kind == "pagerduty":
            body = _json(pagerduty_body(notice, self._secret))
            return target.url or PAGERDUTY, body, {}
        body = _json(webhook_body(notice))
        at = str(int(self._clock.now().timestamp()))
        headers = {"webhook-id": notice.id, "webhook-timestamp": at}
        if self._secret:
            headers["webhook-signature"] = signature(self._secret, notice.id, at, body)
        return target.url, body, headers


def signature(secret: str, message: str, at: str, body: bytes) -> str:
    """`v1,…` over `id.timestamp.body` with HMAC-SHA256: Standard Webhooks 1.0.0."""
    signed = f"{message}.{at}.".encode() + body
    made = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise UsageError("a secret that begins with `whsec_` goes on in base64") from None


def _post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> tuple[int, float]:
    """The status of the answer, and how long it asks to wait. Raises NotTakenError."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with closing(_connection(url, timeout_s)) as connection:
            connection.connect()
            _require_reachable(connection.sock)
            connection.request("POST", path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            answer.read(MOST_READ)
            return answer.status, _seconds(answer.getheader("retry-after"))
    except (OSError, http.client.HTTPException) as error:
        raise NotTakenError(f"{_host(url)}: {_words(error)}") from error


def _connection(url: str, timeout_s: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=timeout_s)


def _require_reachable(line: socket.socket) -> None:
    """Raise NotTakenError where a name leads to what no receiver has: link-local addresses."""
    address = ipaddress.ip_address(str(line.getpeername()[0]).partition("%")[0])
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
        raise NotTakenError(f"{plain} is no address of a receiver")


class _Mail:
    def __init__(self, target: NoticeTarget, secret: str) -> None:
        self._target = target
        self._secret = secret

    def send(self, notice: Notice) -> None:
        target = self._target
        try:
            with self._server() as server:
                if server.sock is not None:
                    _require_reachable(server.sock)
                if target.security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if target.user:
                    server.login(target.user, self._secret)
                refused = server.send_message(_message(notice, target))
        except smtplib.SMTPRecipientsRefused as error:
            raise NotTakenError(f"{target.host} takes no mail for them") from error
        except smtplib.SMTPResponseException as error:
            raise NotTakenError(f"{target.host} answered {error.smtp_code}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotTakenError(f"{target.host}: {_words(error)}") from error
        if refused:
            raise NotTakenError(f"{target.host} took it for some and not for {len(refused)}",
                                again=False)  # fmt: skip

    def _server(self) -> smtplib.SMTP:
        target, wait = self._target, self._target.timeout_s
        if target.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(target.host, target.port, timeout=wait, context=context)
        return smtplib.SMTP(target.host, target.port, timeout=wait)


def _message(notice: Notice, target: NoticeTarget) -> EmailMessage:
    """A mail that says that a machine wrote it (RFC 3834), with the notice's id as its own."""
    message = EmailMessage()
    message["Subject"] = notice.summary
    message["From"] = target.sender
    message["To"] = ", ".join(target.to)
    message["Date"] = format_datetime(parse_instant(notice.at))
    message["Message-ID"] = f"<{notice.id}@roadworthy.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail_text(notice))
    return message


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def _host(url: str) -> str:
    """The address without its path: webhooks have their secret there."""
    return urlsplit(url).hostname or "the address"


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0


def _words(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
