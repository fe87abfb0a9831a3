"""Signed statements of origin inside a file (C2PA): written, and read from whoever wrote them.

What enters: a file's bytes. What leaves: the same with a manifest, or what a manifest says. What
never happens here: a call of the network (an address in a stranger's file is not followed), a
manifest believed whose bytes do not fit.
"""

from __future__ import annotations

import io
from typing import Any, Literal

import msgspec
from msgspec import Struct

from .certificates import MarkKey
from .installed import MarkError

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""Of what a model made (https://cv.iptc.org/newscodes/digitalsourcetype)."""
_BY_AI = (
    "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia",
    "compositeSynthetic",
)  # fmt: skip
ASSERTION = "org.roadworthy.answer"

State = Literal["none", "valid", "trusted", "invalid", "unreadable", "not_checked"]
"""`valid`: whole, by somebody whom nobody here trusts; `trusted`: by this workspace."""


class About(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a manifest says of the answer that a file is."""

    observation: str
    system: str
    release: str
    label: str = ""
    """What is written on a picture, or said before speech, for people."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What a file's manifest says."""

    state: State
    by_ai: bool = False
    """Whether it says that a model made it, or a part of it."""
    issuer: str = ""
    generator: str = ""
    observation: str = ""
    """Which answer of this workspace it is, where it is trusted."""
    label: str = ""
    """What people see on it or hear before it, where it is trusted."""


def sign(data: bytes, mime: str, *, about: About, key: MarkKey, version: str) -> bytes:
    """The file with a manifest; one that it has is kept within. Raises MarkError."""
    import c2pa

    actions = [{"action": "c2pa.created", "digitalSourceType": SOURCE}]
    if about.label:
        shown = f"a label that people see or hear: {about.label}"
        actions.append({"action": "c2pa.edited", "description": shown})
    says = {
        "claim_generator_info": [{"name": "Roadworthy", "version": version}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": ASSERTION, "data": msgspec.to_builtins(about)},
        ],
    }
    out = io.BytesIO()
    info = c2pa.C2paSignerInfo(b"es256", key.chain.encode(), key.key.encode(), None)
    try:
        with c2pa.Builder(says, _context()) as builder, c2pa.Signer.from_info(info) as signer:
            builder.sign(signer, mime, io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise MarkError(f"no manifest could be signed into it: {str(error)[:200]}") from None
    return out.getvalue()


def read(data: bytes, mime: str, *, anchor: str = "") -> Manifest:
    """What a file's manifest says; `anchor` is the certificate of whom we trust."""
    import c2pa

    try:
        with c2pa.Reader(mime, io.BytesIO(data), None, _context(anchor)) as reader:
            state = str(reader.get_validation_state()).lower()
            said = msgspec.json.decode(reader.json())
    except c2pa.C2paError as error:
        missing = "ManifestNotFound" in type(error).__name__ or "ManifestNotFound" in str(error)
        return Manifest(state="none" if missing else "unreadable")
    except (msgspec.DecodeError, TypeError, ValueError):
        return Manifest(state="unreadable")
    active = said.get("manifests", {}).get(said.get("active_manifest"), {})
    if state not in ("valid", "trusted"):
        return Manifest(state="invalid", by_ai=_by_ai(said))
    signed = active.get("signature_info") or {}
    tools = active.get("claim_generator_info") or [{}]
    return Manifest(
        state="trusted" if state == "trusted" else "valid",
        by_ai=_by_ai(said),
        issuer=str(signed.get("issuer") or "")[:80],
        generator=str(tools[0].get("name") or "")[:80],
        observation=_said(active, "observation") if state == "trusted" else "",
        label=_said(active, "label") if state == "trusted" else "",
    )


def _by_ai(said: dict[str, Any]) -> bool:
    """Whether any manifest in the file, its ingredients' too, says that a model took part."""
    for manifest in said.get("manifests", {}).values():
        for assertion in manifest.get("assertions") or []:
            data = assertion.get("data")
            actions = data.get("actions") if isinstance(data, dict) else None
            for action in actions if isinstance(actions, list) else []:
                kind = str(action.get("digitalSourceType", "")) if isinstance(action, dict) else ""
                if kind.rsplit("/", 1)[-1] in _BY_AI:
                    return True
    return False


def _said(active: dict[str, Any], what: str) -> str:
    for assertion in active.get("assertions") or []:
        if assertion.get("label") == ASSERTION and isinstance(assertion.get("data"), dict):
            return str(assertion["data"].get(what) or "")
    return ""


def _context(anchor: str = "") -> Any:
    import c2pa

    said: dict[str, Any] = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if anchor:
        said["trust"] = {"trust_anchors": anchor}
        said["verify"]["verify_trust"] = True
    return c2pa.Context(c2pa.Settings.from_dict(said))
