"""A notice reaches each kind of receiver over a real socket, and nobody else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from email import message_from_string
from pathlib import Path

import pytest

from doubles.receivers import certificate_of, http_receiver, mail_receiver
from roadworthy.domain import Notice, NoticeTarget, UsageError
from roadworthy.flows.incidents.notifying import NotTakenError
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.notice_sending import make_sender

NOTICE = Notice(
    id="notice-1", kind="incident", verb="opened", system="desk", severity="high", key="inc-1",
    at="2026-11-22T10:00:00.000000Z", about={"answers": "3"},
)  # fmt: skip
SECRET = base64.b64encode(b"a secret of twenty-four bytes").decode()


def send(target: NoticeTarget, notice: Notice = NOTICE) -> None:
    make_sender("oncall", target, clock=SystemClock(), root=".").send(notice)


def test_a_webhook_is_signed_so_that_a_receiver_can_check_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOOK", f"whsec_{SECRET}")
    with http_receiver() as desk:
        send(NoticeTarget(kind="webhook", url=desk.url, credential="env:HOOK"))
    ((path, headers, body),) = desk.got
    assert path == "/hook" and headers["webhook-id"] == "notice-1"
    signed = f"notice-1.{headers['webhook-timestamp']}.".encode() + body
    right = hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(right).decode()
    (said,) = desk.bodies
    assert said["type"] == "roadworthy.incident.opened" and said["timestamp"] == NOTICE.at
    assert said["data"] == {
        "id": "notice-1", "system": "desk", "severity": "high", "key": "inc-1", "over": False,
        "answers": "3",
    }  # fmt: skip


def test_an_address_that_is_a_secret_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with http_receiver() as desk:
        monkeypatch.setenv("WHERE", desk.url)
        send(NoticeTarget(kind="webhook", url="env:WHERE"))
        assert len(desk.got) == 1 and "webhook-signature" not in desk.got[0][1]


def test_pagerduty_gets_one_event_from_begin_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from msgspec.structs import replace

    monkeypatch.setenv("PD", "routing")
    with http_receiver() as desk:
        target = NoticeTarget(kind="pagerduty", url=desk.url, credential="env:PD")
        for verb, over in (("opened", False), ("acknowledged", False), ("closed", True)):
            send(target, replace(NOTICE, verb=verb, over=over))
    said = [(each["event_action"], each["dedup_key"]) for each in desk.bodies]
    assert said == [("trigger", "inc-1"), ("acknowledge", "inc-1"), ("resolve", "inc-1")]
    first = desk.bodies[0]
    assert first["routing_key"] == "routing" and first["payload"]["severity"] == "error"
    assert set(first["payload"]) >= {"summary", "source", "severity", "timestamp"}


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (404, True), (401, True),
                          (302, True), (400, False), (413, False), (422, False)],
)  # fmt: skip
def test_what_a_receiver_says_decides_whether_it_is_sent_again(status: int, again: bool) -> None:
    with http_receiver() as desk:
        desk.statuses, desk.headers = [status], {"retry-after": "7", "location": desk.url}
        with pytest.raises(NotTakenError) as told:
            send(NoticeTarget(kind="webhook", url=desk.url))
        assert told.value.again is again and len(desk.got) == 1, "no redirect is followed"
        assert desk.url not in str(told.value), "an address may hold a secret"
        if status >= 429 and again:
            assert told.value.wait_s == 7.0


def test_no_address_of_the_machines_own_metadata_is_asked() -> None:
    for url in ("http://169.254.169.254/latest", "http://[fe80::1%25lo]/", "http://0.0.0.0:9/x"):
        with pytest.raises(NotTakenError):
            send(NoticeTarget(kind="webhook", url=url, timeout_s=0.3))


def test_a_name_that_leads_to_a_link_local_address_is_not_told_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with http_receiver() as desk:
        monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("169.254.169.254", 80))
        with pytest.raises(NotTakenError, match="no address of a receiver"):
            send(NoticeTarget(kind="webhook", url=desk.url))
        assert not desk.got


def test_a_receiver_that_never_answers_or_is_not_there_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        target = NoticeTarget(kind="webhook", url=f"http://127.0.0.1:{port}/", timeout_s=0.2)
        with pytest.raises(NotTakenError) as told:
            send(target)
        assert told.value.again
    with pytest.raises(NotTakenError):
        send(target)


def test_a_secret_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONE", raising=False)
    with pytest.raises(UsageError, match="GONE"):
        send(NoticeTarget(kind="webhook", url="http://127.0.0.1:9/", credential="env:GONE"))


def mail(port: int, **more: object) -> NoticeTarget:
    given = {"sender": "desk@example.org", "to": ["ann@example.org", "bob@example.org"], **more}
    return NoticeTarget(kind="email", host="localhost", port=port, **given)  # type: ignore[arg-type]


def test_a_mail_goes_over_tls_with_a_password_and_the_notices_own_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_of(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("MAIL", "word")
    with mail_receiver(certificate, password="word") as desk:
        for _ in range(2):
            send(mail(desk.port, user="desk", credential="env:MAIL"))
    assert desk.secured == [True, True] and desk.users == ["desk", "desk"]
    first, second = (message_from_string(text) for text in desk.texts)
    assert first["Message-ID"] == second["Message-ID"] == "<notice-1@roadworthy.invalid>"
    assert first["Subject"] == "[high] incident inc-1 of desk: opened"
    assert first["Auto-Submitted"] == "auto-generated"
    assert "answers: 3" in first.get_payload()


def test_no_password_and_no_mail_goes_in_the_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without STARTTLS, or with a certificate that nobody vouches for."""
    monkeypatch.setenv("MAIL", "word")
    with mail_receiver(None) as desk:
        with pytest.raises(NotTakenError):
            send(mail(desk.port, user="desk", credential="env:MAIL"))
        assert not desk.texts and not desk.users
    with mail_receiver(certificate_of(tmp_path, "localhost")) as desk:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(NotTakenError):
            send(mail(desk.port))
        assert not desk.texts


def test_a_mail_server_that_takes_nothing_now_is_asked_again() -> None:
    with mail_receiver(None) as desk:
        desk.refuses = True
        with pytest.raises(NotTakenError) as told:
            send(mail(desk.port, security="none"))
        assert told.value.again
        desk.refuses = False
        send(mail(desk.port, security="none"))
        assert len(desk.texts) == 1
