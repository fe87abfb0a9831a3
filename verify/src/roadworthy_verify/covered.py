"""Which part of a release changes behaviour, and the candidate digest that names that part.

In: the content of a bundle as plain JSON (numbers with a fraction written as `{"$decimal": "0.5"}`,
so that there is one way to write each). Out: the covered part and its digest. Never: a title, an
owner, an objective, the place of a file or the name of a machine; they change nothing that the
model or a rail does.

This is the only definition of the candidate digest. The product pins with it and the auditor
checks with it, so "what was evaluated is what is in the bundle" never rests on the product's word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

BESIDE_THE_CANDIDATE = frozenset({"name", "prompt", "rails"})
"""Of candidate.yaml: a label, and two paths whose files are covered by what they say."""
BESIDE_THE_NEVER_EVENT = frozenset({"clause"})
"""Only groups never events for a reader."""
BESIDE_THE_PROMPT_HEADER = frozenset({"examples", "tests"})
"""A path (the examples themselves are covered) and tests of the prompt."""
COVERED_OF_AN_ENDPOINT = ("id", "impact", "safe_mode", "fallback")
COVERED_OF_THE_USE = ("allowed", "autonomy")
"""What the request line enforces; purpose, users and affected people are for readers."""


def encoded(value: Any) -> bytes:
    """The one JSON text of a value without floats (RFC 8785): sorted keys, no spaces, UTF-8.

    Keys are sorted by their UTF-16 code units; where no character lies beyond the basic plane
    that is the order of the code points, which the standard library has.
    """
    text = _text(value)
    if not text.isascii() and max(text) > "\uffff":
        text = _text(_ordered(value), sort=False)
    return text.encode()


def _text(value: Any, *, sort: bool = True) -> str:
    return json.dumps(
        value, sort_keys=sort, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf_16)}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    return value


def _utf_16(key: str) -> bytes:
    return key.encode("utf-16-be")


def digest_of(value: Any) -> str:
    """`sha256:…` of a value's one JSON text."""
    return "sha256:" + hashlib.sha256(encoded(value)).hexdigest()


def candidate_digest(content: Mapping[str, Any], assets: Mapping[str, str]) -> str:
    """The digest of everything in a release's content that changes behaviour.

    `assets` are the digests of the side files by path. Raises KeyError or TypeError when the
    content does not have the shape of a release.
    """
    return digest_of(covered(content, assets))


def covered(content: Mapping[str, Any], assets: Mapping[str, str]) -> Json:
    """The covered part. A side file enters by what it holds, not by where it lies."""
    files = _SideFiles(assets)
    charter = content["charter"]
    part: Json = {
        "version": content["version"],
        "system": content["system"],
        "candidate": _candidate(content["candidate"], files),
        "prompt": _prompt(content["prompt"]),
        "rails": [
            {**rail, "options": files.options(rail["options"])}
            for rail in content["rails"]["rails"]
        ],
        "never": [_never_event(event, files) for event in charter["never"]],
        "use": {name: charter["use"][name] for name in COVERED_OF_THE_USE},
        "behaviour": charter["behaviour"],
        "endpoints": [
            {name: endpoint[name] for name in COVERED_OF_AN_ENDPOINT}
            for endpoint in charter["endpoints"]
        ],
    }
    part["assets"] = files.not_referenced()
    return part


class _SideFiles:
    """Replaces paths by the digest of what lies there, and remembers which it replaced."""

    def __init__(self, assets: Mapping[str, str]) -> None:
        self._assets = assets
        self._referenced: set[str] = set()

    def reference(self, value: Any) -> Any:
        """`{"$file": digest}` for the path of a side file; any other value as it is."""
        if not isinstance(value, str) or value not in self._assets:
            return value
        self._referenced.add(value)
        return {"$file": self._assets[value]}

    def options(self, options: Mapping[str, Any]) -> Json:
        """Options, the ones that are a path replaced. Words inside lists are never paths."""
        return {name: self.reference(value) for name, value in options.items()}

    def not_referenced(self) -> dict[str, str]:
        """Side files that nothing names directly: covered with their path, to be safe."""
        return {
            path: digest for path, digest in self._assets.items() if path not in self._referenced
        }


def _without(part: Mapping[str, Any], names: frozenset[str]) -> Json:
    return {name: value for name, value in part.items() if name not in names}


def _candidate(candidate: Mapping[str, Any], files: _SideFiles) -> Json:
    model = dict(candidate["model"])
    for name in ("file", "adapter"):
        model[name] = files.reference(model[name])
    model["options"] = files.options(model["options"])
    return {
        **_without(candidate, BESIDE_THE_CANDIDATE),
        "model": model,
        "knowledge": files.reference(candidate["knowledge"]),
    }


def _prompt(prompt: Mapping[str, Any] | None) -> Json | None:
    if prompt is None:
        return None
    return {
        "header": _without(prompt["header"], BESIDE_THE_PROMPT_HEADER),
        "body": prompt["body"],
        "examples": prompt["examples"],
    }


def _never_event(event: Mapping[str, Any], files: _SideFiles) -> Json:
    rule = dict(event["rule"])
    if rule.get("schema"):
        rule["schema"] = {**rule["schema"], "schema": files.reference(rule["schema"]["schema"])}
    if rule.get("classifier"):
        options = files.options(rule["classifier"]["options"])
        rule["classifier"] = {**rule["classifier"], "options": options}
    return {**_without(event, BESIDE_THE_NEVER_EVENT), "rule": rule}
