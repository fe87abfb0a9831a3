"""models/NAME.yaml: an entry of the registry, read with every fault at once."""

from __future__ import annotations

import re
from pathlib import Path

from roadworthy.domain import HOSTED, ManifestError, ModelFile, UsageError, is_here

from .charter_checks import check_filled
from .document import Document
from .document import Path as Place
from .folder import Folder
from .paperwork_checks import check_date
from .reading import Reading

MODELS = "models"

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_ELSEWHERE = (*HOSTED, "http")
"""Providers whose model runs behind an address."""


def load_model_file(path: Path) -> ModelFile:
    """An entry. Raises UsageError without a file, ManifestError with all its faults."""
    if not path.is_file():
        found = f"{path} is a folder, not a file" if path.is_dir() else f"there is no file {path}"
        raise UsageError(found, fix="`roadworthy schema model` shows it")
    folder = Folder(path.resolve().parent)
    model = folder.yaml(path.name, ModelFile)
    if model is not None:
        _check(model, folder.document(path.name))
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors or model is None:
        raise ManifestError(errors)
    return model


def check_model_files(reading: Reading) -> None:
    """Note the faults of what lies under models/: none of it changes what a candidate does."""
    seen: dict[str, str] = {}
    for file in reading.folder.names(MODELS, ".yaml", ".yml"):
        model = reading.folder.yaml(file, ModelFile)
        if model is None:
            continue
        document = reading.folder.document(file)
        _check(model, document)
        if model.id in seen and document.sound(("id",)):
            document.fault(
                ("id",), f"the model `{model.id}` stands in `{seen[model.id]}` already",
                "give it another id",
            )  # fmt: skip
        seen.setdefault(model.id, file)


def _check(model: ModelFile, document: Document) -> None:
    if document.sound(("id",)) and not _ID.fullmatch(model.id):
        document.fault(
            ("id",), f"`{model.id[:80]}` is no name of a model",
            "lower-case letters, digits, `.`, `_`, `-`; at most 80",
        )  # fmt: skip
    _check_digests(model, document)
    for key in ("title", "maker", "licence", "intended_use"):
        check_filled(getattr(model, key), (key,), document)
    check_filled(model.identity.name, ("identity", "name"), document)
    _check_identity(model, document)
    _check_kind(model, document)
    for at, figure in enumerate(model.figures):
        _check_figure(figure.value, figure.low, figure.high, ("figures", at), document)
        check_filled(figure.source, ("figures", at, "source"), document)
    if model.released:
        check_date(model.released, ("released",), document)
    _check_terms(model, document)


def _check_digests(model: ModelFile, document: Document) -> None:
    places: list[tuple[Place, str]] = [
        (("identity", "digest"), model.identity.digest), (("base",), model.base),
        *((("documents", at, "digest"), one.digest) for at, one in enumerate(model.documents)),
    ]  # fmt: skip
    if model.terms is not None:
        places.append((("terms", "document_digest"), model.terms.document_digest))
    for place, digest in places:
        if digest and document.sound(place) and not _SHA256.fullmatch(digest):
            document.fault(
                place, f"`{digest[:80]}` is no digest", "write `sha256:` and 64 hexadecimal digits"
            )


def _check_identity(model: ModelFile, document: Document) -> None:
    """What tells it from every other model is there, and nothing that says otherwise."""
    one, place = model.identity, ("identity",)
    if not document.sound((*place, "provider")):
        return
    if one.provider not in _ELSEWHERE:
        if not one.digest and document.sound((*place, "digest")):
            document.fault(
                (*place, "digest"),
                f"nothing tells this `{one.provider}` model from another: it has no digest",
                "write `digest: sha256:…` of its file (`sha256sum FILE`)",
            )
        for key in ("host", "region"):
            if getattr(one, key):
                document.fault(
                    (*place, key), f"a model on this machine has no `{key}`", "remove it"
                )
        return
    if one.digest:
        document.fault(
            (*place, "digest"), "nobody sees the weights of a hosted model",
            "write what the candidate pins under `version`",
        )  # fmt: skip
    for key, example in (("host", "api.example.eu"), ("region", "EU")):
        told = getattr(one, key).strip() or (key == "region" and is_here(one.host))
        if not told and document.sound((*place, key)):
            document.fault(
                (*place, key), f"`identity.{key}` is missing: it is part of which model this is",
                f"write `{key}: {example}`, as roadworthy.toml names the upstream",
            )  # fmt: skip
    if "/" in one.host:
        document.fault(
            (*place, "host"), f"`{one.host}` is an address, not a host", "write the host alone"
        )


def _check_kind(model: ModelFile, document: Document) -> None:
    if not (document.sound(("kind",)) and document.sound(("base",))):
        return
    if model.kind == "adapter" and not model.base:
        document.fault(
            ("base",), "an adapter without a base: nothing says which weights it changes",
            "write `base: sha256:…`, the digest of those weights",
        )  # fmt: skip
    if model.kind == "model" and model.base:
        document.fault(("base",), "only an adapter has a base", "write `kind: adapter`, or no base")
    if model.base and model.base == model.identity.digest:
        document.fault(("base",), "it is its own base", "write the digest of the base's weights")


def _check_figure(
    value: float, low: float | None, high: float | None, place: Place,
    document: Document,
) -> None:  # fmt: skip
    if (low is None) != (high is None):
        document.fault(place, "an interval has two ends", "write `low` and `high`, or neither")
    elif low is not None and high is not None and not low <= value <= high:
        document.fault(
            (*place, "value"), f"{value:g} does not lie from {low:g} to {high:g}", "correct it"
        )


def _check_terms(model: ModelFile, document: Document) -> None:
    terms = model.terms
    if terms is None:
        return
    for key in ("with_whom", "document"):
        check_filled(getattr(terms, key), ("terms", key), document)
    check_date(terms.read_on, ("terms", "read_on"), document)
    if terms.until:
        check_date(terms.until, ("terms", "until"), document)
        if terms.until < terms.read_on and document.sound(("terms", "until")):
            document.fault(
                ("terms", "until"), "they ended before they were read", "correct one of the days"
            )
    if terms.personal_data == "allowed" and not terms.processing_agreement:
        document.fault(
            ("terms", "processing_agreement"),
            "personal data may be sent, and there is no agreement on its processing",
            "say whether there is one (GDPR, Article 28): `processing_agreement: true`",
            severity="warning",
        )
