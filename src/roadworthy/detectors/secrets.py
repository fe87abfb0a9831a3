"""`secrets`: keys, tokens and passwords that give access.

Enters: which kinds. Leaves: a detector. Never happens here: a secret kept or shown; findings are
places, not texts. Issuers' prefixes stand by themselves; values that only their neighbourhood
calls a secret must also look random.

Shapes: the issuers' public documentation of their token formats; RFC 7468 (PEM), RFC 7519 (JWT).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .extent import extent_of
from .normalise import Normaliser
from .options import Options
from .shape import REFUSED, Accept, Shape, ShapeDetector

KINDS = ("API_KEY", "PRIVATE_KEY", "JWT", "PASSWORD", "CONNECTION_STRING")

_ISSUED = (
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",  # AWS access key id
    r"\bgh[pousr]_[A-Za-z0-9]{36,100}\b",  # GitHub
    r"\bgithub_pat_[A-Za-z0-9_]{22,100}\b",
    r"\bglpat-[A-Za-z0-9_\-]{20,60}\b",  # GitLab
    r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,120}\b",  # Slack
    r"\bsk-ant-[A-Za-z0-9_\-]{20,140}\b",  # Anthropic
    r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_\-]{20,200}\b",  # OpenAI and those who copied it
    r"\b[rsp]k_(?:live|test)_[A-Za-z0-9]{16,120}\b",  # Stripe
    r"\bwhsec_[A-Za-z0-9]{24,60}\b",
    r"\bAIza[0-9A-Za-z_\-]{35}\b",  # Google
    r"\bya29\.[0-9A-Za-z_\-]{20,250}",
    r"\bSG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}\b",  # SendGrid
    r"\bSK[0-9a-f]{32}\b",  # Twilio
    r"\bnpm_[A-Za-z0-9]{36}\b",
    r"\bpypi-[A-Za-z0-9_\-]{50,250}\b",
    r"\bhf_[A-Za-z0-9]{30,50}\b",  # Hugging Face
    r"\bdop_v1_[a-f0-9]{64}\b",  # DigitalOcean
    r"\bdapi[a-f0-9]{32}\b",  # Databricks
    r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",  # Shopify
    r"\b(?:sq0atp|sq0csp)-[0-9A-Za-z_\-]{22,50}\b",  # Square
    r"\bAccountKey=[A-Za-z0-9+/]{86}==",  # Azure storage
    r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b",
    r"\bhvs\.[A-Za-z0-9_\-]{24,120}\b",  # HashiCorp Vault
)
_PRIVATE_KEY = r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_KEY_LINE = r"\b[A-Za-z0-9+/]{64}\b"
_JWT = r"\beyJ[A-Za-z0-9_\-]{8,120}\.eyJ[A-Za-z0-9_\-]{8,600}(?:\.[A-Za-z0-9_\-]{0,350})?"
_IN_URL = r"\b[a-z][a-z0-9+.\-]{1,20}://[^\s:@/]{1,60}:([^\s:@/]{3,80})@"
_NAMED_KEY = (
    r"(?i)\b(?:api|access|secret|auth|client|private|signing|encryption)[_\- ]?"
    r"(?:key|token|secret)(?:[_\- ]?id)?[\"']? ?(?:=|:|is) ?[\"']?"
    r"([A-Za-z0-9_\-+/=.]{12,120})"
)
_BEARER = r"(?i)\bbearer ([A-Za-z0-9_\-+/=.]{16,250})"
_AFTER_NAME = (
    r"(?i)(?:\b|_|\b[a-z]{1,8})"
    r"(?:password|passwd|passwort|passphrase|pwd|pass|kennwort|mot de passe|contraseña)"
    r"(?:[\"']? ?:?[=:] ?[\"']?| (?:is|was|ist|war|est|es|lautet)[: ] ?[\"']?| [\"'])"
    r"([^\s\"',;]{6,64})"
)
_IDENTIFIED = r"(?i)\bidentified by ?[\"']([^\s\"']{6,64})"

_PLACEHOLDERS = ("example", "changeme", "placeholder", "your", "xxxx", "****", "redacted", "<", "{")


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> ShapeDetector:
    """Build the detector. Options: `kinds` (some of KINDS), `normalise` (default true)."""
    read = Options("secrets", options, ("kinds", "normalise"))
    kinds = read.chosen("kinds", KINDS)
    shapes = [shape for shape in _shapes() if shape.kind in kinds]
    return ShapeDetector(
        "secrets", shapes, normaliser=Normaliser() if read.flag("normalise", True) else None
    )


def bits_per_character(text: str) -> float:
    """Shannon entropy of the characters of a text: 0 for one letter repeated, 4.7 for a key."""
    size = len(text)
    counts = Counter(text).values()
    return -sum(count / size * math.log2(count / size) for count in counts) if size else 0.0


def _shapes() -> list[Shape]:
    issued = [_shape("API_KEY", pattern, _accept_issued) for pattern in _ISSUED]
    return [
        *issued,
        _shape("API_KEY", _NAMED_KEY, _looks_random, group=1),
        _shape("API_KEY", _BEARER, _looks_random, group=1),
        _shape("PRIVATE_KEY", _PRIVATE_KEY, None),
        _shape("PRIVATE_KEY", _KEY_LINE, _accept_key_line),
        _shape("JWT", _JWT, None),
        _shape("CONNECTION_STRING", _IN_URL, _accept_url, group=1),
        _shape("PASSWORD", _AFTER_NAME, _looks_chosen, group=1),
        _shape("PASSWORD", _IDENTIFIED, _looks_chosen, group=1),
    ]


def _shape(
    kind: str,
    pattern: str,
    accept: Accept | None,
    *,
    group: int = 0,
) -> Shape:
    return Shape(kind=kind, pattern=pattern, extent=extent_of(pattern), accept=accept, group=group)


def _is_placeholder(value: str) -> bool:
    low = value.lower()
    return any(word in low for word in _PLACEHOLDERS) or len(set(low)) < 4


def _accept_issued(match: str, before: str, after: str) -> tuple[float, int]:
    """An issuer's prefix is enough unless what follows is plainly an example."""
    return REFUSED if _is_placeholder(match) else (1.0, len(match))


def _accept_key_line(match: str, before: str, after: str) -> tuple[float, int]:
    """A full line of a PEM body: 64 characters of base64 hold about 5.3 bits each."""
    return (0.9, len(match)) if bits_per_character(match) >= 4.9 else REFUSED


def _looks_random(match: str, before: str, after: str) -> tuple[float, int]:
    """A named key must have letters and digits and at least 3 bits a character."""
    value = match.rstrip(".")
    mixed = any(sign.isdigit() for sign in value) and any(sign.isalpha() for sign in value)
    if not mixed or _is_placeholder(value) or bits_per_character(value) < 3.0:
        return REFUSED
    return 0.9, len(value)


def _looks_chosen(match: str, before: str, after: str) -> tuple[float, int]:
    """A password, not the next word of a sentence: it has digits or signs among its letters."""
    value = match.rstrip(".!?)")
    if len(value) < 6 or _is_placeholder(value):
        return REFUSED
    letters = any(sign.isalpha() for sign in value)
    others = sum(not sign.isalpha() and sign not in "-'/" for sign in value)
    return (0.8, len(value)) if others and (letters or len(value) >= 8) else REFUSED


def _accept_url(match: str, before: str, after: str) -> tuple[float, int]:
    return REFUSED if _is_placeholder(match) else (0.95, len(match))
