"""Errors in the API's own shape: {"error": {"message", "type", "param", "code"}}, or Anthropic's.

The one place that knows which error of ours has which HTTP status.
"""

from __future__ import annotations

import math
import re

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    CountError,
    EvidenceError,
    KillFlag,
    ManifestError,
    ProviderError,
    QuotaError,
    RoadworthyError,
    UsageError,
)


class Problem(Struct):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    """The field at fault."""
    code: str


class ErrorDocument(Struct):
    """An error in OpenAI's shape."""

    error: Problem


class AnthropicError(Struct, tag_field="type", tag="error"):
    """An error in Anthropic's shape; `code` and `param` are beside what it has."""

    error: Problem


class ApiError(Exception):
    """An answer that is an error. `param` names the field at fault."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = headers

    def body(self, path: str = "") -> bytes:
        """The JSON document, in the shape of the API that has that path."""
        anthropic = path.startswith("/v1/messages")
        types, other = (_ANTHROPIC, "api_error") if anthropic else (_TYPES, "invalid_request_error")
        problem = Problem(self.message, types.get(self.status, other), self.param, self.code)
        shape = AnthropicError if anthropic else ErrorDocument
        return msgspec.json.encode(shape(problem))


_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "server_error",
    502: "server_error",
    503: "server_error",
}

_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    431: "invalid_request_error",
}

_PATH = re.compile(r" - at `\$\.?([^`]*)`$")

DO_NOT_RETRY = (b"x-should-retry", b"false")
"""The official SDKs honour it: what was stopped on purpose is not worth a second try."""


def bad_field(param: str | None, message: str) -> ApiError:
    """400: a field of the body is wrong."""
    return ApiError(400, message, code="invalid_value", param=param)


def mistyped(message: str) -> ApiError:
    """400: what msgspec says of a field of a wrong type or name, with that field as `param`."""
    path = _PATH.search(message)
    if path is not None:
        return bad_field(path.group(1) or None, f"{path.group(1)}: {message[: path.start()]}")
    named = re.search(r"(?:missing required|contains unknown) field `([^`]*)`", message)
    return bad_field(named.group(1) if named else None, message)


def killed(flag: KillFlag) -> ApiError:
    """503: the scope is stopped; nothing but two people lifts it.

    Not why: the reason was written for colleagues, and the one who asks is none.
    """
    scope = flag.scope if flag.scope == "system" else f"{flag.scope} {flag.value}"
    return ApiError(
        503,
        f"stopped by the kill switch {flag.id} ({scope})",
        code="kill_switch",
        headers=(DO_NOT_RETRY, (b"x-roadworthy-action", b"killed")),
    )


def not_allowed(method: str, path: str, *allowed: str) -> ApiError:
    """405, with the methods that are (RFC 9110, section 15.5.6)."""
    allow = (b"allow", ", ".join(allowed).encode())
    return ApiError(405, f"{method} is not for {path}", code="method_not_allowed", headers=(allow,))


def busy(message: str) -> ApiError:
    """503 with Retry-After: too much is under way."""
    return ApiError(503, message, code="overloaded", headers=((b"retry-after", b"1"),))


def _used_up(error: QuotaError, message: str) -> ApiError:
    """429; a month's budget is not worth a second try, nor is a price that is not known."""
    if error.what == "price":
        return ApiError(503, message, code="price_unknown", headers=(DO_NOT_RETRY,))
    if error.what == "budget":
        return ApiError(429, message, code="insufficient_quota", headers=(DO_NOT_RETRY,))
    wait = str(max(1, math.ceil(error.retry_after_s))).encode()
    return ApiError(429, message, code="rate_limit_exceeded", headers=((b"retry-after", wait),))


def problem_of(error: RoadworthyError) -> ApiError:
    """The answer to an error of ours; every one has a status."""
    message = f"{error.message}. {error.fix}" if error.fix else error.message
    if isinstance(error, QuotaError):
        return _used_up(error, message)
    if isinstance(error, AccessError):
        how = (b"www-authenticate", b"Bearer")
        return ApiError(401, message, code="invalid_api_key", headers=(how,))
    if isinstance(error, UsageError):
        return ApiError(400, message, code="invalid_value", param=error.field or None)
    if isinstance(error, CountError):
        return ApiError(503, message, code="limits_unavailable", headers=((b"retry-after", b"5"),))
    if isinstance(error, EvidenceError):
        return ApiError(503, message, code="journal_unavailable", headers=((b"retry-after", b"5"),))
    if isinstance(error, ProviderError):
        return ApiError(502, message, code="upstream_error")
    if isinstance(error, ManifestError):
        return ApiError(503, message, code="release_refused", headers=(DO_NOT_RETRY,))
    return ApiError(500, message, code="internal_error")
