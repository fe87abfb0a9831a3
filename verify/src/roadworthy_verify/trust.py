"""Whose keys are trusted: reads trust.yaml, and says who signed and whether they might then.

In: a trust.yaml (or the same as JSON), which the auditor should have from somewhere other than
the sender. Out: keys. Never: a guess. What this reader does not understand it refuses, because
a key that was half read (without its `revoked_at`, say) would be a key that is trusted too long.

trust.yaml is YAML, but this distribution has no YAML library, so it reads the part of YAML
that the file needs: a mapping, a list of mappings, plain or quoted scalars, inline lists.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .instant import EXAMPLE, is_instant
from .plain_file import read_plain
from .strict_json import JsonError, read_json

FIELDS = {
    "key_id", "name", "kind", "roles", "public_key",
    "valid_from", "valid_until", "revoked_at", "replaced_by",
}  # fmt: skip
_KEY = re.compile(r"([A-Za-z_]+):(?:\s+(.*))?$")


class TrustError(ValueError):
    """The trust file cannot be relied on. Says the line and what would be right."""


@dataclass(frozen=True)
class Key:
    """One public key, whose it is, and from when until when it may sign."""

    key_id: str
    name: str
    kind: str
    roles: tuple[str, ...]
    public_key: bytes
    """The 32 raw bytes of an Ed25519 public key."""
    valid_from: str
    valid_until: str = ""
    revoked_at: str = ""
    replaced_by: str = ""

    def invalid_because(self, moment: str) -> str:
        """Why the key may not sign at that instant; empty when it may (half-open interval)."""
        if moment < self.valid_from:
            return f"key {self.key_id} ({self.name}) is valid only from {self.valid_from}"
        if self.revoked_at and moment >= self.revoked_at:
            return f"key {self.key_id} ({self.name}) was revoked at {self.revoked_at}"
        if self.valid_until and moment >= self.valid_until:
            return f"key {self.key_id} ({self.name}) was valid until {self.valid_until}"
        return ""

    def signed(self, payload: bytes, signature: bytes) -> bool:
        """Whether this key made that Ed25519 signature over those bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, payload)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Trust:
    """The trusted keys by id. An empty one trusts nobody."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    source: str = ""
    """Where it was read from, for the report."""
    origin: str = "given"
    """Who chose it: `given` (with --trust), `workspace` (of whoever verifies), or `beside` (it lay
    with what is verified, so whoever sent that chose it)."""

    @property
    def came_from(self) -> str:
        """The origin; `none` when there is no trust at all."""
        return self.origin if self.keys or self.source else "none"

    @property
    def told(self) -> str:
        """Whose keys are trusted and who chose them, in a sentence."""
        return _ORIGINS[self.came_from].format(self.source)

    def find(self, key_id: str) -> Key | None:
        """The key of that id, or None."""
        return self.keys.get(key_id)


_ORIGINS = {
    "none": "no trust file: nobody's signature could be recognised; give one with --trust",
    "given": "trusted are the keys in {}, which were given",
    "workspace": "no --trust was given; trusted are the keys of the workspace that you are in: {}",
    "beside": "no --trust was given; trusted are the keys in {}, which lay around it:"
    " whoever sent it may have chosen them, so they do not show who made it; give your own",
}
"""Where trust came from -> what to say of it."""


def load_trust(
    given: Trust | Path | str | Mapping[str, Any] | None,
    *,
    source: str = "",
    origin: str = "given",
) -> Trust:
    """Trust from a file (YAML or JSON), a mapping such as `{"keys": [...]}`, or nothing.

    `source` names where a mapping came from, `origin` who chose it, for the report.

    Raises TrustError with the file, the line and what would be right.
    """
    if given is None:
        return Trust()
    if isinstance(given, Trust):
        return given
    if isinstance(given, Mapping):
        return _trust(given, source, origin)
    path = Path(given)
    try:
        text = read_plain(path).decode()
    except OSError as error:
        raise TrustError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise TrustError(f"{path}: cannot be read: it is no text") from None
    return _trust(parse_trust(text, str(path)), str(path), origin)


def key_id_of(public_key: bytes) -> str:
    """First 16 hex digits of SHA-256 over the raw 32-byte public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _trust(document: Mapping[str, Any], source: str, origin: str) -> Trust:
    where = source or "trust"
    if unknown := set(document) - {"roadworthy", "keys"}:
        raise TrustError(f"{where}: unknown key {sorted(unknown)[0]!r}; known are roadworthy, keys")
    if document.get("roadworthy", 1) not in (1, "1"):
        raise TrustError(f"{where}: version {document['roadworthy']!r} is newer than this verifier")
    keys: dict[str, Key] = {}
    items = document.get("keys") or []
    if not isinstance(items, list):
        raise TrustError(f"{where}: `keys` must be a list")
    for number, item in enumerate(items, start=1):
        key = _key(item, f"{where}: key {number}")
        if key.key_id in keys:
            raise TrustError(f"{where}: key {key.key_id} is listed twice")
        keys[key.key_id] = key
    return Trust(keys, source, origin)


def _key(item: Any, where: str) -> Key:
    if not isinstance(item, Mapping):
        raise TrustError(f"{where}: must be a mapping with key_id, name, public_key, valid_from")
    if unknown := set(item) - FIELDS:
        raise TrustError(f"{where}: unknown field {sorted(unknown)[0]!r}")
    values = {name: str(item.get(name) or "") for name in FIELDS - {"roles"}}
    for name in ("key_id", "name", "public_key", "valid_from"):
        if not values[name]:
            raise TrustError(f"{where}: `{name}` is missing")
    for name in ("valid_from", "valid_until", "revoked_at"):
        if values[name] and not is_instant(values[name]):
            raise TrustError(f"{where}: `{name}` is {values[name]!r}; write {EXAMPLE}")
    roles = item.get("roles") or []
    if not isinstance(roles, list | tuple):
        raise TrustError(f"{where}: `roles` must be a list")
    try:
        public_key = base64.b64decode(values["public_key"], validate=True)
    except (binascii.Error, ValueError):
        raise TrustError(f"{where}: `public_key` is not base64") from None
    if len(public_key) != 32 or key_id_of(public_key) != values["key_id"]:
        raise TrustError(f"{where}: `key_id` {values['key_id']} is not the id of its public key")
    return Key(
        key_id=values["key_id"],
        name=values["name"],
        kind=values["kind"] or "person",
        roles=tuple(str(role) for role in roles),
        public_key=public_key,
        valid_from=values["valid_from"],
        valid_until=values["valid_until"],
        revoked_at=values["revoked_at"],
        replaced_by=values["replaced_by"],
    )


# The YAML part. Lines are (number, indent, text); every line is consumed or refused.


def parse_trust(text: str, source: str = "trust") -> dict[str, Any]:
    """The document in a trust.yaml (or JSON) text. Raises TrustError on anything unusual."""
    if text.lstrip().startswith("{"):
        try:
            document = read_json(text)
        except JsonError as error:
            raise TrustError(f"{source}: {error}") from None
        if not isinstance(document, dict):
            raise TrustError(f"{source}: must be a mapping")
        return document
    lines = list(_lines(text, source))
    document = {}
    while lines:
        number, indent, line = lines.pop(0)
        name, value = _pair(line, f"{source}:{number}")
        if indent or name in document:
            raise TrustError(f"{source}:{number}: unexpected {line!r}")
        document[name] = _key_list(lines, source) if name == "keys" and not value else value
    return document


def _lines(text: str, source: str) -> Iterator[tuple[int, int, str]]:
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.rstrip()
        stripped = line.lstrip(" ")
        if not stripped or stripped.startswith("#") or line == "---":
            continue
        if "\t" in line:
            raise TrustError(f"{source}:{number}: a tab; indent with spaces")
        yield number, len(line) - len(stripped), stripped


def _key_list(lines: list[tuple[int, int, str]], source: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    margin = lines[0][1] if lines else 0
    while lines and lines[0][1] == margin and lines[0][2].startswith("- "):
        number, indent, line = lines.pop(0)
        rest = line[2:].lstrip()
        lines.insert(0, (number, indent + len(line) - len(rest), rest))
        items.append(_mapping(lines, source))
    return items


def _mapping(lines: list[tuple[int, int, str]], source: str) -> dict[str, Any]:
    margin = lines[0][1]
    found: dict[str, Any] = {}
    while lines and lines[0][1] == margin and not lines[0][2].startswith("- "):
        number, _, line = lines.pop(0)
        name, value = _pair(line, f"{source}:{number}")
        if name in found:
            raise TrustError(f"{source}:{number}: {name!r} twice")
        if name == "roles" and value == "":
            value = []
            while lines and lines[0][1] >= margin and lines[0][2].startswith("- "):
                at, _, role = lines.pop(0)
                value.append(_scalar(role[2:].strip(), f"{source}:{at}"))
        found[name] = value
    return found


def _pair(line: str, where: str) -> tuple[str, Any]:
    match = _KEY.match(line)
    if match is None:
        raise TrustError(f"{where}: expected `name: value`, found {line!r}")
    return match[1], _value((match[2] or "").strip(), where)


def _value(text: str, where: str) -> Any:
    if not text.startswith("["):
        return _scalar(text, where)
    inner = text.split(" #")[0].rstrip()
    if not inner.endswith("]"):
        raise TrustError(f"{where}: a list must end on its line")
    body = inner[1:-1].strip()
    return [_scalar(item.strip(), where) for item in body.split(",")] if body else []


def _scalar(text: str, where: str) -> str:
    if text[:1] == "'":
        match = re.fullmatch(r"'((?:[^']|'')*)'(?:\s+#.*)?", text)
        if match:
            return match[1].replace("''", "'")
    elif text[:1] == '"':
        match = re.fullmatch(r'("(?:[^"\\]|\\.)*")(?:\s+#.*)?', text)
        if match:
            try:
                return str(json.loads(match[1]))
            except ValueError:
                pass
    elif not text or text[0] not in "&*!|>{}%@`?[],#":
        plain = re.split(r"\s+#", text)[0]
        if ": " not in plain and not plain.endswith(":"):
            return "" if plain in ("null", "~") else plain
    raise TrustError(f"{where}: cannot read {text!r}; write a plain or quoted value on one line")
