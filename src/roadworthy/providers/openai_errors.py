"""What an upstream's refusal means: status, headers and body in, one ProviderError out.

Of OpenAI's shape and of Anthropic's. The body of a refused credential is never repeated, and the
credential is taken out of the rest.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec

from roadworthy.domain import ProviderError

from .credentials import Secret
from .retry_after import retry_after_seconds

_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_LONGEST_MESSAGE = 300
_FOR_GOOD = ("insufficient_quota", "spend_limit_reached")
"""How codes end of what waiting does not mend, under whatever status they come."""
_TOLD = {b"true": True, b"false": False}
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


def refusal(
    peer: str,
    status: int,
    headers: dict[bytes, bytes],
    body: bytes,
    *,
    secret: Secret,
    now: dt.datetime,
) -> ProviderError:
    """The error of an HTTP status other than 200."""
    if status in (401, 403):
        return ProviderError(
            f"{peer} refused the credential (HTTP {status})",
            retryable=False,
            status=status,
            fix="check the upstream's credential in roadworthy.toml",
        )
    if 300 <= status < 400:
        return ProviderError(
            f"{peer} redirects (HTTP {status}); redirects are not followed",
            retryable=False,
            status=status,
            fix="write the final address as the upstream's url",
        )
    detail = _detail(body)
    message, code = _message(detail), _code(detail)
    retryable = status in _RETRYABLE and not code.endswith(_FOR_GOOD)
    told = headers.get(b"x-should-retry", b"").strip().lower()
    said = _clean(message, secret)
    return ProviderError(
        f"{peer} answered HTTP {status}{_named(headers)}" + (f": {said}" if said else ""),
        quoted=said,
        retryable=_TOLD.get(told, retryable),
        status=status,
        retry_after_s=retry_after_seconds(headers.get(b"retry-after"), now=now),
    )


def error_in_body(peer: str, error: Any, *, secret: Secret) -> ProviderError:
    """The error that a 200 answer or an event of a stream carries."""
    code = _code(error)
    status = int(code) if code.isdigit() and len(code) == 3 else 0
    said = _clean(_message(error), secret)
    known_server_fault = code in ("server_error", "rate_limit_exceeded", "overloaded_error")
    named = f" ({code})" if status or known_server_fault else ""
    if status in (401, 403):
        said = ""
    reason = "it refused the credential" if status in (401, 403) else said or "no reason given"
    return ProviderError(
        f"{peer} reported an error{named}: {reason}",
        quoted=said,
        retryable=status in _RETRYABLE or known_server_fault,
        status=status,
    )


def _detail(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value.get("error", value) if isinstance(value, dict) else None


def _message(error: Any) -> str:
    if isinstance(error, dict):
        for name in ("message", "detail", "error"):
            if isinstance(error.get(name), str):
                return str(error[name])
        return ""
    return error if isinstance(error, str) else ""


def _named(headers: dict[bytes, bytes]) -> str:
    """The name under which the upstream's people find the request."""
    name = headers.get(b"request-id") or headers.get(b"x-request-id") or b""
    text = name.decode("latin-1")
    return f" (request {text})" if _ID.fullmatch(text) else ""


def _code(error: Any) -> str:
    """The error's code; Anthropic's details know more than its type."""
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    if isinstance(details, dict) and isinstance(details.get("error_code"), str):
        return str(details["error_code"])
    return str(error.get("code") or error.get("type") or "")


def _clean(message: str, secret: Secret) -> str:
    """One printable line of bounded length, without the credential."""
    line = " ".join(secret.hide_in(message).split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
