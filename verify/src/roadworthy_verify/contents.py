"""The parts of a bundle, each held to the one form that it can have.

In: a container. Out: Contents (manifest, content, layers, attestations), every byte of the
bundle accounted for. Never: a signature looked at; that is `bundle.py`'s work.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import layout
from .container import BundleError, Container
from .covered import candidate_digest, encoded

Json = dict[str, Any]


@dataclass(frozen=True)
class Attestation:
    """One attestation as it lies in the bundle: unproved."""

    digest: str
    """Of the envelope's bytes; the release attestation names the others by it."""
    predicate_type: str
    """As annotated; the signed statement must say the same."""
    envelope: Any


@dataclass(frozen=True)
class Contents:
    """A bundle whose bytes all hang together."""

    digest: str
    manifest: bytes
    content: Json
    """What config.json says: version, system, candidate_digest, charter, candidate."""
    layers: dict[str, str]
    """Layer title -> digest of its blob."""
    attestations: tuple[Attestation, ...]
    attestation_manifests: tuple[bytes, ...]
    unnamed: tuple[str, ...] = ()
    """Blobs that no manifest names; none unless they were asked for."""


def read_contents(container: Container, *, tolerate_unnamed_blobs: bool = False) -> Contents:
    """Check and read a bundle's parts. Raises BundleError at the first that does not fit.

    `tolerate_unnamed_blobs` is for the writer alone, which removes them.

    1. It says that it is an OCI image layout, version 1.0.0.
    2. Every blob hashes to its name.
    3. The index names exactly one bundle; its manifest has the one form of a bundle.
    4. Each attestation's manifest has the one form, and this bundle as its subject.
    5. The index is the one that these manifests give: nothing is added, nothing is left out.
    6. Every blob is named by a manifest, and every name has its blob.
    7. The candidate digest that the content names is the digest of what it holds.
    8. A tar is the one that these members give, byte for byte.
    """
    # 1. Layout.
    if container.read("oci-layout", layout.MAX_SMALL_BYTES) != layout.OCI_LAYOUT:
        raise BundleError("oci-layout does not say OCI image layout 1.0.0")
    # 2. Blobs.
    for name in container.sizes:
        if name.startswith("blobs/") and layout.blob_name(container.digest(name)) != name:
            raise BundleError(f"{name} was changed: its bytes have another digest")
    # 3. The bundle's manifest.
    index = container.read("index.json", layout.MAX_SMALL_BYTES)
    manifests = [_manifest(container, entry) for entry in _entries(index)]
    bundles = [raw for raw, parsed in manifests if "subject" not in parsed]
    if len(bundles) != 1:
        raise BundleError(f"index.json names {len(bundles)} bundles; there must be one")
    manifest = bundles[0]
    used = {layout.digest_of_bytes(manifest)}
    content, layers = _bundle_parts(container, manifest, used)
    # 4. Attestations.
    referrers = [raw for raw, parsed in manifests if "subject" in parsed]
    attestations = tuple(_attestation(container, raw, manifest, used) for raw in referrers)
    # 5. The index.
    if layout.index(manifest, referrers) != index:
        raise BundleError("index.json was edited: its manifests give another index")
    # 6. Nothing more, nothing less.
    unnamed = _unnamed_blobs(container, used)
    if unnamed and not tolerate_unnamed_blobs:
        raise BundleError(
            f"{unnamed[0]} belongs to nothing: added by hand, or left by an interrupted signing"
        )
    # 7. The candidate.
    _check_candidate(container, content, layers)
    # 8. The container itself.
    container.check_form()
    return Contents(
        digest=layout.digest_of_bytes(manifest),
        manifest=manifest,
        content=content,
        layers=layers,
        attestations=attestations,
        attestation_manifests=tuple(referrers),
        unnamed=unnamed,
    )


def read_layer(container: Container, contents: Contents, title: str, limit: int = 0) -> Any:
    """A layer's JSON value; None when the bundle has no such layer."""
    digest = contents.layers.get(title)
    if digest is None:
        return None
    data = container.read(layout.blob_name(digest), limit or layout.MAX_BLOB_BYTES)
    if layout.digest_of_bytes(data) != digest:
        raise BundleError(f"{title} changed while it was read")
    return _canonical(data, title)


def _parse(data: bytes, name: str) -> Any:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not JSON: {error}") from None
    return value


def _canonical(data: bytes, name: str) -> Any:
    value = _parse(data, name)
    try:
        same = encoded(value) == data
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise BundleError(f"{name} is not written in the one form that it has")
    return value


def _entries(index: bytes) -> list[Json]:
    parsed = _canonical(index, "index.json")
    entries = parsed.get("manifests") if isinstance(parsed, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BundleError("index.json lists no manifests")
    return entries


def _manifest(container: Container, entry: Json) -> tuple[bytes, Json]:
    digest = entry.get("digest")
    if not isinstance(digest, str):
        raise BundleError("index.json has an entry without a digest")
    name = layout.blob_name(digest)
    data = container.read(name, layout.MAX_SMALL_BYTES)
    parsed = _canonical(data, name)
    if not isinstance(parsed, dict) or layout.digest_of_bytes(data) != digest:
        raise BundleError(f"{name} is not the manifest that index.json names")
    return data, parsed


def _blob(container: Container, item: Any, used: set[str], limit: int) -> bytes:
    """The bytes that a descriptor names."""
    try:
        name = layout.blob_name(item["digest"])
    except (KeyError, TypeError, AttributeError):
        raise BundleError("a manifest names something without a digest") from None
    data = container.read(name, limit)
    if layout.digest_of_bytes(data) != item["digest"]:
        raise BundleError(f"{name} was changed: its bytes have another digest")
    used.add(str(item["digest"]))
    return data


def _bundle_parts(
    container: Container, manifest: bytes, used: set[str]
) -> tuple[Json, dict[str, str]]:
    parsed = json.loads(manifest)
    config = _blob(container, parsed.get("config"), used, layout.MAX_SMALL_BYTES)
    listed = parsed.get("layers")
    if not isinstance(listed, list):
        raise BundleError("the bundle's manifest lists no layers")
    layers: dict[str, str] = {}
    rebuilt: list[Json] = []
    for item in listed:
        try:
            title, digest = str(item["annotations"][layout.TITLE]), str(item["digest"])
        except (KeyError, TypeError):
            raise BundleError("a layer of the bundle has no title or no digest") from None
        size = container.sizes.get(layout.blob_name(digest))
        if title in layers or not layout.layer_type(title):
            raise BundleError(f"a bundle has no layer {title!r}, or has it once")
        if size is None:
            raise BundleError(f"{layout.blob_name(digest)} ({title}) is missing")
        layers[title] = digest
        used.add(digest)
        rebuilt.append(
            {
                "mediaType": layout.layer_type(title),
                "digest": digest,
                "size": size,
                "annotations": {layout.TITLE: title},
            }
        )
    if missing := sorted(set(layout.LAYERS) - layout.OPTIONAL_LAYERS - set(layers)):
        raise BundleError(f"the bundle has no {missing[0]}")
    if layout.bundle_manifest(layout.descriptor(layout.CONTENT, config), rebuilt) != manifest:
        raise BundleError("the bundle's manifest has not the form of one")
    content = _canonical(config, "the content")
    if not isinstance(content, dict):
        raise BundleError("the content is not a mapping")
    return content, layers


def _attestation(container: Container, raw: bytes, manifest: bytes, used: set[str]) -> Attestation:
    parsed = json.loads(raw)
    try:
        (layer,) = parsed["layers"]
        predicate_type = str(layer["annotations"][layout.PREDICATE])
        subject = parsed["subject"]["digest"]
    except (KeyError, TypeError, ValueError):
        raise BundleError("an attestation's manifest has not the form of one") from None
    bundle = layout.descriptor(layout.OCI_MANIFEST, manifest)
    if subject != bundle["digest"]:
        raise BundleError(f"an attestation is about another bundle, {subject!r}")
    data = _blob(container, layer, used, layout.MAX_SMALL_BYTES)
    envelope = layout.descriptor(layout.ENVELOPE, data, predicate=predicate_type)
    if layout.attestation_manifest(envelope, bundle) != raw:
        raise BundleError("an attestation's manifest has not the form of one")
    used.update((layout.digest_of_bytes(raw), layout.digest_of_bytes(layout.EMPTY_BLOB)))
    return Attestation(
        digest=str(layer["digest"]),
        predicate_type=predicate_type,
        envelope=_parse(data, "an attestation"),
    )


def _unnamed_blobs(container: Container, used: set[str]) -> tuple[str, ...]:
    """Blobs that nothing names. Raises BundleError when a named one is missing."""
    expected = {layout.blob_name(digest) for digest in used}
    present = {name for name in container.sizes if name.startswith("blobs/")}
    if lost := sorted(expected - present):
        raise BundleError(f"{lost[0]} is missing")
    return tuple(sorted(present - expected))


def _check_candidate(container: Container, content: Json, layers: dict[str, str]) -> None:
    found = Contents("", b"", content, layers, (), ())
    folder = layout.ASSET_FOLDER
    assets = {
        title.removeprefix(folder): digest
        for title, digest in layers.items()
        if title.startswith(folder)
    }
    whole = {
        **content,
        "prompt": read_layer(container, found, "prompt.json"),
        "rails": read_layer(container, found, "rails.json"),
    }
    try:
        named, computed = content["candidate_digest"], candidate_digest(whole, assets)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise BundleError(f"the content is not that of a release: {error!r}") from None
    if named != computed:
        raise BundleError(f"the content names candidate {named!r}, but holds {computed}")
