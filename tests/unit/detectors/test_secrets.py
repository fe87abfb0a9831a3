"""Secrets: an issuer's prefix, a header, or a name beside something random."""

from __future__ import annotations

import pytest

from roadworthy.detectors import make_detector
from roadworthy.domain import TextContext

SECRETS = make_detector("secrets", {}, {})
# Put together at run time, so that scanners of repositories do not take them for real ones.
TAIL = "Zk3vQ9xT7LmN2pR8sW4y"
JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"])


def found(text: str) -> list[tuple[str, str]]:
    seen = SECRETS.detect(text, TextContext(side="output"))
    return [(f.kind, text[f.start : f.end]) for f in seen]


@pytest.mark.parametrize(
    "key",
    [
        "AKIA" + "IOSFODNN7ABCDEFG",
        "ghp_" + TAIL + "0123456789abcdef",
        "glpat-" + TAIL,
        "xoxb-" + "123456789012-" + TAIL,
        "sk-" + TAIL,
        "sk-ant-" + TAIL,
        "sk_live_" + TAIL,
        "AIza" + "Sy" + TAIL + "abcdefghijklm",
        "hf_" + TAIL + "abcdefghijklmn",
    ],
)
def test_issued_keys(key: str) -> None:
    assert ("API_KEY", key) in found(f"use {key} for it")


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", "PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----"),
        (f"token: {JWT}.", "JWT", JWT),
        ('api_key = "q7Xw2Lp9Zr4Tn8Vb"', "API_KEY", "q7Xw2Lp9Zr4Tn8Vb"),
        ("Authorization: Bearer q7Xw2Lp9Zr4Tn8Vb1Kc6", "API_KEY", "q7Xw2Lp9Zr4Tn8Vb1Kc6"),
        ("password: hunter2!x.", "PASSWORD", "hunter2!x"),
        ('dbPass: "C71Vsuahz"', "PASSWORD", "C71Vsuahz"),
        ("das Passwort lautet Sommer2024", "PASSWORD", "Sommer2024"),
        ("mot de passe : tournesol-17.", "PASSWORD", "tournesol-17"),
        ("IDENTIFIED BY 'C71Vsuahz'", "PASSWORD", "C71Vsuahz"),
        ("postgres://app:s3cr3tpw@db/x", "CONNECTION_STRING", "s3cr3tpw"),
    ],
)
def test_found(text: str, kind: str, span: str) -> None:
    assert (kind, span) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password is incorrect",
        "please reset your password: thanks",
        "api_key = your-api-key-here-123",
        "api_key: xxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN7EXAMPLE",
        "a risk-assessment-of-the-whole-house-was-done",
        "the task-force met",
        "-----BEGIN PUBLIC KEY-----",
        "https://example.org:443/path@x",
        "secret: be kind",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_body_of_a_key_goes_with_its_header() -> None:
    line = "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9OiZ1BjP5CE/Wm/Rr500PRKPdqFb"
    assert ("PRIVATE_KEY", line) in found(f"-----BEGIN PRIVATE KEY-----\n{line}\n")
    assert found("a" * 64) == []


def test_kinds_can_be_chosen() -> None:
    only = make_detector("secrets", {"kinds": ["JWT"]}, {})
    seen = only.detect(f"password: hunter2!x {JWT}", TextContext(side="output"))
    assert [f.kind for f in seen] == ["JWT"]
